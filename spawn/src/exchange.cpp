// SPDX-License-Identifier: MIT
#include "exchange.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::size_t chunk = std::size_t{64} * 1024;  // what a pipe holds

// A write to a pipe that nobody reads sends SIGPIPE to the thread that writes. While this lives it
// stays pending, and is taken back: the program neither dies of it nor ever sees it.
class ScopedSigpipeBlock {
 public:
  ScopedSigpipeBlock() noexcept {
    system_call(SYS_rt_sigprocmask, SIG_BLOCK, &sigpipe, &before_, sizeof before_);
    std::uint64_t pending = 0;
    system_call(SYS_rt_sigpending, &pending, sizeof pending);
    was_pending_ = (pending & sigpipe) != 0;
  }
  ~ScopedSigpipeBlock() {
    system_call(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_);
  }
  ScopedSigpipeBlock(const ScopedSigpipeBlock&) = delete;
  ScopedSigpipeBlock& operator=(const ScopedSigpipeBlock&) = delete;

  void take_back() const noexcept {
    const timespec at_once{};
    if (!was_pending_)
      system_call_retried(SYS_rt_sigtimedwait, &sigpipe, nullptr, &at_once, sizeof sigpipe);
  }

 private:
  static constexpr std::uint64_t sigpipe = std::uint64_t{1} << (SIGPIPE - 1);
  std::uint64_t before_ = 0;
  bool was_pending_ = false;
};

// `*std::move(child.stdout_pipe())` takes a pipe away, but leaves the std::optional engaged.
void forget_if_taken(std::optional<OwnedFd>& pipe) noexcept {
  if (pipe && was_moved_from(*pipe)) pipe.reset();
}

Result<> write_some(WritePipe& writer, const ScopedSigpipeBlock& sigpipe) noexcept {
  const long written =
      system_call_retried(SYS_write, writer.pipe->get(), writer.left.data(), writer.left.size());
  if (written == -EAGAIN) return {};
  if (written == -EPIPE) {
    sigpipe.take_back();
    writer.pipe.reset();  // it reads no more: its own affair
    return {};
  }
  if (written < 0) return failure(static_cast<int>(-written));
  writer.left = writer.left.subspan(static_cast<std::size_t>(written));
  writer.taken += static_cast<std::size_t>(written);
  if (writer.left.empty()) writer.pipe.reset();
  return {};
}

// Returns how many bytes a pipe, socket or terminal holds; 0 if the kernel does not know.
std::size_t bytes_there(BorrowedFd pipe) noexcept {
  int size = 0;
  return system_call(SYS_ioctl, pipe.get(), FIONREAD, &size) == 0 && size > 0
             ? static_cast<std::size_t>(size)
             : 0;
}

}  // namespace

// How much there was, which closes the pipe at its end; EAGAIN: nothing yet.
Result<std::size_t> Exchange::read_once(ReadPipe& reader) {
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(chunk);
  long size = system_call_retried(SYS_read, reader.pipe->get(), buffer_.get(), chunk);
  if (size == -EIO && reader.stream == OutputStream::terminal) size = 0;  // nobody has it open
  if (size < 0) return failure(static_cast<int>(-size));
  const auto got = static_cast<std::size_t>(size);
  const std::size_t kept = std::min(got, max_size_ - std::min(max_size_, reader.text.size()));
  reader.text.append(buffer_.get(), kept);
  reader.cut |= kept < got;
  if (got == 0)
    end(reader);
  else if (sink_)
    sink_->take(reader.stream, {buffer_.get(), got});
  return got;
}

void Exchange::end(ReadPipe& reader) {
  reader.pipe.reset();
  tell_end(reader);
}

// Until there is nothing, or there was more than when this began.
Result<> Exchange::read_all_there(ReadPipe& reader) {
  // What was written to a terminal comes a moment later, but no more than its buffers hold.
  constexpr std::size_t held_by_terminal = std::size_t{128} * 1024;
  const std::size_t there =
      reader.stream == OutputStream::terminal ? held_by_terminal : bytes_there(*reader.pipe);
  for (std::size_t got = 0; reader.pipe && got <= there;) {
    const auto size = read_once(reader);
    if (!size && size.error().value() == EAGAIN) break;
    if (!size) return std::unexpected(size.error());
    got += *size;
  }
  return {};
}

Result<> Exchange::read_some(ReadPipe& reader) {
  const auto size = read_once(reader);
  if (!size && size.error().value() != EAGAIN) return std::unexpected(size.error());
  return {};
}

Result<> Exchange::prepare() noexcept {
  forget_if_taken(writer_.pipe);
  if (writer_.left.empty()) writer_.pipe.reset();
  if (writer_.pipe)
    if (auto set = set_nonblocking(*writer_.pipe, true); !set) return set;
  for (const ReadPipe& reader : readers_) {
    forget_if_taken(reader.pipe);
    if (!reader.pipe) continue;
    if (auto set = set_nonblocking(*reader.pipe, true); !set) return set;
  }
  return {};
}

Result<> Exchange::run(const Deadline& deadline) {
  if (auto ready = prepare(); !ready) return ready;
  std::optional<ScopedSigpipeBlock> sigpipe;
  if (writer_.pipe) sigpipe.emplace();

  const std::size_t behind_readers = 1 + readers_.size();
  const std::size_t count = behind_readers + processes_.size();
  std::vector<pollfd> entries(count + 1);  // and what calls it off
  for (bool is_late = false;;) {
    bool has_any = writer_.pipe.has_value();
    entries[0] = {writer_.pipe ? writer_.pipe->get() : -1, POLLOUT, 0};
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      entries[i + 1] = {readers_[i].pipe ? readers_[i].pipe->get() : -1, POLLIN, 0};
      has_any |= readers_[i].pipe.has_value();
    }
    for (std::size_t i = 0; i < processes_.size(); ++i)
      entries[behind_readers + i] = {processes_[i], POLLIN, 0};
    if (!has_any) return {};
    if (is_late) return failure(ETIMEDOUT);
    is_late = deadline.is_past();
    const auto ready = poll_until(entries.data(), count, deadline);
    if (!ready) return std::unexpected(ready.error());
    if (*ready == 0) return failure(ETIMEDOUT);

    for (std::size_t i = 0; i < processes_.size(); ++i)
      if (entries[behind_readers + i].revents != 0) processes_[i] = -1;
    if (!processes_.empty() && std::ranges::all_of(processes_, [](int fd) { return fd < 0; }))
      return take_rest();
    if (entries[0].revents != 0)
      if (auto done = write_some(writer_, *sigpipe); !done) return done;
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      if (entries[i + 1].revents == 0) continue;
      auto done = is_late ? read_all_there(readers_[i]) : read_some(readers_[i]);
      if (!done) return done;
    }
  }
}

// What processes have written before they ended is there. Others may have the pipes open.
Result<> Exchange::take_rest() {
  writer_.pipe.reset();
  for (ReadPipe& reader : readers_) {
    if (!reader.pipe) continue;
    if (auto done = read_all_there(reader); !done) return done;
    if (reader.pipe) tell_end(reader);
  }
  return {};
}

void Exchange::drain() {
  for (ReadPipe& reader : readers_) {
    if (!reader.pipe) continue;
    const bool is_open = read_all_there(reader) && reader.pipe;
    if (is_open)
      tell_end(reader);
    else
      reader.pipe.reset();
  }
}

void Exchange::tell_end(ReadPipe& reader) {
  if (sink_ && !std::exchange(reader.has_ended, true)) sink_->end(reader.stream);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
