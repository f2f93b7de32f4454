// SPDX-License-Identifier: MIT
#include "spec/command_spec.hpp"

#include <algorithm>

namespace sysfd {
inline namespace v0 {
namespace detail {

SpawnError invalid_argument(SpawnStep step, std::string subject, int index) {
  return {step, error_code(EINVAL), index, std::move(subject)};
}

bool CommandSpec::is_stream_set(int stream) const noexcept {
  return streams[stream].kind != StreamKind::unset ||
         std::ranges::find(passed, stream, &PassedFd::target) != passed.end();
}

bool CommandSpec::takes_input(const SpawnRequest& request) const noexcept {
  if (const PlacedFd* placed = request.placed_as(0)) return !placed->fd;
  return !is_stream_set(0) || streams[0].kind == StreamKind::pipe;
}

Result<void, SpawnError> CommandSpec::reject_terminals(const SpawnRequest& request,
                                                       int count) const {
  for (int number = 0; number < std::min(count, 3); ++number)
    if (streams[number].kind == StreamKind::terminal && !request.placed_as(number))
      return std::unexpected(
          invalid_argument(SpawnStep::standard_stream,
                           std::string(stream_names[number]) +
                               (number == 0 ? ", a terminal that nobody writes to: see stdin_from()"
                                            : ", a terminal, which a pipeline does not collect"),
                           number));
  return {};
}

void CommandSpec::close_owned() noexcept {
  for (StreamSpec& stream : streams)
    stream.owned.reset();
  for (auto* list : {&passed, &listeners})
    for (PassedFd& each : *list) {
      if (!each.owned) continue;
      each.owned.reset();
      each.is_used_up = true;
    }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
