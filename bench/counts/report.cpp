// SPDX-License-Identifier: MIT
#include "counts/report.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace sysfd_bench {
namespace {

std::string calls_of(const std::optional<Cost>& cost) {
  if (!cost) return "-";
  std::string text = std::to_string(cost->system_calls);
  if (cost->child_system_calls > 0)
    text.append(",").append(std::to_string(cost->child_system_calls));
  return text;
}

// What is wrong with it; nothing if all is well.
std::string compare(const Counted& counted, const std::optional<Figures>& budget) {
  std::string wrong;
  const auto say = [&](bool is_so, const char* what) {
    if (is_so) wrong += (wrong.empty() ? "  " : ", ") + std::string(what);
  };
  say(!budget, "has no budget");
  if (!counted.ours) return wrong;
  say(counted.raw && counted.ours->system_calls != counted.raw->system_calls,
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

void print(const Counted& counted, const std::optional<Figures>& budget, const std::string& wrong) {
  const char* const name = counted.operation->name.c_str();
  if (!counted.ours) {
    std::printf("%-44s cannot be done here%s\n", name, wrong.c_str());
    return;
  }
  const auto text = [](bool is_there, long value) {
    return is_there ? std::to_string(value) : std::string("-");
  };
  const std::string raw = text(counted.raw.has_value(), counted.raw.value_or(Cost{}).instructions);
  const std::string more = text(counted.raw.has_value(), counted.figures().instructions);
  const std::string most = text(budget.has_value(), budget.value_or(Figures{}).instructions);
  std::printf("%-44s %4s %5s %6s %6ld %6s %6s %6ld%s\n", name, calls_of(counted.raw).c_str(),
              calls_of(counted.ours).c_str(), raw.c_str(), counted.ours->instructions, more.c_str(),
              most.c_str(), counted.ours->allocations, wrong.c_str());
}

}  // namespace

Figures Counted::figures() const {
  Figures figures = ours.value_or(Figures{});
  if (raw) figures.instructions -= raw->instructions;
  return figures;
}

bool report(const std::vector<Counted>& all, const Budgets& budgets) {
  std::printf("%-44s %10s   %25s %6s\n", "", "calls", "user instructions", "alloc-");
  std::printf("%-44s %4s %5s %6s %6s %6s %6s %6s\n", "", "raw", "ours", "raw", "ours", "more",
              "budget", "ations");
  bool is_well = true;
  for (const Counted& counted : all) {
    const auto budget = budgets.find(counted.operation->name);
    const std::string wrong = compare(counted, budget);
    print(counted, budget, wrong);
    if (wrong.empty()) continue;
    std::fprintf(stderr, "%s:%s\n", counted.operation->name.c_str(), wrong.c_str());
    is_well = false;
  }
  return is_well;
}

void write_json(const std::string& path, const std::vector<Counted>& all) {
  std::ofstream file(path);
  const char* separator = "[\n";
  const auto write = [&](const Counted& counted, const char* unit, long value) {
    file << separator << R"(  {"name": ")" << counted.operation->name << ": " << unit
         << R"(", "unit": ")" << unit << R"(", "value": )" << value << '}';
    separator = ",\n";
  };
  for (const Counted& counted : all) {
    if (!counted.ours) continue;
    write(counted, "instructions", counted.ours->instructions);
    write(counted, "system calls", counted.ours->system_calls);
    if (counted.ours->child_system_calls > 0)
      write(counted, "system calls of the child", counted.ours->child_system_calls);
    write(counted, "allocations", counted.ours->allocations);
  }
  file << (all.empty() ? "[]\n" : "\n]\n");
  if (!file.flush()) {
    std::fprintf(stderr, "counts: %s cannot be written\n", path.c_str());
    std::exit(2);
  }
}

}  // namespace sysfd_bench
