// SPDX-License-Identifier: MIT
//
// Fuzzes the list of mounts that find_mount() reads on kernels without statmount(2).
#include <limits.h>

#include <algorithm>
#include <string_view>

#include "fuzz/as_file.hpp"
#include "fuzz/seeded.hpp"
#include "mount_table.hpp"

namespace sysfd_test {

using namespace sysfd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  detail::MountTable table(as_file(text));
  for (;;) {
    const auto next = table.next();
    promise(next.has_value(), "a file that can be read has no errors");
    const auto end = text.find('\n');
    promise(*next == (end != text.npos), "one mount for each line that has an end");
    if (!*next) return 0;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const std::string_view path = table.mount_point();
    promise(path.size() < PATH_MAX, "a path that can be opened");
    promise(path.size() <= line.size(), "no more than the line has");
    if (line.contains('\\')) continue;
    std::string_view field = line;  // the fifth
    for (int i = 0; i < 4; ++i)
      field.remove_prefix(std::min(field.size(), std::min(field.find(' '), field.size()) + 1));
    field = field.substr(0, field.find(' '));
    if (!field.contains('\0') && field.size() < PATH_MAX - 1)
      promise(path == field, "the path of the mount");
  }
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  constexpr std::string_view valid =
      "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
      "35 22 0:30 / /mnt/a\\040b\\134 ro - tmpfs none rw,size=10k\n"
      "4294967295 35 0:4 mnt:[4026531840] /run/ns rw - nsfs nsfs rw\n";
  return mutate(data, size, max_size, seed, std::as_bytes(std::span(valid)));
}

}  // namespace sysfd_test
