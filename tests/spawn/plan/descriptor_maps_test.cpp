// SPDX-License-Identifier: MIT
//
// Tests every small map of descriptors, and many larger ones, in real children: each child has
// exactly the passed descriptors under the given numbers, and nothing else; the parent keeps its
// own.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "support/programs.hpp"
#include "support/sanitizers.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

constexpr int small = 7;  // for maps of the numbers below this one

BorrowedFd number(int fd) {
  return BorrowedFd::unsafe_borrow(fd);
}

std::string checker_path() {
  return program_path("spawn_table_checker");
}

// The file that a number of the parent refers to.
struct Entry {
  FileIdentity file;
  bool is_inherited;  // not close-on-exec
};

// Opens the numbers from 0 on, each for a separate file, while this lives. Nothing can be printed
// meanwhile, because 1 and 2 are among them.
class Table {
 public:
  explicit Table(int count) : count_(count) {
    for (int fd = 0; fd < 3; ++fd)
      saved_.push_back(OwnedFd::adopt(::fcntl(fd, F_DUPFD_CLOEXEC, 55)));
    for (int fd = 0; fd < count; ++fd)
      place_file(fd);
  }
  ~Table() {
    for (int fd = 3; fd < count_; ++fd)
      ::close(fd);
    for (int fd = 0; fd < 3; ++fd)
      ::dup3(saved_[static_cast<std::size_t>(fd)].get(), fd, 0);
  }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  void place_file(int fd) {
    // The new file may get the number that it must have: so this uses a copy above.
    const OwnedFd file = OwnedFd::adopt(::fcntl(some_file().get(), F_DUPFD_CLOEXEC, 50));
    place(fd, file);
  }
  void place(int fd, BorrowedFd file) {
    ::dup3(file.get(), fd, O_CLOEXEC);
    entries_[fd] = {identity_of(fd), false};
  }
  void close(int fd) {
    ::close(fd);
    entries_.erase(fd);
  }
  void set_inherited(int fd, bool inherited) {
    const auto entry = entries_.find(fd);
    if (entry == entries_.end() || entry->second.is_inherited == inherited) return;
    ::fcntl(fd, F_SETFD, inherited ? 0 : FD_CLOEXEC);
    entry->second.is_inherited = inherited;
  }

  bool is_open(int fd) const { return entries_.contains(fd); }
  const Entry& at(int fd) const { return entries_.at(fd); }

  // True if the parent's descriptors have not changed.
  bool is_unchanged() const {
    std::set<int> expected = {saved_[0].get(), saved_[1].get(), saved_[2].get()};
    for (const auto& [fd, entry] : entries_) {
      if (identity_of(fd) != entry.file) return false;
      if (::fcntl(fd, F_GETFD) != (entry.is_inherited ? 0 : FD_CLOEXEC)) return false;
      expected.insert(fd);
    }
    return open_descriptors() == expected;
  }

 private:
  int count_;
  std::vector<OwnedFd> saved_;
  std::map<int, Entry> entries_;
};

// Contains which number of the parent becomes which number of the child.
using Map = std::vector<std::pair<int, int>>;  // target, source

std::string text_of(const Map& map) {
  std::string text;
  for (const auto& [target, source] : map)
    text += std::to_string(source) + "->" + std::to_string(target) + ' ';
  return text;
}

// Tries maps, and records errors.
class Trial {
 public:
  explicit Trial(Table& table) : table_(table), null_(identity_of_null()) {}

  // Starts a child that checks itself, and compares with the expected result. `attributes` sets
  // what keeps descriptors open in addition to those that are passed.
  template <class Attributes>
  void try_map(Command command, const Map& map, Attributes attributes) {
    // Combines each map with another choice of streams that may be inherited.
    for (int fd = 0; fd < 3; ++fd)
      table_.set_inherited(fd, tried_ >> fd & 1);
    ++tried_;
    bool is_mapped[3] = {};
    bool all_open = true;
    for (const auto& [target, source] : map) {
      command.pass(number(source), target);
      if (target < 3) is_mapped[target] = true;
      all_open = all_open && table_.is_open(source);
      if (all_open) expect(command, std::to_string(target), table_.at(source).file);
    }
    for (int fd = 0; fd < 3; ++fd) {
      if (is_mapped[fd]) continue;
      const bool is_inherited = table_.is_open(fd) && table_.at(fd).is_inherited;
      expect(command, std::to_string(fd), is_inherited ? table_.at(fd).file : null_);
    }
    attributes(command);
    if (all_open)
      expect_success(command, map);
    else
      expect_closed(command, map);
    if (lowest_free_number() != free_) wrong(map, "a descriptor was left, or closed");
  }
  void try_map(const Map& map) {
    try_map(Command(checker_), map, [](Command&) {});
  }

  static void expect(Command& command, const std::string& what, const FileIdentity& file) {
    command.arg(what + ':' + std::to_string(file.first) + ':' + std::to_string(file.second));
  }

  bool has_failed() const { return failures_.size() > 4; }
  int tried() const { return tried_; }
  std::vector<std::string> finish() {
    if (!table_.is_unchanged()) failures_.emplace_back("the parent's descriptors were changed");
    if (::waitpid(-1, nullptr, WNOHANG | __WALL) != -1) failures_.emplace_back("a child was left");
    return std::move(failures_);
  }

 private:
  void wrong(const Map& map, const std::string& what) {
    failures_.push_back(text_of(map) + "(map " + std::to_string(tried_) + "): " + what);
  }

  void expect_success(Command& command, const Map& map) {
    auto child = command.spawn();
    if (!child) return wrong(map, child.error().describe());
    const auto status = child->wait();
    if (!status || !status->success())
      wrong(map, status ? to_string(*status) : status.error().message());
  }

  void expect_closed(Command& command, const Map& map) {
    const auto child = command.spawn();
    if (child) return wrong(map, "a source is closed, but a child was started");
    const auto& error = child.error();
    if (error.step != SpawnStep::descriptor || error.code != std::errc::bad_file_descriptor ||
        error.index < 0 || error.index >= static_cast<int>(map.size()) ||
        table_.is_open(map[static_cast<std::size_t>(error.index)].second))
      wrong(map, error.describe());
  }

  static int lowest_free_number() {
    const int fd = ::open("/", O_PATH | O_CLOEXEC);
    if (fd >= 0) ::close(fd);
    return fd;
  }

  Table& table_;
  const FileIdentity null_;
  const std::string checker_ = checker_path();
  const int free_ = lowest_free_number();
  int tried_ = 0;
  std::vector<std::string> failures_;
};

// Lets `body` try maps in a separate process, with a table of this many files.
template <class Body>
void try_in_new_process(int files, Body body) {
  run_apart([&] {
    std::vector<std::string> failures;
    {
      Table table(files);
      failures = body(table);
    }
    for (const std::string& failure : failures)
      ADD_FAILURE() << failure;
  });
}

// Visits all maps of `count` targets below `small`.
template <class Visit>
void for_each_map(int count, Visit visit) {
  for (unsigned targets = 0; targets < 1U << small; ++targets) {
    Map map;
    int combinations = 1;
    for (int fd = 0; fd < small; ++fd)
      if (targets >> fd & 1U) {
        map.emplace_back(fd, 0);
        combinations *= small;
      }
    if (static_cast<int>(map.size()) != count) continue;
    for (int combination = 0; combination < combinations; ++combination) {
      for (int rest = combination; auto& [target, source] : map) {
        source = rest % small;
        rest /= small;
      }
      visit(map);
    }
  }
}

// Under a sanitizer only every 11th map is tried (so that all targets and sources occur).
constexpr int stride = is_sanitized ? 11 : 1;

// `GetParam()` has one bit for each standard stream that is closed in the parent.
class SmallDescriptorMaps : public testing::TestWithParam<int> {};

TEST_P(SmallDescriptorMaps, OfUpToThreeTargetsAreRightOrNameTheClosedSource) {
  try_in_new_process(small, [](Table& table) {
    for (int fd = 0; fd < 3; ++fd)
      if (GetParam() >> fd & 1) table.close(fd);
    Trial trial(table);
    int serial = 0;
    for (int count = 0; count <= 3; ++count)
      for_each_map(count, [&](const Map& map) {
        if (serial++ % stride == 0 && !trial.has_failed()) trial.try_map(map);
      });
    auto failures = trial.finish();
    if (serial != 1 + 7 * 7 + 21 * 49 + 35 * 343) failures.emplace_back("not all maps were tried");
    return failures;
  });
}
INSTANTIATE_TEST_SUITE_P(WithClosedStreams, SmallDescriptorMaps, testing::Range(0, 8));

// `GetParam()` is the quarter of the maps to try.
class FourDescriptorMaps : public testing::TestWithParam<int> {};

TEST_P(FourDescriptorMaps, AreRight) {
  constexpr int quarters = 4;
  try_in_new_process(small, [](Table& table) {
    Trial trial(table);
    int serial = 0;
    for_each_map(4, [&](const Map& map) {
      const int own = serial++ - GetParam();
      if (own % quarters == 0 && own / quarters % stride == 0 && !trial.has_failed())
        trial.try_map(map);
    });
    auto failures = trial.finish();
    if (serial != 35 * 2401) failures.emplace_back("not all maps were tried");
    return failures;
  });
}
INSTANTIATE_TEST_SUITE_P(Quarter, FourDescriptorMaps, testing::Range(0, 4));

// `GetParam()` is the seed.
class LargeDescriptorMaps : public testing::TestWithParam<unsigned> {};

// The descriptors that attributes use are among those that are mapped, and may be mapped
// themselves.
TEST_P(LargeDescriptorMaps, AreRightWithDescriptorsThatAttributesHold) {
  SYSFD_REQUIRE_ROOT();  // chroot(2)
  constexpr int numbers = 41;
  constexpr int rounds = fewer_if_sanitized(5000);
  const ScratchDirectory directory;
  try_in_new_process(numbers, [&](Table& table) {
    const auto at_high_number = [](const std::string& path) {
      const auto fd = sysfd::open(cwd(), path, O_PATH);
      return OwnedFd::adopt(::fcntl(fd->get(), F_DUPFD_CLOEXEC, 50));
    };
    // They are put into the table for one round each, and removed before the open descriptors are
    // compared.
    std::optional<OwnedFd> place = at_high_number(directory.path().string());
    std::optional<OwnedFd> root = at_high_number("/");
    std::optional<OwnedFd> program = at_high_number(checker_path());

    std::mt19937 random(GetParam());
    const auto below = [&](int bound) {
      return static_cast<int>(random() % static_cast<unsigned>(bound));
    };
    std::array<int, numbers> shuffled;
    for (int fd = 0; fd < numbers; ++fd)
      shuffled[static_cast<std::size_t>(fd)] = fd;

    Trial trial(table);
    for (int round = 0; round < rounds && !trial.has_failed(); ++round) {
      std::ranges::shuffle(shuffled, random);
      const std::array kept = {shuffled[0], shuffled[1], shuffled[2]};
      table.place(kept[0], *place);
      table.place(kept[1], *root);
      table.place(kept[2], *program);

      // Sources and targets come from the same few numbers, so that they collide.
      const int pool = 4 + below(numbers - 4);
      const int count = 1 + below(std::min(12, pool));
      std::array<int, numbers> targets = shuffled;
      std::ranges::shuffle(targets.begin(), targets.begin() + pool, random);
      Map map;
      for (int i = 0; i < count; ++i)
        map.emplace_back(targets[static_cast<std::size_t>(i)],
                         shuffled[static_cast<std::size_t>(below(pool))]);
      const int uses = below(8);
      trial.try_map(uses & 4 ? Command(number(kept[2]), "checker") : Command(checker_path()), map,
                    [&](Command& command) {
                      if (uses & 2) command.root_directory(number(kept[1]));
                      if ((uses & 1) == 0) return;
                      command.working_directory(number(kept[0]));
                      Trial::expect(command, ".", table.at(kept[0]).file);
                    });
      for (const int fd : kept)
        table.place_file(fd);
    }
    place.reset();
    root.reset();
    program.reset();
    return trial.finish();
  });
}
INSTANTIATE_TEST_SUITE_P(Seed, LargeDescriptorMaps, testing::Values(1U, 2U, 3U, 4U));

}  // namespace
}  // namespace sysfd_test
