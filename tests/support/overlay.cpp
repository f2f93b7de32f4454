// SPDX-License-Identifier: MIT
#include "support/overlay.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "support/run_apart.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

namespace fs = std::filesystem;

// The layers are on a tmpfs of their own: the file system below may not be usable as an upper
// layer.
bool mount_layers(const fs::path& where) {
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("layers", where.c_str(), "tmpfs", 0, nullptr) != 0)
    return false;
  for (const char* name : {"lower", "upper", "work", "merged"})
    fs::create_directory(where / name);
  return true;
}

bool mount_overlay(const fs::path& where) {
  const std::string options = "lowerdir=" + (where / "lower").string() +
                              ",upperdir=" + (where / "upper").string() +
                              ",workdir=" + (where / "work").string();
  return ::mount("overlay", (where / "merged").c_str(), "overlay", 0, options.c_str()) == 0;
}

}  // namespace

bool has_overlay() {
  static const bool answer = [] {
    const ScratchDirectory where;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(mount_layers(where.path()) && mount_overlay(where.path()) ? 0 : 1);
    int status = -1;
    return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
  }();
  return answer;
}

void run_on_overlay(const OnDirectory& fill, const OnDirectory& body) {
  const ScratchDirectory where;
  run_apart([&] {
    ASSERT_TRUE(mount_layers(where.path()));
    fill(where.path() / "lower");
    ASSERT_TRUE(mount_overlay(where.path()));
    body(where.path() / "merged");
  });
}

}  // namespace sysfd_test
