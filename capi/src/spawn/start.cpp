// SPDX-License-Identifier: MIT
//
// The starts of a command.
#include <sysfd/command.hpp>

#include "starts.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)
using sysfd::Command;

namespace {

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

}  // namespace

int sysfd_command_spawn(sysfd_command* command, sysfd_child** child, sysfd_spawn_error* error) {
  if (!child) return -EINVAL;
  return start(command, error, [](Command& it) { return it.spawn(); }, To(child));
}

int sysfd_command_status(sysfd_command* command, int32_t* status, sysfd_spawn_error* error) {
  return start(command, error, [](Command& it) { return it.status(); }, ToStatus{status});
}

int sysfd_command_output(sysfd_command* command, const sysfd_output_options* options,
                         sysfd_output** output, sysfd_spawn_error* error) {
  OutputOptions read;
  if (!output) return -EINVAL;
  if (const int invalid = read.read(options); invalid != 0) return invalid;
  return start(command, error, [&](Command& it) { return it.output(read.get()); }, To(output));
}

int sysfd_command_exec(sysfd_command* command, sysfd_spawn_error* error) {
  if (!command || !command->command || check_error(error) != 0) return -EINVAL;
  if (command->fault) return fail(*command->fault, error);
  return without_exceptions([&] { return fail(command->command->exec(), error); });
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
