// SPDX-License-Identifier: MIT
//
// Tells the memory sanitizer what a raw system call has written, which it does not see. Empty where
// code is compiled without it. Not for users.
#ifndef SYSFD_DETAIL_MEMORY_SANITIZER_HPP
#define SYSFD_DETAIL_MEMORY_SANITIZER_HPP
#include <sysfd/detail/cxx23.hpp>

#ifdef __has_feature
#if __has_feature(memory_sanitizer)
#define SYSFD_MEMORY_SANITIZER
#include <sanitizer/msan_interface.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace sysfd {
inline namespace v0 {
namespace detail {

inline void note_written_to(const iovec* buffers, long bytes) noexcept {
  for (; bytes > 0; ++buffers) {
    const std::size_t here = std::min(buffers->iov_len, static_cast<std::size_t>(bytes));
    __msan_unpoison(buffers->iov_base, here);
    bytes -= static_cast<long>(here);
  }
}

// Of an argument of a call that has returned `answer`. An object counts as written, and of a
// buffer, which is void* or a pointer to bytes, as many bytes as were returned.
template <class Argument>
void note_written(long answer, Argument argument) noexcept {
  if constexpr (std::is_pointer_v<Argument>) {
    using Object = std::remove_pointer_t<Argument>;
    if (answer < 0 || !argument) return;
    if constexpr (std::is_same_v<Object, const iovec> || std::is_same_v<Object, iovec>) {
      note_written_to(argument, answer);
    } else if constexpr (std::is_const_v<Object>) {
      return;
    } else if constexpr (std::is_same_v<Object, msghdr>) {
      __msan_unpoison(argument, sizeof *argument);
      __msan_unpoison(argument->msg_name, argument->msg_namelen);
      __msan_unpoison(argument->msg_control, argument->msg_controllen);
      note_written_to(argument->msg_iov, answer);
    } else if constexpr (std::is_void_v<Object>) {
      __msan_unpoison(argument, static_cast<std::size_t>(answer));
    } else if constexpr (sizeof(Object) == 1) {
      __msan_unpoison(argument, static_cast<std::size_t>(answer));
    } else {
      __msan_unpoison(argument, sizeof *argument);
    }
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif
#endif

#endif  // SYSFD_DETAIL_MEMORY_SANITIZER_HPP
