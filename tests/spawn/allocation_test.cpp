// SPDX-License-Identifier: MIT
//
// spawn() allocates nothing that the Command does not have already.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include <sysfd/command.hpp>

#include "support/descriptors.hpp"
#include "support/sanitizers.hpp"

#if !__has_feature(thread_sanitizer)  // whose runtime in Clang has these operators already

namespace {

thread_local int allocations = 0;

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

int allocations_of_spawn(sysfd::Command& command) {
  const int before = allocations;
  auto child = command.spawn();
  const int made = allocations - before;
  EXPECT_TRUE(child && child->wait()->success());
  return made;
}

TEST(SpawnAllocations, AreNoneForAProgramGivenByItsPath) {
  const sysfd::OwnedFd file = sysfd_test::some_file();
  sysfd::Command command("/bin/true");
  command.arg("x").working_directory("/").stdin_from(sysfd::Stdio::null());
  command.stdout_to(sysfd::Stdio::pipe()).pass(file, 7).pass(file, 8).pass(file, file.get());
  EXPECT_EQ(allocations_of_spawn(command), 0);
}

TEST(SpawnAllocations, AreNoneTheSecondTime) {
  sysfd::Command command("true");
  command.env("SYSFD_VARIABLE", "a value that is too long to be stored in the object itself");
  EXPECT_GT(allocations_of_spawn(command), 0) << "or the counter does not count";
  EXPECT_EQ(allocations_of_spawn(command), 0);
}

}  // namespace

#endif
