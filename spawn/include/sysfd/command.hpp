// SPDX-License-Identifier: MIT
//
// Starts programs. The child gets exactly the descriptors that it is given, nothing else that this
// process has open; the parent gets a Child that is held by a pidfd from the start.
//
//     auto child = sysfd::Command("sort").arg("-u")
//                      .stdin_from(input)                  // borrowed: stays open here
//                      .stdout_to(sysfd::Stdio::pipe())    // child->stdout_pipe()
//                      .pass(std::move(socket), 3)         // owned: handed over to the child
//                      .spawn();
//     if (!child) return child.error().describe();
//
// The child starts with: an empty signal mask; every signal that has a handler here, SIGPIPE and
// SIGCHLD at their default (other ignored ones stay ignored); this process's environment but for its
// LISTEN_... variables, which were meant for it; its working directory; its 0, 1 and 2, or /dev/null
// for those of them that are closed or close-on-exec here. All of that unless the Command says
// otherwise: what a program is given is said right here, what else a child can be in five groups of
// attributes:
//
//     identity()   <sysfd/identity.hpp>    user, groups, capabilities, no-new-privileges, seccomp
//     resources()  <sysfd/resources.hpp>   limits, umask, nice, scheduler, processors, OOM score
//     session()    <sysfd/session.hpp>     session, process group, controlling terminal
//     signals()    <sysfd/signals.hpp>     mask, default, ignored
//     namespaces() <sysfd/namespaces.hpp>  new ones, with id maps, and joined ones
//
// It never forks: the child shares this process's memory until it executes the program, and the
// calling thread is suspended so long, with all signals blocked (but see spawn_async() and
// status()). Neither the memory in use nor the number of open descriptors makes it slower; what
// counts is the highest number among those that the child is given. It needs Linux 5.10.
//
// A signal that stops a process (SIGTSTP, SIGTTIN, SIGTTOU) and comes while the caller is suspended
// is sent on to the program: the caller and the program both stop, and SIGCONT continues both.
// SIGSTOP cannot be held back: if it is sent to the process group then, the caller stops when the
// child is continued.
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
#include <sysfd/detail/chrono.hpp>
#include <sysfd/identity.hpp>
#include <sysfd/namespaces.hpp>
#include <sysfd/output.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/resources.hpp>
#include <sysfd/result.hpp>
#include <sysfd/session.hpp>
#include <sysfd/signals.hpp>
#include <sysfd/spawn_error.hpp>
#include <sysfd/stdio.hpp>
#include <sysfd/text.hpp>

namespace sysfd {
inline namespace v0 {

// A descriptor for Command::listen_fds().
struct ListenFd {
  Text name;
  BorrowedFd fd;
};

namespace detail {

// What this process was given itself, by index: sysfd::ListenFds. Those that were taken out are not
// there any more.
template <class T>
concept GivenFds = requires(T& fds, std::size_t index) {
  { fds.size() } -> std::same_as<std::size_t>;
  { fds.has(index) } -> std::same_as<bool>;
  { Text(fds.name(index)) };
  { fds.get(index) } -> std::same_as<BorrowedFd>;
  { fds.take(index) } -> std::same_as<OwnedFd>;
};

// A pointer to the first of several strings, of which a null pointer is the last; not an array,
// whose size is known.
template <class T>
concept EndsWithNull =
    !std::is_array_v<std::remove_reference_t<T>> && std::convertible_to<T, const char* const*>;

template <class T>
concept ListsTexts = !EndsWithNull<T> && requires(T& list) {
  { *std::begin(list) } -> std::convertible_to<Text>;
};

// Visits the strings of a range, but for a null pointer at its end.
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

// When a child changes to its working directory: with this process's rights, or its own.
enum class DirectoryChange { before_identity, after_identity };

// Where a program is searched whose name has no slash. The working directory is not searched, nor
// is any other relative directory of a PATH.
enum class ProgramSearch {
  child_path,   // in the PATH of the child's environment; in /bin and /usr/bin if it has none
  caller_path,  // in this process's PATH, as it is when the child is started; likewise
  nowhere,      // a name without a slash is not found: ENOENT
};

// What inherit_descriptors() leaves out.
struct Inheritance {
  // Numbers of descriptors of this process, open or not, from 3 on. What is passed under such a
  // number is there all the same.
  std::vector<int> except{};
};

class PreparedCommand;

namespace detail {
class Batch;  // spawn_all()
}

class Command {
 public:
  // The program: a path if it has a slash, else a name that is looked up in the PATH of the child's
  // environment ("/bin:/usr/bin" if it has none; see search()). Unlike execvp(3), this does not
  // search relative directories of PATH, nor the working directory, which an empty element means: a
  // program there is started by its path. It is also argument 0. Strings are copied. What is wrong
  // with any argument, here and below, is reported by spawn().
  SYSFD_API explicit Command(Text program);
  // The program that this descriptor refers to (execveat(2)), opened with O_RDONLY or O_PATH, which
  // must stay open until spawn() has returned. A script (#!) must be passed to the child as well,
  // since its interpreter opens it again, by /dev/fd.
  SYSFD_API Command(BorrowedFd program, Text argument0);
  // A line for the shell: `/bin/sh -c -- line sh`, as system(3) has it. For those who mean it: the
  // shell gives a meaning to most of the characters in `line`, so that it is no place for a file's
  // name or for anything else that comes from outside. Give that by arg(): "$1" is the first one,
  // "$@" all.
  //
  //     sysfd::Command::shell("sort -- \"$1\" | uniq -c").arg(path).output();
  //
  // The status is the shell's, which says 127 if it does not find a program, and 128 + n for one
  // that signal n killed.
  [[nodiscard]] SYSFD_API static Command shell(Text line);
  SYSFD_API Command(Command&&) noexcept;
  SYSFD_API Command& operator=(Command&&) noexcept;
  SYSFD_API ~Command();

  // Where the program is searched, if its name has no slash. Defaults to ProgramSearch::child_path.
  SYSFD_API Command& search(ProgramSearch where) &;
  Command search(ProgramSearch where) && { return std::move(search(where)); }
  // In these directories, in this order, and in no other. A relative one, such as ".", counts from
  // the child's working directory.
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

  // As execvp(3): a program that the kernel finds no way to execute (ENOEXEC: neither a binary of
  // this machine nor a script with #!) is run by /bin/sh, as a script. Not a program by descriptor.
  SYSFD_API Command& shell_fallback() &;
  Command shell_fallback() && { return std::move(shell_fallback()); }

  // Argument 0, if it is not to be the program as given.
  SYSFD_API Command& argument0(Text value) &;
  Command argument0(Text value) && { return std::move(argument0(value)); }

  SYSFD_API Command& arg(Text value) &;
  Command arg(Text value) && { return std::move(arg(value)); }
  // `values`: any range of strings. A null pointer at its end, as that of an argv, is not one of
  // them; one elsewhere is an error.
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
  // The argv that main() is given, or the rest of one: a pointer to strings that a null pointer
  // ends.
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

  // The environment is this process's as it is when spawn() is called (nobody may change it
  // meanwhile: setenv(3)), with these changes. A name that is empty or has a '=' inside is an
  // error.
  SYSFD_API Command& env(Text name, Text value) &;
  Command env(Text name, Text value) && { return std::move(env(name, value)); }
  SYSFD_API Command& remove_env(Text name) &;
  Command remove_env(Text name) && { return std::move(remove_env(name)); }
  // Starts from nothing instead, and forgets the changes made so far.
  SYSFD_API Command& clear_env() &;
  Command clear_env() && { return std::move(clear_env()); }

  // Starts from these entries ("NAME=value") instead, and forgets the changes made so far. They are
  // given to the program as they are, in their order: also two of the same name, one without '=',
  // and the LISTEN_... variables. env() and remove_env() then replace, or remove, all of that name.
  // `entries`: any range of strings; a null pointer at its end is not one of them.
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
  // An envp, as environ(7): a null pointer ends it. One that is a null pointer itself has no
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

  // Where the program starts, by path or by a descriptor, which is lent until spawn() has returned.
  // cwd() is this process's own, as it is then. A relative path of the program counts from there. Not
  // said, and with a new root directory or a joined mount namespace: "/".
  SYSFD_API Command& working_directory(Text path,
                                       DirectoryChange change = DirectoryChange::before_identity) &;
  Command working_directory(Text path,
                            DirectoryChange change = DirectoryChange::before_identity) && {
    return std::move(working_directory(path, change));
  }
  SYSFD_API Command& working_directory(BorrowedFd directory,
                                       DirectoryChange change = DirectoryChange::before_identity) &;
  Command working_directory(BorrowedFd directory,
                            DirectoryChange change = DirectoryChange::before_identity) && {
    return std::move(working_directory(directory, change));
  }

  // chroot(2). All paths that the child uses, also those given here, count from there.
  SYSFD_API Command& root_directory(Text path) &;
  Command root_directory(Text path) && { return std::move(root_directory(path)); }
  SYSFD_API Command& root_directory(BorrowedFd directory) &;
  Command root_directory(BorrowedFd directory) && { return std::move(root_directory(directory)); }

  // CLONE_INTO_CGROUP: the child is born into this cgroup (version 2), by its directory, opened
  // with O_RDONLY or O_PATH; it never ran anywhere else. The Child keeps a duplicate, see
  // Child::kill_cgroup(). Errors of spawn() for it: EBADF no such directory; ENOENT it was removed;
  // EACCES; EBUSY it is frozen (the child, and this thread, would be stopped), or has controllers
  // on; ECANCELED it was killed once (cgroup.kill), after which Linux 6.14 to 7.1 kill all that is
  // born into it: remove it and make a new one. The caller is suspended until the program executes,
  // by status(), spawn_async() and spawn_all() too: the OOM killer kills all processes that share
  // memory with the one it chooses, so a child in a cgroup at its memory limit could take this
  // process along. A moment in execve(2) is left in which it still can (docs/kernel-support.md): set
  // memory.max when the program is executing, or give a cgroup that this process is in, too.
  SYSFD_API Command& cgroup(BorrowedFd directory) &;
  Command cgroup(BorrowedFd directory) && { return std::move(cgroup(directory)); }

  SYSFD_API Command& stdin_from(Stdio source) &;
  Command stdin_from(Stdio source) && { return std::move(stdin_from(std::move(source))); }
  SYSFD_API Command& stdout_to(Stdio destination) &;
  Command stdout_to(Stdio destination) && { return std::move(stdout_to(std::move(destination))); }
  SYSFD_API Command& stderr_to(Stdio destination) &;
  Command stderr_to(Stdio destination) && { return std::move(stderr_to(std::move(destination))); }

  // Gives the child `fd` under the number `number`, whatever is open here under that number: every
  // set of numbers is possible, swapped ones, 0 to 2 and one descriptor under several numbers
  // included. A borrowed descriptor must stay open until spawn() has returned. An owned one is
  // handed over: once a child runs it is closed here, and the Command cannot start a second child.
  // Errors of spawn() for it: EBADF `fd` is not open, `number` is negative or not below
  // RLIMIT_NOFILE, or no number below that is left free to swap others by; EINVAL `number` is given
  // twice.
  SYSFD_API Command& pass(BorrowedFd fd, int number) &;
  Command pass(BorrowedFd fd, int number) && { return std::move(pass(fd, number)); }
  SYSFD_API Command& pass(OwnedFd&& fd, int number) &;
  Command pass(OwnedFd&& fd, int number) && { return std::move(pass(std::move(fd), number)); }

  // A descriptor that there may be: if there is none, nothing is passed, and the call does not
  // count.
  template <std::same_as<std::optional<BorrowedFd>> Optional>
  Command& pass(const Optional& fd, int number) & {
    return fd ? pass(*fd, number) : *this;
  }
  template <std::same_as<std::optional<BorrowedFd>> Optional>
  Command pass(const Optional& fd, int number) && {
    return std::move(pass(fd, number));
  }

  // The child also gets every descriptor of this process that is not close-on-exec, under its
  // number, but where something else is said. As with fork(2), all that is open here is copied and
  // held by the child until exec, and another thread may open one more at any moment: SpawnReport
  // says so.
  SYSFD_API Command& inherit_descriptors(Inheritance options = {}) &;
  Command inherit_descriptors(Inheritance options = {}) && {
    return std::move(inherit_descriptors(std::move(options)));
  }

  // Takes back what was said of this number of the child by pass(), stdin_from(), stdout_to(),
  // stderr_to() or terminal(), if anything was: 0, 1 or 2 has its default again. What the Command
  // owns for it is closed. A second pass() for a number is an error without this, so that nobody
  // loses a descriptor unawares: forget_descriptor(n).pass(fd, n) replaces. SpawnStep::descriptor
  // and SpawnChanges::descriptors count the calls of pass() that are left.
  SYSFD_API Command& forget_descriptor(int number) &;
  Command forget_descriptor(int number) && { return std::move(forget_descriptor(number)); }

  // Socket activation, as sd_listen_fds(3) has it: these descriptors become 3, 4, ... of the child,
  // in the order given, with their names; LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID and, where pidfds
  // have identities (Linux 6.9), LISTEN_PIDFDID are set for exactly this child. Names: up to 255
  // printable ASCII characters, no ':'. Lent or handed over, like those of pass().
  SYSFD_API Command& listen_fds(Text name, BorrowedFd fd) &;
  Command listen_fds(Text name, BorrowedFd fd) && { return std::move(listen_fds(name, fd)); }
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
  // Hands on what this process was given itself (sysfd::ListenFds), to a child or across exec(),
  // under the same names: lent, or handed over with std::move(). Those that were taken out are left
  // out.
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

  // A new pseudo-terminal of this size is stdin, stdout and stderr (those of them that are said
  // later to be something else are), and the controlling terminal of a new session: see
  // Child::terminal().
  SYSFD_API Command& terminal(WindowSize size = {}) &;
  Command terminal(WindowSize size = {}) && { return std::move(terminal(size)); }

  // See their headers. Each replaces what the group was before.
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

  // What happens to the process when its Child is destroyed. Defaults to DropPolicy::kill. `grace` is
  // for DropPolicy::terminate; it cannot be called off (Timeout::canceled_by() is ignored). The
  // destructor of Child blocks for as long as said at DropPolicy: with `kill` a second, with
  // `terminate` also for the grace period, with `wait` without a bound, with `detach` not at all.
  SYSFD_API Command& on_drop(DropPolicy policy, Timeout grace = std::chrono::seconds(5)) &;
  Command on_drop(DropPolicy policy, Timeout grace = std::chrono::seconds(5)) && {
    return std::move(on_drop(policy, grace));
  }

  // prctl(PR_SET_PDEATHSIG): the child gets this signal when the *thread* that called spawn() ends.
  // It is set after the change of identity, which would undo it, and if the parent has ended by
  // then the child ends too. A set-user-ID program, or one with capabilities, undoes it.
  SYSFD_API Command& parent_death_signal(int signo) &;
  Command parent_death_signal(int signo) && { return std::move(parent_death_signal(signo)); }

  // The child does not outlive this process: it is killed when its last pidfd made here is closed
  // (CLONE_PIDFD_AUTOKILL, Linux 7.1, for callers with CAP_SYS_ADMIN or
  // Identity::no_new_privileges; it reaps itself then, without a SIGCHLD). Elsewhere the same as
  // parent_death_signal(SIGKILL), with its limits: Child::report() says which.
  SYSFD_API Command& kill_with_parent() &;
  Command kill_with_parent() && { return std::move(kill_with_parent()); }

  // Up to this many times more, with pauses that grow from 0.1 to 10 milliseconds, where the
  // program is open for writing (ETXTBSY), because a child of somebody else's fork(2) still has a
  // descriptor of whoever has just written it. The child pauses, as its new self: a seccomp filter
  // that it is given must let it (nanosleep(2)).
  SYSFD_API Command& retry_busy(int times) &;
  Command retry_busy(int times) && { return std::move(retry_busy(times)); }

  // clone3(2) and execve(2): starts the program, and returns once it is executing or could not be
  // started. May be called again for another child, unless an owned descriptor was handed over.
  // Errors: see SpawnStep. System calls here: two for the signal mask, clone3, one if descriptors are
  // passed, and those that make pipes and close what was handed over; what each attribute takes,
  // beside. Allocates only what the Command keeps for the next time: the environment if it was
  // changed, the paths to try of a program that is looked up in PATH; and small things for some
  // attributes. Blocks until the file system has found and opened the program. Not for between fork
  // and exec.
  [[nodiscard]] SYSFD_API Result<Child, SpawnError> spawn();

  // spawn() and Child::wait() in one: runs the program to its end, and says how that was. Takes less
  // time than the two: this thread sleeps once, not until the program executes and then until it
  // ends. Until the program executes, the child is in this process's memory, in which signals are
  // handled meanwhile: no handler may leave this call (siglongjmp(3), pthread_exit(3), exit(3)), and
  // no other thread give up the process's identity (setuid(2), ...), which the child still has. With
  // retry_busy(), with descriptors that are handed over and where attributes concern more than the
  // child itself (identity, namespaces, cgroup, ...) it is spawn() and wait(). Errors: as spawn();
  // EINVAL, standard_stream: a pipe or terminal, of which nobody would have the other end; ECHILD,
  // wait. System calls: as spawn(), waitid and close. Allocates as spawn(), and the first time a
  // stack of 16 KiB, which the Command keeps. Blocks until the child has ended. Under gdb, see
  // <sysfd/pending_child.hpp>. The foreground process group of Session::foreground_of is again the
  // one that it was before, as after output().
  [[nodiscard]] SYSFD_API Result<ExitStatus, SpawnError> status();

  // spawn() and Child::communicate() in one: runs the program to its end. stdout and stderr are
  // collected unless the Command says where they go; stdin is the input, or /dev/null. It returns
  // when nobody has the child's pipes open any more, which may be later than its end. At the
  // timeout the child is killed, and its process group if it leads one; what was written until then
  // is there. Errors: as spawn(); EINVAL, standard_stream: a stream is a terminal, whose end would never
  // be seen (use spawn() for one), or stdin is something else than the input. Not a cancellation point.
  [[nodiscard]] SYSFD_API Result<Output, SpawnError> output(const OutputOptions& options = {});

  // Starts the program, and returns at once: <sysfd/pending_child.hpp> says how one learns what
  // became of it. The Command goes with it; what it owns is closed when that is decided (prepare()
  // makes something that stays). What is lent, or inherited, must stay open until spawn_async() has
  // returned: the child then has a copy of the descriptor table, which takes as long as there are
  // descriptors open. With nothing but 0, 1 and 2 it has none yet: those must stay what they are
  // until it is decided. With Resources::oom_score_adjust or a cgroup() it returns when that is
  // decided: before, the kernel would change the score, or kill, for this process as well. Until it is decided no thread should give
  // up the process's identity (setuid(2), ...): the child in its memory still has the former one.
  // Errors: as spawn(), as far as they are found before there is a child, and the Command is still
  // there; ENOSYS, start: memory is not shared with children (some emulators). System calls: two for
  // the signal mask, clone3, and those that spawn() takes to prepare. Allocates.
  [[nodiscard]] SYSFD_API Result<PendingChild, SpawnError> spawn_async(
      Confirmation confirmation = Confirmation::by_finish) &&;

  // The same for many children: what can be asked and decided once is, now, and nothing changes it
  // any more. See <sysfd/prepared_command.hpp>. Errors: as spawn(), as far as they are found before
  // there is a child. Allocates.
  [[nodiscard]] SYSFD_API Result<PreparedCommand, SpawnError> prepare() &&;

  // execve(2): this process becomes the program, with all that the Command says; nothing comes back
  // but an error. Mistakes and what cannot be done without a child (EINVAL: new pipes and
  // terminals, a new or joined pid namespace, kill_with_parent()) are found before anything is
  // changed. The kernel refuses a user namespace, new or joined, to a process with other threads
  // (EINVAL). After another error this process has changed as far as the step that is named: all
  // its descriptors but 0 to 2 are close-on-exec, numbers that were passed have been replaced
  // (copies of some that were in the way are left), its memory is undumpable, ...; it can do little
  // but report it. Other threads go on until the program executes. What is said of a Child
  // (on_drop()) has no meaning here.
  [[nodiscard]] SYSFD_API SpawnError exec();

 private:
  friend class Child;
  friend class PendingChild;
  friend class Pipeline;
  friend class detail::Batch;
  friend class PreparedCommand;
  struct State;
  struct Workspace;
  struct Made;
  struct Attempt;
  class Startup;
  SYSFD_API void add_search_directory(Text directory);
  SYSFD_API void add_environment_entry(Text entry);
  State& state() const noexcept;
  State& changed_state() const noexcept;  // for setters

  std::unique_ptr<State> state_;
};

// For programs with thousands of open descriptors: keeps the lowest free numbers below 128, at most
// `count` and 64, and one more, for as long as it runs. Call it early, while there are some. A pipe
// or socket with a high number that is passed to a child, new pipes among them, is put there for
// the moment of the spawn: a child's table is copied up to the highest number in it, so that
// starting it takes as long as that is high. Not other files, FIFOs included, whose locks (F_SETLK)
// this process would lose with the duplicate. Returns how many are kept now. They are open, close-on-exec and
// empty; a program that closes what it has not opened loses them, and nothing else: each is looked at
// before it is changed (who opens something under its number in the moment between, after it was
// closed, loses that). Another call takes new ones for those that were found lost. Each copy of this
// library in a process keeps its own. Not for threads with a descriptor table of their own
// (unshare(CLONE_FILES)). Errors: EINVAL more than 64; EMFILE, ENFILE, ENOMEM. At most five system
// calls, and one for each; at a spawn, six for each descriptor above 127 that is given.
[[nodiscard]] SYSFD_API Result<std::size_t> reserve_spawn_slots(std::size_t count) noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_COMMAND_HPP
