// SPDX-License-Identifier: MIT
#include "family/snippets.hpp"

#include <sys/wait.h>

#include <exception>

#include "support/requirements.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_snippets {
namespace {

sysfd::OwnedFd file_with(const char* text) {
  auto file = sysfd::memfd("given").or_throw("memfd");
  if (::write(file.get(), text, std::string_view(text).size()) < 0 ||
      ::lseek(file.get(), 0, SEEK_SET) != 0)
    std::abort();
  return file;
}

pid_t child_that_has_ended() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info;
  ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  return child;
}

}  // namespace

void run_snippet(Anything (*snippet)(Given&)) {
  SYSFD_REQUIRE_ISOLATION();  // some send signals
  const sysfd_test::ScratchDirectory scratch;
  sysfd_test::run_apart([&] {
    ASSERT_EQ(::chdir(scratch.path().c_str()), 0);
    auto [left, right] = sysfd::socket_pair(SOCK_STREAM).or_throw("socket_pair");
    Given given{std::move(left),
                std::move(right),
                file_with("one\ntwo\n"),
                file_with(""),
                file_with("b\na\nb\n"),
                file_with(""),
                file_with(""),
                sysfd::open(sysfd::cwd(), ".", O_RDONLY | O_DIRECTORY).or_throw("open"),
                child_that_has_ended()};
    try {
      snippet(given);
    } catch (const std::system_error& error) {
      std::cout << "throws " << error.what() << '\n';  // as or_throw() does
    }
  });
}

}  // namespace sysfd_snippets
