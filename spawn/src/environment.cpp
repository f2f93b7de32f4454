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

char* const* Environment::resolve() {
  static char* const nothing[] = {nullptr};
  if (!starts_empty_ && changes_.empty()) return ::environ ? ::environ : nothing;

  resolved_.clear();
  if (!starts_empty_ && ::environ)
    for (char** variable = ::environ; *variable; ++variable)
      if (!changes(name_of(*variable))) resolved_.push_back(*variable);
  for (Change& change : changes_)
    if (!change.removes) resolved_.push_back(change.text.data());
  resolved_.push_back(nullptr);
  return resolved_.data();
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
