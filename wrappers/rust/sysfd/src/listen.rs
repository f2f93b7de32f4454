// SPDX-License-Identifier: MIT
//! Socket activation: the descriptors that a service manager has opened for this process.

use std::ffi::{c_char, c_int, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};

use crate::raw::{
    borrowed, c_string, check, check_bool, check_size, detailed_error, error_text, sys, text,
    Object, EINVAL, ENOENT,
};

/// A condition on a descriptor. The default is any.
#[derive(Clone, Debug, Default)]
pub struct FdType {
    kind: c_int, // SYSFD_FD_ANY is 0
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
enum Condition {
    Inet(i32),
    Inet6(i32),
    Ip(i32),
    UnixPath(PathBuf),
    UnixAbstract(Vec<u8>),
    At(PathBuf),
}

macro_rules! fd_types {
    ($($(#[$doc:meta])* $name:ident = $value:ident,)*) => {
        $($(#[$doc])*
        pub fn $name() -> Self {
            Self { kind: sys::$value, conditions: Vec::new() }
        })*
    };
}

impl FdType {
    fd_types! {
        /// Any descriptor.
        any = SYSFD_FD_ANY,
        /// Any socket.
        socket = SYSFD_FD_SOCKET,
        /// A socket that accepts connections.
        stream_listener = SYSFD_FD_STREAM_LISTENER,
        /// A connection.
        stream = SYSFD_FD_STREAM,
        /// A socket of `SOCK_SEQPACKET` that accepts connections.
        seqpacket_listener = SYSFD_FD_SEQPACKET_LISTENER,
        /// A connection of `SOCK_SEQPACKET`.
        seqpacket = SYSFD_FD_SEQPACKET,
        /// A socket of `SOCK_DGRAM`.
        datagram = SYSFD_FD_DATAGRAM,
        /// A pipe or FIFO.
        fifo = SYSFD_FD_FIFO,
        /// A device, or a file of a pseudo file system.
        special_file = SYSFD_FD_SPECIAL_FILE,
        /// A POSIX message queue.
        message_queue = SYSFD_FD_MESSAGE_QUEUE,
    }

    fn with(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Of IPv4, and this port.
    pub fn inet(self, port: Option<u16>) -> Self {
        self.with(Condition::Inet(port_or_any(port)))
    }

    /// Of IPv6, and this port.
    pub fn inet6(self, port: Option<u16>) -> Self {
        self.with(Condition::Inet6(port_or_any(port)))
    }

    /// Of IPv4 or IPv6, and this port.
    pub fn ip(self, port: Option<u16>) -> Self {
        self.with(Condition::Ip(port_or_any(port)))
    }

    /// Of `AF_UNIX`, bound to this path.
    pub fn unix_path(self, path: impl Into<PathBuf>) -> Self {
        self.with(Condition::UnixPath(path.into()))
    }

    /// Of `AF_UNIX`, bound to this abstract name, without the NUL at its beginning.
    pub fn unix_abstract(self, name: impl Into<Vec<u8>>) -> Self {
        self.with(Condition::UnixAbstract(name.into()))
    }

    /// The file at this path.
    pub fn at(self, path: impl Into<PathBuf>) -> Self {
        self.with(Condition::At(path.into()))
    }

    /// Whether the descriptor is of this type.
    pub fn matches(&self, fd: impl AsFd) -> io::Result<bool> {
        let object = self.object()?;
        // SAFETY: borrowed for the call.
        check_bool(unsafe { sys::sysfd_fd_type_matches(object.get(), fd.as_fd().as_raw_fd()) })
    }

    /// The condition in words.
    pub fn describe(&self) -> io::Result<String> {
        let object = self.object()?;
        // SAFETY: the buffer has this size.
        text(|buffer, size| unsafe { sys::sysfd_fd_type_describe(object.get(), buffer, size) })
    }

    fn object(&self) -> io::Result<Object<sys::sysfd_fd_type>> {
        // SAFETY: writes an object.
        let object = Object::make(sys::sysfd_fd_type_free, |out| unsafe {
            sys::sysfd_fd_type_new(self.kind, out)
        })?;
        let of = object.get();
        let path = |path: &Path| c_string(path);
        for condition in &self.conditions {
            // SAFETY: all are used for the call only.
            check(unsafe {
                match condition {
                    Condition::Inet(port) => sys::sysfd_fd_type_inet(of, *port),
                    Condition::Inet6(port) => sys::sysfd_fd_type_inet6(of, *port),
                    Condition::Ip(port) => sys::sysfd_fd_type_ip(of, *port),
                    Condition::UnixPath(at) => sys::sysfd_fd_type_unix_path(of, path(at)?.as_ptr()),
                    Condition::UnixAbstract(name) => {
                        sys::sysfd_fd_type_unix_abstract(of, name.as_ptr().cast(), name.len())
                    }
                    Condition::At(at) => sys::sysfd_fd_type_at(of, path(at)?.as_ptr()),
                }
            })?;
        }
        Ok(object)
    }
}

fn port_or_any(port: Option<u16>) -> i32 {
    port.map_or(sys::SYSFD_ANY_PORT, i32::from)
}

macro_rules! is_type {
    ($($(#[$doc:meta])* $name:ident = $function:ident,)*) => {
        $($(#[$doc])*
        pub fn $name(fd: impl AsFd) -> io::Result<bool> {
            // SAFETY: borrowed for the call.
            check_bool(unsafe { sys::$function(fd.as_fd().as_raw_fd()) })
        })*
    };
}
is_type! {
    /// As [`FdType::socket`].
    is_socket = sysfd_is_socket,
    /// As [`FdType::stream_listener`].
    is_listening_stream = sysfd_is_listening_stream,
    /// As [`FdType::datagram`].
    is_datagram = sysfd_is_datagram,
    /// As [`FdType::fifo`].
    is_fifo = sysfd_is_fifo,
    /// As [`FdType::special_file`].
    is_special_file = sysfd_is_special_file,
    /// As [`FdType::message_queue`].
    is_message_queue = sysfd_is_message_queue,
}

/// Why there is no descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenErrorKind {
    /// The process was not activated: it may open its sockets itself.
    NotActivated,
    /// The variables are for another process.
    OtherProcess,
    /// The variables are not as a service manager sets them.
    Malformed,
    /// This process has taken them already.
    AlreadyTaken,
    /// They could not be taken.
    Unavailable,
    /// There is none with this name.
    NotFound,
    /// There are several with this name.
    Ambiguous,
    /// It is not of this type.
    WrongType,
}

/// Why there is no descriptor, with a sentence.
#[derive(Clone, Debug)]
pub struct ListenError {
    errno: c_int,
    text: String,
    kind: ListenErrorKind,
}
detailed_error!(ListenError);

impl ListenError {
    /// The kind.
    pub fn kind(&self) -> ListenErrorKind {
        self.kind
    }

    fn from_raw(code: c_int, raw: &sys::sysfd_error) -> Self {
        use ListenErrorKind::*;
        let is_told = raw.code != 0; // else it lacks memory
        Self {
            errno: -code,
            text: error_text(&raw.text, -code),
            kind: match raw.kind {
                sys::SYSFD_LISTEN_NOT_ACTIVATED if is_told => NotActivated,
                sys::SYSFD_LISTEN_OTHER_PROCESS => OtherProcess,
                sys::SYSFD_LISTEN_MALFORMED => Malformed,
                sys::SYSFD_LISTEN_ALREADY_TAKEN => AlreadyTaken,
                sys::SYSFD_LISTEN_NOT_FOUND => NotFound,
                sys::SYSFD_LISTEN_AMBIGUOUS => Ambiguous,
                sys::SYSFD_LISTEN_WRONG_TYPE => WrongType,
                _ => Unavailable,
            },
        }
    }
}

/// Of what is found to be wrong here.
impl From<io::Error> for ListenError {
    fn from(error: io::Error) -> Self {
        Self {
            errno: error.raw_os_error().unwrap_or(EINVAL),
            text: error.to_string(),
            kind: ListenErrorKind::Unavailable,
        }
    }
}

fn call(call: impl FnOnce(*mut sys::sysfd_error) -> c_int) -> Result<c_int, ListenError> {
    let mut error = sys::sysfd_error::INIT;
    let code = call(&mut error);
    if code < 0 {
        return Err(ListenError::from_raw(code, &error));
    }
    Ok(code)
}

/// What to do with the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Removes `LISTEN_...` from it, also after an error.
    Unset,
    /// Keeps it.
    Keep,
}

/// The descriptors that a service manager has opened for this process, from 3 on. Owns those that
/// are not taken out. An index stays the same when others are taken out.
#[derive(Debug)]
pub struct ListenFds(Object<sys::sysfd_listen_fds>);

// SAFETY: the object belongs to no thread.
unsafe impl Send for ListenFds {}

impl ListenFds {
    /// Takes them, as the variables `LISTEN_...` of the environment tell. Nothing is owned or
    /// changed after an error.
    ///
    /// # Safety
    ///
    /// Nobody in this process owns the descriptors that the variables tell, and no other thread
    /// uses the environment. Both is so at the start of `main()`.
    pub unsafe fn take(environment: Environment) -> Result<Self, ListenError> {
        let flags = match environment {
            Environment::Unset => 0,
            Environment::Keep => sys::SYSFD_LISTEN_KEEP_ENVIRONMENT,
        };
        let mut pointer = null_mut();
        // SAFETY: the caller knows.
        call(|error| unsafe { sys::sysfd_listen_fds_take(flags, &mut pointer, error) })?;
        // SAFETY: it was written, since that succeeded.
        Ok(Self(unsafe { Object::adopt(pointer, sys::sysfd_listen_fds_free) }))
    }

    /// Takes them, as these variables tell: `NAME=value` each. The environment is not used.
    ///
    /// # Safety
    ///
    /// Nobody in this process owns the descriptors that the variables tell.
    pub unsafe fn take_from<S: AsRef<OsStr>>(
        variables: impl IntoIterator<Item = S>,
    ) -> Result<Self, ListenError> {
        let variables: Vec<CString> =
            variables.into_iter().map(c_string).collect::<io::Result<_>>()?;
        let mut pointers: Vec<*const c_char> = variables.iter().map(|it| it.as_ptr()).collect();
        pointers.push(null());
        let mut pointer = null_mut();
        // SAFETY: the caller knows.
        call(|error| unsafe {
            sys::sysfd_listen_fds_take_from(pointers.as_ptr(), &mut pointer, error)
        })?;
        // SAFETY: it was written, since that succeeded.
        Ok(Self(unsafe { Object::adopt(pointer, sys::sysfd_listen_fds_free) }))
    }

    pub(crate) fn raw(&self) -> *mut sys::sysfd_listen_fds {
        self.0.get()
    }

    /// How many there are, including those that were taken out.
    pub fn len(&self) -> usize {
        // SAFETY: only asks.
        let count = check_size(unsafe { sys::sysfd_listen_fds_count(self.0.get()) });
        count.expect("the object is valid")
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the descriptor is there, and was not taken out.
    pub fn has(&self, index: usize) -> bool {
        // SAFETY: only asks.
        unsafe { sys::sysfd_listen_fds_has(self.0.get(), index) == 1 }
    }

    /// The name that the service manager has passed, or `unknown`.
    pub fn name(&self, index: usize) -> Option<String> {
        // SAFETY: the buffer has this size.
        text(|buffer, size| unsafe {
            sys::sysfd_listen_fds_name(self.0.get(), index, buffer, size)
        })
        .ok()
    }

    /// The descriptor, if it is there, and was not taken out.
    pub fn get(&self, index: usize) -> Option<BorrowedFd<'_>> {
        // SAFETY: this owns it.
        unsafe { borrowed(sys::sysfd_listen_fds_borrow(self.0.get(), index)) }
    }

    /// All that were not taken out, with their indices and names.
    pub fn iter(&self) -> impl Iterator<Item = (usize, String, BorrowedFd<'_>)> {
        (0..self.len()).filter_map(|index| Some((index, self.name(index)?, self.get(index)?)))
    }

    /// Takes the descriptor out, if it is of this type.
    pub fn take_at(&mut self, index: usize, fd_type: &FdType) -> Result<OwnedFd, ListenError> {
        if !self.has(index) {
            return Err(ListenError {
                errno: ENOENT,
                text: format!("there is no descriptor with index {index}, or no longer"),
                kind: ListenErrorKind::NotFound,
            });
        }
        let object = fd_type.object()?;
        // SAFETY: nobody else uses the object.
        let fd = call(|error| unsafe {
            sys::sysfd_listen_fds_release(self.0.get(), index, object.get(), error)
        })?;
        // SAFETY: it belongs to the caller.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// Borrows the only descriptor with this name, if it is of this type.
    pub fn get_one(&self, name: &str, fd_type: &FdType) -> Result<BorrowedFd<'_>, ListenError> {
        let (name, object) = (c_string(name)?, fd_type.object()?);
        // SAFETY: only asks.
        let fd = call(|error| unsafe {
            sys::sysfd_listen_fds_borrow_one(self.0.get(), name.as_ptr(), object.get(), error)
        })?;
        // SAFETY: this owns it.
        Ok(unsafe { BorrowedFd::borrow_raw(fd) })
    }

    /// Takes out the only descriptor with this name, if it is of this type.
    pub fn take_one(&mut self, name: &str, fd_type: &FdType) -> Result<OwnedFd, ListenError> {
        let (name, object) = (c_string(name)?, fd_type.object()?);
        // SAFETY: nobody else uses the object.
        let fd = call(|error| unsafe {
            sys::sysfd_listen_fds_release_one(self.0.get(), name.as_ptr(), object.get(), error)
        })?;
        // SAFETY: it belongs to the caller.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// Takes out all descriptors with this name, if all are of this type. There may be none.
    pub fn take_all(&mut self, name: &str, fd_type: &FdType) -> Result<Vec<OwnedFd>, ListenError> {
        let mut fds = vec![-1; self.len()];
        let (name, object) = (c_string(name)?, fd_type.object()?);
        let (out, capacity) = (fds.as_mut_ptr(), fds.len());
        // SAFETY: nobody else uses the object, and there is room for all.
        let count = call(|error| unsafe {
            let (given, name, fd_type) = (self.0.get(), name.as_ptr(), object.get());
            sys::sysfd_listen_fds_release_all(given, name, fd_type, capacity, out, error)
        })?;
        fds.truncate(count as usize);
        // SAFETY: they belong to the caller.
        Ok(fds.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }).collect())
    }

    /// The indices of those with this name that were not taken out.
    pub fn indices_of(&self, name: &str) -> io::Result<Vec<usize>> {
        let name = c_string(name)?;
        let mut indices = vec![0; self.len()];
        let (out, capacity) = (indices.as_mut_ptr(), indices.len());
        // SAFETY: there is room for all.
        let count = check(unsafe {
            sys::sysfd_listen_fds_indices_of(self.0.get(), name.as_ptr(), capacity, out)
        })?;
        indices.truncate(count as usize);
        Ok(indices)
    }
}
