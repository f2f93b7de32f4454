// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>

#include <sysfd/sysfd.h>

int main(void) {
  sysfd_rights required = SYSFD_RIGHTS_INIT, missing = SYSFD_RIGHTS_INIT;
  sysfd_landlock_error refusal = SYSFD_LANDLOCK_ERROR_INIT;
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  sysfd_ruleset* ruleset;
  sysfd_command* cat = NULL;
  sysfd_output* output = NULL;
  sysfd_output_info info = SYSFD_OUTPUT_INFO_INIT;
  int code;

  /* cat(1) may execute itself and read /etc/passwd, and nothing else. */
  if (sysfd_ruleset_for_program("/bin/cat", &required, &ruleset, &missing, &refusal) < 0) {
    const int is_absent = refusal.code == ENOSYS || refusal.code == EOPNOTSUPP;
    fprintf(stderr, "%s%s\n", is_absent ? "not possible here: " : "", refusal.text);
    return is_absent ? 77 : 1;
  }
  code = sysfd_ruleset_allow_path(ruleset, "/etc/passwd", SYSFD_FILE_READ, &refusal);
  if (code < 0) fprintf(stderr, "%s\n", refusal.text);
  if (code == 0) code = sysfd_command_new("/bin/cat", &cat);
  if (code == 0) code = sysfd_command_arg(cat, "/etc/passwd");
  if (code == 0) code = sysfd_command_arg(cat, "/etc/group");
  if (code == 0) code = sysfd_command_landlock_borrow(cat, sysfd_ruleset_fd_borrow(ruleset));
  if (code == 0) {
    code = sysfd_command_output(cat, NULL, &output, &error);
    if (code < 0) fprintf(stderr, "%s\n", error.text);
  }
  sysfd_command_free(cat);
  sysfd_ruleset_free(ruleset);
  if (code < 0) return 1;

  sysfd_output_get(output, &info);
  printf("%.*s%.*s", (int)info.out_size, info.out, (int)info.err_size, info.err);
  code = info.out_size > 0 && info.err_size > 0 && info.status != 0;
  sysfd_output_free(output);
  return code ? 0 : 1;
}
