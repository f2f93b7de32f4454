// SPDX-License-Identifier: MIT
#ifndef SYSFD_SHARING_SRC_FORK_MARK_HPP
#define SYSFD_SHARING_SRC_FORK_MARK_HPP

#include <cstdint>

#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// A number that tells this process from those that were forked from it, and that it was forked from:
// what a copy of an object finds is not what the original was made with. Unlike process numbers, it
// works across pid namespaces, and costs no system call but the first time.
Result<std::uint64_t> fork_mark() noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SHARING_SRC_FORK_MARK_HPP
