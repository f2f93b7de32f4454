// SPDX-License-Identifier: MIT
//
// Every operation of sharing that calls the kernel, beside the raw calls.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>

#include <sysfd/create.hpp>
#include <sysfd/description.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/fd_passing.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/sealed_memory.hpp>

#include "support/pair.hpp"

namespace {

using sysfd::BorrowedFd;
using sysfd::DescriptionLock;
using sysfd::LockMode;
using sysfd_bench::add_pair;

constexpr std::size_t page = 4096;
std::array<std::byte, page> buffer;

void add_descriptions(BorrowedFd file) {
  const int number = file.get();
  constexpr int dupfd_query = 1027;
  add_pair(
      "same_description", [=] { return ::fcntl(number, dupfd_query, number); },
      [=] { return sysfd::same_description(file, file); });
  const auto reopen = [=] {
    const std::string path = "/proc/thread-self/fd/" + std::to_string(number);
    return ::close(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  };
  add_pair("reopen, close", reopen, [=] { return sysfd::reopen(file, O_RDONLY); });
  add_pair("UniqueDescription::reopen, close", reopen,
           [=] { return sysfd::UniqueDescription::reopen(file, O_RDONLY); });
  add_pair(
      "UniqueDescription::open, close",
      [] { return ::close(::open("/dev/null", O_RDONLY | O_CLOEXEC)); },
      [] { return sysfd::UniqueDescription::open(sysfd::cwd(), "/dev/null", O_RDONLY); });
  add_pair(
      "UniqueDescription::memfd, close",
      [] { return ::close(::memfd_create("bench", MFD_CLOEXEC)); },
      [] { return sysfd::UniqueDescription::memfd("bench"); });
}

int lock_raw(int number, short type, int command = F_OFD_SETLK) {
  struct flock lock{};
  lock.l_type = type;
  return ::fcntl(number, command, &lock);
}

void add_locks(BorrowedFd file) {
  const int number = file.get();
  const auto lock_and_unlock = [=](int command) {
    return [=] {
      const int own = ::fcntl(number, F_DUPFD_CLOEXEC, 3);
      lock_raw(own, F_WRLCK, command);
      lock_raw(own, F_UNLCK);
      return ::close(own);
    };
  };
  add_pair("DescriptionLock::acquire, unlock", lock_and_unlock(F_OFD_SETLKW),
           [=] { return DescriptionLock::acquire(file, LockMode::exclusive); });
  add_pair("DescriptionLock::try_acquire, unlock", lock_and_unlock(F_OFD_SETLK),
           [=] { return DescriptionLock::try_acquire(file, LockMode::exclusive); });
  add_pair(
      "DescriptionLock, upgrade, downgrade, unlock",
      [=] {
        const int own = ::fcntl(number, F_DUPFD_CLOEXEC, 3);
        lock_raw(own, F_RDLCK);
        lock_raw(own, F_WRLCK);
        lock_raw(own, F_RDLCK);
        lock_raw(own, F_UNLCK);
        return ::close(own);
      },
      [=] {
        auto lock = DescriptionLock::acquire(file, LockMode::shared);
        (void)lock->upgrade();
        (void)lock->downgrade();
        return std::move(*lock).unlock();
      });
}

// One byte and these descriptors, sent and received by hand.
int pass_raw(int from, int to, std::span<const int> fds) {
  char byte = 'x';
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 16)> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  if (::sendmsg(from, &message, MSG_NOSIGNAL) != 1) return -1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(to, &message, MSG_CMSG_CLOEXEC) != 1) return -1;
  std::array<int, 16> received{};
  if (const cmsghdr* const header = CMSG_FIRSTHDR(&message))
    std::memcpy(received.data(), CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
  for (std::size_t i = 0; i < fds.size(); ++i)
    ::close(received.at(i));
  return 0;
}

void add_passing(BorrowedFd from, BorrowedFd to, BorrowedFd file) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{3}})
    add_pair(
        "send_fds, receive_fds, close: " + std::to_string(count),
        [=] {
          const std::array<int, 3> fds{file.get(), file.get(), file.get()};
          return pass_raw(from.get(), to.get(), std::span(fds).first(count));
        },
        [=] {
          const std::array<BorrowedFd, 3> fds{file, file, file};
          const std::byte byte{};
          (void)sysfd::send_fds(from, std::span(fds).first(count), {&byte, 1});
          return sysfd::receive_fds(to, std::span(buffer).first(1), {.max_fds = count});
        });
  const auto set = [=](int option, int on) {
    return [=] { return ::setsockopt(to.get(), SOL_SOCKET, option, &on, sizeof on); };
  };
  constexpr int passpidfd = 76;
  constexpr int passrights = 83;
  add_pair("pass_credentials", set(SO_PASSCRED, 0),
           [=] { return sysfd::pass_credentials(to, false); });
  add_pair("pass_pidfd", set(passpidfd, 0), [=] { return sysfd::pass_pidfd(to, false); });
  add_pair("pass_fds", set(passrights, 1), [=] { return sysfd::pass_fds(to, true); });
}

void add_positions(sysfd::PositionedFile& file, int number) {
  add_pair(
      "read_at, a page", [=] { return ::pread(number, buffer.data(), page, 0); },
      [&] { return file.read_at(std::span(buffer), 0); });
  add_pair(
      "write_at, a page", [=] { return ::pwrite(number, buffer.data(), page, 0); },
      [&] { return file.write_at(std::as_bytes(std::span(buffer)), 0); });
  add_pair(
      "seek, read, a page",
      [=] {
        ::lseek(number, 0, SEEK_SET);
        return ::read(number, buffer.data(), page);
      },
      [&] {
        (void)file.seek(0);
        return file.read(buffer);
      });
  add_pair(
      "seek, write, a page",
      [=] {
        ::lseek(number, 0, SEEK_SET);
        return ::write(number, buffer.data(), page);
      },
      [&] {
        (void)file.seek(0);
        return file.write(buffer);
      });
  add_pair(
      "size",
      [=] {
        struct stat answer{};
        return ::fstat(number, &answer);
      },
      [&] { return file.size(); });
}

int sealed_raw(int seals, bool has_content) {
  const int made = ::memfd_create("bench", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  const bool filled = has_content ? ::write(made, buffer.data(), page) == static_cast<ssize_t>(page)
                                  : ::ftruncate(made, static_cast<off_t>(page)) == 0;
  if (!filled) return -1;
  ::fcntl(made, F_ADD_SEALS, seals);
  return ::close(made);
}

int map_raw(int number, int protection) {
  struct stat answer{};
  if (::fcntl(number, F_GET_SEALS) < 0 || ::fstat(number, &answer) != 0) return -1;
  const auto size = static_cast<std::size_t>(answer.st_size);
  void* memory = ::mmap(nullptr, size, protection, MAP_SHARED, number, 0);
  benchmark::DoNotOptimize(memory);
  return ::munmap(memory, size);
}

void add_memory(BorrowedFd sealed, BorrowedFd fixed) {
  constexpr int size_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  add_pair(
      "sealed_memfd of a page, close", [] { return sealed_raw(size_seals | F_SEAL_WRITE, true); },
      [] { return sysfd::sealed_memfd("bench", buffer); });
  add_pair(
      "fixed_memfd of a page, close", [] { return sealed_raw(size_seals, false); },
      [] { return sysfd::fixed_memfd("bench", page); });
  add_pair(
      "SealedMemory::map, unmap", [=] { return map_raw(sealed.get(), PROT_READ); },
      [=] { return sysfd::SealedMemory::map(sealed); });
  add_pair(
      "SharedMemory::map, unmap", [=] { return map_raw(fixed.get(), PROT_READ | PROT_WRITE); },
      [=] { return sysfd::SharedMemory::map(fixed); });
  add_pair(
      "SealedMemory::copy of a page, unmap",
      [=] {
        struct stat answer{};
        ::fstat(sealed.get(), &answer);
        void* const memory =
            ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (::pread(sealed.get(), memory, page, 0) != static_cast<ssize_t>(page)) return -1;
        return ::munmap(memory, page);
      },
      [=] { return sysfd::SealedMemory::copy(sealed, page); });
}

}  // namespace

int main(int argc, char** argv) {
  const auto file = *sysfd::memfd("bench");
  if (::ftruncate(file.get(), page) != 0) return 2;
  const auto sockets = *sysfd::socket_pair(SOCK_STREAM);
  const auto sealed = *sysfd::sealed_memfd("bench", buffer);
  const auto fixed = *sysfd::fixed_memfd("bench", page);
  sysfd::PositionedFile positioned(*file.duplicate());
  add_descriptions(file);
  add_locks(file);
  add_passing(sockets.first, sockets.second, file);
  add_positions(positioned, file.get());
  add_memory(sealed, fixed);
  return sysfd_bench::run_pairs(argc, argv);
}
