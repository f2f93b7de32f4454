// SPDX-License-Identifier: MIT
#include "read_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include <sysfd/create.hpp>

namespace sysfd_run {

Checked<std::string> read_file(const std::string& path) {
  constexpr std::size_t most = 1 << 20;
  const auto file = sysfd::open(sysfd::cwd(), path, O_RDONLY);
  if (!file) return complain({path, ": ", message_of(file.error())});
  std::string text;
  for (;;) {
    char bytes[4096];
    const ssize_t size = ::read(file->get(), bytes, sizeof bytes);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return complain({path, ": ", message_of({errno, std::system_category()})});
    if (size == 0) return text;
    text.append(bytes, static_cast<std::size_t>(size));
    if (text.size() > most) return complain({path, ": larger than a mebibyte"});
  }
}

}  // namespace sysfd_run
