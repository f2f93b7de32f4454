// SPDX-License-Identifier: MIT
//
// The changes of an environment, which are made once and not for each child.
#include <algorithm>
#include <utility>

#include <sysfd/detail/decimal.hpp>

#include "spec/environment.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

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

Environment Environment::frozen() const {
  std::vector<char*> variables;
  collect(variables);
  Environment frozen;
  frozen.starts_empty_ = true;
  frozen.changes_.reserve(variables.size());
  for (const std::string_view variable : variables)
    frozen.changes_.push_back(
        {std::string(variable), std::min(variable.find('='), variable.size()), false});
  frozen.collect(frozen.frozen_);
  frozen.frozen_.push_back(nullptr);
  return frozen;
}

char* const* Environment::resolve_for_listeners(std::size_t count, const std::string& names,
                                                ListenSlots& slots, std::string (&texts)[4],
                                                std::vector<char*>& buffer) const {
  constexpr std::size_t digits = 20;  // of 64 bits
  auto& [fds, fd_names, pid, identity] = texts;
  fds = "LISTEN_FDS=" + decimal(count);
  fd_names = "LISTEN_FDNAMES=" + names;
  pid = "LISTEN_PID=";
  identity = "LISTEN_PIDFDID=";
  collect(buffer);
  for (std::string& text : texts) {
    const std::size_t value = text.size();
    if (&text == &pid || &text == &identity) text.append(digits, '\0');
    buffer.push_back(text.data());
    if (&text == &pid) slots.number = text.data() + value;
    if (&text == &identity) slots.identity = text.data() + value;
  }
  buffer.push_back(nullptr);
  slots.identity_variable = &buffer[buffer.size() - 2];
  return buffer.data();
}

int Environment::call_of(std::string_view name) const noexcept {
  for (const auto* list : {&changes_, &block_}) {
    const auto found = std::ranges::find(*list, name, &Change::name);
    if (found != list->end()) return found->call;
  }
  return -1;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
