// SPDX-License-Identifier: MIT
//
// Commands connected by pipes: `a | b | c`.
//
//     using sysfd::Command;
//     auto line = Command("dmesg") | Command("grep").arg("usb") | Command("wc");
//     auto run = line.output();
//     if (!run) return fail(run.error().describe());
//     if (run->success()) use(run->out);
//
// Each stage has only its own ends of the pipes. So it sees the end of its input, or that nobody
// reads its output, as soon as that happens. Each stage has its own status.
#ifndef SYSFD_PIPELINE_HPP
#define SYSFD_PIPELINE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <sysfd/child.hpp>
#include <sysfd/command.hpp>
#include <sysfd/containment.hpp>
#include <sysfd/output.hpp>
#include <sysfd/result.hpp>
#include <sysfd/spawn_error.hpp>

namespace sysfd {
inline namespace v0 {

namespace detail {
struct PipelineTreePart;
}  // namespace detail

struct PipelineOutput {
  std::vector<Result<ExitStatus>> statuses;  // one for each stage, as Output::status
  std::string out{};                         // what the last stage wrote to stdout
  std::string err{};                         // what all stages wrote to stderr, mixed
  bool out_cut = false;
  bool err_cut = false;
  bool timed_out = false;  // these as in Output
  bool canceled = false;
  std::size_t input_taken = 0;
  std::error_code kill_error{};  // as Output::kill_error: that of the first stage with one

  // True if all stages ended with exit code 0, and in time. A stage whose reader ends early is
  // killed by SIGPIPE: check `statuses` if you expect that.
  SYSFD_API bool success() const noexcept;
};

class Pipeline {
 public:
  // Takes the Commands. If there is no memory for that (std::bad_alloc), they stay as they are.
  SYSFD_API Pipeline(Command&& first, Command&& second);

  // The stdin of the first stage and the stdout of the last one are set on their Commands. All
  // others are pipes. A Command that sets one of these, or passes a descriptor as 0 or 1 there, is
  // an invalid argument: EINVAL, SpawnStep::standard_stream. Without memory: as above.
  SYSFD_API Pipeline& operator|=(Command&& next) &;

  // Makes all stages, and all that they start, one tree, which ends together: with one keeper, and
  // one cgroup for the limits of all (see <sysfd/containment.hpp> and Command::contain()). It is
  // ended when the last Child is destroyed, when output() returns, and by terminate() of any stage.
  // Before, a Child that is destroyed ends its stage by its DropPolicy. A stage that is detached
  // leaves the tree to the others, and ends with it; if the last one is detached, the tree goes on.
  // Child::usage(), and the counts of ending(), are those of the whole tree. It also counts for
  // stages that are added later. A process that a stage has left behind, and that holds the pipe to
  // the next stage, keeps that one waiting for the end of its input, and so output().
  //
  // Errors: as Command::contain(). `stage` tells which stage cannot be in a tree; -1: it is about
  //   none of them.
  //   EINVAL: a stage has contain() itself.
  SYSFD_API Pipeline& contain(Containment containment = {}) &;
  Pipeline contain(Containment containment = {}) && {
    return std::move(contain(std::move(containment)));
  }

  // Starts one child for each stage, and returns them in order. After an error (`stage` tells which
  // one failed) no stage is left: those that had started were killed, as described at DropPolicy.
  // What the Commands own, they still own.
  //
  // Each Child that is destroyed ends its process by its DropPolicy, but waits only when the last
  // one is destroyed, because a stage may end only after the pipes of another are closed. Then all
  // are waited for together, which takes no longer than waiting for one.
  [[nodiscard]] SYSFD_API Result<std::vector<Child>, SpawnError> spawn();

  // As Command::output(): the first stage gets the input, and `out` is from the last one. At the
  // timeout all stages are killed before the first is waited for. Using a Pipeline that was moved
  // from stops the program.
  [[nodiscard]] SYSFD_API Result<PipelineOutput, SpawnError> output(
      const OutputOptions& options = {});

 private:
  Result<std::vector<Child>, SpawnError> start(const detail::StreamSpec& first_stdin,
                                               const detail::StreamSpec& last_stdout,
                                               const detail::StreamSpec& every_stderr);
  std::vector<Command>& stages();
  void restore_foreground(std::size_t stages) noexcept;

  std::vector<Command> stages_;
  std::optional<Containment> containment_;
  const detail::PipelineTreePart* tree_part_ = nullptr;  // set by contain()
};

inline Pipeline operator|(Command first, Command second) {
  return Pipeline(std::move(first), std::move(second));
}
inline Pipeline operator|(Pipeline line, Command next) {
  line |= std::move(next);
  return line;
}

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PIPELINE_HPP
