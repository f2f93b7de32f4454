// SPDX-License-Identifier: MIT
//
// The starts of a command, and of prepared ones.
#include <sysfd/spawn_all.hpp>
#include <sysfd/spawn_slots.hpp>

#include <algorithm>

#include "setters.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)
using sysfd::Command;
using sysfd::PreparedCommand;

namespace {

static_assert(SYSFD_CONFIRM_BY_FINISH == static_cast<int>(sysfd::Confirmation::by_finish) &&
              SYSFD_CONFIRM_BY_DESCRIPTOR == static_cast<int>(sysfd::Confirmation::by_descriptor));

bool is_confirmation(int confirmation) noexcept {
  return confirmation == SYSFD_CONFIRM_BY_FINISH || confirmation == SYSFD_CONFIRM_BY_DESCRIPTOR;
}

// These store what a start returns.
template <class Object>
class To {
 public:
  explicit To(Object** out) noexcept : out_(out) {}
  bool is_ready() const noexcept { return static_cast<bool>(room_); }
  template <class... Started>
  int operator()(Started&&... started) noexcept {
    return room_.make(out_, std::forward<Started>(started)...);
  }

 private:
  Object** out_;
  Room<Object> room_;
};

struct ToStatus {
  std::int32_t* out;
  static bool is_ready() noexcept { return true; }
  int operator()(sysfd::ExitStatus status) const noexcept {
    if (out) *out = status.wait_status();
    return 0;
  }
};

struct ToPending : To<sysfd_pending_child> {
  ToPending(sysfd_pending_child** out, int confirmation) noexcept
      : To(out), has_descriptor(confirmation == SYSFD_CONFIRM_BY_DESCRIPTOR) {}
  int operator()(sysfd::PendingChild&& child) noexcept {
    return To::operator()(std::move(child), has_descriptor);
  }
  bool has_descriptor;
};

// As another one, and empties the command that became what is stored.
template <class Write>
struct Emptying {
  sysfd_command* command;
  Write write;
  bool is_ready() const noexcept { return write.is_ready(); }
  template <class Started>
  int operator()(Started&& started) noexcept {
    command->command.reset();
    return write(std::forward<Started>(started));
  }
};

// As start(), for a prepared command with changes.
template <class Start, class Write>
int start_prepared(const sysfd_prepared_command* prepared, const sysfd_spawn_changes* given,
                   sysfd_spawn_error* error, Start start_it, Write&& write) {
  if (!prepared || check_error(error) != 0) return -EINVAL;
  if (!write.is_ready()) return -ENOMEM;
  const auto start_with = [&](const sysfd::SpawnChanges& changes) {
    auto started = start_it(prepared->command, changes);
    return started ? write(std::move(*started)) : fail(started.error(), error);
  };
  return guarded([&] {
    if (!given) return start_with({});
    Changes changes;
    if (const int invalid = changes.read(given); invalid != 0)
      return fail(Fault{sysfd::SpawnStep::descriptor, -invalid}, error);
    return start_with(changes.get());
  });
}

// The memory for the children that spawn_all() is to start.
class Rooms {
 public:
  explicit Rooms(std::size_t count) : rooms_(count) {}
  bool are_there() const noexcept {
    return std::ranges::all_of(rooms_, [](const auto& room) { return static_cast<bool>(room); });
  }
  Room<sysfd_child>& operator[](std::size_t index) noexcept { return rooms_[index]; }

 private:
  std::vector<Room<sysfd_child>> rooms_;
};

// Writes the results of spawn_all(), and returns how many children run.
int write_all(std::vector<sysfd::Result<sysfd::Child, sysfd::SpawnError>> started, Rooms& rooms,
              sysfd_child** children, sysfd_spawn_error* const* errors) {
  int running = 0;
  for (std::size_t i = 0; i < started.size(); ++i) {
    children[i] = nullptr;
    if (started[i]) {
      rooms[i].make(&children[i], std::move(*started[i]));
      ++running;
    } else {
      fail(started[i].error(), errors ? errors[i] : nullptr);
    }
  }
  return running;
}

int check_errors(sysfd_spawn_error* const* errors, std::size_t count) noexcept {
  for (std::size_t i = 0; errors && i < count; ++i)
    if (const int invalid = check_error(errors[i]); invalid != 0) return invalid;
  return 0;
}

}  // namespace

namespace sysfd_c {

int Changes::read(const sysfd_spawn_changes* given) {
  sysfd_spawn_changes read = SYSFD_SPAWN_CHANGES_INIT;
  if (const int error = read_struct(given, read); error != 0) return error;
  if (read.reserved != 0 || is_missing(read.descriptors, read.descriptor_count) ||
      is_missing(read.placed, read.placed_count))
    return -EINVAL;
  const auto add_strings = [](const char* const* strings, std::vector<sysfd::CStr>& to) {
    for (; strings && *strings; ++strings)
      to.emplace_back(*strings);
  };
  add_strings(read.arguments, arguments_);
  add_strings(read.environment, environment_);
  for (std::size_t i = 0; i < read.descriptor_count; ++i) {
    if (read.descriptors[i] < 0) return -EBADF;
    descriptors_.push_back(lent(read.descriptors[i]));
  }
  for (std::size_t i = 0; i < read.placed_count; ++i) {
    const auto& [fd, number] = read.placed[i];
    if (fd < -1) return -EBADF;
    placed_.push_back({sysfd::BorrowedFd::unsafe_borrow_optional(fd), number});
  }
  changes_ = {.arguments = arguments_,
              .descriptors = descriptors_,
              .placed = placed_,
              .environment = environment_};
  if (read.working_directory) changes_.working_directory = sysfd::CStr(read.working_directory);
  return 0;
}

}  // namespace sysfd_c

int sysfd_command_spawn(sysfd_command* command, sysfd_child** child, sysfd_spawn_error* error) {
  if (!child) return -EINVAL;
  return start(command, error, [](Command& it) { return it.spawn(); }, To(child));
}

int sysfd_command_status(sysfd_command* command, int32_t* status, sysfd_spawn_error* error) {
  return start(command, error, [](Command& it) { return it.status(); }, ToStatus{status});
}

int sysfd_command_output(sysfd_command* command, const sysfd_output_options* options,
                         sysfd_output** output, sysfd_spawn_error* error) {
  sysfd::OutputOptions read;
  if (!output) return -EINVAL;
  if (const int invalid = read_output_options(options, read); invalid != 0) return invalid;
  return start(command, error, [&](Command& it) { return it.output(read); }, To(output));
}

int sysfd_command_exec(sysfd_command* command, sysfd_spawn_error* error) {
  if (!command || !command->command || check_error(error) != 0) return -EINVAL;
  if (command->fault) return fail(*command->fault, error);
  return guarded([&] { return fail(command->command->exec(), error); });
}

int sysfd_command_spawn_async(sysfd_command* command, int confirmation,
                              sysfd_pending_child** pending, sysfd_spawn_error* error) {
  if (!pending || !is_confirmation(confirmation)) return -EINVAL;
  return start(
      command, error,
      [&](Command& it) {
        return std::move(it).spawn_async(static_cast<sysfd::Confirmation>(confirmation));
      },
      Emptying{command, ToPending(pending, confirmation)});
}

int sysfd_command_prepare(sysfd_command* command, sysfd_prepared_command** prepared,
                          sysfd_spawn_error* error) {
  if (!prepared) return -EINVAL;
  return start(
      command, error, [](Command& it) { return std::move(it).prepare(); },
      Emptying{command, To(prepared)});
}

int sysfd_prepared_command_spawn(const sysfd_prepared_command* prepared,
                                 const sysfd_spawn_changes* changes, sysfd_child** child,
                                 sysfd_spawn_error* error) {
  if (!child) return -EINVAL;
  return start_prepared(
      prepared, changes, error,
      [](const auto& command, const auto& with) { return command.spawn(with); }, To(child));
}

int sysfd_prepared_command_status(const sysfd_prepared_command* prepared,
                                  const sysfd_spawn_changes* changes, int32_t* status,
                                  sysfd_spawn_error* error) {
  return start_prepared(
      prepared, changes, error,
      [](const auto& command, const auto& with) { return command.status(with); }, ToStatus{status});
}

int sysfd_prepared_command_output(const sysfd_prepared_command* prepared,
                                  const sysfd_output_options* options,
                                  const sysfd_spawn_changes* changes, sysfd_output** output,
                                  sysfd_spawn_error* error) {
  sysfd::OutputOptions read;
  if (!output) return -EINVAL;
  if (const int invalid = read_output_options(options, read); invalid != 0) return invalid;
  return start_prepared(
      prepared, changes, error,
      [&](const auto& command, const auto& with) { return command.output(read, with); },
      To(output));
}

int sysfd_prepared_command_spawn_async(const sysfd_prepared_command* prepared,
                                       const sysfd_spawn_changes* changes, int confirmation,
                                       sysfd_pending_child** pending, sysfd_spawn_error* error) {
  if (!pending || !is_confirmation(confirmation)) return -EINVAL;
  return start_prepared(
      prepared, changes, error,
      [&](const auto& command, const auto& with) {
        return command.spawn_async(with, static_cast<sysfd::Confirmation>(confirmation));
      },
      ToPending(pending, confirmation));
}

void sysfd_prepared_command_free(sysfd_prepared_command* prepared) {
  delete prepared;
}

int sysfd_spawn_all(sysfd_command* const* commands, size_t count, sysfd_child** children,
                    sysfd_spawn_error* const* errors) {
  if (is_missing(commands, count) || is_missing(children, count) ||
      check_errors(errors, count) != 0)
    return -EINVAL;
  for (std::size_t i = 0; i < count; ++i) {
    if (!commands[i] || !commands[i]->command) return -EINVAL;
    if (commands[i]->fault) return -commands[i]->fault->error;
    for (std::size_t other = 0; other < i; ++other)
      if (commands[other] == commands[i]) return -EINVAL;
  }
  return guarded([&] {
    Rooms rooms(count);
    if (!rooms.are_there()) return -ENOMEM;
    std::vector<Command> together;  // which need to lie side by side
    together.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
      together.push_back(std::move(*commands[i]->command));
    struct Return {
      std::vector<Command>& from;
      sysfd_command* const* to;
      ~Return() {
        for (std::size_t i = 0; i < from.size(); ++i)
          *to[i]->command = std::move(from[i]);
      }
    };
    const Return at_end{together, commands};
    return write_all(sysfd::spawn_all(together), rooms, children, errors);
  });
}

int sysfd_prepared_command_spawn_all(const sysfd_prepared_command* prepared,
                                     const sysfd_spawn_changes* const* changes, size_t count,
                                     sysfd_child** children, sysfd_spawn_error* const* errors) {
  if (!prepared || is_missing(changes, count) || is_missing(children, count) ||
      check_errors(errors, count) != 0)
    return -EINVAL;
  return guarded([&] {
    Rooms rooms(count);
    if (!rooms.are_there()) return -ENOMEM;
    std::vector<Changes> read(count);
    std::vector<sysfd::SpawnChanges> all;
    for (std::size_t i = 0; i < count; ++i) {
      if (const int invalid = read[i].read(changes[i]); invalid != 0) return invalid;
      all.push_back(read[i].get());
    }
    return write_all(sysfd::spawn_all(prepared->command, all), rooms, children, errors);
  });
}

int sysfd_reserve_spawn_slots(size_t count) {
  return static_cast<int>(code_of(sysfd::reserve_spawn_slots(count)));
}

int sysfd_pending_child_finish(sysfd_pending_child* pending, sysfd_child** child,
                               sysfd_spawn_error* error) {
  return sysfd_pending_child_finish_for(pending, nullptr, child, error);
}

namespace {

// What `finish` returns. The PendingChild goes on if it is not settled.
template <class Finish>
int finish_pending(sysfd_pending_child* pending, sysfd_child** child, sysfd_spawn_error* error,
                   Finish finish) {
  if (!pending || !pending->child || !child || check_error(error) != 0) return -EINVAL;
  Room<sysfd_child> room;
  if (!room) return -ENOMEM;
  return guarded([&] {
    auto settled = finish(*pending->child);
    if (settled || settled.error().step != sysfd::SpawnStep::confirmation) pending->child.reset();
    return settled ? room.make(child, std::move(*settled)) : fail(settled.error(), error);
  });
}

}  // namespace

int sysfd_pending_child_try_finish(sysfd_pending_child* pending, sysfd_child** child,
                                   sysfd_spawn_error* error) {
  return finish_pending(pending, child, error, [](auto& it) { return it.try_finish(); });
}

int sysfd_pending_child_finish_for(sysfd_pending_child* pending, const sysfd_timeout* timeout,
                                   sysfd_child** child, sysfd_spawn_error* error) {
  if (!timeout) return finish_pending(pending, child, error, [](auto& it) { return it.finish(); });
  auto limit = sysfd::Timeout::forever();
  if (const int invalid = read_timeout(timeout, limit); invalid != 0) return invalid;
  return finish_pending(pending, child, error, [&](auto& it) { return it.finish_for(limit); });
}

int sysfd_pending_child_cancel(sysfd_pending_child* pending) {
  if (!pending || !pending->child) return -EINVAL;
  pending->child->cancel();
  pending->child.reset();
  return 0;
}

int32_t sysfd_pending_child_pid(const sysfd_pending_child* pending) {
  return pending && pending->child ? pending->child->pid() : -EINVAL;
}

int sysfd_pending_child_fd_borrow(const sysfd_pending_child* pending) {
  if (!pending || !pending->child) return -EINVAL;
  return pending->has_descriptor ? pending->child->fd().get() : -ENOENT;
}

void sysfd_pending_child_free(sysfd_pending_child* pending) {
  delete pending;
}

namespace {

// Empties it, also if the memory for what it becomes a part of is missing.
Command take_out(sysfd_command& command) noexcept {
  Command taken = *std::move(command.command);
  command.command.reset();
  return taken;
}

}  // namespace

int sysfd_pipeline_new(sysfd_command* first, sysfd_command* second, sysfd_pipeline** pipeline) {
  if (!pipeline || !first || !first->command || !second || !second->command || first == second)
    return -EINVAL;
  if (first->fault) return -first->fault->error;
  if (second->fault) return -second->fault->error;
  return guarded(
      [&] { return make(pipeline, sysfd::Pipeline(take_out(*first), take_out(*second))); });
}

int sysfd_pipeline_append(sysfd_pipeline* pipeline, sysfd_command* next) {
  if (!pipeline || !next || !next->command) return -EINVAL;
  if (next->fault) return -next->fault->error;
  return guarded([&] {
    pipeline->pipeline |= take_out(*next);
    ++pipeline->stages;
    return 0;
  });
}

int sysfd_pipeline_spawn(sysfd_pipeline* pipeline, size_t capacity, sysfd_child** children,
                         sysfd_spawn_error* error) {
  if (!pipeline || is_missing(children, capacity) || check_error(error) != 0) return -EINVAL;
  if (pipeline->stages > capacity) return -ERANGE;
  return guarded([&] {
    Rooms rooms(pipeline->stages);
    if (!rooms.are_there()) return -ENOMEM;
    auto started = pipeline->pipeline.spawn();
    if (!started) return fail(started.error(), error);
    for (std::size_t i = 0; i < started->size(); ++i)
      rooms[i].make(&children[i], std::move((*started)[i]));
    return static_cast<int>(started->size());
  });
}

int sysfd_pipeline_output(sysfd_pipeline* pipeline, const sysfd_output_options* options,
                          sysfd_output** output, sysfd_spawn_error* error) {
  sysfd::OutputOptions read;
  if (!pipeline || !output || check_error(error) != 0) return -EINVAL;
  if (const int invalid = read_output_options(options, read); invalid != 0) return invalid;
  Room<sysfd_output> room;
  if (!room) return -ENOMEM;
  return guarded([&] {
    auto done = pipeline->pipeline.output(read);
    return done ? room.make(output, std::move(*done)) : fail(done.error(), error);
  });
}

void sysfd_pipeline_free(sysfd_pipeline* pipeline) {
  delete pipeline;
}
