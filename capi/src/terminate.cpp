// SPDX-License-Identifier: MIT
//
// Only in the shared library, which has the C++ standard library in it: what std::terminate() calls
// there. The standard library's own prints, and brings a demangler of 70 KB for that.
#include <cstdlib>

namespace __gnu_cxx {

// NOLINTBEGIN: the name is the standard library's
void __verbose_terminate_handler();
void __verbose_terminate_handler() {
  std::abort();
}
// NOLINTEND

}  // namespace __gnu_cxx
