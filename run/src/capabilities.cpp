// SPDX-License-Identifier: MIT
#include "capabilities.hpp"

#include <sys/capability.h>
#include <sys/prctl.h>

#include <bitset>

#include "values.hpp"

#ifdef SYSFD_RUN_WITH_MUSL
// libcap does this in each program before main(), with six system calls: see
// without_exceptions.ld.
extern "C" void
_libcap_initialize();  // NOLINT(bugprone-reserved-identifier,readability-identifier-naming)
#endif

namespace sysfd_run {

Checked<std::string> to_capabilities(std::string_view names) {
#ifdef SYSFD_RUN_WITH_MUSL
  _libcap_initialize();
#endif
  constexpr int most = 64;
  std::bitset<most> kept;
  for (const std::string_view name : split(names, ',')) {
    std::string full(name);
    for (char& each : full)
      if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
    if (!full.starts_with("cap_")) full.insert(0, "cap_");
    cap_value_t value = 0;
    if (::cap_from_name(full.c_str(), &value) != 0 || value >= most)
      return complain({"\"", name,
                       "\" is no capability: write none, or names of capabilities(7) "
                       "as net_bind_service,kill"});
    kept.set(static_cast<std::size_t>(value));
  }
  // A capability that is named is ambient; each other one that this kernel knows is taken out of
  // the bounding set. libcap also reads numbers.
  std::string text;
  for (int i = 0; i < most; ++i) {
    const bool is_kept = kept.test(static_cast<std::size_t>(i));
    if (!is_kept && ::prctl(PR_CAPBSET_READ, i, 0, 0, 0) < 0) continue;
    if (!text.empty()) text += ',';
    text += cat({is_kept ? "^" : "!", number(i)});
  }
  return text;
}

}  // namespace sysfd_run
