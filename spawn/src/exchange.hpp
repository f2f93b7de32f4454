// SPDX-License-Identifier: MIT
//
// Writing to a child and reading from it, all at once.
#ifndef SYSFD_SPAWN_SRC_EXCHANGE_HPP
#define SYSFD_SPAWN_SRC_EXCHANGE_HPP

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sysfd/output.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

// When that much time has passed from now on.
Deadline deadline_in(const std::optional<std::chrono::nanoseconds>& timeout) noexcept;

// A pipe that is read to its end, and closed there.
struct Inlet {
  std::optional<OwnedFd>& pipe;
  std::string& text;
  bool& cut;
};

// A pipe that is written to until there is no more, or nobody reads, and then closed.
struct Outlet {
  std::optional<OwnedFd>& pipe;
  std::span<const std::byte> left;
  std::size_t& taken;
};

// Goes on until all pipes are closed (true) or the deadline is past (false).
Result<bool> exchange(Outlet outlet, std::span<Inlet> inlets, std::size_t max_size,
                      const Deadline& deadline);

// Reads what is in the pipes, without waiting for more.
void drain(std::span<Inlet> inlets, std::size_t max_size);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_EXCHANGE_HPP
