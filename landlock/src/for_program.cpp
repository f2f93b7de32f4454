// SPDX-License-Identifier: MIT
//
// What a program opens before its first instruction: execve(2) its interpreters, and ld.so(8) its
// libraries.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <set>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/join.hpp>
#include <sysfd/detail/program_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/landlock.hpp>

#include "library_search.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using detail::Format;
using detail::LibrarySearch;
using detail::NeededLibraries;

using Done = Result<void, LandlockError>;

std::unexpected<LandlockError> program_error(int code, std::string subject) {
  return std::unexpected(
      LandlockError{LandlockStep::program, detail::error_code(code), {}, std::move(subject)});
}

// The directory of a file, without symbolic links: what $ORIGIN stands for.
std::string origin_of(const std::string& path) {
  struct Free {
    void operator()(char* text) const noexcept { std::free(text); }
  };
  const std::unique_ptr<char, Free> real(::realpath(path.c_str(), nullptr));
  std::string found = real ? real.get() : path;
  const auto slash = found.rfind('/');
  found.resize(slash == found.npos ? 0 : slash);
  return found;
}

class ProgramRules {
 public:
  explicit ProgramRules(Ruleset& ruleset) : ruleset_(ruleset) {}

  // The program, its interpreters, and what these need.
  Done allow_program(std::string path) {
    constexpr int most_interpreters = 5;  // see execve(2)
    for (int i = 0; i < most_interpreters; ++i) {
      auto file = open(cwd(), path, O_PATH);
      if (!file) return program_error(file.error().value(), path);
      const auto format = detail::format_of(*file);
      if (!format) return program_error(EACCES, path);
      if (auto done = ruleset_.allow(path, rights::run); !done) return done;
      if (format->kind == Format::Kind::elf) return allow_elf(*file, path, format->interpreter);
      if (format->kind == Format::Kind::other || format->interpreter.empty())
        return program_error(ENOEXEC, path);
      path = format->interpreter;
    }
    return program_error(ELOOP, std::move(path));
  }

 private:
  // One that is linked statically has no loader.
  Done allow_elf(BorrowedFd file, const std::string& path, const std::string& loader) {
    if (loader.empty()) return {};
    if (auto done = ruleset_.allow(loader, rights::run); !done) return done;
    if (auto done = ruleset_.allow(LibrarySearch::cache, FileRight::read_file);
        !done && done.error().code != std::errc::no_such_file_or_directory)
      return done;
    const LibrarySearch search(loader);
    const auto needed = detail::needed_libraries(file);
    if (!needed) return program_error(ENOEXEC, path);
    return allow_libraries(search, *needed, path, needed->runpath.empty() ? needed->rpath : "");
  }

  // `inherited`: the RPATH of the program, where libraries without a RUNPATH look, too.
  Done allow_libraries(const LibrarySearch& search, const NeededLibraries& needed,
                       const std::string& path, const std::string& inherited) {
    const std::string origin = origin_of(path);
    std::string directories = needed.runpath;
    if (directories.empty()) detail::append(directories, {needed.rpath, ":", inherited});
    for (const std::string& name : needed.names) {
      bool is_found = false;
      for (const std::string& candidate : search.candidates(name, origin, directories)) {
        const auto file = open(cwd(), candidate, O_PATH);
        if (!file) continue;
        const auto next = detail::needed_libraries(*file);
        if (!next || next->word_size != needed.word_size || next->machine != needed.machine)
          continue;
        is_found = true;
        if (!seen_.insert(candidate).second) continue;
        if (auto done = ruleset_.allow(candidate, FileRight::read_file); !done) return done;
        if (auto done = allow_libraries(search, *next, candidate, inherited); !done) return done;
      }
      if (!is_found) return program_error(ENOENT, name);
    }
    return {};
  }

  Ruleset& ruleset_;
  std::set<std::string> seen_;
};

}  // namespace

Result<PartialRuleset, LandlockError> Ruleset::for_program(CStr path, const Rights& required) {
  if (!path.get()) return program_error(EINVAL, {});
  auto made = make(required, {.files = rights::all_files});
  if (!made) return made;
  if (auto done = ProgramRules(made->ruleset_).allow_program(path.get()); !done)
    return std::unexpected(std::move(done).error());
  return made;
}

}  // namespace v0
}  // namespace sysfd
