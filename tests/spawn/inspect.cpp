// SPDX-License-Identifier: MIT
#include "spawn/inspect.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/prelude.hpp"

#include "support/kernel_features.hpp"
#include "support/programs.hpp"

namespace sysfd_test {
namespace {

void parse(const std::string& line, Report& report) {
  const std::size_t end = line.find_first_of(" \t");
  const std::string key = line.substr(0, end);
  const std::string value = line.substr(std::min(line.find_first_not_of(" \t", end), line.size()));
  const auto mask = [&] { return std::stoull(value, nullptr, 16); };
  if (key == "fd") {
    std::istringstream fields(value);
    int fd = -1;
    FileIdentity file;
    fields >> fd >> file.first >> file.second;
    report.descriptors[fd] = file;
  } else if (key == "arg") {
    report.arguments.push_back(value);
  } else if (key == "env") {
    report.environment[value.substr(0, value.find('='))] = value.substr(value.find('=') + 1);
  } else if (key == "fact") {
    report.facts[value.substr(0, value.find('='))] = value.substr(value.find('=') + 1);
  } else if (key == "cwd") {
    report.directory = value;
  } else if (key == "SigBlk:") {
    report.signals_blocked = mask();
  } else if (key == "SigIgn:") {
    report.signals_ignored = mask();
  } else if (key == "SigCgt:") {
    report.signals_caught = mask();
  }
}

}  // namespace

FileIdentity identity_of(int fd) {
  struct stat status{};
  EXPECT_EQ(::fstat(fd, &status), 0) << "descriptor " << fd;
  return {status.st_dev, status.st_ino};
}

FileIdentity identity_of_null() {
  struct stat status{};
  EXPECT_EQ(::stat("/dev/null", &status), 0);
  return {status.st_dev, status.st_ino};
}

std::string Inspection::inspector_path() {
  return program_path("spawn_inspector");
}

Inspection::Inspection(const std::string& program) : Inspection(Command(program)) {}

Inspection::Inspection(Command started) : command(std::move(started)) {
  command.arg(directory_.path() / "report");
}

Report Inspection::run() {
  auto child = command.spawn();
  if (!child) {
    ADD_FAILURE() << child.error().describe();
    return {};
  }
  const auto status = child->wait();
  // If SIGCHLD is ignored, not every kernel can tell.
  const bool is_unknown =
      !status && status.error() == std::errc::no_child_process && !kernel_has("PIDFD_INFO_EXIT");
  EXPECT_TRUE(is_unknown || (status && status->success()))
      << (status ? to_string(*status) : status.error().message());
  return read();
}

Report Inspection::read() const {
  std::ifstream file(directory_.path() / "report");
  return parse_report(file);
}

Report parse_report(std::istream& text) {
  Report report;
  for (std::string line; std::getline(text, line);) {
    if (line.ends_with('\r')) line.pop_back();  // a terminal added it
    parse(line, report);
  }
  return report;
}

}  // namespace sysfd_test
