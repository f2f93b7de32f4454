// SPDX-License-Identifier: MIT
#include <sysfd/detail/sealed_file.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/refusal.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

#if defined(MFD_EXEC)
static_assert(static_cast<unsigned>(MemoryFile::data) == MFD_NOEXEC_SEAL);
static_assert(static_cast<unsigned>(MemoryFile::program) == MFD_EXEC);
#endif

Result<OwnedFd> make_memory_file(CStr name, MemoryFile kind) noexcept {
  auto file = memfd(name, MFD_ALLOW_SEALING | static_cast<unsigned>(kind));
  if (!file && (file.error().value() == EINVAL || is_refusal(-file.error().value())))
    file = memfd(name, MFD_ALLOW_SEALING);
  return file;
}

Result<OwnedFd> add_seals(OwnedFd file, int seals) noexcept {
  const long answer = system_call(SYS_fcntl, file.get(), F_ADD_SEALS, seals);
  if (answer < 0) return failure(static_cast<int>(-answer));
  return file;
}

Result<OwnedFd> make_sealed_file(CStr name, MemoryFile kind,
                                 std::span<const std::byte> content) noexcept {
  auto file = make_memory_file(name, kind);
  if (!file) return file;
  while (!content.empty()) {
    const long written =
        system_call_retried(SYS_write, file->get(), content.data(), content.size());
    if (written < 0) return failure(static_cast<int>(-written));
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return add_seals(*std::move(file), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
