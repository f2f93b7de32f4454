// SPDX-License-Identifier: MIT
//
// The signals of a child, as numbers (SIGTERM, SIGRTMIN + 3) or sets (sigset_t).
//
//     sysfd::Command command("worker");
//     command.signals({.ignored = {SIGHUP}});                     // what nohup(1) does
//     command.signals({.to_default = {SIGINT, SIGQUIT}});         // replaces the call above
//     command.signals({.all_to_default = true});                  // none is ignored
//     command.signals({.unchanged = {SIGPIPE}});                  // as in the caller
//
// By default a child starts with no signal blocked. Signals with a handler in the caller, SIGPIPE
// and SIGCHLD have their default action; other ignored signals stay ignored. (A program that starts
// with SIGCHLD ignored loses the exit status of its own children: wait(2).)
#ifndef SYSFD_SIGNALS_HPP
#define SYSFD_SIGNALS_HPP
#include <sysfd/detail/cxx23.hpp>

#include <signal.h>

#include <utility>
#include <vector>

namespace sysfd {
inline namespace v0 {

// Numbers of signals: a list in braces, a std::vector, or a sigset_t.
class SignalList : public std::vector<int> {
 public:
  using std::vector<int>::vector;
  SignalList(std::vector<int> numbers) noexcept : std::vector<int>(std::move(numbers)) {}
  // The members of the set. (sigfillset(3) adds SIGKILL and SIGSTOP as well.)
  SignalList(const sigset_t& set) {
    constexpr int highest = 64;
    for (int signo = 1; signo <= highest; ++signo)
      if (::sigismember(&set, signo) == 1) push_back(signo);
  }
};

struct Signals {
  SignalList blocked{};     // the signal mask. SIGKILL and SIGSTOP cannot be blocked
  SignalList to_default{};  // SIG_DFL, for signals that the caller ignores
  SignalList ignored{};     // SIG_IGN; neither SIGKILL nor SIGSTOP
  // The child starts with the signal mask of the thread that calls spawn() or the like, together
  // with `blocked`. Costs the caller one more system call, sigprocmask(2).
  bool inherit_mask = false;
  // SIG_DFL for every signal except those in `ignored` and `unchanged`. Costs the child one system
  // call for each, rt_sigaction(2).
  bool all_to_default = false;
  // These signals stay ignored if the caller ignores them, even SIGPIPE and SIGCHLD, and with
  // `all_to_default`. Those with a handler in the caller have their default action in the child.
  SignalList unchanged{};
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SIGNALS_HPP
