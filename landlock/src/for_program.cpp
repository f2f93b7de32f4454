// SPDX-License-Identifier: MIT
//
// What a program opens before its first instruction: execve(2) its interpreters, and ld.so(8) its
// libraries. Each file is opened once: what was checked is what the rule is for.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/program_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/landlock.hpp>

#include "library_search.hpp"
#include "paths.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using detail::ElfNeeds;
using detail::Format;
using detail::is_shortage;
using detail::LibrarySearch;
using detail::SearchPath;

using Done = Result<void, LandlockError>;
using Allow = std::function<Done(BorrowedFd file, const std::string& path, FileRights rights)>;

constexpr std::size_t most_libraries = 4096;
constexpr std::size_t most_searched = std::size_t{1} << 18;  // paths at which they may be, ...
constexpr std::size_t usual_path = 64;                       // ... and more if these are longer
constexpr std::size_t most_text = std::size_t{4} << 20;      // of all names and directories

std::unexpected<LandlockError> program_error(int code, std::string subject) {
  return std::unexpected(
      LandlockError{LandlockStep::program, detail::error_code(code), {}, std::move(subject)});
}

std::string without_links(const std::string& path) {
  const auto real = detail::real_path(path.c_str());
  return real ? real.get() : path;
}

// An ELF file that is loaded, and the one that it was loaded for.
struct Loaded {
  ElfNeeds needs;
  SearchPath rpath, runpath;
  const Loaded* loader;  // null: the program
};

class ProgramRules {
 public:
  explicit ProgramRules(Allow allow) : allow_(std::move(allow)) {}

  // The program, its interpreters, and what these need.
  Done allow_program(std::string path) {
    constexpr int most_files = 6;  // the program and five interpreters: exec_binprm() in fs/exec.c
    for (int i = 0; i < most_files; ++i) {
      const auto file = open(cwd(), path, O_PATH);
      if (!file) return program_error(file.error().value(), path);
      const auto format = detail::format_of(*file);
      if (!format) return program_error(format.error().value(), path);
      const bool is_elf = format->kind == Format::Kind::elf;
      if (format->kind == Format::Kind::other || (!is_elf && format->interpreter.empty()))
        return program_error(ENOEXEC, path);
      if (auto done = allow_(*file, path, rights::run); !done) return done;
      if (is_elf) return allow_elf(*file, path);
      path = format->interpreter;
    }
    return program_error(ELOOP, std::move(path));
  }

 private:
  // One that is linked statically has no loader.
  Done allow_elf(BorrowedFd file, const std::string& path) {
    auto needs = detail::elf_needs(file, most_text);
    if (!needs) return program_error(needs.error().value(), path);
    if (!needs->loader) return {};
    const std::string loader = *needs->loader;
    const auto loader_file = open(cwd(), loader, O_PATH);
    if (!loader_file) return program_error(loader_file.error().value(), loader);
    const auto of_loader = detail::elf_needs(*loader_file, most_text);
    if (!of_loader) return program_error(of_loader.error().value(), loader);
    if (!fits(*of_loader, *needs)) return program_error(ENOEXEC, loader);
    if (auto done = allow_(*loader_file, loader, rights::run); !done) return done;

    const LibrarySearch search(loader, without_links(loader));
    if (is_shortage(search.error()))
      return program_error(search.error().value(), search.configuration());
    if (const auto& configuration = search.configuration_file())
      if (auto done = allow_(*configuration, search.configuration(), FileRight::read_file); !done)
        return done;
    add(*std::move(needs), std::string(detail::directory_of(without_links(path))), nullptr);
    for (; !todo_.empty(); todo_.pop_front())
      if (auto done = allow_libraries_of(search, *todo_.front()); !done) return done;
    return {};
  }

  static bool fits(const ElfNeeds& one, const ElfNeeds& other) noexcept {
    return one.word_size == other.word_size && one.machine == other.machine;
  }

  void add(ElfNeeds needs, const std::string& origin, const Loaded* loader) {
    SearchPath rpath{needs.runpath.empty() ? needs.rpath : "", origin};  // RUNPATH disables RPATH
    SearchPath runpath{needs.runpath, origin};
    text_size_ += needs.size;
    loaded_.push_back({std::move(needs), std::move(rpath), std::move(runpath), loader});
    todo_.push_back(&loaded_.back());
  }

  // Breadth first, as ld.so.
  Done allow_libraries_of(const LibrarySearch& search, const Loaded& file) {
    // glibc: RPATH is inherited, unless there is a RUNPATH, which is not. musl: both are.
    const bool inherits = search.is_musl() || file.needs.runpath.empty();
    std::vector<const SearchPath*> paths;
    const auto add_path = [&](const SearchPath& path) {
      const bool is_there = std::ranges::any_of(paths, [&](auto* each) { return *each == path; });
      if (!path.directories.empty() && !is_there) paths.push_back(&path);
    };
    for (const Loaded* each = &file; each; each = inherits ? each->loader : nullptr) {
      add_path(each->rpath);
      if (search.is_musl() || each == &file) add_path(each->runpath);
    }
    for (const std::string& name : file.needs.names)
      if (auto done = allow_library(search, file, name, paths, true); !done) return done;
    for (const std::string& name : file.needs.wanted)
      if (auto done = allow_library(search, file, name, paths, false); !done) return done;
    return {};
  }

  Done allow_library(const LibrarySearch& search, const Loaded& file, const std::string& name,
                     const std::vector<const SearchPath*>& paths, bool is_needed) {
    if (search.is_loader(name) || loaded_names_.contains(name)) return {};
    bool is_found = false;
    Done done;
    search.for_each_candidate(name, file.runpath.origin, paths, [&](const std::string& path) {
      searched_ += 1 + path.size() / usual_path;
      if (searched_ > most_searched)
        done = program_error(E2BIG, name);
      else
        done = allow_candidate(search, file, path, is_found);
      return done.has_value();
    });
    if (!done) return done;
    if (!is_found) return is_needed ? program_error(ENOENT, name) : Done();
    if (!name.contains('$')) loaded_names_.insert(name);  // which stands for the same everywhere
    return {};
  }

  // Sets `is_found` if there is a library that fits.
  Done allow_candidate(const LibrarySearch& search, const Loaded& file, const std::string& path,
                       bool& is_found) {
    const auto opened = open(cwd(), path, O_PATH);
    if (!opened)
      return is_shortage(opened.error()) ? program_error(opened.error().value(), path) : Done();
    struct stat status{};
    if (detail::system_call(SYS_newfstatat, opened->get(), "", &status, AT_EMPTY_PATH) < 0 ||
        !S_ISREG(status.st_mode))
      return {};
    const std::pair identity{status.st_dev, status.st_ino};
    if (seen_.contains(identity)) {
      is_found = true;
      return {};
    }
    auto needs = detail::elf_needs(*opened, most_text);
    if (!needs && is_shortage(needs.error())) return program_error(needs.error().value(), path);
    if (!needs || !fits(*needs, file.needs)) return {};
    is_found = true;
    seen_.insert(identity);
    if (!search.is_musl() && !needs->soname.empty()) loaded_names_.insert(needs->soname);
    if (auto done = allow_(*opened, path, FileRight::read_file); !done) return done;
    add(*std::move(needs), std::string(detail::directory_of(path)), &file);
    if (loaded_.size() > most_libraries || text_size_ > most_text)
      return program_error(E2BIG, path);
    return {};
  }

  Allow allow_;
  std::deque<Loaded> loaded_;  // whose elements do not move
  std::deque<const Loaded*> todo_;
  std::set<std::pair<dev_t, ino_t>> seen_;
  std::set<std::string, std::less<>> loaded_names_;  // are not searched again
  std::size_t searched_ = 0;
  std::size_t text_size_ = 0;
};

}  // namespace

Result<PartialRuleset, LandlockError> Ruleset::for_program(CStr path, const Rights& required) {
  if (!path.get()) return program_error(EINVAL, {});
  auto made = make(required, {.files = rights::all_files});
  if (!made) return made;
  Ruleset& ruleset = made->ruleset_;
  ProgramRules rules([&](BorrowedFd file, const std::string& name, FileRights rights) {
    return ruleset.add(file, name, rights);
  });
  if (auto done = rules.allow_program(path.get()); !done)
    return std::unexpected(std::move(done).error());
  return made;
}

}  // namespace v0
}  // namespace sysfd
