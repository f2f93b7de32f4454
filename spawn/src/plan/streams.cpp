// SPDX-License-Identifier: MIT
//
// The 0, 1 and 2 of the child.
#include "plan/streams.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "plan/attributes/attributes.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

void inherit_stream(const CommandSpec& spec, FdPlan& fds, int number) {
  const bool is_open =
      !spec.snapshot || spec.snapshot->open_streams[static_cast<std::size_t>(number)];
  fds.add_stream({is_open ? FdRequest::Kind::inherited : FdRequest::Kind::null, -1, number,
                  SpawnStep::standard_stream, number});
}

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
  if (::syscall(SYS_ioctl, parent->get(), TIOCSPTLCK, &unlocked) == -1) return last_error();
  auto child =
      to_owned(system_call(SYS_ioctl, parent->get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!child) return std::unexpected(child.error());
  if (auto set = set_window_size(*child, size); !set) return std::unexpected(set.error());
  return Terminal{std::move(*parent), std::move(*child)};
}

// The Command's own words for a stream; those for another descriptor count if one is placed there.
StreamKind kind_in_spec(const CommandSpec& spec, const SpawnRequest& request, int stream) noexcept {
  return request.placed_as(stream) ? StreamKind::unset : spec.streams[stream].kind;
}

const StreamSpec* default_of(const SpawnRequest& request, int stream) noexcept {
  const DefaultStreams* defaults = request.default_streams;
  return defaults ? defaults->streams[static_cast<std::size_t>(stream)] : nullptr;
}

// What is made for a child that becomes another user is that user's, which may open it again, as
// /dev/stdout. A caller that may not give it away (EPERM) starts the child all the same. A terminal
// keeps its group, "tty", whose members may write to it.
void give_to_child(const CommandSpec& spec, BorrowedFd made, bool with_group) noexcept {
  if (!spec.identity) return;
  const Identity& identity = spec.identity->given;
  if (!identity.user && !identity.group) return;
  static const std::vector<IdRange> no_map;
  const Namespaces* namespaces = spec.namespaces.get();
  const uid_t user = id_here(identity.user, namespaces, namespaces ? namespaces->user_map : no_map);
  const gid_t group = id_here(with_group ? identity.group : std::nullopt, namespaces,
                              namespaces ? namespaces->group_map : no_map);
  constexpr auto unchanged = static_cast<uid_t>(-1);
  if (user != unchanged || group != unchanged) system_call(SYS_fchown, made.get(), user, group);
}

SpawnError stream_error(int number, std::error_code code) {
  return {SpawnStep::standard_stream, code, number, stream_names[number]};
}

void add_own(Planning& planning, int number, const OwnedFd& made) {
  planning.fds().add({.kind = FdRequest::Kind::descriptor,
                      .source = made.get(),
                      .target = number,
                      .step = SpawnStep::standard_stream,
                      .index = number,
                      .is_own = true});
}

// A new terminal is the controlling one of a new session.
PartResult gather_terminal(Planning& planning, int number) {
  ChildResources& resources = planning.resources();
  if (!resources.parent_terminal) {
    auto made = open_terminal(planning.spec.window_size);
    if (!made)
      return std::unexpected(
          SpawnError{SpawnStep::terminal, made.error(), number, stream_names[number]});
    resources.parent_terminal = std::move(made->parent);
    resources.child_terminal = std::move(made->child);
    give_to_child(planning.spec, *resources.child_terminal, false);
  }
  add_own(planning, number, *resources.child_terminal);
  return Reuse::no;
}

PartResult gather_pipe(Planning& planning, int number) {
  auto made = pipe();
  if (!made) return std::unexpected(stream_error(number, made.error()));
  ChildResources& resources = planning.resources();
  const bool child_reads = number == 0;
  resources.child_ends[number] = std::move(child_reads ? made->read : made->write);
  resources.parent_ends[number] = std::move(child_reads ? made->write : made->read);
  give_to_child(planning.spec, *resources.child_ends[number], true);
  add_own(planning, number, *resources.child_ends[number]);
  return Reuse::no;
}

PartResult gather_given(Planning& planning, int number) {
  const StreamSpec* standard = default_of(planning.request, number);
  const bool is_set =
      kind_in_spec(planning.spec, planning.request, number) != StreamKind::unset || !standard;
  const StreamSpec& stream = is_set ? planning.spec.streams[number] : *standard;
  const int source = stream.owned ? stream.owned->get() : stream.fd ? stream.fd->get() : -1;
  if (source < 0) return std::unexpected(stream_error(number, error_code(EBADF)));
  if (stream.is_made) give_to_child(planning.spec, *stream.fd, true);
  planning.fds().add({.kind = FdRequest::Kind::descriptor,
                      .source = source,
                      .target = number,
                      .step = SpawnStep::standard_stream,
                      .index = number,
                      .is_borrowed = !stream.owned});
  return stream.owned && !planning.spec.snapshot ? Reuse::no : Reuse::yes;  // this child gets it
}

// Each case returns at once: stacks may be small.
PartResult gather_stream(Planning& planning, int number) {
  const CommandSpec& spec = planning.spec;
  const SpawnRequest& request = planning.request;
  switch (kind_of_stream(spec, request, number)) {
    case StreamKind::null:
      planning.fds().add({FdRequest::Kind::null, -1, number, SpawnStep::standard_stream, number});
      return Reuse::yes;
    case StreamKind::pipe: return gather_pipe(planning, number);
    case StreamKind::terminal: return gather_terminal(planning, number);
    case StreamKind::like_stdout: return gather_like_stdout(planning, number);
    case StreamKind::descriptor: return gather_given(planning, number);
    default: inherit_stream(spec, planning.fds(), number); return Reuse::yes;
  }
}

}  // namespace

StreamKind kind_of_stream(const CommandSpec& spec, const SpawnRequest& request,
                          int stream) noexcept {
  const StreamKind kind = kind_in_spec(spec, request, stream);
  if (kind != StreamKind::unset) return kind;
  const StreamSpec* standard = default_of(request, stream);
  return standard && standard->kind != StreamKind::unset ? standard->kind : StreamKind::inherit;
}

PartResult gather_like_stdout(Planning& planning, int stream) {
  if (stream != 2) return std::unexpected(stream_error(stream, error_code(EINVAL)));
  const auto requests = planning.fds().requests();
  FdRequest request =
      static_cast<const FdRequest&>(*std::ranges::find(requests, 1, &FdRequest::target));
  if (request.kind == FdRequest::Kind::inherited) {
    request.kind = FdRequest::Kind::like;
    request.source = request.target;
  }
  request.target = request.index = stream;
  request.step = SpawnStep::standard_stream;
  planning.fds().add(request);
  return Reuse::yes;
}

PartResult gather_streams(Planning& planning) {
  const CommandSpec& spec = planning.spec;
  const SpawnRequest& request = planning.request;
  // A descriptor that is passed under a stream's number replaces the default.
  bool is_passed[3] = {};
  for (const PassedFd& passed : spec.passed)
    if (passed.target >= 0 && passed.target < 3 && !request.placed_as(passed.target))
      is_passed[passed.target] = true;
  const auto has_default = [&](int number) {
    const StreamKind kind = kind_in_spec(spec, request, number);
    return kind == StreamKind::unset || kind == StreamKind::inherit;
  };
  Reuse reuse = Reuse::yes;
  for (int number = 0; number < 3; ++number) {
    if (const PlacedFd* placed = request.placed_as(number); placed && placed->fd) {
      planning.fds().add({.kind = FdRequest::Kind::descriptor,
                          .source = placed->fd->get(),
                          .target = number,
                          .step = SpawnStep::standard_stream,
                          .index = number,
                          .is_borrowed = true});
      continue;
    }
    if (number == 2 && kind_of_stream(spec, request, number) == StreamKind::like_stdout) continue;
    if (is_passed[number] && has_default(number)) continue;
    const PartResult part = gather_stream(planning, number);
    if (!part) return part;
    if (*part == Reuse::no) reuse = Reuse::no;
  }
  return reuse;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
