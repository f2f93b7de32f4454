// SPDX-License-Identifier: MIT
#include <sysfd/sealed_memory.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/sealed_file.hpp>
#include <sysfd/detail/syscall.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {

using detail::failure;
using detail::last_error;
using detail::Mapping;
using detail::retry_eintr;

namespace {

class SealCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "sysfd.seals"; }
  std::string message(int value) const override {
    return static_cast<SealError>(value) == SealError::may_change
               ? "not sealed against writing: what is mapped could change while it is read"
               : "not a memfd that is sealed against shrinking: reading it when it was mapped and "
                 "then made shorter would raise SIGBUS";
  }
  std::error_condition default_error_condition(int) const noexcept override {
    return std::errc::operation_not_permitted;
  }
};

Result<Mapping> map_with(int fd, std::size_t size, int protection, int flags) noexcept {
  if (size == 0) return Mapping();
  void* const start = ::mmap(nullptr, size, protection, flags, fd, 0);
  if (start == MAP_FAILED) return last_error();
  return Mapping(start, size);
}

Result<std::size_t> size_of(int fd) noexcept {
  struct stat status{};
  if (const long answer = detail::system_call(SYS_fstat, fd, &status); answer < 0)
    return failure(static_cast<int>(-answer));
  return static_cast<std::size_t>(status.st_size);
}

[[gnu::cold]] bool has_holes(int fd) noexcept {
  struct stat status{};
  return detail::system_call(SYS_fstat, fd, &status) < 0 ||
         status.st_blocks < (status.st_size + 511) / 512;
}

// Maps the whole of a file that has these seals. F_SEAL_SHRINK must be among them and is checked
// first.
Result<Mapping> map_sealed(int fd, std::size_t max_size, int seals, int protection,
                           int flags) noexcept {
  const long found = detail::system_call(SYS_fcntl, fd, F_GET_SEALS);
  if (found < 0 && found != -EINVAL) return failure(static_cast<int>(-found));
  if (found < 0 || (found & F_SEAL_SHRINK) == 0)  // EINVAL: the file cannot have seals
    return std::unexpected(make_error_code(SealError::may_shrink));
  if ((found & seals) != seals) return std::unexpected(make_error_code(SealError::may_change));
  const auto size = size_of(fd);
  if (!size) return std::unexpected(size.error());
  if (*size > max_size) return failure(EFBIG);
  return map_with(fd, *size, protection, flags);
}

// Changes the size of anonymous memory, which may move. After an error, `mapping` is unchanged.
Result<> resize(Mapping& mapping, std::size_t size) noexcept {
  if (size == 0 || mapping.size() == 0) {
    auto other = map_with(-1, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    if (!other) return std::unexpected(other.error());
    mapping = *std::move(other);
    return {};
  }
  void* const start = ::mremap(mapping.start(), mapping.size(), size, MREMAP_MAYMOVE);
  if (start == MAP_FAILED) return last_error();
  mapping.resized(start, size);
  return {};
}

// Reads to the end of the file or of the buffer. Returns the number of bytes.
Result<std::size_t> read_to_end(int fd, std::span<std::byte> buffer, std::size_t offset) noexcept {
  std::size_t got = 0;
  while (got < buffer.size()) {
    const long size = detail::system_call_retried(SYS_pread64, fd, buffer.data() + got,
                                                  buffer.size() - got, offset + got);
    if (size < 0) return failure(static_cast<int>(-size));
    if (size == 0) break;
    got += static_cast<std::size_t>(size);
  }
  return got;
}

}  // namespace

std::error_code make_error_code(SealError error) noexcept {
  static const SealCategory category;
  return {static_cast<int>(error), category};
}

Mapping::~Mapping() {
  if (start_) ::munmap(start_, size_);
}

Result<OwnedFd> sealed_memfd(CStr name, std::span<const std::byte> content) noexcept {
  return detail::make_sealed_file(name, detail::MemoryFile::data, content);
}

Result<OwnedFd> fixed_memfd(CStr name, std::uint64_t size) noexcept {
  if (size > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) return failure(EFBIG);
  auto fd = detail::make_memory_file(name, detail::MemoryFile::data);
  if (!fd) return fd;
  const auto truncated =
      retry_eintr([&] { return ::ftruncate(fd->get(), static_cast<off_t>(size)); });
  if (truncated == -1) return last_error();
  return detail::add_seals(*std::move(fd), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
}

// Maps privately: for memory that nobody can write to, a private mapping is as good as a shared
// one, and kernels before 6.7 refuse the shared one. But for a private mapping the kernel reserves
// as many huge pages as could be copied, and there may not be enough; for a shared one it reserves
// only those that the file does not have yet. A file that has all of its pages needs no
// reservation.
Result<SealedMemory> SealedMemory::map(LentFd file, std::size_t max_size) noexcept {
  const auto map_as = [&](int flags) {
    return map_sealed(file.get(), max_size, F_SEAL_SHRINK | F_SEAL_WRITE, PROT_READ, flags);
  };
  auto mapping = map_as(MAP_PRIVATE);
  if (!mapping && mapping.error() == detail::error_code(ENOMEM)) {
    auto other = map_as(MAP_SHARED);
    if (!other && other.error() == detail::error_code(EPERM) && !has_holes(file.get()))
      other = map_as(MAP_PRIVATE | MAP_NORESERVE);
    if (other) mapping = std::move(other);
  }
  if (!mapping) return std::unexpected(mapping.error());
  return SealedMemory(*std::move(mapping));
}

// Uses the size from fstat(2) as a first guess only: files grow, and those of /proc report zero.
Result<SealedMemory> SealedMemory::copy(LentFd file, std::size_t max_size) noexcept {
  constexpr std::size_t min_guess = std::size_t{64} * 1024;
  const auto reported = size_of(file.get());
  if (!reported) return std::unexpected(reported.error());
  if (*reported > max_size) return failure(EFBIG);
  Mapping mapping;
  std::size_t got = 0;
  do {
    const std::size_t guess = mapping.size() == 0 ? std::max(*reported + 1, min_guess) : 2 * got;
    if (auto done = resize(mapping, std::min(guess, max_size)); !done)
      return std::unexpected(done.error());
    const auto more =
        read_to_end(file.get(), std::span(mapping.start(), mapping.size()).subspan(got), got);
    if (!more) return std::unexpected(more.error());
    got += *more;
  } while (got == mapping.size() && got < max_size);
  std::byte beyond{};
  if (got == max_size) {
    const auto more = read_to_end(file.get(), std::span(&beyond, 1), got);
    if (!more) return std::unexpected(more.error());
    if (*more > 0) return failure(EFBIG);
  }
  if (auto done = resize(mapping, got); !done) return std::unexpected(done.error());
  return SealedMemory(std::move(mapping));
}

Result<SharedMemory> SharedMemory::map(LentFd file, std::size_t max_size) noexcept {
  auto mapping =
      map_sealed(file.get(), max_size, F_SEAL_SHRINK, PROT_READ | PROT_WRITE, MAP_SHARED);
  if (!mapping) return std::unexpected(mapping.error());
  return SharedMemory(*std::move(mapping));
}

}  // namespace v0
}  // namespace sysfd
