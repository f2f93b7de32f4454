// SPDX-License-Identifier: MIT
#include <sysfd/output.hpp>

#include "exchange.hpp"

namespace sysfd {
inline namespace v0 {

std::string Output::describe() const {
  const bool goes_on = !status && (detail::is_too_late(status.error()) ||
                                   (kill_error && status.error() == kill_error));
  std::string text = status                ? to_string(*status)
                     : canceled && goes_on ? "had not ended when the wait was canceled"
                     : goes_on             ? "has not ended in time"
                               : "ended, its status unknown (" + status.error().message() + ')';
  if (timed_out && !goes_on) text += ", timed out";
  if (canceled && !goes_on) text += ", canceled";
  if (kill_error)
    text += (goes_on ? ", could not be killed (" : ", its process group could not be killed (") +
            kill_error.message() + ')';
  return text;
}

}  // namespace v0
}  // namespace sysfd
