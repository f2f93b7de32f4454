// SPDX-License-Identifier: MIT
#include "support/requirements.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace sysfd_test {

bool is_root() {
  return ::geteuid() == 0;
}

void SkipLog::OnTestEnd(const testing::TestInfo& test) {
  const char* path = std::getenv("SYSFD_SKIP_LOG");
  if (!path || !test.result()->Skipped()) return;
  std::ofstream log(path, std::ios::app);
  for (int i = 0; i < test.result()->total_part_count(); ++i) {
    const auto& part = test.result()->GetTestPartResult(i);
    if (part.skipped())
      log << test.test_suite_name() << '.' << test.name() << ": " << part.message() << '\n';
  }
}

}  // namespace sysfd_test
