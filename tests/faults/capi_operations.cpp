// SPDX-License-Identifier: MIT
//
// The C interface: what it adds to the C++ functions are objects, buffers and error structs.
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "capi/objects.hpp"
#include "faults/operations.hpp"
#include "faults/subjects.hpp"
#include "listen/manager.hpp"

namespace sysfd_test {
namespace {

// Closes what a function returned, if that is a descriptor.
void close_if_open(std::int64_t fd) {
  if (fd >= 0) ::close(static_cast<int>(fd));
}

CCommand c_program(const char* word) {
  return command(sweep_program().c_str(), {word});
}

// Frees an object that a call has made.
template <auto Free, class T>
void free_made(Sweep& sweep, std::int64_t code, T* object) {
  sweep.check((code >= 0) == (object != nullptr), "an object, or none");
  if (object) Free(object);
}

}  // namespace

std::vector<Operation> capi_operations() {
  std::vector<Operation> all;
  const auto add = [&](const char* name, auto run,
                       std::vector<Operation::Translation> translations = {},
                       std::vector<long> leaves_child_without = {}) {
    all.push_back({std::string("capi: sysfd_") + name, run, std::move(translations),
                   std::move(leaves_child_without)});
  };
  const auto makes_fd = [&](const char* name, auto call,
                            std::vector<Operation::Translation> translations = {}) {
    add(name, [=](Sweep& sweep) { close_if_open(sweep(call)); }, std::move(translations));
  };
  // `call` is given a pointer for the object, which `release` frees.
  const auto makes = [&]<class T>(void (*release)(T*), const char* name, auto call) {
    add(name, [=](Sweep& sweep) {
      const OwnedFd file = file_with("content");
      T* object = nullptr;
      const auto code = sweep([&] { return call(file.get(), &object); });
      sweep.check((code >= 0) == (object != nullptr), "an object, or none");
      release(object);
    });
  };
  makes_fd("open", [] { return sysfd_open(AT_FDCWD, "/etc", O_RDONLY | O_DIRECTORY, 0); });
  makes_fd("memfd", [] { return sysfd_memfd("name", 0); });
  makes_fd("event_fd", [] { return sysfd_event_fd(0, 0); });
  makes_fd("duplicate", [] { return sysfd_duplicate(0); });
  makes_fd("sealed_memfd", [] { return sysfd_sealed_memfd("name", "content", 7); });
  makes_fd("fixed_memfd", [] { return sysfd_fixed_memfd("name", 4096); });
  makes_fd("pidfd_self", [] { return sysfd_pidfd_self(); });
  add("pipe", [](Sweep& sweep) {
    std::array<int, 2> fds{-1, -1};
    (void)sweep([&] { return sysfd_pipe(0, fds.data()); });
    for (const int fd : fds)
      close_if_open(fd);
  });
  add("socket_pair", [](Sweep& sweep) {
    std::array<int, 2> fds{-1, -1};
    (void)sweep([&] { return sysfd_socket_pair(SOCK_STREAM, fds.data()); });
    for (const int fd : fds)
      close_if_open(fd);
  });
  add("close_take", [](Sweep& sweep) {
    const int open = ::dup(0);
    (void)sweep([&] { return sysfd_close_take(open); });
  });
  add("reopen",
      [](Sweep& sweep) {
        const OwnedFd file = some_file();
        close_if_open(sweep([&] { return sysfd_reopen(file.get(), O_RDONLY); }));
      },
      {{SYS_openat, ENOENT, EOPNOTSUPP}});
  add("same_description",
      [](Sweep& sweep) {
        const OwnedFd file = some_file();
        const int same = sweep([&] { return sysfd_same_description(file.get(), file.get()); });
        if (same >= 0) sweep.check(same == 1, "they differ");
      },
      {{SYS_kcmp, 0, EOPNOTSUPP}});
  add("features", [](Sweep& sweep) {  // what cannot be tried counts as not there
    sweep([&] { (void)sysfd_features(); });
  });

  makes(&sysfd_description_lock_free, "description_lock_acquire",
        [](int file, sysfd_description_lock** out) {
          return sysfd_description_lock_acquire(file, SYSFD_LOCK_EXCLUSIVE, nullptr, out);
        });
  makes(&sysfd_flock_lock_free, "flock_lock_acquire", [](int file, sysfd_flock_lock** out) {
    return sysfd_flock_lock_acquire(file, SYSFD_LOCK_EXCLUSIVE, out);
  });
  makes(&sysfd_positioned_file_free, "positioned_file_open", [](int, sysfd_positioned_file** out) {
    return sysfd_positioned_file_open(AT_FDCWD, "/etc/passwd", O_RDONLY, 0, out);
  });
  makes(&sysfd_positioned_file_free, "positioned_file_memfd", [](int, sysfd_positioned_file** out) {
    return sysfd_positioned_file_memfd("name", 0, out);
  });
  makes(&sysfd_sealed_memory_free, "sealed_memory_copy", [](int file, sysfd_sealed_memory** out) {
    return sysfd_sealed_memory_copy(file, 100, out);
  });
  makes(&sysfd_mount_cache_free, "mount_cache_new",
        [](int, sysfd_mount_cache** out) { return sysfd_mount_cache_new(out); });
  makes(&sysfd_fd_type_free, "fd_type_new",
        [](int, sysfd_fd_type** out) { return sysfd_fd_type_new(0, out); });

  add("send_fds, receive_fds", [](Sweep& sweep) {
    const SocketPair sockets = must(socket_pair(SOCK_SEQPACKET));
    const OwnedFd file = some_file();
    sysfd_message* message = nullptr;
    const auto code = sweep([&]() -> std::int64_t {
      const int fd = file.get();
      const auto sent = sysfd_send_fds(sockets.first.get(), &fd, 1, "hello", 5);
      if (sent < 0) return sent;
      std::array<char, 16> payload{};
      return sysfd_receive_fds(sockets.second.get(), payload.data(), payload.size(), nullptr,
                               &message);
    });
    free_made<sysfd_message_free>(sweep, code, message);
  });

  // Processes.
  const auto on_child = [&](const char* name, auto call,
                            std::vector<Operation::Translation> translations = {}) {
    add(
        name,
        [=](Sweep& sweep) {
          const Child child = ended_child();
          (void)sweep([&] { return call(child.pidfd().fd().get()); });
        },
        std::move(translations));
  };
  on_child("pidfd_wait", [](int pidfd) {
    std::int32_t status = 0;
    return sysfd_pidfd_wait(pidfd, &status);
  });
  on_child("pidfd_try_wait", [](int pidfd) {
    std::int32_t status = 0;
    return sysfd_pidfd_try_wait(pidfd, &status);
  });
  on_child("pidfd_wait_any", [](int pidfd) { return sysfd_pidfd_wait_any(&pidfd, 1, nullptr); });
  on_child("pidfd_info", [](int pidfd) {
    sysfd_process_info info = SYSFD_PROCESS_INFO_INIT;
    return sysfd_pidfd_info(pidfd, &info);
  });
  on_child("pidfd_send_signal",
           [](int pidfd) { return sysfd_pidfd_send_signal(pidfd, SIGTERM, 0); });

  add("command_new", [](Sweep& sweep) {
    sysfd_command* made = nullptr;
    const int code = sweep([&] { return sysfd_command_new("program", &made); });
    free_made<sysfd_command_free>(sweep, code, made);
  });
  add("command, its setters", [](Sweep& sweep) {
    const auto it = c_program("exit");
    const OwnedFd file = some_file();
    (void)sweep([&] {
      for (const int code :
           {sysfd_command_arg(it.get(), "one"), sysfd_command_env(it.get(), "NAME", "value"),
            sysfd_command_working_directory(it.get(), "/", 0),
            sysfd_command_pass_borrow(it.get(), file.get(), 5)})
        if (code < 0) return code;
      return 0;
    });
  });
  add("command_spawn", [](Sweep& sweep) {
    const auto it = c_program("exit");
    sysfd_child* child = nullptr;
    const int code = sweep([&] { return sysfd_command_spawn(it.get(), &child, nullptr); });
    sweep.check((code >= 0) == (child != nullptr), "a child, or none");
    if (child) sweep.check(exit_code_of(CChild(child)) == 7, "the status");
  });
  add("command_status", [](Sweep& sweep) {
    const auto it = c_program("exit");
    std::int32_t status = 0;
    const int code = sweep([&] { return sysfd_command_status(it.get(), &status, nullptr); });
    if (code >= 0) sweep.check(sysfd_exit_status_code(status) == 7, "the status");
  });
  add("command_output", [](Sweep& sweep) {
    const auto it = c_program("copy");
    sysfd_output* output = nullptr;
    const int code =
        sweep([&] { return sysfd_command_output(it.get(), nullptr, &output, nullptr); });
    free_made<sysfd_output_free>(sweep, code, output);
  });
  add("command_prepare", [](Sweep& sweep) {
    const auto it = c_program("exit");
    sysfd_prepared_command* made = nullptr;
    const int code = sweep([&] { return sysfd_command_prepare(it.get(), &made, nullptr); });
    free_made<sysfd_prepared_command_free>(sweep, code, made);
  });
  add("command_spawn_async, finish", [](Sweep& sweep) {
    const auto it = c_program("exit");
    sysfd_child* child = nullptr;
    (void)sweep([&] {
      sysfd_pending_child* pending = nullptr;
      const int code =
          sysfd_command_spawn_async(it.get(), SYSFD_CONFIRM_BY_FINISH, &pending, nullptr);
      if (code < 0) return code;
      const int finished = sysfd_pending_child_finish(pending, &child, nullptr);
      sysfd_pending_child_free(pending);
      return finished;
    });
    if (child) sweep.check(exit_code_of(CChild(child)) == 7, "the status");
  });
  add("spawn_all", [](Sweep& sweep) {
    const auto left = c_program("exit"), right = c_program("exit");
    const std::array<sysfd_command*, 2> both{left.get(), right.get()};
    std::array<sysfd_child*, 2> children{};
    sysfd_spawn_error first = SYSFD_SPAWN_ERROR_INIT, second = SYSFD_SPAWN_ERROR_INIT;
    const std::array<sysfd_spawn_error*, 2> errors{&first, &second};
    (void)sweep([&] {
      const int count = sysfd_spawn_all(both.data(), 2, children.data(), errors.data());
      if (count == 2 || count < 0) return count;
      for (sysfd_child*& child : children)
        sysfd_child_free(std::exchange(child, nullptr));
      return first.code < 0 ? first.code : second.code;
    });
    for (sysfd_child* child : children)
      sysfd_child_free(child);
  });
  add("pipeline_spawn", [](Sweep& sweep) {
    const auto left = c_program("exit"), right = c_program("copy");
    const auto line = pipeline_of(left, right);
    std::array<sysfd_child*, 2> children{};
    (void)sweep([&] { return sysfd_pipeline_spawn(line.get(), 2, children.data(), nullptr); });
    for (sysfd_child* child : children)
      sysfd_child_free(child);
  });
  add("notify_to", [](Sweep& sweep) {
    const Manager manager;
    const std::string address = manager.address();
    sysfd_notification what = SYSFD_NOTIFICATION_INIT;
    what.flags = 1;  // ready
    const int code = sweep([&] { return sysfd_notify_to(address.c_str(), &what, nullptr); });
    sweep.check(manager.has_message() == (code >= 0), "no message, or one after all");
  });
  return all;
}

}  // namespace sysfd_test
