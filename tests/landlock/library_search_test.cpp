// SPDX-License-Identifier: MIT
//
// Tests which libraries and interpreters Ruleset::for_program() finds, with programs that are made
// for it: what ld.so(8) and the kernel then open is allowed.
#include <elf.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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

// What is missing could name a loader.
TEST_F(LibrarySearch, OfAProgramThatIsCutIsAnError) {
  const std::string whole = made_elf(ET_EXEC, {}, {});
  const std::string program =
      make("program", whole.substr(0, sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + 1));
  expect_program_error(program, ENOEXEC, program);
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

// "$ORIGINx" is another variable, which there is not.
TEST_F(LibrarySearch, ReplacesVariablesOnlyByTheirWholeNames) {
  const std::string loader = make("loader", made_library());
  for (const std::string behind : {"x", "X", "9", "_", "x]", "{", "-"}) {
    make("program" + behind + "/libone.so", made_library());
    const std::string program =
        make("program/program",
             made_program({{DT_RUNPATH, "$ORIGIN" + behind}, {DT_NEEDED, "libone.so"}}, loader));
    if (behind.find_first_of("{-") == 0)
      EXPECT_TRUE(ruleset_for(program).has_value()) << behind;
    else
      expect_program_error(program, ENOENT, "libone.so");
  }
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

TEST_F(LibrarySearch, EndsWhereThereIsTooMuchToRead) {
  const std::string loader = make("loader", made_library());
  const std::string much(std::size_t{3} << 20, 'x'), too_much(std::size_t{5} << 20, 'x');
  const std::string program = make(
      "program",
      made_program({{DT_RPATH, "$ORIGIN"}, {DT_SONAME, much}, {DT_NEEDED, "libone.so"}}, loader));
  make("libone.so", made_library({{DT_SONAME, much}}));
  expect_program_error(program, E2BIG, path("libone.so"));
  make("libone.so", made_library({{DT_SONAME, too_much}}));
  expect_program_error(program, ENOENT, "libone.so");
}

TEST_F(LibrarySearch, PassesOverWhatIsNoLibraryOfThisKind) {
  const std::string loader = make("loader", made_library());
  make("text/libone.so", "text");
  std::filesystem::create_directories(path("directory/libone.so"));
  std::string other = made_library();
  reinterpret_cast<Elf64_Ehdr*>(other.data())->e_machine = EM_PPC64;
  make("other/libone.so", other);
  make("sound/libone.so", made_library());
  const std::string program =
      make("program",
           made_program({{DT_RUNPATH, "$ORIGIN/text:$ORIGIN/directory:$ORIGIN/other:$ORIGIN/sound"},
                         {DT_NEEDED, "libone.so"}},
                        loader));
  EXPECT_EQ(allowed(must(ruleset_for(program))),
            (std::vector<std::string>{"loader", "program", "sound/libone.so"}));
  make("loader", other);
  expect_program_error(program, ENOEXEC, loader);
}

// An empty part of a path, and a loader without a directory, mean the working directory.
TEST_F(LibrarySearch, KnowsTheWorkingDirectory) {
  make("loader", made_library());
  make("libone.so", made_library());
  make("directory/libtwo.so", made_library());
  const std::string program =
      make("directory/program",
           made_program({{DT_RUNPATH, "/no::/no/more"}, {DT_NEEDED, "libtwo.so"}}, "loader"));
  run_apart([&] {
    ASSERT_EQ(::chdir(scratch_.path().c_str()), 0);
    std::filesystem::copy_file(path("directory/libtwo.so"), path("libtwo.so"));
    EXPECT_TRUE(ruleset_for(program).has_value());
    ASSERT_EQ(::chdir("/"), 0);
  });
  std::filesystem::remove(path("libtwo.so"));
}

// The cache of ld.so is a file that somebody has made: every offset in it may be wrong.
TEST_F(LibrarySearch, ReadsACacheAsFarAsItIsSound) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  if (!std::filesystem::exists("/etc/ld.so.cache")) GTEST_SKIP() << "needs a cache of ld.so";
  const std::string loader = make("loader", made_library());
  const std::string program = make("program", made_program({{DT_NEEDED, "libfound.so"}}, loader));
  const std::string library = make("elsewhere/libfound.so.1", made_library());
  struct Row {
    std::uint32_t flags, name, path, version;
    std::uint64_t hardware;
  };
  // Rows of names and paths, whose offsets are counted from the first string.
  const auto cache_of = [](const std::vector<std::pair<std::uint32_t, std::uint32_t>>& rows,
                           const std::string& strings, std::uint32_t count) {
    std::string text = "glibc-ld.so.cache1.1";
    for (const std::uint32_t value :
         {count, static_cast<std::uint32_t>(strings.size()), 0U, 0U, 0U, 0U, 0U})
      append_bytes(text, value);
    const auto first = static_cast<std::uint32_t>(text.size() + rows.size() * sizeof(Row));
    for (const auto& [name, there] : rows)
      append_bytes(text, Row{3, first + name, first + there, 0, 0});
    return text + strings;
  };
  const std::string strings = "libfound.so"s + '\0' + library + '\0' + "no end";
  const std::uint32_t there = 12, empty = there - 1;
  const auto no_end = static_cast<std::uint32_t>(strings.size() - 6);
  const std::string sound = cache_of({{0, there}}, strings, 1);
  const std::string damaged = cache_of(
      {{0, empty}, {0, no_end}, {no_end, there}, {0, 1U << 30}, {1U << 30, there}, {0, there}},
      strings, 6);
  const auto finds_it = [&](const std::string& content) {
    const std::string cache = make("cache", content);
    bool is_found = false;
    run_apart([&] {
      ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
      ASSERT_EQ(::mount(cache.c_str(), "/etc/ld.so.cache", nullptr, MS_BIND, nullptr), 0);
      const auto made = ruleset_for(program);
      is_found = made.has_value();
      EXPECT_TRUE(is_found || made.error().code.value() == ENOENT) << made.error();
      make(is_found ? "yes" : "no", "");
    });
    return std::filesystem::remove(path("yes"));
  };
  EXPECT_TRUE(finds_it(sound));
  EXPECT_TRUE(finds_it("an older format" + sound));
  EXPECT_TRUE(finds_it(damaged));
  EXPECT_TRUE(finds_it(cache_of({{0, there}}, strings, 1U << 30))) << "more rows than there are";
  EXPECT_FALSE(finds_it(sound.substr(1)));
  for (const std::size_t size : {20U, 47U, 48U, 71U})
    EXPECT_FALSE(finds_it(sound.substr(0, size))) << size;
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

// musl's usual place is /lib, and so that of its configuration is /etc.
TEST_F(LibrarySearch, FindsTheConfigurationOfMuslInItsUsualPlace) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  const std::string program =
      make("program", made_program({{DT_NEEDED, "libone.so"}}, "/mnt/ld-musl-made.so.1"));
  make("first/libone.so", made_library());
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    for (const char* directory : {"/mnt", "/etc"})
      ASSERT_EQ(::mount("sysfd", directory, "tmpfs", 0, nullptr), 0);
    std::ofstream("/mnt/ld-musl-made.so.1", std::ios::binary) << made_library();
    std::ofstream("/etc/ld-musl-made.path") << path("first");
    EXPECT_EQ(allowed(must(ruleset_for(program))),
              (std::vector<std::string>{"first/libone.so", "program"}));
  });
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
  for (const std::string& behind : {""s, ' ' + std::string(300, 'x')}) {
    const std::string unended = make("unended", "#!" + interpreter + behind);
    EXPECT_EQ(end_of(unended, must(ruleset_for(unended))), "ended") << behind;
  }
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
