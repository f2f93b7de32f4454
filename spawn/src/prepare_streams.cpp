// SPDX-License-Identifier: MIT
//
// The parent's part before there is a child: what its 0, 1 and 2 are to be.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "attempt.hpp"

namespace sysfd {
inline namespace v0 {

using detail::error_code;
using detail::FdRequest;
using detail::Mistake;

namespace {

struct Terminal {
  OwnedFd parent;
  OwnedFd child;
};

// The child's side is opened through the parent's, whatever is mounted on /dev/pts here.
Result<Terminal> open_terminal(WindowSize size) noexcept {
  auto parent = open(cwd(), "/dev/ptmx", O_RDWR | O_NOCTTY);
  if (!parent) return std::unexpected(parent.error());
  const int unlocked = 0;
  if (::syscall(SYS_ioctl, parent->get(), TIOCSPTLCK, &unlocked) == -1) return detail::last_error();
  auto child = detail::to_owned(
      detail::system_call(SYS_ioctl, parent->get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!child) return std::unexpected(child.error());
  if (auto set = set_window_size(*child, size); !set) return std::unexpected(set.error());
  return Terminal{std::move(*parent), std::move(*child)};
}

}  // namespace

const Stdio* Command::Attempt::default_of(int stream) const noexcept {
  return defaults_ ? defaults_->streams[static_cast<std::size_t>(stream)] : nullptr;
}

// Of a stream that is not passed by its number.
Stdio::Kind Command::Attempt::kind_of(int stream) const noexcept {
  const auto said = said_of(stream);
  if (said != Stdio::Kind::unset) return said;
  const Stdio* standard = default_of(stream);
  return standard && standard->kind_ != Stdio::Kind::unset ? standard->kind_ : Stdio::Kind::inherit;
}

// What is made for a child that becomes another user is that user's, which may open it again, as
// /dev/stdout. Who may not give it away (EPERM) starts the child all the same. A terminal keeps its
// group, "tty", whose members may write to it.
void Command::Attempt::give_to_child(BorrowedFd made, bool with_group) const noexcept {
  const Identity& identity = state_.identity.said;
  if (!identity.user && !identity.group) return;
  const Namespaces& namespaces = state_.namespaces;
  const uid_t user = detail::id_here(identity.user, namespaces, namespaces.user_map);
  const gid_t group =
      detail::id_here(with_group ? identity.group : std::nullopt, namespaces, namespaces.group_map);
  constexpr auto unchanged = static_cast<uid_t>(-1);
  if (user != unchanged || group != unchanged)
    detail::system_call(SYS_fchown, made.get(), user, group);
}

Mistake Command::Attempt::prepare_terminal(int number) {
  if (made_->parent_terminal) return std::nullopt;
  auto made = open_terminal(state_.window_size);
  if (!made)
    return SpawnError{SpawnStep::terminal, made.error(), number, detail::stream_names[number]};
  made_->parent_terminal = std::move(made->parent);
  made_->child_terminal = std::move(made->child);
  give_to_child(*made_->child_terminal, false);
  return std::nullopt;
}

void Command::Attempt::inherit_stream(int number) {
  const bool is_open =
      !state_.prepared || state_.prepared->inherited_streams[static_cast<std::size_t>(number)];
  work_.fds.add_without_source({is_open ? FdRequest::Kind::inherited : FdRequest::Kind::null, -1,
                                number, SpawnStep::standard_stream, number});
}

Mistake Command::Attempt::prepare_stream(int number) {
  const bool is_unset = said_of(number) == Stdio::Kind::unset;
  const Stdio* said = is_unset ? default_of(number) : &state_.streams[number];
  FdRequest request{FdRequest::Kind::descriptor, -1, number, SpawnStep::standard_stream, number};
  const auto wrong = [&](std::error_code code) {
    return SpawnError{SpawnStep::standard_stream, code, number, detail::stream_names[number]};
  };
  switch (kind_of(number)) {
    case Stdio::Kind::unset:
    case Stdio::Kind::inherit: inherit_stream(number); return std::nullopt;
    case Stdio::Kind::null: request.kind = FdRequest::Kind::null; break;
    case Stdio::Kind::pipe: {
      auto made = pipe();
      if (!made) return wrong(made.error());
      const bool child_reads = number == 0;
      made_->child_ends[number] = std::move(child_reads ? made->read : made->write);
      made_->parent_ends[number] = std::move(child_reads ? made->write : made->read);
      give_to_child(*made_->child_ends[number], true);
      request.source = made_->child_ends[number]->get();
      request.is_own = true;
      break;
    }
    case Stdio::Kind::terminal:
      if (auto mistake = prepare_terminal(number)) return mistake;
      request.source = made_->child_terminal->get();
      request.is_own = true;
      break;
    case Stdio::Kind::like_stdout: return prepare_like_stdout(number);
    case Stdio::Kind::descriptor:
      request.source = said->owned_ ? said->owned_->get() : said->fd_ ? said->fd_->get() : -1;
      if (request.source < 0) return wrong(error_code(EBADF));
      request.is_lent = !said->owned_;
      if (said->is_made_) give_to_child(*said->fd_, true);
      break;
  }
  work_.fds.add(request);
  return std::nullopt;
}

// Comes after stdout, whoever has said what that is.
Mistake Command::Attempt::prepare_like_stdout(int number) {
  if (number != 2)
    return SpawnError{SpawnStep::standard_stream, error_code(EINVAL), number,
                      detail::stream_names[number]};
  const auto requests = work_.fds.requests();
  FdRequest request =
      static_cast<const FdRequest&>(*std::ranges::find(requests, 1, &FdRequest::target));
  if (request.kind == FdRequest::Kind::inherited) {
    request.kind = FdRequest::Kind::like;
    request.source = request.target;
  }
  request.target = request.index = number;
  request.step = SpawnStep::standard_stream;
  work_.fds.add(request);
  return std::nullopt;
}

Mistake Command::Attempt::prepare_streams() {
  // What is passed under a stream's number takes the place of what it would be if nothing is said.
  bool is_passed[3] = {};
  for (const State::Passed& passed : state_.passed)
    if (passed.target >= 0 && passed.target < 3 && !placed_as(passed.target))
      is_passed[passed.target] = true;
  const auto is_left_to_us = [&](int number) {
    const auto said = said_of(number);
    return said == Stdio::Kind::unset || said == Stdio::Kind::inherit;
  };
  for (int number = 0; number < 3; ++number) {
    if (const PlacedFd* placed = placed_as(number); placed && placed->fd) {
      work_.fds.add({.kind = FdRequest::Kind::descriptor,
                     .source = placed->fd->get(),
                     .target = number,
                     .step = SpawnStep::standard_stream,
                     .index = number,
                     .is_lent = true});
      continue;
    }
    if (number == 2 && kind_of(number) == Stdio::Kind::like_stdout) continue;
    if (is_passed[number] && is_left_to_us(number)) continue;
    if (auto mistake = prepare_stream(number)) return mistake;
  }
  return std::nullopt;
}

Mistake Command::Attempt::refuse_own_ends() const {
  for (int number = 0; number < 3; ++number) {
    const auto kind = said_of(number);
    if (kind == Stdio::Kind::pipe || kind == Stdio::Kind::terminal)
      return detail::wrong_value(
          SpawnStep::standard_stream,
          std::string(detail::stream_names[number]) + ", where status() cannot use " +
              (kind == Stdio::Kind::pipe ? "pipe()" : "terminal()") + ": nobody has its other end",
          number);
  }
  return std::nullopt;
}

}  // namespace v0
}  // namespace sysfd
