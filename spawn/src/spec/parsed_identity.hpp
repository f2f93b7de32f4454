// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_SPEC_PARSED_IDENTITY_HPP
#define SYSFD_SPAWN_SRC_SPEC_PARSED_IDENTITY_HPP

#include <cstdint>
#include <optional>

#include <sysfd/identity.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// An Identity whose texts are parsed. One bit for each capability.
struct ParsedIdentity {
  struct Sets {
    std::uint64_t effective = 0, permitted = 0, inheritable = 0;
  };
  struct Vectors {
    std::uint64_t inheritable = 0, ambient = 0, blocked = 0;
  };

  Identity given{};
  std::optional<Sets> capabilities{};
  std::optional<Vectors> iab{};

  bool changes_credentials() const noexcept {
    return given.user || given.group || capabilities || iab || given.securebits;
  }
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_SPEC_PARSED_IDENTITY_HPP
