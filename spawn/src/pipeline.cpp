// SPDX-License-Identifier: MIT
#include <sysfd/pipeline.hpp>

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include <sysfd/create.hpp>

#include "child.hpp"
#include "child_stages.hpp"
#include "command_state.hpp"
#include "exchange.hpp"
#include "plan/plan_part.hpp"
#include "start/containment.hpp"
#include "start/spawn.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using detail::ChildAccess;
using detail::CommandSpec;
using detail::StreamKind;
using detail::StreamSpec;

CommandSpec& spec_of(Command& command) noexcept {
  return detail::state_of(command).spec;
}

class DroppedStages : public detail::ChildStages {
 public:
  explicit DroppedStages(std::size_t count) { dropped_.reserve(count); }
  ~DroppedStages() override;
  void take(Child&& child) noexcept override {
    ChildAccess::begin_drop(child);
    const std::lock_guard lock(mutex_);
    dropped_.push_back(std::move(child));  // there is room
  }

 private:
  std::mutex mutex_;
  std::vector<Child> dropped_;
};

// All are killed before the first of them is waited for, with one bound for all. Those that may
// take as long as they like come last.
DroppedStages::~DroppedStages() {
  if (dropped_.empty() || ChildAccess::is_copy(dropped_.front())) return;
  using detail::Clock;
  const auto begin = Clock::now();
  for (Child& child : dropped_)
    if (ChildAccess::drop_policy(child) == DropPolicy::terminate) {
      const Timeout grace = ChildAccess::grace(child);
      (void)child.wait_for(grace.is_forever() ? grace : grace.duration() - (Clock::now() - begin));
    }
  const auto must_be_killed = [](const Child& child) {
    return ChildAccess::drop_policy(child) != DropPolicy::wait && !ChildAccess::has_ended(child);
  };
  for (Child& child : dropped_)
    if (must_be_killed(child)) (void)ChildAccess::kill_stage(child);
  const auto deadline = Clock::now() + detail::kill_patience;
  for (Child& child : dropped_)
    if (must_be_killed(child))
      (void)ChildAccess::await_kill_of_stage(child, ChildAccess::kill_stage(child), deadline);
  for (Child& child : dropped_)
    if (ChildAccess::drop_policy(child) == DropPolicy::wait) (void)child.wait();
  for (Child& child : dropped_)
    ChildAccess::forget(child);
}

StreamSpec made_stream(BorrowedFd fd) noexcept {
  return {.kind = StreamKind::descriptor, .is_made = true, .fd = fd};
}

SpawnError pipe_error(std::error_code code, int stream) {
  constexpr const char* subjects[] = {"stdin, a pipe", "stdout, a pipe", "stderr, a pipe"};
  return {SpawnStep::standard_stream, code, stream, subjects[stream]};
}

}  // namespace

bool PipelineOutput::success() const noexcept {
  const auto succeeded = [](const Result<ExitStatus>& status) {
    return status && status->success();
  };
  return !timed_out && !canceled && std::ranges::all_of(statuses, succeeded);
}

Pipeline::Pipeline(Command&& first, Command&& second) {
  stages_.reserve(2);
  stages_.push_back(std::move(first));
  stages_.push_back(std::move(second));
}

std::vector<Command>& Pipeline::stages() {
  if (stages_.empty()) detail::contract_violation("use of a Pipeline that was moved from");
  return stages_;
}

Pipeline& Pipeline::operator|=(Command&& next) & {
  stages().push_back(std::move(next));
  return *this;
}

Pipeline& Pipeline::contain(Containment containment) & {
  (void)stages();  // or the program stops here
  containment_ = std::move(containment);
  tree_part_ = &detail::pipeline_tree_part;
  return *this;
}

Result<std::vector<Child>, SpawnError> Pipeline::spawn() {
  const StreamSpec inherited{.kind = StreamKind::inherit};
  auto children = start(inherited, inherited, inherited);
  if (children)
    for (std::size_t i = 0; i < stages_.size(); ++i)
      ChildAccess::set_drop_policy((*children)[i], spec_of(stages_[i]).drop_policy);
  return children;
}

// The arguments are the streams that no Command sets and that are no pipes between stages. A
// pipeline starts whole or not at all: until all run, every stage is killed when it is dropped, and
// the Commands keep what they own.
Result<std::vector<Child>, SpawnError> Pipeline::start(const StreamSpec& first_stdin,
                                                       const StreamSpec& last_stdout,
                                                       const StreamSpec& every_stderr) {
  std::vector<Command>& stages = this->stages();
  std::vector<Child> children;
  const auto fail = [&](SpawnError error, std::size_t stage) {
    const std::size_t started = children.size();
    children.clear();
    restore_foreground(started);
    error.stage = static_cast<int>(stage);
    return std::unexpected(std::move(error));
  };
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const CommandSpec& spec = spec_of(stages[i]);
    if (i > 0 && spec.is_stream_set(0)) return fail(pipe_error(detail::error_code(EINVAL), 0), i);
    if (i + 1 < stages.size() && spec.is_stream_set(1))
      return fail(pipe_error(detail::error_code(EINVAL), 1), i);
    if (spec.invalid) return fail(*spec.invalid, i);
  }

  const auto ends_together = std::make_shared<DroppedStages>(stages.size());
  children.reserve(stages.size());
  const auto add = [&](const detail::StartedChild& started) {
    children.push_back(started);
    ChildAccess::set_drop_policy(children.back(), DropPolicy::kill);
    ChildAccess::add_to(children.back(), ends_together);
  };
  const auto start_alone = [&](detail::PlannedStage& stage) -> Result<void, SpawnError> {
    auto& [spec, scratch, plan] = stage;
    auto clone = detail::start_child(spec, {.mode = detail::StartMode::stage}, scratch, plan);
    if (!clone) return std::unexpected(std::move(clone.error()));
    add({*clone, spec, plan});
    return {};
  };

  std::unique_ptr<detail::KeeperPlan> keeper;
  std::optional<detail::StageTree> tree;
  if (tree_part_) {
    auto made = tree_part_->plan(*containment_, stages.size());
    if (!made) return std::unexpected(std::move(made.error()));
    keeper = std::move(*made);
    tree.emplace(tree_part_->of_stages, *keeper);
  }
  // Those of a tree start when all are planned.
  std::vector<detail::PlannedStage> planned;
  planned.reserve(stages.size());
  std::vector<OwnedFd> pipe_ends;
  std::optional<OwnedFd> from_before;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const bool is_first = i == 0, is_last = i + 1 == stages.size();
    std::optional<Pipe> between;
    if (!is_last) {
      auto made = pipe();
      if (!made) return fail(pipe_error(made.error(), 1), i);
      between = std::move(*made);
    }
    const StreamSpec from = from_before ? made_stream(*from_before) : StreamSpec();
    const StreamSpec to = between ? made_stream(between->write) : StreamSpec();
    const detail::DefaultStreams defaults{
        {is_first ? &first_stdin : &from, is_last ? &last_stdout : &to, &every_stderr},
        &detail::descriptors_part};
    auto& [spec, scratch] = detail::state_of(stages[i]);
    auto plan = detail::plan_spawn(spec,
                                   {.mode = detail::StartMode::stage,
                                    .default_streams = &defaults,
                                    .tree = tree ? &*tree : nullptr},
                                   scratch);
    if (!plan) return fail(std::move(plan.error()), i);
    planned.emplace_back(spec, scratch, std::move(*plan));
    if (tree) {
      if (from_before) pipe_ends.push_back(std::move(*from_before));
      if (between) pipe_ends.push_back(std::move(between->write));
    } else {
      if (auto done = start_alone(planned.back()); !done) return fail(std::move(done.error()), i);
      planned.pop_back();
    }
    if (between) from_before = std::move(between->read);
  }
  if (tree) {
    std::vector<detail::CloneResult> clones;
    const auto started = tree_part_->start(planned, *keeper, clones);
    if (!started.has_value()) {
      restore_foreground(stages.size());
      return std::unexpected(started.error());
    }
    for (std::size_t i = 0; i < stages.size(); ++i) {
      if (*started) {
        add({clones[i], planned[i].spec, planned[i].plan});
        ChildAccess::put_into(children[i], tree_part_->of_stages->tree_of(*keeper),
                              static_cast<unsigned>(i));
      } else if (auto done = start_alone(planned[i]); !done) {
        return fail(std::move(done.error()), i);
      }
    }
  }
  for (Command& stage : stages)
    spec_of(stage).close_owned();
  return children;
}

// Of so many stages that have run: the last one first, as each has found the one before it there.
void Pipeline::restore_foreground(std::size_t stages) noexcept {
  while (stages > 0) {
    const auto& [spec, scratch] = detail::state_of(stages_[--stages]);
    detail::restore_foreground(spec, scratch);
  }
}

Result<PipelineOutput, SpawnError> Pipeline::output(const OutputOptions& options) {
  std::vector<Command>& stages = this->stages();
  for (std::size_t i = 0; i < stages.size(); ++i)
    if (auto done = spec_of(stages[i]).reject_terminals({}, 3); !done) {
      done.error().stage = static_cast<int>(i);
      return std::unexpected(std::move(done.error()));
    }
  if (!options.input.empty() && !spec_of(stages.front()).takes_input({}))
    return std::unexpected(pipe_error(detail::error_code(EINVAL), 0));
  auto errors = pipe();
  if (!errors) return std::unexpected(pipe_error(errors.error(), 2));
  const detail::Deadline deadline = detail::deadline_after(options.timeout);
  const StreamSpec in{.kind = options.input.empty() ? StreamKind::null : StreamKind::pipe};
  // Destroyed after the children: also by an exception.
  struct ForegroundAfter {
    Pipeline& pipeline;
    std::size_t stages = 0;
    ~ForegroundAfter() { pipeline.restore_foreground(stages); }
  } foreground{*this};
  auto children = start(in, {.kind = StreamKind::pipe}, made_stream(errors->write));
  if (!children) return std::unexpected(std::move(children.error()));
  foreground.stages = stages.size();
  std::optional<OwnedFd> error_pipe = std::move(errors->read);
  (void)OwnedFd(std::move(errors->write));

  PipelineOutput output;
  std::vector<detail::ReadPipe> readers;
  readers.emplace_back(children->back().stdout_pipe(), output.out, output.out_cut,
                       OutputStream::out);
  readers.emplace_back(error_pipe, output.err, output.err_cut, OutputStream::err);
  for (Child& child : *children)
    if (child.stderr_pipe())
      readers.emplace_back(child.stderr_pipe(), output.err, output.err_cut, OutputStream::err);
  detail::Exchange exchange({children->front().stdin_pipe(), options.input, output.input_taken},
                            readers, options);
  if (options.until == OutputEnd::child_ends)
    for (const Child& child : *children)
      exchange.end_with(child.fd());
  const auto ended = exchange.run(deadline);
  if (!ended && !detail::is_too_late(ended.error()))
    return std::unexpected(SpawnError{SpawnStep::standard_stream, ended.error(), -1, "a pipe"});
  std::error_code delay = ended ? std::error_code() : ended.error();
  for (Child& child : *children) {
    if (delay) break;
    const auto status = ChildAccess::wait_before(child, deadline);
    if (!status && detail::is_too_late(status.error())) delay = status.error();
  }
  output.timed_out = delay == std::errc::timed_out;
  output.canceled = delay == std::errc::operation_canceled;
  if (output.timed_out && options.grace.duration() > options.grace.duration().zero()) {
    // A tree is asked as a whole, once: a second SIGTERM may mean something else.
    for (Child& child : *children) {
      const bool shares_tree = ChildAccess::shares_tree(child);
      if (shares_tree || !ChildAccess::has_ended(child)) ChildAccess::ask_to_end(child);
      if (shares_tree) break;
    }
    const detail::Deadline end_of_grace = detail::deadline_after(options.grace);
    (void)exchange.run(end_of_grace);
    for (Child& child : *children)
      (void)ChildAccess::wait_before(child, end_of_grace);
  }
  if (!delay || std::ranges::all_of(*children, ChildAccess::has_ended)) {
    for (Child& child : *children)
      output.statuses.push_back(child.wait());
    return output;
  }
  std::vector<detail::Killed> killed;
  killed.reserve(children->size());
  for (Child& child : *children)
    killed.push_back(ChildAccess::kill(child));
  const auto end = detail::Clock::now() + detail::kill_patience_at_deadline;
  for (std::size_t i = 0; i < killed.size(); ++i) {
    output.statuses.push_back(ChildAccess::await_kill((*children)[i], killed[i], end));
    for (const std::error_code& error : {killed[i].child, killed[i].group})
      if (!output.kill_error) output.kill_error = error;
  }
  exchange.drain();
  for (Child& child : *children)
    ChildAccess::forget(child);
  return output;
}

}  // namespace v0
}  // namespace sysfd
