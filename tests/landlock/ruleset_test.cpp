// SPDX-License-Identifier: MIT
//
// Tests making rulesets and rules. What they do to a process is in restrict_test.cpp.
#include <sysfd/landlock.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "landlock/attempts.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

const Rights basic = rights::of_abi(1);

Ruleset must_make(const Rights& required) {
  return must(Ruleset::create(required));
}

template <class T>
LandlockError landlock_error_of(const Result<T, LandlockError>& result) {
  return result.has_value() ? LandlockError{LandlockStep::support, {}} : result.error();
}

void expect_error(const Result<void, LandlockError>& result, LandlockStep step, int code) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().step, step) << result.error();
  EXPECT_EQ(result.error().code.value(), code) << result.error();
}

TEST(LandlockSupport, IsWhatTheKernelAnswers) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const auto support = must(landlock_support());
  EXPECT_GE(support.abi, 1);
  EXPECT_EQ(support.known, rights::of_abi(support.abi));
  EXPECT_TRUE(landlock_errata().has_value());
}

// The kernel accepts each right that its ABI has in our table, and no other.
TEST(LandlockSupport, IsExact) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Rights known = must(landlock_support()).known;
  EXPECT_TRUE(Ruleset::create(known).has_value());
  const auto expect_same = [](const Rights& one, bool is_known) {
    EXPECT_EQ(Ruleset::create(one).has_value(), is_known) << one.text();
  };
  for (int bit = 0; bit < 17; ++bit) {
    const auto one = FileRights::from_bits(std::uint64_t{1} << bit);
    expect_same({.files = one}, known.files.contains(one));
  }
  for (int bit = 0; bit < 4; ++bit) {
    const auto one = PortRights::from_bits(std::uint64_t{1} << bit);
    expect_same({.ports = one}, known.ports.contains(one));
  }
  for (int bit = 0; bit < 2; ++bit) {
    const auto one = Scopes::from_bits(std::uint64_t{1} << bit);
    expect_same({.scopes = one}, known.scopes.contains(one));
  }
}

TEST(LandlockSupport, IsAnErrorWhereThereIsNone) {
  for (const int refusal : {ENOSYS, EOPNOTSUPP, EPERM}) {
    run_apart([refusal] {
      refuse_calls({{SYS_landlock_create_ruleset, refusal}});
      for (const auto& error :
           {landlock_error_of(landlock_support()), landlock_error_of(landlock_errata()),
            landlock_error_of(Ruleset::create(basic)),
            landlock_error_of(Ruleset::create({}, basic))}) {
        EXPECT_EQ(error.step, LandlockStep::support);
        EXPECT_EQ(error.code.value(), refusal);
        EXPECT_EQ(error.describe().substr(0, 10), "Landlock: ") << error;
      }
    });
  }
}

TEST(LandlockErrata, AreNoneWhereTheKernelDoesNotKnowThem) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const RefusedCall::Match errata{.argument = 2, .value = 2};
  run_apart([&] {
    refuse_calls({{SYS_landlock_create_ruleset, EINVAL, errata}});
    EXPECT_EQ(must(landlock_errata()), 0U);
  });
  run_apart([&] {
    refuse_calls({{SYS_landlock_create_ruleset, EPERM, errata}});
    EXPECT_EQ(landlock_error_of(landlock_errata()).code.value(), EPERM);
  });
}

TEST(Ruleset, IsCloseOnExecAndHandlesWhatIsRequired) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Ruleset ruleset = must_make(basic);
  EXPECT_TRUE(must(is_close_on_exec(ruleset.fd())));
  EXPECT_EQ(ruleset.handled(), basic);
  EXPECT_TRUE(ruleset.rules().empty());
}

TEST(Ruleset, ThatRequiresWhatIsMissingIsAnErrorThatNamesIt) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Rights unknown{.files = FileRights::from_bits(1ULL << 60)};
  const auto made = Ruleset::create(basic | unknown);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().step, LandlockStep::create);
  EXPECT_EQ(made.error().code.value(), ENOTSUP);
  EXPECT_EQ(made.error().missing, unknown);
  EXPECT_EQ(made.error().describe(), "Landlock ruleset: this kernel lacks: unknown bits");
}

TEST(Ruleset, ThatWantsWhatIsMissingTellsIt) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Rights unknown{.files = FileRights::from_bits(1ULL << 60)};
  auto made = must(Ruleset::create(basic, unknown | basic));
  EXPECT_EQ(made.missing(), unknown);
  Rights missing;
  const Ruleset ruleset = std::move(made).take(missing);
  EXPECT_EQ(missing, unknown);
  EXPECT_EQ(ruleset.handled(), basic);
}

// It never forbids nothing, and says that all is well.
TEST(Ruleset, ThatWouldHandleNothingIsAnError) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Rights unknown{.files = FileRights::from_bits(1ULL << 60)};
  for (const auto& error :
       {landlock_error_of(Ruleset::create({})), landlock_error_of(Ruleset::create({}, unknown))}) {
    EXPECT_EQ(error.step, LandlockStep::create);
    EXPECT_EQ(error.code.value(), EINVAL);
  }
}

TEST(LandlockRule, OfAFileLeavesOutTheRightsOfDirectories) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  Ruleset ruleset = must_make(basic);
  ASSERT_TRUE(ruleset.allow("/dev/null", rights::read_write));
  ASSERT_EQ(ruleset.rules().size(), 1U);
  EXPECT_EQ(ruleset.rules()[0].path, "/dev/null");
  EXPECT_EQ(ruleset.rules()[0].rights, FileRight::read_file | FileRight::write_file);
  expect_error(ruleset.allow("/dev/null", FileRight::make_dir), LandlockStep::rule, EINVAL);
}

TEST(LandlockRule, LeavesOutWhatTheRulesetDoesNotHandle) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  Ruleset ruleset = must_make({.files = FileRight::write_file});
  EXPECT_TRUE(ruleset.allow("/usr", rights::read));
  EXPECT_TRUE(ruleset.rules()[0].rights.empty());
  expect_error(ruleset.allow("/usr", {}), LandlockStep::rule, EINVAL);
}

TEST(LandlockRule, OfReferNeedsItToBeHandled) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  if (must(landlock_support()).abi < 2) GTEST_SKIP() << "needs Linux 5.19, which has the right";
  Ruleset ruleset = must_make(basic);
  const auto result = ruleset.allow("/tmp", rights::read_write);
  expect_error(result, LandlockStep::rule, EINVAL);
  EXPECT_EQ(result.error().describe(),
            "Landlock rule for \"/tmp\": the ruleset does not handle: refer");
}

// Where no right to files is handled, nothing is forbidden to files, refer included.
TEST(LandlockRule, OfReferIsNotNeededWithoutRightsToFiles) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Rights tcp{.ports = PortRight::bind_tcp};
  SYSFD_REQUIRE_RIGHTS(tcp, "6.7");
  Ruleset ruleset = must_make(tcp);
  EXPECT_TRUE(ruleset.allow("/tmp", FileRight::refer));
  EXPECT_TRUE(must(explain(ruleset, "/tmp", FileRight::refer)).denied.empty());
}

TEST(LandlockRule, OfWhatHasNoPathIsAnError) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  Ruleset ruleset = must_make(basic);
  const auto ends = must(pipe());
  expect_error(ruleset.allow(ends.read, rights::read), LandlockStep::rule, EBADFD);
  const OwnedFd memory = must(memfd("test"));
  expect_error(ruleset.allow(memory, rights::read), LandlockStep::rule, EBADFD);
  expect_error(ruleset.allow("/no/such", rights::read), LandlockStep::open, ENOENT);
  EXPECT_EQ(ruleset.allow("/no/such", rights::read).error().describe(),
            "open of \"/no/such\": No such file or directory");
  expect_error(ruleset.allow(std::string("/\0tmp", 5), rights::read), LandlockStep::open, EINVAL);
  EXPECT_TRUE(ruleset.rules().empty());
}

TEST(LandlockRule, OfAPortIsTheSameForRightsThatAreNotHandled) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  Ruleset ruleset = must_make(basic);
  EXPECT_TRUE(ruleset.allow_port(80, PortRight::connect_tcp));  // nothing forbids it
  expect_error(ruleset.allow_port(80, {}), LandlockStep::rule, EINVAL);
}

TEST(LandlockExplanation, NamesTheRuleOrThatThereIsNone) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  const auto inner = scratch.path() / "inner";
  std::filesystem::create_directory(inner);
  std::ofstream(inner / "file") << "text";
  std::filesystem::create_symlink(inner / "file", scratch.path() / "link");
  Ruleset ruleset = must_make(basic);
  ASSERT_TRUE(ruleset.allow(inner, FileRight::read_file));
  ASSERT_TRUE(ruleset.allow(scratch.path(), FileRight::write_file));

  const auto found =
      must(explain(ruleset, scratch.path() / "link", FileRight::read_file | FileRight::write_file));
  EXPECT_TRUE(found.denied.empty());
  ASSERT_EQ(found.rules.size(), 2U);
  EXPECT_EQ(found.rules[0].path, inner.string());
  EXPECT_EQ(found.path.front(), std::filesystem::canonical(inner / "file").string());
  EXPECT_EQ(found.path.back(), "/");

  const auto denied = must(explain(ruleset, scratch.path(), FileRight::read_file));
  EXPECT_EQ(denied.denied, FileRight::read_file);
  EXPECT_TRUE(denied.allowed.empty());
  EXPECT_EQ(found.allowed, FileRight::read_file | FileRight::write_file);
  EXPECT_EQ(denied.describe().substr(0, 13), "read_file of ");
  EXPECT_NE(denied.describe().find(": no rule on /"), std::string::npos) << denied.describe();

  // Not handled: allowed, but for what is forbidden in any case.
  const auto other = must(explain(ruleset, inner, FileRight::truncate | FileRight::refer));
  EXPECT_EQ(other.denied, FileRight::refer);
  EXPECT_EQ(landlock_error_of(explain(ruleset, "/no/such", rights::read)).code.value(), ENOENT);
}

TEST(LandlockExplanation, TellsWhereNothingIsForbidden) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  Ruleset ruleset = must_make(basic);
  ASSERT_TRUE(ruleset.allow("/proc", rights::read)) << "another file system";
  ASSERT_TRUE(ruleset.allow("/", FileRight::read_file));
  const auto allowed = must(explain(ruleset, "/", FileRight::read_file));
  EXPECT_EQ(allowed.describe(), "read_file: allowed by the rule on /");
  const auto partly = must(explain(ruleset, "/", FileRight::read_file | FileRight::write_file));
  EXPECT_EQ(partly.describe(),
            "read_file: allowed by the rule on /; write_file of /: no rule on /");
  EXPECT_TRUE(must(explain(ruleset, "/proc", FileRight::read_file))
                  .describe()
                  .ends_with("rule on /proc; read_file: allowed by the rule on /"));
  EXPECT_EQ(must(explain(ruleset, "/", {})).describe(), "nothing is forbidden");
  EXPECT_EQ(
      landlock_error_of(explain(ruleset, std::string("/\0tmp", 5), rights::read)).code.value(),
      EINVAL);
}

TEST(LandlockErrors, AreExplained) {
  using Step = LandlockStep;
  const auto text = [](Step step, int code, const std::string& subject = {}, Rights missing = {}) {
    return LandlockError{step, {code, std::system_category()}, missing, subject}.describe();
  };
  EXPECT_TRUE(text(Step::support, ENOSYS)
                  .ends_with(": not in this kernel, or refused by a seccomp filter"));
  EXPECT_TRUE(text(Step::support, EOPNOTSUPP).ends_with("(see its parameter lsm=)"));
  EXPECT_TRUE(text(Step::support, EPERM).ends_with(": Operation not permitted"));
  EXPECT_TRUE(text(Step::create, EINVAL).ends_with(": it would forbid nothing"));
  EXPECT_TRUE(text(Step::create, EMFILE).ends_with(": Too many open files"));
  EXPECT_TRUE(
      text(Step::rule, EINVAL, "/").ends_with(" \"/\": none of these rights can be allowed to it"));
  EXPECT_TRUE(text(Step::rule, EBADFD, "x")
                  .ends_with(" \"x\": not a file of a file system that has paths"));
  EXPECT_TRUE(text(Step::rule, ENOMEM, "x").ends_with(": Cannot allocate memory"));
  EXPECT_TRUE(text(Step::rule, EINVAL, "/", {.files = FileRight::refer})
                  .ends_with(": the ruleset does not handle: refer"));
  EXPECT_TRUE(text(Step::create, EOPNOTSUPP, {}, {.scopes = Scope::signal})
                  .ends_with(": this kernel lacks: signal"));
  EXPECT_EQ(text(Step::open, ENOENT), "open of \"\": No such file or directory");
  EXPECT_TRUE(text(Step::program, ENOENT, "x").ends_with(" \"x\": No such file or directory"));
  EXPECT_TRUE(text(Step::restrict, E2BIG).ends_with("is restricted 16 times already"));
  EXPECT_TRUE(text(Step::restrict, EPERM).ends_with("needs no-new-privileges or CAP_SYS_ADMIN"));
  EXPECT_TRUE(text(Step::restrict, ENOTNAM).ends_with("XENIX named type file"));
  EXPECT_TRUE(text(static_cast<Step>(99), EPERM).starts_with("unknown step"));
}

TEST(LandlockExplanation, FollowsTheFileAndNotItsName) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  std::filesystem::create_directory(scratch.path() / "old");
  Ruleset ruleset = must_make(basic);
  ASSERT_TRUE(ruleset.allow(scratch.path() / "old", rights::read));
  std::filesystem::rename(scratch.path() / "old", scratch.path() / "new");
  std::filesystem::create_directory(scratch.path() / "old");
  EXPECT_TRUE(must(explain(ruleset, scratch.path() / "new", rights::read)).denied.empty());
  EXPECT_EQ(must(explain(ruleset, scratch.path() / "old", rights::read)).denied, rights::read);
}

}  // namespace
}  // namespace sysfd_test
