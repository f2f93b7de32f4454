// SPDX-License-Identifier: MIT
//! Rulesets of Landlock, which take rights away.

use std::ffi::{c_int, OsStr};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr::null_mut;

use crate::raw::{c_string, check, detailed_error, error_text, sys, Object};

/// Rights to files: `SYSFD_FILE_...`.
pub mod file {
    pub use sysfd_sys::{
        SYSFD_FILE_EXECUTE as EXECUTE, SYSFD_FILE_IOCTL_DEV as IOCTL_DEV,
        SYSFD_FILE_MAKE_BLOCK as MAKE_BLOCK, SYSFD_FILE_MAKE_CHAR as MAKE_CHAR,
        SYSFD_FILE_MAKE_DIR as MAKE_DIR, SYSFD_FILE_MAKE_FIFO as MAKE_FIFO,
        SYSFD_FILE_MAKE_REG as MAKE_REG, SYSFD_FILE_MAKE_SOCK as MAKE_SOCK,
        SYSFD_FILE_MAKE_SYM as MAKE_SYM, SYSFD_FILE_READ as READ, SYSFD_FILE_READ_DIR as READ_DIR,
        SYSFD_FILE_READ_FILE as READ_FILE, SYSFD_FILE_READ_WRITE as READ_WRITE,
        SYSFD_FILE_REFER as REFER, SYSFD_FILE_REMOVE_DIR as REMOVE_DIR,
        SYSFD_FILE_REMOVE_FILE as REMOVE_FILE, SYSFD_FILE_RESOLVE_UNIX as RESOLVE_UNIX,
        SYSFD_FILE_RUN as RUN, SYSFD_FILE_TRUNCATE as TRUNCATE,
        SYSFD_FILE_WRITE_FILE as WRITE_FILE,
    };
}

/// Rights to ports: `SYSFD_PORT_...`.
pub mod port {
    pub use sysfd_sys::{
        SYSFD_PORT_BIND_TCP as BIND_TCP, SYSFD_PORT_BIND_UDP as BIND_UDP,
        SYSFD_PORT_CONNECT_SEND_UDP as CONNECT_SEND_UDP, SYSFD_PORT_CONNECT_TCP as CONNECT_TCP,
    };
}

/// What cannot be reached outside: `SYSFD_SCOPE_...`.
pub mod scope {
    pub use sysfd_sys::{
        SYSFD_SCOPE_ABSTRACT_UNIX_SOCKET as ABSTRACT_UNIX_SOCKET, SYSFD_SCOPE_SIGNAL as SIGNAL,
    };
}

/// A set of rights of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Of [`mod@file`].
    pub files: u64,
    /// Of [`port`].
    pub ports: u64,
    /// Of [`scope`].
    pub scopes: u64,
}

impl Rights {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn raw(&self) -> sys::sysfd_rights {
        sys::sysfd_rights {
            files: self.files,
            ports: self.ports,
            scopes: self.scopes,
            ..sys::sysfd_rights::INIT
        }
    }

    fn from_raw(raw: &sys::sysfd_rights) -> Self {
        Self { files: raw.files, ports: raw.ports, scopes: raw.scopes }
    }
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LandlockStep {
    /// The kernel has no Landlock.
    Support,
    /// A required right is not known, or the ruleset cannot be created.
    Create,
    /// A file that a rule is for cannot be opened.
    Open,
    /// A rule cannot be added.
    Rule,
    /// The thread cannot be restricted.
    Restrict,
    /// What the program needs cannot be found.
    Program,
}

/// Why something cannot be restricted. Its text is a sentence.
#[derive(Clone, Debug)]
pub struct LandlockError {
    errno: c_int,
    text: String,
    step: LandlockStep,
    missing: Rights,
}
detailed_error!(LandlockError);

impl LandlockError {
    /// What failed.
    pub fn step(&self) -> LandlockStep {
        self.step
    }

    /// The required rights that this kernel does not know.
    pub fn missing(&self) -> Rights {
        self.missing
    }
}

fn call(
    function: impl FnOnce(*mut sys::sysfd_landlock_error) -> c_int,
) -> Result<c_int, LandlockError> {
    let mut raw = sys::sysfd_landlock_error::INIT;
    let code = function(&mut raw);
    if code >= 0 {
        return Ok(code);
    }
    Err(LandlockError {
        errno: -code,
        text: error_text(&raw.text, -code),
        step: match raw.step {
            sys::SYSFD_LANDLOCK_CREATE => LandlockStep::Create,
            sys::SYSFD_LANDLOCK_OPEN => LandlockStep::Open,
            sys::SYSFD_LANDLOCK_RULE => LandlockStep::Rule,
            sys::SYSFD_LANDLOCK_RESTRICT => LandlockStep::Restrict,
            sys::SYSFD_LANDLOCK_PROGRAM => LandlockStep::Program,
            _ => LandlockStep::Support,
        },
        missing: Rights {
            files: raw.missing_files,
            ports: raw.missing_ports,
            scopes: raw.missing_scopes,
        },
    })
}

/// The ABI of Landlock in this kernel, and the rights that it knows.
pub fn landlock_support() -> Result<(i32, Rights), LandlockError> {
    let mut known = sys::sysfd_rights::INIT;
    // SAFETY: writes to the structs.
    let abi = call(|error| unsafe { sys::sysfd_landlock_support(&mut known, error) })?;
    Ok((abi, Rights::from_raw(&known)))
}

/// Takes rights away for ever: forbids what it handles, except what its rules allow. For
/// [`Command::landlock`](crate::Command::landlock).
#[derive(Debug)]
pub struct Ruleset {
    object: Object<sys::sysfd_ruleset>,
}

// SAFETY: the object belongs to no thread.
unsafe impl Send for Ruleset {}

impl Ruleset {
    /// Required rights that this kernel does not know are an error. The second value has those that
    /// are wanted and not known: they stay allowed.
    pub fn new(required: Rights, wanted: Rights) -> Result<(Self, Rights), LandlockError> {
        let (required, wanted) = (required.raw(), wanted.raw());
        // SAFETY: writes an object.
        Self::make(|out, missing, error| unsafe {
            sys::sysfd_ruleset_new(&required, &wanted, out, missing, error)
        })
    }

    /// With rules for what one program needs in order to start.
    pub fn for_program(
        path: impl AsRef<OsStr>,
        required: Rights,
    ) -> Result<(Self, Rights), LandlockError> {
        let (path, required) = (path_of(path)?, required.raw());
        // SAFETY: writes an object.
        Self::make(|out, missing, error| unsafe {
            sys::sysfd_ruleset_for_program(path.as_ptr(), &required, out, missing, error)
        })
    }

    fn make(
        function: impl FnOnce(
            *mut *mut sys::sysfd_ruleset,
            *mut sys::sysfd_rights,
            *mut sys::sysfd_landlock_error,
        ) -> c_int,
    ) -> Result<(Self, Rights), LandlockError> {
        let (mut pointer, mut missing) = (null_mut(), sys::sysfd_rights::INIT);
        call(|error| function(&mut pointer, &mut missing, error))?;
        // SAFETY: it was written, since that succeeded.
        let object = unsafe { Object::adopt(pointer, sys::sysfd_ruleset_free) };
        Ok((Self { object }, Rights::from_raw(&missing)))
    }

    /// A rule for an open file, or a directory and all below it.
    pub fn allow(&mut self, file: impl AsFd, rights: u64) -> Result<(), LandlockError> {
        let fd = file.as_fd().as_raw_fd();
        // SAFETY: borrowed for the call.
        call(|error| unsafe { sys::sysfd_ruleset_allow(self.object.get(), fd, rights, error) })?;
        Ok(())
    }

    /// The same, of a path.
    pub fn allow_path(
        &mut self,
        path: impl AsRef<OsStr>,
        rights: u64,
    ) -> Result<(), LandlockError> {
        let path = path_of(path)?;
        // SAFETY: used for the call only.
        call(|error| unsafe {
            sys::sysfd_ruleset_allow_path(self.object.get(), path.as_ptr(), rights, error)
        })?;
        Ok(())
    }

    /// A rule for a port.
    pub fn allow_port(&mut self, port: u16, rights: u64) -> Result<(), LandlockError> {
        // SAFETY: only numbers.
        call(|error| unsafe {
            sys::sysfd_ruleset_allow_port(self.object.get(), port, rights, error)
        })?;
        Ok(())
    }

    /// `landlock_restrict_self(2)`: restricts the calling thread, and what it starts. `flags` is a
    /// set of `SYSFD_RESTRICT_...`.
    pub fn restrict_self(&self, flags: u32) -> Result<(), LandlockError> {
        // SAFETY: only numbers.
        call(|error| unsafe { sys::sysfd_ruleset_restrict_self(self.object.get(), flags, error) })?;
        Ok(())
    }

    /// The rights that it handles.
    pub fn handled(&self) -> Rights {
        let mut handled = sys::sysfd_rights::INIT;
        // SAFETY: writes to the struct.
        check(unsafe { sys::sysfd_ruleset_handled(self.object.get(), &mut handled) })
            .expect("the object is valid");
        Rights::from_raw(&handled)
    }

    /// Those of the rights that it allows, and which rules decide that, as a text.
    pub fn explain(
        &self,
        path: impl AsRef<OsStr>,
        rights: u64,
    ) -> Result<(u64, String), LandlockError> {
        let path = path_of(path)?;
        let (mut allowed, mut buffer) = (0, vec![0u8; 16384]);
        // SAFETY: the buffer has this size.
        let length = call(|error| unsafe {
            let (to, size) = (buffer.as_mut_ptr().cast(), buffer.len());
            let ruleset = self.object.get();
            sys::sysfd_ruleset_explain(
                ruleset,
                path.as_ptr(),
                rights,
                &mut allowed,
                to,
                size,
                error,
            )
        })?;
        buffer.truncate(length as usize);
        Ok((allowed, String::from_utf8_lossy(&buffer).trim_end_matches('\0').to_owned()))
    }
}

/// The descriptor of the ruleset.
impl AsFd for Ruleset {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the object keeps it open.
        unsafe { BorrowedFd::borrow_raw(sys::sysfd_ruleset_fd_borrow(self.object.get())) }
    }
}

fn path_of(path: impl AsRef<OsStr>) -> Result<std::ffi::CString, LandlockError> {
    c_string(path).map_err(|error: io::Error| LandlockError {
        errno: crate::raw::EINVAL,
        text: error.to_string(),
        step: LandlockStep::Open,
        missing: Rights::default(),
    })
}
