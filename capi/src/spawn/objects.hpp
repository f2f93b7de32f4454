// SPDX-License-Identifier: MIT
//
// What stands behind the opaque types of spawn, and the error of a start.
#ifndef SYSFD_CAPI_SPAWN_OBJECTS_HPP
#define SYSFD_CAPI_SPAWN_OBJECTS_HPP
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/output_sink.hpp>
#include <sysfd/pipeline.hpp>

#include "../convert.hpp"

namespace sysfd_c {

// What a setter could not set: reported by every later start.
struct Fault {
  sysfd::SpawnStep step;
  int error;  // an errno value
};

// Fills an error struct, and returns -errno.
int fail(const sysfd::SpawnError& error, sysfd_spawn_error* out) noexcept;
int fail(const Fault& fault, sysfd_spawn_error* out, int stage = -1) noexcept;

}  // namespace sysfd_c

struct sysfd_command {
  std::optional<sysfd::Command> command;  // nothing when it was emptied
  std::optional<sysfd_c::Fault> fault = std::nullopt;
};

struct sysfd_prepared_command {
  sysfd::PreparedCommand command;
};

struct sysfd_pending_child {
  std::optional<sysfd::PendingChild> child;  // nothing when it is settled or canceled
  bool has_descriptor;
};

struct sysfd_pipeline {
  sysfd::Pipeline pipeline;
  std::size_t stages = 2;
};

struct sysfd_child {
  explicit sysfd_child(sysfd::Child&& started) noexcept : child(std::move(started)) {}

  std::optional<sysfd::Child> child;  // nothing when it was detached
  bool is_closed = false;             // by close_descriptors()
};

struct sysfd_output {
  explicit sysfd_output(sysfd::Output of_one) : output(std::move(of_one)) {}
  explicit sysfd_output(sysfd::PipelineOutput of_many);

  sysfd::Output output;  // of a pipeline, its status is that of the first stage that failed
  std::vector<sysfd::Result<sysfd::ExitStatus>> stages{};  // empty: not of a pipeline
  bool success = output.success();
};

namespace sysfd_c {

// SpawnChanges, with the arrays that it refers to.
class Changes {
 public:
  Changes() = default;
  Changes(const Changes&) = delete;
  Changes& operator=(const Changes&) = delete;
  ~Changes();

  // 0, or -errno: then there are no changes to use.
  int read(const sysfd_spawn_changes* given);
  const sysfd::SpawnChanges& get() const noexcept { return changes_; }

 private:
  std::vector<sysfd::CStr> arguments_, environment_;
  std::vector<sysfd::BorrowedFd> descriptors_;
  std::vector<sysfd::PlacedFd> placed_;
  sysfd::SpawnChanges changes_;
};

// The C++ options of sysfd_output_options, and the sink that they refer to.
class OutputOptions {
 public:
  OutputOptions() = default;
  OutputOptions(const OutputOptions&) = delete;
  OutputOptions& operator=(const OutputOptions&) = delete;

  // 0, or -errno: then there are no options to use.
  int read(const sysfd_output_options* given) noexcept;
  const sysfd::OutputOptions& get() const noexcept { return options_; }

 private:
  struct Call {
    sysfd_output_sink function;
    void* data;
    void operator()(sysfd::OutputStream stream, std::string_view bytes) const;
  };
  class Sink final : public sysfd::OutputSink {
   public:
    Sink(const Call& call, std::size_t longest_line) : call_(call) {
      if (longest_line > 0) lines_.emplace(call, longest_line);
    }
    void take(sysfd::OutputStream stream, std::string_view piece) override;
    void end(sysfd::OutputStream stream) override;

   private:
    Call call_;
    std::optional<sysfd::EachLine<Call>> lines_;
  };

  sysfd::OutputOptions options_;
  std::optional<Sink> sink_;
};

}  // namespace sysfd_c

#endif  // SYSFD_CAPI_SPAWN_OBJECTS_HPP
