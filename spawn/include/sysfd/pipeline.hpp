// SPDX-License-Identifier: MIT
//
// Commands that write into each other: `a | b | c`.
//
//     auto line = sysfd::Command("dmesg") | sysfd::Command("grep").arg("usb") | sysfd::Command("wc");
//     auto run = line.output();
//     if (run && run->success()) std::cout << run->out;
//
// Each stage has its stdin and stdout, no end of anybody else's pipe; so each sees the end of its
// input, or of its reader, as soon as that is there. There is a status for every stage.
#ifndef SYSFD_PIPELINE_HPP
#define SYSFD_PIPELINE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <system_error>
#include <vector>

#include <sysfd/child.hpp>
#include <sysfd/command.hpp>
#include <sysfd/output.hpp>
#include <sysfd/result.hpp>
#include <sysfd/spawn_error.hpp>

namespace sysfd {
inline namespace v0 {

struct PipelineOutput {
  std::vector<Result<ExitStatus>> statuses;  // of each stage, as Output::status
  std::string out{};                         // what the last stage has written
  std::string err{};                         // what all of them have written to stderr, in turns
  bool out_cut = false;
  bool err_cut = false;
  bool timed_out = false;  // as those of Output
  bool canceled = false;
  std::size_t input_taken = 0;
  std::error_code kill_error{};  // as Output::kill_error, of the first stage that has one

  // All ended with exit code 0, and in time. (A stage whose reader ends early is killed by SIGPIPE:
  // look at `statuses` where that is to be expected.)
  SYSFD_API bool success() const noexcept;
};

class Pipeline {
 public:
  SYSFD_API Pipeline(Command first, Command second);

  // Where the first stage reads from and the last one writes to is what their Commands say, as for
  // a single one. The stdout of the others, and the stdin of all but the first, are pipes; a Command
  // that says otherwise, or passes something as 0 or 1 there, is an error: EINVAL,
  // SpawnStep::standard_stream.
  SYSFD_API Pipeline& operator|=(Command next) &;

  // One child for each stage, in their order. After an error (whose `stage` says which it was) no
  // stage is left: those that had started were killed, as said at DropPolicy. What the Commands own,
  // they still own.
  //
  // Children that are dropped are told to end at once, each by its DropPolicy, but are not waited for
  // before the last of them is dropped: one may end only when the pipes of another are closed. All are
  // waited for together then, so that it takes no longer than for one.
  [[nodiscard]] SYSFD_API Result<std::vector<Child>, SpawnError> spawn();

  // As Command::output(): the input is for the first stage, `out` is from the last one. At the timeout
  // all stages are killed before the first is waited for. Using a Pipeline that was moved from stops
  // the program.
  [[nodiscard]] SYSFD_API Result<PipelineOutput, SpawnError> output(
      const OutputOptions& options = {});

 private:
  Result<std::vector<Child>, SpawnError> start(const Stdio& first_stdin, const Stdio& last_stdout,
                                               const Stdio& every_stderr);

  std::vector<Command>& stages();
  void give_foreground_back(std::size_t stages) noexcept;

  std::vector<Command> stages_;
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
