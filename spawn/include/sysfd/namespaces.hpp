// SPDX-License-Identifier: MIT
//
// The namespaces of a child: new ones, and those of other processes.
//
//     using sysfd::Namespace;
//     sysfd::Command sandbox("sh");
//     sandbox.namespaces({.create = Namespace::user | Namespace::pid | Namespace::net,
//                         .user_map = {{.inside = 0, .outside = ::geteuid()}},
//                         .group_map = {{.inside = 0, .outside = ::getegid()}}});
//     auto container = sysfd::PidFd::open(pid);
//     if (!container) return fail(container.error());
//     sysfd::Command visitor("sh");
//     visitor.namespaces({.join = {{container->fd(), Namespace::mount | Namespace::net}}});
//
// The new ones are created with the child. Then the child joins others, in the order given. In a
// new or joined user namespace the child has all capabilities at first; Command::identity() removes
// them.
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

// Maps `count` IDs of a new user namespace, from `inside` on, to those of the caller's user
// namespace, from `outside` on.
struct IdRange {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 1;
};

struct Namespaces {
  // clone3(2) CLONE_NEW...
  NamespaceSet create{};

  // /proc/<child>/uid_map and gid_map of the new user namespace, see user_namespaces(7). Without a
  // map, all its IDs are the overflow ID ("nobody"). A caller without CAP_SETUID and CAP_SETGID can
  // map one ID, its own; the child cannot use setgroups(2) then. A process that is not dumpable
  // cannot map any (EACCES), unless it is root.
  //
  // The maps are written from the caller's namespace by a helper process, which shares the caller's
  // memory and is gone when spawn() returns. EINVAL if unshare(2) has made a pid namespace for this
  // thread's children that has no process yet: the helper would be its init.
  std::vector<IdRange> user_map{};
  std::vector<IdRange> group_map{};

  // Makes the mounts of a new mount namespace private, as unshare(1) does: mounts do not propagate
  // in either direction. EINVAL if "/" is not a mount point, as in a chroot(2).
  bool private_mounts = true;

  // setns(2): joins a namespace. `of` is a namespace descriptor (/proc/<pid>/ns/net) or, since
  // Linux 5.8, a pidfd, of whose process `kinds` selects the namespaces. It is borrowed until
  // spawn() has returned.
  //
  // Only children can join a pid namespace. So the calling thread enters it during the spawn, which
  // needs CAP_SYS_ADMIN, and returns. A second pid namespace is EINVAL. A pid namespace whose init
  // has ended accepts no processes: SpawnStep::clone, ENOMEM. A child that shares memory cannot
  // join a time namespace: EUSERS.
  struct Join {
    BorrowedFd of;
    NamespaceSet kinds{};  // empty: the namespace that `of` refers to
  };
  std::vector<Join> join{};

  // sethostname(2), up to 64 bytes. Only in a UTS namespace that is created or joined.
  std::optional<std::string> host_name{};
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_NAMESPACES_HPP
