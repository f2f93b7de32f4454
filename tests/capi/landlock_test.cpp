// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include "capi/objects.hpp"
#include "support/kernel_features.hpp"
#include "support/run_apart.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

using CRuleset = CObject<sysfd_ruleset, sysfd_ruleset_free>;

sysfd_rights files(std::uint64_t rights) {
  sysfd_rights made = SYSFD_RIGHTS_INIT;
  made.files = rights;
  return made;
}

CRuleset ruleset_of(const sysfd_rights& required) {
  sysfd_rights missing = SYSFD_RIGHTS_INIT;
  auto it = made<CRuleset>(
      [&](auto out) { return sysfd_ruleset_new(&required, nullptr, out, &missing, nullptr); });
  EXPECT_EQ(missing.files, 0U);
  return it;
}

TEST(CRulesets, RestrictAThread) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory directory;
  const std::string path = directory.path();
  const auto it = ruleset_of(files(SYSFD_FILE_READ_DIR));
  EXPECT_EQ(sysfd_ruleset_allow_path(it.get(), path.c_str(), SYSFD_FILE_READ_DIR, nullptr), 0);
  run_apart([&] {
    EXPECT_EQ(sysfd_ruleset_restrict_self(it.get(), 0, nullptr), 0);
    EXPECT_EQ(sysfd_open(SYSFD_CWD, "/", O_RDONLY | O_DIRECTORY, 0), -EACCES);
    EXPECT_GE(sysfd_open(SYSFD_CWD, path.c_str(), O_RDONLY | O_DIRECTORY, 0), 0);
  });
}

TEST(CRulesets, RestrictAChild) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const auto it = ruleset_of(files(SYSFD_FILE_READ_DIR));
  const int root = sysfd_open(SYSFD_CWD, "/usr", O_PATH | O_DIRECTORY, 0);
  EXPECT_EQ(sysfd_ruleset_allow(it.get(), root, SYSFD_FILE_READ_DIR, nullptr), 0);
  EXPECT_EQ(sysfd_close_take(root), 0);
  const auto list = [&](const char* path) {
    const auto lists = command("ls", {path});
    EXPECT_EQ(sysfd_command_stdout_to_borrow(lists.get(), 2), 0);
    EXPECT_EQ(sysfd_command_landlock_borrow(lists.get(), sysfd_ruleset_fd_borrow(it.get())), 0);
    return exit_code_of(spawned(lists));
  };
  EXPECT_EQ(list("/usr"), 0);
  EXPECT_NE(list("/"), 0);
}

TEST(CRulesets, TellWhatIsMissing) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  constexpr std::uint64_t unknown = std::uint64_t{1} << 60;
  sysfd_rights wanted = files(SYSFD_FILE_READ_FILE | unknown), missing = SYSFD_RIGHTS_INIT;
  sysfd_landlock_error error = SYSFD_LANDLOCK_ERROR_INIT;
  sysfd_ruleset* none = nullptr;
  EXPECT_EQ(sysfd_ruleset_new(&wanted, nullptr, &none, &missing, &error), -ENOTSUP);
  EXPECT_EQ(error.step, SYSFD_LANDLOCK_CREATE);
  EXPECT_EQ(error.missing_files, unknown);
  const auto it = made<CRuleset>(
      [&](auto out) { return sysfd_ruleset_new(nullptr, &wanted, out, &missing, &error); });
  EXPECT_EQ(missing.files, unknown);
  sysfd_rights handled = SYSFD_RIGHTS_INIT;
  EXPECT_EQ(sysfd_ruleset_handled(it.get(), &handled), 0);
  EXPECT_EQ(handled.files, std::uint64_t{SYSFD_FILE_READ_FILE});
  EXPECT_EQ(sysfd_ruleset_allow_path(it.get(), "/no/such", SYSFD_FILE_READ_FILE, &error), -ENOENT);
  EXPECT_EQ(error.step, SYSFD_LANDLOCK_OPEN);
  EXPECT_EQ(sysfd_ruleset_allow_port(it.get(), 80, SYSFD_PORT_BIND_TCP, &error), 0)
      << "it is not handled";
  EXPECT_EQ(sysfd_ruleset_allow_path(it.get(), "/", SYSFD_FILE_REFER, &error), -EINVAL);
  EXPECT_EQ(error.step, SYSFD_LANDLOCK_RULE);
  EXPECT_EQ(sysfd_ruleset_restrict_self(it.get(), 4, nullptr), -EINVAL) << "an unknown flag";
}

TEST(CRulesets, ExplainWhatTheyDecide) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  sysfd_rights missing = SYSFD_RIGHTS_INIT;
  const auto it = made<CRuleset>([&](auto out) {
    return sysfd_ruleset_for_program("/bin/sh", nullptr, out, &missing, nullptr);
  });
  const auto allowed = [&](const char* path) {
    std::uint64_t found = 7;
    const auto text = text_of([&](char* buffer, std::size_t size) {
      return sysfd_ruleset_explain(it.get(), path, SYSFD_FILE_RUN, &found, buffer, size, nullptr);
    });
    EXPECT_NE(text.find(path), std::string::npos) << text;
    return found;
  };
  EXPECT_EQ(allowed("/bin/sh"), std::uint64_t{SYSFD_FILE_RUN});
  EXPECT_EQ(allowed("/etc/passwd"), 0U);
}

TEST(CRulesets, FindMistakes) {
  sysfd_rights rights = SYSFD_RIGHTS_INIT;
  sysfd_ruleset* none = nullptr;
  EXPECT_EQ(sysfd_ruleset_new(&rights, nullptr, nullptr, &rights, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_ruleset_new(&rights, nullptr, &none, nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_ruleset_for_program(nullptr, nullptr, &none, &rights, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_ruleset_allow(nullptr, 0, 0, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_ruleset_allow(nullptr, -1, 0, nullptr), -EBADF);
  EXPECT_EQ(sysfd_ruleset_allow_path(nullptr, "/", 0, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_ruleset_allow_port(nullptr, 0, 0, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_ruleset_restrict_self(nullptr, 0, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_ruleset_handled(nullptr, &rights), -EINVAL);
  EXPECT_EQ(sysfd_ruleset_explain(nullptr, "/", 0, nullptr, nullptr, 0, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_ruleset_fd_borrow(nullptr), -EINVAL);
  sysfd_ruleset_free(nullptr);
}

}  // namespace
}  // namespace sysfd_test
