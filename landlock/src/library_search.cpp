// SPDX-License-Identifier: MIT
//
// Sources: ld.so(8), and the format of the cache in glibc's sysdeps/generic/dl-cache.h.
#include "library_search.hpp"

#include <fcntl.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include <sysfd/create.hpp>
#include <sysfd/detail/join.hpp>
#include <sysfd/detail/raw_syscall.hpp>

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

// A whole file, or as much of it as can be read.
std::string read_file(const char* path) {
  constexpr std::size_t limit = std::size_t{64} << 20;
  std::string content;
  const auto file = open(cwd(), path, O_RDONLY | O_NONBLOCK);
  if (!file) return content;
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

std::string replaced(std::string text, std::string_view name, std::string_view value) {
  for (const std::string& form : {join({"${", name, "}"}), join({"$", name})}) {
    for (auto at = text.find(form); at != text.npos; at = text.find(form, at + value.size()))
      text.replace(at, form.size(), value);
  }
  return text;
}

template <class Visit>
void for_each_part(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const auto end = list.find(':');
    visit(list.substr(0, end));
    if (end == list.npos) return;
    list.remove_prefix(end + 1);
  }
}

std::string_view directory_of(std::string_view path) noexcept {
  const auto slash = path.rfind('/');
  return slash == path.npos ? "." : path.substr(0, slash == 0 ? 1 : slash);
}

// With what the processor may choose of (see "glibc-hwcaps" in ld.so(8)).
void add_in_directory(std::vector<std::string>& paths, std::string_view directory,
                      std::string_view name) {
#if defined(__x86_64__)
  for (const std::string_view level : {"x86-64-v4", "x86-64-v3", "x86-64-v2"})
    paths.push_back(join({directory, "/glibc-hwcaps/", level, "/", name}));
#endif
  paths.push_back(join({directory, "/", name}));
}

}  // namespace

LibrarySearch::LibrarySearch(const std::string& loader) : content_(read_file(cache)) {
  // An older format may stand before.
  const auto start = content_.find(cache_magic);
  const std::string_view text =
      start == content_.npos ? std::string_view() : std::string_view(content_).substr(start);
  CacheHeader header{};
  if (text.size() >= sizeof header) std::memcpy(&header, text.data(), sizeof header);
  for (std::size_t i = 0; i < header.count; ++i) {
    const std::size_t offset = sizeof header + i * sizeof(CacheRow);
    if (offset + sizeof(CacheRow) > text.size()) break;
    CacheRow row;
    std::memcpy(&row, text.data() + offset, sizeof row);
    const auto name = string_at(text, row.name), path = string_at(text, row.path);
    if (name && path) entries_.push_back({*name, *path});
  }
  default_directories_ = {std::string(directory_of(loader)),
                          "/lib64",
                          "/usr/lib64",
                          "/lib",
                          "/usr/lib",
                          "/usr/local/lib"};
}

std::vector<std::string> LibrarySearch::candidates(std::string_view name, std::string_view origin,
                                                   std::string_view directories) const {
  if (name.contains('/')) return {replaced(std::string(name), "ORIGIN", origin)};
  std::vector<std::string> paths;
  for_each_part(directories, [&](std::string_view part) {
    add_in_directory(paths, replaced(std::string(part.empty() ? "." : part), "ORIGIN", origin),
                     name);
  });
  for (const CacheEntry& entry : entries_)
    if (entry.name == name) paths.emplace_back(entry.path);
  for (const std::string& directory : default_directories_)
    add_in_directory(paths, directory, name);
  return paths;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
