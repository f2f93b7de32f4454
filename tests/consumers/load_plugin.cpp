// SPDX-License-Identifier: MIT
// Loads the shared object PLUGIN, which has the whole program in it, and runs its main function.
#include <dlfcn.h>

#include <cstdio>

int main() {
  void* plugin = ::dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
  void* function = plugin ? ::dlsym(plugin, "main") : nullptr;
  if (!function) {
    std::fprintf(stderr, "%s\n", ::dlerror());
    return 1;
  }
  return reinterpret_cast<int (*)()>(function)();
}
