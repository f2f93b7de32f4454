// SPDX-License-Identifier: MIT
//
// Sweeps every public operation: each of its system calls fails in turn, and each of its
// allocations. See docs/faults.md. SYSFD_SWEEP_ALL=1: with each plausible errno, instead of one or
// two for each call.
#include <cstdlib>

#include "support/prelude.hpp"

#include "faults/operations.hpp"
#include "faults/sweep.hpp"
#include "support/programs.hpp"

namespace sysfd_test {

std::string sweep_program() {
  static const std::string path = program_path("sweep_program");
  return path;
}

const std::vector<Operation>& all_operations() {
  static const std::vector<Operation> operations = [] {
    std::vector<Operation> all;
    for (auto make : {ownedfd_operations, sharing_operations, handle_operations, pidfd_operations,
                      landlock_operations, cgroup_operations, spawn_operations, child_operations,
                      listen_operations, capi_descriptor_operations, capi_file_operations,
                      capi_process_operations, capi_confinement_operations, capi_command_operations,
                      capi_spawn_operations, capi_listen_operations})
      for (Operation& each : make())
        all.push_back(std::move(each));
    return all;
  }();
  return operations;
}

namespace {

// Prints the table at the end, and writes it to the file that SYSFD_FAULT_REPORT names.
class Report : public testing::Environment {
 public:
  void TearDown() override {
    if (rows.empty()) return;
    std::string table;
    Swept total;
    add_line(table, "operation", "calls", "injections", "allocations failed");
    for (const auto& [name, swept] : rows) {
      if (swept.skipped.empty())
        add_row(table, name, swept);
      else
        table += name + ": skipped: " + swept.skipped + '\n';
      total.calls += swept.calls;
      total.injections += swept.injections;
      total.failed_allocations += swept.failed_allocations;
    }
    add_row(table, "all " + std::to_string(rows.size()), total);
    std::fputs(table.c_str(), stdout);
    if (const char* path = std::getenv("SYSFD_FAULT_REPORT")) std::ofstream(path) << table;
  }

  static inline std::vector<std::pair<std::string, Swept>> rows;

 private:
  static void add_line(std::string& table, const std::string& name, const std::string& calls,
                       const std::string& injections, const std::string& allocations) {
    std::array<char, 200> line;
    std::snprintf(line.data(), line.size(), "%-44s %8s %12s %20s\n", name.c_str(), calls.c_str(),
                  injections.c_str(), allocations.c_str());
    table += line.data();
  }
  static void add_row(std::string& table, const std::string& name, const Swept& swept) {
    add_line(table, name, std::to_string(swept.calls), std::to_string(swept.injections),
             std::to_string(swept.failed_allocations));
  }
};

[[maybe_unused]] const auto* const report = testing::AddGlobalTestEnvironment(new Report);

class FaultSweep : public testing::TestWithParam<std::size_t> {};

TEST_P(FaultSweep, LeavesNothingAndLosesNoError) {
  SYSFD_REQUIRE_ISOLATION();
  if (is_sanitized) GTEST_SKIP() << "needs to be without sanitizers, whose runtimes make calls too";
  (void)sweep_program();  // is looked up here, not in an operation
  const char* const all = std::getenv("SYSFD_SWEEP_ALL");
  const Operation& operation = all_operations()[GetParam()];
  const Swept swept = sweep(operation, all && *all != '\0');
  Report::rows.emplace_back(operation.name, swept);
  if (!swept.skipped.empty()) GTEST_SKIP() << swept.skipped;
  for (const std::string& complaint : swept.complaints)
    ADD_FAILURE() << operation.name << ": " << complaint;
  // Which calls come depends on who is faster; but not all of them.
  EXPECT_TRUE(swept.missed == 0 || swept.injections > 0) << swept.missed << " calls did not come";
}

INSTANTIATE_TEST_SUITE_P(, FaultSweep, testing::Range<std::size_t>(0, all_operations().size()),
                         [](const testing::TestParamInfo<std::size_t>& which) {
                           std::string name = all_operations()[which.param].name;
                           for (char& c : name)
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           return name;
                         });

}  // namespace
}  // namespace sysfd_test
