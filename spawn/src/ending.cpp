// SPDX-License-Identifier: MIT
#include <sysfd/ending.hpp>

#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>

namespace sysfd {
inline namespace v0 {

std::string Ending::describe() const {
  std::string text = status ? to_string(*status) : "its end is not known";
  if (reason == EndReason::timeout) text += ", timed out";
  if (reason == EndReason::out_of_memory) text += ", out of memory";
  if (reason != EndReason::out_of_memory && oom_kills.value_or(0) > 0)
    detail::append(text, {", the OOM killer killed ", detail::decimal(*oom_kills), " of its tree"});
  if (refused_forks.value_or(0) > 0)
    detail::append(text, {", ", detail::decimal(*refused_forks), " forks were refused"});
  return text;
}

}  // namespace v0
}  // namespace sysfd
