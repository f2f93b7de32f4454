// SPDX-License-Identifier: MIT
#include "profile.hpp"

#include <algorithm>
#include <string_view>

#include "command_line.hpp"
#include "read_file.hpp"

// The parser without its streams, which would bring locales along.
// NOLINTBEGIN(readability-identifier-naming): the names are those of toml++
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#define TOML_FLOAT_CHARCONV 1
#define TOML_ASSERT(expression) static_cast<void>(0)
// NOLINTEND(readability-identifier-naming)
#include <toml++/toml.h>

namespace sysfd_run {
namespace {

class Reader {
 public:
  Reader(const std::string& file, std::vector<std::string>& program)
      : file_(file), program_(program) {}

  Checked<std::vector<Given>> read(const toml::table& table) {
    // In the order of the file, as on a command line; the table has that of the names.
    std::vector<std::pair<std::string_view, const toml::node*>> entries;
    for (const auto& [key, node] : table)
      entries.emplace_back(key.str(), &node);
    std::ranges::sort(entries, {}, [](const auto& entry) {
      const auto& begin = entry.second->source().begin;
      return std::pair(begin.line, begin.column);
    });
    for (const auto& [key, node] : entries)
      if (auto done = add(key, *node); !done) return std::unexpected(done.error());
    return std::move(given_);
  }

 private:
  std::string place(const toml::node& node, std::string_view key) const {
    return cat({file_, ":", number(node.source().begin.line), ": ", key});
  }

  static std::optional<std::string> text_of(const toml::node& node) {
    if (const auto* const text = node.as_string()) return text->get();
    if (const auto* const value = node.as_integer()) return number(value->get());
    return std::nullopt;
  }

  Checked<> add_command(const toml::node& node) {
    const auto* const list = node.as_array();
    program_.clear();
    for (std::size_t i = 0; list && i < list->size(); ++i)
      if (const auto* const word = (*list)[i].as_string()) program_.push_back(word->get());
    if (!list || program_.empty() || program_.size() != list->size())
      return complain({place(node, "command"), ": write a list: command = [\"make\", \"check\"]"});
    return {};
  }

  Checked<> add(std::string_view key, const toml::node& node) {
    if (key == "command") return add_command(node);
    const Option* const option = find_option(key);
    if (!option) {
      const std::string_view guess = guess_option(key);
      if (guess.empty()) return complain({place(node, key), ": there is no such option"});
      return complain({place(node, key), ": there is no such option; did you mean ", guess, "?"});
    }
    if (option->id == Id::profile || option->id == Id::completion || option->id == Id::help ||
        option->id == Id::version)
      return complain({place(node, key), ": only on the command line"});
    if (option->argument.empty()) {
      const auto* const flag = node.as_boolean();
      if (!flag) return complain({place(node, key), ": is true or false"});
      given_.push_back({option, flag->get() ? "true" : "false", place(node, key)});
      return {};
    }
    if (option->form == Form::many) return add_many(*option, node);
    return add_one(*option, node);
  }

  Checked<> add_one(const Option& option, const toml::node& node, std::string_view prefix = {}) {
    if (option.id == Id::umask && !node.is_string())  // 027 is no number of TOML, and 0o27 is 23
      return complain({place(node, option.name), ": is a string: umask = \"027\""});
    const auto text = text_of(node);
    if (!text) return complain({place(node, option.name), ": is a string or a whole number"});
    given_.push_back({&option, cat({prefix, *text}), place(node, option.name)});
    return {};
  }

  Checked<> add_many(const Option& option, const toml::node& node) {
    if (const auto* const list = node.as_array()) {
      if (list->empty()) return complain_of_nothing(option, node);
      for (const toml::node& each : *list)
        if (auto done = add_one(option, each); !done) return done;
      return {};
    }
    const auto* const table = node.as_table();
    if (!table) return add_one(option, node);
    if (option.argument.find('=') == option.argument.npos)
      return complain({place(node, option.name), ": is a string or a list, not a table"});
    if (table->empty()) return complain_of_nothing(option, node);
    for (const auto& [name, value] : *table) {
      if (name.str().find('=') != std::string_view::npos)
        return complain({place(node, option.name), ": \"", name.str(), "\" has a ="});
      if (auto done = add_one(option, value, cat({name.str(), "="})); !done) return done;
    }
    return {};
  }

  // It would confine nothing.
  std::unexpected<Complaint> complain_of_nothing(const Option& option, const toml::node& node) {
    const bool has_none = option.id == Id::connects || option.id == Id::binds;
    return complain(
        {place(node, option.name), ": is empty: ",
         has_none ? "write \"none\" to allow no port, or leave it out" : "leave it out"});
  }

  const std::string& file_;
  std::vector<std::string>& program_;
  std::vector<Given> given_;
};

}  // namespace

Checked<std::vector<Given>> read_profile(const std::string& file,
                                         std::vector<std::string>& program) {
  const auto text = read_file(file);
  if (!text) return complain({"--profile ", text.error().text});
  if (text->size() > 1 << 16)  // the parser calls itself for each part of a key
    return complain({"--profile ", file, ": larger than 64 KiB"});
  const auto parsed = toml::parse(std::string_view(*text));
  if (!parsed) {
    const auto& error = parsed.error();
    return complain(
        {"--profile ", file, ":", number(error.source().begin.line), ": ", error.description()});
  }
  return Reader(file, program).read(parsed.table());
}

}  // namespace sysfd_run
