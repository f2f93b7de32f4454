// SPDX-License-Identifier: MIT
//
// What Landlock restricts: rights to files and TCP or UDP ports, and scopes (landlock(7)). Each is
// an enumerator, and sets of them are values.
//
//     sysfd::FileRights rights = sysfd::FileRight::read_file | sysfd::FileRight::read_dir;
//     if (rights.contains(sysfd::FileRight::read_dir)) use(rights | sysfd::rights::run);
//
// What a ruleset *handles* is forbidden, except where a rule allows it. What it does not handle
// stays allowed. Some operations are never restricted, among them stat(2), access(2), chdir(2),
// chmod(2), chown(2), readlink(2), and open(2) with O_PATH.
#ifndef SYSFD_LANDLOCK_RIGHTS_HPP
#define SYSFD_LANDLOCK_RIGHTS_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstdint>
#include <string>

#include <sysfd/attributes.hpp>

namespace sysfd {
inline namespace v0 {

// The values of these are fixed: they equal the bits of the kernel, and may be stored and sent.

// LANDLOCK_ACCESS_FS_... Those for directories only are about what is directly in the directory and
// in directories below it.
enum class FileRight : std::uint64_t {
  execute = 1U << 0,       // execve(2). A program also needs read_file: see rights::run
  write_file = 1U << 1,    // open(2) for writing
  read_file = 1U << 2,     // open(2) for reading
  read_dir = 1U << 3,      // opening a directory
  remove_dir = 1U << 4,    // this and the next nine: for directories only
  remove_file = 1U << 5,   //
  make_char = 1U << 6,     // a character device
  make_dir = 1U << 7,      //
  make_reg = 1U << 8,      // a regular file
  make_sock = 1U << 9,     // a socket with a path
  make_fifo = 1U << 10,    //
  make_block = 1U << 11,   // a block device
  make_sym = 1U << 12,     // a symbolic link
  refer = 1U << 13,        // link(2) and rename(2) to another directory. Since Linux 5.19 (ABI 2)
  truncate = 1U << 14,     // truncate(2), O_TRUNC. Since Linux 6.2 (ABI 3)
  ioctl_dev = 1U << 15,    // ioctl(2) of devices opened afterwards. Since Linux 6.10 (ABI 5)
  resolve_unix = 1U << 16  // connect(2) to a socket with a path. Since Linux 7.1 (ABI 9)
};

// LANDLOCK_ACCESS_NET_... These are no firewall: other protocols than TCP and UDP are not
// restricted, listen(2) of an unbound socket needs no right, and before Linux 7.2 neither does a
// connection by MSG_FASTOPEN (Linux 6.12 has the correction, too).
enum class PortRight : std::uint64_t {
  bind_tcp = 1U << 0,         // Since Linux 6.7 (ABI 4)
  connect_tcp = 1U << 1,      //
  bind_udp = 1U << 2,         // Since Linux 7.2 (ABI 10)
  connect_send_udp = 1U << 3  // also needs bind_udp of port 0, unless the socket is bound
};

// LANDLOCK_SCOPE_...: what stays within the processes of one restriction. No rule allows more.
enum class Scope : std::uint64_t {
  abstract_unix_socket = 1U << 0,  // connections to abstract sockets. Since Linux 6.12 (ABI 6)
  signal = 1U << 1                 // signals to processes outside. Since Linux 6.12 (ABI 6)
};

template <class Right>
class RightSet {
 public:
  constexpr RightSet() noexcept = default;
  constexpr RightSet(Right right) noexcept : bits_(static_cast<std::uint64_t>(right)) {}
  // Bits of the kernel, also such as have no enumerator here.
  static constexpr RightSet from_bits(std::uint64_t bits) noexcept { return RightSet(bits); }

  // Whether it has all of these.
  constexpr bool contains(RightSet others) const noexcept { return (others - *this).empty(); }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  constexpr std::uint64_t bits() const noexcept { return bits_; }

  friend constexpr RightSet operator|(RightSet left, RightSet right) noexcept {
    return RightSet(left.bits_ | right.bits_);
  }
  friend constexpr RightSet operator&(RightSet left, RightSet right) noexcept {
    return RightSet(left.bits_ & right.bits_);
  }
  // Those of `left` that are not in `right`.
  friend constexpr RightSet operator-(RightSet left, RightSet right) noexcept {
    return RightSet(left.bits_ & ~right.bits_);
  }
  constexpr RightSet& operator|=(RightSet other) noexcept { return *this = *this | other; }
  friend constexpr bool operator==(RightSet, RightSet) noexcept = default;

 private:
  explicit constexpr RightSet(std::uint64_t bits) noexcept : bits_(bits) {}

  std::uint64_t bits_ = 0;
};

using FileRights = RightSet<FileRight>;
using PortRights = RightSet<PortRight>;
using Scopes = RightSet<Scope>;

constexpr FileRights operator|(FileRight left, FileRight right) noexcept {
  return FileRights(left) | right;
}
constexpr PortRights operator|(PortRight left, PortRight right) noexcept {
  return PortRights(left) | right;
}
constexpr Scopes operator|(Scope left, Scope right) noexcept {
  return Scopes(left) | right;
}

// Sets that are right for what they are named after.
namespace rights {

// To execute a program. Its ELF interpreter needs the same, its libraries need read_file.
inline constexpr FileRights run = FileRight::execute | FileRight::read_file;
// To read files, and to list directories.
inline constexpr FileRights read = FileRight::read_file | FileRight::read_dir;
// To read, create, change, rename and remove files, directories, links, FIFOs and sockets; neither
// devices, nor the execution of programs.
inline constexpr FileRights read_write =
    read | FileRight::write_file | FileRight::truncate | FileRight::remove_dir |
    FileRight::remove_file | FileRight::make_dir | FileRight::make_reg | FileRight::make_sock |
    FileRight::make_fifo | FileRight::make_sym | FileRight::refer;
// All that this version of sysfd knows.
inline constexpr FileRights all_files = FileRights::from_bits((1U << 17) - 1);
inline constexpr PortRights all_ports = PortRights::from_bits((1U << 4) - 1);
inline constexpr Scopes all_scopes = Scopes::from_bits((1U << 2) - 1);
// What a rule on something else than a directory can allow.
inline constexpr FileRights of_files = run | FileRight::write_file | FileRight::truncate |
                                       FileRight::ioctl_dev | FileRight::resolve_unix;

}  // namespace rights

// Rights of all three kinds.
struct Rights {
  FileRights files{};
  PortRights ports{};
  Scopes scopes{};

  constexpr bool empty() const noexcept { return files.empty() && ports.empty() && scopes.empty(); }
  friend constexpr Rights operator|(const Rights& left, const Rights& right) noexcept {
    return {left.files | right.files, left.ports | right.ports, left.scopes | right.scopes};
  }
  friend constexpr Rights operator-(const Rights& left, const Rights& right) noexcept {
    return {left.files - right.files, left.ports - right.ports, left.scopes - right.scopes};
  }
  friend constexpr bool operator==(const Rights&, const Rights&) noexcept = default;

  // The names of the enumerators: "read_file, refer, bind_tcp". Empty for no rights.
  SYSFD_API std::string text() const;
};

namespace rights {

// What the kernels with this ABI of Landlock know, and all newer ones: 1 is Linux 5.13, 2: 5.19, 3:
// 6.2, 4: 6.7, 5: 6.10, 6: 6.12, 9: 7.1, 10: 7.2.
constexpr Rights of_abi(int abi) noexcept {
  const auto lowest = [](int count) { return (std::uint64_t{1} << count) - 1; };
  const int files = abi < 1 ? 0 : abi < 2 ? 13 : abi < 3 ? 14 : abi < 5 ? 15 : abi < 9 ? 16 : 17;
  const int ports = abi < 4 ? 0 : abi < 10 ? 2 : 4;
  const int scopes = abi < 6 ? 0 : 2;
  return {FileRights::from_bits(lowest(files)), PortRights::from_bits(lowest(ports)),
          Scopes::from_bits(lowest(scopes))};
}

}  // namespace rights

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LANDLOCK_RIGHTS_HPP
