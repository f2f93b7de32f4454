// SPDX-License-Identifier: MIT
#include "exchange.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include <sysfd/create.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::size_t chunk = std::size_t{64} * 1024;  // what a pipe holds

// A write to a pipe that nobody reads sends SIGPIPE to the thread that writes. While this lives it
// stays pending, and is taken back: the program neither dies of it nor ever sees it.
class SigpipeHeld {
 public:
  SigpipeHeld() noexcept {
    ::sigemptyset(&sigpipe_);
    ::sigaddset(&sigpipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
  }
  ~SigpipeHeld() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SigpipeHeld(const SigpipeHeld&) = delete;
  SigpipeHeld& operator=(const SigpipeHeld&) = delete;

  void take_back() const noexcept {
    const timespec at_once{};
    if (!was_pending_) retry_eintr([&] { return ::sigtimedwait(&sigpipe_, nullptr, &at_once); });
  }

 private:
  sigset_t sigpipe_;
  sigset_t before_;
  bool was_pending_ = false;
};

// `*std::move(child.stdout_pipe())` takes a pipe away, but leaves the std::optional engaged.
void forget_if_taken(std::optional<OwnedFd>& pipe) noexcept {
  if (pipe && was_moved_from(*pipe)) pipe.reset();
}

// Whether there is more to come.
Result<bool> read_some(Inlet& inlet, std::size_t max_size) {
  std::array<char, chunk> buffer;
  const ssize_t size =
      retry_eintr([&] { return ::read(inlet.pipe->get(), buffer.data(), buffer.size()); });
  if (size == -1) {
    if (errno == EAGAIN) return true;
    return last_error();
  }
  const auto got = static_cast<std::size_t>(size);
  const std::size_t kept = std::min(got, max_size - std::min(max_size, inlet.text.size()));
  inlet.text.append(buffer.data(), kept);
  inlet.cut |= kept < got;
  return got > 0;
}

Result<bool> write_some(Outlet& outlet, const SigpipeHeld& sigpipe) noexcept {
  const std::size_t size = std::min(outlet.left.size(), chunk);
  const ssize_t written =
      retry_eintr([&] { return ::write(outlet.pipe->get(), outlet.left.data(), size); });
  if (written == -1) {
    if (errno == EAGAIN) return true;
    if (errno != EPIPE) return last_error();
    sigpipe.take_back();
    return false;  // it reads no more: its own affair
  }
  outlet.left = outlet.left.subspan(static_cast<std::size_t>(written));
  outlet.taken += static_cast<std::size_t>(written);
  return !outlet.left.empty();
}

}  // namespace

Deadline deadline_in(const std::optional<std::chrono::nanoseconds>& timeout) noexcept {
  if (!timeout) return std::nullopt;
  return deadline_after(*timeout);
}

Result<bool> exchange(Outlet outlet, std::span<Inlet> inlets, std::size_t max_size,
                      const Deadline& deadline) {
  forget_if_taken(outlet.pipe);
  for (const Inlet& inlet : inlets)
    forget_if_taken(inlet.pipe);
  if (outlet.left.empty()) outlet.pipe.reset();
  std::optional<SigpipeHeld> sigpipe;
  if (outlet.pipe) {
    sigpipe.emplace();
    if (auto set = set_nonblocking(*outlet.pipe, true); !set) return std::unexpected(set.error());
  }
  for (const Inlet& inlet : inlets)
    if (inlet.pipe)
      if (auto set = set_nonblocking(*inlet.pipe, true); !set) return std::unexpected(set.error());

  std::vector<pollfd> entries(1 + inlets.size());
  for (bool is_late = false;;) {
    bool has_any = outlet.pipe.has_value();
    entries[0] = {outlet.pipe ? outlet.pipe->get() : -1, POLLOUT, 0};
    for (std::size_t i = 0; i < inlets.size(); ++i) {
      entries[i + 1] = {inlets[i].pipe ? inlets[i].pipe->get() : -1, POLLIN, 0};
      has_any |= inlets[i].pipe.has_value();
    }
    if (!has_any) return true;
    if (is_late) return false;
    is_late = deadline && *deadline <= Clock::now();
    const auto ready = poll_until(entries.data(), entries.size(), deadline ? &*deadline : nullptr);
    if (!ready) return std::unexpected(ready.error());
    if (*ready == 0) return false;

    const auto close_at_end = [](std::optional<OwnedFd>& pipe, const Result<bool>& more) {
      if (more && !*more) pipe.reset();
    };
    if (entries[0].revents != 0) {
      const auto more = write_some(outlet, *sigpipe);
      if (!more) return more;
      close_at_end(outlet.pipe, more);
    }
    for (std::size_t i = 0; i < inlets.size(); ++i) {
      if (entries[i + 1].revents == 0) continue;
      const auto more = read_some(inlets[i], max_size);
      if (!more) return more;
      close_at_end(inlets[i].pipe, more);
    }
  }
}

void drain(std::span<Inlet> inlets, std::size_t max_size) {
  for (Inlet& inlet : inlets)
    for (int chunks = 16; inlet.pipe && chunks > 0; --chunks) {  // 1 MiB: no pipe holds more
      pollfd entry{inlet.pipe->get(), POLLIN, 0};
      const timespec at_once{};
      if (::ppoll(&entry, 1, &at_once, nullptr) <= 0) break;
      const auto more = read_some(inlet, max_size);
      if (!more || !*more) inlet.pipe.reset();
    }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
