// SPDX-License-Identifier: MIT
//
// Makes chosen system calls fail with a chosen errno (seccomp), from here on. That cannot be
// undone, and every child inherits it: call it inside run_apart(), or in a separate thread, since
// it applies to the calling thread only.
#ifndef SYSFD_TESTS_SUPPORT_REFUSE_CALLS_HPP
#define SYSFD_TESTS_SUPPORT_REFUSE_CALLS_HPP

#include <cstdint>
#include <initializer_list>
#include <optional>

namespace sysfd_test {

struct RefusedCall {
  int number;  // SYS_close, ...
  int error;   // the errno that it fails with
  // Matches only calls whose argument number `argument` (from 0) has this value in its lower 32
  // bits, or in those of `mask` (and, with `also`, another argument another value).
  struct Match {
    unsigned argument;
    std::uint32_t value;
    std::uint32_t mask = ~std::uint32_t{0};
  };
  std::optional<Match> only = std::nullopt;
  std::optional<Match> also = std::nullopt;
};

void refuse_calls(std::initializer_list<RefusedCall> calls);

// Makes this call kill the process with SIGSYS. The error of `call` is ignored.
void kill_on_call(const RefusedCall& call);
// True if such a kill leaves those alive that share memory with the killed process. Before Linux
// 5.16 it ends them too, as a core dump does.
bool kill_on_call_spares_others();
#define SYSFD_REQUIRE_KILL_OF_ONE()              \
  if (!sysfd_test::kill_on_call_spares_others()) \
  GTEST_SKIP() << "needs Linux 5.16, where a kill by seccomp spares who shares the memory"

// Makes calls of `number` with the first argument `argument` arrive here (by SIGSYS) instead of
// failing in the kernel; they fail with `error`, and are counted.
void count_and_refuse_calls(int number, std::uint32_t argument, int error);
int counted_calls();

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_REFUSE_CALLS_HPP
