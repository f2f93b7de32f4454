// SPDX-License-Identifier: MIT
//
// Makes small ELF files of this machine: programs that end at once, and libraries without content.
// The kernel and ld.so(8) take them for what they are.
#ifndef SYSFD_TESTS_LANDLOCK_MADE_ELF_HPP
#define SYSFD_TESTS_LANDLOCK_MADE_ELF_HPP

#include <elf.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sysfd_test {

// Entries of the dynamic section whose values are strings, such as DT_NEEDED.
using DynamicStrings = std::vector<std::pair<std::int64_t, std::string>>;

#if defined(__x86_64__)
inline constexpr const char* usual_loader = "/lib64/ld-linux-x86-64.so.2";
inline constexpr Elf64_Half elf_machine = EM_X86_64;
// mov $60, %eax; xor %edi, %edi; syscall
inline constexpr std::string_view exit_code("\xb8\x3c\0\0\0\x31\xff\x0f\x05", 9);
#elif defined(__aarch64__)
inline constexpr const char* usual_loader = "/lib/ld-linux-aarch64.so.1";
inline constexpr Elf64_Half elf_machine = EM_AARCH64;
// mov x8, #93; mov x0, #0; svc #0
inline constexpr std::string_view exit_code("\xa8\x0b\x80\xd2\x00\x00\x80\xd2\x01\x00\x00\xd4", 12);
#elif defined(__riscv) && __riscv_xlen == 64
inline constexpr const char* usual_loader = "/lib/ld-linux-riscv64-lp64d.so.1";
inline constexpr Elf64_Half elf_machine = EM_RISCV;
// li a7, 93; li a0, 0; ecall
inline constexpr std::string_view exit_code("\x93\x08\xd0\x05\x13\x05\x00\x00\x73\x00\x00\x00", 12);
#endif

template <class T>
void append_bytes(std::string& text, const T& value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// One segment holds all of the file. `loader`: empty: none, as of a library or a static program.
inline std::string made_elf(Elf64_Half type, const std::string& loader,
                            const DynamicStrings& strings) {
  constexpr std::uint64_t page = 65536, segments = 4;
  const std::uint64_t base = type == ET_EXEC ? page : 0;
  std::string names(1, '\0');
  std::vector<Elf64_Dyn> dynamic;
  for (const auto& [tag, value] : strings) {
    dynamic.push_back({tag, {names.size()}});
    names += value + '\0';
  }
  const std::uint64_t code_at = sizeof(Elf64_Ehdr) + segments * sizeof(Elf64_Phdr);
  const std::uint64_t symbols_at = code_at + 16;
  const std::uint64_t dynamic_at = symbols_at + sizeof(Elf64_Sym);
  const std::uint64_t dynamic_size = (dynamic.size() + 5) * sizeof(Elf64_Dyn);
  const std::uint64_t names_at = dynamic_at + dynamic_size;
  const std::uint64_t loader_at = names_at + names.size();
  const std::uint64_t size = loader_at + loader.size() + 1;
  for (const auto& [tag, value] :
       {std::pair<std::int64_t, std::uint64_t>{DT_STRTAB, base + names_at},
        {DT_STRSZ, names.size()},
        {DT_SYMTAB, base + symbols_at},
        {DT_SYMENT, sizeof(Elf64_Sym)},
        {DT_NULL, 0}})
    dynamic.push_back({tag, {value}});

  Elf64_Ehdr header{};
  std::string_view(ELFMAG "\x02\x01\x01").copy(reinterpret_cast<char*>(header.e_ident), 7);
  header.e_type = type;
  header.e_machine = elf_machine;
  header.e_version = EV_CURRENT;
  header.e_entry = base + code_at;
  header.e_phoff = sizeof header;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = segments;
  std::string text;
  append_bytes(text, header);
  const auto add_segment = [&](Elf64_Word kind, std::uint64_t offset, std::uint64_t length) {
    append_bytes(text, Elf64_Phdr{kind, PF_R | PF_W | PF_X, offset, base + offset, base + offset,
                                  length, length, kind == PT_LOAD ? page : 8});
  };
  add_segment(loader.empty() ? PT_NULL : PT_INTERP, loader_at, loader.size() + 1);
  add_segment(PT_LOAD, 0, size);
  add_segment(strings.empty() && loader.empty() ? PT_NULL : PT_DYNAMIC, dynamic_at, dynamic_size);
  add_segment(PT_GNU_STACK, 0, 0);
  text += exit_code;
  text.resize(symbols_at);
  append_bytes(text, Elf64_Sym{});
  for (const Elf64_Dyn& entry : dynamic)
    append_bytes(text, entry);
  return text + names + loader + '\0';
}

inline std::string made_program(const DynamicStrings& strings,
                                const std::string& loader = usual_loader) {
  return made_elf(ET_EXEC, loader, strings);
}

inline std::string made_library(DynamicStrings strings = {}) {
  if (strings.empty()) strings.emplace_back(DT_SONAME, "");  // else it has no dynamic section
  return made_elf(ET_DYN, {}, strings);
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_LANDLOCK_MADE_ELF_HPP
