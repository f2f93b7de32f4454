// SPDX-License-Identifier: MIT
//
// The C interface to the files and locks of sharing.
#include <fcntl.h>
#include <sys/file.h>

#include <array>

#include "faults/capi_rows.hpp"

namespace sysfd_test {
namespace {

constexpr std::string_view digits = "0123456789";

// A file that holds the digits, and an object of the same description.
struct Digits {
  Scratch scratch;
  CFile file;
  Digits() {
    if (::write(scratch.file.get(), digits.data(), digits.size()) != ssize_t{digits.size()})
      std::abort();
    file = made<CFile>([&](auto out) {
      return sysfd_positioned_file_take(must(scratch.file.duplicate()).release(), 0, out);
    });
  }
};

void add_files(CRows& rows) {
  rows.makes(
      "positioned_file_take", sysfd_positioned_file_free, [] { return some_file().release(); },
      [](int fd, auto out) { return sysfd_positioned_file_take(fd, 0, out); });
  rows.makes("positioned_file_open", sysfd_positioned_file_free, no_subject, [](int, auto out) {
    return sysfd_positioned_file_open(SYSFD_CWD, "/etc/passwd", O_RDONLY, 0, out);
  });
  rows.makes("positioned_file_memfd", sysfd_positioned_file_free, no_subject,
             [](int, auto out) { return sysfd_positioned_file_memfd("name", 0, out); });
  // EOPNOTSUPP: there is no procfs.
  rows.makes("positioned_file_reopen", sysfd_positioned_file_free, some_file,
             [](const OwnedFd& file, auto out) {
               return sysfd_positioned_file_reopen(file.get(), O_RDWR, out);
             },
             {{SYS_openat, ENOENT, EOPNOTSUPP}});
  rows.frees("positioned_file_free", [] {
    return made<CFile>([](auto out) { return sysfd_positioned_file_memfd("name", 0, out); });
  });

  // Afterwards, the file has this content.
  const auto add = [&](const char* name, auto call, std::string_view content = digits) {
    rows.add(
        std::string("positioned_file_") + name,
        [=](CSweep& sweep) {
          if (const Digits tried; call(tried.file.get()) == -EOPNOTSUPP)
            return sweep.skip("needs a flag of preadv2 or pwritev2");
          const Digits it;
          const std::int64_t code = sweep([&] { return call(it.file.get()); });
          const int fd = it.scratch.file.get();
          sweep.check(content_of(fd) == (code < 0 ? digits : content), "the content");
          sweep.check(::lseek(fd, 0, SEEK_CUR) == 10, "the offset");
        },
        of_writes);
  };
  static std::array<char, 4> buffer;
  static const std::array<sysfd_bytes, 2> parts{
      {{buffer.data(), 1}, {buffer.data() + 1, buffer.size() - 1}}};
  static char text[] = "ab";
  static const std::array<sysfd_bytes, 2> texts{{{text, 1}, {text + 1, 1}}};
  add("read",
      [](auto* file) { return sysfd_positioned_file_read(file, buffer.data(), buffer.size(), 0); });
  add("read_exact", [](auto* file) {
    return sysfd_positioned_file_read_exact(file, buffer.data(), buffer.size());
  });
  add("read_at", [](auto* file) {
    return sysfd_positioned_file_read_at(file, buffer.data(), buffer.size(), 2, 0);
  });
  add("read_at, nowait", [](auto* file) {
    const auto size =
        sysfd_positioned_file_read_at(file, buffer.data(), buffer.size(), 2, SYSFD_READ_NOWAIT);
    return size == -EAGAIN ? 4 : size;
  });
  add("readv_at", [](auto* file) {
    return sysfd_positioned_file_readv_at(file, parts.data(), parts.size(), 2, 0);
  });
  add("read_exact_at", [](auto* file) {
    return sysfd_positioned_file_read_exact_at(file, buffer.data(), buffer.size(), 2);
  });
  add("write", [](auto* file) { return sysfd_positioned_file_write(file, text, 2); }, "ab23456789");
  add(
      "write_all", [](auto* file) { return sysfd_positioned_file_write_all(file, text, 2); },
      "ab23456789");
  add(
      "append", [](auto* file) { return sysfd_positioned_file_append(file, text, 2); },
      "0123456789ab");
  add(
      "write_at", [](auto* file) { return sysfd_positioned_file_write_at(file, text, 2, 3); },
      "012ab56789");
  add(
      "write_all_at",
      [](auto* file) { return sysfd_positioned_file_write_all_at(file, text, 2, 3); },
      "012ab56789");
  add(
      "writev_at",
      [](auto* file) {
        return sysfd_positioned_file_writev_at(file, texts.data(), texts.size(), 3);
      },
      "012ab56789");
  add("seek", [](auto* file) { return sysfd_positioned_file_seek(file, -2, SYSFD_SEEK_END); });
  add("size", [](auto* file) { return sysfd_positioned_file_size(file); });
  add("truncate", [](auto* file) { return sysfd_positioned_file_truncate(file, 3); }, "012");
  add("sync", [](auto* file) { return sysfd_positioned_file_sync(file, 0); });
  add("sync, data only",
      [](auto* file) { return sysfd_positioned_file_sync(file, SYSFD_SYNC_DATA_ONLY); });
}

// What there is of each kind of lock. The last two tell whether another may have it.
template <class Lock>
struct LockFunctions {
  std::string kind;
  void (*free)(Lock* lock);
  int (*acquire)(int fd, int mode, Lock** lock);
  int (*try_acquire)(int fd, int mode, Lock** lock);
  int (*try_acquire_for)(int fd, int mode, const sysfd_timeout* timeout, Lock** lock);
  int (*adopt_take)(int fd, int mode, Lock** lock);
  int (*upgrade)(Lock* lock);
  int (*try_upgrade)(Lock* lock);
  int (*try_upgrade_for)(Lock* lock, const sysfd_timeout* timeout);
  int (*downgrade)(Lock* lock);
  int (*mode)(const Lock* lock);
  int (*unlock)(Lock* lock);
  int (*release)(Lock* lock);
  bool (*can_share)(const Scratch& scratch);
  bool (*can_exclude)(const Scratch& scratch);
};

template <class Lock>
void add_locks(CRows& rows, const LockFunctions<Lock>& of) {
  constexpr int shared = SYSFD_LOCK_SHARED, exclusive = SYSFD_LOCK_EXCLUSIVE;
  static const sysfd_timeout second = timeout_of(1'000'000'000), soon = timeout_of(1'000'000);
  const auto locked = [=](const OwnedFd& file, int mode) {
    Lock* lock = nullptr;
    need(of.acquire(file.get(), mode, &lock));
    return lock;
  };
  const auto acquires = [&](const std::string& name, auto acquire) {
    rows.add(of.kind + name, [=](CSweep& sweep) {
      const Scratch scratch;
      Lock* lock = nullptr;
      const int code = sweep([&] { return acquire(scratch.file.get(), &lock); });
      sweep.check(of.can_share(scratch) == !lock, "wrongly locked, or not");
      free_made(sweep, code, lock, of.free);
      sweep.check(of.can_exclude(scratch), "still locked");
    });
  };
  acquires("acquire", [=](int file, Lock** lock) { return of.acquire(file, exclusive, lock); });
  acquires("try_acquire",
           [=](int file, Lock** lock) { return of.try_acquire(file, exclusive, lock); });
  acquires("try_acquire_for", [=](int file, Lock** lock) {
    return of.try_acquire_for(file, exclusive, &second, lock);
  });
  rows.add(of.kind + "try_acquire_for of a locked file", [=](CSweep& sweep) {
    const Scratch scratch;
    const OwnedFd other = scratch.other();
    Lock *const held = locked(other, exclusive), *none = nullptr;
    (void)sweep([&] {
      return expect_code(of.try_acquire_for(scratch.file.get(), exclusive, &soon, &none),
                         ETIMEDOUT);
    });
    sweep.check(!none && !of.can_share(scratch), "not locked");
    of.free(held);
  });
  rows.add(of.kind + "adopt_take", [=](CSweep& sweep) {
    const Scratch scratch;
    Lock *const emptied = locked(scratch.file, exclusive), *lock = nullptr;
    const int fd = of.release(emptied);
    of.free(emptied);
    const int code = sweep([&] { return of.adopt_take(fd, exclusive, &lock); });
    if (lock) sweep.check(!of.can_share(scratch), "not locked");
    free_made(sweep, code, lock, of.free);
  });
  const auto changes = [&](const std::string& name, int from, int to, auto change) {
    rows.add(of.kind + name, [=](CSweep& sweep) {
      const Scratch scratch;
      Lock* const lock = locked(scratch.file, from);
      const int code = sweep([&] { return change(lock); });
      const int mode = code < 0 ? from : to;
      sweep.check(of.mode(lock) == mode, "the mode");
      sweep.check(!of.can_exclude(scratch), "not locked");
      sweep.check(of.can_share(scratch) == (mode == shared), "not so");
      of.free(lock);
    });
  };
  changes("upgrade", shared, exclusive, of.upgrade);
  changes("try_upgrade", shared, exclusive, of.try_upgrade);
  changes("try_upgrade_for", shared, exclusive,
          [=](Lock* lock) { return of.try_upgrade_for(lock, &second); });
  changes("downgrade", exclusive, shared, of.downgrade);
  rows.add(of.kind + "unlock", [=](CSweep& sweep) {
    const Scratch scratch;
    Lock* const lock = locked(scratch.file, exclusive);
    const int code = sweep([&] { return of.unlock(lock); });
    if (code >= 0) sweep.check(of.can_exclude(scratch), "still locked");
    of.free(lock);
  });
  rows.add(of.kind + "free", [=](CSweep& sweep) {
    const Scratch scratch;
    Lock* const lock = locked(scratch.file, exclusive);
    sweep([&] { of.free(lock); });
    if (sweep.is_dry()) sweep.check(of.can_exclude(scratch), "still locked");
  });
}

}  // namespace

std::vector<Operation> capi_file_operations() {
  CRows rows;
  add_files(rows);
  add_locks<sysfd_description_lock>(
      rows,
      {.kind = "description_lock_",
       .free = sysfd_description_lock_free,
       .acquire = [](int fd, int mode,
                     auto lock) { return sysfd_description_lock_acquire(fd, mode, nullptr, lock); },
       .try_acquire =
           [](int fd, int mode, auto lock) {
             return sysfd_description_lock_try_acquire(fd, mode, nullptr, lock);
           },
       .try_acquire_for =
           [](int fd, int mode, auto timeout, auto lock) {
             return sysfd_description_lock_try_acquire_for(fd, mode, nullptr, timeout, lock);
           },
       .adopt_take =
           [](int fd, int mode, auto lock) {
             return sysfd_description_lock_adopt_take(fd, mode, nullptr, lock);
           },
       .upgrade = sysfd_description_lock_upgrade,
       .try_upgrade = sysfd_description_lock_try_upgrade,
       .try_upgrade_for = sysfd_description_lock_try_upgrade_for,
       .downgrade = sysfd_description_lock_downgrade,
       .mode = sysfd_description_lock_mode,
       .unlock = sysfd_description_lock_unlock,
       .release = sysfd_description_lock_release,
       .can_share = [](const Scratch& scratch) { return is_free(scratch, F_RDLCK); },
       .can_exclude = [](const Scratch& scratch) { return is_free(scratch, F_WRLCK); }});
  add_locks<sysfd_flock_lock>(
      rows,
      {.kind = "flock_lock_",
       .free = sysfd_flock_lock_free,
       .acquire = sysfd_flock_lock_acquire,
       .try_acquire = sysfd_flock_lock_try_acquire,
       .try_acquire_for = sysfd_flock_lock_try_acquire_for,
       .adopt_take = sysfd_flock_lock_adopt_take,
       .upgrade = sysfd_flock_lock_upgrade,
       .try_upgrade = sysfd_flock_lock_try_upgrade,
       .try_upgrade_for = sysfd_flock_lock_try_upgrade_for,
       .downgrade = sysfd_flock_lock_downgrade,
       .mode = sysfd_flock_lock_mode,
       .unlock = sysfd_flock_lock_unlock,
       .release = sysfd_flock_lock_release,
       .can_share = [](const Scratch& scratch) { return is_flock_free(scratch, LOCK_SH); },
       .can_exclude = [](const Scratch& scratch) { return is_flock_free(scratch, LOCK_EX); }});
  return std::move(rows).take();
}

}  // namespace sysfd_test
