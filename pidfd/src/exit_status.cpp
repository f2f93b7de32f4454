// SPDX-License-Identifier: MIT
#include <cstring>

#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>
#include <sysfd/exit_status.hpp>

namespace sysfd {
inline namespace v0 {

std::string to_string(ExitStatus status) {
  if (const auto code = status.code())
    return detail::join({"exited with code ", detail::decimal(*code)});
  const int signo = *status.signal();
  std::string text = detail::join({"killed by signal ", detail::decimal(signo)});
#ifdef __GLIBC__
  const char* const description = ::sigdescr_np(signo);
#else
  const char* const description = ::strsignal(signo);  // musl: a constant
#endif
  if (description) detail::append(text, {" (", description, ")"});
  if (status.core_dumped()) text += ", core dumped";
  return text;
}

}  // namespace v0
}  // namespace sysfd
