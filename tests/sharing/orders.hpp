// SPDX-License-Identifier: MIT
//
// What a test tells the program sharing_holder to do, and what comes back: one message each.
#ifndef SYSFD_TESTS_SHARING_ORDERS_HPP
#define SYSFD_TESTS_SHARING_ORDERS_HPP

namespace sysfd_test {

enum class Do {
  read,          // `a` bytes at the description's offset: the answer has them
  write,         // the text
  append_many,   // `a` times the text, each with pwritev2(RWF_APPEND)
  seek,          // lseek to `a`, from `b`
  add_flags,     // F_SETFL: also `a`
  clear_flags,   // F_SETFL: not `a`
  open,          // from now on it has the file named by the text, opened with the flags `a`
  lock,          // F_OFD_SETLK: type `a`, `b` bytes from `c`
  lock_waiting,  // F_OFD_SETLKW
  who_locks,     // F_OFD_GETLK, whether it could lock: the type of the lock that is in the way
  watch_locks,   // does that again and again until the next order: how often nothing was in the way
  file_lock,     // flock: operation `a`
  truncate,      // to `a` bytes
  punch,         // fallocate: no bytes from 0 to `a`
  add_seals,     // F_ADD_SEALS: `a`
  map_and_write,  // a shared writable mapping of `a` bytes, whose first becomes 'X'
  send,           // over its socket, the text and `a` descriptors of what it holds
  send_nothing,   // over its socket, no byte and `a` descriptors
  close,          // what it holds, and its socket
  exit,
};

struct Order {
  Do what;
  long a = 0;
  long b = 0;
  long c = 0;
  char text[256] = {};
};

struct Answer {
  long value = 0;  // of the call, or -errno
  char text[256] = {};
};

// What the program is started with.
inline constexpr int order_number = 3;   // the socket that orders come from
inline constexpr int held_number = 4;    // the description that it holds too
inline constexpr int socket_number = 5;  // a socket to send to

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SHARING_ORDERS_HPP
