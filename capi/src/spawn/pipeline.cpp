// SPDX-License-Identifier: MIT
#include <sysfd/pipeline.hpp>

#include "starts.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)

int sysfd_pipeline_new(sysfd_command* first, sysfd_command* second, sysfd_pipeline** pipeline,
                       sysfd_spawn_error* error) {
  if (!pipeline || !is_there(first) || !is_there(second) || first == second ||
      check_error(error) != 0)
    return -EINVAL;
  if (first->fault) return fail(*first->fault, error, 0);
  if (second->fault) return fail(*second->fault, error, 1);
  Room<sysfd_pipeline> room;
  if (!room) return -ENOMEM;
  return without_exceptions([&] {
    sysfd::Pipeline line(*std::move(first->command), *std::move(second->command));
    first->command.reset();
    second->command.reset();
    return room.make(pipeline, std::move(line));
  });
}

int sysfd_pipeline_append(sysfd_pipeline* pipeline, sysfd_command* next, sysfd_spawn_error* error) {
  if (!pipeline || !is_there(next) || check_error(error) != 0) return -EINVAL;
  if (next->fault) return fail(*next->fault, error, static_cast<int>(pipeline->stages));
  return without_exceptions([&] {
    pipeline->pipeline |= *std::move(next->command);
    next->command.reset();
    ++pipeline->stages;
    return 0;
  });
}

int sysfd_pipeline_spawn(sysfd_pipeline* pipeline, size_t capacity, sysfd_child** children,
                         sysfd_spawn_error* error) {
  if (!pipeline || is_missing(children, capacity) || check_error(error) != 0) return -EINVAL;
  if (pipeline->stages > capacity) return -ERANGE;
  return without_exceptions([&] {
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
  OutputOptions read;
  if (!pipeline || !output || check_error(error) != 0) return -EINVAL;
  if (const int invalid = read.read(options); invalid != 0) return invalid;
  Room<sysfd_output> room;
  if (!room) return -ENOMEM;
  return without_exceptions([&] {
    auto done = pipeline->pipeline.output(read.get());
    return done ? room.make(output, std::move(*done)) : fail(done.error(), error);
  });
}

void sysfd_pipeline_free(sysfd_pipeline* pipeline) {
  delete pipeline;
}
