// SPDX-License-Identifier: MIT
//
// Fuzzes what reads a program: the line of a script, and the segments and the dynamic section of an
// ELF file.
#include <elf.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>

#include <sysfd/detail/program_file.hpp>

#include "fuzz/as_file.hpp"
#include "fuzz/seeded.hpp"
#include "landlock/made_elf.hpp"

namespace sysfd_test {

using namespace sysfd;

namespace {

constexpr std::size_t most_text = 65536;

void check_format(const detail::Format& format, std::string_view content) {
  using Kind = detail::Format::Kind;
  promise((format.kind == Kind::script) == content.starts_with("#!"), "a script begins with #!");
  if (format.kind == Kind::elf) promise(content.starts_with(ELFMAG), "an ELF file with its magic");
  if (format.kind == Kind::other) promise(format.interpreter.empty(), "no interpreter of others");
  promise(format.interpreter.size() <= 256, "no longer than the kernel reads");
  promise(content.contains(format.interpreter), "an interpreter that is named there");
  promise(!format.interpreter.contains('\0'), "no NUL in a path");
}

void check_needs(const detail::ElfNeeds& needs, std::string_view content) {
  promise(content.starts_with(ELFMAG), "an ELF file");
  std::size_t size = 0;
  const auto check = [&](const std::string& text) {
    promise(content.contains(text) && !text.contains('\0'), "a string of the file");
    size += text.empty() ? 0 : text.size() + 1;
  };
  for (const auto* texts : {&needs.names, &needs.wanted})
    std::ranges::for_each(*texts, check);
  for (const auto* text : {&needs.soname, &needs.rpath, &needs.runpath})
    check(*text);
  promise(size <= needs.size && needs.size <= most_text, "no more text than was asked for");
  if (needs.loader) promise(needs.loader->size() <= 4096, "a loader that can be opened");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  const BorrowedFd file = as_file(content);
  const auto format = detail::format_of(file);
  promise(format.has_value(), "every regular file has a format");
  check_format(*format, content);
  if (const auto needs = detail::elf_needs(file, most_text)) check_needs(*needs, content);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  static const std::string valid[] = {
      made_program({{DT_NEEDED, "libc.so.6"}, {DT_RUNPATH, "$ORIGIN/../lib:/opt"}}),
      made_library({{DT_SONAME, "libx.so.1"}, {DT_RPATH, "/a"}, {DT_NEEDED, "liby.so"}}),
      made_program({{0x7ffffffd, "libaux.so"}, {0x7fffffff, "libfilter.so"}}, ""),
      "#!/usr/bin/env -S python3 -u\n",
      "#! \t/bin/sh\n",
      "#!/bin/sh"};
  return mutate(data, size, max_size, seed,
                std::as_bytes(std::span(valid[seed / 16 % std::size(valid)])));
}

}  // namespace sysfd_test
