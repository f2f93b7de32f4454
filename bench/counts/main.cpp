// SPDX-License-Identifier: MIT
//
// counts [--write] [--json FILE] [--budgets FILE] [TEXT...]
//
// Counts what each operation costs, beside the raw system calls that it stands for, and compares
// that with the budgets. Fails where a count is beyond its budget, where the system calls are not
// those of the raw twin, where an operation has no budget, and where a budget has no operation.
//
//     --write         writes the budgets anew, as the counts are now, for people to review
//     --json FILE     writes the counts there too, for dashboards
//     --budgets FILE  other budgets than those of the sources
//     TEXT            only operations that have one of these in their name
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "counts/budgets.hpp"
#include "counts/operation.hpp"
#include "counts/report.hpp"
#include "support/cost.hpp"

namespace sysfd_bench {

void give_up(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

namespace {

// Nothing here allocates: where strings lie, on which depends how long strcmp(3) takes, is to be
// the same with all arguments.
struct Options {
  bool write = false;
  const char* json = nullptr;
  const char* budgets = COUNTS_BUDGETS;
  std::span<char*> texts;

  bool has(std::string_view name) const {
    return texts.empty() || std::ranges::any_of(texts, [&](const char* text) {
             return name.find(text) != std::string_view::npos;
           });
  }
};

Options parse(int argc, char** argv) {
  Options options;
  int texts = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--write") {
      options.write = true;
    } else if (argument == "--json" && i + 1 < argc) {
      options.json = argv[++i];
    } else if (argument == "--budgets" && i + 1 < argc) {
      options.budgets = argv[++i];
    } else if (argument.starts_with("--")) {
      std::fprintf(stderr, "counts: %s is no option, or lacks its value\n", argv[i]);
      std::exit(2);
    } else {
      argv[texts++] = argv[i];
    }
  }
  options.texts = {argv, static_cast<std::size_t>(texts)};
  return options;
}

Operations all_operations() {
  Operations operations;
  add_ownedfd(operations);
  add_pidfd(operations);
  add_handle(operations);
  add_sharing(operations);
  add_listen(operations);
  add_spawn(operations);
  return operations;
}

// Beyond what it takes to count nothing.
std::optional<Cost> cost_above_nothing(const Task& task) {
  static const Cost nothing = cost_of({.body = [] {}}).value_or(Cost{});
  auto cost = cost_of(task);
  if (cost) cost->instructions -= nothing.instructions;
  return cost;
}

Counted count(const Operation& operation) {
  Counted counted{&operation, {}, {}};
  if (operation.raw.body) {
    counted.raw = cost_above_nothing(operation.raw);
    if (!counted.raw) return counted;
  }
  counted.ours = cost_above_nothing(operation.ours);
  return counted;
}

// Whether counting works: one call of each kind, and the same twice.
bool can_count() {
  const Task task{.body = [] {
    void* volatile memory = std::malloc(1);
    std::free(memory);
    (void)::getppid();
  }};
  const auto cost = cost_of(task);
  if (!cost) return false;
  if (cost->system_calls == 1 && cost->allocations == 1 && cost == cost_of(task)) return true;
  std::fputs("counts: the counter does not count\n", stderr);
  std::exit(2);
}

// What is written for it: instructions by tens, as another processor's memcpy(3) takes some more.
Figures to_budget(Figures figures) {
  figures.instructions = (std::max(figures.instructions, 0L) + 9) / 10 * 10;
  return figures;
}

// As they are now; what was not counted stays what it was.
void write_budgets(const Budgets& budgets, const std::vector<Counted>& all,
                   const Operations& operations) {
  std::map<std::string, Figures> figures;
  for (const Operation& operation : operations)
    if (const auto budget = budgets.find(operation.name)) figures[operation.name] = *budget;
  for (const Counted& counted : all)
    if (counted.ours) figures[counted.operation->name] = to_budget(counted.figures());
  budgets.write(figures);
}

// Whether each budget is that of an operation.
bool know_all(const Budgets& budgets, const Operations& operations) {
  bool is_well = true;
  for (const std::string& name : budgets.names()) {
    if (std::ranges::find(operations, name, &Operation::name) != operations.end()) continue;
    std::printf("%-44s is in the budgets, and nowhere else\n", name.c_str());
    is_well = false;
  }
  return is_well;
}

int run(const Options& options) {
  if (!can_count()) {
    std::puts("counts: nothing is counted, as there is no ptrace(2) here, or no x86-64");
    return 0;
  }
  const Operations operations = all_operations();
  std::vector<Counted> all;
  all.reserve(operations.size());
  std::fprintf(stderr, "counts: %zu operations\n", operations.size());  // which does not allocate
  for (const Operation& operation : operations)
    if (options.has(operation.name)) all.push_back(count(operation));

  const Budgets budgets(options.budgets);
  const bool is_within = report(all, budgets);
  const bool is_known = know_all(budgets, operations);
  if (options.json) write_json(options.json, all);
  if (options.write) write_budgets(budgets, all, operations);
  return options.write || (is_within && is_known) ? 0 : 1;
}

}  // namespace
}  // namespace sysfd_bench

int main(int argc, char** argv) {
  sysfd_bench::use_a_fixed_environment(argv);
  return sysfd_bench::run(sysfd_bench::parse(argc, argv));
}
