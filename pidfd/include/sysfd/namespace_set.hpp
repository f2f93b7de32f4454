// SPDX-License-Identifier: MIT
//
// Namespace and NamespaceSet: kinds of namespaces (namespaces(7)), and sets of them.
//
//     sysfd::NamespaceSet kinds = sysfd::Namespace::mount | sysfd::Namespace::net;
//     if (kinds.contains(sysfd::Namespace::net)) use(kinds.flags());
#ifndef SYSFD_NAMESPACE_SET_HPP
#define SYSFD_NAMESPACE_SET_HPP
#include <sysfd/detail/cxx23.hpp>

namespace sysfd {
inline namespace v0 {

// The values are fixed: they equal those of CLONE_NEW..., and may be stored and sent.
enum class Namespace : unsigned {
  time = 0x80,
  mount = 0x20000,
  cgroup = 0x2000000,
  uts = 0x4000000,
  ipc = 0x8000000,
  user = 0x10000000,
  pid = 0x20000000,
  net = 0x40000000,
};

class NamespaceSet {
 public:
  constexpr NamespaceSet() noexcept = default;
  constexpr NamespaceSet(Namespace kind) noexcept : bits_(static_cast<unsigned>(kind)) {}

  constexpr bool contains(Namespace kind) const noexcept {
    return (bits_ & static_cast<unsigned>(kind)) != 0;
  }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  // The CLONE_NEW... bits that clone(2), unshare(2) and setns(2) take.
  constexpr unsigned flags() const noexcept { return bits_; }

  friend constexpr NamespaceSet operator|(NamespaceSet left, NamespaceSet right) noexcept {
    return NamespaceSet(left.bits_ | right.bits_);
  }
  friend constexpr bool operator==(NamespaceSet, NamespaceSet) noexcept = default;

 private:
  explicit constexpr NamespaceSet(unsigned bits) noexcept : bits_(bits) {}

  unsigned bits_ = 0;
};

constexpr NamespaceSet operator|(Namespace left, Namespace right) noexcept {
  return NamespaceSet(left) | right;
}

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_NAMESPACE_SET_HPP
