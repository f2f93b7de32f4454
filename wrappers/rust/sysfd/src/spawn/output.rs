// SPDX-License-Identifier: MIT

use std::ffi::c_int;
use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::ptr::addr_of;
use std::slice;
use std::time::Duration;

use super::contain::Ending;
use crate::pidfd::status;
use crate::raw::{check, if_any, sys, text, Object};
use crate::Timeout;

/// When the collection is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// The child has ended. What others write to its streams later is lost.
    #[default]
    ChildEnds,
    /// No process has its streams open, and it has ended.
    PipesClose,
}

/// How to collect what a program writes.
#[derive(Clone, Copy, Debug)]
pub struct OutputOptions<'a> {
    /// For the child's stdin.
    pub input: &'a [u8],
    /// How many bytes of each stream to keep.
    pub max_size: u64,
    /// How long to wait.
    pub timeout: Timeout<'a>,
    /// When it is over.
    pub until: Until,
    /// How long the child has after `SIGTERM`, at the timeout, before it is killed.
    pub grace: Duration,
}

impl Default for OutputOptions<'_> {
    fn default() -> Self {
        Self {
            input: &[],
            max_size: sys::SYSFD_UNLIMITED,
            timeout: Timeout::FOREVER,
            until: Until::ChildEnds,
            grace: Duration::ZERO,
        }
    }
}

impl OutputOptions<'_> {
    /// Calls `call` with what the C interface needs.
    pub(super) fn with<T>(&self, call: impl FnOnce(*const sys::sysfd_output_options) -> T) -> T {
        let timeout = self.timeout.raw();
        let grace = Timeout::from(self.grace).raw();
        call(&sys::sysfd_output_options {
            input: self.input.as_ptr().cast(),
            input_size: self.input.len(),
            max_size: self.max_size,
            timeout: addr_of!(timeout),
            grace: addr_of!(grace),
            until: match self.until {
                Until::ChildEnds => sys::SYSFD_UNTIL_CHILD_ENDS,
                Until::PipesClose => sys::SYSFD_UNTIL_PIPES_CLOSE,
            },
            ..sys::sysfd_output_options::INIT
        })
    }
}

/// How a program or a pipeline ended, and what it wrote. Its text is a sentence.
#[derive(Debug)]
pub struct Output {
    object: Object<sys::sysfd_output>,
    info: sys::sysfd_output_info,
}

// SAFETY: the object belongs to no thread.
unsafe impl Send for Output {}

impl Output {
    /// Adopts an object that the caller owns. It is not null.
    pub(super) unsafe fn adopt(pointer: *mut sys::sysfd_output) -> Self {
        // SAFETY: the caller knows.
        let object = unsafe { Object::adopt(pointer, sys::sysfd_output_free) };
        let mut info = sys::sysfd_output_info::INIT;
        // SAFETY: writes to the struct.
        check(unsafe { sys::sysfd_output_get(pointer, &mut info) }).expect("the object is valid");
        Self { object, info }
    }

    /// How it ended; of a pipeline, the first stage that failed.
    pub fn status(&self) -> io::Result<ExitStatus> {
        check(-self.info.status_code)?;
        Ok(ExitStatus::from_raw(self.info.status))
    }

    /// It ended with exit code 0, and in time.
    pub fn success(&self) -> bool {
        self.has(sys::SYSFD_OUTPUT_SUCCESS)
    }

    /// What it wrote to its stdout.
    pub fn stdout(&self) -> &[u8] {
        // SAFETY: they live as long as the object.
        unsafe { bytes(self.info.out.cast(), self.info.out_size) }
    }

    /// What it wrote to its stderr.
    pub fn stderr(&self) -> &[u8] {
        // SAFETY: they live as long as the object.
        unsafe { bytes(self.info.err.cast(), self.info.err_size) }
    }

    /// It wrote more to its stdout than was kept.
    pub fn stdout_cut(&self) -> bool {
        self.has(sys::SYSFD_OUTPUT_OUT_CUT)
    }

    /// It wrote more to its stderr than was kept.
    pub fn stderr_cut(&self) -> bool {
        self.has(sys::SYSFD_OUTPUT_ERR_CUT)
    }

    /// What was written to a new terminal.
    pub fn terminal(&self) -> &[u8] {
        // SAFETY: they live as long as the object.
        unsafe { bytes(self.info.terminal.cast(), self.info.terminal_size) }
    }

    /// More was written to the terminal than was kept.
    pub fn terminal_cut(&self) -> bool {
        self.has(sys::SYSFD_OUTPUT_TERMINAL_CUT)
    }

    /// Why it has ended. `None`: it is of a pipeline.
    pub fn ending(&self) -> Option<Ending> {
        // SAFETY: writes to the struct.
        if_any(Ending::read(|out| unsafe { sys::sysfd_output_ending(self.object.get(), out) }))
            .expect("the object is valid")
    }

    /// The timeout came.
    pub fn timed_out(&self) -> bool {
        self.has(sys::SYSFD_OUTPUT_TIMED_OUT)
    }

    /// The wait was canceled.
    pub fn canceled(&self) -> bool {
        self.has(sys::SYSFD_OUTPUT_CANCELED)
    }

    /// Why it could not be killed.
    pub fn kill_error(&self) -> Option<io::Error> {
        check(-self.info.kill_code).err()
    }

    /// How many bytes of the input it took.
    pub fn input_taken(&self) -> u64 {
        self.info.input_taken
    }

    /// How many stages there are: 1, or those of the pipeline.
    pub fn stages(&self) -> usize {
        self.info.stages as usize
    }

    /// How one stage ended.
    pub fn stage(&self, stage: usize) -> io::Result<ExitStatus> {
        // SAFETY: writes the status.
        status(|out| unsafe { sys::sysfd_output_stage(self.object.get(), stage, out) })
    }

    fn has(&self, flag: u32) -> bool {
        self.info.flags & flag != 0
    }
}

unsafe fn bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if size == 0 {
        return &[];
    }
    // SAFETY: the caller knows.
    unsafe { slice::from_raw_parts(data, size) }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let describe = |buffer, size| -> c_int {
            // SAFETY: the buffer has this size.
            unsafe { sys::sysfd_output_describe(self.object.get(), buffer, size) }
        };
        f.write_str(&text(describe).map_err(|_| fmt::Error)?)
    }
}
