// SPDX-License-Identifier: MIT
//
// Checks the values of enumerators that programs store and send: they must never change. A new
// enumerator makes the compiler demand its value here.
#include <sysfd/pidfd.hpp>

#include <sched.h>

#include <sysfd/namespace_set.hpp>
#include <sysfd/wait_event.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

constexpr int fixed_value(WaitEvent::Kind value) {
  switch (value) {
    case WaitEvent::Kind::ended: return 0;
    case WaitEvent::Kind::stopped: return 1;
    case WaitEvent::Kind::continued: return 2;
    case WaitEvent::Kind::trapped: return 3;
  }
  return -1;
}

TEST(FixedValues, OfAWaitEventKindStayWhatTheyAre) {
  for (int value = 0; value < 4; ++value)
    EXPECT_EQ(fixed_value(static_cast<WaitEvent::Kind>(value)), value);
}

constexpr unsigned fixed_value(SignalScope value) {
  switch (value) {
    case SignalScope::process: return 0;
    case SignalScope::thread: return 1;
    case SignalScope::thread_group: return 2;
    case SignalScope::process_group: return 4;
  }
  return 8;
}

TEST(FixedValues, OfASignalScopeStayThoseOfTheKernel) {
  for (const unsigned value : {0U, 1U, 2U, 4U})
    EXPECT_EQ(fixed_value(static_cast<SignalScope>(value)), value);
}

constexpr unsigned fixed_value(Namespace value) {
  switch (value) {
    case Namespace::time: return 0x80;  // CLONE_NEWTIME, which older headers lack
    case Namespace::mount: return CLONE_NEWNS;
    case Namespace::cgroup: return CLONE_NEWCGROUP;
    case Namespace::uts: return CLONE_NEWUTS;
    case Namespace::ipc: return CLONE_NEWIPC;
    case Namespace::user: return CLONE_NEWUSER;
    case Namespace::pid: return CLONE_NEWPID;
    case Namespace::net: return CLONE_NEWNET;
  }
  return 0;
}

TEST(FixedValues, OfANamespaceStayThoseOfTheKernel) {
  for (const unsigned value :
       {0x80U, 0x20000U, 0x2000000U, 0x4000000U, 0x8000000U, 0x10000000U, 0x20000000U, 0x40000000U})
    EXPECT_EQ(fixed_value(static_cast<Namespace>(value)), value);
}

}  // namespace
}  // namespace sysfd_test
