// SPDX-License-Identifier: MIT
//! Starting programs.

mod attributes;
mod child;
mod command;
mod contain;
mod error;
mod output;
mod pending;
mod pipeline;
mod prepared;

pub use attributes::{
    Identity, IoPriority, NamespaceJoin, Namespaces, ResourceLimit, Resources, Scheduler, Session,
    Signals,
};
pub use child::{Child, DropPolicy, SpawnReport};
pub use command::{
    reserve_spawn_slots, spawn_all, Command, Confirmation, DirectoryChange, ProgramSearch, Stdio,
};
pub use contain::{Containment, ContainmentKind, EndReason, Ending, Reach};
pub use error::{SpawnError, Step};
pub use output::{Output, OutputOptions, Sink, Stream, Until};
pub use pending::{PendingChild, Progress};
pub use pipeline::Pipeline;
pub use prepared::{PreparedCommand, SpawnChanges};
pub use sysfd_sys::sysfd_bpf_instruction as BpfInstruction;
pub use sysfd_sys::sysfd_id_range as IdRange;
