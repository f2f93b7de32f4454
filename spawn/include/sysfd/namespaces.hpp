// SPDX-License-Identifier: MIT
//
// The namespaces that a child lives in: new ones, and those of other processes.
//
//     command.namespaces({.create = Namespace::user | Namespace::pid | Namespace::net,
//                         .user_map = {{.inside = 0, .outside = ::geteuid()}},
//                         .group_map = {{.inside = 0, .outside = ::getegid()}}});
//     command.namespaces({.join = {{container.pidfd(), Namespace::mount | Namespace::net}}});
//
// New ones are made with the child itself; then it joins others, in the order given. In a new or
// joined user namespace the child has every capability at first; Command::identity() takes them.
#ifndef SYSFD_NAMESPACES_HPP
#define SYSFD_NAMESPACES_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sysfd/namespace_set.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {

// `count` ids from `inside` on, in a new user namespace, are those from `outside` on in this one.
struct IdRange {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 1;
};

struct Namespaces {
  // clone3(2) CLONE_NEW...
  NamespaceSet create{};

  // /proc/<child>/uid_map and gid_map of the new user namespace, see user_namespaces(7). Without a
  // map its ids are all the overflow id, "nobody". A caller without CAP_SETUID and CAP_SETGID can
  // map one id, its own; the child can then not use setgroups(2). Neither can a process that is not
  // dumpable map any (EACCES), unless it is root. Written from this process's
  // namespace, by a helper that shares memory with it and that is gone when spawn() returns. Refused
  // (EINVAL) where unshare(2) has made a pid namespace that is still empty for this thread's children,
  // whose init the helper would be.
  std::vector<IdRange> user_map{};
  std::vector<IdRange> group_map{};

  // Whether mounts in a new mount namespace are private, as unshare(1) has them: none shows up
  // outside, nor the other way round. EINVAL where "/" is no mount point, as in a chroot(2).
  bool private_mounts = true;

  // setns(2). `of`: a namespace descriptor (/proc/<pid>/ns/net), or, since Linux 5.8, a pidfd, with
  // `kinds` saying which of that process's. Lent until spawn() has returned. The caller itself
  // enters a pid namespace for the moment of the spawn, since only children can; it needs
  // CAP_SYS_ADMIN, and comes back; a second one is refused (EINVAL). One whose first process has ended takes no more: SpawnStep::clone,
  // ENOMEM. A time namespace cannot be joined by a child that shares memory: EUSERS.
  struct Join {
    BorrowedFd of;
    NamespaceSet kinds{};  // empty: whatever namespace `of` is
  };
  std::vector<Join> join{};

  // sethostname(2), up to 64 bytes. Only in a UTS namespace that is created or joined.
  std::optional<std::string> host_name{};
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_NAMESPACES_HPP
