// SPDX-License-Identifier: MIT
//! Passing descriptors over sockets of `AF_UNIX`.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr::{addr_of, null, null_mut};

use crate::raw::{check, check_fd, check_size, check_unit, if_any, sys, Object};
use crate::{PidFd, Timeout};

/// How many descriptors one message can have.
pub const MAX_FDS_IN_MESSAGE: usize = sys::SYSFD_MAX_FDS_IN_MESSAGE;

/// `sendmsg(2)` with `SCM_RIGHTS`: sends duplicates of the descriptors with the first byte of the
/// payload. Returns how many bytes were sent. Blocks as the socket does.
pub fn send_fds(socket: impl AsFd, fds: &[BorrowedFd<'_>], payload: &[u8]) -> io::Result<usize> {
    let (fds, count) = (fds.as_ptr().cast::<c_int>(), fds.len()); // as a BorrowedFd is an int
    let (data, size) = (payload.as_ptr().cast(), payload.len());
    // SAFETY: both have their sizes.
    check_size(unsafe { sys::sysfd_send_fds(socket.as_fd().as_raw_fd(), fds, count, data, size) })
}

/// The same, and waits up to `timeout`, whatever the mode of the socket is.
pub fn send_fds_timeout<'a>(
    socket: impl AsFd,
    fds: &[BorrowedFd<'_>],
    payload: &[u8],
    timeout: impl Into<Timeout<'a>>,
) -> io::Result<usize> {
    let (fds, count) = (fds.as_ptr().cast::<c_int>(), fds.len());
    let (data, size) = (payload.as_ptr().cast(), payload.len());
    let (socket, timeout) = (socket.as_fd().as_raw_fd(), timeout.into().raw());
    // SAFETY: both have their sizes.
    check_size(unsafe { sys::sysfd_send_fds_for(socket, fds, count, data, size, &timeout) })
}

/// How to receive a message.
#[derive(Clone, Copy, Debug)]
pub struct ReceiveOptions<'a> {
    /// `MSG_DONTWAIT`.
    pub nowait: bool,
    /// Keeps descriptors that are not delivered until the message is dropped.
    pub keep_unwanted: bool,
    /// How many descriptors to accept.
    pub max_fds: u32,
    /// How long to wait; `None`: as the socket does.
    pub timeout: Option<Timeout<'a>>,
}

impl Default for ReceiveOptions<'_> {
    fn default() -> Self {
        Self {
            nowait: false,
            keep_unwanted: false,
            max_fds: MAX_FDS_IN_MESSAGE as u32,
            timeout: None,
        }
    }
}

/// Who has sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The process number.
    pub pid: i32,
    /// The user.
    pub user: u32,
    /// The group.
    pub group: u32,
}

/// A received message.
#[derive(Debug)]
pub struct Message {
    /// How many bytes of the payload were written to the buffer.
    pub size: usize,
    /// The descriptors.
    pub fds: Vec<OwnedFd>,
    /// Why descriptors that were sent are not delivered.
    pub fds_error: Option<io::Error>,
    /// See [`pass_credentials`].
    pub credentials: Option<Credentials>,
    /// See [`pass_pidfd`]. `ENODATA`: there is none.
    pub pidfd: io::Result<PidFd>,
    _unwanted: Object<sys::sysfd_message>,
}

// SAFETY: the object belongs to no thread.
unsafe impl Send for Message {}

/// `recvmsg(2)`: receives a message.
pub fn receive_fds(
    socket: impl AsFd,
    payload: &mut [u8],
    options: &ReceiveOptions<'_>,
) -> io::Result<Message> {
    let timeout = options.timeout.as_ref().map(Timeout::raw);
    let mut flags = 0;
    if options.nowait {
        flags |= sys::SYSFD_RECEIVE_NOWAIT;
    }
    if options.keep_unwanted {
        flags |= sys::SYSFD_RECEIVE_KEEP_UNWANTED;
    }
    let raw = sys::sysfd_receive_options {
        flags,
        max_fds: options.max_fds,
        timeout: timeout.as_ref().map_or(null(), |it| addr_of!(*it)),
        ..sys::sysfd_receive_options::INIT
    };
    let (data, size) = (payload.as_mut_ptr().cast(), payload.len());
    let mut pointer = null_mut();
    // SAFETY: the buffer has this size.
    let size = check_size(unsafe {
        sys::sysfd_receive_fds(socket.as_fd().as_raw_fd(), data, size, &raw, &mut pointer)
    })?;
    // SAFETY: it was written, since that succeeded.
    let message = unsafe { Object::adopt(pointer, sys::sysfd_message_free) };
    // SAFETY: the object lives, and the caller gets its descriptors.
    unsafe {
        let count = check_size(sys::sysfd_message_fd_count(pointer))?;
        let fds = (0..count).map(|index| check_fd(sys::sysfd_message_fd_release(pointer, index)));
        Ok(Message {
            size,
            fds: fds.collect::<io::Result<_>>()?,
            fds_error: check(sys::sysfd_message_fds_error(pointer)).err(),
            credentials: credentials(pointer)?,
            pidfd: check_fd(sys::sysfd_message_pidfd_release(pointer)).map(PidFd::of),
            _unwanted: message,
        })
    }
}

unsafe fn credentials(message: *const sys::sysfd_message) -> io::Result<Option<Credentials>> {
    let (mut pid, mut user, mut group) = (0, 0, 0);
    // SAFETY: writes the three.
    let code = unsafe { sys::sysfd_message_credentials(message, &mut pid, &mut user, &mut group) };
    Ok(if_any(check(code))?.map(|_| Credentials { pid, user, group }))
}

/// `SO_PASSCRED`: messages tell the credentials of their senders.
pub fn pass_credentials(socket: impl AsFd, on: bool) -> io::Result<()> {
    // SAFETY: borrowed for the call.
    check_unit(unsafe { sys::sysfd_pass_credentials(socket.as_fd().as_raw_fd(), on.into()) })
}

/// `SO_PASSPIDFD`: messages have pidfds of their senders.
pub fn pass_pidfd(socket: impl AsFd, on: bool) -> io::Result<()> {
    // SAFETY: borrowed for the call.
    check_unit(unsafe { sys::sysfd_pass_pidfd(socket.as_fd().as_raw_fd(), on.into()) })
}

/// `SO_PASSRIGHTS`: whether the socket accepts descriptors.
pub fn pass_fds(socket: impl AsFd, on: bool) -> io::Result<()> {
    // SAFETY: borrowed for the call.
    check_unit(unsafe { sys::sysfd_pass_fds(socket.as_fd().as_raw_fd(), on.into()) })
}
