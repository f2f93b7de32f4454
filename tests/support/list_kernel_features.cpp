// SPDX-License-Identifier: MIT
//
// The program kernel_features: prints a line "name|since|yes" or "...|no" for each feature of the
// running kernel.
#include <cstdio>

#include "support/kernel_features.hpp"

int main() {
  for (const auto& feature : sysfd_test::kernel_features())
    std::printf("%s|%s|%s\n", feature.name, feature.since, feature.is_there() ? "yes" : "no");
}
