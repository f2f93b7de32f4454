// SPDX-License-Identifier: MIT
//
// Fuzzes what reads one field of a file of /proc or of a cgroup: fdinfo, status, cgroup.events. The
// first byte of an input chooses the field and the room for it.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <sysfd/detail/proc_file.hpp>

#include "fuzz/as_file.hpp"
#include "fuzz/seeded.hpp"

namespace sysfd_test {

using namespace sysfd;

namespace {

constexpr std::string_view labels[] = {"Pid:\t", "NSpid:\t", "State:\t", "frozen ", ""};

// What is behind the label in the first line that begins with it.
std::optional<std::string_view> expected_field(std::string_view text, std::string_view label) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with(label)) return line.substr(label.size());
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view label = labels[data[0] % std::size(labels)];
  std::string room(1U + data[0] / std::size(labels), '\0');
  const auto expected = expected_field(text, label);
  const auto found = detail::find_field(as_file(text), label, room);
  if (!expected && label.empty() && text.empty()) {
    promise(found && found->empty(), "an empty file has an empty first line");
  } else if (!expected) {
    promise(!found && found.error().value() == ENODATA, "no such line");
  } else if (expected->size() > room.size()) {
    promise(!found && found.error().value() == EOVERFLOW, "no room for it");
  } else {
    promise(found && *found == *expected, "the rest of the line");
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  constexpr std::string_view valid =
      "\x78pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t5\nPid:\t4711\nNSpid:\t4711\t1\n"
      "State:\tR (running)\npopulated 1\nfrozen 0\n";
  return mutate(data, size, max_size, seed, std::as_bytes(std::span(valid)));
}

}  // namespace sysfd_test
