// SPDX-License-Identifier: MIT
#include "capi/spawn_cases.hpp"

#include <csignal>

#include <sysfd/sysfd.h>

namespace sysfd_test {
namespace {

using enum Setting::Kind;

const SpawnCase cases[] = {
    {"AProgramByName", "echo", {{arg, "a"}, {arg, ""}, {arg, "b c"}}},
    {"AProgramByPath", "/bin/echo", {{arg, "a"}}},
    {"Argument0", "/bin/sh", {{argument0, "name"}, {arg, "-c"}, {arg, "echo $0"}}},
    {"NoSuchProgram", "/no/such/program", {}},
    {"NoSuchName", "no-such-name-anywhere", {}},
    {"AnEmptyName", "", {}},
    {"ADirectory", "/etc", {}},
    {"ANullArgument", "true", {{arg, "a"}, {arg, nullptr}}},
    {"ANullProgram", nullptr, {}},
    {"AnExitCode", "/bin/sh", {{arg, "-c"}, {arg, "exit 7"}}},
    {"AVariable", "/bin/sh", {{env, "NAME", "value"}, {arg, "-c"}, {arg, "echo $NAME"}}},
    {"AVariableThatIsRemoved",
     "/bin/sh",
     {{env, "NAME", "value"}, {remove_env, "NAME"}, {arg, "-c"}, {arg, "echo $NAME"}}},
    {"AnEmptyEnvironment", "/usr/bin/env", {{clear_env}, {env, "A", "1"}}},
    {"AnInvalidName", "true", {{env, "A=B", "1"}}},
    {"AnEmptyVariableName", "true", {{env, "", "1"}}},
    {"ADirectoryToStartIn", "pwd", {{directory, "/dev"}}},
    {"NoDirectoryToStartIn", "pwd", {{directory, "/no/such"}}},
    {"ANullDirectory", "pwd", {{directory, nullptr}}},
    {"NoRootDirectory", "pwd", {{root, "/no/such"}}},
    {"ASearchNowhere", "true", {{search, nullptr, nullptr, SYSFD_SEARCH_NOWHERE}}},
    {"ASearchOfTheCaller", "true", {{search, nullptr, nullptr, SYSFD_SEARCH_CALLER_PATH}}},
    {"ADescriptor",
     "/bin/sh",
     {{pass, nullptr, nullptr, 5}, {arg, "-c"}, {arg, "test -e /dev/fd/5 && echo yes"}}},
    {"ADescriptorTwice", "true", {{pass, nullptr, nullptr, 5}, {pass, nullptr, nullptr, 5}}},
    {"ANegativeNumber", "true", {{pass, nullptr, nullptr, -3}}},
    {"AHugeNumber", "true", {{pass, nullptr, nullptr, 1 << 30}}},
    {"AClosedDescriptor", "true", {{pass_closed, nullptr, nullptr, 5}}},
    {"NoInput", "cat", {{stdin_null}}},
    {"BothStreamsInOne",
     "/bin/sh",
     {{stdout_pipe}, {stderr_like_stdout}, {arg, "-c"}, {arg, "echo a >&2; echo b"}}},
    {"AUmask", "/bin/sh", {{umask, nullptr, nullptr, 027}, {arg, "-c"}, {arg, "umask"}}},
    {"AnInvalidNice", "true", {{nice, nullptr, nullptr, 1000}}},
    {"ANewSession",
     "/bin/sh",
     {{new_session}, {arg, "-c"}, {arg, "test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo it"}}},
    {"AProcessGroupThatIsNotThere", "true", {{process_group, nullptr, nullptr, 0x7ffffff0}}},
    {"AUserThatMayNotBe", "true", {{user, nullptr, nullptr, -1}}},
    {"NoNewPrivileges",
     "/bin/sh",
     {{no_new_privileges}, {arg, "-c"}, {arg, "grep NoNewPrivs /proc/self/status"}}},
    {"ABlockedSignal",
     "/bin/sh",
     {{blocked, nullptr, nullptr, SIGUSR1}, {arg, "-c"}, {arg, "grep SigBlk /proc/self/status"}}},
    {"ASignalThatCannotBeBlocked", "true", {{blocked, nullptr, nullptr, SIGKILL}}},
    {"ASignalThatIsNone", "true", {{blocked, nullptr, nullptr, 1000}}},
    {"RetriesOfABusyProgram", "true", {{retry_busy, nullptr, nullptr, 2}}},
    {"ADeathSignalThatIsNone", "true", {{parent_death, nullptr, nullptr, 1000}}},
};

}  // namespace

std::span<const SpawnCase> spawn_cases() {
  return cases;
}

}  // namespace sysfd_test
