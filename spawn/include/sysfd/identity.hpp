// SPDX-License-Identifier: MIT
//
// Who a child is: its user and groups, its capabilities, and what it may do no more.
//
//     command.identity({.user = 33,
//                       .group = 33,
//                       .iab = "^cap_net_bind_service",     // and nothing else of root's power
//                       .no_new_privileges = true});
//
// What is not said stays as it is in this process, with one exception: a child that becomes another
// user loses the supplementary groups of this process. All of it is done by the child itself, after
// everything that may need the privileges that it gives up: the bounding set, groups, group, user,
// inheritable and ambient capabilities, securebits, capabilities, no-new-privileges, seccomp. Needs
// the same privileges as the calls named.
//
// Until it executes the program the child shares this process's memory, which is undumpable
// meanwhile: nobody of less power than this process can attach to the child and write into it. But
// the child's new user can send it SIGSTOP, and so keep the thread in spawn() for as long as that
// user likes.
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

// One instruction of a seccomp program: struct sock_filter of <linux/filter.h>, bit for bit, as
// seccomp_export_bpf(3) writes them.
struct BpfInstruction {
  std::uint16_t code;
  std::uint8_t jump_true;
  std::uint8_t jump_false;
  std::uint32_t value;
};

struct Identity {
  // The names of numbers are getpwnam(3)'s business. All three kinds of each (real, effective,
  // saved) are set. In a new user namespace they are numbers of that namespace.
  std::optional<uid_t> user{};   // setresuid(2)
  std::optional<gid_t> group{};  // setresgid(2)

  // setgroups(2), before the other two. If nothing is said and `user` is, there are none, unless
  // they are to be kept (for a caller that may not change them, say).
  std::optional<std::vector<gid_t>> groups{};
  bool keep_groups = false;

  // The effective, permitted and inheritable capabilities at exec, in the form of cap_from_text(3):
  // "cap_chown,cap_kill=ep". They survive the change of user. But then execve(2) has its say, see
  // capabilities(7): it gives a user other than root, for a program without capabilities of its own,
  // only those that are ambient; and root all that the bounding set has, unless `securebits` have
  // SECBIT_NOROOT. What shall last goes into `iab`.
  std::optional<std::string> capabilities{};

  // The inheritable, ambient and bounding vectors, in the form of cap_iab_from_text(3):
  // "^cap_net_raw" makes it ambient (and inheritable), "cap_kill" inheritable, "!cap_sys_admin"
  // takes it from the bounding set. What it does not name is not inheritable and not ambient.
  std::optional<std::string> iab{};

  // prctl(PR_SET_SECUREBITS), SECBIT_... of <linux/securebits.h>. Set after the ambient
  // capabilities.
  std::optional<unsigned> securebits{};

  // prctl(PR_SET_NO_NEW_PRIVS): execve(2) gives nothing that the child does not have: no
  // set-user-ID, no capabilities of files.
  bool no_new_privileges = false;

  // seccomp(2): filters the child's system calls. Set last; it must allow rt_sigprocmask, execve
  // (execveat for a program given by descriptor) and exit_group. Needs no_new_privileges, or
  // CAP_SYS_ADMIN after all of the above.
  std::vector<BpfInstruction> seccomp{};
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_IDENTITY_HPP
