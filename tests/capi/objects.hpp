// SPDX-License-Identifier: MIT
//
// Owners of the objects of the C interface, for tests of it.
#ifndef SYSFD_TESTS_CAPI_OBJECTS_HPP
#define SYSFD_TESTS_CAPI_OBJECTS_HPP

#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

#include <sysfd/sysfd.h>

#include "support/prelude.hpp"

namespace sysfd_test {

template <auto Free>
struct FreeBy {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using CObject = std::unique_ptr<T, FreeBy<Free>>;

using CCommand = CObject<sysfd_command, sysfd_command_free>;
using CCgroup = CObject<sysfd_cgroup, sysfd_cgroup_free>;
using CChild = CObject<sysfd_child, sysfd_child_free>;
using COutput = CObject<sysfd_output, sysfd_output_free>;
using CPrepared = CObject<sysfd_prepared_command, sysfd_prepared_command_free>;
using CPending = CObject<sysfd_pending_child, sysfd_pending_child_free>;
using CPipeline = CObject<sysfd_pipeline, sysfd_pipeline_free>;
using CFile = CObject<sysfd_positioned_file, sysfd_positioned_file_free>;
using CHandle = CObject<sysfd_file_handle, sysfd_file_handle_free>;
using CFdType = CObject<sysfd_fd_type, sysfd_fd_type_free>;
using CListenFds = CObject<sysfd_listen_fds, sysfd_listen_fds_free>;

// The object that a function returns by its last parameter, or null.
template <class Owner, class Make>
Owner made(Make make) {
  typename Owner::pointer object = nullptr;
  const auto code = make(&object);
  EXPECT_GE(code, 0) << "errno " << -code;
  return Owner(object);
}

inline CCommand command(const char* program, std::initializer_list<const char*> arguments = {}) {
  auto it = made<CCommand>([&](auto out) { return sysfd_command_new(program, out); });
  for (const char* argument : arguments)
    EXPECT_EQ(sysfd_command_arg(it.get(), argument), 0);
  return it;
}
inline CCommand shell(const char* line) {
  return command("/bin/sh", {"-c", line});
}

inline CPipeline pipeline_of(const CCommand& first, const CCommand& second) {
  return made<CPipeline>(
      [&](auto out) { return sysfd_pipeline_new(first.get(), second.get(), out, nullptr); });
}

inline CChild spawned(const CCommand& it) {
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  auto child = made<CChild>([&](auto out) { return sysfd_command_spawn(it.get(), out, &error); });
  EXPECT_TRUE(child) << error.text;
  return child;
}

// Its exit code, or -errno.
inline int exit_code_of(const CChild& child) {
  std::int32_t status = 0;
  const int code = sysfd_child_wait(child.get(), &status);
  return code < 0 ? code : sysfd_exit_status_code(status);
}

// What a function writes to a buffer.
template <class Write>
std::string text_of(Write write) {
  std::string text(4096, '?');
  const int length = write(text.data(), text.size());
  EXPECT_GE(length, 0);
  text.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return text;
}

inline sysfd_timeout timeout_of(std::int64_t nanoseconds) {
  sysfd_timeout timeout = SYSFD_TIMEOUT_INIT;
  timeout.nanoseconds = nanoseconds;
  return timeout;
}

inline std::string out_of(const COutput& output) {
  sysfd_output_info info = SYSFD_OUTPUT_INFO_INIT;
  EXPECT_EQ(sysfd_output_get(output.get(), &info), 0);
  return std::string(info.out, info.out_size);
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_CAPI_OBJECTS_HPP
