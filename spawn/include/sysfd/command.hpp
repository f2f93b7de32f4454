// SPDX-License-Identifier: MIT
//
// Starts programs, as posix_spawn(3) or subprocess.Popen do. The child gets the descriptors that
// the Command passes, and no others. The caller gets a Child, which owns a pidfd.
//
//     auto child = sysfd::Command("sort").arg("-u")
//                      .stdin_from(input)                // borrowed: the caller keeps it
//                      .stdout_to(sysfd::Stdio::pipe())
//                      .pass(std::move(socket), 3)       // owned: closed here once the child runs
//                      .spawn();
//     if (!child) return fail(child.error().describe());
//     auto output = child->communicate({.timeout = 5s});    // reads until it has ended
//     if (output && output->success()) use(output->out);
//     // A Child that is destroyed kills its process: see on_drop().
//
// These are the defaults of a child:
// - signals: none is blocked. Those with a handler in the caller, SIGPIPE and SIGCHLD have their
//   default action. Other ignored signals stay ignored.
// - environment: the caller's, without its LISTEN_... variables, which were meant for the caller.
// - working directory: the caller's.
// - 0, 1 and 2: the caller's, or /dev/null for those that are closed or close-on-exec in the
//   caller.
//
// Program, arguments, environment and descriptors are set on Command. Everything else is set in
// five structs of attributes:
//
//   identity()   <sysfd/identity.hpp>    user, groups, capabilities, no-new-privileges, seccomp
//   resources()  <sysfd/resources.hpp>   limits, umask, nice, scheduler, processors, OOM score
//   session()    <sysfd/session.hpp>     session, process group, controlling terminal
//   signals()    <sysfd/signals.hpp>     mask, default, ignored
//   namespaces() <sysfd/namespaces.hpp>  new ones, with id maps, and joined ones
//
// No call forks. The child shares the caller's memory until it executes the program. The calling
// thread is suspended until then, with all signals blocked (except in spawn_async() and status()).
// The time does not grow with the memory in use or the number of open descriptors. It grows with
// the highest descriptor number that the child is given. Requires Linux 5.10.
//
// If a signal that stops a process (SIGTSTP, SIGTTIN, SIGTTOU) comes while the caller is suspended,
// it is also sent to the program: both stop, and SIGCONT continues both. SIGSTOP cannot be held
// back: if it is sent to the process group at that time, the caller stops when the child is
// continued.
#ifndef SYSFD_COMMAND_HPP
#define SYSFD_COMMAND_HPP
#include <sysfd/detail/cxx23.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <sysfd/attributes.hpp>
#include <sysfd/child.hpp>
#include <sysfd/containment.hpp>
#include <sysfd/detail/chrono.hpp>
#include <sysfd/directory_change.hpp>
#include <sysfd/identity.hpp>
#include <sysfd/listen_fd.hpp>
#include <sysfd/namespaces.hpp>
#include <sysfd/output.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/program_search.hpp>
#include <sysfd/resources.hpp>
#include <sysfd/result.hpp>
#include <sysfd/session.hpp>
#include <sysfd/signals.hpp>
#include <sysfd/spawn_error.hpp>
#include <sysfd/spawn_slots.hpp>
#include <sysfd/stdio.hpp>
#include <sysfd/text.hpp>

namespace sysfd {
inline namespace v0 {

namespace detail {

// A pointer to strings that end with a null pointer. Not an array: its size is known.
template <class T>
concept EndsWithNull =
    !std::is_array_v<std::remove_reference_t<T>> && std::convertible_to<T, const char* const*>;

template <class T>
concept ListsTexts = !EndsWithNull<T> && requires(T& list) {
  { *std::begin(list) } -> std::convertible_to<Text>;
};

// Visits the strings of a range, except a null pointer at its end.
template <class Strings, class Visit>
void for_each_text(Strings&& values, Visit visit) {
  bool is_null = false;  // the one before
  for (auto&& value : values) {
    if (is_null) visit(Text(static_cast<const char*>(nullptr)));
    is_null = false;
    if constexpr (std::is_pointer_v<std::remove_cvref_t<decltype(value)>>) is_null = !value;
    if (!is_null) visit(Text(value));
  }
}

}  // namespace detail

// The descriptors that inherit_descriptors() leaves out.
struct Inheritance {
  // Numbers of descriptors of the caller, open or not, from 3 on. pass() can still use these
  // numbers.
  std::vector<int> except{};
};

class Command;
class PreparedCommand;

namespace detail {
struct CommandSpec;
struct CommandState;
CommandState& state_of(Command& command) noexcept;
}  // namespace detail

class Command {
 public:
  // The program: a path if `program` has a slash, else a name to look for in the PATH of the
  // child's environment ("/bin:/usr/bin" if it has none; see search()). It is also argument 0.
  //
  // Unlike execvp(3), this searches neither the relative directories of PATH nor the working
  // directory, which an empty element of PATH means. Start a program there by its path. Strings are
  // copied. Invalid arguments, of this function and of the setters below, are reported by spawn().
  SYSFD_API explicit Command(Text program);
  // execveat(2): the program that this descriptor refers to, opened with O_RDONLY or O_PATH. The
  // descriptor must stay open until spawn() has returned. For a script (#!) also pass() it to the
  // child, since the interpreter opens the script again by /dev/fd.
  SYSFD_API Command(BorrowedFd program, Text argument0);
  // system(3): runs `line` in a shell, as `/bin/sh -c -- line sh`. Do not put file names, or
  // anything else that comes from outside, into `line`: most characters mean something to the
  // shell. Pass them by arg(): "$1" is the first one, "$@" are all.
  //
  //     auto run = sysfd::Command::shell("sort -- \"$1\" | uniq -c").arg("names.txt").output();
  //     if (run && run->success()) use(run->out);
  //
  // The status is the shell's: exit code 127 if it does not find a program, and 128 + n if signal n
  // killed the program.
  [[nodiscard]] SYSFD_API static Command shell(Text line);
  Command(const Command&) = delete;  // move it; not in the braces of a std::vector: push_back()
  SYSFD_API Command(Command&&) noexcept;
  SYSFD_API Command& operator=(Command&&) noexcept;
  SYSFD_API ~Command();

  // Where to look for a program whose name has no slash. Defaults to ProgramSearch::child_path.
  SYSFD_API Command& search(ProgramSearch where) &;
  Command search(ProgramSearch where) && { return std::move(search(where)); }
  // Searches these directories, in this order, and no others. A relative one, such as ".", is
  // relative to the child's working directory.
  template <class Directories>
    requires detail::ListsTexts<Directories>
  Command& search(Directories&& directories) & {
    search(ProgramSearch::nowhere);
    detail::for_each_text(directories, [this](Text directory) { add_search_directory(directory); });
    return *this;
  }
  template <class Directories>
    requires detail::ListsTexts<Directories>
  Command search(Directories&& directories) && {
    return std::move(search(directories));
  }
  Command& search(std::initializer_list<Text> directories) & {
    return search<std::initializer_list<Text>&>(directories);
  }
  Command search(std::initializer_list<Text> directories) && {
    return std::move(search(directories));
  }

  // As execvp(3): runs a file that the kernel cannot execute (ENOEXEC: neither a binary of this
  // machine nor a script with #!) by /bin/sh, as a script. Not for a program by descriptor.
  SYSFD_API Command& shell_fallback() &;
  Command shell_fallback() && { return std::move(shell_fallback()); }

  // Sets argument 0, which defaults to the program as given.
  SYSFD_API Command& argument0(Text value) &;
  Command argument0(Text value) && { return std::move(argument0(value)); }

  SYSFD_API Command& arg(Text value) &;
  Command arg(Text value) && { return std::move(arg(value)); }
  // `values`: any range of strings. A null pointer at its end, as in an argv, is ignored. One
  // elsewhere is an invalid argument.
  template <class Strings>
    requires detail::ListsTexts<Strings>
  Command& args(Strings&& values) & {
    detail::for_each_text(values, [this](Text value) { arg(value); });
    return *this;
  }
  template <class Strings>
    requires detail::ListsTexts<Strings>
  Command args(Strings&& values) && {
    args(values);
    return std::move(*this);
  }
  // The argv of main(), or the rest of one: a pointer to strings that end with a null pointer.
  template <class Argv>
    requires detail::EndsWithNull<Argv>
  Command& args(Argv&& pointer) & {
    const char* const* argv = pointer;
    if (!argv) return arg(static_cast<const char*>(nullptr));
    for (; *argv; ++argv)
      arg(*argv);
    return *this;
  }
  template <class Argv>
    requires detail::EndsWithNull<Argv>
  Command args(Argv&& pointer) && {
    return std::move(args(pointer));
  }
  Command& args(std::initializer_list<Text> values) & {
    for (const Text& value : values)
      arg(value);
    return *this;
  }
  Command args(std::initializer_list<Text> values) && {
    args(values);
    return std::move(*this);
  }

  // The environment is the caller's at the time of spawn(), with these changes. No thread may
  // change the caller's environment (setenv(3)) during spawn(). A name that is empty or contains
  // '=' is an invalid argument.
  SYSFD_API Command& env(Text name, Text value) &;
  Command env(Text name, Text value) && { return std::move(env(name, value)); }
  SYSFD_API Command& remove_env(Text name) &;
  Command remove_env(Text name) && { return std::move(remove_env(name)); }
  // Starts from an empty environment, and discards the changes made so far.
  SYSFD_API Command& clear_env() &;
  Command clear_env() && { return std::move(clear_env()); }

  // Starts from these entries ("NAME=value"), and discards the changes made so far. The program
  // gets them unchanged and in this order: also two of the same name, one without '=', and
  // LISTEN_... variables. A later env() or remove_env() replaces or removes all entries of its
  // name. `entries`: any range of strings. A null pointer at its end is ignored.
  template <class Entries>
    requires detail::ListsTexts<Entries>
  Command& environment(Entries&& entries) & {
    clear_env();
    detail::for_each_text(entries, [this](Text entry) { add_environment_entry(entry); });
    return *this;
  }
  template <class Entries>
    requires detail::ListsTexts<Entries>
  Command environment(Entries&& entries) && {
    return std::move(environment(entries));
  }
  Command& environment(std::initializer_list<Text> entries) & {
    return environment<std::initializer_list<Text>&>(entries);
  }
  Command environment(std::initializer_list<Text> entries) && {
    return std::move(environment(entries));
  }
  // An envp, as environ(7): it ends with a null pointer. If `pointer` is null, there are no
  // entries.
  template <class Envp>
    requires detail::EndsWithNull<Envp>
  Command& environment(Envp&& pointer) & {
    clear_env();
    const char* const* entry = pointer;
    for (; entry && *entry; ++entry)
      add_environment_entry(*entry);
    return *this;
  }
  template <class Envp>
    requires detail::EndsWithNull<Envp>
  Command environment(Envp&& pointer) && {
    return std::move(environment(pointer));
  }

  // chdir(2), fchdir(2): where the program starts. A descriptor is borrowed until spawn() has
  // returned; cwd() is the caller's working directory at that time. A relative path of the program
  // is relative to this directory. If unset, and root_directory() is set or a mount namespace is
  // joined, defaults to "/".
  SYSFD_API Command& working_directory(Text path,
                                       DirectoryChange change = DirectoryChange::before_identity) &;
  Command working_directory(Text path,
                            DirectoryChange change = DirectoryChange::before_identity) && {
    return std::move(working_directory(path, change));
  }
  SYSFD_API Command& working_directory(BorrowedFd directory SYSFD_CAPTURED_BY_THIS,
                                       DirectoryChange change = DirectoryChange::before_identity) &;
  Command working_directory(BorrowedFd directory SYSFD_CAPTURED_BY_THIS,
                            DirectoryChange change = DirectoryChange::before_identity) && {
    return std::move(working_directory(directory, change));
  }

  // chroot(2): sets the root directory of the child. All paths that the child uses, also those
  // given here, start there.
  SYSFD_API Command& root_directory(Text path) &;
  Command root_directory(Text path) && { return std::move(root_directory(path)); }
  SYSFD_API Command& root_directory(BorrowedFd directory SYSFD_CAPTURED_BY_THIS) &;
  Command root_directory(BorrowedFd directory SYSFD_CAPTURED_BY_THIS) && {
    return std::move(root_directory(directory));
  }

  // CLONE_INTO_CGROUP: creates the child in this cgroup (version 2), so that it never runs in
  // another one. `directory` is the directory of the cgroup, opened with O_RDONLY or O_PATH. The
  // Child keeps a duplicate, see Child::kill_cgroup().
  //
  // The caller is suspended until the program executes, by status(), spawn_async() and spawn_all()
  // too. The OOM killer kills all processes that share memory with the one it chooses, so a child
  // in a cgroup at its memory limit could take the caller along. If the cgroup, or one above it,
  // has a memory limit (memory.max) that the caller is not under, the child therefore gets a copy
  // of the caller's memory, as by fork(2). That takes longer, by the memory that the caller uses,
  // and the OOM killer may choose the child for its size. To avoid it, set the limit after the
  // program executes (Cgroup::set()), or start a small program that moves itself into the cgroup
  // and executes the other one: Command::shell("echo 0 >&3 && exec \"$@\" 3>&-").arg(program), with
  // cgroup.procs as descriptor 3. Limits of processes are not for those that move.
  //
  // Errors:
  //   EBADF: not a directory of a cgroup.
  //   ENOENT: the cgroup was removed.
  //   EACCES.
  //   EBUSY: it is frozen (the child, and the calling thread, would stop), or has controllers
  //     enabled.
  //   ECANCELED: it was killed once (cgroup.kill). Linux 6.14 to 7.1 then kill everything that is
  //     created in it. Remove it and make a new one. Or the OOM killer has chosen the child.
  SYSFD_API Command& cgroup(BorrowedFd directory SYSFD_CAPTURED_BY_THIS) &;
  Command cgroup(BorrowedFd directory SYSFD_CAPTURED_BY_THIS) && {
    return std::move(cgroup(directory));
  }

  // landlock_restrict_self(2), prctl(PR_SET_NO_NEW_PRIVS): takes rights away from the child, for
  // ever. `ruleset` is a sysfd::Ruleset (<sysfd/landlock.hpp>) or another descriptor of
  // landlock_create_ruleset(2), and may serve any number of children. The child is restricted last,
  // just before a seccomp program: the ruleset must allow the program itself (rights::run), and
  // what that opens, but not what is done here.
  //
  // Errors (step landlock): EBADF; EBADFD: not a ruleset; E2BIG: the caller is restricted 16 times
  //   already; ENOSYS, EOPNOTSUPP: this kernel has no Landlock.
  // Since: Linux 5.13.
  SYSFD_API Command& landlock(BorrowedFd ruleset SYSFD_CAPTURED_BY_THIS) &;
  Command landlock(BorrowedFd ruleset SYSFD_CAPTURED_BY_THIS) && {
    return std::move(landlock(ruleset));
  }

  SYSFD_API Command& stdin_from(Stdio source) &;
  Command stdin_from(Stdio source) && { return std::move(stdin_from(std::move(source))); }
  SYSFD_API Command& stdout_to(Stdio destination) &;
  Command stdout_to(Stdio destination) && { return std::move(stdout_to(std::move(destination))); }
  SYSFD_API Command& stderr_to(Stdio destination) &;
  Command stderr_to(Stdio destination) && { return std::move(stderr_to(std::move(destination))); }

  // Gives the child `fd` as descriptor `number`. It does not matter what `number` is in the caller:
  // swaps, cycles, 0 to 2, and one descriptor under several numbers are possible.
  //
  // Ownership: a borrowed descriptor must stay open until spawn() has returned. An owned one is
  //   closed here once a child runs; the Command then cannot start a second child.
  // Errors:
  //   EBADF: `fd` is not open; `number` is negative or not below RLIMIT_NOFILE; or no free
  //     descriptor number is left for swapping.
  //   EINVAL: `number` is given twice.
  SYSFD_API Command& pass(BorrowedFd fd SYSFD_CAPTURED_BY_THIS, int number) &;
  Command pass(BorrowedFd fd SYSFD_CAPTURED_BY_THIS, int number) && {
    return std::move(pass(fd, number));
  }
  SYSFD_API Command& pass(OwnedFd&& fd, int number) &;
  Command pass(OwnedFd&& fd, int number) && { return std::move(pass(std::move(fd), number)); }

  // An optional descriptor: an empty one passes nothing, and the call does not count for
  // SpawnError::index.
  template <std::same_as<std::optional<BorrowedFd>> Optional>
  Command& pass(const Optional& fd, int number) & {
    return fd ? pass(*fd, number) : *this;
  }
  template <std::same_as<std::optional<BorrowedFd>> Optional>
  Command pass(const Optional& fd, int number) && {
    return std::move(pass(fd, number));
  }

  // The child also gets every descriptor of the caller that is not close-on-exec, under the same
  // number, unless overridden. As with fork(2), the child holds copies of all of the caller's
  // descriptors until exec (see SpawnReport), and another thread may open one more at any time.
  SYSFD_API Command& inherit_descriptors(Inheritance options = {}) &;
  Command inherit_descriptors(Inheritance options = {}) && {
    return std::move(inherit_descriptors(std::move(options)));
  }

  // Undoes pass(), stdin_from(), stdout_to(), stderr_to() and terminal() for this number of the
  // child, if they were called: 0, 1 or 2 has its default again. What the Command owns for it is
  // closed.
  //
  // Without this, a second pass() for a number is an invalid argument, so that no descriptor is
  // lost unnoticed. To replace one: forget_descriptor(n).pass(fd, n). SpawnStep::descriptor and
  // SpawnChanges::descriptors count the calls of pass() that are left.
  SYSFD_API Command& forget_descriptor(int number) &;
  Command forget_descriptor(int number) && { return std::move(forget_descriptor(number)); }

  // Socket activation, as for sd_listen_fds(3): these descriptors become 3, 4, ... of the child, in
  // the order given, with their names. LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID and, where pidfds
  // have identities (Linux 6.9), LISTEN_PIDFDID are set for exactly this child. A name has up to
  // 255 printable ASCII characters, without ':'.
  //
  // Ownership: borrowed or owned by the Command, as with pass().
  SYSFD_API Command& listen_fds(Text name, BorrowedFd fd SYSFD_CAPTURED_BY_THIS) &;
  Command listen_fds(Text name, BorrowedFd fd SYSFD_CAPTURED_BY_THIS) && {
    return std::move(listen_fds(name, fd));
  }
  SYSFD_API Command& listen_fds(Text name, OwnedFd&& fd) &;
  Command listen_fds(Text name, OwnedFd&& fd) && {
    return std::move(listen_fds(name, std::move(fd)));
  }
  Command& listen_fds(std::initializer_list<ListenFd> fds) & {
    for (const ListenFd& each : fds)
      listen_fds(each.name, each.fd);
    return *this;
  }
  Command listen_fds(std::initializer_list<ListenFd> fds) && { return std::move(listen_fds(fds)); }
  // Passes on the descriptors that the caller was given (sysfd::ListenFds), to a child or across
  // exec(), under the same names. Those that were taken out are left out.
  //
  // Ownership: borrowed; with std::move(), owned by the Command.
  template <class Given>
    requires detail::GivenFds<std::remove_cvref_t<Given>>
  Command& listen_fds(Given&& given) & {
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (!given.has(i)) continue;
      if constexpr (std::is_lvalue_reference_v<Given>)
        listen_fds(given.name(i), given.get(i));
      else
        listen_fds(given.name(i), given.take(i));
    }
    return *this;
  }
  template <class Given>
    requires detail::GivenFds<std::remove_cvref_t<Given>>
  Command listen_fds(Given&& given) && {
    listen_fds(std::forward<Given>(given));
    return std::move(*this);
  }

  // Makes a new pseudo-terminal of this size: it is stdin, stdout and stderr, and the controlling
  // terminal of a new session. A later stdin_from(), stdout_to() or stderr_to() overrides it. See
  // Child::terminal().
  SYSFD_API Command& terminal(WindowSize size = {}) &;
  Command terminal(WindowSize size = {}) && { return std::move(terminal(size)); }

  // The five structs of attributes: see their headers. A second call replaces the whole struct.
  SYSFD_API Command& identity(Identity identity) &;
  Command identity(Identity value) && { return std::move(identity(std::move(value))); }
  SYSFD_API Command& resources(Resources resources) &;
  Command resources(Resources value) && { return std::move(resources(std::move(value))); }
  SYSFD_API Command& session(Session session) &;
  Command session(Session value) && { return std::move(session(value)); }
  SYSFD_API Command& signals(Signals signals) &;
  Command signals(Signals value) && { return std::move(signals(std::move(value))); }
  SYSFD_API Command& namespaces(Namespaces namespaces) &;
  Command namespaces(Namespaces value) && { return std::move(namespaces(std::move(value))); }

  // What happens to the process when its Child is destroyed. Defaults to DropPolicy::kill. `grace`
  // is used by DropPolicy::terminate only; Timeout::canceled_by() is ignored.
  //
  // Blocks: see DropPolicy. In the destructor of Child, `kill` takes up to a second, `terminate`
  //   also the grace period, `wait` has no limit, and `detach` does not block.
  SYSFD_API Command& on_drop(DropPolicy policy, Timeout grace = std::chrono::seconds(5)) &;
  Command on_drop(DropPolicy policy, Timeout grace = std::chrono::seconds(5)) && {
    return std::move(on_drop(policy, grace));
  }

  // prctl(PR_SET_PDEATHSIG): the child gets this signal when the *thread* that called spawn() ends.
  // It is set after the change of identity, which would clear it. If the parent has ended by then,
  // the child ends too. Executing a set-user-ID program, or one with capabilities, clears it.
  SYSFD_API Command& parent_death_signal(int signo) &;
  Command parent_death_signal(int signo) && { return std::move(parent_death_signal(signo)); }

  // Kills the child when the caller's process ends. Since Linux 7.1 (CLONE_PIDFD_AUTOKILL) it is
  // killed when the last pidfd that was made here is closed; it then reaps itself, without a
  // SIGCHLD. This requires CAP_SYS_ADMIN or Identity::no_new_privileges. Elsewhere it is the same
  // as parent_death_signal(SIGKILL), with its limits. Child::report() tells which.
  SYSFD_API Command& kill_with_parent() &;
  Command kill_with_parent() && { return std::move(kill_with_parent()); }

  // The child leaves neither a zombie nor a SIGCHLD in the caller's process, and no wait(2) there
  // finds it. On Linux 7.1 it reaps itself (CLONE_AUTOREAP). Before, it is an orphan, as after a
  // double fork(2): an intermediate process clones it and exits, and init or the nearest subreaper
  // (PR_SET_CHILD_SUBREAPER) reaps it. The program can see its parent change once, right after it
  // was started.
  //
  // The Child works as any other: signals, pipes, drop policy. Its waits return the status since
  // Linux 6.15, and fail with ECHILD before. Before Linux 6.9, the process group that it leads
  // cannot be signaled (EOPNOTSUPP) and is not killed with it: the number could be another group's.
  //
  // Errors (of spawn(), at SpawnStep::clone):
  //   EOPNOTSUPP: the kernel is older than 7.1, and the caller's process is itself init of its pid
  //     namespace or a subreaper, or unshare(CLONE_NEWPID) has made a pid namespace for the
  //     children of this thread.
  //   ECANCELED: the intermediate process was killed.
  //   EINVAL: used with status(), output(), exec(), a pipeline, kill_with_parent(),
  //     parent_death_signal() or a joined pid namespace.
  // Allocates: a stack of 16 KiB at the first spawn(), which the Command keeps.
  // Cost: before Linux 7.1 about a dozen more system calls.
  SYSFD_API Command& leave_no_zombie() &;
  Command leave_no_zombie() && { return std::move(leave_no_zombie()); }

  // Makes the child and all that it starts one tree, which ends together: see
  // <sysfd/containment.hpp>. Whatever ends the child by force (the drop policy, terminate(), the
  // timeout of output(), ...) ends the tree. So does the end of output() and status(), and a Child
  // that is dropped after its program has ended.
  //
  // Errors (step containment):
  //   EPERM, ENOSPC, ...: there can be no new pid namespace here, and Reach::whole_tree is asked
  //     for. It needs CAP_SYS_ADMIN, or user namespaces that are allowed.
  //   EINVAL: used with exec(), leave_no_zombie(), kill_with_parent(), parent_death_signal() or a
  //     joined pid namespace, or with limits and cgroup().
  // Errors (step cgroup): as Cgroup::create() with these limits. They are enforced, or it fails.
  // Cost: a second process, which executes three kilobytes from memory; about ten system calls.
  SYSFD_API Command& contain(Containment containment = {}) &;
  Command contain(Containment containment = {}) && {
    return std::move(contain(std::move(containment)));
  }

  // Retries up to `times` times if the program is open for writing (ETXTBSY), with pauses that grow
  // from 0.1 to 10 milliseconds. This happens when a program was just written, and a child of
  // another thread's fork(2) still has a copy of that descriptor. The child pauses after its change
  // of identity: a seccomp filter must allow nanosleep(2).
  SYSFD_API Command& retry_busy(int times) &;
  Command retry_busy(int times) && { return std::move(retry_busy(times)); }

  // clone3(2) and execve(2): starts the program, and returns when it executes or could not be
  // started. May be called again for another child, unless the Command owned a descriptor. Must not
  // be called between fork and exec.
  //
  // Errors: see SpawnStep.
  // Blocks: until the file system has found and opened the program.
  // Allocates: what the Command keeps for the next call (the environment if it was changed, the
  //   paths to try of a program that is found by PATH), and small things for some attributes.
  // Cost: two system calls for the signal mask, clone3, one if descriptors are passed, those that
  //   make pipes and close what the Command owned, and those of the attributes.
  [[nodiscard]] SYSFD_API Result<Child, SpawnError> spawn();

  // spawn() and Child::wait() in one: runs the program to its end, and returns its exit status.
  // Faster than the two: the calling thread sleeps once.
  //
  // Until the program executes, the child runs in the caller's memory while the caller still
  // handles signals. A handler must not leave this call (siglongjmp(3), pthread_exit(3), exit(3)).
  // No other thread may give up the process's identity (setuid(2), ...), which the child still has.
  // With retry_busy(), with owned descriptors, and with attributes that concern more than the child
  // itself (identity, namespaces, cgroup, ...) this is spawn() and wait(). The foreground process
  // group of Session::foreground_of is restored afterwards, as by output(). For gdb, see
  // <sysfd/pending_child.hpp>.
  //
  // Errors:
  //   as spawn().
  //   EINVAL, standard_stream: status() cannot use a pipe or a new terminal: nobody has its other
  //     end.
  //   ECHILD, wait: see SpawnStep::wait.
  // Blocks: until the child has ended.
  // Allocates: as spawn(), and the first time a stack of 16 KiB, which the Command keeps.
  // Cost: as spawn(), waitid and close.
  [[nodiscard]] SYSFD_API Result<ExitStatus, SpawnError> status();

  // spawn() and Child::communicate() in one: runs the program to its end, and collects what it
  // writes. stdout and stderr are collected unless set on the Command; a new terminal is collected,
  // too. stdin is the input, or /dev/null.
  //
  // At the timeout the child is killed, with its process group if it leads one, or its tree
  // (contain()); OutputOptions::grace asks it to end before. What was written until then is
  // returned. Not a cancellation point.
  //
  // Errors:
  //   as spawn().
  //   EINVAL, standard_stream: stdin is a new terminal, which nobody would write to (set it to
  //     something else after terminal()), or there is input and stdin is set to something else.
  // Blocks: until the child has ended, or with OutputEnd::pipes_close, until no process has its
  //   pipes open.
  [[nodiscard]] SYSFD_API Result<Output, SpawnError> output(const OutputOptions& options = {});

  // clone3(2): starts the program, and returns at once. <sysfd/pending_child.hpp> tells how to
  // learn whether it executes. The PendingChild takes over the Command, and closes what the Command
  // owns when the child is settled: executing or failed. To start more than one child, use
  // prepare().
  //
  // No thread may give up the process's identity (setuid(2), ...) until the child is settled: the
  // child in its memory still has the old one. With Resources::oom_score_adjust or a cgroup() this
  // returns when the child is settled: before that, the kernel would apply the score, or the OOM
  // killer's choice, to the caller as well.
  //
  // Ownership: borrowed and inherited descriptors must stay open until spawn_async() has returned:
  //   the child then has a copy of the descriptor table, which takes longer with more open
  //   descriptors. With nothing but 0, 1 and 2 there is no copy yet: these must not change until
  //   the child is settled. After an error the Command is unchanged.
  // Errors:
  //   as spawn(), if found before there is a child.
  //   ENOSYS, start: memory is not shared with children (some emulators).
  // Allocates: always.
  // Cost: two system calls for the signal mask, clone3, and those of spawn() to prepare.
  [[nodiscard]] SYSFD_API Result<PendingChild, SpawnError> spawn_async(
      Confirmation confirmation = Confirmation::by_finish) &&;
  void spawn_async(Confirmation = {}) const& = delete;  // write std::move(command).spawn_async()

  // Prepares the start of many children: does now what need not be repeated for each. The result
  // cannot be changed. See <sysfd/prepared_command.hpp>.
  //
  // Errors: as spawn(), if found before there is a child.
  // Allocates: always.
  [[nodiscard]] SYSFD_API Result<PreparedCommand, SpawnError> prepare() &&;
  void prepare() const& = delete;  // write std::move(command).prepare()

  // execve(2): replaces the caller's process by the program, with everything set on the Command.
  // Returns only an error. on_drop() has no effect here. Other threads run until the program
  // executes.
  //
  // Invalid arguments, and what requires a child (EINVAL: new pipes and terminals, a new or joined
  // pid namespace, kill_with_parent()), are found before anything is changed. The kernel refuses a
  // new or joined user namespace to a process with other threads (EINVAL).
  //
  // After another error the process has changed, up to the step that the error names. All its
  // descriptors but 0 to 2 are close-on-exec, numbers that were passed have been replaced (copies
  // of some that were in the way are left), its memory is undumpable, and so on. It should only
  // report the error.
  [[nodiscard]] SYSFD_API SpawnError exec();

 private:
  friend detail::CommandState& detail::state_of(Command& command) noexcept;
  SYSFD_API void add_search_directory(Text directory);
  SYSFD_API void add_environment_entry(Text entry);
  detail::CommandState& state() const noexcept;
  detail::CommandSpec& changed_spec() const noexcept;  // for setters

  std::unique_ptr<detail::CommandState> state_;
};

}  // namespace v0
}  // namespace sysfd

// What prepare() returns. NOLINTNEXTLINE(misc-header-include-cycle): either header may come first
#include <sysfd/prepared_command.hpp>

#endif  // SYSFD_COMMAND_HPP
