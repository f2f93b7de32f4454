// SPDX-License-Identifier: MIT
#include "environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

std::string_view name_of(const char* variable) noexcept {
  const std::string_view text(variable);
  return text.substr(0, text.find('='));
}

// Those of sd_listen_fds(3). Every spawn looks at all variables: most differ in their first letter.
bool is_listen_variable(const char* variable) noexcept {
  if (*variable != 'L') return false;
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

void Environment::set(std::string_view name, std::string_view value) {
  std::string text;
  text.reserve(name.size() + 1 + value.size());
  text.append(name).append(1, '=').append(value);
  put({std::move(text), name.size(), false});
}

void Environment::remove(std::string_view name) {
  put({std::string(name), name.size(), true});
}

void Environment::clear() {
  starts_empty_ = true;
  changes_.clear();
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

void Environment::collect() {
  resolved_.clear();
  if (!starts_empty_ && ::environ)
    for (char** variable = ::environ; *variable; ++variable) {
      if (!changes(name_of(*variable)) && !is_listen_variable(*variable))
        resolved_.push_back(*variable);
    }
  for (Change& change : changes_)
    if (!change.removes) resolved_.push_back(change.text.data());
}

char* const* Environment::resolve() {
  static char* const nothing[] = {nullptr};
  if (!starts_empty_ && changes_.empty()) {
    if (!::environ) return nothing;
    if (!has_listen_variable(::environ)) return ::environ;
  }
  collect();
  resolved_.push_back(nullptr);
  return resolved_.data();
}

char* const* Environment::resolve_for_listeners(std::size_t count, const std::string& names,
                                                ListenSlots& slots) {
  constexpr std::size_t digits = 20;  // of 64 bits
  auto& [fds, fd_names, pid, identity] = listen_texts_;
  fds = "LISTEN_FDS=" + std::to_string(count);
  fd_names = "LISTEN_FDNAMES=" + names;
  pid = "LISTEN_PID=";
  identity = "LISTEN_PIDFDID=";
  collect();
  for (std::string& text : listen_texts_) {
    const std::size_t value = text.size();
    if (&text == &pid || &text == &identity) text.append(digits, '\0');
    resolved_.push_back(text.data());
    if (&text == &pid) slots.number = text.data() + value;
    if (&text == &identity) slots.identity = text.data() + value;
  }
  resolved_.push_back(nullptr);
  slots.identity_variable = &resolved_[resolved_.size() - 2];
  return resolved_.data();
}

const char* Environment::listen_variable() const noexcept {
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
