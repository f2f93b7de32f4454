// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_PLAN_STREAMS_HPP
#define SYSFD_SPAWN_SRC_PLAN_STREAMS_HPP

#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// What a stream is, unless something is passed under its number.
StreamKind kind_of_stream(const CommandSpec& spec, const SpawnRequest& request,
                          int stream) noexcept;
// Plans 0, 1 and 2, except a stderr that is like stdout.
PartResult gather_streams(Planning& planning);
// Plans that one. Must run after stdout is planned.
PartResult gather_like_stdout(Planning& planning, int stream);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PLAN_STREAMS_HPP
