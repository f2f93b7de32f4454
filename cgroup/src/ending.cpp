// SPDX-License-Identifier: MIT
#include "ending.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <span>
#include <string>

#include <sysfd/cgroup.hpp>
#include <sysfd/create.hpp>
#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/without_exceptions.hpp>

#include "cgroup_files.hpp"
#include "cgroup_tree.hpp"
#include "processes.hpp"

namespace sysfd {
inline namespace v0 {

using detail::cgroup_error;

namespace detail {
namespace {

constexpr std::size_t pidfds_at_once = 64;

// Signals each process. Returns the first failure, when all others are signaled.
[[gnu::cold]] long signal_each(BorrowedFd cgroup) {
  long result = 0;
  const auto note = [&](int error) {
    if (result == 0 && error != ESRCH) result = -error;
  };
  const long answer = for_each_cgroup(cgroup, [&](BorrowedFd each) -> long {
    const auto numbers = numbers_in(each);
    if (!numbers) return -numbers.error().code.value();
    for (std::span<const pid_t> left(*numbers); !left.empty();) {
      const auto piece = left.first(std::min(left.size(), pidfds_at_once));
      left = left.subspan(piece.size());
      const auto processes = open_processes(each, piece);
      if (!processes) return -processes.error().code.value();
      for (const PidFd& process : *processes)
        if (const auto sent = process.send_signal(SIGKILL); !sent) note(sent.error().value());
    }
    return 0;
  });
  return answer < 0 ? answer : result;
}

// A frozen process cannot fork, and can be killed. One that has forked before it was frozen has its
// child in the next round.
long kill_each(BorrowedFd cgroup) noexcept {
  if (const long answer = write_file(cgroup, "cgroup.freeze", "1"); answer < 0) return answer;
  const auto end = Clock::now() + std::chrono::seconds(5);
  long answer = 0;
  for (;;) {
    answer = without_exceptions([&] { return signal_each(cgroup); });
    if (answer < 0) break;
    const auto now = Clock::now();
    answer = wait_until_empty(cgroup, {std::min(end, now + std::chrono::milliseconds(10))});
    if (answer != -ETIMEDOUT) break;
    if (now >= end) {
      answer = -EAGAIN;
      break;
    }
  }
  write_file(cgroup, "cgroup.freeze", "0");
  return answer;
}

}  // namespace

long kill_cgroup(BorrowedFd cgroup, const std::optional<OwnedFd>& kill_file) noexcept {
  if (kill_file) return write_file(*kill_file, "1");
  const long answer = write_file(cgroup, "cgroup.kill", "1");
  return answer == -ENOENT ? kill_each(cgroup) : answer;
}

// It is read from its start, as every reader of such a file must.
static Result<OwnedFd, CgroupError> open_armed(BorrowedFd cgroup, const char* name) {
  auto events = open(cgroup, name, O_RDONLY);
  if (!events) return cgroup_error(CgroupStep::read, events.error().value(), name);
  if (const auto armed = Cgroup::rearm(*events); !armed) return std::unexpected(armed.error());
  return *std::move(events);
}

long wait_for_event(BorrowedFd cgroup, const char* label, char value,
                    const Deadline& deadline) noexcept {
  for (;;) {
    // Opened again each time: read from its start, before it is polled.
    const auto events = open(cgroup, "cgroup.events", O_RDONLY);
    if (!events) return -events.error().value();
    char room[8];
    const auto found = find_field(*events, label, room);
    if (!found) return -found.error().value();
    if (!found->empty() && found->front() == value) return 0;
    pollfd entries[2] = {{events->get(), POLLPRI, 0}, {}};
    const long ready = raw_poll_until(entries, 1, deadline);
    if (ready < 0) return ready;
    if (ready == 0) return -ETIMEDOUT;
  }
}

// The kernel takes a cgroup for frozen once its own processes are: those below are on their way.
[[gnu::cold]] static long wait_until_frozen(BorrowedFd cgroup, const Deadline& deadline) {
  return for_each_cgroup(
      cgroup, [&](BorrowedFd each) { return wait_for_event(each, "frozen ", '1', deadline); });
}

long wait_until_empty(BorrowedFd cgroup, const Deadline& deadline) noexcept {
  return wait_for_event(cgroup, "populated ", '0', deadline);
}

// The name of a cgroup below; empty: there is none.
static long find_below(BorrowedFd cgroup, std::string& name) {
  name.clear();
  return for_each_subdirectory(cgroup, [&](const char* found) {
    name = found;
    return false;
  });
}

// Goes down to a cgroup with none below it, and removes that one, until it is `cgroup` itself.
[[gnu::cold]] static long remove_from_below(BorrowedFd cgroup, const char* path,
                                            const Deadline& deadline) {
  std::string lowest, below;
  do {
    std::optional<OwnedFd> held;
    BorrowedFd above = cgroup;
    long answer = find_below(above, lowest);
    if (answer < 0) return answer;
    if (lowest.empty()) return system_call(SYS_unlinkat, cgroup.get(), path, AT_REMOVEDIR);
    for (;;) {
      auto opened = open(above, lowest, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      answer = opened ? find_below(*opened, below) : -opened.error().value();
      if (answer < 0 || below.empty()) break;
      held = *std::move(opened);
      above = *held;
      lowest.swap(below);
    }
    if (answer == 0) answer = system_call(SYS_unlinkat, above.get(), lowest.c_str(), AT_REMOVEDIR);
    if (answer < 0 && answer != -ENOENT) return answer;  // ENOENT: somebody else has removed it
  } while (!deadline.is_past());
  return -EBUSY;  // somebody else creates them
}

long remove_cgroup(BorrowedFd cgroup, const char* path, const Deadline& deadline) noexcept {
  return without_exceptions([&] { return remove_from_below(cgroup, path, deadline); });
}

}  // namespace detail

Cgroup::~Cgroup() {
  if (!is_removed_when_dropped() || detail::is_forked_copy(mark_)) return;
  const auto deadline = detail::deadline_after(Timeout(std::chrono::seconds(5)));
  detail::kill_cgroup(directory_, kill_);
  kill_.reset();  // its number serves the wait, if there is no other one left
  detail::wait_until_empty(directory_, deadline);
  detail::remove_cgroup(directory_, path_.c_str(), deadline);
}

Result<void, CgroupError> Cgroup::kill() const {
  const long answer = detail::kill_cgroup(directory_, kill_);
  if (answer < 0) return cgroup_error(CgroupStep::kill, static_cast<int>(-answer), "cgroup.kill");
  return {};
}

Result<void, CgroupError> Cgroup::freeze(Timeout timeout) const {
  if (auto done = detail::write_file(directory_, "cgroup.freeze", "1", CgroupStep::freeze); !done)
    return done;
  const long answer = detail::wait_until_frozen(directory_, detail::deadline_after(timeout));
  if (answer < 0)
    return cgroup_error(CgroupStep::freeze, static_cast<int>(-answer), "cgroup.events");
  return {};
}

Result<void, CgroupError> Cgroup::thaw() const {
  return detail::write_file(directory_, "cgroup.freeze", "0", CgroupStep::freeze);
}

Result<OwnedFd, CgroupError> Cgroup::open_events() const {
  return detail::open_armed(directory_, "cgroup.events");
}

Result<OwnedFd, CgroupError> Cgroup::open_memory_events() const {
  return detail::open_armed(directory_, "memory.events");
}

Result<void, CgroupError> Cgroup::rearm(BorrowedFd events) {
  if (const auto content = detail::read_whole(events, "events"); !content)
    return std::unexpected(content.error());
  return {};
}

Result<void, CgroupError> Cgroup::wait_empty(Timeout timeout) const {
  const long answer = detail::wait_until_empty(directory_, detail::deadline_after(timeout));
  if (answer < 0) return cgroup_error(CgroupStep::wait, static_cast<int>(-answer), "cgroup.events");
  return {};
}

Result<void, CgroupError> Cgroup::remove() {
  const auto fails = [&](int error) {
    return cgroup_error(CgroupStep::remove, error, path_.empty() ? "" : path_.substr(3));
  };
  if (!is_removed_when_dropped()) return fails(EINVAL);
  const auto deadline = detail::deadline_after(Timeout(std::chrono::seconds(1)));
  long answer = detail::remove_cgroup(directory_, path_.c_str(), deadline);
  if (answer == -EBUSY && detail::wait_until_empty(directory_, deadline) == 0)
    answer = detail::remove_cgroup(directory_, path_.c_str(), deadline);
  if (answer < 0) return fails(static_cast<int>(-answer));
  keep();
  return {};
}

}  // namespace v0
}  // namespace sysfd
