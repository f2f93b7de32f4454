// SPDX-License-Identifier: MIT
//
// SYSFD_NAMESPACE_... as the types of C++.
#ifndef SYSFD_CAPI_NAMESPACE_BITS_HPP
#define SYSFD_CAPI_NAMESPACE_BITS_HPP
#include "api.hpp"

#include <array>
#include <cstdint>
#include <optional>

#include <sysfd/namespace_set.hpp>

namespace sysfd_c {

inline constexpr std::array all_namespaces = {
    sysfd::Namespace::time, sysfd::Namespace::mount, sysfd::Namespace::cgroup,
    sysfd::Namespace::uts,  sysfd::Namespace::ipc,   sysfd::Namespace::user,
    sysfd::Namespace::pid,  sysfd::Namespace::net,
};
static_assert(SYSFD_NAMESPACE_TIME == static_cast<int>(sysfd::Namespace::time) &&
              SYSFD_NAMESPACE_MOUNT == static_cast<int>(sysfd::Namespace::mount) &&
              SYSFD_NAMESPACE_CGROUP == static_cast<int>(sysfd::Namespace::cgroup) &&
              SYSFD_NAMESPACE_UTS == static_cast<int>(sysfd::Namespace::uts) &&
              SYSFD_NAMESPACE_IPC == static_cast<int>(sysfd::Namespace::ipc) &&
              SYSFD_NAMESPACE_USER == static_cast<int>(sysfd::Namespace::user) &&
              SYSFD_NAMESPACE_PID == static_cast<int>(sysfd::Namespace::pid) &&
              SYSFD_NAMESPACE_NET == static_cast<int>(sysfd::Namespace::net));

// Nothing if a bit is none of these.
constexpr std::optional<sysfd::NamespaceSet> namespace_set(std::uint32_t bits) noexcept {
  sysfd::NamespaceSet set;
  for (const auto kind : all_namespaces)
    if ((bits & static_cast<std::uint32_t>(kind)) != 0) set = set | kind;
  if (set.flags() != bits) return std::nullopt;
  return set;
}

// Nothing if it is not exactly one of these.
constexpr std::optional<sysfd::Namespace> one_namespace(std::uint32_t bit) noexcept {
  for (const auto kind : all_namespaces)
    if (bit == static_cast<std::uint32_t>(kind)) return kind;
  return std::nullopt;
}

}  // namespace sysfd_c

#endif  // SYSFD_CAPI_NAMESPACE_BITS_HPP
