// SPDX-License-Identifier: MIT
#include "spec/environment.hpp"

#include <unistd.h>

#include <algorithm>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

std::string_view name_of(const char* variable) noexcept {
  const std::string_view text(variable);
  return text.substr(0, text.find('='));
}

// Those of sd_listen_fds(3). Every spawn looks at all variables: most differ in their first
// letters.
bool is_listen_variable(const char* variable) noexcept {
  if (variable[0] != 'L' || variable[1] != 'I') return false;
  const std::string_view name = name_of(variable);
  return name == "LISTEN_PID" || name == "LISTEN_PIDFDID" || name == "LISTEN_FDS" ||
         name == "LISTEN_FDNAMES";
}

bool has_listen_variable(char* const* environment) noexcept {
  for (; *environment; ++environment)
    if (is_listen_variable(*environment)) return true;
  return false;
}

}  // namespace

bool Environment::changes(std::string_view name) const noexcept {
  return std::ranges::find(changes_, name, &Change::name) != changes_.end();
}

void Environment::collect(std::vector<char*>& variables) const {
  variables.clear();
  if (!starts_empty_ && ::environ)
    for (char** variable = ::environ; *variable; ++variable)
      if (!changes(name_of(*variable)) && !is_listen_variable(*variable))
        variables.push_back(*variable);
  const auto add_text = [&](const Change& change) {
    variables.push_back(const_cast<char*>(change.text.data()));
  };
  for (const Change& entry : block_)
    if (!changes(entry.name())) add_text(entry);
  for (const Change& change : changes_)
    if (!change.removes) add_text(change);
}

char* const* Environment::resolve(std::vector<char*>& buffer) const {
  static char* const nothing[] = {nullptr};
  if (!frozen_.empty()) return frozen_.data();
  if (!starts_empty_ && changes_.empty()) {
    if (!::environ) return nothing;
    if (!has_listen_variable(::environ)) return ::environ;
  }
  collect(buffer);
  buffer.push_back(nullptr);
  return buffer.data();
}

const char* Environment::listen_variable() const noexcept {
  for (const Change& entry : block_)
    if (is_listen_variable(entry.text.c_str()) && !changes(entry.name())) return entry.text.c_str();
  for (const Change& change : changes_)
    if (!change.removes && is_listen_variable(change.text.c_str())) return change.text.c_str();
  return nullptr;
}

const char* find_variable(char* const* environment, std::string_view name) noexcept {
  for (; *environment; ++environment)
    if (name_of(*environment) == name)
      return *environment + std::min(name.size() + 1, std::string_view(*environment).size());
  return nullptr;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
