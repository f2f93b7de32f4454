// SPDX-License-Identifier: MIT
//
// What is left to prepare for a child where the plan of an earlier one holds.
#include <algorithm>

#include <sysfd/detail/join.hpp>

#include "attempt.hpp"

namespace sysfd {
inline namespace v0 {

using detail::Mistake;

// Whether what an earlier child was to do is for this one as well.
bool Command::Attempt::plan_holds() const noexcept {
  return work_.plan_holds && !detail::need_another_plan(changes_) && !defaults_ &&
         kind_ != Kind::in_place && kind_ != Kind::reported &&
         std::ranges::equal(changes_.descriptors, work_.planned_descriptors, {}, &BorrowedFd::get);
}

// The vector is copied, as another thread may append others to it at the same time; the strings, if
// the child may read them when this call has returned.
Mistake Command::Attempt::append_arguments() {
  auto& all = work_.arguments;
  all.assign(state_.arguments.begin(), state_.arguments.end() - 1);
  work_.argument_text.clear();
  work_.argument_text.reserve(changes_.arguments.size());  // they stay where they are
  for (const CStr argument : changes_.arguments) {
    if (!argument.get())
      return detail::wrong_value(SpawnStep::argument,
                                 detail::join({"(", Text(argument).fault(), ")"}),
                                 static_cast<int>(all.size()) - 1 - state_.preset_arguments);
    const char* text = argument.get();
    if (!is_waited_for()) text = work_.argument_text.emplace_back(text).c_str();
    all.push_back(const_cast<char*>(text));  // for execve(2), which writes to none
  }
  all.push_back(nullptr);
  work_.job.arguments = all.data();
  return std::nullopt;
}

Mistake Command::Attempt::prepare() {
  const bool held = plan_holds();
  if (!held)
    if (auto mistake = plan_anew()) return mistake;
  if (state_.prepared) {
    work_.job.candidates = state_.prepared->candidates.c_str();
  } else {
    if (held)
      if (auto mistake = prepare_environment(state_.environment)) return mistake;
    if (held ? work_.searches_path : !state_.program_fd) {
      state_.find_candidates(work_.job.environment, work_.candidates);
      work_.job.candidates = work_.candidates.c_str();
    }
  }
  if (state_.signals.inherit_mask) work_.job.signal_mask = detail::signal_mask(state_.signals);
  work_.job.arguments = state_.arguments.data();
  if (!changes_.arguments.empty())
    if (auto mistake = (this->*state_.prepared->parts->append_arguments)()) return mistake;
  if (!held && state_.prepare_shell_arguments) (this->*state_.prepare_shell_arguments)();
  return std::nullopt;
}

}  // namespace v0
}  // namespace sysfd
