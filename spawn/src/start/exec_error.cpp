// SPDX-License-Identifier: MIT
//
// execve(2) fails with ENOENT also for a program that is there and whose interpreter is not, and
// with E2BIG for one string as for all together. After a failure, this finds out which.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <sysfd/create.hpp>
#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>
#include <sysfd/detail/program_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "plan/attributes/attributes.hpp"
#include "plan/program_path.hpp"
#include "start/start_error.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// Where the child's paths start, as far as that is known.
struct View {
  std::optional<OwnedFd> root{};          // none: this process's
  std::optional<BorrowedFd> directory{};  // where relative paths start
  std::string prefix{};                   // or what stands before them
  bool knows_relative = true;             // if either is known

  // By O_PATH: whatever it is, nothing happens to it.
  Result<OwnedFd> look(const std::string& path) const;
};

constexpr int most_interpreters = 5;  // one of another, see execve(2)

bool is_missing(std::error_code code) noexcept {
  return code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory;
}

bool is_regular(BorrowedFd file) noexcept {
  struct stat status;
  return system_call(SYS_fstat, file.get(), &status) == 0 && S_ISREG(status.st_mode);
}

bool has_execute_permission(BorrowedFd file) noexcept {
  struct stat status;
  return system_call(SYS_fstat, file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & 0111) != 0;
}

// Returns a file's text for a message, with control characters escaped.
std::string visible(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string all;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r')
      all += "\\r";
    else if (byte < ' ' || byte == 0x7f)
      append(all, {"\\x", digits.substr(byte >> 4, 1), digits.substr(byte & 15, 1)});
    else
      all += c;
  }
  return all;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t shown = 32;
  return join({visible(text.substr(0, shown)), text.size() > shown ? "..." : ""});
}

std::string too_long(std::size_t size, std::size_t allowed) {
  return join({decimal(size), " bytes long, where ", decimal(allowed), " are allowed"});
}

std::size_t longest_string() noexcept {  // MAX_ARG_STRLEN, without the NUL
  return 32 * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) - 1;
}

// What execve(2) has room for: the strings, each with its NUL, and the pointers to them.
std::size_t room_of_strings(std::uint64_t stack_limit) noexcept {
  constexpr std::uint64_t most = std::uint64_t{6} << 20;  // three quarters of _STK_LIM
  constexpr std::uint64_t least = 128 << 10;              // ARG_MAX
  return std::max(std::min(stack_limit / 4, most), least);
}

Result<OwnedFd> View::look(const std::string& path) const {
  const bool is_relative = !path.starts_with('/');
  if (is_relative && !knows_relative) return failure(EOPNOTSUPP);
  if (!root && is_relative && directory) return open(*directory, path, O_PATH);
  const std::string whole = is_relative ? join({prefix, path}) : path;
  if (!root) return open(cwd(), whole, O_PATH);
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  const long answer =
      system_call_retried(SYS_openat2, root->get(), whole.c_str(), &how, sizeof how);
  return to_owned(answer);
}

// A borrowed descriptor may be something else by now, if the caller went on.
std::optional<View> view_of_child(const FailedStart& start) {
  View view;
  const CommandSpec& spec = start.spec;
  if (joins(spec.namespaces.get(), Namespace::mount)) return std::nullopt;
  if (spec.root.is_set()) {
    if (spec.root.fd && !start.caller_waits) return std::nullopt;
    auto root =
        open(spec.root.fd.value_or(cwd()), spec.root.path.value_or("."), O_PATH | O_DIRECTORY);
    if (!root) return std::nullopt;
    view.root = std::move(*root);
  }
  const Directory& directory = working_directory(spec, start.scratch);
  if (directory.path) {
    view.prefix = join({*directory.path, "/"});
  } else if (directory.fd) {
    view.knows_relative = start.caller_waits && !view.root;
    if (!directory.is_cwd()) view.directory = directory.fd;
  }
  return view;
}

// True if the child has the program under a number that its interpreter can open.
bool is_program_passed(const FailedStart& start) noexcept {
  const FdPlan& fds = start.scratch.fds;
  const int place = fds.place_of(start.spec.program_fd->get());
  const auto requests = fds.requests();
  return std::ranges::find(requests, place, &FdRequest::target) != requests.end() ||
         (start.spec.inherits && system_call(SYS_fcntl, place, F_GETFD) == 0);
}

void explain_interpreter(const FailedStart& start, const View& view, BorrowedFd program,
                         SpawnError& error) {
  const bool is_not_there = is_missing(error.code);
  if (!is_not_there && !has_execute_permission(program)) return;
  const auto format = format_of(program);
  auto next = format;
  for (int i = 0; i < most_interpreters && next && !next->interpreter.empty(); ++i) {
    const auto found = view.look(next->interpreter);
    const auto add = [&](const char* what) {
      append(error.subject, {", whose interpreter ", visible(next->interpreter), what});
    };
    if (!found) {
      if (is_not_there && is_missing(found.error())) add(" is missing");
      return;
    }
    if (!is_not_there && !has_execute_permission(*found)) {
      add(" cannot be executed");
      return;
    }
    next = format_of(*found);
  }
  if (!is_not_there || !format || format->kind == Format::Kind::elf) return;
  const bool is_script = format->kind == Format::Kind::script;
  if (!start.spec.program_fd) {
    if (!is_script) error.subject += ", for which binfmt_misc has an interpreter that is missing";
  } else if (!is_program_passed(start)) {
    append(error.subject, {is_script ? ", a script that" : ", which",
                           " its interpreter cannot open again: pass() it to the child too"});
  }
}

// If it was in no directory, it may be in one and not executable, or in one that is not searched.
void explain_search(const FailedStart& start, const View& view, SpawnError& error) {
  const CommandSpec& spec = start.spec;
  const ChildArgs& args = start.args();
  if (args.path) {
    const auto found = view.look(args.path);
    if (found) explain_interpreter(start, view, *found, error);
    return;
  }
  for (const char* candidate = args.candidates; *candidate;
       candidate += std::strlen(candidate) + 1) {
    const auto found = view.look(candidate);
    if (!found || !is_regular(*found)) continue;
    error.subject = candidate;
    return explain_interpreter(start, view, *found, error);
  }
  if (spec.is_path) return;
  if (spec.search == ProgramSearch::nowhere) {
    if (spec.search_directories.empty()) error.subject += ", a name, which is searched nowhere";
    return;
  }
  bool is_left_out = false;
  for_each_directory(path_to_search(spec, args.environment), [&](std::string_view directory) {
    if (directory.starts_with('/')) return;
    const auto found = view.look(join({directory.empty() ? "." : directory, "/", spec.program()}));
    if (found && is_regular(*found)) is_left_out = true;
  });
  if (is_left_out)
    error.subject += ", which is in a relative directory of PATH only: those are not searched";
}

void explain_size(const FailedStart& start, SpawnError& error) {
  const ChildArgs& args = start.args();
  const std::size_t longest = longest_string();
  const auto name = [&](std::string_view text, std::size_t size, SpawnStep step, int index) {
    error.step = step;
    error.index = index;
    error.subject = join({shortened(text), ", ", too_long(size, longest)});
  };
  std::size_t total = std::strlen(args.path ? args.path : "") + 1;
  for (int i = 0; const char* argument = args.arguments[i]; ++i) {
    const std::string_view text(argument);
    if (text.size() > longest) {
      const int call = i - 1 - start.spec.preset_arguments;
      return name(text, text.size(), call < 0 ? SpawnStep::program : SpawnStep::argument,
                  std::max(call, -1));
    }
    total += text.size() + 1 + sizeof argument;
  }
  for (int i = 0; const char* variable = args.environment[i]; ++i) {
    const std::string_view text(variable);
    if (text.size() > longest) {
      const std::string_view variable_name = text.substr(0, text.find('='));
      return name(variable_name, text.size(), SpawnStep::environment,
                  start.spec.environment.call_of(variable_name));
    }
    total += text.size() + 1 + sizeof variable;
  }
  rlimit stack{};
  ::getrlimit(RLIMIT_STACK, &stack);
  std::uint64_t limit = stack.rlim_cur;
  if (start.spec.resources)
    for (const ResourceLimit& wanted : start.spec.resources->limits)
      if (wanted.resource == RLIMIT_STACK) limit = wanted.soft;
  const std::size_t room = room_of_strings(limit);
  if (total > room)
    append(error.subject,
           {", whose arguments and environment are together ", too_long(total, room)});
}

}  // namespace

void explain_exec(const FailedStart& start, SpawnError& error) {
  const int code = error.code.value();
  if (code == E2BIG) return explain_size(start, error);
  if (code == EAGAIN && start.spec.identity && start.spec.identity->given.user) {
    error.subject += ", as its user has too many processes (RLIMIT_NPROC)";
    return;
  }
  if (!is_missing(error.code) && code != EACCES) return;
  const auto view = view_of_child(start);
  if (!view) return;
  if (!start.spec.program_fd) return explain_search(start, *view, error);
  if (start.caller_waits) explain_interpreter(start, *view, *start.spec.program_fd, error);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
