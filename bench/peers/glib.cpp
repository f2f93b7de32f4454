// SPDX-License-Identifier: MIT
//
// GLib: g_spawn_async_with_pipes_and_fds() with G_SPAWN_DO_NOT_REAP_CHILD, and waitpid(2), which
// that flag allows. By default it closes all other descriptors and forks; with
// G_SPAWN_LEAVE_DESCRIPTORS_OPEN, its own fast way, it uses posix_spawn(3).
//
// package: libglib2.0-dev
// passes: any numbers, in any order
// waits by: waitpid
// cmake: pkg_check_modules(BENCH_GLIB QUIET IMPORTED_TARGET glib-2.0>=2.68)
// link: PkgConfig::BENCH_GLIB
//
// peer: GLib
// starts by: fork
// not passed: closed, all at once
//
// peer: GLib, others left open
// starts by: posix_spawn
// not passed: stay open unless close-on-exec
#include <glib.h>

#include <cerrno>

#include "peers/by_pid.hpp"

namespace sysfd_bench {
namespace {

class Glib : public StarterByPid {
 public:
  explicit Glib(unsigned more_flags)
      : flags_(static_cast<GSpawnFlags>(G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN |
                                        more_flags)) {}
  int prepare(const Request& request) override {
    StarterByPid::prepare(request);
    sources_.clear();
    numbers_.clear();
    for (const Passed& each : request.passed) {
      sources_.push_back(each.source);
      numbers_.push_back(each.number);
    }
    return 0;
  }
  int start() override {
    GPid child = 0;
    GError* error = nullptr;
    if (!::g_spawn_async_with_pipes_and_fds(nullptr, arguments().get(), nullptr, flags_, nullptr,
                                            nullptr, -1, -1, -1, sources_.data(), numbers_.data(),
                                            sources_.size(), &child, nullptr, nullptr, nullptr,
                                            &error)) {
      ::g_error_free(error);
      return ENOEXEC;
    }
    started(child);
    return 0;
  }

 private:
  GSpawnFlags flags_;
  std::vector<int> sources_;
  std::vector<int> numbers_;
};

}  // namespace

std::vector<Peer> peers() {
  const std::string version = std::to_string(::glib_major_version) + "." +
                              std::to_string(::glib_minor_version) + "." +
                              std::to_string(::glib_micro_version);
  constexpr unsigned leave_open = G_SPAWN_LEAVE_DESCRIPTORS_OPEN;
  return {{"GLib", version, maker<Glib>(0U)},
          {"GLib, others left open", version, maker<Glib>(leave_open)}};
}

}  // namespace sysfd_bench
