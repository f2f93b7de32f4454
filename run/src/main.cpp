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
#include <iterator>
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

// The number in /dev/fd/NUMBER, as a shell writes it for <(...), or in a path below it; -1: it is
// another path.
int number_of(std::string_view path) {
  constexpr std::string_view streams[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
  const auto* const stream = std::ranges::find(streams, path);
  if (stream != std::end(streams)) return static_cast<int>(stream - streams);
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"})
    if (path.starts_with(folder)) {
      path.remove_prefix(folder.size());
      return static_cast<int>(to_number(take_part(path, '/')).value_or(-1));
    }
  return -1;
}

// What --json writes to.
class Report {
 public:
  // A descriptor that is open here goes on where it is: it may be that of a log.
  static Checked<Report> open(const std::string& path) {
    const int number = number_of(path);
    auto file = number >= 0 ? sysfd::OwnedFd::from_syscall(::fcntl(number, F_DUPFD_CLOEXEC, 3))
                            : sysfd::open(sysfd::cwd(), path, O_WRONLY | O_CREAT, 0666);
    if (!file) return complain({"--json ", path, ": ", message_of(file.error())});
    return Report(std::move(*file), number < 0);
  }

  // Replaces what is in a file: two runs may have the same one, and one may wait for a lock.
  bool write(std::string_view text) const {
    if (replaces_)
      static_cast<void>(::ftruncate(file_.get(), 0));  // a pipe and a terminal have nothing to cut
    if (write_out(file_.get(), text)) return true;
    report({cat({"--json: ", message_of({errno, std::system_category()})})});
    return false;
  }

 private:
  Report(sysfd::OwnedFd file, bool replaces) : file_(std::move(file)), replaces_(replaces) {}

  sysfd::OwnedFd file_;
  bool replaces_;
};

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
  for (const PathRule& rule : settings.confinement.paths)
    lend(rule.path);
  if (settings.json) lend(*settings.json);
  if (settings.lock) lend(settings.lock->path);
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
                 const std::optional<Report>& json) {
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
  if (json && !json->write(to_json(settings, *outcome))) return run_failed;
  // The kernel closes what is left. The lock is released before anybody sees the end.
  std::_Exit(exit_status(*outcome));
}

// Of options that are wrong. A report of an earlier run would be taken for this one's.
int refuse(const CommandLine& line, const Complaint& complaint) {
  const Given* const json = line.last(Id::json);
  if (json && !json->value.empty() && !line.has_flag(Id::explain) && !line.has_flag(Id::dry_run)) {
    Settings settings;
    settings.program = line.program;
    if (const auto file = Report::open(json->value))
      static_cast<void>(file->write(to_json(settings, complaint)));
  }
  return report(complaint);
}

int start(const CommandLine& line) {
  const auto settings = check_settings(line);
  if (!settings) return refuse(line, settings.error());
  if (settings->program.empty())
    return refuse(line,
                  {"there is no program: write sysfd-run [OPTION]... -- PROGRAM [ARGUMENT]..."});
  if (settings->program.front().empty())
    return refuse(line, {"exec of \"\": the name of the program is empty", not_found});
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
  std::optional<Report> json;
  if (settings->json) {
    auto file = Report::open(*settings->json);
    if (!file) return report(file.error());
    json = std::move(*file);
  }
  const auto status = run(*settings, lent, json);
  if (status) return *status;
  if (json) static_cast<void>(json->write(to_json(*settings, status.error())));
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
