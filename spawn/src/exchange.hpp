// SPDX-License-Identifier: MIT
//
// Writing to a child and reading from it, all at once.
#ifndef SYSFD_SPAWN_SRC_EXCHANGE_HPP
#define SYSFD_SPAWN_SRC_EXCHANGE_HPP

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <sysfd/detail/deadline.hpp>
#include <sysfd/output.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

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

// What goes through the pipes of one child, or of several.
class Exchange {
 public:
  // What the pipes belong to stays where it is.
  Exchange(Outlet outlet, std::span<Inlet> inlets, std::size_t max_size) noexcept
      : outlet_(outlet), inlets_(inlets), max_size_(max_size) {}

  // Goes on until all pipes are closed. Errors: ETIMEDOUT the deadline is past: it takes what is
  // there then; ECANCELED.
  Result<> run(const Deadline& deadline);

  // Takes what is in the pipes, without waiting for more, once run() has ended. Whoever writes on
  // and on does not keep it.
  void drain();

 private:
  Result<> prepare() noexcept;
  Result<std::size_t> read_once(Inlet& inlet);
  Result<> read_some(Inlet& inlet);
  Result<> read_all_there(Inlet& inlet);

  Outlet outlet_;
  std::span<Inlet> inlets_;
  std::size_t max_size_;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_EXCHANGE_HPP
