// SPDX-License-Identifier: MIT
//
// run_recipe NAME PROGRAM [terminal]: runs a program of examples/cookbook for ctest, in an empty
// directory, and in a pid namespace of its own where that is possible: no signal of it reaches
// another process, and nothing that it has started is left. Exits with its code; 77 is a skipped
// test. With "terminal", it has a terminal.
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include <sysfd/command.hpp>

namespace {

using namespace std::chrono_literals;

constexpr int skipped = 77;

// For scripts/test, which lists the skipped tests: see tests/support/requirements.hpp.
void write_skip_log(const char* name, const std::string& message) {
  const char* path = std::getenv("SYSFD_SKIP_LOG");
  if (!path) return;
  std::ofstream(path, std::ios::app) << "cookbook." << name << ": " << message;
}

int run(const char* name, const char* program, bool with_terminal, const std::string& directory) {
  sysfd::Command command(program);
  command.working_directory(directory)
      .env("TMPDIR", directory)
      .contain({.reach = sysfd::Reach::best_effort});
  if (with_terminal) command.terminal().stdin_from(sysfd::Stdio::null());
  auto recipe = command.output({.timeout = 100s});
  if (!recipe) {
    std::cerr << recipe.error() << '\n';
    return 1;
  }
  std::cout << recipe->out << recipe->terminal << std::flush;
  std::cerr << recipe->err;
  const int code = recipe->status ? recipe->status->code().value_or(1) : 1;
  if (code == skipped) write_skip_log(name, with_terminal ? recipe->terminal : recipe->err);
  if (code != 0 && code != skipped) std::cerr << recipe->describe() << '\n';
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const char* parent = std::getenv("TMPDIR");
  std::string directory = std::string(parent ? parent : "/tmp") + "/sysfd-recipe.XXXXXX";
  if (!::mkdtemp(directory.data())) {
    std::cerr << "cannot create " << directory << '\n';
    return 1;
  }
  const bool with_terminal = argc > 3 && std::string_view(argv[3]) == "terminal";
  const int code = run(argv[1], argv[2], with_terminal, directory);

  std::error_code error;
  const bool is_empty = std::filesystem::is_empty(directory, error);
  std::filesystem::remove_all(directory, error);
  if (code == 0 && !is_empty) {
    std::cerr << argv[1] << " has left files\n";
    return 1;
  }
  return code;
}
