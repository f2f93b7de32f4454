// SPDX-License-Identifier: MIT
//
// What is told to a service manager.
#include <chrono>
#include <optional>
#include <vector>

#include "convert.hpp"
#include "listen_objects.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)

namespace {

using Microseconds = std::chrono::microseconds;

static_assert(static_cast<int>(sysfd::NotifyResult::no_manager) == 0 &&
              static_cast<int>(sysfd::NotifyResult::sent) == 1);

// A notification, with what it refers to.
class Message {
 public:
  // 0 or -errno.
  int read(const sysfd_notification* given) {
    sysfd_notification read = SYSFD_NOTIFICATION_INIT;
    if (!given) return -EINVAL;
    if (const int error = read_struct(given, read); error != 0) return error;
    if (has_unknown(read.flags, known) || is_missing(read.store, read.store_count)) return -EINVAL;
    if (read.main_process < -1 || read.sender < -1) return -EBADF;
    for (std::size_t i = 0; i < read.store_count; ++i) {
      if (read.store[i] < 0) return -EBADF;
      store_.push_back(lent(read.store[i]));
    }
    if (const int error = read_timeout(read.timeout, notification_.timeout); error != 0)
      return error;
    set_flags(read);
    if (read.main_process >= 0)
      notification_.main_process = &*main_process_.emplace(read.main_process);
    if (read.sender >= 0) notification_.sender = &*sender_.emplace(read.sender);
    set_texts(read);
    return 0;
  }

  const sysfd::Notification& get() {
    notification_.store = store_;
    return notification_;
  }

 private:
  static constexpr std::uint32_t known =
      SYSFD_NOTIFY_READY | SYSFD_NOTIFY_RELOADING | SYSFD_NOTIFY_STOPPING | SYSFD_NOTIFY_WATCHDOG |
      SYSFD_NOTIFY_WATCHDOG_TRIGGER | SYSFD_NOTIFY_STORE_NO_POLL | SYSFD_NOTIFY_ERROR |
      SYSFD_NOTIFY_EXIT_STATUS | SYSFD_NOTIFY_WATCHDOG_INTERVAL | SYSFD_NOTIFY_EXTEND_TIMEOUT;

  static Microseconds duration(std::uint64_t count) noexcept {
    constexpr auto most = static_cast<std::uint64_t>(Microseconds::max().count());
    return Microseconds(static_cast<Microseconds::rep>(count < most ? count : most));
  }

  void set_flags(const sysfd_notification& given) noexcept {
    const auto has = [&](std::uint32_t flag) { return (given.flags & flag) != 0; };
    notification_.ready = has(SYSFD_NOTIFY_READY);
    notification_.reloading = has(SYSFD_NOTIFY_RELOADING);
    notification_.stopping = has(SYSFD_NOTIFY_STOPPING);
    notification_.watchdog = has(SYSFD_NOTIFY_WATCHDOG);
    notification_.watchdog_trigger = has(SYSFD_NOTIFY_WATCHDOG_TRIGGER);
    notification_.store_poll = !has(SYSFD_NOTIFY_STORE_NO_POLL);
    if (has(SYSFD_NOTIFY_ERROR)) notification_.error = given.error;
    if (has(SYSFD_NOTIFY_EXIT_STATUS)) notification_.exit_status = given.exit_status;
    if (has(SYSFD_NOTIFY_WATCHDOG_INTERVAL))
      notification_.watchdog_interval = duration(given.watchdog_interval_microseconds);
    if (has(SYSFD_NOTIFY_EXTEND_TIMEOUT))
      notification_.extend_timeout = duration(given.extend_timeout_microseconds);
  }

  void set_texts(const sysfd_notification& given) noexcept {
    if (given.status) notification_.status = given.status;
    if (given.store_name) notification_.store_name = given.store_name;
    if (given.remove_stored) notification_.remove_stored = given.remove_stored;
    if (given.more) notification_.more = given.more;
  }

  std::vector<sysfd::BorrowedFd> store_;
  std::optional<LentPidFd> main_process_, sender_;
  sysfd::Notification notification_;
};

// 1 or 0: whether there is a manager that it was sent to.
int code_of_sent(const sysfd::Result<sysfd::NotifyResult>& sent) noexcept {
  return sent ? static_cast<int>(*sent) : negative(sent.error());
}

// Sends by `send`, whose errors have messages.
template <class Send>
int notify(const sysfd_notification* given, sysfd_error* error, Send send) {
  if (check_error(error) != 0) return -EINVAL;
  return without_exceptions([&] {
    Message message;
    if (const int invalid = message.read(given); invalid != 0)
      return fail({-invalid, std::system_category()}, 0, "an invalid notification", error);
    const auto sent = send(message.get());
    if (sent.has_value()) return 0;
    return fail(sent.error(), 0, error ? sent.error().message() : std::string(), error);
  });
}

// As notify(), of what tells whether there is a manager.
template <class Send>
int notify_if_any(const sysfd_notification* given, sysfd_error* error, Send send) {
  int is_sent = 0;
  const int code = notify(given, error, [&](const sysfd::Notification& notification) {
    const auto sent = send(notification);
    if (sent) is_sent = static_cast<int>(*sent);
    return sent;
  });
  return code < 0 ? code : is_sent;
}

int write_interval(const sysfd::Result<Microseconds>& interval, std::uint64_t* out) noexcept {
  if (!interval) return negative(interval.error());
  *out = static_cast<std::uint64_t>(interval->count());
  return 0;
}

}  // namespace

int sysfd_notify(const sysfd_notification* notification, sysfd_error* error) {
  return notify_if_any(notification, error, [](const auto& it) { return sysfd::notify(it); });
}

int sysfd_notify_to(const char* address, const sysfd_notification* notification,
                    sysfd_error* error) {
  if (!address) return -EINVAL;
  return notify(notification, error, [&](const auto& it) { return sysfd::notify(address, it); });
}

int sysfd_notify_barrier(const sysfd_timeout* timeout) {
  auto limit = sysfd::Timeout::forever();
  if (const int error = read_timeout(timeout, limit); error != 0) return error;
  return without_exceptions([&] { return code_of_sent(sysfd::notify_barrier(limit)); });
}

int sysfd_notify_barrier_to(const char* address, const sysfd_timeout* timeout) {
  auto limit = sysfd::Timeout::forever();
  if (!address) return -EINVAL;
  if (const int error = read_timeout(timeout, limit); error != 0) return error;
  return without_exceptions([&] { return code_of(sysfd::notify_barrier(address, limit)); });
}

int sysfd_watchdog_interval(uint64_t* microseconds) {
  return microseconds ? write_interval(sysfd::watchdog_interval(), microseconds) : -EINVAL;
}

int sysfd_notifier_connect(const char* address, sysfd_notifier** notifier) {
  if (!address || !notifier) return -EINVAL;
  return without_exceptions([&] { return make_from(notifier, sysfd::Notifier::connect(address)); });
}

int sysfd_notifier_from_environment(uint32_t flags, sysfd_notifier** notifier) {
  if (!notifier || has_unknown(flags, SYSFD_NOTIFIER_UNSET_ENVIRONMENT)) return -EINVAL;
  return without_exceptions([&] {
    return make_from(notifier,
                     sysfd::Notifier::from_environment(
                         {.unset_environment = (flags & SYSFD_NOTIFIER_UNSET_ENVIRONMENT) != 0}));
  });
}

int sysfd_notifier_has_manager(const sysfd_notifier* notifier) {
  return notifier ? static_cast<int>(notifier->notifier.has_manager()) : -EINVAL;
}

int sysfd_notifier_notify(const sysfd_notifier* notifier, const sysfd_notification* notification,
                          sysfd_error* error) {
  if (!notifier) return -EINVAL;
  return notify_if_any(notification, error,
                       [&](const auto& it) { return notifier->notifier.notify(it); });
}

int sysfd_notifier_barrier(const sysfd_notifier* notifier, const sysfd_timeout* timeout) {
  auto limit = sysfd::Timeout::forever();
  if (!notifier) return -EINVAL;
  if (const int error = read_timeout(timeout, limit); error != 0) return error;
  return without_exceptions([&] { return code_of_sent(notifier->notifier.barrier(limit)); });
}

int sysfd_notifier_watchdog_interval(const sysfd_notifier* notifier, uint64_t* microseconds) {
  if (!notifier || !microseconds) return -EINVAL;
  return write_interval(notifier->notifier.watchdog_interval(), microseconds);
}

void sysfd_notifier_free(sysfd_notifier* notifier) {
  delete notifier;
}
