// SPDX-License-Identifier: MIT
//
// execve(2) says ENOENT for a program that is there and whose interpreter is not, and E2BIG for one
// string as for all together. What it meant is looked at when it has failed.
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
#include <sysfd/detail/raw_syscall.hpp>

#include "attempt.hpp"
#include "interpreter.hpp"

namespace sysfd {
inline namespace v0 {

// What the paths mean that the child uses, as far as that can be said.
struct Command::Attempt::View {
  std::optional<OwnedFd> root{};   // none: this process's
  std::optional<int> directory{};  // where relative paths start
  std::string prefix{};            // or what stands before them
  bool knows_relative = true;      // if either is known

  // By O_PATH: whatever it is, nothing happens to it.
  Result<OwnedFd> look(const std::string& path) const;
};

namespace {

using detail::Format;

constexpr int most_interpreters = 5;  // one of another, see execve(2)

bool is_missing(std::error_code code) noexcept {
  return code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory;
}

bool is_regular(BorrowedFd file) noexcept {
  struct stat status;
  return ::syscall(SYS_fstat, file.get(), &status) == 0 && S_ISREG(status.st_mode);
}

bool has_execute_permission(BorrowedFd file) noexcept {
  struct stat status;
  return ::syscall(SYS_fstat, file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & 0111) != 0;
}

// Of a file's text, in a message: what cannot be seen is to be seen.
std::string visible(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string all;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r')
      all += "\\r";
    else if (byte < ' ' || byte == 0x7f)
      detail::append(all, {"\\x", digits.substr(byte >> 4, 1), digits.substr(byte & 15, 1)});
    else
      all += c;
  }
  return all;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t shown = 32;
  return detail::join({visible(text.substr(0, shown)), text.size() > shown ? "..." : ""});
}

std::string too_long(std::size_t size, std::size_t allowed) {
  return detail::join(
      {detail::decimal(size), " bytes long, where ", detail::decimal(allowed), " are allowed"});
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

}  // namespace

Result<OwnedFd> Command::Attempt::View::look(const std::string& path) const {
  const bool is_relative = !path.starts_with('/');
  if (is_relative && !knows_relative) return detail::failure(EOPNOTSUPP);
  if (!root && is_relative && directory)
    return open(BorrowedFd::unsafe_borrow(*directory), path, O_PATH);
  const std::string whole = is_relative ? detail::join({prefix, path}) : path;
  if (!root) return open(cwd(), whole, O_PATH);
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  const long answer =
      detail::system_call_retried(SYS_openat2, root->get(), whole.c_str(), &how, sizeof how);
  return detail::to_owned(answer);
}

// What was lent may be something else by now, if the caller went on.
std::optional<Command::Attempt::View> Command::Attempt::view_of_child() const {
  View view;
  if (joins(Namespace::mount)) return std::nullopt;
  if (state_.root.is_given()) {
    if (state_.root.fd && !is_waited_for()) return std::nullopt;
    const BorrowedFd start = state_.root.fd && !state_.root.is_cwd()
                                 ? BorrowedFd::unsafe_borrow(*state_.root.fd)
                                 : cwd();
    auto root = open(start, state_.root.path.value_or("."), O_PATH | O_DIRECTORY);
    if (!root) return std::nullopt;
    view.root = std::move(*root);
  }
  const auto& start = directory();
  if (start.path) {
    view.prefix = detail::join({*start.path, "/"});
  } else if (start.fd) {
    view.knows_relative = is_waited_for() && !view.root;
    if (!start.is_cwd()) view.directory = start.fd;
  }
  return view;
}

// Whether the child has the program under a number that its interpreter can open.
bool Command::Attempt::is_program_passed() const noexcept {
  const int place = work_.fds.place_of(*state_.program_fd);
  const auto requests = work_.fds.requests();
  return std::ranges::find(requests, place, &detail::FdRequest::target) != requests.end() ||
         (state_.inherits && detail::system_call(SYS_fcntl, place, F_GETFD) == 0);
}

void Command::Attempt::explain_interpreter(const View& view, BorrowedFd program,
                                           SpawnError& error) const {
  const bool is_not_there = is_missing(error.code);
  if (!is_not_there && !has_execute_permission(program)) return;
  const auto format = detail::format_of(program);
  auto next = format;
  for (int i = 0; i < most_interpreters && next && !next->interpreter.empty(); ++i) {
    const auto found = view.look(next->interpreter);
    const auto add = [&](const char* what) {
      detail::append(error.subject, {", whose interpreter ", visible(next->interpreter), what});
    };
    if (!found) {
      if (is_not_there && is_missing(found.error())) add(" is missing");
      return;
    }
    if (!is_not_there && !has_execute_permission(*found)) {
      add(" cannot be executed");
      return;
    }
    next = detail::format_of(*found);
  }
  if (!is_not_there || !format || format->kind == Format::Kind::elf) return;
  const bool is_script = format->kind == Format::Kind::script;
  if (!state_.program_fd) {
    if (!is_script) error.subject += ", for which binfmt_misc has an interpreter that is missing";
  } else if (!is_program_passed()) {
    detail::append(error.subject,
                   {is_script ? ", a script that" : ", which",
                    " its interpreter cannot open again: pass() it to the child too"});
  }
}

// Where it was looked for in vain in all directories, it may be in one and not executable, or in
// one that was left out.
void Command::Attempt::explain_search(const View& view, SpawnError& error) const {
  if (work_.job.path) {
    const auto found = view.look(work_.job.path);
    if (found) explain_interpreter(view, *found, error);
    return;
  }
  for (const char* candidate = work_.job.candidates; *candidate;
       candidate += std::strlen(candidate) + 1) {
    const auto found = view.look(candidate);
    if (!found || !is_regular(*found)) continue;
    error.subject = candidate;
    return explain_interpreter(view, *found, error);
  }
  if (state_.program.contains('/')) return;
  if (state_.search == ProgramSearch::nowhere) {
    if (state_.search_directories.empty()) error.subject += ", a name, which is searched nowhere";
    return;
  }
  bool is_left_out = false;
  detail::for_each_directory(
      state_.path_to_search(work_.job.environment), [&](std::string_view directory) {
        if (directory.starts_with('/')) return;
        const auto found =
            view.look(detail::join({directory.empty() ? "." : directory, "/", state_.program}));
        if (found && is_regular(*found)) is_left_out = true;
      });
  if (is_left_out)
    error.subject += ", which is in a relative directory of PATH only: those are not searched";
}

void Command::Attempt::explain_size(SpawnError& error) const {
  const std::size_t longest = longest_string();
  const auto name = [&](std::string_view text, std::size_t size, SpawnStep step, int index) {
    error.step = step;
    error.index = index;
    error.subject = detail::join({shortened(text), ", ", too_long(size, longest)});
  };
  std::size_t total = std::strlen(work_.job.path ? work_.job.path : "") + 1;
  for (int i = 0; const char* argument = work_.job.arguments[i]; ++i) {
    const std::string_view text(argument);
    if (text.size() > longest) {
      const int call = i - 1 - state_.preset_arguments;
      return name(text, text.size(), call < 0 ? SpawnStep::program : SpawnStep::argument,
                  std::max(call, -1));
    }
    total += text.size() + 1 + sizeof argument;
  }
  for (int i = 0; const char* variable = work_.job.environment[i]; ++i) {
    const std::string_view text(variable);
    if (text.size() > longest) {
      const std::string_view variable_name = text.substr(0, text.find('='));
      return name(variable_name, text.size(), SpawnStep::environment,
                  state_.environment.call_of(variable_name));
    }
    total += text.size() + 1 + sizeof variable;
  }
  rlimit stack{};
  ::getrlimit(RLIMIT_STACK, &stack);
  std::uint64_t limit = stack.rlim_cur;
  for (const ResourceLimit& wanted : state_.resources.limits)
    if (wanted.resource == RLIMIT_STACK) limit = wanted.soft;
  const std::size_t room = room_of_strings(limit);
  if (total > room)
    detail::append(error.subject,
                   {", whose arguments and environment are together ", too_long(total, room)});
}

void Command::Attempt::explain_exec(SpawnError& error) const {
  const int code = error.code.value();
  if (code == E2BIG) return explain_size(error);
  if (code == EAGAIN && state_.identity.said.user) {
    error.subject += ", as its user has too many processes (RLIMIT_NPROC)";
    return;
  }
  if (!is_missing(error.code) && code != EACCES) return;
  const auto view = view_of_child();
  if (!view) return;
  if (!state_.program_fd) return explain_search(*view, error);
  if (is_waited_for())
    explain_interpreter(*view, BorrowedFd::unsafe_borrow(*state_.program_fd), error);
}

}  // namespace v0
}  // namespace sysfd
