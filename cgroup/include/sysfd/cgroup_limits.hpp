// SPDX-License-Identifier: MIT
//
// What the processes of a cgroup may use, and have used.
#ifndef SYSFD_CGROUP_LIMITS_HPP
#define SYSFD_CGROUP_LIMITS_HPP
#include <sysfd/detail/cxx23.hpp>

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <sysfd/attributes.hpp>
#include <sysfd/detail/chrono.hpp>

namespace sysfd {
inline namespace v0 {

// The controllers of cgroup v2. The values are fixed: they may be stored and sent.
enum class Controller : unsigned {
  cpu = 1U << 0,
  cpuset = 1U << 1,
  io = 1U << 2,
  memory = 1U << 3,
  pids = 1U << 4,
  hugetlb = 1U << 5,
};

class ControllerSet {
 public:
  constexpr ControllerSet() noexcept = default;
  constexpr ControllerSet(Controller one) noexcept : bits_(static_cast<unsigned>(one)) {}

  // Whether it has all of these.
  constexpr bool contains(ControllerSet others) const noexcept { return (others - *this).empty(); }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  // As the kernel writes them: "cpu memory".
  SYSFD_API std::string text() const;

  friend constexpr ControllerSet operator|(ControllerSet left, ControllerSet right) noexcept {
    return ControllerSet(left.bits_ | right.bits_);
  }
  // Those of `left` that are not in `right`.
  friend constexpr ControllerSet operator-(ControllerSet left, ControllerSet right) noexcept {
    return ControllerSet(left.bits_ & ~right.bits_);
  }
  friend constexpr bool operator==(ControllerSet, ControllerSet) noexcept = default;

 private:
  explicit constexpr ControllerSet(unsigned bits) noexcept : bits_(bits) {}

  unsigned bits_ = 0;
};

constexpr ControllerSet operator|(Controller left, Controller right) noexcept {
  return ControllerSet(left) | right;
}

// A number of bytes, made with its unit: mebibytes(64).
class Bytes {
 public:
  constexpr explicit Bytes(std::int64_t count) noexcept : count_(count) {}
  static constexpr Bytes unlimited() noexcept {
    return Bytes(std::numeric_limits<std::int64_t>::max());
  }

  constexpr std::int64_t count() const noexcept { return count_; }

  friend constexpr auto operator<=>(Bytes, Bytes) noexcept = default;

 private:
  std::int64_t count_;
};

namespace detail {
// More than can be counted is unlimited. What is negative stays negative.
constexpr Bytes bytes_of(std::int64_t count, int shift) noexcept {
  if (count < 0) return Bytes(count);
  return count > Bytes::unlimited().count() >> shift ? Bytes::unlimited() : Bytes(count << shift);
}
}  // namespace detail

constexpr Bytes kibibytes(std::int64_t count) noexcept {
  return detail::bytes_of(count, 10);
}
constexpr Bytes mebibytes(std::int64_t count) noexcept {
  return detail::bytes_of(count, 20);
}
constexpr Bytes gibibytes(std::int64_t count) noexcept {
  return detail::bytes_of(count, 30);
}

// At most `quota` of processor time in each `period`: 50 ms of 100 ms is half a processor, 200 ms
// are two.
struct CpuLimit {
  std::chrono::microseconds quota;  // at least 1 ms; max(): no limit
  std::chrono::microseconds period = std::chrono::milliseconds(100);  // 1 ms to 1 s
};

// For one block device. What is not set is not limited.
struct IoLimit {
  unsigned major;
  unsigned minor;
  std::optional<Bytes> read_bytes{};  // in a second, as all of these
  std::optional<Bytes> write_bytes{};
  std::optional<std::int64_t> read_operations{};
  std::optional<std::int64_t> write_operations{};
};

// What is not set stays as it is, which in a new cgroup is without a limit.
//
// A negative number is an error. The kernel rounds memory down to pages; a limit of less than a
// page, other than 0, is an error.
struct CgroupLimits {
  static constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

  std::optional<Bytes> memory_max{};   // above it, the OOM killer kills
  std::optional<Bytes> memory_high{};  // above it, processes are slowed down
  std::optional<Bytes> swap_max{};
  std::optional<bool> kills_all{};  // memory.oom.group: the OOM killer kills the whole cgroup
  std::optional<std::int64_t> pids_max{};  // processes and threads that are made here
  std::optional<CpuLimit> cpu_max{};
  std::optional<int> cpu_weight{};  // 1 to 10,000; 100 is usual
  std::vector<IoLimit> io_max{};

  // The controllers that these limits need.
  SYSFD_API ControllerSet controllers() const noexcept;
};

// Not set: the kernel, or the cgroup, does not have it.
struct CgroupUsage {
  std::optional<Bytes> memory{};
  std::optional<Bytes> memory_peak{};  // Since Linux 5.19
  std::optional<Bytes> swap{};
  std::optional<std::chrono::microseconds> cpu_user{};
  std::optional<std::chrono::microseconds> cpu_system{};
  std::optional<std::uint64_t> pids{};       // processes and threads, also zombies
  std::optional<std::uint64_t> pids_peak{};  // Since Linux 6.1
};

// What has happened in the cgroup and below it.
struct CgroupEvents {
  bool populated = false;  // there are processes that have not ended
  bool frozen = false;
  std::optional<std::uint64_t> oom{};       // how often memory_max was reached, and nothing helped
  std::optional<std::uint64_t> oom_kill{};  // how many processes the OOM killer has killed
  std::optional<std::uint64_t> oom_group_kill{};  // how often it killed all. Since Linux 5.17
  // How many forks pids_max has refused: that of this cgroup, and of those below. Before Linux
  // 6.11, the refused forks of the processes in this cgroup itself, also if the limit is one above.
  std::optional<std::uint64_t> pids_max{};
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CGROUP_LIMITS_HPP
