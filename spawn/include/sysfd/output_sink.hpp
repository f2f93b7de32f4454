// SPDX-License-Identifier: MIT
//
// Calls a function with what a child writes, while it runs.
//
//     sysfd::EachLine lines([](sysfd::OutputStream stream, std::string_view line) {
//       std::cout << (stream == sysfd::OutputStream::err ? "error: " : "") << line << '\n';
//     });
//     auto run = sysfd::Command("make").output({.max_size = 0, .sink = &lines});
#ifndef SYSFD_OUTPUT_SINK_HPP
#define SYSFD_OUTPUT_SINK_HPP
#include <sysfd/detail/cxx23.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <sysfd/output.hpp>

namespace sysfd {
inline namespace v0 {

// Calls a function with each piece, as it was read: up to 64 KiB, with parts of lines.
template <std::invocable<OutputStream, std::string_view> Function>
class EachPiece final : public OutputSink {
 public:
  explicit EachPiece(Function function) : function_(std::move(function)) {}
  void take(OutputStream stream, std::string_view piece) override { function_(stream, piece); }

 private:
  Function function_;
};

// Calls a function with each line of a stream, without its newline. The last one need not have a
// newline. A line that is longer than `longest` comes in parts of this size.
template <std::invocable<OutputStream, std::string_view> Function>
class EachLine final : public OutputSink {
 public:
  explicit EachLine(Function function, std::size_t longest = std::size_t{1} << 20)
      : function_(std::move(function)), longest_(longest > 0 ? longest : 1) {}

  void take(OutputStream stream, std::string_view piece) override {
    std::string& begun = begun_[static_cast<std::size_t>(stream)];
    while (!piece.empty()) {
      const std::size_t room = longest_ - begun.size();
      const std::size_t newline = piece.substr(0, room + 1).find('\n');
      const bool is_line = newline != piece.npos;
      if (!is_line && piece.size() <= room) {
        begun.append(piece);
        return;
      }
      begun.append(piece.substr(0, is_line ? newline : room));
      piece.remove_prefix(is_line ? newline + 1 : room);
      function_(stream, std::string_view(std::exchange(begun, {})));
    }
  }

  void end(OutputStream stream) override {
    std::string& begun = begun_[static_cast<std::size_t>(stream)];
    if (!begun.empty()) function_(stream, std::string_view(std::exchange(begun, {})));
  }

 private:
  Function function_;
  std::size_t longest_;
  std::array<std::string, 3> begun_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_OUTPUT_SINK_HPP
