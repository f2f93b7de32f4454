// SPDX-License-Identifier: MIT
//
// GLib: g_spawn_async_with_pipes_and_fds() with G_SPAWN_DO_NOT_REAP_CHILD, and waitpid(2), which
// that flag allows. By default it closes all other descriptors and forks; with
// G_SPAWN_LEAVE_DESCRIPTORS_OPEN, its own fast way, it uses posix_spawn(3).
#include <glib.h>

#include <cerrno>

#include "peers/by_pid.hpp"

namespace sysfd_bench {
namespace {

class Glib : public StarterByPid {
 public:
  explicit Glib(GSpawnFlags flags) : flags_(flags) {}
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

constexpr unsigned common_flags = G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN;

Peer peer(const char* name, const char* starts_by, const char* others, unsigned more_flags) {
  return {.name = name,
          .version = std::to_string(::glib_major_version) + "." +
                     std::to_string(::glib_minor_version) + "." +
                     std::to_string(::glib_micro_version),
          .traits = {starts_by, others, "any numbers, in any order", "waitpid"},
          .make = [flags = static_cast<GSpawnFlags>(common_flags | more_flags)] {
            return std::make_unique<Glib>(flags);
          }};
}

}  // namespace

Peer glib_peer() {
  return peer("GLib", "fork", "closed, all at once", 0);
}

Peer glib_leaving_open_peer() {
  return peer("GLib, others left open", "posix_spawn", "stay open unless close-on-exec",
              G_SPAWN_LEAVE_DESCRIPTORS_OPEN);
}

}  // namespace sysfd_bench
