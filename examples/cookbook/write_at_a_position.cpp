// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <sysfd/create.hpp>
#include <sysfd/positioned_file.hpp>

#include "recipe.hpp"

using namespace std::string_view_literals;

int main() {
  auto shared = sysfd::memfd("shared");  // as it may have come from another process
  if (!shared) return fail(shared.error());
  auto ours = shared->duplicate();
  if (!ours) return fail(ours.error());
  sysfd::PositionedFile file(*std::move(ours));

  if (auto ok = file.write_all("0123456789"sv); !ok) {
    if (ok.error() == std::errc::operation_not_supported)
      return not_possible_here("writing to a shared description needs Linux 6.9");
    return fail(ok.error());
  }
  // Somebody else moves the offset, and sets O_APPEND.
  ::lseek(shared->get(), 3, SEEK_SET);
  ::fcntl(shared->get(), F_SETFL, O_APPEND);

  if (auto ok = file.write_all_at(std::as_bytes(std::span("ab"sv)), 4); !ok)
    return fail(ok.error());
  std::string text(10, '\0');
  if (auto ok = file.read_exact_at(std::as_writable_bytes(std::span(text)), 0); !ok)
    return fail(ok.error());
  std::cout << text << '\n';
  return text == "0123ab6789" && ::lseek(shared->get(), 0, SEEK_CUR) == 3 ? 0 : 1;
}
