// SPDX-License-Identifier: MIT
#include <sysfd/landlock_rights.hpp>

#include <linux/landlock.h>

#include <cstddef>
#include <span>
#include <string_view>

#include <sysfd/detail/join.hpp>

namespace sysfd {
inline namespace v0 {
namespace {

// In the order of their bits.
constexpr std::string_view file_names[] = {
    "execute",   "write_file", "read_file", "read_dir",  "remove_dir",  "remove_file",
    "make_char", "make_dir",   "make_reg",  "make_sock", "make_fifo",   "make_block",
    "make_sym",  "refer",      "truncate",  "ioctl_dev", "resolve_unix"};
constexpr std::string_view port_names[] = {"bind_tcp", "connect_tcp", "bind_udp",
                                           "connect_send_udp"};
constexpr std::string_view scope_names[] = {"abstract_unix_socket", "signal"};

constexpr auto bit(FileRight right) noexcept {
  return static_cast<std::uint64_t>(right);
}
static_assert(bit(FileRight::execute) == LANDLOCK_ACCESS_FS_EXECUTE);
static_assert(bit(FileRight::write_file) == LANDLOCK_ACCESS_FS_WRITE_FILE);
static_assert(bit(FileRight::read_file) == LANDLOCK_ACCESS_FS_READ_FILE);
static_assert(bit(FileRight::read_dir) == LANDLOCK_ACCESS_FS_READ_DIR);
static_assert(bit(FileRight::remove_dir) == LANDLOCK_ACCESS_FS_REMOVE_DIR);
static_assert(bit(FileRight::remove_file) == LANDLOCK_ACCESS_FS_REMOVE_FILE);
static_assert(bit(FileRight::make_char) == LANDLOCK_ACCESS_FS_MAKE_CHAR);
static_assert(bit(FileRight::make_dir) == LANDLOCK_ACCESS_FS_MAKE_DIR);
static_assert(bit(FileRight::make_reg) == LANDLOCK_ACCESS_FS_MAKE_REG);
static_assert(bit(FileRight::make_sock) == LANDLOCK_ACCESS_FS_MAKE_SOCK);
static_assert(bit(FileRight::make_fifo) == LANDLOCK_ACCESS_FS_MAKE_FIFO);
static_assert(bit(FileRight::make_block) == LANDLOCK_ACCESS_FS_MAKE_BLOCK);
static_assert(bit(FileRight::make_sym) == LANDLOCK_ACCESS_FS_MAKE_SYM);
static_assert(bit(FileRight::refer) == LANDLOCK_ACCESS_FS_REFER);

void append_names(std::string& text, std::uint64_t bits, std::span<const std::string_view> names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if ((bits >> i & 1) == 0) continue;
    detail::append(text, {text.empty() ? "" : ", ", names[i]});
  }
  if (bits >> names.size() != 0) detail::append(text, {text.empty() ? "" : ", ", "unknown bits"});
}

}  // namespace

std::string Rights::text() const {
  std::string text;
  append_names(text, files.bits(), file_names);
  append_names(text, ports.bits(), port_names);
  append_names(text, scopes.bits(), scope_names);
  return text;
}

}  // namespace v0
}  // namespace sysfd
