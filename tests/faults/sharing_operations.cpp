// SPDX-License-Identifier: MIT
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <sysfd/description.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/fd_passing.hpp>
#include <sysfd/flock_lock.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/sealed_memory.hpp>

#include "faults/operations.hpp"
#include "faults/subjects.hpp"
#include "support/kernel_features.hpp"

namespace sysfd_test {
namespace {

using Bytes = std::span<const std::byte>;

Bytes bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// Operations of both kinds of locks. `is_free` tells whether another may have it.
template <class Lock, class IsFree>
void add_lock_operations(std::vector<Operation>& all, const std::string& kind, IsFree can_share,
                         IsFree can_exclude) {
  const auto add = [&](const std::string& name, auto run,
                       std::vector<Operation::Translation> translations = {}) {
    all.push_back({"sharing: " + kind + "::" + name, run, std::move(translations)});
  };
  const auto adds = [&](const char* name, auto acquire) {
    add(name, [=](Sweep& sweep) {
      const Scratch scratch;
      {
        const auto lock = sweep([&] { return acquire(scratch.file); });
        sweep.check(can_share(scratch) == !lock, "wrongly locked, or not");
      }
      sweep.check(can_exclude(scratch), "still locked");
    });
  };
  adds("acquire", [](const OwnedFd& file) { return Lock::acquire(file, LockMode::exclusive); });
  adds("try_acquire",
       [](const OwnedFd& file) { return Lock::try_acquire(file, LockMode::exclusive); });
  adds("try_acquire_for",
       [](const OwnedFd& file) { return Lock::try_acquire_for(file, LockMode::exclusive, 1s); });
  adds("try_acquire_until", [](const OwnedFd& file) {
    return Lock::try_acquire_until(file, LockMode::exclusive,
                                   std::chrono::steady_clock::now() + 1s);
  });
  add("try_acquire_for of a locked file", [=](Sweep& sweep) {
    const Scratch scratch;
    const OwnedFd other = scratch.other();
    const auto held = must(Lock::acquire(other, LockMode::exclusive));
    (void)sweep([&] {
      return expect_error(Lock::try_acquire_for(scratch.file, LockMode::exclusive, 1ms),
                          std::errc::timed_out);
    });
    sweep.check(!can_share(scratch), "not locked");
  });
  add("try_acquire_for, canceled", [=](Sweep& sweep) {
    const Scratch scratch;
    const OwnedFd other = scratch.other(), event = must(event_fd(1));
    const auto held = must(Lock::acquire(other, LockMode::exclusive));
    (void)sweep([&] {
      return expect_error(Lock::try_acquire_for(scratch.file, LockMode::exclusive,
                                                Timeout::forever().canceled_by(event)),
                          std::errc::operation_canceled);
    });
  });
  add("adopt", [=](Sweep& sweep) {
    const Scratch scratch;
    auto fd = must(Lock::acquire(scratch.file, LockMode::exclusive)).release();
    {
      const auto lock = sweep([&] { return Lock::adopt(std::move(fd), LockMode::exclusive); });
      if (lock) sweep.check(!can_share(scratch), "not locked");
    }
  });
  const auto changes = [&](const char* name, LockMode from, LockMode to, auto change) {
    add(name, [=](Sweep& sweep) {
      const Scratch scratch;
      auto lock = must(Lock::acquire(scratch.file, from));
      const auto changed = sweep([&] { return change(lock); });
      const LockMode now = changed ? to : from;
      sweep.check(lock.mode() == now, "the mode");
      if (now == LockMode::exclusive) sweep.check(!can_share(scratch), "not exclusive");
      if (now == LockMode::shared) sweep.check(!can_exclude(scratch), "not locked");
      if (now == LockMode::shared) sweep.check(can_share(scratch), "not shared");
    });
  };
  changes("upgrade", LockMode::shared, LockMode::exclusive, [](Lock& l) { return l.upgrade(); });
  changes("try_upgrade", LockMode::shared, LockMode::exclusive,
          [](Lock& l) { return l.try_upgrade(); });
  changes("try_upgrade_for", LockMode::shared, LockMode::exclusive,
          [](Lock& l) { return l.try_upgrade_for(1s); });
  changes("try_upgrade_until", LockMode::shared, LockMode::exclusive,
          [](Lock& l) { return l.try_upgrade_until(std::chrono::steady_clock::now() + 1s); });
  changes("downgrade", LockMode::exclusive, LockMode::shared,
          [](Lock& l) { return l.downgrade(); });
  add("unlock", [=](Sweep& sweep) {
    const Scratch scratch;
    auto lock = must(Lock::acquire(scratch.file, LockMode::exclusive));
    const auto unlocked = sweep([&] { return std::move(lock).unlock(); });
    if (unlocked) sweep.check(can_exclude(scratch), "still locked");
  });
  add("release", [=](Sweep& sweep) {
    const Scratch scratch;
    auto lock = must(Lock::acquire(scratch.file, LockMode::exclusive));
    std::optional<OwnedFd> fd;
    sweep([&] { fd = std::move(lock).release(); });
    sweep.check(!can_share(scratch), "not locked");
  });
  add("~" + kind, [=](Sweep& sweep) {
    const Scratch scratch;
    std::optional<Lock> lock = must(Lock::acquire(scratch.file, LockMode::exclusive));
    sweep([&] { lock.reset(); });
    if (sweep.is_dry()) sweep.check(can_exclude(scratch), "still locked");
  });
}

void add_file_operations(std::vector<Operation>& all) {
  // `call` is given a file that holds "0123456789", and returns a result.
  const auto add = [&](const char* name, auto call, std::string_view content) {
    all.push_back({std::string("sharing: PositionedFile::") + name,
                   [=](Sweep& sweep) {
                     const Scratch other, scratch;
                     for (const int fd : {other.file.get(), scratch.file.get()})
                       if (::write(fd, "0123456789", 10) != 10) std::abort();
                     PositionedFile tried(must(other.file.duplicate()));
                     if (errno_of(call(tried)) == EOPNOTSUPP)
                       return sweep.skip("needs a flag of preadv2 or pwritev2");
                     PositionedFile file(must(scratch.file.duplicate()));
                     const auto done = sweep([&] { return call(file); });
                     sweep.check(content_of(scratch.file.get()) == (done ? content : "0123456789"),
                                 "the content");
                     sweep.check(::lseek(scratch.file.get(), 0, SEEK_CUR) == 10, "the offset");
                   },
                   of_writes});
  };
  constexpr std::string_view same = "0123456789";
  static std::array<char, 4> buffer;
  static const auto into = [] { return std::as_writable_bytes(std::span(buffer)); };
  add("read", [](PositionedFile& file) { return file.read(into()); }, same);
  add("read_exact", [](PositionedFile& file) { return file.read_exact(into()); }, same);
  add("read_at", [](PositionedFile& file) { return file.read_at(into(), 2); }, same);
  add(
      "read_at, nowait",
      [](PositionedFile& file) {
        const auto read = file.read_at(into(), 2, {.nowait = true});
        return read.has_value() || read.error() != std::errc::resource_unavailable_try_again
                   ? read
                   : Result<std::size_t>(4);
      },
      same);
  add("read_exact_at", [](PositionedFile& file) { return file.read_exact_at(into(), 2); }, same);
  add(
      "read_at, vectored",
      [](PositionedFile& file) {
        const iovec parts[] = {{buffer.data(), 1}, {buffer.data() + 1, 3}};
        return file.read_at(parts, 2);
      },
      same);
  add("write", [](PositionedFile& file) { return file.write(bytes("ab")); }, "ab23456789");
  add("write_all", [](PositionedFile& file) { return file.write_all(bytes("ab")); }, "ab23456789");
  add("write_at", [](PositionedFile& file) { return file.write_at(bytes("ab"), 3); }, "012ab56789");
  add(
      "write_all_at", [](PositionedFile& file) { return file.write_all_at(bytes("ab"), 3); },
      "012ab56789");
  add(
      "write_at, vectored",
      [](PositionedFile& file) {
        char text[] = "ab";
        const iovec parts[] = {{text, 1}, {text + 1, 1}};
        return file.write_at(parts, 3);
      },
      "012ab56789");
  add("append", [](PositionedFile& file) { return file.append(bytes("ab")); }, "0123456789ab");
  add("seek", [](PositionedFile& file) { return file.seek(-2, SeekFrom::end); }, same);
  add("size", [](PositionedFile& file) { return file.size(); }, same);
  add("truncate", [](PositionedFile& file) { return file.truncate(3); }, "012");
  add("sync", [](PositionedFile& file) { return file.sync(); }, same);
  add("sync, data_only", [](PositionedFile& file) { return file.sync({.data_only = true}); }, same);
}

struct Sockets {
  SocketPair pair = must(socket_pair(SOCK_STREAM));
  OwnedFd file = some_file();
  void send() const {
    const BorrowedFd fds[] = {file, file};
    if (must(send_fds(pair.first, fds, bytes("hello"))) != 5) std::abort();
  }
};

void add_passing_operations(std::vector<Operation>& all) {
  const auto add = [&](const char* name, auto run,
                       std::vector<Operation::Translation> translations = {}) {
    all.push_back({std::string("sharing: ") + name, run, std::move(translations)});
  };
  const auto sends = [](Sweep& sweep, auto send) {
    const Sockets sockets;
    const BorrowedFd fds[] = {sockets.file, sockets.file};
    const auto sent = sweep([&] { return send(sockets.pair.first, std::span(fds)); });
    std::array<std::byte, 16> payload;
    const auto arrived = receive_fds(sockets.pair.second, payload, {.nowait = true});
    sweep.check(arrived.has_value() == sent.has_value(), "nothing arrived, or something did");
    if (arrived && sent)
      sweep.check(*sent == 5 && arrived->size == 5 && arrived->fds.size() == 2, "the message");
  };
  add("send_fds", [=](Sweep& sweep) {
    sends(sweep, [](BorrowedFd socket, auto fds) { return send_fds(socket, fds, bytes("hello")); });
  });
  add("send_fds, timeout", [=](Sweep& sweep) {
    sends(sweep,
          [](BorrowedFd socket, auto fds) { return send_fds(socket, fds, bytes("hello"), 1s); });
  });
  add("send_fds, no room", [](Sweep& sweep) {
    const Sockets sockets;
    must(set_nonblocking(sockets.pair.first, true));
    const std::string much(100'000, 'x');
    while (::write(sockets.pair.first.get(), much.data(), much.size()) > 0) {
    }
    (void)sweep([&] {
      return expect_error(send_fds(sockets.pair.first, {}, bytes("hello"), 1ms),
                          std::errc::timed_out);
    });
  });
  const auto receives = [](Sweep& sweep, auto options) {
    const Sockets sockets;
    sockets.send();
    std::array<std::byte, 16> payload;
    const auto message = sweep([&] { return receive_fds(sockets.pair.second, payload, options); });
    if (message)
      sweep.check(message->size == 5 && (message->fds.size() == 2 || message->fds_error),
                  "the message");
  };
  add("receive_fds", [=](Sweep& sweep) { receives(sweep, ReceiveOptions{}); });
  add("receive_fds, nowait",
      [=](Sweep& sweep) { receives(sweep, ReceiveOptions{.nowait = true}); });
  add("receive_fds, timeout",
      [=](Sweep& sweep) { receives(sweep, ReceiveOptions{.timeout = 1s}); });
  add("receive_fds, too many descriptors",
      [=](Sweep& sweep) { receives(sweep, ReceiveOptions{.max_fds = 1}); });
  add("receive_fds, unwanted", [=](Sweep& sweep) {
    std::vector<OwnedFd> unwanted;
    receives(sweep, ReceiveOptions{.max_fds = 1, .unwanted = &unwanted});
  });
  add("receive_fds, no message", [](Sweep& sweep) {
    const Sockets sockets;
    std::array<std::byte, 16> payload;
    (void)sweep([&] {
      return expect_error(receive_fds(sockets.pair.second, payload, {.timeout = 1ms}),
                          std::errc::timed_out);
    });
  });
  add("receive_fds, credentials and pidfd", [](Sweep& sweep) {
    const Sockets sockets;
    must(pass_credentials(sockets.pair.second));
    const bool passes = pass_pidfd(sockets.pair.second).has_value();
    sockets.send();
    std::array<std::byte, 16> payload;
    const auto message = sweep([&] { return receive_fds(sockets.pair.second, payload); });
    if (message) sweep.check(message->credentials && (message->pidfd || !passes), "the sender");
  });
  add("receive_fds, end of a stream with credentials", [](Sweep& sweep) {
    Sockets sockets;
    must(pass_credentials(sockets.pair.second));
    sockets.pair.first = some_file();
    std::array<std::byte, 16> payload;
    const auto message = sweep([&] { return receive_fds(sockets.pair.second, payload); });
    if (message) sweep.check(message->size == 0 && !message->credentials, "no end");
  });
  const auto passes = [&](const char* name, auto pass) {
    add(name,
        [=](Sweep& sweep) {
          const Sockets sockets;
          if (!pass(sockets.pair.second)) return sweep.skip("needs that socket option");
          (void)sweep([&] { return pass(sockets.pair.second); });
        },
        {{SYS_setsockopt, ENOPROTOOPT, EOPNOTSUPP}});
  };
  passes("pass_credentials", [](BorrowedFd socket) { return pass_credentials(socket); });
  passes("pass_pidfd", [](BorrowedFd socket) { return pass_pidfd(socket); });
  passes("pass_fds", [](BorrowedFd socket) { return pass_fds(socket, true); });
}

void add_description_operations(std::vector<Operation>& all) {
  const auto add = [&](const char* name, auto run,
                       std::vector<Operation::Translation> translations = {}) {
    all.push_back({std::string("sharing: ") + name, run, std::move(translations)});
  };
  add("same_description",
      [](Sweep& sweep) {
        const OwnedFd file = some_file(), copy = must(file.duplicate());
        const auto same = sweep([&] { return same_description(file, copy); });
        if (same.has_value()) sweep.check(*same, "they differ");
      },
      {{SYS_kcmp, 0, EOPNOTSUPP}});
  const auto reopens = [](Sweep& sweep, auto reopen_it) {
    const Scratch scratch;
    const auto again = sweep([&] { return reopen_it(scratch.file.borrow()); });
    if (again) sweep.check(same_file(again->get(), scratch.file.get()), "another file");
  };
  // EOPNOTSUPP: there is no procfs.
  add("reopen",
      [=](Sweep& sweep) { reopens(sweep, [](BorrowedFd fd) { return reopen(fd, O_RDWR); }); },
      {{SYS_openat, ENOENT, EOPNOTSUPP}});
  add("UniqueDescription::reopen",
      [=](Sweep& sweep) {
        reopens(sweep, [](BorrowedFd fd) { return UniqueDescription::reopen(fd, O_RDWR); });
      },
      {{SYS_openat, ENOENT, EOPNOTSUPP}});
  add("UniqueDescription::open", [](Sweep& sweep) {
    (void)sweep([&] { return UniqueDescription::open(cwd(), "/etc", O_RDONLY | O_DIRECTORY); });
  });
  add("UniqueDescription::memfd",
      [](Sweep& sweep) { (void)sweep([&] { return UniqueDescription::memfd("name"); }); });
  add("UniqueDescription::close", [](Sweep& sweep) {
    auto file = must(UniqueDescription::memfd("name"));
    (void)sweep([&] { return std::move(file).close(); });
  });
}

void add_memory_operations(std::vector<Operation>& all) {
  const auto add = [&](const char* name, auto run,
                       std::vector<Operation::Translation> translations = {}) {
    all.push_back({std::string("sharing: ") + name, run, std::move(translations)});
  };
  add("sealed_memfd", [](Sweep& sweep) {
    const auto made = sweep([&] { return sealed_memfd("name", bytes("content")); });
    if (made)
      sweep.check(content_of(made->get()) == "content" &&
                      (::fcntl(made->get(), F_GET_SEALS) & F_SEAL_WRITE) != 0,
                  "not sealed");
  });
  add("fixed_memfd", [](Sweep& sweep) {
    const auto made = sweep([&] { return fixed_memfd("name", 4096); });
    if (made) sweep.check((::fcntl(made->get(), F_GET_SEALS) & F_SEAL_GROW) != 0, "not sealed");
  });
  add("SealedMemory::map",
      [](Sweep& sweep) {
        const OwnedFd file = must(sealed_memfd("name", bytes("content")));
        const auto mapped = sweep([&] { return SealedMemory::map(file); });
        if (mapped) sweep.check(mapped->bytes().size() == 7, "the size");
      },
      {{SYS_fcntl, EINVAL, EPERM}});  // no memfd: SealError
  add("SealedMemory::copy", [](Sweep& sweep) {
    const OwnedFd file = file_with("content");
    const auto copy = sweep([&] { return SealedMemory::copy(file, 100); });
    if (copy)
      sweep.check(std::memcmp(copy->bytes().data(), "content", 7) == 0 && copy->bytes().size() == 7,
                  "the content");
  });
  add("SharedMemory::map",
      [](Sweep& sweep) {
        const OwnedFd file = must(fixed_memfd("name", 4096));
        const auto mapped = sweep([&] { return SharedMemory::map(file); });
        if (mapped) sweep.check(mapped->bytes().size() == 4096, "the size");
      },
      {{SYS_fcntl, EINVAL, EPERM}});
}

}  // namespace

std::vector<Operation> sharing_operations() {
  std::vector<Operation> all;
  add_description_operations(all);
  add_file_operations(all);
  add_lock_operations<DescriptionLock>(
      all, "DescriptionLock", +[](const Scratch& s) { return is_free(s, F_RDLCK); },
      +[](const Scratch& s) { return is_free(s, F_WRLCK); });
  add_lock_operations<FlockLock>(
      all, "FlockLock", +[](const Scratch& s) { return is_flock_free(s, LOCK_SH); },
      +[](const Scratch& s) { return is_flock_free(s, LOCK_EX); });
  add_memory_operations(all);
  add_passing_operations(all);
  return all;
}

}  // namespace sysfd_test
