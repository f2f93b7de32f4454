// SPDX-License-Identifier: MIT
//
// Socket activation: types of descriptors, and those that this process was given.
#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "convert.hpp"
#include "listen_objects.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)
using sysfd::FdType;
using sysfd::ListenErrorKind;
using sysfd::ListenFds;

namespace {

static_assert(SYSFD_LISTEN_NOT_ACTIVATED == static_cast<int>(ListenErrorKind::not_activated) &&
              SYSFD_LISTEN_OTHER_PROCESS == static_cast<int>(ListenErrorKind::other_process) &&
              SYSFD_LISTEN_MALFORMED == static_cast<int>(ListenErrorKind::malformed) &&
              SYSFD_LISTEN_ALREADY_TAKEN == static_cast<int>(ListenErrorKind::already_taken) &&
              SYSFD_LISTEN_UNAVAILABLE == static_cast<int>(ListenErrorKind::unavailable) &&
              SYSFD_LISTEN_NOT_FOUND == static_cast<int>(ListenErrorKind::not_found) &&
              SYSFD_LISTEN_AMBIGUOUS == static_cast<int>(ListenErrorKind::ambiguous) &&
              SYSFD_LISTEN_WRONG_TYPE == static_cast<int>(ListenErrorKind::wrong_type));

int fail(const sysfd::ListenError& error, sysfd_error* out) {
  return sysfd_c::fail(error, static_cast<int>(error.kind), out ? error.describe() : std::string(),
                       out);
}

FdType type_of(const sysfd_fd_type* type) {
  return type ? type->type : FdType::any();
}

// The number, which now is the caller's; or the error.
int release(sysfd::Result<sysfd::OwnedFd, sysfd::ListenError> taken, sysfd_error* error) {
  return taken ? (*std::move(taken)).release() : fail(taken.error(), error);
}

bool is_index(const sysfd_listen_fds* fds, std::size_t index) noexcept {
  return fds && index < fds->fds.size();
}

template <class Take>
int take(sysfd_listen_fds** fds, sysfd_error* error, Take take_them) {
  if (!fds || check_error(error) != 0) return -EINVAL;
  Room<sysfd_listen_fds> room;  // they can be taken only once
  if (!room) return -ENOMEM;
  return without_exceptions([&] {
    auto taken = take_them();
    return taken ? room.make(fds, *std::move(taken)) : fail(taken.error(), error);
  });
}

// Adds a condition to a type, of a port that may be any.
template <class Narrow>
int narrow(sysfd_fd_type* type, std::int32_t port, Narrow narrow_it) {
  if (!type || port < SYSFD_ANY_PORT || port > 0xffff) return -EINVAL;
  return without_exceptions([&] {
    std::optional<std::uint16_t> number;
    if (port != SYSFD_ANY_PORT) number = static_cast<std::uint16_t>(port);
    type->type = narrow_it(type->type, number);
    return 0;
  });
}

}  // namespace

int sysfd_fd_type_new(int kind, sysfd_fd_type** type) {
  // In the order of SYSFD_FD_....
  constexpr std::array kinds = {
      &FdType::any,
      &FdType::socket,
      &FdType::stream_listener,
      &FdType::stream,
      &FdType::seqpacket_listener,
      &FdType::seqpacket,
      &FdType::datagram,
      &FdType::fifo,
      &FdType::special_file,
      &FdType::message_queue,
  };
  static_assert(kinds.size() == SYSFD_FD_MESSAGE_QUEUE + 1);
  if (!type || kind < 0 || kind > SYSFD_FD_MESSAGE_QUEUE) return -EINVAL;
  return make(type, kinds[static_cast<std::size_t>(kind)]());
}

int sysfd_fd_type_inet(sysfd_fd_type* type, int32_t port) {
  return narrow(type, port, [](const FdType& it, auto number) { return it.inet(number); });
}

int sysfd_fd_type_inet6(sysfd_fd_type* type, int32_t port) {
  return narrow(type, port, [](const FdType& it, auto number) { return it.inet6(number); });
}

int sysfd_fd_type_ip(sysfd_fd_type* type, int32_t port) {
  return narrow(type, port, [](const FdType& it, auto number) { return it.ip(number); });
}

int sysfd_fd_type_unix_path(sysfd_fd_type* type, const char* path) {
  if (!path) return -EINVAL;
  return narrow(type, SYSFD_ANY_PORT, [&](const FdType& it, auto) { return it.unix_path(path); });
}

int sysfd_fd_type_unix_abstract(sysfd_fd_type* type, const void* name, size_t size) {
  if (is_missing(name, size)) return -EINVAL;
  const std::string_view text(static_cast<const char*>(name), size);
  return narrow(type, SYSFD_ANY_PORT,
                [&](const FdType& it, auto) { return it.unix_abstract(text); });
}

int sysfd_fd_type_at(sysfd_fd_type* type, const char* path) {
  if (!path) return -EINVAL;
  return narrow(type, SYSFD_ANY_PORT, [&](const FdType& it, auto) { return it.at(path); });
}

int sysfd_fd_type_describe(const sysfd_fd_type* type, char* buffer, size_t size) {
  return without_exceptions([&] { return write_text(type_of(type).describe(), buffer, size); });
}

void sysfd_fd_type_free(sysfd_fd_type* type) {
  delete type;
}

int sysfd_listen_fds_take(uint32_t flags, sysfd_listen_fds** fds, sysfd_error* error) {
  if (has_unknown(flags, SYSFD_LISTEN_KEEP_ENVIRONMENT)) return -EINVAL;
  return take(fds, error, [&] {
    return ListenFds::take({.keep_environment = (flags & SYSFD_LISTEN_KEEP_ENVIRONMENT) != 0});
  });
}

int sysfd_listen_fds_take_from(const char* const* variables, sysfd_listen_fds** fds,
                               sysfd_error* error) {
  if (!variables) return -EINVAL;
  std::size_t count = 0;
  while (variables[count])
    ++count;
  return take(fds, error, [&] { return ListenFds::take(std::span(variables, count)); });
}

int64_t sysfd_listen_fds_count(const sysfd_listen_fds* fds) {
  return fds ? static_cast<int64_t>(fds->fds.size()) : -EINVAL;
}

int sysfd_listen_fds_name(const sysfd_listen_fds* fds, size_t index, char* buffer, size_t size) {
  return is_index(fds, index) ? write_text(fds->fds.name(index), buffer, size) : -EINVAL;
}

int sysfd_listen_fds_has(const sysfd_listen_fds* fds, size_t index) {
  return is_index(fds, index) ? static_cast<int>(fds->fds.has(index)) : -EINVAL;
}

int sysfd_listen_fds_borrow(const sysfd_listen_fds* fds, size_t index) {
  if (!is_index(fds, index)) return -EINVAL;
  return fds->fds.has(index) ? fds->fds.get(index).get() : -ENOENT;
}

int sysfd_listen_fds_release(sysfd_listen_fds* fds, size_t index, const sysfd_fd_type* type,
                             sysfd_error* error) {
  if (!is_index(fds, index) || check_error(error) != 0) return -EINVAL;
  if (!fds->fds.has(index)) return -ENOENT;
  return without_exceptions([&] { return release(fds->fds.take(index, type_of(type)), error); });
}

int sysfd_listen_fds_borrow_one(const sysfd_listen_fds* fds, const char* name,
                                const sysfd_fd_type* type, sysfd_error* error) {
  if (!fds || !name || check_error(error) != 0) return -EINVAL;
  return without_exceptions([&] {
    const auto found = fds->fds.get_one(name, type_of(type));
    return found ? found->get() : fail(found.error(), error);
  });
}

int sysfd_listen_fds_release_one(sysfd_listen_fds* fds, const char* name, const sysfd_fd_type* type,
                                 sysfd_error* error) {
  if (!fds || !name || check_error(error) != 0) return -EINVAL;
  return without_exceptions([&] { return release(fds->fds.take_one(name, type_of(type)), error); });
}

int sysfd_listen_fds_release_all(sysfd_listen_fds* fds, const char* name, const sysfd_fd_type* type,
                                 size_t capacity, int* released, sysfd_error* error) {
  if (!fds || !name || is_missing(released, capacity) || check_error(error) != 0) return -EINVAL;
  return without_exceptions([&] {
    if (fds->fds.indices_of(name).size() > capacity) return -ERANGE;
    auto taken = fds->fds.take_all(name, type_of(type));
    if (!taken) return fail(taken.error(), error);
    for (std::size_t i = 0; i < taken->size(); ++i)
      released[i] = std::move((*taken)[i]).release();
    return static_cast<int>(taken->size());
  });
}

int sysfd_listen_fds_indices_of(const sysfd_listen_fds* fds, const char* name, size_t capacity,
                                size_t* indices) {
  if (!fds || !name || is_missing(indices, capacity)) return -EINVAL;
  return without_exceptions([&] {
    const auto found = fds->fds.indices_of(name);
    std::copy_n(found.begin(), std::min(found.size(), capacity), indices);
    return static_cast<int>(found.size());
  });
}

void sysfd_listen_fds_free(sysfd_listen_fds* fds) {
  delete fds;
}
