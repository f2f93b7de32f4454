// SPDX-License-Identifier: MIT
//
// Eight threads make, move, release, adopt and close descriptors of all kinds, which are one
// another's numbers a moment later. Each checks that the table agrees, and in the end that it has
// no owner and that all is closed. It is linked to sysfd::track_close.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "ownedfd/tracking/place.hpp"

namespace {

using sysfd::OwnedFd;
using sysfd::detail::owner_of;

constexpr unsigned threads = 8, rounds = 20000, slots = 16;
std::atomic<long> made = 0, closed = 0, passed = 0;

class Worker {
 public:
  explicit Worker(unsigned seed) noexcept : random_(seed) {}

  void run() {
    for (unsigned i = 0; i < rounds; ++i)
      change(slot(), slot());
    for (auto& each : slots_)
      close(each);
  }

 private:
  using Slot = std::optional<OwnedFd>;

  Slot& slot() { return slots_[random_() % slots]; }

  void close(Slot& slot) {
    if (!slot) return;
    if (random_() % 2 == 0) REQUIRE(std::move(*slot).close());
    slot.reset();
    ++closed;
  }

  void fill(Slot& slot, OwnedFd made_now) {
    close(slot);
    slot = std::move(made_now);
    ++made;
  }

  void change(Slot& slot, Slot& other) {
    switch (random_() % 6) {
      case 0: fill(slot, sysfd::event_fd().value()); break;
      case 1: {
        auto ends = sysfd::pipe().value();
        fill(slot, std::move(ends.read));
        fill(other, std::move(ends.write));
        break;
      }
      case 2:
        if (slot) fill(other, slot->duplicate().value());
        break;
      case 3:  // other code closes it
        if (slot) {
          const int number = std::move(*slot).release();
          slot.reset();
          REQUIRE(::close(number) == 0);
          ++closed;
        }
        break;
      case 4:  // other code passes it back
        if (slot) slot = OwnedFd::adopt(std::move(*slot).release());
        break;
      default:
        if (slot && &slot != &other) {
          close(other);
          other = std::move(slot);
          slot.reset();
          ++passed;
        }
    }
    if (slot) REQUIRE(owner_of(slot->get()) == &*slot);
    if (other) REQUIRE(owner_of(other->get()) == &*other);
  }

  std::minstd_rand random_;
  std::array<Slot, slots> slots_;
};

long open_numbers() {
  const std::filesystem::directory_iterator numbers("/proc/self/fd");
  return std::distance(begin(numbers), end(numbers));
}

}  // namespace

int main() {
  const long open_before = open_numbers();
  {
    std::vector<std::jthread> running;
    for (unsigned i = 0; i < threads; ++i)
      running.emplace_back([i] { Worker(i + 1).run(); });
  }
  REQUIRE(made > 0 && passed > 0 && made == closed);
  REQUIRE(open_numbers() == open_before);
  for (int number = 0; number < 65536; ++number)
    REQUIRE(!owner_of(number));
}
