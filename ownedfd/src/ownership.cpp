// SPDX-License-Identifier: MIT
//
// A part of the library only if it is built with SYSFD_TRACK_OWNERSHIP.
#include <sysfd/detail/ownership.hpp>

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>

#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/forget_owners.hpp>

#include "owner_table.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// Only the owner of a number changes its entry, and the one that the kernel gives it to next.
// The entry gets free before the number does.
struct Entry {
  std::atomic<const void*> owner;  // the OwnedFd, or null
  std::atomic<const void*> place;  // the Site where it was taken; if it is free: where it got free
  std::atomic<const void*> caller;
  std::atomic<std::uint64_t> state;  // the mark of the process that took it; if free: the Ending
};
static_assert(sizeof(Entry) == 32);
static_assert(std::atomic<const void*>::is_always_lock_free &&
              std::atomic<std::uint64_t>::is_always_lock_free);

struct OwnerTable {
  ForkMarks marks;
  Entry entries[most_tracked_numbers];
};
static_assert(sizeof(OwnerTable) == 16 + std::size_t{65536} * 32);

}  // namespace

// There is one table in a process, and each copy of this library in it has the same one, as owners
// are moved between a program and its plugins: the symbol is unique (STB_GNU_UNIQUE), which C++ has
// no word for. Its memory is zero and not there before it is used. Change the number in its name
// with the size or the layout.
extern "C" {
[[gnu::visibility("default")]] extern OwnerTable sysfd_owner_table_2;
}
asm(".pushsection .bss.sysfd_owner_table_2, \"aw\", %nobits\n"
    ".balign 64\n"
    ".type sysfd_owner_table_2, %gnu_unique_object\n"
    ".size sysfd_owner_table_2, 16 + 65536 * 32\n"
    "sysfd_owner_table_2: .zero 16 + 65536 * 32\n"
    ".popsection");

namespace {

Entry* entry_of(int fd) noexcept {
  return static_cast<unsigned>(fd) < most_tracked_numbers ? &sysfd_owner_table_2.entries[fd]
                                                          : nullptr;
}

// 0 without memory for it: no process is taken for a copy then.
std::uint64_t mark_of_process() noexcept {
  if (const auto mark = fork_mark_or_zero(sysfd_owner_table_2.marks); mark != 0) [[likely]]
    return mark;
  const auto made = fork_mark(sysfd_owner_table_2.marks);
  return made ? *made : 0;
}

// So that no owner makes a system call for it.
[[gnu::constructor]] void mark_process() noexcept {
  (void)mark_of_process();
}

// False in a process that fork(2) made, for a number that its parent had taken. The kernel copies
// the numbers and the memory one after the other: if another thread has taken or closed the number
// in between, the copy has an owner for one that is free. It never uses that owner.
bool is_of_this_process(const Entry& entry) noexcept {
  return entry.state.load(std::memory_order_relaxed) == mark_of_process();
}

Site site_of(const Entry& entry) noexcept {
  return {entry.place.load(std::memory_order_relaxed),
          entry.caller.load(std::memory_order_relaxed)};
}

void set_site(Entry& entry, Site site) noexcept {
  entry.place.store(site.place, std::memory_order_relaxed);
  entry.caller.store(site.caller, std::memory_order_relaxed);
}

// A message in a fixed buffer, which leaves out what has no room.
class Message {
 public:
  Message& operator<<(std::string_view text) noexcept {
    size_ += text.copy(text_ + size_, sizeof text_ - 1 - size_);  // zeros are behind it
    return *this;
  }
  Message& operator<<(const char* text) noexcept { return *this << std::string_view(text); }
  Message& operator<<(int number) noexcept { return put(static_cast<unsigned>(number), 10); }
  Message& operator<<(const void* address) noexcept {
    *this << "0x";
    return put(reinterpret_cast<std::uintptr_t>(address), 16);
  }

  // "text: at FUNCTION (FILE+0xOFFSET), called from FUNCTION (FILE+0xOFFSET)" on a line of its own.
  Message& add_line(std::string_view text, Site site) noexcept {
    *this << "\n  " << text << ": at ";
    put_place(site.place);
    if (site.caller) *this << ", called from ", put_place(site.caller);
    return *this;
  }

  [[noreturn]] void stop() const noexcept { contract_violation(text_); }

 private:
  Message& put(std::uintptr_t number, int base) noexcept {
    char digits[24];
    const auto end = std::to_chars(digits, std::end(digits), number, base).ptr;
    return *this << std::string_view(digits, static_cast<std::size_t>(end - digits));
  }

  // A return address belongs to the instruction after the call, so this is about the byte before.
  void put_place(const void* returns_to) noexcept {
    const auto* const place = static_cast<const char*>(returns_to) - 1;
#if defined(__GLIBC__)
    Dl_info info{};
    link_map* map = nullptr;
    if (::dladdr1(place, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) != 0 && map) {
      constexpr std::size_t most_of_path = 160;
      std::string_view file = info.dli_fname ? info.dli_fname : "?";
      file.remove_prefix(file.size() - std::min(file.size(), most_of_path));
      constexpr std::size_t most_of_name = 100;
      if (info.dli_sname) *this << std::string_view(info.dli_sname).substr(0, most_of_name) << " ";
      *this << "(" << file << "+"
            << reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(place) - map->l_addr)
            << ")";
      return;
    }
#endif
    *this << static_cast<const void*>(place);
  }

  char text_[1600] = {};
  std::size_t size_ = 0;
};

[[noreturn, gnu::cold]] void stop_second_owner(const Entry& entry, int fd, const void* owner,
                                               bool is_new, Site here) noexcept {
  const void* const first = entry.owner.load(std::memory_order_relaxed);
  Message message;
  if (is_new)
    message << "descriptor " << fd << " was closed by foreign code: the OwnedFd at " << first
            << " owns it, and the kernel has given its number out again";
  else
    message << "descriptor " << fd << " gets a second owner: the OwnedFd at " << first
            << " owns it, or has lost it to foreign code that closed it";
  message.add_line("owned since", site_of(entry));
  message.add_line(is_new ? "given out again" : "adopted again", here);
  message << " by the OwnedFd at " << owner;
  message.stop();
}

[[noreturn, gnu::cold]] void stop_not_owner(const Entry& entry, int fd, const void* owner,
                                            std::string_view act, Site here) noexcept {
  const void* const other = entry.owner.load(std::memory_order_relaxed);
  Message message;
  message << "descriptor " << fd << " is ";
  if (other) {
    message << act << " by the OwnedFd at " << owner << ", but the OwnedFd at " << other
            << " owns it";
    message.add_line("owned since", site_of(entry));
  } else {
    switch (static_cast<Ending>(entry.state.load(std::memory_order_relaxed))) {
      case Ending::closed:
        message << act << (act == "closed" ? " twice" : " after it was closed");
        message.add_line("closed before", site_of(entry));
        break;
      case Ending::released:
        message << act << " by an OwnedFd that does not own it: it was released";
        message.add_line("released", site_of(entry));
        break;
      case Ending::never_owned: message << act << " by an OwnedFd that has never owned it"; break;
    }
  }
  message.add_line(act, here);
  message.stop();
}

void begin(int fd, const void* owner, bool is_new, Site here) noexcept {
  Entry* const entry = entry_of(fd);
  if (!entry) return;
  const void* expected = nullptr;
  while (!entry->owner.compare_exchange_strong(expected, owner))
    if (expected && is_of_this_process(*entry)) stop_second_owner(*entry, fd, owner, is_new, here);
  set_site(*entry, here);
  entry->state.store(mark_of_process(), std::memory_order_relaxed);
}

}  // namespace

Site retire(int fd, const void* owner, Ending ending, Site here) noexcept {
  Entry* const entry = entry_of(fd);
  if (!entry) return {};
  if (entry->owner.load() != owner)
    stop_not_owner(*entry, fd, owner, ending == Ending::closed ? "closed" : "released", here);
  const Site taken = site_of(*entry);
  set_site(*entry, here);
  entry->state.store(static_cast<std::uint64_t>(ending), std::memory_order_relaxed);
  entry->owner.store(nullptr);
  return taken;
}

void stop_closed_by_others(int fd, const void* owner, Site taken, Site here) noexcept {
  Message message;
  message << "descriptor " << fd << " was closed by foreign code: the OwnedFd at " << owner
          << " owns it, and it is not open";
  if (entry_of(fd)) message.add_line("owned since", taken);
  message.add_line("noticed when it was closed", here);
  message.stop();
}

void begin_ownership(int fd, const void* owner, const void* caller) noexcept {
  begin(fd, owner, false, {__builtin_return_address(0), caller});
}

void begin_ownership_of_new(int fd, const void* owner, const void* caller) noexcept {
  begin(fd, owner, true, {__builtin_return_address(0), caller});
}

void pass_ownership(int fd, const void* from, const void* owner, const void* caller) noexcept {
  Entry* const entry = entry_of(fd);
  if (!entry) return;
  const void* expected = from;
  if (!entry->owner.compare_exchange_strong(expected, owner))
    stop_not_owner(*entry, fd, from, "moved", {__builtin_return_address(0), caller});
}

void end_ownership(int fd, const void* owner, const void* caller) noexcept {
  (void)retire(fd, owner, Ending::released, {__builtin_return_address(0), caller});
}

void must_have_no_owner(int fd, const void* caller) noexcept {
  const Entry* const entry = entry_of(fd);
  const void* const owner = entry ? entry->owner.load() : nullptr;
  if (!owner || !is_of_this_process(*entry)) return;
  Message message;
  message << "descriptor " << fd << " was closed by foreign code: the OwnedFd at " << owner
          << " owns it, and it is not open";
  message.add_line("owned since", site_of(*entry));
  message.add_line("noticed when it was used", {__builtin_return_address(0), caller});
  message.stop();
}

void check_foreign_close(int fd, const char* call, const void* place, const void* caller) noexcept {
  const Entry* const entry = entry_of(fd);
  const void* const owner = entry ? entry->owner.load() : nullptr;
  if (!owner) return;
  Message message;
  message << "descriptor " << fd << " is closed by foreign code, but the OwnedFd at " << owner
          << " owns it";
  message.add_line("owned since", site_of(*entry));
  message.add_line(call, {place, caller});
  message.stop();
}

// Pages of the table that were never used stay so.
void clear_owner_table() noexcept {
  for (Entry& entry : sysfd_owner_table_2.entries) {
    if (!entry.owner.load()) continue;
    entry.state.store(static_cast<std::uint64_t>(Ending::never_owned), std::memory_order_relaxed);
    entry.owner.store(nullptr);
  }
}

const void* owner_of(int fd) noexcept {
  const Entry* const entry = entry_of(fd);
  return entry ? entry->owner.load() : nullptr;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
