// SPDX-License-Identifier: MIT

use std::any::Any;
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::process::ExitStatus;
use std::ptr::{addr_of, null_mut};
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

/// What a child writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Its stdout.
    Out,
    /// Its stderr.
    Err,
    /// Its terminal.
    Terminal,
}

/// Gets what is collected, while the child runs; `None` at the end of a stream.
#[derive(Clone, Copy)]
pub struct Sink<'a> {
    function: &'a (dyn Fn(Stream, Option<&[u8]>) + Sync),
    longest_line: u64,
}

impl<'a> Sink<'a> {
    /// It gets pieces, as they are read.
    ///
    /// If the function panics, it gets nothing more, and the panic goes on when the collection is
    /// over.
    pub fn pieces(function: &'a (dyn Fn(Stream, Option<&[u8]>) + Sync)) -> Self {
        Self { function, longest_line: 0 }
    }

    /// It gets lines without their newlines, in parts of at most `longest` bytes.
    pub fn lines(function: &'a (dyn Fn(Stream, Option<&[u8]>) + Sync), longest: usize) -> Self {
        Self { function, longest_line: longest.max(1) as u64 }
    }
}

impl fmt::Debug for Sink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("longest_line", &self.longest_line).finish_non_exhaustive()
    }
}

/// A sink that a function of C can call.
struct SinkCall<'a> {
    sink: Sink<'a>,
    panic: Cell<Option<Box<dyn Any + Send>>>,
    is_over: Cell<bool>,
}

/// # Safety
///
/// `data` is a `SinkCall`, and `bytes` is null or has this size.
unsafe extern "C" fn take(data: *mut c_void, stream: c_int, bytes: *const c_char, size: usize) {
    // SAFETY: the caller knows.
    let call = unsafe { &*data.cast_const().cast::<SinkCall<'_>>() };
    if call.is_over.get() {
        return;
    }
    let stream = match stream {
        sys::SYSFD_STREAM_OUT => Stream::Out,
        sys::SYSFD_STREAM_ERR => Stream::Err,
        _ => Stream::Terminal,
    };
    // SAFETY: the caller knows.
    let piece =
        (!bytes.is_null()).then(|| unsafe { slice::from_raw_parts(bytes.cast::<u8>(), size) });
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (call.sink.function)(stream, piece))) {
        call.is_over.set(true);
        call.panic.set(Some(panic));
    }
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
    /// Also gets what goes beyond `max_size`.
    pub sink: Option<Sink<'a>>,
}

impl Default for OutputOptions<'_> {
    fn default() -> Self {
        Self {
            input: &[],
            max_size: sys::SYSFD_UNLIMITED,
            timeout: Timeout::FOREVER,
            until: Until::ChildEnds,
            grace: Duration::ZERO,
            sink: None,
        }
    }
}

impl OutputOptions<'_> {
    /// Calls `call` with what the C interface needs.
    pub(super) fn with<T>(&self, call: impl FnOnce(*const sys::sysfd_output_options) -> T) -> T {
        let timeout = self.timeout.raw();
        let grace = Timeout::from(self.grace).raw();
        let sink = self.sink.map(|sink| SinkCall {
            sink,
            panic: Cell::new(None),
            is_over: Cell::new(false),
        });
        let result = call(&sys::sysfd_output_options {
            input: self.input.as_ptr().cast(),
            input_size: self.input.len(),
            max_size: self.max_size,
            timeout: addr_of!(timeout),
            grace: addr_of!(grace),
            until: match self.until {
                Until::ChildEnds => sys::SYSFD_UNTIL_CHILD_ENDS,
                Until::PipesClose => sys::SYSFD_UNTIL_PIPES_CLOSE,
            },
            sink: sink.as_ref().map(|_| take as sys::sysfd_output_sink),
            sink_data: sink.as_ref().map_or(null_mut(), |it| addr_of!(*it).cast_mut().cast()),
            longest_line: self.sink.map_or(0, |it| it.longest_line),
            ..sys::sysfd_output_options::INIT
        });
        if let Some(panic) = sink.and_then(|it| it.panic.take()) {
            resume_unwind(panic);
        }
        result
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
