// SPDX-License-Identifier: MIT
#include "handle/new_file_system.hpp"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string_view>

#include <sysfd/create.hpp>
#include <sysfd/owned_fd.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

[[noreturn]] void stop(const char* what) {
  std::perror(what);
  std::abort();
}

// Makes a loop device for the file, which ends by itself when it is not used any more. Returns
// nothing if there are no loop devices.
std::optional<std::pair<OwnedFd, std::string>> loop_device(const std::filesystem::path& image) {
  const auto control = sysfd::open(cwd(), "/dev/loop-control", O_RDWR);
  if (!control) return std::nullopt;
  const OwnedFd file = must(sysfd::open(cwd(), image, O_RDWR));
  for (;;) {
    const int number = ::ioctl(control->get(), LOOP_CTL_GET_FREE);
    if (number < 0) return std::nullopt;
    std::string path = "/dev/loop" + std::to_string(number);
    auto device = sysfd::open(cwd(), path, O_RDWR);
    if (!device) return std::nullopt;
    loop_config config = {};
    config.fd = static_cast<std::uint32_t>(file.get());
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (::ioctl(device->get(), LOOP_CONFIGURE, &config) == 0)
      return std::pair(must(std::move(device)), std::move(path));
    if (errno != EBUSY) stop("LOOP_CONFIGURE");  // another process was faster
  }
}

}  // namespace

NewFileSystem::NewFileSystem(const FileSystemType& type) : type_(type) {
  std::filesystem::create_directory(path());
  if (type_.mkfs && !make_image()) return;
  if (type_.type == std::string_view("overlay")) make_layers();
  if (!mount() && missing_.empty()) missing_ = std::string("needs ") + type_.type;
}

NewFileSystem::~NewFileSystem() {
  ::umount2(path().c_str(), MNT_DETACH);
  ::umount2((scratch_.path() / "layers").c_str(), MNT_DETACH);
}

bool NewFileSystem::make_image() {
  const auto image = scratch_.path() / "image";
  const OwnedFd file = must(sysfd::open(cwd(), image, O_WRONLY | O_CREAT | O_EXCL, 0600));
  constexpr off_t size = off_t{320} << 20;  // mkfs.xfs requires 300 MiB
  if (::ftruncate(file.get(), size) != 0) stop("ftruncate");
  const std::string command = "PATH=$PATH:/usr/sbin:/sbin; " + std::string(type_.mkfs) + " " +
                              image.string() + " >/dev/null 2>&1";
  const int status = std::system(command.c_str());
  if (status == 0) return true;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 127) stop(type_.mkfs);
  const std::string_view mkfs = type_.mkfs;
  missing_ = "needs " + std::string(mkfs.substr(0, mkfs.find(' ')));
  return false;
}

void NewFileSystem::make_layers() {
  const auto layers = scratch_.path() / "layers";
  std::filesystem::create_directory(layers);
  if (::mount("sysfd", layers.c_str(), "tmpfs", 0, nullptr) != 0) stop("mount tmpfs");
  for (const char* layer : {"lower", "upper", "work"})
    std::filesystem::create_directory(layers / layer);
}

// Returns false if the kernel has no such file system.
bool NewFileSystem::mount() {
  std::string source = "sysfd", options;
  std::optional<std::pair<OwnedFd, std::string>> device;
  if (type_.mkfs) {
    device = loop_device(scratch_.path() / "image");
    if (!device) {
      missing_ = "needs loop devices";
      return false;
    }
    source = device->second;
  } else if (type_.options) {
    const std::string layers = scratch_.path() / "layers";
    options = "lowerdir=" + layers + "/lower,upperdir=" + layers + "/upper,workdir=" + layers +
              "/work" + type_.options;
  }
  if (::mount(source.c_str(), path().c_str(), type_.type, 0, options.c_str()) == 0) return true;
  if (errno != ENODEV) stop(type_.name);
  return false;
}

void NewFileSystem::unmount() {
  if (::umount2(path().c_str(), 0) != 0) stop("umount");
}

void NewFileSystem::mount_again() {
  if (!mount()) std::abort();
}

std::filesystem::path NewFileSystem::create(const std::string& name,
                                            const std::string& content) const {
  std::ofstream(path() / name) << content;
  return path() / name;
}

}  // namespace sysfd_test
