// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <sysfd/sysfd.h>

enum { number_of_children = 3 };

/* Starts a child that ends with this code. If that fails, prints why and returns null. */
static sysfd_child* start(const char* exit_code) {
  sysfd_command* command = NULL;
  sysfd_child* child = NULL;
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  int code = sysfd_command_new_shell("exit \"$1\"", &command);
  if (code == 0) code = sysfd_command_arg(command, exit_code);
  if (code == 0) code = sysfd_command_spawn(command, &child, &error);
  if (code < 0) fprintf(stderr, "%s\n", error.text[0] ? error.text : strerror(-code));
  sysfd_command_free(command); /* ignores null pointers, as each ..._free() */
  return child;
}

int main(void) {
  static const char* const codes[number_of_children] = {"1", "20", "21"};
  sysfd_child* children[number_of_children];
  int pidfds[number_of_children];
  int left, sum = 0;

  for (left = 0; left < number_of_children; ++left) {
    children[left] = start(codes[left]);
    if (!children[left]) return 1;
    pidfds[left] = sysfd_child_pidfd_borrow(children[left]);
  }
  while (left > 0) {
    int32_t status;
    const int first = sysfd_pidfd_wait_any(pidfds, (size_t)left, NULL); /* no time limit */
    if (first < 0 || sysfd_child_try_wait(children[first], &status) < 0) return 1;
    sum += WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
    sysfd_child_free(children[first]);
    --left;
    children[first] = children[left];
    pidfds[first] = pidfds[left];
  }
  printf("the sum of their codes is %d\n", sum);
  return sum == 42 ? 0 : 1;
}
