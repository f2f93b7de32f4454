// SPDX-License-Identifier: MIT
//
// What a call of the C interface costs beyond the call of the C++ interface behind it, which here
// stands in the place of the raw calls. Both sides have the same in the end. An object of C lives
// in memory of its own, so the one of C++ is moved to the heap: no program in C can do without
// that. Where C has the status of a process as a number, C++ takes that out of its Result.
#include <sysfd/sysfd.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/description.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/exit_status.hpp>
#include <sysfd/fd_passing.hpp>
#include <sysfd/fd_type.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/result.hpp>

#include "counts/children.hpp"
#include "counts/operation.hpp"

namespace sysfd_bench {
namespace {

constexpr const char* program = "./bench_child";

struct Free {
  void operator()(sysfd_child* child) const { sysfd_child_free(child); }
  void operator()(sysfd_command* command) const { sysfd_command_free(command); }
  void operator()(sysfd_prepared_command* command) const { sysfd_prepared_command_free(command); }
  void operator()(sysfd_description_lock* lock) const { sysfd_description_lock_free(lock); }
  void operator()(sysfd_file_handle* handle) const { sysfd_file_handle_free(handle); }
  void operator()(sysfd_positioned_file* file) const { sysfd_positioned_file_free(file); }
};
template <class Object>
using Owner = std::unique_ptr<Object, Free>;

template <class Object, class Error>
std::unique_ptr<Object> on_heap(sysfd::Result<Object, Error>&& made) {
  if (!made) give_up("sysfd");
  return std::make_unique<Object>(std::move(*made));
}

template <class Error>
int number_of(const sysfd::Result<sysfd::ExitStatus, Error>& status) {
  if (!status) give_up("sysfd");
  return status->wait_status();
}

void add_descriptors(Operations& operations) {
  static const auto null = require(sysfd::open(sysfd::cwd(), "/dev/null", O_RDONLY), "/dev/null");
  static const int number = null.get();
  operations.push_back(compare(
      "capi: sysfd_open", [] { return sysfd::open(sysfd::cwd(), "/dev/null", O_RDONLY); },
      [] { return RawFd(sysfd_open(SYSFD_CWD, "/dev/null", O_RDONLY, 0)); }));
  operations.push_back(compare(
      "capi: sysfd_duplicate", [] { return null.duplicate(); },
      [] { return RawFd(sysfd_duplicate(number)); }));
  operations.push_back(compare(
      "capi: sysfd_is_close_on_exec", [] { return sysfd::is_close_on_exec(null); },
      [] { return checked(sysfd_is_close_on_exec(number)); }));
  operations.push_back(compare(
      "capi: sysfd_same_description", [] { return sysfd::same_description(null, null); },
      [] { return checked(sysfd_same_description(number, number)); }));
  operations.push_back(compare(
      "capi: sysfd_is_socket", [] { return sysfd::is_socket(null); },
      [] { return checked(sysfd_is_socket(number)); }));
}

void add_files(Operations& operations) {
  static const auto file = require(sysfd::memfd("counts"), "memfd");
  static const int number = file.get();
  operations.push_back(compare(
      "capi: sysfd_description_lock_try_acquire",
      [] { return on_heap(sysfd::DescriptionLock::try_acquire(file, sysfd::LockMode::exclusive)); },
      [] {
        sysfd_description_lock* lock = nullptr;
        checked(sysfd_description_lock_try_acquire(number, SYSFD_LOCK_EXCLUSIVE, nullptr, &lock));
        return Owner<sysfd_description_lock>(lock);
      }));

  static const sysfd::PositionedFile positioned(
      require(sysfd::UniqueDescription::memfd("counts"), "memfd"));
  static const Owner<sysfd_positioned_file> positioned_in_c = [] {
    sysfd_positioned_file* made = nullptr;
    checked(sysfd_positioned_file_memfd("counts", 0, &made));
    return Owner<sysfd_positioned_file>(made);
  }();
  static const std::array<std::byte, 8> bytes{};
  operations.push_back(compare(
      "capi: sysfd_positioned_file_write_at", [] { return positioned.write_at(bytes, 0); },
      [] {
        return checked(
            sysfd_positioned_file_write_at(positioned_in_c.get(), bytes.data(), bytes.size(), 0));
      }));

  static const auto pair = require(sysfd::socket_pair(SOCK_DGRAM), "socketpair");
  static const int socket = pair.first.get();
  operations.push_back(compare(
      "capi: sysfd_send_fds",
      [] {
        const sysfd::BorrowedFd fds[] = {file};
        return sysfd::send_fds(pair.first, fds, bytes);
      },
      [] {
        const int fds[] = {number};
        return checked(sysfd_send_fds(socket, fds, 1, bytes.data(), bytes.size()));
      }));

  operations.push_back(compare(
      "capi: sysfd_name_to_handle",
      [] {
        auto found = sysfd::name_to_handle(sysfd::cwd(), "/tmp");
        return on_heap(std::move(found));
      },
      [] {
        sysfd_file_handle* handle = nullptr;
        sysfd_mount_id mount{};
        checked(sysfd_name_to_handle(SYSFD_CWD, "/tmp", 0, &handle, &mount));
        use(mount);
        return Owner<sysfd_file_handle>(handle);
      }));
}

void add_processes(Operations& operations) {
  static const auto self = require(sysfd::PidFd::self(), "pidfd_open");
  static const int number = self.fd().get();
  operations.push_back(compare(
      "capi: sysfd_pidfd_self", [] { return sysfd::PidFd::self(); },
      [] { return RawFd(sysfd_pidfd_self()); }));
  operations.push_back(compare(
      "capi: sysfd_pidfd_send_signal", [] { return self.send_signal(0); },
      [] { checked(sysfd_pidfd_send_signal(number, 0, SYSFD_SIGNAL_PROCESS)); }));
  operations.push_back(compare(
      "capi: sysfd_pidfd_pid", [] { return self.pid(); },
      [] { return checked(sysfd_pidfd_pid(number)); }));
  operations.push_back(compare(
      "capi: sysfd_pidfd_info", [] { return self.info(); },
      [] {
        sysfd_process_info info = SYSFD_PROCESS_INFO_INIT;
        checked(sysfd_pidfd_info(number, &info));
        return info;
      }));
  operations.push_back(compare(
      "capi: sysfd_pidfd_wait", [] { return number_of(child->wait()); },
      [] {
        int32_t status = 0;
        checked(sysfd_pidfd_wait(raw_child, &status));
        return status;
      },
      with_ended_child()));
}

void add_starts(Operations& operations) {
  const auto go_to_program = [] {
    if (::chdir(COUNTS_PROGRAM_DIRECTORY) != 0) give_up("chdir");
  };
  const Around there{.before = go_to_program};
  const Around there_to_end{.before = go_to_program, .waits = true};
  const auto make = [] {
    sysfd_command* made = nullptr;
    checked(sysfd_command_new(program, &made));
    return Owner<sysfd_command>(made);
  };
  go_to_program();
  static sysfd::Command command(program);
  static const Owner<sysfd_command> command_in_c = make();
  operations.push_back(compare(
      "capi: sysfd_command_spawn", [] { return on_heap(command.spawn()); },
      [] {
        sysfd_child* started = nullptr;
        checked(sysfd_command_spawn(command_in_c.get(), &started, nullptr));
        return Owner<sysfd_child>(started);
      },
      there));
  operations.push_back(compare(
      "capi: sysfd_command_status", [] { return number_of(command.status()); },
      [] {
        int32_t status = 0;
        checked(sysfd_command_status(command_in_c.get(), &status, nullptr));
        return status;
      },
      there_to_end));

  static const auto prepared = [] {
    auto made = sysfd::Command(program).prepare();
    if (!made) give_up("prepare");
    return *std::move(made);
  }();
  static const Owner<sysfd_prepared_command> prepared_in_c = [make] {
    sysfd_prepared_command* made = nullptr;
    checked(sysfd_command_prepare(make().get(), &made, nullptr));
    return Owner<sysfd_prepared_command>(made);
  }();
  operations.push_back(compare(
      "capi: sysfd_prepared_command_status", [] { return number_of(prepared.status()); },
      [] {
        int32_t status = 0;
        checked(sysfd_prepared_command_status(prepared_in_c.get(), nullptr, &status, nullptr));
        return status;
      },
      there_to_end));
}

}  // namespace

void add_capi(Operations& operations) {
  add_descriptors(operations);
  add_files(operations);
  add_processes(operations);
  add_starts(operations);
}

}  // namespace sysfd_bench
