// SPDX-License-Identifier: MIT
#include <sysfd/pending_child.hpp>

#include "objects.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)

namespace {

// What `finish` returns. The PendingChild goes on if it is not settled.
template <class Finish>
int finish_pending(sysfd_pending_child* pending, sysfd_child** child, sysfd_spawn_error* error,
                   Finish finish) {
  if (!pending || !pending->child || !child || check_error(error) != 0) return -EINVAL;
  Room<sysfd_child> room;
  if (!room) return -ENOMEM;
  return without_exceptions([&] {
    auto settled = finish(*pending->child);
    if (settled || settled.error().step != sysfd::SpawnStep::confirmation) pending->child.reset();
    return settled ? room.make(child, std::move(*settled)) : fail(settled.error(), error);
  });
}

}  // namespace

int sysfd_pending_child_finish(sysfd_pending_child* pending, sysfd_child** child,
                               sysfd_spawn_error* error) {
  return sysfd_pending_child_finish_for(pending, nullptr, child, error);
}

int sysfd_pending_child_try_finish(sysfd_pending_child* pending, sysfd_child** child,
                                   sysfd_spawn_error* error) {
  return finish_pending(pending, child, error, [](auto& it) { return it.try_finish(); });
}

int sysfd_pending_child_finish_for(sysfd_pending_child* pending, const sysfd_timeout* timeout,
                                   sysfd_child** child, sysfd_spawn_error* error) {
  if (!timeout) return finish_pending(pending, child, error, [](auto& it) { return it.finish(); });
  auto limit = sysfd::Timeout::forever();
  if (const int invalid = read_timeout(timeout, limit); invalid != 0) return invalid;
  return finish_pending(pending, child, error, [&](auto& it) { return it.finish_for(limit); });
}

int sysfd_pending_child_cancel(sysfd_pending_child* pending) {
  if (!pending || !pending->child) return -EINVAL;
  pending->child->cancel();
  pending->child.reset();
  return 0;
}

int32_t sysfd_pending_child_pid(const sysfd_pending_child* pending) {
  return pending && pending->child ? pending->child->pid() : -EINVAL;
}

int sysfd_pending_child_fd_borrow(const sysfd_pending_child* pending) {
  if (!pending || !pending->child) return -EINVAL;
  return pending->has_descriptor ? pending->child->fd().get() : -ENOENT;
}

void sysfd_pending_child_free(sysfd_pending_child* pending) {
  delete pending;
}
