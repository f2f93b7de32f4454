// SPDX-License-Identifier: MIT
//
// Why a child has ended: Child::ending() and Output::ending. Says only what is certain.
//
//     auto run = sysfd::Command("make").contain({.limits = {.memory_max = sysfd::mebibytes(512)}})
//                    .output({.timeout = 10min});
//     if (run && run->ending.reason == sysfd::EndReason::out_of_memory) use("needs more memory");
#ifndef SYSFD_ENDING_HPP
#define SYSFD_ENDING_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include <sysfd/attributes.hpp>
#include <sysfd/exit_status.hpp>

namespace sysfd {
inline namespace v0 {

// The values are fixed; new ones are appended.
enum class EndReason {
  not_known = 0,      // its status is not known: it was reaped elsewhere, or still runs
  exited = 1,         // by itself, with any code
  signal = 2,         // somebody sent a signal, or the program has made a mistake (SIGSEGV)
  core_dump = 3,      // the same, and it has dumped core
  timeout = 4,        // it was ended at OutputOptions::timeout, or when that was canceled
  out_of_memory = 5,  // the OOM killer killed it, for the limit of its own cgroup
};

struct Ending {
  EndReason reason = EndReason::not_known;
  std::optional<ExitStatus> status{};
  // For a tree with a cgroup of its own (Containment): how many of its processes the OOM killer has
  // killed, and how many forks a limit of processes has refused, up to the end of the program. A
  // program that exits with an error may do so because of these.
  std::optional<std::uint64_t> oom_kills{};
  std::optional<std::uint64_t> refused_forks{};

  // As text: "killed by signal 9 (Killed), out of memory".
  SYSFD_API std::string describe() const;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ENDING_HPP
