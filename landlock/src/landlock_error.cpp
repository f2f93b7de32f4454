// SPDX-License-Identifier: MIT
#include <sysfd/landlock_error.hpp>

#include <sysfd/detail/join.hpp>

namespace sysfd {
inline namespace v0 {
namespace {

// What each step is called in a sentence.
const char* name_of(LandlockStep step) noexcept {
  switch (step) {
    case LandlockStep::support: return "Landlock";
    case LandlockStep::create: return "Landlock ruleset";
    case LandlockStep::open: return "open of";
    case LandlockStep::rule: return "Landlock rule for";
    case LandlockStep::restrict: return "Landlock restriction";
    case LandlockStep::program: return "file that a program needs,";
  }
  return "unknown step";
}

// What the kernel's own text does not tell.
const char* meaning_of(const LandlockError& error) noexcept {
  const int code = error.code.value();
  if (error.step == LandlockStep::support) {
    if (code == ENOSYS) return "not in this kernel, or refused by a seccomp filter";
    if (code == EOPNOTSUPP) return "the kernel was started without it (see its parameter lsm=)";
  }
  if (error.step == LandlockStep::create && code == EINVAL) return "it would forbid nothing";
  if (error.step == LandlockStep::rule && code == EINVAL)
    return "none of these rights can be allowed to it";
  if (error.step == LandlockStep::rule && code == EBADFD)
    return "not a file of a file system that has paths";
  if (error.step == LandlockStep::program && code == E2BIG)
    return "more libraries, or places to search for them, than are looked at";
  if (error.step == LandlockStep::restrict && code == E2BIG)
    return "the thread is restricted 16 times already";
  if (error.step == LandlockStep::restrict && code == EPERM)
    return "needs no-new-privileges or CAP_SYS_ADMIN";
  return nullptr;
}

}  // namespace

std::string LandlockError::describe() const {
  std::string text = name_of(step);
  if (!subject.empty() || step == LandlockStep::open) detail::append(text, {" \"", subject, "\""});
  const std::string lacks = missing.text();
  const char* const meaning = meaning_of(*this);
  if (!lacks.empty())
    detail::append(text, {step == LandlockStep::rule ? ": the ruleset does not handle: "
                                                     : ": this kernel lacks: ",
                          lacks});
  else
    detail::append(text, {": ", meaning ? std::string(meaning) : code.message()});
  return text;
}

}  // namespace v0
}  // namespace sysfd
