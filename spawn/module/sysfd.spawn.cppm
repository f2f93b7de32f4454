// SPDX-License-Identifier: MIT
//
// `import sysfd.spawn;` in the place of its headers. scripts/module_exports writes this.
module;
#include <sysfd/child.hpp>
#include <sysfd/command.hpp>
#include <sysfd/containment.hpp>
#include <sysfd/directory_change.hpp>
#include <sysfd/drop_policy.hpp>
#include <sysfd/ending.hpp>
#include <sysfd/identity.hpp>
#include <sysfd/listen_fd.hpp>
#include <sysfd/namespaces.hpp>
#include <sysfd/output.hpp>
#include <sysfd/output_sink.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/program_search.hpp>
#include <sysfd/resources.hpp>
#include <sysfd/session.hpp>
#include <sysfd/signals.hpp>
#include <sysfd/spawn_all.hpp>
#include <sysfd/spawn_changes.hpp>
#include <sysfd/spawn_error.hpp>
#include <sysfd/spawn_slots.hpp>
#include <sysfd/stdio.hpp>

export module sysfd.spawn;
export import sysfd.ownedfd;
export import sysfd.pidfd;
export import sysfd.cgroup;

export namespace sysfd {
using sysfd::BpfInstruction;
using sysfd::Cgroup;
using sysfd::Child;
using sysfd::Command;
using sysfd::Confirmation;
using sysfd::Containment;
using sysfd::ContainmentKind;
using sysfd::DirectoryChange;
using sysfd::DropPolicy;
using sysfd::EachLine;
using sysfd::EachPiece;
using sysfd::EndReason;
using sysfd::Ending;
using sysfd::IdRange;
using sysfd::Identity;
using sysfd::Inheritance;
using sysfd::Input;
using sysfd::IoPriority;
using sysfd::ListenFd;
using sysfd::Namespaces;
using sysfd::Output;
using sysfd::OutputEnd;
using sysfd::OutputOptions;
using sysfd::OutputSink;
using sysfd::OutputStream;
using sysfd::PendingChild;
using sysfd::Pipeline;
using sysfd::PipelineOutput;
using sysfd::PlacedFd;
using sysfd::PreparedCommand;
using sysfd::ProgramSearch;
using sysfd::Reach;
using sysfd::ResourceLimit;
using sysfd::Resources;
using sysfd::Scheduler;
using sysfd::Session;
using sysfd::SignalList;
using sysfd::Signals;
using sysfd::SpawnChanges;
using sysfd::SpawnError;
using sysfd::SpawnReport;
using sysfd::SpawnStep;
using sysfd::Stdio;
using sysfd::WindowSize;
using sysfd::operator<<;
using sysfd::operator|;
using sysfd::reserve_spawn_slots;
using sysfd::set_window_size;
using sysfd::spawn_all;
using sysfd::sweep_trees;
using sysfd::to_string;
}  // namespace sysfd
