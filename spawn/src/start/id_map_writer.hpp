// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_START_ID_MAP_WRITER_HPP
#define SYSFD_SPAWN_SRC_START_ID_MAP_WRITER_HPP

#include <cstddef>
#include <memory>

#include <sysfd/result.hpp>

#include "in_child/child_args.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// The process that writes the maps of a new user namespace. It lives until they are written, or not
// wanted.
class IdMapWriter {
 public:
  explicit IdMapWriter(IdMaps& maps) : maps_(maps), stack_(new std::byte[stack_size]) {}
  ~IdMapWriter();
  IdMapWriter(const IdMapWriter&) = delete;
  IdMapWriter& operator=(const IdMapWriter&) = delete;

  // All signals must be blocked.
  Result<> start() noexcept;

 private:
  static constexpr std::size_t stack_size = std::size_t{16} * 1024;
  IdMaps& maps_;
  std::unique_ptr<std::byte[]> stack_;
};

// Command::namespaces() sets a pointer to this: other programs are linked without a writer.
struct IdMapWriterStart {
  Result<> (*start)(IdMapWriter& writer) noexcept;
};
extern const IdMapWriterStart id_map_writer_start;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_ID_MAP_WRITER_HPP
