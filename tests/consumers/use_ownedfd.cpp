// SPDX-License-Identifier: MIT
// Says something into one end of a pipe and hears it from the other.
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
  constexpr std::string_view said = "ownedfd works";
  if (::write(pipe->write.get(), said.data(), said.size()) != static_cast<ssize_t>(said.size()))
    return 1;
  char heard[64];
  const ssize_t size = ::read(pipe->read.get(), heard, sizeof heard);
  if (size < 0 || std::string_view(heard, static_cast<std::size_t>(size)) != said) return 1;
  std::puts(said.data());
}
