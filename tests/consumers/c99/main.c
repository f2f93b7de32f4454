// SPDX-License-Identifier: MIT
// What the README of capi shows, and the error of a program that is not there.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sysfd/sysfd.h>

int main(void) {
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  sysfd_command* command = NULL;
  sysfd_child* child = NULL;
  int32_t status = -1;
  int ends[2];
  char byte = 0;

  if (sysfd_pipe(0, ends) < 0 || sysfd_command_new("sh", &command) < 0) return 1;
  sysfd_command_arg(command, "-c");
  sysfd_command_arg(command, "printf x >&7");
  sysfd_command_pass_take(command, ends[1], 7);
  if (sysfd_command_spawn(command, &child, &error) < 0) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }
  sysfd_command_free(command);
  if (sysfd_child_wait(child, &status) != 0 || sysfd_exit_status_success(status) != 1) return 1;
  sysfd_child_free(child);
  {
    sysfd_positioned_file* none = NULL;
    if (sysfd_positioned_file_take(ends[0], 0, &none) != 0) return 1;
    if (sysfd_positioned_file_read(none, &byte, 1, 0) != -ESPIPE) return 1;
    sysfd_positioned_file_free(none);
  }

  if (sysfd_command_new("/no/such/program", &command) < 0) return 1;
  if (sysfd_command_spawn(command, &child, &error) != -ENOENT) return 1;
  sysfd_command_free(command);
  return error.step == SYSFD_STEP_EXEC && error.code == ENOENT &&
                 strcmp(error.text, "exec of \"/no/such/program\": No such file or directory") == 0
             ? 0
             : 1;
}
