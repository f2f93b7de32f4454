// SPDX-License-Identifier: MIT
#ifndef SYSFD_LANDLOCK_SRC_LIBRARY_SEARCH_HPP
#define SYSFD_LANDLOCK_SRC_LIBRARY_SEARCH_HPP

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// A list of directories in an ELF file, and what $ORIGIN stands for in it.
struct SearchPath {
  std::string directories;
  std::string origin;
  friend bool operator==(const SearchPath&, const SearchPath&) = default;
};

// Where ld.so(8) may find shared libraries, in its order, without LD_LIBRARY_PATH.
class LibrarySearch {
 public:
  // `loader`: the path of ld.so itself; `real_loader`: the same without symbolic links. Reads the
  // configuration.
  LibrarySearch(const std::string& loader, const std::string& real_loader);

  // The path of the loader's configuration, and the file, open with O_PATH, if it is there.
  const std::string& configuration() const noexcept { return configuration_; }
  const std::optional<OwnedFd>& configuration_file() const noexcept { return file_; }
  // Why the configuration is not there.
  std::error_code error() const noexcept { return error_; }
  // True if the loader is this library itself.
  bool is_loader(std::string_view name) const noexcept;
  bool is_musl() const noexcept { return is_musl_; }
  // Calls `visit` with each path at which a library may be, best first, until it returns false.
  // `origin` is that of the file that needs it.
  void for_each_candidate(std::string_view name, const std::string& origin,
                          const std::vector<const SearchPath*>& paths,
                          const std::function<bool(const std::string& path)>& visit) const;

 private:
  void read_configuration(int flags);
  void read_cache();
  bool search(std::string_view name, const std::vector<const SearchPath*>& paths,
              const std::function<bool(const std::string& path)>& visit) const;

  struct CacheEntry {
    std::string_view name;
    std::string_view path;
  };
  bool is_musl_;
  std::string configuration_;
  std::error_code error_;
  std::optional<OwnedFd> file_;
  std::string content_;  // of that file
  std::vector<CacheEntry> entries_;
  std::vector<std::string> default_directories_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LANDLOCK_SRC_LIBRARY_SEARCH_HPP
