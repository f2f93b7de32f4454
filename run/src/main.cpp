// SPDX-License-Identifier: MIT
//
// sysfd-run: starts a program with limits, as another user, confined, locked, within a time, ... by
// one execve(2). See --help, and run/README.md.
//
//     options (table, command line, profile) -> settings (checked) -> launch (opened, applied to a
//     sysfd::Command) -> supervise (the end) -> outcome (status, JSON)
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/version.hpp>

#include "checked.hpp"
#include "command_line.hpp"
#include "explain.hpp"
#include "help.hpp"
#include "launch.hpp"
#include "settings.hpp"
#include "supervise.hpp"
#include "tracer.hpp"
#include "values.hpp"

namespace {

using namespace sysfd_run;  // NOLINT(google-build-using-namespace): this is its main program

int report(const Complaint& complaint) {
  write_out(2, cat({"sysfd-run: ", complaint.text, "\n"}));
  return complaint.status;
}

int print(std::string_view text) {
  if (write_out(1, text)) return 0;
  return report({cat({"stdout: ", message_of({errno, std::system_category()})})});
}

// Prints what was asked for instead of a run.
std::optional<int> print_instead(const CommandLine& line) {
  if (line.has_flag(Id::help)) return print(help_text());
  if (line.has_flag(Id::version)) {
    return print("sysfd-run " SYSFD_VERSION_STRING "\n");
  }
  if (const Given* const shell = line.last(Id::completion)) {
    const auto text = completion_for(shell->value);
    if (!text) return report(text.error());
    return print(*text);
  }
  return std::nullopt;
}

// Replaces what is in the file: two runs may have the same one, and one of them may wait for a
// lock.
bool write_report(const sysfd::OwnedFd& file, std::string_view text) {
  static_cast<void>(::ftruncate(file.get(), 0));  // a pipe and a terminal have nothing to cut
  if (write_out(file.get(), text)) return true;
  report({cat({"--json: ", message_of({errno, std::system_category()})})});
  return false;
}

// The number in /dev/fd/NUMBER, as a shell writes it for <(...); -1: it is another path.
int number_of(std::string_view path) {
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"})
    if (path.starts_with(folder))
      return static_cast<int>(to_number(path.substr(folder.size())).value_or(-1));
  return -1;
}

// Closes the locks, and the ends of pipes, of the process that has started sysfd-run: they would be
// held until its end. Returns those that are needed until all files are open.
std::vector<int> close_others(const Settings& settings) {
  std::vector<int> kept;
  for (const File& file : settings.passed)
    if (file.kind == File::Kind::own) kept.push_back(file.number);
  std::vector<int> lent;
  const auto lend = [&](std::string_view path) {
    const int number = number_of(path);
    if (number > 2 && std::ranges::find(kept, number) == kept.end()) lent.push_back(number);
  };
  for (const File& file : settings.streams)
    lend(file.path);
  for (const File& file : settings.passed)
    lend(file.path);
  if (settings.json) lend(*settings.json);
  kept.insert(kept.end(), lent.begin(), lent.end());
  std::ranges::sort(kept);
  unsigned first = 3;
  for (const int each : kept) {
    const auto number = static_cast<unsigned>(each);
    if (number < first) continue;
    if (number > first) ::syscall(SYS_close_range, first, number - 1, 0);
    first = number + 1;
  }
  ::syscall(SYS_close_range, first, ~0U, 0);
  return lent;
}

// The process that has started sysfd-run may end while this waits for a lock or a FIFO.
Checked<> die_with_parent(const Settings& settings) {
  const pid_t parent = ::getppid();
  if (::prctl(PR_SET_PDEATHSIG, settings.parent_death) != 0)
    return complain({"--parent-death: ", message_of({errno, std::system_category()})});
  if (::getppid() != parent) ::raise(settings.parent_death);
  return {};
}

Checked<int> run(const Settings& settings, const std::vector<int>& lent,
                 const std::optional<sysfd::OwnedFd>& json) {
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  if (settings.parent_death != 0)
    if (auto done = die_with_parent(settings); !done) return std::unexpected(done.error());
  auto launch = prepare_launch(settings, settings.is_supervised() ? &mask : nullptr);
  if (!launch) return std::unexpected(launch.error());
  for (const int each : lent)
    ::close(each);
  if (!settings.is_supervised())
    return std::unexpected(describe_failure(settings, launch->command.exec()));
  auto outcome = supervise(settings, *launch);
  if (!outcome) return std::unexpected(outcome.error());
  if (json && !write_report(*json, to_json(settings, *outcome))) return run_failed;
  // The kernel closes what is left. The lock is released before anybody sees the end.
  std::_Exit(exit_status(*outcome));
}

int start(const CommandLine& line) {
  const auto settings = check_settings(line);
  if (!settings) return report(settings.error());
  if (settings->program.empty())
    return report({"there is no program: write sysfd-run [OPTION]... -- PROGRAM [ARGUMENT]..."});
  if (line.has_flag(Id::explain)) {
    const Explanation explanation = explain_settings(line, *settings);
    const int status = print(explanation.text);
    return explanation.all_enforced ? status : run_failed;
  }
  if (line.has_flag(Id::dry_run)) {
    return print(describe_run(line, *settings));
  }
  std::vector<int> lent;
  if (settings->is_supervised()) lent = close_others(*settings);
  // Before anything else, so that no program runs without its report.
  std::optional<sysfd::OwnedFd> json;
  if (settings->json) {
    auto file = sysfd::open(sysfd::cwd(), *settings->json, O_WRONLY | O_CREAT, 0666);
    if (!file) return report({cat({"--json ", *settings->json, ": ", message_of(file.error())})});
    json = std::move(*file);
  }
  const auto status = run(*settings, lent, json);
  if (status) return *status;
  if (json) static_cast<void>(write_report(*json, to_json(*settings, status.error())));
  return report(status.error());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 3 && argv[1] == std::string_view(traced_start)) start_traced(argv + 2);
  const auto line = parse_command_line(argc, argv);
  if (!line) return report(line.error());
  if (const auto status = print_instead(*line)) return *status;
  std::_Exit(start(*line));
}
