// SPDX-License-Identifier: MIT
//
// The program that the tests of sharing start: another process that has a copy of an open file
// description, and executes orders on it with plain system calls. second_holder.hpp is the other
// side.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sharing/orders.hpp"

namespace sysfd_test {
namespace {

long answer_of(long returned) {
  return returned == -1 ? -errno : returned;
}

struct flock lock_of(const Order& order) {
  struct flock lock{};
  lock.l_type = static_cast<short>(order.a);
  lock.l_whence = SEEK_SET;
  lock.l_start = order.c;
  lock.l_len = order.b;
  return lock;
}

long lock(const Order& order, int how) {
  struct flock lock = lock_of(order);
  long reply = 0;
  do
    reply = answer_of(::fcntl(description_number, how, &lock));
  while (reply == -EINTR);
  return reply;
}

long who_locks(const Order& order) {
  struct flock lock = lock_of(order);
  if (::fcntl(description_number, F_OFD_GETLK, &lock) == -1) return -errno;
  return lock.l_type;
}

long watch_locks(const Order& order) {
  long free = 0;
  char byte = 0;
  while (::recv(order_number, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == -1)
    if (who_locks(order) == F_UNLCK) ++free;
  return free;
}

long open_file(const Order& order) {
  const int fd = ::open(order.text, static_cast<int>(order.a) | O_CLOEXEC);
  if (fd == -1) return -errno;
  const long reply = answer_of(::dup3(fd, description_number, O_CLOEXEC));
  ::close(fd);
  return reply;
}

long append_many(const Order& order) {
  iovec data{const_cast<char*>(order.text), std::strlen(order.text)};
  for (long i = 0; i < order.a; ++i)
    if (const long got = answer_of(::pwritev2(description_number, &data, 1, 0, RWF_APPEND));
        got != static_cast<long>(data.iov_len))
      return got;
  return 0;
}

long map_and_write(const Order& order) {
  const auto size = static_cast<std::size_t>(order.a);
  void* const start =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, description_number, 0);
  if (start == MAP_FAILED) return -errno;
  *static_cast<char*>(start) = 'X';
  ::munmap(start, size);
  return 0;
}

long send(const Order& order, std::size_t size) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 253)] = {};
  iovec data{const_cast<char*>(order.text), size};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (order.a > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * static_cast<std::size_t>(order.a));
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * static_cast<std::size_t>(order.a));
    for (long i = 0; i < order.a; ++i)
      std::memcpy(CMSG_DATA(header) + static_cast<std::size_t>(i) * sizeof(int),
                  &description_number, sizeof(int));
  }
  return answer_of(::sendmsg(socket_number, &message, MSG_NOSIGNAL));
}

long obey(const Order& order, Reply& reply) {
  switch (order.what) {
    case Do::read:
      return answer_of(::read(description_number, reply.text, static_cast<std::size_t>(order.a)));
    case Do::write:
      return answer_of(::write(description_number, order.text, std::strlen(order.text)));
    case Do::append_many: return append_many(order);
    case Do::seek:
      return answer_of(::lseek(description_number, order.a, static_cast<int>(order.b)));
    case Do::add_flags:
      return answer_of(
          ::fcntl(description_number, F_SETFL, ::fcntl(description_number, F_GETFL) | order.a));
    case Do::clear_flags:
      return answer_of(
          ::fcntl(description_number, F_SETFL, ::fcntl(description_number, F_GETFL) & ~order.a));
    case Do::open: return open_file(order);
    case Do::lock: return lock(order, F_OFD_SETLK);
    case Do::lock_waiting: return lock(order, F_OFD_SETLKW);
    case Do::process_lock: return lock(order, F_SETLK);
    case Do::who_locks: return who_locks(order);
    case Do::watch_locks: return watch_locks(order);
    case Do::file_lock: return answer_of(::flock(description_number, static_cast<int>(order.a)));
    case Do::truncate: return answer_of(::ftruncate(description_number, order.a));
    case Do::punch:
      return answer_of(
          ::fallocate(description_number, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, order.a));
    case Do::add_seals: return answer_of(::fcntl(description_number, F_ADD_SEALS, order.a));
    case Do::map_and_write: return map_and_write(order);
    case Do::send: return send(order, std::strlen(order.text));
    case Do::send_nothing: return send(order, 0);
    case Do::close: ::close(socket_number); return answer_of(::close(description_number));
    case Do::exit: break;
  }
  ::_exit(0);
}

}  // namespace
}  // namespace sysfd_test

// Ends when the socket for orders is closed.
int main() {
  sysfd_test::Order order{};
  while (::read(sysfd_test::order_number, &order, sizeof order) == sizeof order) {
    sysfd_test::Reply reply;
    reply.value = sysfd_test::obey(order, reply);
    if (::write(sysfd_test::order_number, &reply, sizeof reply) != sizeof reply) return 1;
  }
}
