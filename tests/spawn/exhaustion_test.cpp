// SPDX-License-Identifier: MIT
//
// Nothing is left of descriptors, of processes, of memory: every start is an error that says so,
// leaves nothing behind, and succeeds when there is more again.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <new>
#include <string>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/containment.hpp>
#include <sysfd/create.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/spawn_all.hpp>

#include "support/prelude.hpp"

#include "support/sanitizers.hpp"

namespace sysfd_test {
namespace {

template <class T>
int errno_of(const Result<T, SpawnError>& result) {
  return result ? 0 : result.error().code.value();
}

struct Start {
  const char* name;
  int (*run)();  // 0 or an errno value
};
constexpr Start starts[] = {
    {"status()", [] { return errno_of(Command("/bin/true").status()); }},
    {"spawn()", [] { return errno_of(Command("/bin/true").spawn()); }},
    {"spawn() with pipes",
     [] {
       return errno_of(Command("/bin/true")
                           .stdin_from(Stdio::pipe())
                           .stdout_to(Stdio::pipe())
                           .stderr_to(Stdio::pipe())
                           .spawn());
     }},
    {"spawn() with descriptors",
     [] {
       const auto null = open(cwd(), "/dev/null", O_RDONLY);
       if (!null) return null.error().value();
       return errno_of(Command("/bin/true").pass(*null, 8).pass(*null, 9).spawn());
     }},
    {"spawn() with a terminal", [] { return errno_of(Command("/bin/true").terminal({}).spawn()); }},
    {"output()", [] { return errno_of(Command("/bin/true").output()); }},
    {"spawn_async()",
     [] {
       auto pending = Command("/bin/true").spawn_async();
       return pending ? errno_of(std::move(*pending).finish()) : errno_of(pending);
     }},
    {"a pipeline", [] { return errno_of((Command("/bin/true") | Command("/bin/true")).output()); }},
    {"a prepared command",
     [] {
       const auto prepared = Command("/bin/true").prepare();
       return prepared ? errno_of(prepared->status()) : errno_of(prepared);
     }},
    {"spawn_all()",
     [] {
       std::array commands = {Command("/bin/true"), Command("/bin/true")};
       const auto children = spawn_all(commands);
       const auto failed =
           std::ranges::find_if_not(children, [](const auto& child) { return child.has_value(); });
       return failed == children.end() ? 0 : errno_of(*failed);
     }},
    {"contain()",
     [] { return errno_of(Command("/bin/true").contain({.reach = Reach::best_effort}).spawn()); }},
};

void expect_no_child() {
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1) << "a child was left";
  EXPECT_EQ(errno, ECHILD);
}

class Exhaustion : public testing::TestWithParam<Start> {
 protected:
  static int start() { return GetParam().run(); }
};

TEST_P(Exhaustion, OfDescriptors) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    ASSERT_EQ(start(), 0);  // what is opened once is open now
    const auto before = open_descriptors();
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlim_t usual = limit.rlim_cur;
    bool has_failed = false, has_succeeded = false;
    for (rlim_t number = static_cast<rlim_t>(*before.rbegin()) + 1; !has_succeeded; ++number) {
      ASSERT_LT(number, 64U);
      limit.rlim_cur = number;
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
      const int error = start();
      limit.rlim_cur = usual;
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
      // dup2(2): a number that the child is to have is not below the limit.
      const bool is_beyond = error == EBADF && number < 10;
      EXPECT_TRUE(error == 0 || error == EMFILE || is_beyond) << error << " with " << number;
      (error == 0 ? has_succeeded : has_failed) = true;
      EXPECT_EQ(open_descriptors(), before);
      expect_no_child();
    }
    EXPECT_TRUE(has_failed);
    EXPECT_EQ(start(), 0);
  });
}

TEST_P(Exhaustion, OfProcesses) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    // Of a user who has no other process, and no privilege to have more. Another of these tests may
    // run at the same time.
    const auto is_this = [](const Start& each) { return each.run == GetParam().run; };
    const auto user =
        static_cast<uid_t>(59'900 + (std::ranges::find_if(starts, is_this) - std::begin(starts)));
    ASSERT_EQ(::setresgid(user, user, user), 0);
    ASSERT_EQ(::setresuid(user, user, user), 0);
    rlimit limit{.rlim_cur = 20, .rlim_max = 20};
    ASSERT_EQ(::setrlimit(RLIMIT_NPROC, &limit), 0);
    const auto before = open_descriptors();
    {
      std::vector<Child> children;
      int error = 0;
      while (error == 0) {
        ASSERT_LT(children.size(), 20U);
        auto child = Command("/bin/sleep").arg("1000").spawn();
        error = errno_of(child);
        if (child) children.push_back(std::move(*child));
      }
      EXPECT_EQ(error, EAGAIN);
      ASSERT_GT(children.size(), 4U);
      for (int left = 0; left < 4; ++left) {  // a pipeline and a keeper need more than one
        const auto held = open_descriptors();
        const int other_error = start();
        EXPECT_TRUE(other_error == 0 || other_error == EAGAIN) << other_error;
        if (left == 0) {
          EXPECT_EQ(other_error, EAGAIN);
        }
        EXPECT_EQ(open_descriptors(), held);
        children.pop_back();
      }
      EXPECT_EQ(start(), 0);
    }
    EXPECT_EQ(open_descriptors(), before);
    expect_no_child();
  });
}

#if defined(__cpp_exceptions)
std::size_t size_of_memory() {
  std::size_t pages = 0;
  if (std::FILE* const file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%zu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Takes all memory that can be had without more address space, and gives it back at its end.
class Hog {
 public:
  Hog() {
    for (std::size_t size = 65'536; size >= sizeof(Block);
         size = size > 1040 ? size / 2 : size - 16)
      while (void* const memory = std::malloc(size))
        blocks_ = ::new (memory) Block{blocks_};
  }
  ~Hog() {
    while (Block* const block = blocks_) {
      blocks_ = block->next;
      std::free(block);
    }
  }
  Hog(const Hog&) = delete;
  Hog& operator=(const Hog&) = delete;

 private:
  struct Block {
    Block* next;
  };
  Block* blocks_ = nullptr;
};

TEST_P(Exhaustion, OfMemory) {
  SYSFD_REQUIRE_ISOLATION();
  if (is_sanitized) GTEST_SKIP() << "needs to be without a sanitizer, which maps memory";
  run_apart([] {
    ASSERT_EQ(start(), 0);
    const auto before = open_descriptors();
    rlimit usual{};
    ASSERT_EQ(::getrlimit(RLIMIT_AS, &usual), 0);
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    bool has_failed = false, has_succeeded = false;
    for (std::size_t pages = 0; !has_succeeded; pages += 4) {
      ASSERT_LT(pages, 1024U);
      rlimit limit = usual;
      limit.rlim_cur = size_of_memory();
      ASSERT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
      int error = ENOMEM;
      {
        const Hog hog;
        limit.rlim_cur += pages * page;
        ASSERT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
        try {
          error = start();
        } catch (const std::bad_alloc&) {
        }
        ASSERT_EQ(::setrlimit(RLIMIT_AS, &usual), 0);
      }
      (error == 0 ? has_succeeded : has_failed) = true;
      EXPECT_TRUE(error == 0 || error == ENOMEM) << error << " with " << pages << " pages";
      EXPECT_EQ(open_descriptors(), before);
      expect_no_child();
    }
    EXPECT_TRUE(has_failed);
    EXPECT_EQ(start(), 0);
  });
}
#endif

INSTANTIATE_TEST_SUITE_P(, Exhaustion, testing::ValuesIn(starts),
                         [](const testing::TestParamInfo<Start>& start) {
                           std::string name = start.param.name;
                           std::erase_if(name, [](char c) { return std::isalnum(c) == 0; });
                           return name;
                         });

}  // namespace
}  // namespace sysfd_test
