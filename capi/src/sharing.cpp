// SPDX-License-Identifier: MIT
//
// Descriptions, files with positions, memory. Locks are in locks.cpp, messages in fd_passing.cpp.
#include <sysfd/description.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/sealed_memory.hpp>

#include <optional>
#include <span>
#include <string>

#include "convert.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)
using sysfd::PositionedFile;
using sysfd::UniqueDescription;

struct sysfd_positioned_file {
  std::optional<PositionedFile> file;  // nothing when its descriptor was released
};

struct sysfd_sealed_memory {
  sysfd::SealedMemory memory;
};

struct sysfd_shared_memory {
  sysfd::SharedMemory memory;
};

namespace {

static_assert(SYSFD_SEEK_POSITION == static_cast<int>(sysfd::SeekFrom::position) &&
              SYSFD_SEEK_END == static_cast<int>(sysfd::SeekFrom::end));
static_assert(SYSFD_SEAL_MAY_SHRINK == static_cast<int>(sysfd::SealError::may_shrink) &&
              SYSFD_SEAL_MAY_CHANGE == static_cast<int>(sysfd::SealError::may_change));

using Bytes = std::span<const std::byte>;
using Buffer = std::span<std::byte>;

Bytes bytes(const void* data, std::size_t size) noexcept {
  return {static_cast<const std::byte*>(data), size};
}
Buffer buffer_of(void* data, std::size_t size) noexcept {
  return {static_cast<std::byte*>(data), size};
}

// Calls `body` with the file, if there is one, and all bytes that it needs.
template <class File, class Body>
auto with_file(File* file, const void* data, std::size_t size, Body body)
    -> decltype(code_of(body(*file->file))) {
  if (!file || !file->file || is_missing(data, size)) return -EINVAL;
  return code_of(body(*file->file));
}
template <class File, class Body>
auto with_file(File* file, Body body) {
  return with_file(file, nullptr, 0, body);
}

bool are_read_flags(std::uint32_t flags) noexcept {
  return !has_unknown(flags, SYSFD_READ_NOWAIT);
}
sysfd::ReadOptions read_options(std::uint32_t flags) noexcept {
  return {.nowait = (flags & SYSFD_READ_NOWAIT) != 0};
}

std::span<const iovec> vectors(const sysfd_bytes* buffers, std::size_t count) noexcept {
  return {reinterpret_cast<const iovec*>(buffers), count};
}

int make_file(sysfd_positioned_file** file, sysfd::Result<UniqueDescription> made) {
  if (!made) return negative(made.error());
  return make(file, PositionedFile(*std::move(made)));
}

template <class Memory, class Object>
int map(int fd, std::uint64_t max_size, Object** memory, sysfd_error* error) {
  if (fd < 0) return -EBADF;
  if (!memory || check_error(error) != 0) return -EINVAL;
  return without_exceptions([&] {
    auto mapped = Memory::map(lent(fd), max_size);
    if (mapped) return make(memory, *std::move(mapped));
    const bool is_seal = mapped.error() == sysfd::SealError::may_shrink ||
                         mapped.error() == sysfd::SealError::may_change;
    return fail(mapped.error(), is_seal ? mapped.error().value() : 0,
                error ? mapped.error().message() : std::string(), error);
  });
}

}  // namespace

int sysfd_same_description(int left, int right) {
  if (left < 0 || right < 0) return -EBADF;
  return code_of(sysfd::same_description(lent(left), lent(right)));
}

int sysfd_reopen(int fd, int flags) {
  return fd < 0 ? -EBADF : code_of(sysfd::reopen(lent(fd), flags));
}

int sysfd_positioned_file_take(int fd, uint64_t position, sysfd_positioned_file** file) {
  auto owned = taken(fd);
  if (!owned) return -EBADF;
  if (!file || !std::in_range<std::int64_t>(position)) return -EINVAL;
  return make(file, PositionedFile(*std::move(owned), position));
}

int sysfd_positioned_file_open(int directory, const char* path, int flags, uint32_t mode,
                               sysfd_positioned_file** file) {
  if (!is_directory(directory)) return -EBADF;
  if (!file) return -EINVAL;
  return make_file(file, UniqueDescription::open(lent(directory), path, flags, mode));
}

int sysfd_positioned_file_memfd(const char* name, uint32_t flags, sysfd_positioned_file** file) {
  return file ? make_file(file, UniqueDescription::memfd(name, flags)) : -EINVAL;
}

int sysfd_positioned_file_reopen(int fd, int flags, sysfd_positioned_file** file) {
  if (fd < 0) return -EBADF;
  return file ? make_file(file, UniqueDescription::reopen(lent(fd), flags)) : -EINVAL;
}

void sysfd_positioned_file_free(sysfd_positioned_file* file) {
  delete file;
}

int64_t sysfd_positioned_file_read(sysfd_positioned_file* file, void* buffer, size_t size,
                                   uint32_t flags) {
  if (!are_read_flags(flags)) return -EINVAL;
  return with_file(file, buffer, size, [&](PositionedFile& it) {
    return it.read(buffer_of(buffer, size), read_options(flags));
  });
}

int64_t sysfd_positioned_file_write(sysfd_positioned_file* file, const void* data, size_t size) {
  return with_file(file, data, size,
                   [&](PositionedFile& it) { return it.write(bytes(data, size)); });
}

int64_t sysfd_positioned_file_append(sysfd_positioned_file* file, const void* data, size_t size) {
  return with_file(file, data, size,
                   [&](PositionedFile& it) { return it.append(bytes(data, size)); });
}

int64_t sysfd_positioned_file_read_at(const sysfd_positioned_file* file, void* buffer, size_t size,
                                      uint64_t offset, uint32_t flags) {
  if (!are_read_flags(flags)) return -EINVAL;
  return with_file(file, buffer, size, [&](const PositionedFile& it) {
    return it.read_at(buffer_of(buffer, size), offset, read_options(flags));
  });
}

int64_t sysfd_positioned_file_write_at(const sysfd_positioned_file* file, const void* data,
                                       size_t size, uint64_t offset) {
  return with_file(file, data, size, [&](const PositionedFile& it) {
    return it.write_at(bytes(data, size), offset);
  });
}

int64_t sysfd_positioned_file_readv_at(const sysfd_positioned_file* file,
                                       const sysfd_bytes* buffers, size_t count, uint64_t offset,
                                       uint32_t flags) {
  if (!are_read_flags(flags)) return -EINVAL;
  return with_file(file, buffers, count, [&](const PositionedFile& it) {
    return it.read_at(vectors(buffers, count), offset, read_options(flags));
  });
}

int64_t sysfd_positioned_file_writev_at(const sysfd_positioned_file* file, const sysfd_bytes* data,
                                        size_t count, uint64_t offset) {
  return with_file(file, data, count, [&](const PositionedFile& it) {
    return it.write_at(vectors(data, count), offset);
  });
}

int sysfd_positioned_file_read_exact(sysfd_positioned_file* file, void* buffer, size_t size) {
  return with_file(file, buffer, size,
                   [&](PositionedFile& it) { return it.read_exact(buffer_of(buffer, size)); });
}

int sysfd_positioned_file_write_all(sysfd_positioned_file* file, const void* data, size_t size) {
  return with_file(file, data, size,
                   [&](PositionedFile& it) { return it.write_all(bytes(data, size)); });
}

int sysfd_positioned_file_read_exact_at(const sysfd_positioned_file* file, void* buffer,
                                        size_t size, uint64_t offset) {
  return with_file(file, buffer, size, [&](const PositionedFile& it) {
    return it.read_exact_at(buffer_of(buffer, size), offset);
  });
}

int sysfd_positioned_file_write_all_at(const sysfd_positioned_file* file, const void* data,
                                       size_t size, uint64_t offset) {
  return with_file(file, data, size, [&](const PositionedFile& it) {
    return it.write_all_at(bytes(data, size), offset);
  });
}

int64_t sysfd_positioned_file_seek(sysfd_positioned_file* file, int64_t offset, int from) {
  if (from < SYSFD_SEEK_START || from > SYSFD_SEEK_END) return -EINVAL;
  return with_file(file, [&](PositionedFile& it) {
    return it.seek(offset, static_cast<sysfd::SeekFrom>(from));
  });
}

int64_t sysfd_positioned_file_position(const sysfd_positioned_file* file) {
  return file && file->file ? to_int64(file->file->position()) : -EINVAL;
}

int64_t sysfd_positioned_file_size(const sysfd_positioned_file* file) {
  return with_file(file, [](const PositionedFile& it) { return it.size(); });
}

int sysfd_positioned_file_truncate(const sysfd_positioned_file* file, uint64_t size) {
  return with_file(file, [&](const PositionedFile& it) { return it.truncate(size); });
}

int sysfd_positioned_file_sync(const sysfd_positioned_file* file, uint32_t flags) {
  if (has_unknown(flags, SYSFD_SYNC_DATA_ONLY)) return -EINVAL;
  return with_file(file, [&](const PositionedFile& it) {
    return it.sync({.data_only = (flags & SYSFD_SYNC_DATA_ONLY) != 0});
  });
}

int sysfd_positioned_file_fd_borrow(const sysfd_positioned_file* file) {
  return file && file->file ? sysfd::LentFd(*file->file).get() : -EINVAL;
}

int sysfd_positioned_file_fd_release(sysfd_positioned_file* file) {
  if (!file || !file->file) return -EINVAL;
  const int fd = (*std::move(file->file)).into_fd().release();
  file->file.reset();
  return fd;
}

int sysfd_sealed_memfd(const char* name, const void* content, size_t size) {
  if (is_missing(content, size)) return -EINVAL;
  return code_of(sysfd::sealed_memfd(name, bytes(content, size)));
}

int sysfd_fixed_memfd(const char* name, uint64_t size) {
  return code_of(sysfd::fixed_memfd(name, size));
}

int sysfd_sealed_memory_map(int fd, uint64_t max_size, sysfd_sealed_memory** memory,
                            sysfd_error* error) {
  return map<sysfd::SealedMemory>(fd, max_size, memory, error);
}

int sysfd_sealed_memory_copy(int fd, uint64_t max_size, sysfd_sealed_memory** memory) {
  if (fd < 0) return -EBADF;
  return memory ? make_from(memory, sysfd::SealedMemory::copy(lent(fd), max_size)) : -EINVAL;
}

int sysfd_sealed_memory_bytes(const sysfd_sealed_memory* memory, const void** data, size_t* size) {
  if (!memory || !data || !size) return -EINVAL;
  *data = memory->memory.bytes().data();
  *size = memory->memory.bytes().size();
  return 0;
}

void sysfd_sealed_memory_free(sysfd_sealed_memory* memory) {
  delete memory;
}

int sysfd_shared_memory_map(int fd, uint64_t max_size, sysfd_shared_memory** memory,
                            sysfd_error* error) {
  return map<sysfd::SharedMemory>(fd, max_size, memory, error);
}

int sysfd_shared_memory_bytes(const sysfd_shared_memory* memory, void** data, size_t* size) {
  if (!memory || !data || !size) return -EINVAL;
  *data = memory->memory.bytes().data();
  *size = memory->memory.bytes().size();
  return 0;
}

void sysfd_shared_memory_free(sysfd_shared_memory* memory) {
  delete memory;
}
