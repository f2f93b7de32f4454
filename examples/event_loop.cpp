// SPDX-License-Identifier: MIT
//
// An event loop of one's own, with epoll(7), that runs programs: each line of standard input is a
// command of the shell, which starts at once and may run for as long as the first argument says.
// The loop does not block in any start or end. Prints how each command has ended.
//
//     printf 'sleep 1; exit 3\nfalse\n' | event_loop 2000
#include <sys/epoll.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <sysfd/adapters/epoll.hpp>
#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

namespace {

// The loop: a function for each descriptor. The children are one of them.
class EventLoop {
 public:
  void watch(sysfd::BorrowedFd fd, std::function<void()> on_ready) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd.get()}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) < 0) std::exit(2);
    on_ready_[fd.get()] = std::move(on_ready);
  }

  void turn() {
    epoll_event event{};
    if (::epoll_wait(epoll_.get(), &event, 1, -1) != 1) return;
    const int fd = event.data.fd;  // The event is packed: no reference to its members is aligned.
    if (const auto found = on_ready_.find(fd); found != on_ready_.end())
      std::function(found->second)();
  }

 private:
  sysfd::OwnedFd epoll_ = sysfd::OwnedFd::from_syscall(::epoll_create1(EPOLL_CLOEXEC)).or_throw();
  std::map<int, std::function<void()>> on_ready_;
};

// One command, from its start to its end.
class Job {
 public:
  Job(std::string line, sysfd::EpollSet& children, sysfd::Timeout limit)
      : line_(std::move(line)), children_(children), limit_(limit) {
    // Contained: what the shell has started ends with it.
    auto pending = sysfd::Command::shell(line_)
                       .stdin_from(sysfd::Stdio::null())
                       .contain()
                       .spawn_async(sysfd::Confirmation::by_descriptor);
    start_ = sysfd::await_start(children_, std::move(pending).or_throw(), limit_,
                                [this](sysfd::AwaitedStart start) { on_start(std::move(start)); });
    (void)start_->or_throw();
  }
  bool is_done() const { return done_; }

 private:
  void on_start(sysfd::AwaitedStart start) {
    if (!start.child) return tell(start.child.error().describe());
    end_ = sysfd::await_end(children_, std::move(*start.child), limit_,
                            [this](sysfd::AwaitedEnd end) { on_end(std::move(end)); });
    if (!*end_) tell(end_->error().message());
  }

  void on_end(sysfd::AwaitedEnd end) {
    if (end.status) return tell(to_string(*end.status));
    tell(end.status.error().message());  // the child is killed here: it is not kept
  }

  void tell(const std::string& what) {
    std::cout << line_ << ": " << what << '\n' << std::flush;
    done_ = true;
  }

  std::string line_;
  sysfd::EpollSet& children_;
  sysfd::Timeout limit_;
  std::optional<sysfd::Result<sysfd::StartWait>> start_;
  std::optional<sysfd::Result<sysfd::EndWait>> end_;
  bool done_ = false;
};

}  // namespace

int main(int argc, char** argv) try {
  const std::chrono::milliseconds limit(argc > 1 ? std::stol(argv[1]) : 10'000);
  auto children = sysfd::EpollSet::make().or_throw();
  std::list<Job> jobs;
  EventLoop loop;
  loop.watch(children.fd(), [&] {
    (void)children.dispatch().or_throw();
    std::erase_if(jobs, [](const Job& job) { return job.is_done(); });
  });
  for (std::string line; std::getline(std::cin, line);)
    jobs.emplace_back(line, children, limit);
  while (!jobs.empty())
    loop.turn();
} catch (const std::exception& error) {
  std::cerr << "event_loop: " << error.what() << '\n';
  return 2;
}
