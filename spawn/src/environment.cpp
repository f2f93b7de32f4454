// SPDX-License-Identifier: MIT
#include "environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include <sysfd/detail/decimal.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

std::string_view name_of(const char* variable) noexcept {
  const std::string_view text(variable);
  return text.substr(0, text.find('='));
}

// Those of sd_listen_fds(3). Every spawn looks at all variables: most differ in their first letters.
[[gnu::hot]] bool is_listen_variable(const char* variable) noexcept {
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

void Environment::set(std::string_view name, std::string_view value, int call) {
  std::string text;
  text.reserve(name.size() + 1 + value.size());
  text.append(name).append(1, '=').append(value);
  put({std::move(text), name.size(), false, call});
}

void Environment::remove(std::string_view name) {
  put({std::string(name), name.size(), true});
}

void Environment::clear() {
  starts_empty_ = true;
  block_.clear();
  changes_.clear();
}

void Environment::add(std::string_view entry, int call) {
  block_.push_back({std::string(entry), std::min(entry.find('='), entry.size()), false, call});
}

void Environment::put(Change change) {
  const auto same = std::ranges::find(changes_, change.name(), &Change::name);
  if (same != changes_.end())
    *same = std::move(change);
  else
    changes_.push_back(std::move(change));
}

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

Environment Environment::frozen() const {
  std::vector<char*> variables;
  collect(variables);
  Environment frozen;
  frozen.starts_empty_ = true;
  frozen.changes_.reserve(variables.size());
  for (const char* variable : variables)
    frozen.changes_.push_back({variable, name_of(variable).size(), false});
  frozen.collect(frozen.frozen_);
  frozen.frozen_.push_back(nullptr);
  return frozen;
}

[[gnu::hot]] char* const* Environment::resolve(EnvironmentBuffer& buffer) const {
  static char* const nothing[] = {nullptr};
  if (!frozen_.empty()) return frozen_.data();
  if (!starts_empty_ && changes_.empty()) {
    if (!::environ) return nothing;
    if (!has_listen_variable(::environ)) return ::environ;
  }
  collect(buffer.variables);
  buffer.variables.push_back(nullptr);
  return buffer.variables.data();
}

char* const* Environment::resolve_for_listeners(std::size_t count, const std::string& names,
                                                ListenSlots& slots,
                                                EnvironmentBuffer& buffer) const {
  constexpr std::size_t digits = 20;  // of 64 bits
  auto& [fds, fd_names, pid, identity] = buffer.listen_texts;
  fds = "LISTEN_FDS=" + decimal(count);
  fd_names = "LISTEN_FDNAMES=" + names;
  pid = "LISTEN_PID=";
  identity = "LISTEN_PIDFDID=";
  auto& variables = buffer.variables;
  collect(variables);
  for (std::string& text : buffer.listen_texts) {
    const std::size_t value = text.size();
    if (&text == &pid || &text == &identity) text.append(digits, '\0');
    variables.push_back(text.data());
    if (&text == &pid) slots.number = text.data() + value;
    if (&text == &identity) slots.identity = text.data() + value;
  }
  variables.push_back(nullptr);
  slots.identity_variable = &variables[variables.size() - 2];
  return variables.data();
}

const char* Environment::listen_variable() const noexcept {
  for (const Change& entry : block_)
    if (is_listen_variable(entry.text.c_str()) && !changes(entry.name())) return entry.text.c_str();
  for (const Change& change : changes_)
    if (!change.removes && is_listen_variable(change.text.c_str())) return change.text.c_str();
  return nullptr;
}

int Environment::call_of(std::string_view name) const noexcept {
  for (const auto* list : {&changes_, &block_}) {
    const auto found = std::ranges::find(*list, name, &Change::name);
    if (found != list->end()) return found->call;
  }
  return -1;
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
