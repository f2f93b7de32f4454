// SPDX-License-Identifier: MIT
//
// sysfd-run: starts a program with limits, as another user, confined, locked, within a time, ... by
// one execve(2). See --help, and run/README.md.
//
//     options (table, command line, profile) -> settings (checked) -> launch (opened, applied to a
//     sysfd::Command) -> supervise (the end) -> outcome (status, JSON)
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
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

namespace {

using namespace sysfd_run;  // NOLINT(google-build-using-namespace): this is its main program

int report(const Complaint& complaint) {
  write_out(2, cat({"sysfd-run: ", complaint.text, "\n"}));
  return complaint.status;
}

// Prints what was asked for instead of a run.
std::optional<int> print_instead(const CommandLine& line) {
  if (line.has_flag(Id::help)) {
    write_out(1, help_text());
    return 0;
  }
  if (line.has_flag(Id::version)) {
    write_out(1, "sysfd-run " SYSFD_VERSION_STRING "\n");
    return 0;
  }
  if (const Given* const shell = line.last(Id::completion)) {
    const auto text = completion_for(shell->value);
    if (!text) return report(text.error());
    write_out(1, *text);
    return 0;
  }
  return std::nullopt;
}

// Locks, and the ends of pipes, of whoever has started sysfd-run: they would be held until its end.
void close_others(const Settings& settings) {
  std::vector<int> kept;
  for (const File& file : settings.passed)
    if (file.kind == File::Kind::own && file.number > 2) kept.push_back(file.number);
  std::ranges::sort(kept);
  unsigned first = 3;
  for (const int each : kept) {
    const auto number = static_cast<unsigned>(each);
    if (number > first) ::syscall(SYS_close_range, first, number - 1, 0);
    first = number + 1;
  }
  ::syscall(SYS_close_range, first, ~0U, 0);
}

Checked<int> run(const Settings& settings, const std::optional<sysfd::OwnedFd>& json) {
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  auto launch = prepare_launch(settings, settings.is_supervised() ? &mask : nullptr);
  if (!launch) return std::unexpected(launch.error());
  if (!settings.is_supervised())
    return std::unexpected(describe_failure(settings, launch->command.exec()));
  auto outcome = supervise(settings, *launch);
  if (!outcome) return std::unexpected(outcome.error());
  if (json) write_out(json->get(), to_json(settings, *outcome));
  return exit_status(*outcome);
}

int start(const CommandLine& line) {
  const auto settings = check_settings(line);
  if (!settings) return report(settings.error());
  if (settings->program.empty())
    return report({"there is no program: write sysfd-run [OPTION]... -- PROGRAM [ARGUMENT]..."});
  if (line.has_flag(Id::explain)) {
    const Explanation explanation = explain_settings(line, *settings);
    write_out(1, explanation.text);
    return explanation.all_enforced ? 0 : run_failed;
  }
  if (line.has_flag(Id::dry_run)) {
    write_out(1, describe_run(line, *settings));
    return 0;
  }
  if (settings->is_supervised()) close_others(*settings);
  // Before anything else, so that no program runs without its report.
  std::optional<sysfd::OwnedFd> json;
  if (settings->json) {
    auto file = sysfd::open(sysfd::cwd(), *settings->json, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (!file) return report({cat({"--json ", *settings->json, ": ", message_of(file.error())})});
    json = std::move(*file);
  }
  const auto status = run(*settings, json);
  if (status) return *status;
  if (json) write_out(json->get(), to_json(*settings, status.error()));
  return report(status.error());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 3 && argv[1] == std::string_view(traced_start)) start_traced(argv + 2);
  const auto line = parse_command_line(argc, argv);
  if (!line) return report(line.error());
  if (const auto status = print_instead(*line)) return *status;
  // The kernel closes and frees what is left. The lock is released before anybody sees the end.
  std::_Exit(start(*line));
}
