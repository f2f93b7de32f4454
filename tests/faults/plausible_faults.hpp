// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_FAULTS_PLAUSIBLE_FAULTS_HPP
#define SYSFD_TESTS_FAULTS_PLAUSIBLE_FAULTS_HPP

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sysfd_test {

struct SystemCall {
  long number;
  std::array<std::uint64_t, 6> arguments;
};

struct PlausibleFault {
  enum class Kind {
    error,      // fails with `error`
    nothing,    // returns 0 and does nothing: a wait that finds nothing
    all_ready,  // ppoll(2): reports each descriptor as ready, though none need be
  };
  int error = 0;
  Kind kind = Kind::error;
  friend bool operator==(const PlausibleFault&, const PlausibleFault&) = default;
};

// Returns the ways in which the call may fail, those that matter most first, or nothing if the
// table does not have the call. An empty list: it cannot fail, or only by a fault of its caller.
std::optional<std::vector<PlausibleFault>> plausible_faults(const SystemCall& call);

// "openat", or a number.
std::string name_of_call(long number);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_FAULTS_PLAUSIBLE_FAULTS_HPP
