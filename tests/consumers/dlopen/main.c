// SPDX-License-Identifier: MIT
// Loads the library argv[1] three times, uses it each time, and closes it each time. Every load
// must find the library in working order, and leave no descriptor behind.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sysfd/sysfd.h>

// ISO C has no conversion from void* to a pointer to a function.
static void* find(void* library, const char* name, void* pointer) {
  void* symbol = dlsym(library, name);
  memcpy(pointer, &symbol, sizeof symbol);
  return symbol;
}

int main(int argc, char** argv) {
  int i, lowest = dup(0);
  close(lowest);
  for (i = 0; i < 3 && argc == 2; ++i) {
    int (*new_command)(const char*, sysfd_command**);
    int (*run)(sysfd_command*, int32_t*, sysfd_spawn_error*);
    void (*free_command)(sysfd_command*);
    sysfd_command* command;
    int32_t status = -1;
    void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library || !find(library, "sysfd_command_new", &new_command) ||
        !find(library, "sysfd_command_status", &run) ||
        !find(library, "sysfd_command_free", &free_command)) {
      fprintf(stderr, "%s\n", dlerror());
      return 1;
    }
    if (new_command("true", &command) != 0 || run(command, &status, NULL) != 0 || status != 0)
      return 1;
    free_command(command);
    if (dlclose(library) != 0) return 1;
  }
  if (dup(0) != lowest) return 1;
  return i == 3 ? 0 : 1;
}
