// SPDX-License-Identifier: MIT
//
// Defines what a test tells the program sharing_holder to do, and the reply: one message each.
#ifndef SYSFD_TESTS_SHARING_ORDERS_HPP
#define SYSFD_TESTS_SHARING_ORDERS_HPP

namespace sysfd_test {

enum class Do {
  read,           // reads `a` bytes at the description's offset: the reply has them
  write,          // writes the text
  append_many,    // writes the text `a` times, each time with pwritev2(RWF_APPEND)
  seek,           // lseek to `a`, from `b`
  add_flags,      // F_SETFL: adds `a`
  clear_flags,    // F_SETFL: removes `a`
  open,           // opens the file with this name with the flags `a`, and uses it from now on
  lock,           // F_OFD_SETLK: type `a`, `b` bytes from `c`
  lock_waiting,   // F_OFD_SETLKW
  process_lock,   // F_SETLK: type `a`, `b` bytes from `c`
  who_locks,      // F_OFD_GETLK: the type of the conflicting lock
  watch_locks,    // repeats that until the next order: how often there was no conflict
  file_lock,      // flock: operation `a`
  truncate,       // truncates to `a` bytes
  punch,          // fallocate: makes a hole from 0 to `a`
  add_seals,      // F_ADD_SEALS: `a`
  map_and_write,  // a shared writable mapping of `a` bytes, whose first becomes 'X'
  send,           // sends the text and `a` copies of its descriptor over its socket
  send_nothing,   // sends no byte and `a` descriptors over its socket
  close,          // closes its descriptor and its socket
  exit,
};

struct Order {
  Do what;
  long a = 0;
  long b = 0;
  long c = 0;
  char text[256] = {};
};

struct Reply {
  long value = 0;  // the result of the call, or -errno
  char text[256] = {};
};

// The program is started with these descriptors.
inline constexpr int order_number = 3;        // the socket for orders
inline constexpr int description_number = 4;  // the description
inline constexpr int socket_number = 5;       // a socket to send to

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SHARING_ORDERS_HPP
