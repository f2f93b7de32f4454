// SPDX-License-Identifier: MIT
#include "start/tree_name.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <charconv>

#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>
#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::string_view dying = "sysfd-tree-";
constexpr std::string_view lasting = "sysfd-lasting-tree-";

}  // namespace

Result<std::uint64_t> own_pid_namespace() noexcept {
  const auto self = PidFd::self();
  if (!self) return std::unexpected(self.error());
  const auto file = self->namespace_fd(Namespace::pid);
  if (!file) return std::unexpected(file.error());
  struct stat status{};
  const long answer = system_call(SYS_fstat, file->get(), &status);
  if (answer < 0) return failure(static_cast<int>(-answer));
  return status.st_ino;
}

std::string next_tree_name(const PidFd& owner, bool dies_with_owner) {
  static std::atomic<unsigned> count = 0;
  const auto id = owner.id();
  return join({dies_with_owner ? dying : lasting, decimal(own_pid_namespace().value_or(0)), "-",
               decimal(id ? id->value() : 0), "-", decimal(::getpid()), "-", decimal(++count)});
}

std::optional<TreeName> parse_tree_name(std::string_view name) noexcept {
  if (!name.starts_with(dying)) return std::nullopt;
  name.remove_prefix(dying.size());
  std::uint64_t numbers[4] = {};
  for (std::uint64_t& number : numbers) {
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc()) return std::nullopt;
    name.remove_prefix(static_cast<std::size_t>(end - name.data()));
    const bool is_last = &number == numbers + 3;
    if (is_last != name.empty() || (!is_last && name.front() != '-')) return std::nullopt;
    if (!is_last) name.remove_prefix(1);
  }
  return TreeName{numbers[0], numbers[1], numbers[2]};
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
