// SPDX-License-Identifier: MIT
//
// Reads from a program or a shared library what the kernel and ld.so(8) need to start it. Not for
// users.
#ifndef SYSFD_DETAIL_PROGRAM_FILE_HPP
#define SYSFD_DETAIL_PROGRAM_FILE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sysfd/attributes.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// How the kernel executes a file.
struct Format {
  enum class Kind {
    script,  // #!
    elf,     // for this machine
    other,   // by what binfmt_misc has for it, if at all
  };
  Kind kind = Kind::other;
  // The program that a script names, or the loader of an ELF file. Empty: none, or not known.
  std::string interpreter{};
};

// Returns the format of a regular file. Anything else is not opened, since that could have an
// effect, or block.
//
// Errors: ENOEXEC it is no regular file; those of open(2): EACCES it cannot be read; EMFILE, ...
SYSFD_API Result<Format> format_of(BorrowedFd file);

// What an ELF file says about its loader and the shared libraries that it needs.
struct ElfNeeds {
  std::optional<std::string> loader;  // PT_INTERP
  std::vector<std::string> names;     // DT_NEEDED, DT_FILTER
  std::vector<std::string> wanted;    // DT_AUXILIARY: may be missing
  std::string soname;                 // DT_SONAME
  std::string rpath;                  // DT_RPATH: directories, with colons between
  std::string runpath;                // DT_RUNPATH
  // Libraries of another kind do not fit.
  int word_size = 0;  // ELFCLASS32 or ELFCLASS64
  std::uint16_t machine = 0;
  std::size_t size = 0;  // of all these strings
};

// Errors: ENOEXEC it is no ELF file of this byte order, is damaged, or has more than `most` bytes
// of strings; as format_of().
SYSFD_API Result<ElfNeeds> elf_needs(BorrowedFd file, std::size_t most);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_PROGRAM_FILE_HPP
