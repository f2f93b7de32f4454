// SPDX-License-Identifier: MIT
//
// Starts a process to which sysfd::Command passes an open file description of ours, and which does
// what the test says: holder.cpp.
#ifndef SYSFD_TESTS_SHARING_SECOND_HOLDER_HPP
#define SYSFD_TESTS_SHARING_SECOND_HOLDER_HPP

#include <fcntl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "sharing/orders.hpp"
#include "support/programs.hpp"

namespace sysfd_test {

class SecondHolder {
 public:
  // Passes /dev/null if there is no description, or no socket to send to.
  explicit SecondHolder(std::optional<BorrowedFd> description = std::nullopt,
                        std::optional<BorrowedFd> socket = std::nullopt)
      : sockets_(must(socket_pair(SOCK_SEQPACKET))),
        null_(must(sysfd::open(cwd(), "/dev/null", O_RDWR))) {
    Command command(path());
    command.pass(std::move(sockets_.second), order_number);
    command.pass(description.value_or(null_), description_number);
    command.pass(socket.value_or(null_), socket_number);
    child_.emplace(must(command.spawn()));
  }

  // Returns the result of the call, or -errno.
  long operator()(Do what, long a = 0, long b = 0, long c = 0) {
    return order({.what = what, .a = a, .b = b, .c = c});
  }
  long operator()(Do what, std::string_view text, long a = 0) {
    return order(with_text(what, text, a));
  }
  // Returns the bytes that it reads.
  std::string read(std::size_t size) {
    const long got = (*this)(Do::read, static_cast<long>(size));
    return got < 0 ? "error" : std::string(answer_.text, static_cast<std::size_t>(got));
  }

  // Sends the order without waiting: the test can do something else meanwhile.
  void begin(const Order& order) const {
    if (::send(sockets_.first.get(), &order, sizeof order, MSG_NOSIGNAL) != sizeof order)
      std::abort();
  }
  long end() {
    if (::recv(sockets_.first.get(), &answer_, sizeof answer_, 0) != sizeof answer_) std::abort();
    return answer_.value;
  }
  // Ends what runs until the next order; that order has no effect.
  long stop() {
    begin({.what = Do::who_locks});
    const long reply = end();
    end();
    return reply;
  }

  // Waits until it has read its order and is blocked in the kernel.
  void wait_until_blocked() const {
    for (int unread = 1; unread != 0; ::sched_yield())
      if (::ioctl(sockets_.first.get(), SIOCOUTQ, &unread) != 0) std::abort();
    const std::string name = "/proc/" + std::to_string(child_->pid()) + "/stat";
    for (std::string state; state != "S"; ::sched_yield()) {
      std::ifstream file(name);
      std::string number;
      std::string program;
      if (!(file >> number >> program >> state)) std::abort();
    }
  }

  pid_t pid() const { return child_->pid(); }
  const PidFd& pidfd() const { return child_->pidfd(); }

  // Lets it end by itself, and reaps it.
  void exit() {
    begin({.what = Do::exit});
    wait();
  }
  void wait() { (void)must(child_->wait()); }

  static std::string path() { return program_path("sharing_holder"); }

  static Order with_text(Do what, std::string_view text, long a = 0) {
    Order order{.what = what, .a = a};
    if (text.size() >= sizeof order.text) std::abort();
    std::memcpy(order.text, text.data(), text.size());
    return order;
  }

 private:
  long order(const Order& order) {
    begin(order);
    return end();
  }

  SocketPair sockets_;
  OwnedFd null_;
  Reply answer_{};
  std::optional<Child> child_;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SHARING_SECOND_HOLDER_HPP
