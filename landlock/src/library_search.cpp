// SPDX-License-Identifier: MIT
//
// Sources: ld.so(8), and the format of the cache in glibc's sysdeps/generic/dl-cache.h.
#include "library_search.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/join.hpp>
#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "paths.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::string_view cache_magic = "glibc-ld.so.cache1.1";

struct CacheHeader {
  char magic[20];
  std::uint32_t count;
  std::uint32_t strings_size;
  std::uint32_t flags_and_extension[2];
  std::uint32_t unused[3];
};
struct CacheRow {
  std::int32_t flags;
  std::uint32_t name, path;  // of their strings, from the header's start on
  std::uint32_t os_version;
  std::uint64_t hardware;
};
static_assert(sizeof(CacheHeader) == 48 && sizeof(CacheRow) == 24);

// A whole file that is open with O_PATH, or as much of it as can be read.
Result<std::string> read_file(BorrowedFd path) {
  constexpr std::size_t limit = std::size_t{64} << 20;
  std::string content;
  const auto file = open_proc_link("thread-self/fd", NumberedPath("", path.get()).get(),
                                   O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return std::unexpected(file.error());
  while (content.size() < limit) {
    constexpr std::size_t piece = 65536;
    const std::size_t before = content.size();
    content.resize(before + piece);
    const long got = system_call_retried(SYS_read, file->get(), content.data() + before, piece);
    content.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got <= 0) break;
  }
  return content;
}

// The string at this offset, if it ends before the text does.
std::optional<std::string_view> string_at(std::string_view text, std::size_t offset) noexcept {
  if (offset >= text.size()) return std::nullopt;
  const auto end = text.find('\0', offset);
  if (end == text.npos) return std::nullopt;
  return text.substr(offset, end - offset);
}

#if defined(__x86_64__)
constexpr std::string_view triplet = "x86_64-linux-gnu";
// The last two are glibc's names for some processors of Intel.
constexpr std::string_view platforms[] = {"x86_64", "haswell", "xeon_phi"};
#elif defined(__aarch64__)
constexpr std::string_view triplet = "aarch64-linux-gnu";
constexpr std::string_view platforms[] = {"aarch64"};
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::string_view triplet = "riscv64-linux-gnu";
constexpr std::string_view platforms[] = {""};
#else
constexpr std::string_view triplet = "";
constexpr std::string_view platforms[] = {""};
#endif

// Replaces the name of a variable, "$NAME" or "${NAME}".
std::string replaced(std::string_view text, std::string_view name, std::string_view value) {
  const auto is_part_of_name = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  const std::string braced = join({"${", name, "}"}), plain = join({"$", name});
  std::string result;
  while (!text.empty()) {
    const std::size_t before = std::min(text.find('$'), text.size());
    result += text.substr(0, before);
    text.remove_prefix(before);
    if (text.starts_with(braced)) {
      result += value;
      text.remove_prefix(braced.size());
    } else if (text.starts_with(plain) &&
               (text.size() == plain.size() || !is_part_of_name(text[plain.size()]))) {
      result += value;
      text.remove_prefix(plain.size());
    } else if (!text.empty()) {
      result += '$';
      text.remove_prefix(1);
    }
  }
  return result;
}

// With each value that $LIB and $PLATFORM have on some system. $ORIGIN is last: what it stands for
// is no variable.
std::vector<std::string> expanded(std::string_view text, const std::string& origin) {
  if (!text.contains('$')) return {std::string(text)};
  std::vector<std::string> all;
  for (const std::string& lib : {join({"lib/", triplet}), std::string("lib64"), std::string("lib")})
    for (const std::string_view platform : platforms) {
      std::string one = replaced(replaced(text, "LIB", lib), "PLATFORM", platform);
      one = replaced(one, "ORIGIN", origin);
      if (std::ranges::find(all, one) == all.end()) all.push_back(std::move(one));
    }
  return all;
}

// Calls `visit` with what is between colons or newlines, until it returns false. Returns whether it
// never did.
template <class Visit>
bool for_each_part(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const auto end = list.find_first_of(":\n");
    if (!visit(list.substr(0, end))) return false;
    if (end == list.npos) return true;
    list.remove_prefix(end + 1);
  }
  return true;
}

// With what the processor may choose of (see "glibc-hwcaps" in ld.so(8)).
template <class Visit>
bool visit_in_directory(std::string_view directory, std::string_view name, const Visit& visit) {
#if defined(__x86_64__)
  for (const std::string_view level : {"x86-64-v4", "x86-64-v3", "x86-64-v2"})
    if (!visit(join({directory, "/glibc-hwcaps/", level, "/", name}))) return false;
#endif
  return visit(join({directory, "/", name}));
}

}  // namespace

LibrarySearch::LibrarySearch(const std::string& loader, const std::string& real_loader) {
  const std::string_view name = std::string_view(loader).substr(loader.rfind('/') + 1);
  is_musl_ = name.starts_with("ld-musl-");
  if (is_musl_) {  // /opt/lib/ld-musl-x86_64.so.1 has /opt/etc/ld-musl-x86_64.path
    const std::string_view prefix = directory_of(directory_of(loader));
    configuration_ =
        join({prefix == "/" ? "" : prefix, "/etc/", name.substr(0, name.find('.')), ".path"});
    // Who made the program has chosen this place: a link there could lead to any file.
    read_configuration(O_NOFOLLOW);
    for_each_part(content_, [&](std::string_view part) {
      default_directories_.emplace_back(part);
      return true;
    });
    if (content_.empty()) default_directories_ = {"/lib", "/usr/local/lib", "/usr/lib"};
    return;
  }
  configuration_ = "/etc/ld.so.cache";
  read_configuration(0);
  read_cache();
  default_directories_ = {std::string(directory_of(loader)), std::string(directory_of(real_loader)),
                          join({"/lib/", triplet}), join({"/usr/lib/", triplet})};
  for (const char* directory : {"/lib64", "/usr/lib64", "/lib", "/usr/lib"})
    default_directories_.emplace_back(directory);
}

void LibrarySearch::read_configuration(int flags) {
  auto file = open(cwd(), configuration_, O_PATH | flags);
  struct stat status{};
  if (!file) error_ = file.error();
  if (!file || system_call(SYS_newfstatat, file->get(), "", &status, AT_EMPTY_PATH) < 0 ||
      !S_ISREG(status.st_mode))
    return;
  file_ = *std::move(file);
  auto content = read_file(*file_);
  if (content)
    content_ = *std::move(content);
  else
    error_ = content.error();
}

void LibrarySearch::read_cache() {
  // An older format may stand before.
  const auto start = content_.find(cache_magic);
  if (start == content_.npos) return;
  const std::string_view text = std::string_view(content_).substr(start);
  CacheHeader header{};
  if (text.size() >= sizeof header) std::memcpy(&header, text.data(), sizeof header);
  for (std::size_t i = 0; i < header.count; ++i) {
    const std::size_t offset = sizeof header + i * sizeof(CacheRow);
    if (offset + sizeof(CacheRow) > text.size()) break;
    CacheRow row;
    std::memcpy(&row, text.data() + offset, sizeof row);
    const auto name = string_at(text, row.name), path = string_at(text, row.path);
    if (name && path && !path->empty()) entries_.push_back({*name, *path});
  }
}

bool LibrarySearch::is_loader(std::string_view name) const noexcept {
  if (!is_musl_) return false;
  for (const std::string_view part :
       {"libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet."})
    if (name.starts_with(part)) return true;
  return name.starts_with("ld-musl-");
}

void LibrarySearch::for_each_candidate(
    std::string_view name, const std::string& origin, const std::vector<const SearchPath*>& paths,
    const std::function<bool(const std::string& path)>& visit) const {
  for (const std::string& each : expanded(name, origin))
    if (!(each.contains('/') ? visit(each) : search(each, paths, visit))) return;
}

bool LibrarySearch::search(std::string_view name, const std::vector<const SearchPath*>& paths,
                           const std::function<bool(const std::string& path)>& visit) const {
  const auto visit_all = [&](const SearchPath& path) {
    return for_each_part(path.directories, [&](std::string_view part) {
      for (const std::string& directory : expanded(part.empty() ? "." : part, path.origin))
        if (!visit_in_directory(directory, name, visit)) return false;
      return true;
    });
  };
  for (const SearchPath* path : paths)
    if (!visit_all(*path)) return false;
  for (const CacheEntry& entry : entries_)
    if (entry.name == name && !visit(std::string(entry.path))) return false;
  for (const std::string& directory : default_directories_)
    if (!visit_in_directory(directory, name, visit)) return false;
  return true;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
