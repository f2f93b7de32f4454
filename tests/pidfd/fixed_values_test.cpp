// SPDX-License-Identifier: MIT
//
// Values of enumerators that programs store and send: none may ever change. One that is new makes
// the compiler ask for its value here.
#include <gtest/gtest.h>
#include <sched.h>

#include <sysfd/namespace_set.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/wait_event.hpp>

namespace sysfd_test {
namespace {

constexpr int fixed_value(sysfd::WaitEvent::Kind value) {
  switch (value) {
    case sysfd::WaitEvent::Kind::ended: return 0;
    case sysfd::WaitEvent::Kind::stopped: return 1;
    case sysfd::WaitEvent::Kind::continued: return 2;
    case sysfd::WaitEvent::Kind::trapped: return 3;
  }
  return -1;
}

TEST(FixedValues, OfAWaitEventKindStayWhatTheyAre) {
  for (int value = 0; value < 4; ++value)
    EXPECT_EQ(fixed_value(static_cast<sysfd::WaitEvent::Kind>(value)), value);
}

constexpr unsigned fixed_value(sysfd::SignalScope value) {
  switch (value) {
    case sysfd::SignalScope::process: return 0;
    case sysfd::SignalScope::thread: return 1;
    case sysfd::SignalScope::thread_group: return 2;
    case sysfd::SignalScope::process_group: return 4;
  }
  return 8;
}

TEST(FixedValues, OfASignalScopeStayThoseOfTheKernel) {
  for (const unsigned value : {0U, 1U, 2U, 4U})
    EXPECT_EQ(fixed_value(static_cast<sysfd::SignalScope>(value)), value);
}

constexpr unsigned fixed_value(sysfd::Namespace value) {
  switch (value) {
    case sysfd::Namespace::time: return 0x80;  // CLONE_NEWTIME, which older headers do not have
    case sysfd::Namespace::mount: return CLONE_NEWNS;
    case sysfd::Namespace::cgroup: return CLONE_NEWCGROUP;
    case sysfd::Namespace::uts: return CLONE_NEWUTS;
    case sysfd::Namespace::ipc: return CLONE_NEWIPC;
    case sysfd::Namespace::user: return CLONE_NEWUSER;
    case sysfd::Namespace::pid: return CLONE_NEWPID;
    case sysfd::Namespace::net: return CLONE_NEWNET;
  }
  return 0;
}

TEST(FixedValues, OfANamespaceStayThoseOfTheKernel) {
  for (const unsigned value :
       {0x80U, 0x20000U, 0x2000000U, 0x4000000U, 0x8000000U, 0x10000000U, 0x20000000U, 0x40000000U})
    EXPECT_EQ(fixed_value(static_cast<sysfd::Namespace>(value)), value);
}

}  // namespace
}  // namespace sysfd_test
