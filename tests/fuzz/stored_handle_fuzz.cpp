// SPDX-License-Identifier: MIT
#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include <sysfd/file_handle.hpp>

#include "fuzz/seeded.hpp"

namespace sysfd_test {

using namespace sysfd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto stored = std::as_bytes(std::span(data, size));
  const auto handle = FileHandle::deserialize(stored);
  if (!handle) {
    promise(handle.error() == std::errc::bad_message, "one error for all that is malformed");
    return 0;
  }
  promise(handle->bytes().size() <= FileHandle::max_size, "a size that the kernel takes");
  promise(handle->type() >= 0, "a type that the kernel takes");
  promise(std::ranges::equal(handle->serialize(), stored), "one stored form for each handle");
  const auto parts = FileHandle::from_parts(handle->type(), handle->bytes());
  promise(parts && *parts == *handle, "equal parts, equal handles");
  promise(std::hash<FileHandle>()(*parts) == std::hash<FileHandle>()(*handle), "equal hashes");
  if (handle->is_fid())
    promise(!open_by_handle(BorrowedFd::unsafe_borrow(0), *handle, 0), "a FID opens nothing");
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  const std::vector<std::byte> content(seed / 16 % (FileHandle::max_size + 1), std::byte{7});
  const auto valid = FileHandle::from_parts(static_cast<int>(seed % 512), content);
  return mutate(data, size, max_size, seed, valid->serialize());
}

}  // namespace sysfd_test
