// SPDX-License-Identifier: MIT
//
// Natural mistakes with all modules, which must not compile: see check.cmake.
//
// These compile, as the language cannot tell them from what is meant:
// - `*open(...)`, `*pipe()`, `fds->fds.at(0)` of an error: the program stops, and names the error.
// - `fds->take()` for `ListenFds::take()`: the second call says `already_taken`.
// - `message->fds` where `fds_error` is set: it is empty.
// - `if (notify(...))`: no error, also where there is no manager.
// - A FlockLock that is used after its upgrade has failed, without is_locked().
// - Two guards of one description for the same bytes: the first that is destroyed unlocks for both.
// - `event_fd()->borrow()`, kept: `->` of a Result that dies does not compile, but
//   `make().borrow()` of a function that returns an OwnedFd does; Clang warns (lifetime.cpp).
// - A Notification, a CStr or a Timeout that is kept longer than the text or descriptor it was made
//   of.
// - `vector<CStr>::push_back(std::string(...))`: the vector has what has died.
// - `PidFd::open(pid)` of a number that was given to another process.
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/description.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/fanotify.hpp>
#include <sysfd/fd_type.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/listen_fds.hpp>
#include <sysfd/mount_cache.hpp>
#include <sysfd/notify.hpp>
#include <sysfd/output.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/sealed_memory.hpp>

using namespace std::chrono_literals;
using sysfd::BorrowedFd;
using sysfd::Child;
using sysfd::Command;
using sysfd::OwnedFd;
using sysfd::PidFd;
using sysfd::Result;

void use(BorrowedFd fd);
void use(int number);
void use(bool answer);

#ifdef CASE_if_of_is_socket
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  if (sysfd::is_socket(fd)) use(fd);  // error
#else
  if (sysfd::is_socket(fd) == true) use(fd);
#endif
}
#endif

#ifdef CASE_not_of_same_process
void test(const PidFd& left, const PidFd& right) {
  const auto same = sysfd::same_process(left, right);
#ifdef EXPECT_ERROR
  if (!same) return;  // error
#else
  if (!same.has_value()) return;
#endif
  use(*same);
}
#endif

#ifdef CASE_if_of_is_close_on_exec
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  use(sysfd::is_close_on_exec(fd) ? 1 : 2);  // error
#else
  use(*sysfd::is_close_on_exec(fd) ? 1 : 2);
#endif
}
#endif

#ifdef CASE_same_description_and_another_condition
void test(BorrowedFd left, BorrowedFd right, bool also) {
#ifdef EXPECT_ERROR
  use(also && sysfd::same_description(left, right));  // error
#else
  use(also && sysfd::same_description(left, right) == true);
#endif
}
#endif

#ifdef CASE_if_of_a_result_of_an_optional
void test(const Result<std::optional<int>>& result) {
#ifdef EXPECT_ERROR
  if (result) use(1);  // error
#else
  if (result.has_value() && *result) use(1);
#endif
}
#endif

#ifdef CASE_borrow_of_a_mount_that_is_closed
void test(sysfd::MountId id) {
#ifdef EXPECT_ERROR
  Result<BorrowedFd> mount = sysfd::find_mount(id);  // error
#else
  Result<OwnedFd> mount = sysfd::find_mount(id);
#endif
  if (mount) use(*mount);
}
#endif

#ifdef CASE_optional_borrow_of_a_result
void test() {
#ifdef EXPECT_ERROR
  std::optional<BorrowedFd> fd = sysfd::event_fd();  // error
#else
  const Result<OwnedFd> event = sysfd::event_fd();
  std::optional<BorrowedFd> fd = event;
#endif
  use(*fd);
}
#endif

#ifdef CASE_optional_borrow_of_an_optional
void test(std::optional<OwnedFd> (*make)()) {
#ifdef EXPECT_ERROR
  std::optional<BorrowedFd> fd = make();  // error
#else
  const std::optional<OwnedFd> owner = make();
  std::optional<BorrowedFd> fd = owner;
#endif
  use(*fd);
}
#endif

#ifdef CASE_result_for_a_borrowing_parameter
void test() {
#ifdef EXPECT_ERROR
  use(sysfd::event_fd());  // error
#else
  const auto event = sysfd::event_fd();
  use(event);
#endif
}
#endif

#ifdef CASE_descriptor_of_a_pidfd_that_dies
void test() {
#ifdef EXPECT_ERROR
  const BorrowedFd fd = PidFd::self()->fd();  // error
#else
  const auto self = PidFd::self();
  const BorrowedFd fd = self->fd();
#endif
  use(fd);
}
#endif

#ifdef CASE_descriptor_of_listen_fds_that_die
void test() {
#ifdef EXPECT_ERROR
  use(sysfd::ListenFds::take()->get(0));  // error
#else
  const auto given = sysfd::ListenFds::take();
  use(given->get(0));
#endif
}
#endif

#ifdef CASE_name_of_listen_fds_that_die
void test() {
#ifdef EXPECT_ERROR
  const std::string_view name = sysfd::ListenFds::take()->name(0);  // error
#else
  const auto given = sysfd::ListenFds::take();
  const std::string_view name = given->name(0);
#endif
  use(name.empty());
}
#endif

#ifdef CASE_bytes_of_memory_that_is_unmapped
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  const auto bytes = sysfd::SealedMemory::map(fd)->bytes();  // error
#else
  const auto memory = sysfd::SealedMemory::map(fd);
  const auto bytes = memory->bytes();
#endif
  use(bytes.empty());
}
#endif

#ifdef CASE_number_as_a_timeout
void test(Child& child) {
#ifdef EXPECT_ERROR
  static_cast<void>(child.wait_for(5));  // error: write a unit: 5s
#else
  static_cast<void>(child.wait_for(5s));
#endif
}
#endif

#ifdef CASE_number_as_a_timeout_of_output
void test(Command& command) {
#ifdef EXPECT_ERROR
  static_cast<void>(command.output({.timeout = 5}));  // error: write a unit: 5s
#else
  static_cast<void>(command.output({.timeout = 5s}));
#endif
}
#endif

#ifdef CASE_open_that_creates_with_flags_that_resolve
void test(BorrowedFd directory) {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::open(directory, "file", sysfd::Resolve::beneath));  // error
#else
  static_cast<void>(sysfd::open(directory, "file", 0, sysfd::Resolve::beneath));
#endif
}
#endif

#ifdef CASE_close_without_move
void test(OwnedFd fd) {
#ifdef EXPECT_ERROR
  static_cast<void>(fd.close());  // error: write std::move(fd).close()
#else
  static_cast<void>(std::move(fd).close());
#endif
}
#endif

#ifdef CASE_detach_without_move
void test(Child child) {
#ifdef EXPECT_ERROR
  static_cast<void>(child.detach());  // error: write std::move(child).detach()
#else
  static_cast<void>(std::move(child).detach());
#endif
}
#endif

#ifdef CASE_unlock_without_move
void test(sysfd::DescriptionLock lock) {
#ifdef EXPECT_ERROR
  static_cast<void>(lock.unlock());  // error: write std::move(lock).unlock()
#else
  static_cast<void>(std::move(lock).unlock());
#endif
}
#endif

#ifdef CASE_prepare_without_move
void test(Command command) {
#ifdef EXPECT_ERROR
  static_cast<void>(command.prepare());  // error: write std::move(command).prepare()
#else
  static_cast<void>(std::move(command).prepare());
#endif
}
#endif

#ifdef CASE_spawn_async_without_move
void test(Command command) {
#ifdef EXPECT_ERROR
  static_cast<void>(command.spawn_async());  // error: write std::move(command).spawn_async()
#else
  static_cast<void>(std::move(command).spawn_async());
#endif
}
#endif

#ifdef CASE_close_that_nobody_checks
void test(OwnedFd fd) {
#ifdef EXPECT_ERROR
  std::move(fd).close();  // error
#else
  if (!std::move(fd).close()) use(1);
#endif
}
#endif

#ifdef CASE_values_that_are_no_input
void test(Command& command, const std::vector<char>& values) {
#ifdef EXPECT_ERROR
  static_cast<void>(command.output({.input = values}));  // error: write std::as_bytes(
#else
  static_cast<void>(command.output({.input = std::as_bytes(std::span(values))}));
#endif
}
#endif

#ifdef CASE_field_of_options_that_there_is_not
void test(Command& command) {
#ifdef EXPECT_ERROR
  static_cast<void>(command.output({.stdin = "text"}));  // error
#else
  static_cast<void>(command.output({.input = "text"}));
#endif
}
#endif

#ifdef CASE_commands_in_the_braces_of_a_vector
void test() {
#ifdef EXPECT_ERROR
  std::vector<Command> commands{Command("a"), Command("b")};  // error inside: push_back()
#else
  std::vector<Command> commands;
  commands.push_back(Command("a"));
#endif
}
#endif

#ifdef CASE_result_that_is_printed
void test(const Result<sysfd::ExitStatus>& status) {
#ifdef EXPECT_ERROR
  std::cout << status;  // error
#else
  std::cout << *status;
#endif
}
#endif

#ifdef CASE_entry_of_listen_fds_by_reference
void test() {
#ifdef EXPECT_ERROR
  for (auto& entry : *sysfd::ListenFds::take())  // error
#else
  for (const auto& entry : *sysfd::ListenFds::take())
#endif
    use(entry.fd);
}
#endif
