// SPDX-License-Identifier: MIT
//
// The signals of a child, as numbers (SIGTERM, SIGRTMIN + 3) or sets (sigset_t).
//
//     command.signals({.ignored = {SIGHUP}});                     // what nohup(1) does
//     command.signals({.to_default = {SIGINT, SIGQUIT}});
//     command.signals({.all_to_default = true});                  // none is ignored
//     command.signals({.unchanged = {SIGPIPE}});                  // ignored, if it is here
//
// Without any of this a child starts with no signal blocked, and at their default every signal that
// has a handler here, SIGPIPE and SIGCHLD. What else is ignored here stays ignored. (A program that
// starts with SIGCHLD ignored loses the exit status of its own children: wait(2).)
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
  // Those that are in the set. (sigfillset(3) puts SIGKILL and SIGSTOP in as well.)
  SignalList(const sigset_t& set) {
    constexpr int highest = 64;
    for (int signo = 1; signo <= highest; ++signo)
      if (::sigismember(&set, signo) == 1) push_back(signo);
  }
};

struct Signals {
  SignalList blocked{};     // the signal mask. SIGKILL and SIGSTOP cannot be blocked
  SignalList to_default{};  // SIG_DFL, for those that are ignored here
  SignalList ignored{};     // SIG_IGN; neither SIGKILL nor SIGSTOP
  // The signal mask is that of the thread that starts the child, as it is when spawn() or the like is
  // called, with those in `blocked`. One more system call here, sigprocmask(2).
  bool inherit_mask = false;
  // SIG_DFL for every signal but those in `ignored` and `unchanged`. The child needs a system call
  // for each, rt_sigaction(2).
  bool all_to_default = false;
  // What is ignored here stays ignored, also SIGPIPE and SIGCHLD, and also with `all_to_default`.
  // What has a handler here is at its default in the child.
  SignalList unchanged{};
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SIGNALS_HPP
