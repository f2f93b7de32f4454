// SPDX-License-Identifier: MIT
#include "spawn/in_child/faults.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

constexpr auto attributes = &EveryStep::attributes;
constexpr auto user_namespace = &EveryStep::user_namespace;
constexpr auto job = &EveryStep::job;
constexpr auto joined_pid = &EveryStep::joined_pid_namespace;
constexpr auto new_terminal = &EveryStep::new_terminal;
constexpr auto cgroup = &EveryStep::cgroup;
constexpr auto tree = &EveryStep::tree;

// These arguments contain a descriptor's new number, a flag, a request, ... in these calls.
constexpr unsigned dup3_target = 1, fcntl_command = 1, ioctl_request = 1, open_flags = 2,
                   prctl_option = 0, write_size = 2;

const Fault all[] = {
    // These calls are made in the parent.
    {attributes, SYS_pipe2, {}, {EMFILE, ENFILE}, SpawnStep::standard_stream, 1},
    {new_terminal,
     SYS_openat,
     {{open_flags, O_RDWR | O_NOCTTY | O_CLOEXEC}},
     {EMFILE, ENFILE, ENOENT, ENOSPC},
     SpawnStep::terminal,
     0},
    {new_terminal, SYS_ioctl, {{ioctl_request, TIOCSPTLCK}}, {EIO}, SpawnStep::terminal, 0},
    {new_terminal,
     SYS_ioctl,
     {{ioctl_request, TIOCGPTPEER}},
     {EMFILE, EIO, ENOTTY, EINVAL},
     SpawnStep::terminal,
     0},
    {new_terminal, SYS_ioctl, {{ioctl_request, TIOCSWINSZ}}, {ENOTTY}, SpawnStep::terminal, 0},
    {cgroup, SYS_fcntl, {{fcntl_command, F_DUPFD_CLOEXEC}}, {EMFILE}, SpawnStep::cgroup},
    {cgroup, SYS_clone3, {}, {EACCES, EBUSY, ENODEV, EOPNOTSUPP}, SpawnStep::cgroup},
    {job, SYS_pidfd_open, {}, {EMFILE, ENFILE, ENOMEM}, SpawnStep::parent_death},
    {attributes, SYS_clone3, {}, {EAGAIN, ENOMEM, EMFILE, ENFILE}, SpawnStep::clone},
    {tree, SYS_memfd_create, {}, {EMFILE, ENOMEM, EACCES}, SpawnStep::containment},
    {tree, SYS_socketpair, {}, {EMFILE, ENOBUFS}, SpawnStep::containment},
    {tree, SYS_pidfd_open, {}, {EMFILE, ENOMEM}, SpawnStep::containment},
    {tree, SYS_clone, {}, {EAGAIN, ENOMEM, ENOSPC, EPERM}, SpawnStep::containment},
    {tree, SYS_clone3, {}, {EAGAIN, ENOMEM}, SpawnStep::clone},
    {attributes, SYS_clone3, {}, {ENOSPC, EUSERS}, SpawnStep::namespaces},
    {user_namespace, SYS_clone3, {}, {EAGAIN, ENOMEM}, SpawnStep::clone},
    {joined_pid,
     SYS_openat,
     {{open_flags, O_RDONLY | O_NOCTTY | O_CLOEXEC}},
     {EMFILE, ENOENT, EACCES},
     SpawnStep::join_namespace,
     1},
    {joined_pid, SYS_setns, {{1, CLONE_NEWPID}}, {EPERM, EINVAL}, SpawnStep::join_namespace, 1},
    {joined_pid, SYS_clone3, {}, {EAGAIN, ENOMEM}, SpawnStep::clone},

    // These calls are made in the child, in this order.
    {attributes, SYS_close_range, {}, {ENOMEM, EMFILE}, SpawnStep::table},
    {attributes, SYS_close_range, {{2, CLOSE_RANGE_CLOEXEC}}, {ENOMEM}, SpawnStep::table},
    {attributes, SYS_rt_sigaction, {{0, SIGPIPE}}, {EINVAL}, SpawnStep::signals},
    {attributes, SYS_rt_sigaction, {{0, SIGCHLD}}, {EINVAL}, SpawnStep::signals},
    {attributes, SYS_rt_sigaction, {{0, SIGUSR1}}, {EINVAL}, SpawnStep::signals, 0},
    {attributes, SYS_rt_sigaction, {{0, SIGUSR2}}, {EINVAL}, SpawnStep::signals, 1},
    // The parent also reads this limit; the child does not.
    {attributes, SYS_prlimit64, {{1, RLIMIT_NOFILE}, {3, 0}}, {EPERM}, SpawnStep::limit, 0},
    {attributes,
     SYS_dup3,
     {{dup3_target, EveryStep::passed}},
     {EBADF, EMFILE, EBUSY},
     SpawnStep::descriptor,
     0},
    {attributes, SYS_fcntl, {{fcntl_command, F_SETFD}}, {EBADF, EPERM}, SpawnStep::descriptor, 1},
    {attributes, SYS_dup3, {{dup3_target, EveryStep::owned}}, {EMFILE}, SpawnStep::descriptor, 2},
    {attributes, SYS_dup3, {{dup3_target, 3}}, {EMFILE, EBUSY}, SpawnStep::listen_fds, 0},
    {attributes, SYS_dup3, {{dup3_target, 1}}, {EMFILE, EBUSY}, SpawnStep::standard_stream, 1},
    {attributes,
     SYS_openat,
     {{open_flags, O_RDONLY}},
     {ENOENT, EACCES, ENXIO, EMFILE, ENFILE},
     SpawnStep::standard_stream,
     0},
    {attributes,
     SYS_openat,
     {{open_flags, O_WRONLY}},
     {ENOENT, EACCES, ENXIO, EMFILE, ENFILE},
     SpawnStep::standard_stream,
     2},
    {attributes, SYS_dup3, {{dup3_target, 0}}, {EBUSY}, SpawnStep::standard_stream, 0},
    {attributes, SYS_dup3, {{dup3_target, 2}}, {EBUSY}, SpawnStep::standard_stream, 2},
    {job, SYS_dup3, {{2, O_CLOEXEC}}, {EMFILE, EBADF}, SpawnStep::exec},
    {attributes, SYS_setsid, {}, {EPERM}, SpawnStep::session},
    {job, SYS_setpgid, {}, {EPERM, EACCES, ESRCH}, SpawnStep::process_group},
    {attributes,
     SYS_ioctl,
     {{ioctl_request, TIOCSCTTY}},
     {EPERM, EIO, ENOTTY},
     SpawnStep::controlling_terminal},
    {attributes,
     SYS_ioctl,
     {{ioctl_request, TIOCSPGRP}},
     {EPERM, ENOTTY, ESRCH},
     SpawnStep::foreground_group},
    {attributes, SYS_prlimit64, {{1, RLIMIT_CORE}}, {EPERM, EINVAL}, SpawnStep::limit, 1},
    {attributes, SYS_umask, {}, {EPERM}, SpawnStep::umask},
    {attributes, SYS_sched_setscheduler, {}, {EPERM, EINVAL}, SpawnStep::scheduler},
    {attributes, SYS_setpriority, {}, {EPERM, EACCES}, SpawnStep::nice},
    {attributes, SYS_sched_setaffinity, {}, {EPERM, EINVAL}, SpawnStep::processors},
    {attributes, SYS_ioprio_set, {}, {EPERM, EINVAL}, SpawnStep::io_priority},
    {attributes, SYS_openat2, {}, {ENOENT, EACCES, EMFILE}, SpawnStep::oom_score_adjust},
    {attributes, SYS_write, {}, {EACCES, EINVAL}, SpawnStep::oom_score_adjust},
    {attributes, SYS_prctl, {{prctl_option, PR_SET_TIMERSLACK}}, {EINVAL}, SpawnStep::timer_slack},
    {user_namespace, SYS_readlinkat, {}, {ENOENT, EACCES}, SpawnStep::user_map},
    {user_namespace, SYS_openat2, {}, {ENOENT, EACCES, EXDEV, EMFILE}, SpawnStep::user_map},
    {user_namespace,
     SYS_write,
     {{write_size, EveryStep::user_map_size}},
     {EPERM, EINVAL},
     SpawnStep::user_map},
    {user_namespace,
     SYS_write,
     {{write_size, EveryStep::group_map_size}},
     {EPERM, EINVAL},
     SpawnStep::group_map},
    {attributes, SYS_mount, {}, {EPERM, EINVAL, ENOMEM}, SpawnStep::mounts},
    {attributes,
     SYS_setns,
     {{1, CLONE_NEWNET}},
     {EPERM, EINVAL, ENOMEM},
     SpawnStep::join_namespace,
     0},
    {attributes, SYS_setns, {{1, CLONE_NEWIPC}}, {EPERM}, SpawnStep::join_namespace, 1},
    {joined_pid, SYS_setns, {{1, CLONE_NEWIPC}}, {EPERM}, SpawnStep::join_namespace, 0},
    {attributes, SYS_sethostname, {}, {EPERM}, SpawnStep::host_name},
    {attributes,
     SYS_fchdir,
     {{0, EveryStep::root}},
     {EACCES, ENOTDIR, EBADF},
     SpawnStep::root_directory},
    {attributes, SYS_chroot, {}, {EPERM, EACCES, ENOENT}, SpawnStep::root_directory},
    {attributes, SYS_chdir, {}, {EACCES}, SpawnStep::root_directory},
    {attributes,
     SYS_fchdir,
     {{0, EveryStep::directory}},
     {EACCES, ENOTDIR, EBADF},
     SpawnStep::working_directory},
    {job, SYS_chdir, {}, {EACCES, ENOENT, ENOTDIR, EIO}, SpawnStep::working_directory},
    {attributes,
     SYS_prctl,
     {{prctl_option, PR_CAPBSET_DROP}},
     {EPERM, EINVAL},
     SpawnStep::bounding_set},
    {attributes, SYS_prctl, {{prctl_option, PR_SET_KEEPCAPS}}, {EPERM}, SpawnStep::capabilities},
    {attributes, SYS_setgroups, {}, {EPERM, ENOMEM, EINVAL}, SpawnStep::groups},
    {attributes, SYS_setresgid, {}, {EPERM, EINVAL}, SpawnStep::group},
    {attributes, SYS_setresuid, {}, {EPERM, EAGAIN, EINVAL}, SpawnStep::user},
    {attributes, SYS_capget, {}, {EPERM, EINVAL}, SpawnStep::capabilities},
    {attributes, SYS_capset, {}, {EPERM, EINVAL}, SpawnStep::capabilities},
    {attributes,
     SYS_prctl,
     {{prctl_option, PR_CAP_AMBIENT}, {1, PR_CAP_AMBIENT_CLEAR_ALL}},
     {EINVAL},
     SpawnStep::ambient_set},
    {attributes,
     SYS_prctl,
     {{prctl_option, PR_CAP_AMBIENT}, {1, PR_CAP_AMBIENT_RAISE}},
     {EPERM},
     SpawnStep::ambient_set},
    {attributes, SYS_prctl, {{prctl_option, PR_SET_DUMPABLE}}, {EINVAL}, SpawnStep::dumpable},
    {attributes, SYS_prctl, {{prctl_option, PR_SET_SECUREBITS}}, {EPERM}, SpawnStep::securebits},
    {attributes, SYS_prctl, {{prctl_option, PR_SET_PDEATHSIG}}, {EINVAL}, SpawnStep::parent_death},
    {job, SYS_prctl, {{prctl_option, PR_SET_PDEATHSIG}}, {EINVAL}, SpawnStep::parent_death},
    {attributes,
     SYS_prctl,
     {{prctl_option, PR_SET_NO_NEW_PRIVS}},
     {EINVAL},
     SpawnStep::no_new_privileges},
    {attributes, SYS_seccomp, {}, {EACCES, EINVAL, ENOMEM}, SpawnStep::seccomp},
    {attributes,
     SYS_execve,
     {},
     {ENOENT, EACCES, EPERM, ENOEXEC, ETXTBSY, E2BIG, ENOMEM, EIO, EMFILE, ELOOP, EAGAIN},
     SpawnStep::exec},
    {job, SYS_execveat, {}, {ENOENT, EACCES, ENOEXEC, ETXTBSY, ENOMEM}, SpawnStep::exec},
    // These are made by the keeper.
    {tree, SYS_mount, {}, {EPERM, EINVAL}, SpawnStep::containment},
    {tree, SYS_execveat, {}, {EACCES, ENOMEM}, SpawnStep::containment},
};

}  // namespace

std::span<const Fault> faults() {
  return all;
}

}  // namespace sysfd_test
