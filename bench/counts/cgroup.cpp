// SPDX-License-Identifier: MIT
//
// Cgroups without controllers, which not all machines have: each limit is three system calls more.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <sysfd/cgroup.hpp>
#include <sysfd/detail/fork_mark.hpp>

#include "counts/operation.hpp"

namespace sysfd_bench {
namespace {

using sysfd::Cgroup;
using sysfd::CgroupError;
using sysfd::OwnedFd;

constexpr const char* name = "sysfd-counts";

template <class Value>
Value require(sysfd::Result<Value, CgroupError> result) {
  if (!result) {
    errno = result.error().code.value();
    give_up("cgroup");
  }
  return *std::move(result);
}

std::optional<Cgroup> own, made;
std::optional<OwnedFd> events;
int raw_kill = -1;

void find_own() {
  if (!sysfd::detail::fork_mark()) give_up("fork_mark");  // which a process gets once
  own = require(Cgroup::own());
}

void make() {
  find_own();
  made = require(Cgroup::create(*own, name));
}

void read_raw(int fd) {
  std::array<char, 4096> room;
  off_t at = 0;
  while (const long got = checked(::pread(fd, room.data(), room.size(), at)))
    at += got;
}

// As Cgroup::create(), which keeps both descriptors.
void create_raw() {
  checked(::mkdirat(own->fd().get(), name, 0755));
  const int directory = static_cast<int>(
      checked(::openat(own->fd().get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)));
  raw_kill = static_cast<int>(checked(::openat(directory, "cgroup.kill", O_WRONLY | O_CLOEXEC)));
  const RawFd type(::openat(directory, "cgroup.type", O_RDONLY | O_CLOEXEC));
  read_raw(type.number);
}

}  // namespace

void add_cgroup(Operations& operations) {
  const Around with_one{.before = make, .after = [] { made.reset(); }};
  const Around with_events{.before =
                               [] {
                                 make();
                                 events = require(made->open_events());
                               },
                           .after =
                               [] {
                                 events.reset();
                                 made.reset();
                               }};
  operations.push_back(
      {"cgroup: Cgroup::create",
       task(create_raw, {.before = find_own,
                         .after =
                             [] {
                               ::close(raw_kill);
                               checked(::unlinkat(own->fd().get(), name, AT_REMOVEDIR));
                             }}),
       task([] { return Cgroup::create(*own, name); }, {.before = find_own})});
  operations.push_back(alone("cgroup: ~Cgroup", [] { made.reset(); }, {.before = make}));
  operations.push_back(alone("cgroup: kill", [] { return made->kill(); }, with_one));
  operations.push_back(alone("cgroup: wait_empty", [] { return made->wait_empty(); }, with_one));
  operations.push_back(alone("cgroup: processes", [] { return made->processes(); }, with_one));
  operations.push_back(alone("cgroup: events", [] { return made->events(); }, with_one));
  operations.push_back(alone("cgroup: usage", [] { return made->usage(); }, with_one));
  operations.push_back(alone("cgroup: open_events", [] { return made->open_events(); }, with_one));
  operations.push_back(compare(
      "cgroup: rearm", [] { read_raw(events->get()); }, [] { return Cgroup::rearm(*events); },
      with_events));
}

}  // namespace sysfd_bench
