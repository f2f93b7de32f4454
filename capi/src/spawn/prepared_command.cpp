// SPDX-License-Identifier: MIT
#include <sysfd/prepared_command.hpp>

#include "starts.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)

namespace {

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
  return without_exceptions([&] {
    static constexpr sysfd::SpawnChanges none{};
    if (!given) return start_with(none);
    Changes changes;
    if (const int invalid = changes.read(given); invalid != 0)
      return fail(Fault{sysfd::SpawnStep::descriptor, -invalid}, error);
    return start_with(changes.get());
  });
}

}  // namespace

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
  OutputOptions read;
  if (!output) return -EINVAL;
  if (const int invalid = read.read(options); invalid != 0) return invalid;
  return start_prepared(
      prepared, changes, error,
      [&](const auto& command, const auto& with) { return command.output(read.get(), with); },
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
