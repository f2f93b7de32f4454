// SPDX-License-Identifier: MIT
//
// Open file descriptions, positioned files and locks; memory and messages are in
// sharing_memory.cpp.
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/description.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/positioned_file.hpp>

#include "counts/operation.hpp"

namespace sysfd_bench {
namespace {

using sysfd::DescriptionLock;
using sysfd::LockMode;
using sysfd::OwnedFd;
using sysfd::PositionedFile;
using sysfd::UniqueDescription;

constexpr std::size_t file_size = 4096;

// A file of some size, open for reading and writing.
OwnedFd make_file() {
  auto file = require(sysfd::memfd("counts"), "memfd_create");
  checked(::ftruncate(file.get(), file_size));
  return file;
}

const OwnedFd& file() {
  static const OwnedFd made = make_file();
  return made;
}

// With the same care: nothing is opened that may not be /proc's.
RawFd reopen_raw(int fd) {
  checked(::fcntl(fd, F_GETFD));
  const RawFd proc(::openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct statfs file_system;
  checked(::fstatfs(proc.number, &file_system));
  if (file_system.f_type != PROC_SUPER_MAGIC) give_up("not /proc");
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  const RawFd numbers(::syscall(SYS_openat2, proc.number, "thread-self/fd", &how, sizeof how));
  std::array<char, 16> name;
  std::snprintf(name.data(), name.size(), "%d", fd);
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  (void)RawFd(::syscall(SYS_openat2, numbers.number, name.data(), &how, sizeof how));
  return RawFd(::openat(numbers.number, name.data(), O_RDONLY | O_CLOEXEC));
}

void add_descriptions(Operations& operations) {
  static const OwnedFd& left = file();
  static const OwnedFd right = require(left.duplicate(), "dup");
  static const int raw_left = left.get();
  static const int raw_right = right.get();
  operations.push_back(compare(
      "sharing: same_description",
      [] {
        constexpr int dupfd_query = 1027;
        return checked(::fcntl(raw_left, dupfd_query, raw_right)) == 1;
      },
      [] { return sysfd::same_description(left, right); }));
  operations.push_back(compare(
      "sharing: reopen", [] { return reopen_raw(raw_left); },
      [] { return sysfd::reopen(left, O_RDONLY); }));
  operations.push_back(compare(
      "sharing: UniqueDescription::open",
      [] { return RawFd(::openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC)); },
      [] { return UniqueDescription::open(sysfd::cwd(), "/dev/null", O_RDONLY); }));
  operations.push_back(compare(
      "sharing: UniqueDescription::reopen", [] { return reopen_raw(raw_left); },
      [] { return UniqueDescription::reopen(left, O_RDONLY); }));
  operations.push_back(compare(
      "sharing: UniqueDescription::memfd",
      [] { return RawFd(::memfd_create("counts", MFD_CLOEXEC)); },
      [] { return UniqueDescription::memfd("counts"); }));
}

// The raw twin keeps its position too.
std::uint64_t raw_position = 0;

std::size_t read_raw(int fd, std::span<std::byte> buffer) {
  const iovec vector{buffer.data(), buffer.size()};
  const long count = checked(::preadv2(fd, &vector, 1, static_cast<off_t>(raw_position), 0));
  raw_position += static_cast<std::uint64_t>(count);
  return static_cast<std::size_t>(count);
}

std::size_t write_raw(int fd, std::span<const std::byte> data, off_t position, int flags) {
  const iovec vector{const_cast<std::byte*>(data.data()), data.size()};
  return static_cast<std::size_t>(checked(::pwritev2(fd, &vector, 1, position, flags)));
}

void add_files(Operations& operations) {
  constexpr int rwf_append = 0x10, rwf_noappend = 0x20;
  static std::array<std::byte, 64> buffer{};
  static PositionedFile ours(make_file());
  static const int raw = file().get();
  const Around from_start{.before = [] {
    raw_position = 0;
    require(ours.seek(0), "seek");
  }};
  const auto write_on = [] {
    raw_position += write_raw(raw, buffer, static_cast<off_t>(raw_position), rwf_noappend);
  };
  operations.push_back(compare(
      "sharing: PositionedFile::read", [] { return read_raw(raw, buffer); },
      [] { return ours.read(buffer); }, from_start));
  operations.push_back(compare(
      "sharing: PositionedFile::read_exact",
      [] {
        for (std::span<std::byte> left = buffer; !left.empty();) {
          const std::size_t count = read_raw(raw, left);
          if (count == 0) give_up("end of file");
          left = left.subspan(count);
        }
      },
      [] { return ours.read_exact(buffer); }, from_start));
  operations.push_back(compare(
      "sharing: PositionedFile::read_at",
      [] { return checked(::pread(raw, buffer.data(), buffer.size(), 64)); },
      [] { return ours.read_at(std::span(buffer), 64); }));
  operations.push_back(compare(
      "sharing: PositionedFile::size",
      [] {
        struct stat status;
        checked(::fstat(raw, &status));
        return status.st_size;
      },
      [] { return ours.size(); }));
  operations.push_back(compare(
      "sharing: PositionedFile::write", write_on, [] { return ours.write(buffer); }, from_start));
  operations.push_back(compare(
      "sharing: PositionedFile::write_all", write_on, [] { return ours.write_all(buffer); },
      from_start));
  operations.push_back(compare(
      "sharing: PositionedFile::write_at", [] { return write_raw(raw, buffer, 64, rwf_noappend); },
      [] { return ours.write_at(std::span<const std::byte>(buffer), 64); }));
  operations.push_back(compare(
      "sharing: PositionedFile::append", [] { return write_raw(raw, buffer, 0, rwf_append); },
      [] { return ours.append(buffer); }));
  operations.push_back(
      alone("sharing: PositionedFile::seek", [] { return ours.seek(100); }, from_start));
  operations.push_back(compare(
      "sharing: PositionedFile::seek from the end",
      [] {
        struct stat status;
        checked(::fstat(raw, &status));
        if (!S_ISREG(status.st_mode)) give_up("no regular file");
        raw_position = static_cast<std::uint64_t>(status.st_size);
      },
      [] { return ours.seek(0, sysfd::SeekFrom::end); }, from_start));
}

int raw_lock = -1;  // a duplicate that a lock is held by

// All of a file, by F_OFD_SETLK or F_OFD_SETLKW.
void lock_raw(int how, short type) {
  const int raw = raw_lock >= 0 ? raw_lock : file().get();
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  while (::fcntl(raw, how, &lock) != 0)
    if (errno != EINTR) give_up("fcntl");
}

void add_locks(Operations& operations) {
  constexpr int setlk = 37, setlkw = 38;  // F_OFD_SETLK, F_OFD_SETLKW
  static std::optional<DescriptionLock> held;
  const auto lock = [](int how) {
    return [how] {
      raw_lock = static_cast<int>(checked(::fcntl(file().get(), F_DUPFD_CLOEXEC, 3)));
      lock_raw(how, F_WRLCK);
    };
  };
  const auto unlock = [] {
    lock_raw(setlk, F_UNLCK);
    ::close(std::exchange(raw_lock, -1));
  };
  const auto hold = [](LockMode mode) {
    return [mode] { held = require(DescriptionLock::acquire(file(), mode), "lock"); };
  };
  const Around shared{.before = hold(LockMode::shared), .after = [] { held.reset(); }};
  const Around exclusive{.before = hold(LockMode::exclusive), .after = [] { held.reset(); }};
  const auto raw = [](int how, short type) { return [=] { lock_raw(how, type); }; };

  operations.push_back(
      {"sharing: DescriptionLock::acquire", task(lock(setlkw), {.after = unlock}),
       task([] { return DescriptionLock::acquire(file(), LockMode::exclusive); })});
  operations.push_back(
      {"sharing: DescriptionLock::try_acquire", task(lock(setlk), {.after = unlock}),
       task([] { return DescriptionLock::try_acquire(file(), LockMode::exclusive); })});
  operations.push_back(
      {"sharing: DescriptionLock::try_acquire_for", task(lock(setlk), {.after = unlock}), task([] {
         return DescriptionLock::try_acquire_for(file(), LockMode::exclusive,
                                                 std::chrono::seconds(1));
       })});
  operations.push_back(compare(
      "sharing: DescriptionLock::upgrade", raw(setlkw, F_WRLCK), [] { return held->upgrade(); },
      shared));
  operations.push_back(compare(
      "sharing: DescriptionLock::try_upgrade", raw(setlk, F_WRLCK),
      [] { return held->try_upgrade(); }, shared));
  operations.push_back(compare(
      "sharing: DescriptionLock::downgrade", raw(setlkw, F_RDLCK), [] { return held->downgrade(); },
      exclusive));
  operations.push_back({"sharing: DescriptionLock::unlock", task(unlock, {.before = lock(setlk)}),
                        task([] { return std::move(*held).unlock(); }, exclusive)});
  operations.push_back({"sharing: ~DescriptionLock", task(unlock, {.before = lock(setlk)}),
                        task([] { held.reset(); }, exclusive)});
}

}  // namespace

void add_sharing(Operations& operations) {
  add_descriptions(operations);
  add_files(operations);
  add_locks(operations);
  add_sharing_memory(operations);
}

}  // namespace sysfd_bench
