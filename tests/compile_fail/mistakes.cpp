// SPDX-License-Identifier: MIT
//
// 40 natural mistakes, and where each is refused: by a case in this file or another one (see
// check.cmake), or in the test with this number in tests/family/mistakes_test.cpp.
//
//  1. `auto f = *open(...)`, unchecked. Test: it stops the program, and names the error.
//  2. `auto [r, w] = *pipe()`, unchecked. Test: as 1.
//  3. `child->` after the error of spawn() was printed. Test: it stops the program.
//  4. `if (is_socket(fd))`. if_of_is_socket. Test: `if (lock.try_upgrade())` is what it looks like.
//  5. `if (auto s = child->wait_for(t))`, while the child runs. Test: false.
//  6. `ListenFds::take()->get(0)`, `->name(0)`. descriptor_of_..., name_of_listen_fds_that_die.
//  7. `SealedMemory::map(fd)->bytes()`. bytes_of_memory_that_is_unmapped.
//  8. `Result<BorrowedFd> m = find_mount(id)`. borrow_of_a_mount_that_is_closed.
//  9. `PidFd::self()->fd()`, kept. descriptor_of_a_pidfd_that_dies.
// 10. `for (auto& x : *ListenFds::take())`. entry_of_listen_fds_by_reference. Test: const auto&.
// 11. A function returns `Command(...).stdout_to(local_fd)`. Test: spawn() names the stream.
// 12. `CStr names[] = {"a", s + "b"}`. Clang: strings_of_an_array_that_are_gone (lifetime.cpp).
//     Cannot be refused by g++: it knows no lifetimes, and a temporary is right as an argument.
// 13. `vector<CStr>::push_back(string())`. Cannot be refused: a temporary is right as an argument.
// 14. `wait_for(std::chrono::hours::max())`. Test: it waits.
// 15. `output({.timeout = hours::max()})`. Test: it waits.
// 16. `open(dir, "x", O_CREAT | O_WRONLY)`, without a mode. Test: the error says what is missing.
// 17. `fd.close()`, `command.prepare()`, `child.detach()`. close_without_move, prepare_..., ...
// 18. `.timeout = 5`. number_as_a_timeout_of_output. Test: `.input = string` is taken.
// 19. prepare() without its header. Test: command.hpp is enough.
// 20. `vector<Command>{Command("a"), ...}`. commands_in_the_braces_of_a_vector.
// 21. `std::cout << status`. result_that_is_printed. Test: a status, an Output and an error print.
// 22. `args(argv)`, where argv ends with a null pointer. Test: it is left out.
// 23. `arg(string_view)`. Test: it is taken.
// 24. A pipe for stdout is read to its end, while its write end is still open here. Cannot be
//     refused: others may write to it. Test: with std::move(write) the Command closes it.
// 25. `stdout_to(pipe())`, and wait_for() without reading. Test: ETIMEDOUT, and nothing is lost.
// 26. wait_for(), where stdin_pipe is open and the child reads to its end. Test: it is closed.
// 27. `lock = *acquire(duplicate)`. lock_of_a_temporary_owner (sharing.cpp). Test: still locked.
// 28. `struct { OwnedFd file; DescriptionLock lock; }` is moved. Test: the lock moves along.
// 29. `fds->take()` for `ListenFds::take()`. Test: the error is already_taken.
// 30. `adopt_open(3)` stays inheritable. Test: a Command does not give it to its child. Cannot be
//     refused for fork(2) of other code, which may want it.
// 31. `identity({.capabilities = ""})` as root, who gets all again at exec. Cannot be refused: it
//     is right for other users, and with SECBIT_NOROOT. Test: no_capabilities means none.
// 32. `identity({.iab = "!all"})`. Test: the error names the word.
// 33. `working_directory(cwd())`. Test: it is the caller's.
// 34. `std::move(fd).close()`, unchecked. close_that_nobody_checks, with -Wunused-result.
// 35. or_throw() of an Output, a PreparedCommand, a ListenFds. Test: each has it.
// 36. A SpawnError in a function that returns a Result<T>. Test: std::unexpected(error) converts.
// 37. -std=c++20. compile_fail.older_modes: one line says what is needed.
// 38. The library is linked into a shared object. tests/consumers: a plugin works.
// 39. `output({.timeout})` of a shell whose children live on. Test: it returns.
// 40. A Child in a global, and fork(2) by other code. Test: the copy does not kill the process.
//
// These compile as well, as the language cannot tell them from what is meant:
// - `message->fds` where `fds_error` is set: it is empty.
// - `if (notify(...))`: no error, also where there is no manager.
// - A FlockLock that is used after its upgrade has failed, without is_locked().
// - Two guards of one description for the same bytes: the first that is destroyed unlocks for both.
// - `event_fd()->borrow()`, kept: `->` of a Result that dies does not compile, but
//   `make().borrow()` of a function that returns an OwnedFd does; Clang warns (lifetime.cpp).
// - A Notification, a CStr or a Timeout that is kept longer than the text or descriptor it was made
//   of.
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
using namespace sysfd;

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
