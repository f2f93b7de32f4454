// SPDX-License-Identifier: MIT
#include "command_line.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <string_view>

#include "profile.hpp"

namespace sysfd_run {
namespace {

std::unexpected<Complaint> unknown_option(std::string_view name) {
  const std::string_view guess = guess_option(name);
  if (guess.empty()) return complain({"--", name, ": there is no such option; see --help"});
  return complain({"--", name, ": there is no such option; did you mean --", guess, "?"});
}

}  // namespace

const Given* CommandLine::last(Id id) const {
  for (const Given& each : std::views::reverse(given))
    if (each.option->id == id) return &each;
  return nullptr;
}

bool CommandLine::has_flag(Id id) const {
  const Given* const given_last = last(id);
  return given_last && given_last->value == "true";
}

Checked<CommandLine> parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  std::vector<Given> given;
  int at = 1;
  for (; at < argc; ++at) {
    std::string_view word = argv[at];
    if (word == "--") {
      ++at;
      break;
    }
    if (word == "-h") word = "--help";
    if (!word.starts_with('-') || word == "-") break;
    if (!word.starts_with("--")) return complain({word, ": options have long names; see --help"});
    word.remove_prefix(2);
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const Option* const option = find_option(name);
    if (!option) return unknown_option(name);
    if (option->argument.empty()) {
      if (equals != word.npos)
        return complain({"--", name, ": takes no value; leave out \"", word.substr(equals), "\""});
      given.push_back({option, "true", cat({"--", name})});
      continue;
    }
    std::string value;
    if (equals != word.npos)
      value = word.substr(equals + 1);
    else if (at + 1 < argc)
      value = argv[++at];
    else
      return complain({"--", name, ": needs a value: --", name, " ", option->argument});
    std::string where = cat({"--", name, " ", value});
    if (option->id == Id::profile) {
      auto from_file = read_profile(value, line.program);
      if (!from_file) return std::unexpected(from_file.error());
      std::ranges::move(*from_file, std::back_inserter(line.given));
    }
    given.push_back({option, std::move(value), std::move(where)});
  }
  std::ranges::move(given, std::back_inserter(line.given));
  if (at < argc) line.program.assign(argv + at, argv + argc);
  return line;
}

}  // namespace sysfd_run
