// SPDX-License-Identifier: MIT
//
// Fuzzes where ld.so(8) finds libraries: its cache, or the list of directories of musl, and the
// names and paths in an ELF file. An input is a name and a path, each with a NUL behind it; the
// rest is the configuration. In a mount namespace of its own, which needs root, that is
// ld.so.cache; else that of a musl in a directory of its own.
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fuzz/seeded.hpp"
#include "library_search.hpp"

namespace sysfd_test {

using namespace sysfd;

namespace {

constexpr int most_candidates = 1000;

class Configuration {
 public:
  Configuration() {
    if (!::mkdtemp(directory_.data())) std::abort();
    if (::mkdir((directory_ + "/etc").c_str(), 0755) != 0) std::abort();
    write("");
    is_cache_ = ::unshare(CLONE_NEWNS) == 0 &&
                ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                ::mount(file().c_str(), "/etc/ld.so.cache", nullptr, MS_BIND, nullptr) == 0;
  }
  ~Configuration() {
    if (is_cache_) ::umount2("/etc/ld.so.cache", MNT_DETACH);
    ::unlink(file().c_str());
    ::rmdir((directory_ + "/etc").c_str());
    ::rmdir(directory_.c_str());
  }
  Configuration(const Configuration&) = delete;
  Configuration& operator=(const Configuration&) = delete;

  void write(std::string_view content) const {
    const OwnedFd written =
        OwnedFd::adopt(::open(file().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (::write(written.get(), content.data(), content.size()) !=
        static_cast<ssize_t>(content.size()))
      std::abort();
  }
  std::string musl() const { return directory_ + "/lib/ld-musl-fuzz.so.1"; }
  bool is_cache() const { return is_cache_; }

 private:
  std::string file() const { return directory_ + "/etc/ld-musl-fuzz.path"; }

  std::string directory_ = "/tmp/sysfd-fuzz-XXXXXX";
  bool is_cache_ = false;
};

void search(const std::string& loader, const std::string& name, const detail::SearchPath& path) {
  const detail::LibrarySearch search(loader, loader);
  int candidates = 0;
  search.for_each_candidate(name, path.origin, {&path}, [&](const std::string& found) {
    promise(!found.empty() || name.empty(), "a path");
    return ++candidates < most_candidates;
  });
  promise(candidates <= most_candidates, "who visits can end it");
  (void)search.is_loader(name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Configuration configuration;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto after_name = std::min(input.find('\0'), input.size());
  const std::string name(input.substr(0, after_name));
  std::string_view rest = input.substr(std::min(after_name + 1, input.size()));
  const auto after_path = std::min(rest.find('\0'), rest.size());
  const detail::SearchPath path{std::string(rest.substr(0, after_path)), "/opt/origin"};
  configuration.write(rest.substr(std::min(after_path + 1, rest.size())));
  search(configuration.musl(), name, path);
  if (configuration.is_cache()) search("/lib64/ld-linux-x86-64.so.2", name, path);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  static const std::string valid[] = {
      std::string("libc.so.6\0$ORIGIN/../${LIB}:/opt/$PLATFORM:\0/lib:/usr/lib\n", 58), [] {
        std::string cache("libc.so.6\0\0", 11);
        cache += "glibc-ld.so.cache1.1";
        const std::uint32_t words[] = {2, 24, 2, 0, 0,  0,          0, 3, 96, 106,
                                       0, 0,  0, 3, 96, 0xFFFFFFFF, 0, 0, 0};
        cache.append(reinterpret_cast<const char*>(words), sizeof words);
        return cache + std::string("libc.so.6\0/lib/libc.so.6\0", 25);
      }()};
  return mutate(data, size, max_size, seed,
                std::as_bytes(std::span(valid[seed / 16 % std::size(valid)])));
}

}  // namespace sysfd_test
