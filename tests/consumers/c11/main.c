// SPDX-License-Identifier: MIT
// Runs a program with input, a descriptor and a time limit; and looks at this process.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sysfd/sysfd.h>

_Static_assert(sizeof(sysfd_bytes) == 2 * sizeof(void*), "as struct iovec");

static int complain(const char* what, int error) {
  fprintf(stderr, "%s: %s\n", what, strerror(-error));
  return 1;
}

int main(void) {
  sysfd_command* cat;
  sysfd_output* output;
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  sysfd_timeout limit = SYSFD_TIMEOUT_INIT;
  sysfd_output_options options = SYSFD_OUTPUT_OPTIONS_INIT;
  sysfd_output_info info = SYSFD_OUTPUT_INFO_INIT;
  sysfd_process_info process = SYSFD_PROCESS_INFO_INIT;
  int pidfd, code;

  limit.nanoseconds = INT64_C(60000000000);
  options.input = "hello";
  options.input_size = 5;
  options.timeout = &limit;
  code = sysfd_command_new("cat", &cat);
  if (code < 0) return complain("sysfd_command_new", code);
  sysfd_command_arg(cat, "-");
  code = sysfd_command_output(cat, &options, &output, &error);
  sysfd_command_free(cat);
  if (code < 0) return complain(error.text, code);
  code = sysfd_output_get(output, &info);
  if (code < 0) return complain("sysfd_output_get", code);
  if ((info.flags & SYSFD_OUTPUT_SUCCESS) == 0 || info.out_size != 5 ||
      memcmp(info.out, "hello", 5) != 0)
    return complain("cat", 0);
  sysfd_output_free(output);

  pidfd = sysfd_pidfd_self();
  if (pidfd < 0) return complain("sysfd_pidfd_self", pidfd);
  code = sysfd_pidfd_info(pidfd, &process);
  if (code < 0) return complain("sysfd_pidfd_info", code);
  if ((process.set & SYSFD_INFO_PID) == 0 || process.pid != getpid())
    return complain("the process number", 0);
  return sysfd_close_take(pidfd) == 0 ? 0 : 1;
}
