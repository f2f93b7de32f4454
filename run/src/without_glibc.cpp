// SPDX-License-Identifier: MIT
//
// What the objects of sysfd, libcap and libstdc++ call of glibc, and musl does not have; and what
// they call of libstdc++ to throw exceptions, of which sysfd-run catches none: it ends instead, as
// it would after it had found no handler. Without the tables and functions of exceptions it is a
// fourth smaller. Only linked if sysfd-run is linked with musl: see run/CMakeLists.txt.
#include <sys/single_threaded.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>

#include "checked.hpp"

namespace {

[[noreturn]] void stop(std::string_view why) {
  sysfd_run::write_out(2, sysfd_run::cat({"sysfd-run: ", why, "\n"}));
  std::abort();
}

[[noreturn]] void stop_without_memory() {
  sysfd_run::write_out(2, "sysfd-run: out of memory\n");
  std::_Exit(sysfd_run::run_failed);
}

}  // namespace

// The names are those of glibc, libgcc and libstdc++, and there is one thread.
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,cert-dcl58-cpp)
// NOLINTBEGIN(readability-identifier-naming,readability-inconsistent-declaration-parameter-name)
// NOLINTBEGIN(concurrency-mt-unsafe,misc-use-internal-linkage)
extern "C" {

// There are no threads in sysfd-run: a std::shared_ptr need not be atomic.
char __libc_single_threaded = 1;
extern void* const __dso_handle;
void* const __dso_handle = nullptr;

const char* sigdescr_np(int signo) {
  return ::strsignal(signo);
}
// The caller then writes the number.
const char* strerrorname_np(int) {
  return nullptr;
}

// The functions of libcap that make a text of capabilities call these. sysfd-run calls none of
// them: the 8 KB of printf(3) are left out.
int __asprintf_chk(char**, int, const char*, ...) {
  std::abort();
}
int __sprintf_chk(char*, int, std::size_t, const char*, ...) {
  std::abort();
}

// Calls of the library's objects, if they were compiled with _FORTIFY_SOURCE.
void* __memcpy_chk(void* to, const void* from, std::size_t size, std::size_t) {
  return std::memcpy(to, from, size);
}
void* __memmove_chk(void* to, const void* from, std::size_t size, std::size_t) {
  return std::memmove(to, from, size);
}
void* __memset_chk(void* bytes, int value, std::size_t size, std::size_t) {
  return std::memset(bytes, value, size);
}

// What a function that throws or catches refers to.
void __gxx_personality_v0() {
  std::abort();
}
void _Unwind_Resume(void*) {
  std::abort();
}
void* __cxa_allocate_exception(std::size_t) {
  std::abort();
}
void __cxa_free_exception(void*) {}
void __cxa_throw(void*, void*, void (*)(void*)) {
  std::abort();
}
void __cxa_rethrow() {
  std::abort();
}
void* __cxa_begin_catch(void*) {
  std::abort();
}
void __cxa_end_catch() {}
void __cxa_throw_bad_array_new_length() {
  stop_without_memory();
}
void __cxa_pure_virtual() {
  std::abort();
}

}  // extern "C"

void* operator new(std::size_t size) {
  if (void* const memory = std::malloc(size > 0 ? size : 1)) return memory;
  stop_without_memory();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size > 0 ? size : 1);
}
void* operator new[](std::size_t size) {
  return ::operator new(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size > 0 ? size : 1);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}

namespace std {

void terminate() noexcept {
  std::abort();
}
void __throw_bad_alloc() {
  stop_without_memory();
}
void __throw_bad_array_new_length() {
  stop_without_memory();
}
void __throw_length_error(const char* what) {
  stop(what);
}
void __throw_logic_error(const char* what) {
  stop(what);
}
void __throw_out_of_range(const char* what) {
  stop(what);
}
void __throw_out_of_range_fmt(const char* what, ...) {
  stop(what);
}
void __throw_invalid_argument(const char* what) {
  stop(what);
}
void __throw_runtime_error(const char* what) {
  stop(what);
}
void __throw_bad_function_call() {
  std::abort();
}

// No option has a fraction as its value ("1.5s" is a string), so a profile that has one is wrong:
// the parser says so.
from_chars_result from_chars(const char* first, const char*, double&, chars_format) noexcept {
  return {first, errc::invalid_argument};
}

}  // namespace std
// NOLINTEND(concurrency-mt-unsafe,misc-use-internal-linkage)
// NOLINTEND(readability-identifier-naming,readability-inconsistent-declaration-parameter-name)
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,cert-dcl58-cpp)
