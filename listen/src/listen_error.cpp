// SPDX-License-Identifier: MIT
#include <sysfd/listen_error.hpp>

namespace sysfd {
inline namespace v0 {

std::string ListenError::describe() const {
  std::string text = subject;
  if (!text.empty()) text += ": ";
  text += problem;
  if (code) text += ": " + code.message();
  return text;
}

}  // namespace v0
}  // namespace sysfd
