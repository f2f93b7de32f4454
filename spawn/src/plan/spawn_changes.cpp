// SPDX-License-Identifier: MIT
//
// The parts that only a PreparedCommand has: SpawnChanges, and the pipe of
// Confirmation::by_descriptor.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include <sysfd/create.hpp>
#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>
#include <sysfd/text.hpp>

#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

using Done = Result<void, SpawnError>;

int index_of_placed(const Planning& planning, std::size_t i) noexcept {
  return static_cast<int>(planning.spec.passed.size() + i);
}

PartResult gather_changes(Planning& planning) {
  const SpawnChanges& changes = planning.request.changes;
  RareScratch& rare = planning.scratch.rare_part();
  auto& numbers = rare.placed_numbers;
  numbers.clear();
  for (const PlacedFd& placed : changes.placed) {
    if (std::ranges::find(numbers, placed.number) != numbers.end())
      return rejected(SpawnStep::descriptor,
                      join({"to be number ", decimal(placed.number), ", which is given twice"}),
                      index_of_placed(planning, numbers.size()));
    numbers.push_back(placed.number);
  }
  if (changes.working_directory) {
    const Text path = *changes.working_directory;
    if (const char* fault = path.fault())
      return rejected(SpawnStep::working_directory, join({"(", fault, ")"}));
    rare.directory = {std::string(path.view()), std::nullopt};
    planning.working_directory_part = &working_directory_part;
  }
  return Reuse::no;
}

// The variable that the child may remove stays the last one.
PartResult change_environment(Planning& planning) {
  const CommandSpec& spec = planning.spec;
  auto& texts = planning.scratch.rare_part().variable_text;
  auto& all = planning.scratch.rare_part().variables;
  texts.clear();
  all.clear();
  const auto name_of = [](std::string_view entry) { return entry.substr(0, entry.find('=')); };
  for (const CStr change : planning.request.changes.environment) {
    const Text entry = change;
    const int index = spec.environment_calls + static_cast<int>(texts.size());
    if (const char* fault = entry.fault())
      return rejected(SpawnStep::environment, join({"(", fault, ")"}), index);
    const std::string_view name = name_of(entry.view());
    const bool is_ours = name == "LISTEN_PID" || name == "LISTEN_PIDFDID" || name == "LISTEN_FDS" ||
                         name == "LISTEN_FDNAMES";
    if (name.empty() || (is_ours && !spec.listeners.empty()))
      return rejected(SpawnStep::environment, std::string(entry.view()), index);
    texts.emplace_back(entry.view());
  }
  const auto is_changed = [&](std::string_view name) {
    return std::ranges::find(texts, name, name_of) != texts.end();
  };
  // Of two of the same name the later one counts.
  for (auto text = texts.begin(); text != texts.end(); ++text) {
    const std::string_view name = name_of(*text);
    const bool is_last = std::find_if(text + 1, texts.end(), [&](const std::string& later) {
                           return name_of(later) == name;
                         }) == texts.end();
    if (is_last && text->size() > name.size()) all.push_back(text->data());
  }
  for (char* const* variable = planning.args().environment; *variable; ++variable)
    if (!is_changed(name_of(*variable))) all.push_back(*variable);
  all.push_back(nullptr);
  if (!spec.listeners.empty())
    planning.resources().listen_slots.identity_variable = &all[all.size() - 2];
  planning.args().environment = all.data();
  return Reuse::no;
}

// Those that are no streams.
Done gather_placed(Planning& planning, std::uint64_t limit) {
  const auto& all = planning.request.changes.placed;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const PlacedFd& placed = all[i];
    const int index = index_of_placed(planning, i);
    if (placed.number >= 0 && placed.number < 3) continue;
    if (!placed.fd && placed.number >= 0) continue;
    if (placed.number < 0 || placed.fd->get() < 0 ||
        static_cast<std::uint64_t>(placed.number) >= limit)
      return std::unexpected(planning.error_at(SpawnStep::descriptor, error_code(EBADF), index));
    planning.fds().add({.kind = FdRequest::Kind::descriptor,
                        .source = placed.fd->get(),
                        .target = placed.number,
                        .step = SpawnStep::descriptor,
                        .index = index,
                        .is_borrowed = true});
  }
  return {};
}

// The vector is copied, as another thread may append others to it at the same time; the strings, if
// the child may read them when this call has returned.
Done append_arguments(const CommandSpec& spec, const SpawnRequest& request, SpawnScratch& scratch) {
  const auto& more = request.changes.arguments;
  auto& all = scratch.arguments;
  auto& texts = scratch.argument_text;
  all.assign(spec.arguments.get(), spec.arguments.get() + spec.arguments.size());
  texts.clear();
  texts.reserve(more.size());  // they stay where they are
  for (const CStr argument : more) {
    if (!argument.get())
      return rejected(SpawnStep::argument, join({"(", Text(argument).fault(), ")"}),
                      static_cast<int>(all.size()) - 1 - spec.preset_arguments);
    const char* text = argument.get();
    if (!request.waits()) text = texts.emplace_back(text).c_str();
    all.push_back(const_cast<char*>(text));  // execve(2) writes to none
  }
  all.push_back(nullptr);
  scratch.child.args.arguments = all.data();
  return {};
}

PartResult gather_report(Planning& planning) {
  auto made = pipe();
  if (!made)
    return std::unexpected(
        SpawnError{SpawnStep::start, made.error(), -1, "of which a pipe is to tell"});
  auto& report = planning.resources().report;
  report = std::move(*made);
  planning.fds().keep_until_exec(report->write.get(), SpawnStep::start, -1, true);
  return Reuse::no;
}

}  // namespace

const ChangesPart changes_part{gather_changes, change_environment, gather_placed, append_arguments,
                               gather_report};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
