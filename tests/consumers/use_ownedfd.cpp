// SPDX-License-Identifier: MIT
// Writes into one end of a pipe and reads from the other.
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include <sysfd/create.hpp>
#include <sysfd/version.hpp>

static_assert(SYSFD_VERSION > 0);
#ifdef PACKAGE_VERSION
static_assert(std::string_view(PACKAGE_VERSION) == SYSFD_VERSION_STRING);
#endif

int main() {
  const auto pipe = sysfd::pipe();
  if (!pipe) return 1;
  constexpr std::string_view text = "ownedfd works";
  if (::write(pipe->write.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return 1;
  char buffer[64];
  const ssize_t size = ::read(pipe->read.get(), buffer, sizeof buffer);
  if (size < 0 || std::string_view(buffer, static_cast<std::size_t>(size)) != text) return 1;
  std::puts(text.data());
}
