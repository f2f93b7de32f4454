// SPDX-License-Identifier: MIT
#ifndef SYSFD_LANDLOCK_SRC_LIBRARY_SEARCH_HPP
#define SYSFD_LANDLOCK_SRC_LIBRARY_SEARCH_HPP

#include <string>
#include <string_view>
#include <vector>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Where ld.so(8) may find shared libraries, in its order, without LD_LIBRARY_PATH.
class LibrarySearch {
 public:
  // `loader`: the path of ld.so itself. Reads /etc/ld.so.cache.
  explicit LibrarySearch(const std::string& loader);

  // The paths at which a library may be, best first. `origin`: the directory of the file that needs
  // it; `directories`: its RUNPATH or RPATH.
  std::vector<std::string> candidates(std::string_view name, std::string_view origin,
                                      std::string_view directories) const;

  static constexpr const char* cache = "/etc/ld.so.cache";

 private:
  struct CacheEntry {
    std::string_view name;
    std::string_view path;
  };
  std::string content_;  // of the cache
  std::vector<CacheEntry> entries_;
  std::vector<std::string> default_directories_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LANDLOCK_SRC_LIBRARY_SEARCH_HPP
