// SPDX-License-Identifier: MIT

use std::ffi::{c_int, OsStr};
use std::fmt;

use crate::raw::{detailed_error, error_text, has_nul, sys, text, EINVAL};

/// The step of a start that failed. Its text is its name: `working_directory`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step(c_int);

macro_rules! steps {
    ($($name:ident = $value:ident,)*) => {
        impl Step {
            $(#[doc = concat!("`", stringify!($value), "` of the header.")]
            pub const $name: Self = Self(sys::$value);)*
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}
steps! {
    PROGRAM = SYSFD_STEP_PROGRAM,
    ARGUMENT = SYSFD_STEP_ARGUMENT,
    ENVIRONMENT = SYSFD_STEP_ENVIRONMENT,
    STANDARD_STREAM = SYSFD_STEP_STANDARD_STREAM,
    DESCRIPTOR = SYSFD_STEP_DESCRIPTOR,
    LISTEN_FDS = SYSFD_STEP_LISTEN_FDS,
    TERMINAL = SYSFD_STEP_TERMINAL,
    CGROUP = SYSFD_STEP_CGROUP,
    NAMESPACES = SYSFD_STEP_NAMESPACES,
    CLONE = SYSFD_STEP_CLONE,
    START = SYSFD_STEP_START,
    TABLE = SYSFD_STEP_TABLE,
    SIGNALS = SYSFD_STEP_SIGNALS,
    SESSION = SYSFD_STEP_SESSION,
    PROCESS_GROUP = SYSFD_STEP_PROCESS_GROUP,
    CONTROLLING_TERMINAL = SYSFD_STEP_CONTROLLING_TERMINAL,
    FOREGROUND_GROUP = SYSFD_STEP_FOREGROUND_GROUP,
    USER_MAP = SYSFD_STEP_USER_MAP,
    GROUP_MAP = SYSFD_STEP_GROUP_MAP,
    DUMPABLE = SYSFD_STEP_DUMPABLE,
    JOIN_NAMESPACE = SYSFD_STEP_JOIN_NAMESPACE,
    MOUNTS = SYSFD_STEP_MOUNTS,
    HOST_NAME = SYSFD_STEP_HOST_NAME,
    LIMIT = SYSFD_STEP_LIMIT,
    UMASK = SYSFD_STEP_UMASK,
    NICE = SYSFD_STEP_NICE,
    SCHEDULER = SYSFD_STEP_SCHEDULER,
    PROCESSORS = SYSFD_STEP_PROCESSORS,
    IO_PRIORITY = SYSFD_STEP_IO_PRIORITY,
    OOM_SCORE_ADJUST = SYSFD_STEP_OOM_SCORE_ADJUST,
    TIMER_SLACK = SYSFD_STEP_TIMER_SLACK,
    ROOT_DIRECTORY = SYSFD_STEP_ROOT_DIRECTORY,
    WORKING_DIRECTORY = SYSFD_STEP_WORKING_DIRECTORY,
    BOUNDING_SET = SYSFD_STEP_BOUNDING_SET,
    GROUPS = SYSFD_STEP_GROUPS,
    GROUP = SYSFD_STEP_GROUP,
    USER = SYSFD_STEP_USER,
    CAPABILITIES = SYSFD_STEP_CAPABILITIES,
    AMBIENT_SET = SYSFD_STEP_AMBIENT_SET,
    SECUREBITS = SYSFD_STEP_SECUREBITS,
    PARENT_DEATH = SYSFD_STEP_PARENT_DEATH,
    NO_NEW_PRIVILEGES = SYSFD_STEP_NO_NEW_PRIVILEGES,
    SECCOMP = SYSFD_STEP_SECCOMP,
    EXEC = SYSFD_STEP_EXEC,
    WAIT = SYSFD_STEP_WAIT,
    CONFIRMATION = SYSFD_STEP_CONFIRMATION,
    LANDLOCK = SYSFD_STEP_LANDLOCK,
    CONTAINMENT = SYSFD_STEP_CONTAINMENT,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the buffer has this size.
        let name = text(|buffer, size| unsafe { sys::sysfd_spawn_step_name(self.0, buffer, size) });
        f.write_str(&name.map_err(|_| fmt::Error)?)
    }
}

/// Why a program could not be started. Its text is a sentence.
#[derive(Clone, Debug)]
pub struct SpawnError {
    errno: c_int,
    text: String,
    step: Step,
    index: Option<usize>,
    stage: Option<usize>,
}
detailed_error!(SpawnError);

impl SpawnError {
    /// The step that failed.
    pub fn step(&self) -> Step {
        self.step
    }

    /// Which argument of that step, from 0.
    pub fn index(&self) -> Option<usize> {
        self.index
    }

    /// Which stage of a pipeline, from 0.
    pub fn stage(&self) -> Option<usize> {
        self.stage
    }

    /// Of a string that C cannot take.
    pub(super) fn nul(step: Step, index: Option<usize>, value: &OsStr) -> Self {
        Self {
            errno: EINVAL,
            text: format!("{step}: {}", has_nul(value)),
            step,
            index,
            stage: None,
        }
    }

    pub(super) fn from_raw(code: c_int, raw: &sys::sysfd_spawn_error) -> Self {
        Self {
            errno: -code,
            text: error_text(&raw.text, -code),
            step: Step(raw.step),
            index: raw.index.try_into().ok(),
            stage: raw.stage.try_into().ok(),
        }
    }
}

/// Calls a function that starts something.
pub(super) fn start(
    call: impl FnOnce(*mut sys::sysfd_spawn_error) -> c_int,
) -> Result<c_int, SpawnError> {
    // What fails for lack of memory writes no error.
    let mut error =
        sys::sysfd_spawn_error { step: sys::SYSFD_STEP_START, ..sys::sysfd_spawn_error::INIT };
    let code = call(&mut error);
    if code < 0 {
        return Err(SpawnError::from_raw(code, &error));
    }
    Ok(code)
}
