// SPDX-License-Identifier: MIT
#include <sysfd/pidfd.hpp>

#include <array>
#include <deque>
#include <string>
#include <vector>

#include "convert.hpp"
#include "namespace_bits.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)

namespace {

static_assert(SYSFD_SIGNAL_THREAD == static_cast<int>(sysfd::SignalScope::thread) &&
              SYSFD_SIGNAL_THREAD_GROUP == static_cast<int>(sysfd::SignalScope::thread_group) &&
              SYSFD_SIGNAL_PROCESS_GROUP == static_cast<int>(sysfd::SignalScope::process_group));
static_assert(SYSFD_EVENT_STOPPED == static_cast<int>(sysfd::WaitEvent::Kind::stopped) &&
              SYSFD_EVENT_CONTINUED == static_cast<int>(sysfd::WaitEvent::Kind::continued) &&
              SYSFD_EVENT_TRAPPED == static_cast<int>(sysfd::WaitEvent::Kind::trapped));
static_assert(sizeof(sysfd_bytes) == sizeof(iovec) &&
              offsetof(sysfd_bytes, size) == offsetof(iovec, iov_len));

// A new pidfd, or an error.
int code_of_pidfd(sysfd::Result<sysfd::PidFd> made) noexcept {
  if (!made) return negative(made.error());
  return (*std::move(made)).into_fd().release();
}

sysfd::WaitOptions options_of(std::uint32_t what) noexcept {
  if ((what & ~std::uint32_t{SYSFD_WAIT_KEEP}) == 0) what |= SYSFD_WAIT_ENDED;
  return {.ended = (what & SYSFD_WAIT_ENDED) != 0,
          .stopped = (what & SYSFD_WAIT_STOPPED) != 0,
          .continued = (what & SYSFD_WAIT_CONTINUED) != 0,
          .consume = (what & SYSFD_WAIT_KEEP) == 0};
}

std::int64_t microseconds(const timeval& time) noexcept {
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

void write_event(const sysfd::WaitEvent& event, sysfd_wait_event* out) noexcept {
  const auto& usage = event.usage;
  const sysfd_wait_event filled = {
      .size = 0,
      .kind = static_cast<std::uint32_t>(event.kind),
      .status = event.status ? event.status->wait_status() : 0,
      .signo = event.signal.value_or(0),
      .pid = event.pid,
      .user = event.user,
      .user_microseconds = microseconds(usage.ru_utime),
      .system_microseconds = microseconds(usage.ru_stime),
      .max_resident_kilobytes = usage.ru_maxrss,
      .minor_faults = usage.ru_minflt,
      .major_faults = usage.ru_majflt,
      .blocks_in = usage.ru_inblock,
      .blocks_out = usage.ru_oublock,
      .voluntary_switches = usage.ru_nvcsw,
      .involuntary_switches = usage.ru_nivcsw,
  };
  write_struct(out, filled);
}

// Checks what all three kinds of waits for an event are given, and calls one of them.
template <class Wait>
int wait_event(int pidfd, std::uint32_t what, sysfd_wait_event* out, Wait wait) {
  if (pidfd < 0) return -EBADF;
  if (check_output(out) != 0 || has_unknown(what, 0xf)) return -EINVAL;
  return code_of(wait(*LentPidFd(pidfd), options_of(what)),
                 [out](const sysfd::WaitEvent& event) { write_event(event, out); });
}

std::uint32_t core_dump_bits(const sysfd::CoreDump& dump) noexcept {
  return (dump.dumped ? std::uint32_t{SYSFD_CORE_DUMPED} : 0U) |
         (dump.skipped ? std::uint32_t{SYSFD_CORE_DUMP_SKIPPED} : 0U) |
         (dump.as_user ? std::uint32_t{SYSFD_CORE_DUMP_AS_USER} : 0U) |
         (dump.as_root ? std::uint32_t{SYSFD_CORE_DUMP_AS_ROOT} : 0U);
}

void write_info(const sysfd::ProcessInfo& info, sysfd_process_info* out) noexcept {
  sysfd_process_info filled = SYSFD_PROCESS_INFO_INIT;
  // Stores a field that is known, and notes that.
  const auto set = [&filled](std::uint32_t bit, const auto& from, auto& to) {
    if (!from) return;
    to = static_cast<std::remove_reference_t<decltype(to)>>(*from);
    filled.set |= bit;
  };
  set(SYSFD_INFO_PID, info.pid, filled.pid);
  set(SYSFD_INFO_PROCESS, info.process, filled.process);
  set(SYSFD_INFO_PARENT, info.parent, filled.parent);
  set(SYSFD_INFO_CGROUP, info.cgroup_id, filled.cgroup_id);
  if (info.credentials) {
    filled.set |= SYSFD_INFO_CREDENTIALS;
    filled.user = info.credentials->user;
    filled.group = info.credentials->group;
    filled.effective_user = info.credentials->effective_user;
    filled.effective_group = info.credentials->effective_group;
    filled.saved_user = info.credentials->saved_user;
    filled.saved_group = info.credentials->saved_group;
    filled.file_system_user = info.credentials->file_system_user;
    filled.file_system_group = info.credentials->file_system_group;
  }
  if (info.exit) {
    filled.set |= SYSFD_INFO_EXIT;
    filled.exit_status = info.exit->wait_status();
  }
  if (info.core_dump) {
    filled.set |= SYSFD_INFO_CORE_DUMP;
    filled.core_dump = core_dump_bits(*info.core_dump);
    set(SYSFD_INFO_CORE_DUMP_SIGNAL, info.core_dump->signal, filled.core_dump_signal);
    set(SYSFD_INFO_CORE_DUMP_CODE, info.core_dump->signal_code, filled.core_dump_code);
  }
  write_struct(out, filled);
}

}  // namespace

int sysfd_pidfd_open(int32_t pid, uint32_t flags) {
  if (has_unknown(flags, SYSFD_PIDFD_NONBLOCKING | SYSFD_PIDFD_THREAD)) return -EINVAL;
  return code_of_pidfd(
      sysfd::PidFd::open(pid, {.nonblocking = (flags & SYSFD_PIDFD_NONBLOCKING) != 0,
                               .thread = (flags & SYSFD_PIDFD_THREAD) != 0}));
}

int sysfd_pidfd_self(void) {
  return code_of_pidfd(sysfd::PidFd::self());
}

int sysfd_pidfd_from_id(uint64_t id) {
  return code_of_pidfd(sysfd::PidFd::from_id(sysfd::ProcessId(id)));
}

int sysfd_pidfd_of_peer(int socket) {
  return socket < 0 ? -EBADF : code_of_pidfd(sysfd::PidFd::of_peer(lent(socket)));
}

int sysfd_pidfd_adopt_take(int fd) {
  return fd < 0 ? -EBADF : code_of_pidfd(sysfd::PidFd::adopt(sysfd::OwnedFd::adopt(fd)));
}

int sysfd_pidfd_send_signal(int pidfd, int signo, uint32_t scope) {
  if (pidfd < 0) return -EBADF;
  return code_of(LentPidFd(pidfd)->send_signal(signo, static_cast<sysfd::SignalScope>(scope)));
}

int sysfd_pidfd_send_signal_value(int pidfd, int signo, uintptr_t value, uint32_t scope) {
  if (pidfd < 0) return -EBADF;
  sigval with{};
  with.sival_ptr = reinterpret_cast<void*>(value);
  return code_of(
      LentPidFd(pidfd)->send_signal(signo, with, static_cast<sysfd::SignalScope>(scope)));
}

int sysfd_pidfd_get_fd(int pidfd, int number) {
  if (pidfd < 0) return -EBADF;
  return code_of(LentPidFd(pidfd)->get_fd(sysfd::ForeignFd(number)));
}

int sysfd_pidfd_wait(int pidfd, int32_t* status) {
  return pidfd < 0 ? -EBADF : write_status(LentPidFd(pidfd)->wait(), status);
}

int sysfd_pidfd_try_wait(int pidfd, int32_t* status) {
  return pidfd < 0 ? -EBADF : write_status(LentPidFd(pidfd)->try_wait(), status);
}

int sysfd_pidfd_wait_for(int pidfd, const sysfd_timeout* timeout, int32_t* status) {
  if (pidfd < 0) return -EBADF;
  auto limit = sysfd::Timeout::forever();
  if (const int error = read_timeout(timeout, limit); error != 0) return error;
  return write_status(LentPidFd(pidfd)->wait_for(limit), status);
}

int sysfd_pidfd_wait_any(const int* pidfds, size_t count, const sysfd_timeout* timeout) {
  if (is_missing(pidfds, count)) return -EINVAL;
  auto limit = sysfd::Timeout::forever();
  if (const int error = read_timeout(timeout, limit); error != 0) return error;
  return without_exceptions([&] {
    std::deque<LentPidFd> lent_pidfds;  // which cannot be moved
    std::vector<const sysfd::PidFd*> pointers;
    pointers.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
      if (pidfds[i] < 0) return -EBADF;
    for (std::size_t i = 0; i < count; ++i)
      pointers.push_back(&*lent_pidfds.emplace_back(pidfds[i]));
    return static_cast<int>(code_of(sysfd::wait_any(pointers, limit)));
  });
}

int sysfd_pidfd_wait_event(int pidfd, uint32_t what, sysfd_wait_event* event) {
  return wait_event(pidfd, what, event, [](const sysfd::PidFd& process, const auto& options) {
    return process.wait_event(options);
  });
}

int sysfd_pidfd_try_wait_event(int pidfd, uint32_t what, sysfd_wait_event* event) {
  return wait_event(pidfd, what, event, [](const sysfd::PidFd& process, const auto& options) {
    return process.try_wait_event(options);
  });
}

int sysfd_pidfd_wait_event_for(int pidfd, const sysfd_timeout* timeout, uint32_t what,
                               sysfd_wait_event* event) {
  auto limit = sysfd::Timeout::forever();
  if (const int error = read_timeout(timeout, limit); error != 0) return error;
  return wait_event(pidfd, what, event, [limit](const sysfd::PidFd& process, const auto& options) {
    return process.wait_event_for(limit, options);
  });
}

int32_t sysfd_pidfd_pid(int pidfd) {
  return pidfd < 0 ? -EBADF : static_cast<int32_t>(code_of(LentPidFd(pidfd)->pid()));
}

int sysfd_pidfd_id(int pidfd, uint64_t* id) {
  if (pidfd < 0) return -EBADF;
  if (!id) return -EINVAL;
  return code_of(LentPidFd(pidfd)->id(), [id](sysfd::ProcessId found) { *id = found.value(); });
}

int sysfd_pidfd_info(int pidfd, sysfd_process_info* info) {
  if (pidfd < 0) return -EBADF;
  if (check_output(info) != 0) return -EINVAL;
  return code_of(LentPidFd(pidfd)->info(),
                 [info](const sysfd::ProcessInfo& found) { write_info(found, info); });
}

int sysfd_pidfd_namespace_fd(int pidfd, uint32_t kind) {
  if (pidfd < 0) return -EBADF;
  const auto known = one_namespace(kind);
  return known ? code_of(LentPidFd(pidfd)->namespace_fd(*known)) : -EINVAL;
}

int sysfd_pidfd_namespace_for_children(int pidfd, uint32_t kind) {
  if (pidfd < 0) return -EBADF;
  const auto known = one_namespace(kind);
  return known ? code_of(LentPidFd(pidfd)->namespace_for_children(*known)) : -EINVAL;
}

int sysfd_pidfd_enter_namespaces(int pidfd, uint32_t kinds) {
  if (pidfd < 0) return -EBADF;
  const auto known = namespace_set(kinds);
  return known ? code_of(LentPidFd(pidfd)->enter_namespaces(*known)) : -EINVAL;
}

int sysfd_pidfd_proc_directory(int pidfd) {
  return pidfd < 0 ? -EBADF : code_of(LentPidFd(pidfd)->proc_directory());
}

int64_t sysfd_pidfd_advise_memory(int pidfd, const sysfd_bytes* ranges, size_t count, int advice) {
  if (pidfd < 0) return -EBADF;
  if (is_missing(ranges, count)) return -EINVAL;
  return code_of(
      LentPidFd(pidfd)->advise_memory({reinterpret_cast<const iovec*>(ranges), count}, advice));
}

int sysfd_pidfd_release_memory(int pidfd) {
  return pidfd < 0 ? -EBADF : code_of(LentPidFd(pidfd)->release_memory());
}

int sysfd_same_process(int left, int right) {
  if (left < 0 || right < 0) return -EBADF;
  return code_of(sysfd::same_process(*LentPidFd(left), *LentPidFd(right)));
}

int sysfd_process_id_parse(const char* text, uint64_t* id) {
  if (!text || !id) return -EINVAL;
  return code_of(sysfd::ProcessId::parse(text),
                 [id](sysfd::ProcessId found) { *id = found.value(); });
}

int sysfd_process_id_text(uint64_t id, char* buffer, size_t size) {
  return without_exceptions(
      [&] { return write_text(to_string(sysfd::ProcessId(id)), buffer, size); });
}

int sysfd_exit_status_success(int32_t status) {
  if (!is_exit_status(status)) return -EINVAL;
  return static_cast<int>(sysfd::ExitStatus::from_wait_status(status).success());
}

int sysfd_exit_status_code(int32_t status) {
  if (!is_exit_status(status)) return -EINVAL;
  return sysfd::ExitStatus::from_wait_status(status).code().value_or(-ENODATA);
}

int sysfd_exit_status_signal(int32_t status) {
  if (!is_exit_status(status)) return -EINVAL;
  return sysfd::ExitStatus::from_wait_status(status).signal().value_or(-ENODATA);
}

int sysfd_exit_status_core_dumped(int32_t status) {
  if (!is_exit_status(status)) return -EINVAL;
  return static_cast<int>(sysfd::ExitStatus::from_wait_status(status).core_dumped());
}

int sysfd_exit_status_text(int32_t status, char* buffer, size_t size) {
  if (!is_exit_status(status)) return -EINVAL;
  return without_exceptions([&] {
    return write_text(to_string(sysfd::ExitStatus::from_wait_status(status)), buffer, size);
  });
}
