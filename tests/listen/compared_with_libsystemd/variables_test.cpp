// SPDX-License-Identifier: MIT
//
// Passes the same variables and descriptors to sd_listen_fds_with_names(3) and to sysfd. If the
// results differ, the README of listen must explain it.
#include <fcntl.h>
#include <sys/syscall.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "listen/activated.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/sanitizers.hpp"

namespace sysfd_test {
namespace {

using Text = std::optional<std::string>;

constexpr int passed_count = 3;

struct Case {
  Text pid = std::nullopt;  // "{}" in it stands for the process's own
  Text count = std::nullopt;
  Text names = std::nullopt;
  int closed = 0;  // the number, among those passed, that is closed

  std::string describe() const {
    return "LISTEN_PID=" + pid.value_or("(none)") + " LISTEN_FDS=" + count.value_or("(none)") +
           " LISTEN_FDNAMES=" + names.value_or("(none)") + " closed " + std::to_string(closed);
  }
  bool is_for_us() const { return pid == "{}"; }
};

struct Answer {
  std::string what;    // "nothing", "error", or the names, each with a newline
  std::string detail;  // for messages
  std::string flags;   // for each passed number: x (close-on-exec), - or nothing
  std::string left;    // what is left of the environment
  bool operator==(const Answer&) const = default;
};

// Returns what `body` returns in a forked copy of this process.
Answer in_a_copy(const std::function<Answer()>& body) {
  auto ends = must(sysfd::pipe());
  ends.read = beyond_the_passed(std::move(ends.read));
  ends.write = beyond_the_passed(std::move(ends.write));
  run_apart([&] {
    const Answer answer = body();
    for (const std::string* part : {&answer.what, &answer.detail, &answer.flags, &answer.left})
      EXPECT_EQ(::write(ends.write.get(), part->c_str(), part->size() + 1),
                static_cast<ssize_t>(part->size() + 1));
  });
  (void)std::move(ends.write).close();
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(ends.read.get(), buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(got));
  Answer answer;
  for (std::string* part : {&answer.what, &answer.detail, &answer.flags, &answer.left}) {
    *part = text.substr(0, text.find('\0'));
    text.erase(0, part->size() + 1);
  }
  return answer;
}

std::string flags_of_passed_files() {
  std::string text;
  for (int fd = ListenFds::first_number; fd < ListenFds::first_number + passed_count; ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    text += flags == -1 ? ' ' : flags == FD_CLOEXEC ? 'x' : '-';
  }
  return text;
}

std::string left_in_environment() {
  std::string text;
  for (const char* name : listen_variables)
    if (std::getenv(name)) text += name;
  return text;
}

void set_up(const Case& each) {
  open_files(passed_count);
  ::close(ListenFds::first_number + passed_count);
  if (each.closed != 0) ::close(each.closed);
  Activation activation{.pid = each.pid, .count = each.count, .names = each.names};
  if (activation.pid)
    if (const auto place = activation.pid->find("{}"); place != std::string::npos)
      activation.pid->replace(place, 2, own_pid());
  activation.set_environment();
}

Answer libsystemd_takes(const Case& each) {
  return in_a_copy([&] {
    set_up(each);
    char** names = nullptr;
    const int answer = ::sd_listen_fds_with_names(1, &names);
    std::string what = answer == 0 ? "nothing" : "error";
    if (answer > 0) {
      what.clear();
      for (int i = 0; i < answer; ++i)
        what += names[i] + std::string("\n");
    }
    return Answer{what, std::to_string(answer), flags_of_passed_files(), left_in_environment()};
  });
}

Answer sysfd_takes(const Case& each) {
  return in_a_copy([&] {
    set_up(each);
    const auto taken = ListenFds::take();
    std::string what;
    if (taken)
      for (std::size_t i = 0; i < taken->size(); ++i)
        what += taken->name(i) + '\n';
    else
      what = taken.error().kind == ListenErrorKind::malformed ? "error" : "nothing";
    return Answer{what, taken ? "" : taken.error().describe(), flags_of_passed_files(),
                  left_in_environment()};
  });
}

// True for a number for libsystemd, up to `largest`, in a form that only a person would write.
bool is_spelled_otherwise(const Text& text, long largest) {
  if (!text || text->empty()) return false;
  if (*text == "{}" || ('1' <= text->front() && text->front() <= '9')) return false;
  std::string rest = *text;
  if (const auto place = rest.find("{}"); place != std::string::npos) rest.replace(place, 2, "7");
  rest.erase(0, rest.find_first_not_of(" \t\n\r"));
  if (rest.starts_with('+')) rest.erase(0, 1);
  int base = 0;
  if (rest.starts_with("0b") || rest.starts_with("0o")) {
    base = rest[1] == 'b' ? 2 : 8;
    rest.erase(0, 2);
  }
  char* end = nullptr;
  const long number = std::strtol(rest.c_str(), &end, base);
  return !rest.empty() && *end == '\0' && number > 0 && number <= largest;
}

// The difference that the README lists for such a case; none if both must return the same.
enum class Difference {
  pid_spelled_otherwise,
  count_spelled_otherwise,
  backslash_in_names,
  changed_by_an_error,
};
using Differences = std::map<Difference, int>;

std::string between_colons(std::string names) {
  for (char& c : names)
    if (c == ':') c = '\n';
  return names + '\n';
}

void expect_same_but_for_differences(const Case& each, Differences& seen) {
  SCOPED_TRACE(each.describe());
  const Answer theirs = libsystemd_takes(each);
  const Answer ours = sysfd_takes(each);
  EXPECT_EQ(theirs.left, "");
  EXPECT_EQ(ours.left, "");
  const std::string untouched = [&] {
    std::string flags(passed_count, '-');
    if (each.closed != 0) flags[static_cast<std::size_t>(each.closed - 3)] = ' ';
    return flags;
  }();
  const bool is_refused = ours.what == "error" || ours.what == "nothing";
  const std::string owned(is_refused || !each.count ? 0 : std::stoul(*each.count), 'x');
  EXPECT_EQ(ours.flags, owned + untouched.substr(owned.size()));
  if (theirs.what == "error" && theirs.flags != untouched) ++seen[Difference::changed_by_an_error];
  if (is_spelled_otherwise(each.pid, INT_MAX)) {
    ++seen[Difference::pid_spelled_otherwise];
    EXPECT_TRUE(ours.detail.starts_with("LISTEN_PID=")) << ours.detail;
    return;
  }
  if (each.is_for_us() && is_spelled_otherwise(each.count, INT_MAX - 3)) {
    ++seen[Difference::count_spelled_otherwise];
    EXPECT_TRUE(ours.detail.starts_with("LISTEN_FDS=")) << ours.detail;
    return;
  }
  if (each.names && each.names->contains('\\') && theirs.what != ours.what) {
    ++seen[Difference::backslash_in_names];
    EXPECT_TRUE(is_refused || ours.what == between_colons(*each.names)) << ours.what;
    return;
  }
  EXPECT_EQ(theirs.what, ours.what) << theirs.detail << "; " << ours.detail;
}

const Text pids[] = {std::nullopt, "{}",         "1",
                     "",           "abc",        "0",
                     "-1",         " {}",        "+{}",
                     "0{}",        "0x{}",       "{} ",
                     "{}x",        "\t{}",       "{}\n",
                     " 1",         "+1",         "1e0",
                     "-{}",        "2147483647", "2147483648",
                     "4294967297", "0b1",        "0o1",
                     "++1",        "+ 1",        "18446744073709551617",
                     "0x",         "- 1",        "\xff"};
const Text counts[] = {
    std::nullopt, "1",   "2",          "3",          "4",          "",
    "0",          "-1",  "+1",         "+3",         "01",         "010",
    "003",        "0x1", "0x3",        "0b11",       "0o3",        " 1",
    "\t2",        "1 ",  "1a",         "1\n",        "one",        "1.0",
    "-0",         "00",  "2147483644", "2147483645", "2147483648", "4294967297",
    "+",          " ",   "0x",         "08",         "\xff",       "99999999999999999999"};
const Text names[] = {std::nullopt, "",        "a",       "a:b",     "a:b:c",        "a:b:c:d",
                      ":",          "::",      "a:",      ":b",      "a::c",         "a:::d",
                      " ",          " a : b ", "\"a:b\"", "'a':b:c", "a b",          "a\\:b",
                      "a\\b",       "\\",      "a:b:c\\", "\\\\",    "\xff:\x01:\n", "unknown",
                      "a\tb:c\rd"};

TEST(ComparedWithLibsystemd, TheVariablesMeanTheSameExceptForWhatTheReadmeLists) {
  Differences seen;
  const auto stride = static_cast<std::size_t>(is_sanitized ? 5 : 1);
  std::vector<Case> cases;
  for (const Text& pid : pids)
    for (const Text& count : counts)
      cases.push_back({.pid = pid, .count = count, .names = std::nullopt});
  for (const Text& count : counts)
    for (const Text& each : names)
      for (const int closed : {0, 3, 5})
        cases.push_back({.pid = "{}", .count = count, .names = each, .closed = closed});
  for (const Text& pid : pids)
    for (const Text& each : names)
      cases.push_back({.pid = pid, .count = "2", .names = each});
  for (std::size_t i = 0; i < cases.size(); i += stride)
    expect_same_but_for_differences(cases[i], seen);
  for (const Difference each :
       {Difference::pid_spelled_otherwise, Difference::count_spelled_otherwise,
        Difference::backslash_in_names, Difference::changed_by_an_error})
    EXPECT_GT(seen[each], 0) << "no difference any more: " << static_cast<int>(each);
}

// Tests each row of the README's table separately.

TEST(ComparedWithLibsystemd, NoVariablesAreNothingForBothAndHereWithAReason) {
  for (const Case& each : {Case{.count = "1"}, Case{.pid = "{}"}, Case{.pid = "1", .count = "1"}}) {
    EXPECT_EQ(libsystemd_takes(each).what, "nothing");
    const Answer ours = sysfd_takes(each);
    EXPECT_EQ(ours.what, "nothing");
    EXPECT_NE(ours.detail, "");
  }
}

TEST(ComparedWithLibsystemd, NumbersThatNoManagerWritesAreAcceptedThereAndNotHere) {
  for (const char* pid : {" {}", "+{}"}) {
    EXPECT_EQ(libsystemd_takes({.pid = pid, .count = "1"}).what, "unknown\n");
    EXPECT_EQ(sysfd_takes({.pid = pid, .count = "1"}).what, "error");
  }
  run_apart([] {
    open_files(1);
    ::setenv("LISTEN_FDS", "1", 1);
    std::array<char, 32> text{};
    for (const char* form : {"0x%x", "0%o"}) {
      std::snprintf(text.data(), text.size(), form[1] == 'x' ? "0x%x" : "0%o",
                    static_cast<unsigned>(::getpid()));
      ::setenv("LISTEN_PID", text.data(), 1);
      EXPECT_EQ(::sd_listen_fds(0), 1);
      const auto refused = ListenFds::take({.keep_environment = true});
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().kind, ListenErrorKind::malformed);
    }
  });
  for (const char* count : {"+1", "01", "0x1", " 1"}) {
    EXPECT_EQ(libsystemd_takes({.pid = "{}", .count = count}).what, "unknown\n");
    EXPECT_EQ(sysfd_takes({.pid = "{}", .count = count}).what, "error");
  }
  run_apart([] {
    open_files(8);
    activation_for_us(8).set_environment();
    ::setenv("LISTEN_FDS", "010", 1);
    EXPECT_EQ(::sd_listen_fds(0), 8);
    EXPECT_FALSE(ListenFds::take());
  });
}

TEST(ComparedWithLibsystemd, AnErrorChangesDescriptorsThereAndNotHere) {
  for (const auto& [each, flags] :
       {std::pair{Case{.pid = "{}", .count = "3", .names = "a"}, "xxx"},
        std::pair{Case{.pid = "{}", .count = "3", .names = "a:b:c", .closed = 5}, "xx "}}) {
    const Answer theirs = libsystemd_takes(each);
    EXPECT_EQ(theirs.what, "error");
    EXPECT_EQ(theirs.flags, flags);
    const Answer ours = sysfd_takes(each);
    EXPECT_EQ(ours.what, "error");
    EXPECT_EQ(ours.flags, each.closed == 0 ? "---" : "-- ");
  }
}

TEST(ComparedWithLibsystemd, BackslashesInNamesAreKeptOnlyHere) {
  EXPECT_EQ(libsystemd_takes({.pid = "{}", .count = "1", .names = R"(a\b)"}).what, "ab\n");
  EXPECT_EQ(sysfd_takes({.pid = "{}", .count = "1", .names = R"(a\b)"}).what, "a\\b\n");
  EXPECT_EQ(libsystemd_takes({.pid = "{}", .count = "1", .names = R"(a\:b)"}).what, "a:b\n");
  EXPECT_EQ(sysfd_takes({.pid = "{}", .count = "2", .names = R"(a\:b)"}).what, "a\\\nb\n");
  EXPECT_EQ(libsystemd_takes({.pid = "{}", .count = "1", .names = "a\\"}).what, "error");
  EXPECT_EQ(sysfd_takes({.pid = "{}", .count = "1", .names = "a\\"}).what, "a\\\n");
}

TEST(ComparedWithLibsystemd, ASecondCallGivesTheSameNumbersThereAndAnErrorHere) {
  run_apart([] {
    open_files(2);
    activation_for_us(2).set_environment();
    const auto fds = must(ListenFds::take({.keep_environment = true}));
    EXPECT_EQ(::sd_listen_fds(0), 2);
    EXPECT_EQ(::sd_listen_fds(0), 2);
    const auto again = ListenFds::take();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ListenErrorKind::already_taken);
    EXPECT_EQ(::sd_listen_fds(0), 0) << "the variables are gone";
  });
}

// The descriptors may have an owner: libsystemd has made them close-on-exec.
TEST(ComparedWithLibsystemd, WhatItHasTakenIsNotTakenHere) {
  run_apart([] {
    open_files(2);
    activation_for_us(2).set_environment();
    EXPECT_EQ(::sd_listen_fds(0), 2);
    const auto again = ListenFds::take();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ListenErrorKind::already_taken);
  });
}

TEST(ComparedWithLibsystemd, TheIdentityIsComparedHereAndByNewerVersionsThere) {
  SYSFD_REQUIRE_KERNEL("inode numbers of pidfds");
  run_apart([] {
    open_files(1);
    Activation activation = activation_for_us(1);
    activation.identity = "1";
    activation.set_environment();
    const auto refused = ListenFds::take({.keep_environment = true});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ListenErrorKind::other_process);
    const int answer = ::sd_listen_fds(0);
    EXPECT_TRUE(answer == 0 || answer == 1) << answer;
    open_files(1);

    activation.identity = own_identity();
    activation.set_environment();
    EXPECT_TRUE(ListenFds::take({.keep_environment = true}));
    open_files(1);
    EXPECT_EQ(::sd_listen_fds(0), 1);
  });
}

TEST(ComparedWithLibsystemd, TheIdentityIsNotComparedIfItCannotBeFoundOut) {
  for (const int error : {EPERM, ENOSYS, EMFILE})
    run_apart([error] {
      open_files(1);
      Activation activation = activation_for_us(1);
      activation.identity = "1";
      activation.set_environment();
      refuse_calls({{SYS_pidfd_open, error}});
      EXPECT_TRUE(ListenFds::take({.keep_environment = true}));
      open_files(1);
      EXPECT_EQ(::sd_listen_fds(0), 1);
    });
}

}  // namespace
}  // namespace sysfd_test
