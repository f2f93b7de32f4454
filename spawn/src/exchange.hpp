// SPDX-License-Identifier: MIT
//
// Writing to a child and reading from it, all at once.
#ifndef SYSFD_SPAWN_SRC_EXCHANGE_HPP
#define SYSFD_SPAWN_SRC_EXCHANGE_HPP

#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <sysfd/detail/deadline.hpp>
#include <sysfd/output.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// True for an error of a wait that is over before its time, and not for another reason.
inline bool is_too_early(std::error_code error) noexcept {
  return error.value() == EAGAIN;
}
inline bool is_too_late(std::error_code error) noexcept {
  return error.value() == ETIMEDOUT || error.value() == ECANCELED;
}

// A pipe that is read to its end, and closed there.
struct ReadPipe {
  std::optional<OwnedFd>& pipe;
  std::string& text;
  bool& cut;
  OutputStream stream;
  bool has_ended = false;  // the sink was told so
};

// A pipe that is written to until there is no more, or nobody reads, and then closed.
struct WritePipe {
  std::optional<OwnedFd>& pipe;
  std::span<const std::byte> left;
  std::size_t& taken;
};

// What goes through the pipes of one child, or of several.
class Exchange {
 public:
  // What the pipes belong to stays where it is.
  Exchange(WritePipe writer, std::span<ReadPipe> readers, const OutputOptions& options) noexcept
      : writer_(writer), readers_(readers), max_size_(options.max_size), sink_(options.sink) {}

  // Makes run() end also when all of these have ended, and what they have written is taken.
  void end_with(BorrowedFd process) { processes_.push_back(process.get()); }

  // Goes on until all pipes are closed. Errors: ETIMEDOUT the deadline is past: it takes what is
  // there then; ECANCELED.
  Result<> run(const Deadline& deadline);

  // Takes what is in the pipes, without waiting for more, once run() has ended. Whoever writes on
  // and on does not keep it.
  void drain();

 private:
  Result<> prepare() noexcept;
  Result<> take_rest();
  void end(ReadPipe& reader);
  void tell_end(ReadPipe& reader);
  Result<std::size_t> read_once(ReadPipe& reader);
  Result<> read_some(ReadPipe& reader);
  Result<> read_all_there(ReadPipe& reader);

  WritePipe writer_;
  std::span<ReadPipe> readers_;
  std::vector<int> processes_;  // their pidfds; -1 for those that have ended
  std::size_t max_size_;
  OutputSink* sink_;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_EXCHANGE_HPP
