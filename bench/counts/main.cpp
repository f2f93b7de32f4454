// SPDX-License-Identifier: MIT
//
// counts [--write] [--json FILE] [--budgets FILE] [TEXT...]
//
// Counts what each operation costs, beside the raw system calls that it stands for, and compares
// that with the budgets. Fails where a count is beyond its budget, where the system calls are not
// those of the raw twin, where an operation has no budget, and where a budget has no operation.
//
//     --write         writes the budgets anew, as the counts are now, for people to review
//     --json FILE     writes the counts there too ("customSmallerIsBetter" of dashboards)
//     --budgets FILE  other budgets than those of the sources
//     TEXT            only operations that have one of these in their name
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "counts/budgets.hpp"
#include "counts/operation.hpp"
#include "support/cost.hpp"

namespace sysfd_bench {

void give_up(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

namespace {

struct Options {
  bool write = false;
  std::string json;
  std::string budgets = COUNTS_BUDGETS;
  std::vector<std::string_view> names;

  bool has(const std::string& name) const {
    return names.empty() || std::ranges::any_of(names, [&](std::string_view text) {
             return name.find(text) != std::string::npos;
           });
  }
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--write")
      options.write = true;
    else if (argument == "--json" && i + 1 < argc)
      options.json = argv[++i];
    else if (argument == "--budgets" && i + 1 < argc)
      options.budgets = argv[++i];
    else if (argument.starts_with("--"))
      std::fprintf(stderr, "counts: there is no option %s\n", argv[i]), std::exit(2);
    else
      options.names.push_back(argument);
  }
  return options;
}

struct Counted {
  std::string name;
  std::optional<Cost> raw;  // nothing: there is no twin
  Cost ours;

  // Beyond the raw twin.
  Figures figures() const {
    Figures figures = ours;
    if (raw) figures.instructions -= raw->instructions;
    return figures;
  }
};

// What is written for it: instructions by tens, as another processor's memcpy(3) takes some more.
Figures to_budget(Figures figures) {
  figures.instructions = (std::max(figures.instructions, 0L) + 9) / 10 * 10;
  return figures;
}

// What it takes to count nothing.
Cost cost_of_nothing() {
  static const Cost cost = cost_of({.body = [] {}}).value_or(Cost{});
  return cost;
}

std::optional<Counted> count(const Operation& operation) {
  const bool has_twin = static_cast<bool>(operation.raw.body);
  std::optional<Cost> raw;
  if (has_twin) raw = cost_of(operation.raw);
  auto ours = cost_of(operation.ours);
  if (!ours || (has_twin && !raw)) return std::nullopt;
  ours->instructions -= cost_of_nothing().instructions;
  if (raw) raw->instructions -= cost_of_nothing().instructions;
  return Counted{operation.name, raw, *ours};
}

std::string calls_of(const Cost& cost) {
  std::string text = std::to_string(cost.system_calls);
  if (cost.child_system_calls > 0) text += "," + std::to_string(cost.child_system_calls);
  return text;
}

// What is wrong with it, for people; nothing if all is well.
std::string compare(const Counted& counted, const std::optional<Figures>& budget) {
  std::string wrong;
  const auto say = [&](bool is_so, const char* what) {
    if (is_so) wrong += (wrong.empty() ? "  " : ", ") + std::string(what);
  };
  say(!budget, "has no budget");
  say(counted.raw && counted.ours.system_calls != counted.raw->system_calls,
      "other system calls than the raw twin");
  if (!budget) return wrong;
  const Figures figures = counted.figures();
  say(figures.instructions > budget->instructions, "too many instructions");
  say(figures.system_calls > budget->system_calls, "too many system calls");
  say(figures.child_system_calls > budget->child_system_calls,
      "too many system calls of the child");
  say(figures.allocations > budget->allocations, "too many allocations");
  return wrong;
}

void print_head() {
  std::printf("%-44s %9s %24s %6s\n", "", "calls", "user instructions", "alloc-");
  std::printf("%-44s %4s %4s %5s %5s %5s %6s %6s\n", "", "raw", "ours", "raw", "ours", "more",
              "budget", "ations");
}

void print(const Counted& counted, const std::optional<Figures>& budget, const std::string& wrong) {
  const auto text = [](bool is_there, long value) {
    return is_there ? std::to_string(value) : std::string("-");
  };
  const Cost& ours = counted.ours;
  std::printf("%-44s %4s %4s %5s %5ld %5s %6s %6ld%s\n", counted.name.c_str(),
              counted.raw ? calls_of(*counted.raw).c_str() : "-", calls_of(ours).c_str(),
              text(counted.raw.has_value(), counted.raw ? counted.raw->instructions : 0).c_str(),
              ours.instructions,
              text(counted.raw.has_value(), counted.figures().instructions).c_str(),
              text(budget.has_value(), budget ? budget->instructions : 0).c_str(), ours.allocations,
              wrong.c_str());
  std::fflush(stdout);
}

// One value: a member of the array that github-action-benchmark and others read.
void write_value(std::ofstream& file, const std::string& name, const char* unit, long value) {
  file << (file.tellp() > 2 ? ",\n" : "") << R"(  {"name": ")" << name << ": " << unit
       << R"(", "unit": ")" << unit << R"(", "value": )" << value << '}';
}

void write_json(const std::string& path, const std::vector<Counted>& all) {
  std::ofstream file(path);
  file << "[\n";
  for (const Counted& counted : all) {
    const Cost& ours = counted.ours;
    write_value(file, counted.name, "instructions", ours.instructions);
    write_value(file, counted.name, "system calls", ours.system_calls);
    if (ours.child_system_calls > 0)
      write_value(file, counted.name, "system calls of the child", ours.child_system_calls);
    write_value(file, counted.name, "allocations", ours.allocations);
  }
  file << "\n]\n";
  if (!file.flush()) {
    std::fprintf(stderr, "counts: %s cannot be written\n", path.c_str());
    std::exit(2);
  }
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

int run(const Options& options) {
  if (!can_count()) {
    std::puts("counts: nothing is counted, as there is no ptrace(2) here, or no x86-64");
    return 0;
  }
  Operations operations;
  add_ownedfd(operations);
  add_pidfd(operations);
  add_handle(operations);

  const Budgets budgets(options.budgets);
  std::vector<Counted> all;
  std::map<std::string, Figures> figures;
  bool is_well = true;
  print_head();
  for (const Operation& operation : operations) {
    if (!options.has(operation.name)) continue;
    const auto budget = budgets.find(operation.name);
    const auto counted = count(operation);
    if (!counted) {
      std::printf("%-44s cannot be done here\n", operation.name.c_str());
      if (budget) figures[operation.name] = *budget;
      continue;
    }
    const std::string wrong = compare(*counted, budget);
    print(*counted, budget, wrong);
    all.push_back(*counted);
    figures[operation.name] = to_budget(counted->figures());
    is_well = is_well && wrong.empty();
  }

  for (const std::string& name : budgets.names()) {
    if (!options.has(name)) {
      figures[name] = *budgets.find(name);
    } else if (std::ranges::find(operations, name, &Operation::name) == operations.end()) {
      std::printf("%-44s is in the budgets, and nowhere else\n", name.c_str());
      is_well = false;
    }
  }
  if (!options.json.empty()) write_json(options.json, all);
  if (options.write) budgets.write(figures);
  return is_well || options.write ? 0 : 1;
}

}  // namespace
}  // namespace sysfd_bench

int main(int argc, char** argv) {
  sysfd_bench::use_a_fixed_environment(argv);
  return sysfd_bench::run(sysfd_bench::parse(argc, argv));
}
