// SPDX-License-Identifier: MIT
//
// Makes new, empty file systems of many types, for tests that run on each.
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
  const char* mkfs;  // the command that makes one in an image file; null if there is none
  const char* options;
  bool opens = true;         // it can open the handles that it makes
  bool connectable = false;  // it can also make handles that identify the parent
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

// Is a new file system that is mounted while this object lives. Needs root and the mount namespace
// of the tests; leaves no loop device behind, however the test program ends.
class NewFileSystem {
 public:
  explicit NewFileSystem(const FileSystemType& type);
  ~NewFileSystem();
  NewFileSystem(const NewFileSystem&) = delete;
  NewFileSystem& operator=(const NewFileSystem&) = delete;

  // Returns what this machine lacks: "needs xfs". Empty if the file system is mounted.
  const std::string& missing() const { return missing_; }

  std::filesystem::path path() const { return scratch_.path() / "mounted"; }
  // Of an overlay. It must not be changed while the overlay is mounted.
  std::filesystem::path lower_layer() const { return scratch_.path() / "layers/lower"; }
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
