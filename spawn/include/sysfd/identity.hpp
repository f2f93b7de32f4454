// SPDX-License-Identifier: MIT
//
// The identity of a child: its user and groups, its capabilities, and the privileges that it gives
// up.
//
//     sysfd::Command command("worker");
//     command.identity({.user = 33,
//                       .group = 33,
//                       .iab = "^cap_net_bind_service",     // the only capability it keeps
//                       .no_new_privileges = true});
//
// What is not set stays as in the caller, with one exception: setting `user` clears the
// supplementary groups. The child sets all of this itself, after everything that may need these
// privileges, in this order: bounding set, groups, group, user, inheritable and ambient
// capabilities, securebits, capabilities, no-new-privileges, seccomp. It needs the privileges that
// these calls need.
//
// Until it executes the program the child shares the caller's memory. That memory is undumpable
// until then, so that no process with fewer privileges can attach to the child and write into it.
// But the child's new user can send it SIGSTOP, and so keep the calling thread in spawn() without a
// limit.
#ifndef SYSFD_IDENTITY_HPP
#define SYSFD_IDENTITY_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sysfd {
inline namespace v0 {

// One instruction of a seccomp program: the same bytes as struct sock_filter of <linux/filter.h>,
// and as seccomp_export_bpf(3) writes them.
struct BpfInstruction {
  std::uint16_t code;
  std::uint8_t jump_true;
  std::uint8_t jump_false;
  std::uint32_t value;
};

struct Identity {
  // Numbers only: look up names with getpwnam(3). Each sets the real, effective and saved ID. In a
  // new user namespace they are IDs inside that namespace.
  std::optional<uid_t> user{};   // setresuid(2)
  std::optional<gid_t> group{};  // setresgid(2)

  // setgroups(2), before the other two. If this is unset and `user` is set, the supplementary
  // groups are cleared, unless keep_groups is set (for example for a caller that may not change
  // them).
  std::optional<std::vector<gid_t>> groups{};
  bool keep_groups = false;

  // The program, and every program that it executes, has no capabilities, even as root. All sets
  // but the bounding set are empty, and no_new_privileges is set (without it, execve(2) would give
  // root the whole bounding set). Needs no privileges. It excludes `capabilities` and `iab`
  // (EINVAL). A process can still create a user namespace and has all capabilities inside that:
  // refuse it with `seccomp`.
  bool no_capabilities = false;

  // The effective, permitted and inheritable capabilities at exec, as text for cap_from_text(3):
  // "cap_chown,cap_kill=ep". They survive the change of user. But execve(2) then changes them, see
  // capabilities(7). A user other than root keeps only ambient ones, if the program's file has no
  // capabilities. Root gets the whole bounding set, also with "", unless `securebits` contains
  // SECBIT_NOROOT or no_new_privileges is set. Use `iab` for capabilities that the program is to
  // keep, and no_capabilities for none.
  std::optional<std::string> capabilities{};

  // The inheritable, ambient and bounding sets, as text for cap_iab_from_text(3): "^cap_net_raw"
  // makes it ambient (and inheritable), "cap_kill" inheritable, "!cap_sys_admin" removes it from
  // the bounding set. A capability that is not named is neither inheritable nor ambient. There is
  // no word for all of them.
  std::optional<std::string> iab{};

  // prctl(PR_SET_SECUREBITS), SECBIT_... of <linux/securebits.h>. Set after the ambient
  // capabilities.
  std::optional<unsigned> securebits{};

  // prctl(PR_SET_NO_NEW_PRIVS): execve(2) grants no privileges: set-user-ID bits and capabilities
  // of files have no effect.
  bool no_new_privileges = false;

  // seccomp(2): filters the child's system calls. Set last. The filter must allow rt_sigprocmask,
  // execve (execveat for a program by descriptor) and exit_group. Needs no_new_privileges, or
  // CAP_SYS_ADMIN after all of the above.
  std::vector<BpfInstruction> seccomp{};
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_IDENTITY_HPP
