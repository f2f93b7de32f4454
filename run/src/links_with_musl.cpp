// SPDX-License-Identifier: MIT
//
// Linked while CMake configures, with musl: whether libcap and libstdc++ call nothing that neither
// musl nor without_glibc.cpp has. Not part of sysfd-run.
#include <sys/capability.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>

int main(int argc, char** argv) {
  char* end = nullptr;
  const std::string text = argc > 1 ? argv[1] : "";
  const std::error_code code(static_cast<int>(std::strtoul(text.c_str(), &end, 10)),
                             std::system_category());
  cap_value_t value = 0;
  return ::cap_from_text(text.c_str()) && ::cap_iab_from_text(text.c_str()) &&
                 ::cap_from_name(text.c_str(), &value) == 0 && code.message().size() > 3
             ? 0
             : 1;
}
