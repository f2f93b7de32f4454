// SPDX-License-Identifier: MIT
//
// Declares what the code in adapters/README.md may use without declaring it: see
// tests/family/extract_snippets.py. That code is compiled, with all loops, and not run.
#ifndef SYSFD_TESTS_ADAPTERS_LOOPS_SNIPPETS_HPP
#define SYSFD_TESTS_ADAPTERS_LOOPS_SNIPPETS_HPP

#include <liburing.h>

#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <coroutine>
#include <stop_token>
#include <utility>

#include <sysfd/adapters/asio.hpp>
#include <sysfd/adapters/coroutine.hpp>
#include <sysfd/adapters/epoll.hpp>
#include <sysfd/adapters/glib.hpp>
#include <sysfd/adapters/io_uring.hpp>
#include <sysfd/adapters/libuv.hpp>
#include <sysfd/adapters/sd_event.hpp>
#include <sysfd/adapters/sender.hpp>
#include <sysfd/command.hpp>

#include "family/stand_ins.hpp"

namespace sysfd_snippets {

// The coroutines of the reader's program.
struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

struct Receiver {
  void set_value(const sysfd::Result<sysfd::ExitStatus>&) noexcept {}
  void set_stopped() noexcept {}
};

struct Given {
  sysfd::Result<sysfd::Child, sysfd::SpawnError>& child;
  sysfd::EpollSet& loop;
  sd_event* event;
  io_uring& ring;
  const io_uring_cqe& completion;
  Receiver receiver;
  void (*handler)(sysfd::AwaitedEnd);
};

// In a function of the reader's program, which returns nothing.
namespace definitions {

using namespace std::chrono_literals;

template <class Error>
void fail(const Error&) {}

}  // namespace definitions
}  // namespace sysfd_snippets

#define SYSFD_NAMES_OF_SNIPPETS         \
  using namespace std::chrono_literals; \
  [[maybe_unused]] auto& [child, loop, event, ring, completion, receiver, handler] = has;

#endif  // SYSFD_TESTS_ADAPTERS_LOOPS_SNIPPETS_HPP
