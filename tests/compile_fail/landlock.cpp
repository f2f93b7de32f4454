// SPDX-License-Identifier: MIT
//
// Mistakes that must not compile, each with the correct form: see check.cmake.
#include <exception>
#include <utility>

#include <sysfd/landlock.hpp>

using namespace sysfd;

#ifdef CASE_result_of_a_restriction_that_is_dropped
void test(const Ruleset& ruleset) {
#ifdef EXPECT_ERROR
  ruleset.restrict_self();  // error
#else
  if (!ruleset.restrict_self()) return;
#endif
}
#endif

#ifdef CASE_ruleset_without_what_it_lacks
Ruleset test(PartialRuleset made) {
#ifdef EXPECT_ERROR
  return std::move(made).take();  // error
#else
  Rights missing;
  Ruleset ruleset = std::move(made).take(missing);
  if (!missing.empty()) std::terminate();
  return ruleset;
#endif
}
#endif

#ifdef CASE_rights_to_ports_for_a_file
void test(Ruleset& ruleset) {
#ifdef EXPECT_ERROR
  if (!ruleset.allow("/usr", PortRight::bind_tcp)) return;  // error
#else
  if (!ruleset.allow("/usr", FileRight::read_file)) return;
#endif
}
#endif

#ifdef CASE_number_as_a_file
void test(Ruleset& ruleset, int number) {
#ifdef EXPECT_ERROR
  if (!ruleset.allow(number, FileRight::read_file)) return;  // error
#else
  if (!ruleset.allow(BorrowedFd::unsafe_borrow(number), FileRight::read_file)) return;
#endif
}
#endif
