// SPDX-License-Identifier: MIT
//
// Maps sealed memory of huge pages, of which there are few.
#include <sysfd/sealed_memory.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <string>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

// Owns all huge pages of the system while it lives, in a memfd; one more than there were.
class HugePages {
 public:
  HugePages() {
    before_ = read(count);
    if (before_ >= 0) std::ofstream(count) << before_ + 1;
    const long now = read(count);
    if (now <= 0) return;
    const int fd = ::memfd_create("huge pages", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
    if (fd < 0) return;
    fd_ = OwnedFd::adopt(fd);
    size_ = now * size_of_one();
    has_all_ = ::fallocate(fd, 0, 0, size_) == 0 && fill(fd);
  }
  ~HugePages() {
    fd_.reset();
    if (before_ >= 0) std::ofstream(count) << before_;
  }
  HugePages(const HugePages&) = delete;
  HugePages& operator=(const HugePages&) = delete;

  bool has_all() const { return has_all_; }
  const OwnedFd& fd() const { return *fd_; }
  std::size_t size() const { return static_cast<std::size_t>(size_); }

 private:
  static constexpr const char* count = "/proc/sys/vm/nr_hugepages";

  static long read(const char* path) {
    long number = -1;
    std::ifstream(path) >> number;
    return number;
  }
  static off_t size_of_one() {
    std::ifstream file("/proc/meminfo");
    for (std::string line; std::getline(file, line);)
      if (line.starts_with("Hugepagesize:")) return std::stol(line.substr(13)) * 1024;
    return 0;
  }
  bool fill(int fd) const {
    void* const start = ::mmap(nullptr, size(), PROT_WRITE, MAP_SHARED, fd, 0);
    if (start == MAP_FAILED) return false;
    std::char_traits<char>::copy(static_cast<char*>(start), "sealed", 6);
    return ::munmap(start, size()) == 0 &&
           ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE) == 0;
  }

  long before_ = -1;
  std::optional<OwnedFd> fd_;
  off_t size_ = 0;
  bool has_all_ = false;
};

void expect_mapped(const HugePages& pages) {
  const auto memory = SealedMemory::map(pages.fd());
  ASSERT_TRUE(memory) << memory.error().message();
  EXPECT_EQ(memory->bytes().size(), pages.size());
  EXPECT_EQ(text(memory->bytes().first(6)), "sealed");
  EXPECT_EQ(memory->bytes().back(), std::byte{});
}

TEST(SealedMemoryOfHugePages, IsMappedThoughNoneIsLeft) {
  SYSFD_REQUIRE_ROOT();
  const HugePages pages;
  if (!pages.has_all()) GTEST_SKIP() << "needs a huge page";
  expect_mapped(pages);
}

// Such a kernel refuses a shared mapping of a file that is sealed against writing.
TEST(SealedMemoryOfHugePages, IsMappedByAKernelBeforeLinux67Too) {
  SYSFD_REQUIRE_ROOT();
  const HugePages pages;
  if (!pages.has_all()) GTEST_SKIP() << "needs a huge page";
  run_apart([&] {
    refuse_calls({{SYS_mmap, EPERM, RefusedCall::Match{3, MAP_SHARED, 0x0f}}});
    expect_mapped(pages);
  });
}

}  // namespace
}  // namespace sysfd_test
