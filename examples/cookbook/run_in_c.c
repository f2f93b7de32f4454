// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sysfd/sysfd.h>

int main(void) {
  sysfd_command* sort;
  sysfd_output* output;
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  sysfd_timeout timeout = SYSFD_TIMEOUT_INIT;
  sysfd_output_options options = SYSFD_OUTPUT_OPTIONS_INIT;
  sysfd_output_info info = SYSFD_OUTPUT_INFO_INIT;
  char how[100];

  int code = sysfd_command_new("sort", &sort);
  if (code == 0) code = sysfd_command_env(sort, "LC_ALL", "C");
  if (code < 0) {
    fprintf(stderr, "%s\n", strerror(-code));
    return 1;
  }
  timeout.nanoseconds = 60 * INT64_C(1000000000);
  options.timeout = &timeout;
  options.input = "pear\napple\n";
  options.input_size = 11;
  code = sysfd_command_output(sort, &options, &output, &error);
  sysfd_command_free(sort);
  if (code < 0) {
    fprintf(stderr, "%s\n", error.text); /* exec of "sort": No such file or directory */
    return 1;
  }
  sysfd_output_get(output, &info);
  sysfd_output_describe(output, how, sizeof how);
  printf("%.*s%s\n", (int)info.out_size, info.out, how); /* exited with code 0 */
  code = info.status_code == 0 && info.status == 0 && info.out_size == 11 &&
         memcmp(info.out, "apple\npear\n", 11) == 0;
  sysfd_output_free(output); /* and what `info` points to */
  return code ? 0 : 1;
}
