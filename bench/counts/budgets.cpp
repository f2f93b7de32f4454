// SPDX-License-Identifier: MIT
#include "counts/budgets.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <utility>

namespace sysfd_bench {
namespace {

// NAME CALLS[,CALLS OF THE CHILD] INSTRUCTIONS ALLOCATIONS
const std::regex line_form(R"(^(\S.*?)\s+(\d+)(?:,(\d+))?\s+(-?\d+)\s+(\d+)$)");

long to_number(const std::ssub_match& match) {
  return match.matched ? std::stol(match.str()) : 0;
}

std::string format(const std::string& name, const Figures& figures) {
  std::string calls = std::to_string(figures.system_calls);
  if (figures.child_system_calls > 0)
    calls.append(",").append(std::to_string(figures.child_system_calls));
  char line[160];
  std::snprintf(line, sizeof line, "%-44s %6s %6ld %6ld", name.c_str(), calls.c_str(),
                figures.instructions, figures.allocations);
  return line;
}

[[noreturn]] void end(const std::string& path, const std::string& problem) {
  std::fprintf(stderr, "counts: %s: %s\n", path.c_str(), problem.c_str());
  std::exit(2);
}

}  // namespace

Budgets::Budgets(std::string path) : path_(std::move(path)) {
  std::ifstream file(path_);
  if (!file) end(path_, "cannot be read");
  for (std::string text; std::getline(file, text);)
    lines_.push_back(parse(text, lines_.size() + 1));
}

Budgets::Line Budgets::parse(const std::string& text, std::size_t number) const {
  if (text.empty() || text.front() == '#') return {text, std::nullopt, {}};
  std::smatch parts;
  const std::string where = "line " + std::to_string(number);
  if (!std::regex_match(text, parts, line_form)) end(path_, where + " is not as it must be");
  if (find(parts[1])) end(path_, where + ": there is one for this operation before");
  return {text, parts[1],
          Figures{.instructions = to_number(parts[4]),
                  .system_calls = to_number(parts[2]),
                  .child_system_calls = to_number(parts[3]),
                  .allocations = to_number(parts[5])}};
}

std::optional<Figures> Budgets::find(const std::string& name) const {
  for (const Line& line : lines_)
    if (line.name == name) return line.figures;
  return std::nullopt;
}

std::vector<std::string> Budgets::names() const {
  std::vector<std::string> all;
  for (const Line& line : lines_)
    if (line.name) all.push_back(*line.name);
  return all;
}

void Budgets::write(const std::map<std::string, Figures>& figures) const {
  std::ofstream file(path_);
  for (const Line& line : lines_) {
    if (!line.name) {
      file << line.text << '\n';
    } else if (const auto found = figures.find(*line.name); found != figures.end()) {
      file << format(*line.name, found->second) << '\n';
    }
  }
  for (const auto& [name, value] : figures)
    if (!find(name)) file << format(name, value) << '\n';
  if (!file.flush()) end(path_, "cannot be written");
}

}  // namespace sysfd_bench
