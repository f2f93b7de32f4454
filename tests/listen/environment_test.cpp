// SPDX-License-Identifier: MIT
//
// Tests what happens to the variables.
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "support/prelude.hpp"

#include "listen/activated.hpp"

namespace sysfd_test {
namespace {

// Returns the variables about activation, and those that look like them.
std::vector<std::string> environment_of_activation() {
  std::vector<std::string> list;
  for (char** variable = ::environ; *variable; ++variable)
    if (std::string(*variable).starts_with("LISTEN")) list.emplace_back(*variable);
  return list;
}

// Each of them has a different result.
std::vector<Activation> all_activations() {
  return {activation_for_us(1, "a"),
          {.pid = own_pid(), .identity = "x", .count = "1", .names = "a"},
          {.pid = std::nullopt, .identity = "1", .count = "1", .names = "a"},
          {.pid = "1", .identity = "1", .count = "1", .names = "a"},
          {.pid = own_pid(), .names = "a"},
          activation_for_us(-1, "a"),
          activation_for_us(1, "a:b"),
          activation_for_us(2, "a:b")};
}

TEST(TakeEnvironment, IsEmptiedWhateverTheAnswerIs) {
  for (std::size_t i = 0; i < 8; ++i)
    run_apart([&] {
      open_files(1);
      ::close(4);
      ::setenv("LISTEN_FDSTORE", "another", 1);
      all_activations()[i].set_environment();
      const auto taken = ListenFds::take();
      EXPECT_EQ(taken.has_value(), i == 0);
      EXPECT_EQ(environment_of_activation(), std::vector<std::string>{"LISTEN_FDSTORE=another"});
    });
}

TEST(TakeEnvironment, IsEmptiedBySecondAttemptsToo) {
  run_apart([] {
    open_files(1);
    activation_for_us(1).set_environment();
    const auto taken = must(ListenFds::take());
    activation_for_us(1).set_environment();
    EXPECT_FALSE(ListenFds::take());
    EXPECT_EQ(environment_of_activation(), std::vector<std::string>());
  });
}

TEST(TakeEnvironment, IsKeptIfThatIsWanted) {
  for (std::size_t i = 0; i < 8; ++i)
    run_apart([&] {
      open_files(1);
      ::close(4);
      all_activations()[i].set_environment();
      const auto before = environment_of_activation();
      const auto taken = ListenFds::take({.keep_environment = true});
      EXPECT_EQ(taken.has_value(), i == 0);
      EXPECT_EQ(environment_of_activation(), before);
    });
}

TEST(TakeEnvironment, IsNeitherReadNorChangedByTheSpan) {
  run_apart([] {
    open_files(1);
    const Activation activation = activation_for_us(1, "of the environment");
    activation.set_environment();
    const auto before = environment_of_activation();
    const auto refused = take(Way::span, {.pid = std::nullopt});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ListenErrorKind::not_activated);
    EXPECT_EQ(environment_of_activation(), before);

    const auto taken = must(take(Way::span, activation_for_us(1, "of the span")));
    EXPECT_EQ(taken.name(0), "of the span");
    EXPECT_EQ(environment_of_activation(), before);
  });
}

TEST(TakeEnvironment, CountsTheFirstOfSeveralWithOneName) {
  const auto variables = [] {
    return std::vector<std::string>{"LISTEN_FDNAMES=first", "LISTEN_PID=" + own_pid(),
                                    "LISTEN_FDS=1",         "LISTEN_FDS=2",
                                    "LISTEN_PID=1",         "LISTEN_FDNAMES=a:b"};
  };
  run_apart([&] {
    open_files(2);
    auto list = variables();
    std::vector<const char*> pointers;
    for (const std::string& variable : list)
      pointers.push_back(variable.c_str());
    const auto fds = must(ListenFds::take(pointers));
    EXPECT_EQ(fds.size(), 1U);
    EXPECT_EQ(fds.name(0), "first");
  });
  run_apart([&] {
    open_files(2);
    auto list = variables();
    std::vector<char*> pointers;
    for (std::string& variable : list)
      pointers.push_back(variable.data());
    pointers.push_back(nullptr);
    ::environ = pointers.data();
    const auto fds = must(ListenFds::take());
    EXPECT_EQ(fds.size(), 1U);
    EXPECT_EQ(fds.name(0), "first");
    EXPECT_EQ(environment_of_activation(), std::vector<std::string>())
        << "the others are removed as well";
  });
}

TEST(TakeEnvironment, OfASpanMayHaveAnythingElseInIt) {
  run_apart([] {
    open_files(1);
    const std::string pid = "LISTEN_PID=" + own_pid();
    const char* variables[] = {nullptr,
                               "",
                               "=",
                               "LISTEN_FDS",
                               "LISTEN_PID",
                               "A=b",
                               "=C:",
                               "LISTEN_FDS2=7",
                               "XLISTEN_FDS=7",
                               nullptr,
                               pid.c_str(),
                               "listen_fds=7",
                               "LISTEN_FDS =7",
                               "LISTEN_FDS=1",
                               "LISTEN_FDNAMES=a=b=",
                               nullptr};
    const auto fds = must(ListenFds::take(variables));
    EXPECT_EQ(fds.size(), 1U);
    EXPECT_EQ(fds.name(0), "a=b=");
  });
}

TEST(TakeEnvironment, OfNoVariablesIsNoActivation) {
  run_apart([] {
    const auto refused = ListenFds::take(std::span<const char* const>());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ListenErrorKind::not_activated);
  });
}

TEST(TakeEnvironment, IsWhatTheProgramsEnvironIs) {
  run_apart([] {
    open_files(1);
    activation_for_us(1, "a").set_environment();
    std::size_t count = 0;
    while (::environ[count])
      ++count;
    const auto fds = must(ListenFds::take(std::span<const char* const>(::environ, count + 1)));
    EXPECT_EQ(fds.name(0), "a");
  });
}

}  // namespace
}  // namespace sysfd_test
