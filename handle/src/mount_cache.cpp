// SPDX-License-Identifier: MIT
#include <poll.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <utility>

#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/mount_cache.hpp>

#include "mount_table.hpp"

namespace sysfd {
inline namespace v0 {

namespace {

[[gnu::cold]] void open_list(std::optional<OwnedFd>& mountinfo, std::uint64_t& process) noexcept {
  mountinfo.reset();
  auto opened = detail::open_mountinfo();
  const auto mark = detail::fork_mark();
  if (!opened || !mark) return;
  mountinfo = *std::move(opened);
  process = *mark;
}

// True if the list of mounts has not changed since the last call. False if that cannot be found
// out. The kernel reports a change once per open file description, so a forked copy of this process
// opens its own.
bool is_unchanged(std::optional<OwnedFd>& mountinfo, std::uint64_t& process) noexcept {
  if (!mountinfo || detail::is_forked_copy(process)) {
    open_list(mountinfo, process);
    return false;
  }
  pollfd changed{mountinfo->get(), POLLPRI, 0};
  constexpr timespec at_once{};
  return detail::system_call(SYS_ppoll, &changed, 1, &at_once, nullptr, std::size_t{0}) == 0;
}

}  // namespace

Result<BorrowedFd> MountCache::find(MountId mount) {
  if (is_unchanged(mountinfo_, process_)) {
    if (last_ && last_->first == mount) return last_->second.mount.borrow();
    const auto known = mounts_.find(mount);
    if (known != mounts_.end() && known->second.current) {
      last_ = &*known;
      return known->second.mount.borrow();
    }
  } else {
    for (auto& [id, entry] : mounts_)
      entry.current = false;
  }
  return find_anew(mount);
}

Result<BorrowedFd> MountCache::find_anew(MountId mount) {
  // The old descriptor stays open until then, so that the kernel cannot reuse its number.
  last_ = nullptr;
  auto found = find_mount(mount);
  if (!found) {
    mounts_.erase(mount);
    return std::unexpected(found.error());
  }
  const auto [entry, added] = mounts_.insert_or_assign(mount, Entry{*std::move(found), true});
  last_ = &*entry;
  return entry->second.mount.borrow();
}

Result<OwnedFd> MountCache::open_by_handle(const NamedHandle& file, int flags) {
  const auto mount = find(file.mount);
  if (!mount) return std::unexpected(mount.error());
  return sysfd::open_by_handle(*mount, file.handle, flags);
}

void MountCache::clear() noexcept {
  last_ = nullptr;
  mounts_.clear();
  mountinfo_.reset();
}

}  // namespace v0
}  // namespace sysfd
