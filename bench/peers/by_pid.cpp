// SPDX-License-Identifier: MIT
#include "peers/by_pid.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sysfd_bench {

std::vector<Move> in_safe_order(std::vector<Passed> passed) {
  std::vector<Move> moves;
  int aside = 0;
  for (const Passed& each : passed)
    aside = std::max({aside, each.source + 1, each.number + 1});
  while (!passed.empty()) {
    const auto free = std::ranges::find_if(passed, [&](const Passed& each) {
      return std::ranges::none_of(passed, [&](const Passed& other) {
        return &other != &each && other.source == each.number;
      });
    });
    if (free != passed.end()) {
      moves.push_back({free->source, free->number, false});
      passed.erase(free);
      continue;
    }
    const int source = passed.front().source;
    moves.push_back({source, aside, true});
    for (Passed& each : passed)
      if (each.source == source) each.source = aside;
    ++aside;
  }
  return moves;
}

int above_all(const std::vector<Move>& moves) {
  int above = 3;
  for (const Move& move : moves)
    if (!move.aside) above = std::max(above, move.number + 1);
  return above;
}

bool do_moves(const std::vector<Move>& moves) noexcept {
  for (const Move& move : moves) {  // NOLINT(modernize-loop-convert)
    const int done = move.source == move.number
                         ? ::fcntl(move.source, F_SETFD, 0)
                         : ::dup3(move.source, move.number, move.aside ? O_CLOEXEC : 0);
    if (done < 0) return false;
  }
  return true;
}

void ArgumentVector::assign(const Request& request) {
  strings_ = {request.program};
  strings_.insert(strings_.end(), request.arguments.begin(), request.arguments.end());
  pointers_.clear();
  for (std::string& each : strings_)
    pointers_.push_back(each.data());
  pointers_.push_back(nullptr);
}

int wait_for_pid(pid_t pid) {
  if (pid <= 0) return ECHILD;
  int status = 0;
  pid_t answer = 0;
  do
    answer = ::waitpid(pid, &status, 0);
  while (answer < 0 && errno == EINTR);
  if (answer < 0) return errno;
  return status == 0 ? 0 : ECANCELED;
}

int StarterByPid::prepare(const Request& request) {
  arguments_.assign(request);
  moves_ = in_safe_order(request.passed);
  return 0;
}

int StarterByPid::start_by_vfork() {
  // Read before: what the child writes to its stack the parent sees.
  const std::vector<Move>& moves_of_child = moves_;
  char** const argv = arguments_.get();
  const pid_t child = ::vfork();
  if (child < 0) return errno;
  if (child == 0) {
    if (do_moves(moves_of_child)) ::execve(argv[0], argv, ::environ);
    ::_exit(127);
  }
  started(child);
  return 0;
}

int StarterByPid::wait() {
  return wait_for_pid(next());
}

}  // namespace sysfd_bench
