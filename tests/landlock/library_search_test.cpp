// SPDX-License-Identifier: MIT
//
// Tests which libraries and interpreters Ruleset::for_program() finds, with programs that are made
// for it: what ld.so(8) and the kernel then open is allowed.
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <thread>

#include <sysfd/command.hpp>
#include <sysfd/landlock.hpp>

#include "support/prelude.hpp"

#include "landlock/made_elf.hpp"
#include "support/kernel_features.hpp"
#include "support/scratch_directory.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

constexpr std::int64_t auxiliary = 0x7ffffffd, filter = 0x7fffffff;  // DT_AUXILIARY, DT_FILTER

class LibrarySearch : public ::testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_KERNEL("Landlock"); }

  std::string path(const std::string& name) const { return scratch_.path() / name; }

  std::string make(const std::string& name, const std::string& content) const {
    const std::filesystem::path file = path(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    std::filesystem::permissions(file, std::filesystem::perms(0755));
    return file;
  }

  // The files for which there are rules, but for the loader's: their names in the scratch
  // directory.
  std::vector<std::string> allowed(const Ruleset& ruleset) const {
    std::vector<std::string> names;
    for (const LandlockRule& rule : ruleset.rules()) {
      const std::string there = std::filesystem::path(rule.path).lexically_normal();
      if (there.starts_with(scratch_.path().string()))
        names.push_back(there.substr(scratch_.path().string().size() + 1));
    }
    std::ranges::sort(names);
    return names;
  }

  ScratchDirectory scratch_;
};

Result<Ruleset, LandlockError> ruleset_for(const std::string& program) {
  auto made = Ruleset::for_program(program);
  if (!made) return std::unexpected(made.error());
  Rights missing;
  return (*std::move(made)).take(missing);
}

// Whether it starts, and ends well: the program, or a message.
std::string end_of(const std::string& program, const Ruleset& ruleset) {
  const auto output = Command(program).landlock(ruleset).env("LC_ALL", "C").output();
  if (!output) return output.error().describe();
  return output->success() ? "ended" : output->err;
}

#define REQUIRE_LOADER() \
  if (!std::filesystem::exists(usual_loader)) GTEST_SKIP() << "needs glibc's ld.so"

void expect_program_error(const std::string& program, int code, const std::string& subject) {
  const auto made = ruleset_for(program);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().step, LandlockStep::program);
  EXPECT_EQ(made.error().code.value(), code) << made.error();
  EXPECT_EQ(made.error().subject, subject);
}

TEST_F(LibrarySearch, OfAStaticProgramFindsNothing) {
  const std::string program = make("program", made_elf(ET_EXEC, {}, {}));
  const Ruleset ruleset = must(ruleset_for(program));
  ASSERT_EQ(ruleset.rules().size(), 1U);
  EXPECT_EQ(ruleset.rules()[0].path, program);
  EXPECT_EQ(end_of(program, ruleset), "ended");
}

TEST_F(LibrarySearch, ReplacesVariablesOfSearchPaths) {
  REQUIRE_LOADER();
  // In all the directories that they may stand for.
  for (const char* directory : {"lib", "lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"})
    make(directory + "/libone.so"s, made_library());
  for (const char* directory : {"x86_64", "haswell", "xeon_phi", "aarch64"})
    make(directory + "/libtwo.so"s, made_library());
  for (const std::int64_t tag : {DT_RPATH, DT_RUNPATH})
    for (const char* search :
         {"$ORIGIN/$LIB:$ORIGIN/$PLATFORM", "${ORIGIN}/${LIB}:/no:$ORIGIN/${PLATFORM}/"}) {
      const std::string program =
          make("program",
               made_program({{tag, search}, {DT_NEEDED, "libone.so"}, {DT_NEEDED, "libtwo.so"}}));
      EXPECT_EQ(end_of(program, must(ruleset_for(program))), "ended") << search;
    }
}

TEST_F(LibrarySearch, ReplacesVariablesOfNames) {
  REQUIRE_LOADER();
  make("lib/libone.so", made_library());
  make("libtwo-x86_64.so", made_library());
  make("libtwo-haswell.so", made_library());
  make("libtwo-xeon_phi.so", made_library());
  make("libtwo-aarch64.so", made_library());
  const std::string program = make("program", made_program({{DT_RUNPATH, "$ORIGIN"},
                                                            {DT_NEEDED, "$ORIGIN/lib/libone.so"},
                                                            {DT_NEEDED, "libtwo-$PLATFORM.so"}}));
  EXPECT_EQ(end_of(program, must(ruleset_for(program))), "ended");
}

// What it stands for has the name of another variable, which is none.
TEST_F(LibrarySearch, ReplacesVariablesOnce) {
  REQUIRE_LOADER();
  make("$LIB/libone.so", made_library());
  const std::string program =
      make("$LIB/program", made_program({{DT_RUNPATH, "$ORIGIN"}, {DT_NEEDED, "libone.so"}}));
  EXPECT_EQ(end_of(program, must(ruleset_for(program))), "ended");
}

// ld.so needs what is filtered, and takes what is auxiliary if it is there.
TEST_F(LibrarySearch, FollowsFilters) {
  REQUIRE_LOADER();
  make("libfiltered.so", made_library());
  make("libauxiliary.so", made_library());
  make("libfilter.so", made_library({{filter, "libfiltered.so"}, {DT_RUNPATH, "$ORIGIN"}}));
  make("libhelped.so",
       made_library(
           {{auxiliary, "libauxiliary.so"}, {auxiliary, "libnone.so"}, {DT_RUNPATH, "$ORIGIN"}}));
  const std::string program = make("program", made_program({{DT_RUNPATH, "$ORIGIN"},
                                                            {DT_NEEDED, "libfilter.so"},
                                                            {DT_NEEDED, "libhelped.so"}}));
  const Ruleset ruleset = must(ruleset_for(program));
  EXPECT_EQ(allowed(ruleset),
            (std::vector<std::string>{"libauxiliary.so", "libfilter.so", "libfiltered.so",
                                      "libhelped.so", "program"}));
  EXPECT_EQ(end_of(program, ruleset), "ended");

  std::filesystem::remove(path("libfiltered.so"));
  expect_program_error(program, ENOENT, "libfiltered.so");
}

// A library that does not say where it is: it is loaded before for another one.
TEST_F(LibrarySearch, TakesWhatIsLoadedAlready) {
  REQUIRE_LOADER();
  make("libone.so", made_library());
  make("other/libtwo.so", made_library({{DT_SONAME, "libsecond.so"}}));
  make("libthree.so", made_library({{DT_NEEDED, "libone.so"}, {DT_NEEDED, "libsecond.so"}}));
  const std::string program = make("program", made_program({{DT_RUNPATH, "$ORIGIN:$ORIGIN/other"},
                                                            {DT_NEEDED, "libone.so"},
                                                            {DT_NEEDED, "libtwo.so"},
                                                            {DT_NEEDED, "libthree.so"}}));
  EXPECT_EQ(end_of(program, must(ruleset_for(program))), "ended");
}

// In the other order it is not, and ld.so does not find it either.
TEST_F(LibrarySearch, DoesNotInheritRunpath) {
  REQUIRE_LOADER();
  make("libone.so", made_library());
  make("libtwo.so", made_library({{DT_NEEDED, "libone.so"}}));
  const std::string program =
      make("program", made_program({{DT_RUNPATH, "$ORIGIN"}, {DT_NEEDED, "libtwo.so"}}));
  expect_program_error(program, ENOENT, "libone.so");
  EXPECT_FALSE(must(Command(program).stderr_to(Stdio::null()).status()).success());
}

TEST_F(LibrarySearch, FollowsLongChains) {
  REQUIRE_LOADER();
  constexpr int length = 400;
  const auto name = [](int i) { return "lib" + std::to_string(i) + ".so"; };
  for (int i = 0; i < length; ++i)
    make(name(i), made_library({{DT_RPATH, "$ORIGIN"}, {DT_NEEDED, name((i + 1) % length)}}));
  const std::string program =
      make("program", made_program({{DT_RPATH, "$ORIGIN"}, {DT_NEEDED, name(0)}}));
  const Ruleset ruleset = must(ruleset_for(program));
  EXPECT_EQ(allowed(ruleset).size(), length + 1U);
  EXPECT_EQ(end_of(program, ruleset), "ended");
}

// A file must not keep its reader busy for ever.
TEST_F(LibrarySearch, EndsWhereThereIsTooMuchToSearch) {
  std::string search;
  for (int i = 0; i < 300'000; ++i)
    search += "/:";
  make("loader", made_library());
  const std::string program = make(
      "program", made_program({{DT_RPATH, search}, {DT_NEEDED, "libnone.so"}}, path("loader")));
  expect_program_error(program, E2BIG, "libnone.so");
  EXPECT_EQ(
      ruleset_for(program).error().describe(),
      "file that a program needs, \"libnone.so\": more libraries, or places to search for them, "
      "than are looked at");
}

// musl's is told by its name. It reads another configuration, and libraries inherit RUNPATH.
// It does not move what is behind each of them.
TEST_F(LibrarySearch, ReplacesManyVariables) {
  REQUIRE_LOADER();
  std::string many;
  for (int i = 0; i < 600'000; ++i)
    many += "$LIB";
  const std::string program =
      make("program", made_program({{DT_RPATH, many}, {DT_NEEDED, "libone.so"}}));
  expect_program_error(program, E2BIG, "libone.so");
}

TEST_F(LibrarySearch, IsAnotherForMusl) {
  const std::string loader = make("opt/lib/ld-musl-made.so.1", made_library());
  make("opt/etc/ld-musl-made.path", path("first") + "\n" + path("second"));
  make("first/libone.so", made_library());
  make("second/libtwo.so", made_library());
  make("third/libthree.so", made_library({{DT_NEEDED, "libfour.so"}, {DT_NEEDED, "libc.so"}}));
  make("third/libfour.so", made_library());
  make("second/libcrypt.so.2", made_library());
  const std::string program = make("program", made_program({{DT_RUNPATH, "$ORIGIN/third"},
                                                            {DT_NEEDED, "libone.so"},
                                                            {DT_NEEDED, "libtwo.so"},
                                                            {DT_NEEDED, "libthree.so"},
                                                            {DT_NEEDED, "libcrypt.so.2"},
                                                            {DT_NEEDED, "libc.so"}},
                                                           loader));
  EXPECT_EQ(
      allowed(must(ruleset_for(program))),
      (std::vector<std::string>{"first/libone.so", "opt/etc/ld-musl-made.path",
                                "opt/lib/ld-musl-made.so.1", "program", "second/libcrypt.so.2",
                                "second/libtwo.so", "third/libfour.so", "third/libthree.so"}));
}

// Who makes the program chooses the loader, and so where its configuration is: that must not be a
// way to files that are no programs.
TEST_F(LibrarySearch, TakesNoLinkForAConfiguration) {
  const std::string loader = make("opt/lib/ld-musl-made.so.1", made_library());
  const std::string program = make("program", made_program({}, loader));
  const std::string configuration = path("opt/etc/ld-musl-made.path");
  std::filesystem::create_directory(path("opt/etc"));
  for (const std::string& target : {make("secret", "secret"), scratch_.path().string()}) {
    std::filesystem::create_symlink(target, configuration);
    EXPECT_EQ(allowed(must(ruleset_for(program))),
              (std::vector<std::string>{"opt/lib/ld-musl-made.so.1", "program"}));
    std::filesystem::remove(configuration);
  }
  std::filesystem::create_directory(configuration);
  const Ruleset ruleset = must(ruleset_for(program));
  EXPECT_EQ(ruleset.rules().size(), 2U);
}

// Where it is, libraries are searched, too.
TEST_F(LibrarySearch, LooksBesideALoaderOfAnotherName) {
  const std::string loader = make("loaders/loader", made_library());
  make("loaders/libone.so", made_library());
  const std::string program = make("program", made_program({{DT_NEEDED, "libone.so"}}, loader));
  EXPECT_EQ(allowed(must(ruleset_for(program))),
            (std::vector<std::string>{"loaders/libone.so", "loaders/loader", "program"}));
}

// As deep as the kernel follows them, and no deeper.
TEST_F(LibrarySearch, FollowsScriptsAsTheKernelDoes) {
  std::string interpreter = make("0", made_elf(ET_EXEC, {}, {}));
  for (int depth = 1; depth < 8; ++depth) {
    interpreter = make(std::to_string(depth), "#!" + interpreter + "\n");
    const auto alone = Command(interpreter).status();
    const auto ruleset = ruleset_for(interpreter);
    ASSERT_EQ(ruleset.has_value(), alone.has_value()) << depth;
    if (ruleset)
      EXPECT_EQ(end_of(interpreter, *ruleset), "ended");
    else
      EXPECT_EQ(ruleset.error().code.value(), alone.error().code.value());
  }
}

// The kernel looks at 256 bytes: a path that goes on behind them names another file.
TEST_F(LibrarySearch, RefusesAPathThatTheKernelCuts) {
  const std::string interpreter = make("interpreter", made_elf(ET_EXEC, {}, {}));
  const auto script_with = [&](std::size_t size) {
    return make("script", "#!" + std::string(size - interpreter.size(), '/') + interpreter + "\n");
  };
  const std::string longest = script_with(253);
  EXPECT_EQ(end_of(longest, must(ruleset_for(longest))), "ended");
  const std::string cut =
      make("cut", "#!" + std::string(254 - interpreter.size(), '/') + interpreter + "-and-more\n");
  expect_program_error(cut, ENOEXEC, cut);
  EXPECT_EQ(Command(cut).status().error().code.value(), ENOEXEC);
  const std::string none = make("none", "#!\n");
  expect_program_error(none, ENOEXEC, none);
}

// Another file gets the name when the first one has been read: the rule is for the first one.
TEST_F(LibrarySearch, AllowsTheFileThatItRead) {
  const std::string program = make("program", made_elf(ET_EXEC, {}, {}));
  const std::string other = make("other", "secret");
  struct stat read{};
  ASSERT_EQ(::stat(program.c_str(), &read), 0);
  run_apart([&] {
    StoppedCalls adding(SYS_landlock_add_rule);
    std::jthread swapper([&] {
      if (!adding.await()) return;
      std::filesystem::rename(other, program);
      adding.let_go();
    });
    const auto ruleset = ruleset_for(program);
    ASSERT_TRUE(ruleset.has_value()) << ruleset.error();
    ASSERT_EQ(ruleset->rules().size(), 1U);
    EXPECT_EQ(ruleset->rules()[0].inode, read.st_ino);
    ASSERT_TRUE(ruleset->restrict_self());
    EXPECT_EQ(::open(program.c_str(), O_RDONLY | O_CLOEXEC), -1);
    EXPECT_EQ(errno, EACCES);
  });
}

}  // namespace
}  // namespace sysfd_test
