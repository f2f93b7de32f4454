// SPDX-License-Identifier: MIT
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>

#include <sysfd/command.hpp>
#include <sysfd/notify.hpp>
#include <sysfd/owned_fd.hpp>

#include "recipe.hpp"

namespace {

int service() {
  auto told = sysfd::notify({.ready = true, .status = "serving"});
  if (!told) return fail(told.error());
  return *told == sysfd::NotifyResult::sent ? 0 : 3;  // no_manager: it was started by hand
}

// The socket of a manager, in the working directory.
sysfd::Result<sysfd::OwnedFd> listen_at(const char* path) {
  auto socket = sysfd::OwnedFd::from_syscall(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return socket;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string_view(path).copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == -1)
    return std::unexpected(std::error_code(errno, std::system_category()));
  return socket;
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) return service();

  auto manager = listen_at("notify");
  if (!manager) return fail(manager.error());
  auto status = sysfd::Command("/proc/self/exe")
                    .arg("service")
                    .env("NOTIFY_SOCKET", std::filesystem::absolute("notify"))
                    .status();
  ::unlink("notify");
  if (!status) return fail(status.error());
  if (!status->success()) return fail(*status);
  char message[256];
  const ssize_t size = ::recv(manager->get(), message, sizeof message, 0);
  const std::string text(message, size > 0 ? static_cast<std::size_t>(size) : 0);
  std::cout << text << '\n';
  return text.contains("READY=1") && text.contains("STATUS=serving") ? 0 : 1;
}
