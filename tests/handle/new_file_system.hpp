// SPDX-License-Identifier: MIT
//
// New, empty file systems of many types, for tests that hold for each.
#ifndef SYSFD_TESTS_HANDLE_NEW_FILE_SYSTEM_HPP
#define SYSFD_TESTS_HANDLE_NEW_FILE_SYSTEM_HPP

#include <filesystem>
#include <string>

#include "support/prelude.hpp"

#include "support/scratch_directory.hpp"

namespace sysfd_test {

struct FileSystemType {
  const char* name;  // for the test
  const char* type;  // for mount(2)
  const char* mkfs;  // the command that makes one in an image file; null if none is needed
  const char* options;
  bool opens = true;         // what it makes handles of, it also opens by them
  bool connectable = false;  // it makes handles that name the parent, too
  bool outlives_mount = false;
};

inline constexpr FileSystemType ext4{.name = "ext4",
                                     .type = "ext4",
                                     .mkfs = "mkfs.ext4 -q",
                                     .options = nullptr,
                                     .connectable = true,
                                     .outlives_mount = true};
inline constexpr FileSystemType xfs{.name = "xfs",
                                    .type = "xfs",
                                    .mkfs = "mkfs.xfs -q",
                                    .options = nullptr,
                                    .connectable = true,
                                    .outlives_mount = true};
inline constexpr FileSystemType btrfs{.name = "btrfs",
                                      .type = "btrfs",
                                      .mkfs = "mkfs.btrfs -q",
                                      .options = nullptr,
                                      .connectable = true,
                                      .outlives_mount = true};
inline constexpr FileSystemType tmpfs{
    .name = "tmpfs", .type = "tmpfs", .mkfs = nullptr, .options = nullptr};
inline constexpr FileSystemType overlay{
    .name = "overlay", .type = "overlay", .mkfs = nullptr, .options = "", .opens = false};
inline constexpr FileSystemType exported_overlay{.name = "overlay_with_nfs_export",
                                                 .type = "overlay",
                                                 .mkfs = nullptr,
                                                 .options = ",index=on,nfs_export=on",
                                                 .outlives_mount = true};

// A new one, mounted for as long as this lives. Needs root and the mount namespace of the tests;
// leaves no loop device behind, whichever way the test program ends.
class NewFileSystem {
 public:
  explicit NewFileSystem(const FileSystemType& type);
  ~NewFileSystem();
  NewFileSystem(const NewFileSystem&) = delete;
  NewFileSystem& operator=(const NewFileSystem&) = delete;

  // What it needs that this machine does not have: "needs xfs". Empty if it is mounted.
  const std::string& missing() const { return missing_; }

  std::filesystem::path path() const { return scratch_.path() / "mounted"; }
  std::filesystem::path create(const std::string& name, const std::string& content = "") const;

  // Stops the test program if that fails.
  void unmount();
  void mount_again();

 private:
  bool make_image();
  void make_layers();
  bool mount();

  const FileSystemType& type_;
  ScratchDirectory scratch_;
  std::string missing_;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_HANDLE_NEW_FILE_SYSTEM_HPP
