// SPDX-License-Identifier: MIT
//
// What a program opens before its first instruction: execve(2) its interpreters, and ld.so(8) its
// libraries. Each file is opened once: what was checked is what the rule is for.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <deque>
#include <functional>
#include <set>
#include <string_view>
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
using detail::LibrarySearch;
using detail::SearchPath;

using Done = Result<void, LandlockError>;
using Allow = std::function<Done(BorrowedFd file, const std::string& path, FileRights rights)>;

constexpr std::size_t most_libraries = 4096;
constexpr std::size_t most_text = std::size_t{4} << 20;  // of all names and directories

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
    constexpr int most_interpreters = 5;  // see execve(2)
    for (int i = 0; i < most_interpreters; ++i) {
      const auto file = open(cwd(), path, O_PATH);
      if (!file) return program_error(file.error().value(), path);
      const auto format = detail::format_of(*file);
      if (!format) return program_error(is_regular(*file) ? EACCES : ENOEXEC, path);
      if (format->kind == Format::Kind::other) return program_error(ENOEXEC, path);
      if (auto done = allow_(*file, path, rights::run); !done) return done;
      if (format->kind == Format::Kind::elf) return allow_elf(*file, path);
      path = format->interpreter;
    }
    return program_error(ELOOP, std::move(path));
  }

 private:
  static bool is_regular(BorrowedFd file) noexcept {
    struct stat status{};
    return detail::system_call(SYS_newfstatat, file.get(), "", &status, AT_EMPTY_PATH) == 0 &&
           S_ISREG(status.st_mode);
  }

  // One that is linked statically has no loader.
  Done allow_elf(BorrowedFd file, const std::string& path) {
    auto needs = detail::elf_needs(file, most_text);
    if (!needs) return program_error(ENOEXEC, path);
    if (!needs->loader) return {};
    const std::string loader = *needs->loader;
    const auto loader_file = open(cwd(), loader, O_PATH);
    if (!loader_file) return program_error(loader_file.error().value(), loader);
    const auto of_loader = detail::elf_needs(*loader_file, most_text);
    if (!of_loader || !fits(*of_loader, *needs)) return program_error(ENOEXEC, loader);
    if (auto done = allow_(*loader_file, loader, rights::run); !done) return done;

    const LibrarySearch search(loader, without_links(loader));
    if (const auto configuration = open(cwd(), search.configuration(), O_PATH))
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
    std::vector<const SearchPath*> paths;
    if (file.needs.runpath.empty())
      for (const Loaded* each = &file; each; each = each->loader)
        paths.push_back(&each->rpath);
    else
      paths.push_back(&file.runpath);
    std::set<std::string_view> done_names;
    const auto allow_all = [&](const std::vector<std::string>& names, bool are_needed) -> Done {
      for (const std::string& name : names)
        if (done_names.insert(name).second)
          if (auto done = allow_library(search, file, name, paths, are_needed); !done) return done;
      return {};
    };
    if (auto done = allow_all(file.needs.names, true); !done) return done;
    return allow_all(file.needs.wanted, false);
  }

  Done allow_library(const LibrarySearch& search, const Loaded& file, const std::string& name,
                     const std::vector<const SearchPath*>& paths, bool is_needed) {
    if (search.is_loader(name)) return {};
    bool is_found = false;
    for (const std::string& path : search.candidates(name, file.runpath.origin, paths)) {
      const auto opened = open(cwd(), path, O_PATH);
      if (!opened) continue;
      struct stat status{};
      if (detail::system_call(SYS_newfstatat, opened->get(), "", &status, AT_EMPTY_PATH) < 0 ||
          !S_ISREG(status.st_mode))
        continue;
      const std::pair identity{status.st_dev, status.st_ino};
      if (seen_.contains(identity)) {
        is_found = true;
        continue;
      }
      auto needs = detail::elf_needs(*opened, most_text);
      if (!needs || !fits(*needs, file.needs)) continue;
      is_found = true;
      seen_.insert(identity);
      if (auto done = allow_(*opened, path, FileRight::read_file); !done) return done;
      add(*std::move(needs), std::string(detail::directory_of(path)), &file);
      if (loaded_.size() > most_libraries || text_size_ > most_text)
        return program_error(E2BIG, name);
    }
    if (!is_found && is_needed) return program_error(ENOENT, name);
    return {};
  }

  Allow allow_;
  std::deque<Loaded> loaded_;  // whose elements do not move
  std::deque<const Loaded*> todo_;
  std::set<std::pair<dev_t, ino_t>> seen_;
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
