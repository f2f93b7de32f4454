// SPDX-License-Identifier: MIT
//! Telling a service manager how this process is.

use std::ffi::{c_int, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::{addr_of, null};
use std::time::Duration;

use crate::raw::{
    c_string, check, check_bool, check_unit, detailed_error, error_text, if_any, sys, Object,
    EINVAL,
};
use crate::Timeout;

/// What to tell. The default tells nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notification<'a> {
    /// `READY=1`.
    pub ready: bool,
    /// `RELOADING=1`.
    pub reloading: bool,
    /// `STOPPING=1`.
    pub stopping: bool,
    /// `WATCHDOG=1`.
    pub watchdog: bool,
    /// `WATCHDOG=trigger`.
    pub watchdog_trigger: bool,
    /// `STATUS=`.
    pub status: Option<&'a str>,
    /// `ERRNO=`.
    pub error: Option<i32>,
    /// `EXIT_STATUS=`.
    pub exit_status: Option<i32>,
    /// `MAINPID=`: a pidfd.
    pub main_process: Option<BorrowedFd<'a>>,
    /// A pidfd of the process that the message is from.
    pub sender: Option<BorrowedFd<'a>>,
    /// `WATCHDOG_USEC=`.
    pub watchdog_interval: Option<Duration>,
    /// `EXTEND_TIMEOUT_USEC=`.
    pub extend_timeout: Option<Duration>,
    /// `FDSTORE=1`: descriptors to keep.
    pub store: &'a [BorrowedFd<'a>],
    /// `FDPOLL=0`: keeps them also when they are hung up.
    pub store_no_poll: bool,
    /// `FDNAME=`.
    pub store_name: Option<&'a str>,
    /// `FDSTOREREMOVE=1`, `FDNAME=`.
    pub remove_stored: Option<&'a str>,
    /// Other lines.
    pub more: Option<&'a str>,
    /// How long to wait; `None`: five seconds.
    pub timeout: Option<Timeout<'a>>,
}

/// Why nothing could be told, with a sentence.
#[derive(Clone, Debug)]
pub struct NotifyError {
    errno: c_int,
    text: String,
}
detailed_error!(NotifyError);

impl From<io::Error> for NotifyError {
    fn from(error: io::Error) -> Self {
        Self { errno: error.raw_os_error().unwrap_or(EINVAL), text: error.to_string() }
    }
}

impl Notification<'_> {
    /// Calls `send` with what the C interface needs.
    fn send(
        &self,
        send: impl FnOnce(*const sys::sysfd_notification, *mut sys::sysfd_error) -> c_int,
    ) -> Result<bool, NotifyError> {
        let string = |value: Option<&str>| value.map(c_string).transpose();
        let pointer = |value: &Option<CString>| value.as_ref().map_or(null(), |it| it.as_ptr());
        let (status, more) = (string(self.status)?, string(self.more)?);
        let (store_name, removed) = (string(self.store_name)?, string(self.remove_stored)?);
        let timeout = self.timeout.as_ref().map(Timeout::raw);
        let flags = [
            (self.ready, sys::SYSFD_NOTIFY_READY),
            (self.reloading, sys::SYSFD_NOTIFY_RELOADING),
            (self.stopping, sys::SYSFD_NOTIFY_STOPPING),
            (self.watchdog, sys::SYSFD_NOTIFY_WATCHDOG),
            (self.watchdog_trigger, sys::SYSFD_NOTIFY_WATCHDOG_TRIGGER),
            (self.store_no_poll, sys::SYSFD_NOTIFY_STORE_NO_POLL),
            (self.error.is_some(), sys::SYSFD_NOTIFY_ERROR),
            (self.exit_status.is_some(), sys::SYSFD_NOTIFY_EXIT_STATUS),
            (self.watchdog_interval.is_some(), sys::SYSFD_NOTIFY_WATCHDOG_INTERVAL),
            (self.extend_timeout.is_some(), sys::SYSFD_NOTIFY_EXTEND_TIMEOUT),
        ];
        let microseconds =
            |it: Option<Duration>| it.map_or(0, |it| it.as_micros().try_into().unwrap_or(u64::MAX));
        let raw = sys::sysfd_notification {
            flags: flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).sum(),
            status: pointer(&status),
            error: self.error.unwrap_or(0),
            exit_status: self.exit_status.unwrap_or(0),
            main_process: self.main_process.map_or(-1, |fd| fd.as_raw_fd()),
            sender: self.sender.map_or(-1, |fd| fd.as_raw_fd()),
            watchdog_interval_microseconds: microseconds(self.watchdog_interval),
            extend_timeout_microseconds: microseconds(self.extend_timeout),
            store: self.store.as_ptr().cast(), // as a BorrowedFd is an int
            store_count: self.store.len(),
            store_name: pointer(&store_name),
            remove_stored: pointer(&removed),
            more: pointer(&more),
            timeout: timeout.as_ref().map_or(null(), |it| addr_of!(*it)),
            ..sys::sysfd_notification::INIT
        };
        let mut error = sys::sysfd_error::INIT;
        let code = send(&raw, &mut error);
        if code < 0 {
            return Err(NotifyError { errno: -code, text: error_text(&error.text, -code) });
        }
        Ok(code != 0)
    }
}

/// `sendmsg(2)` to the socket that `NOTIFY_SOCKET` names. Returns whether there is a manager.
pub fn notify(notification: &Notification<'_>) -> Result<bool, NotifyError> {
    // SAFETY: all are used for the call only.
    notification.send(|raw, error| unsafe { sys::sysfd_notify(raw, error) })
}

/// The same, to this address.
pub fn notify_to(address: &str, notification: &Notification<'_>) -> Result<(), NotifyError> {
    let address = c_string(address)?;
    // SAFETY: all are used for the call only.
    notification
        .send(|raw, error| unsafe { sys::sysfd_notify_to(address.as_ptr(), raw, error) })
        .map(|_| ())
}

/// Waits until the manager has read all earlier messages. Returns whether there is a manager.
pub fn barrier<'a>(timeout: impl Into<Timeout<'a>>) -> io::Result<bool> {
    let timeout = timeout.into().raw();
    // SAFETY: it is used for the call only.
    check_bool(unsafe { sys::sysfd_notify_barrier(&timeout) })
}

/// The same, of the manager at this address.
pub fn barrier_to<'a>(address: &str, timeout: impl Into<Timeout<'a>>) -> io::Result<()> {
    let (address, timeout) = (c_string(address)?, timeout.into().raw());
    // SAFETY: both are used for the call only.
    check_unit(unsafe { sys::sysfd_notify_barrier_to(address.as_ptr(), &timeout) })
}

/// How often the manager wants to hear from this process, by the variables `WATCHDOG_USEC` and
/// `WATCHDOG_PID`. `None`: there is no watchdog.
pub fn watchdog_interval() -> io::Result<Option<Duration>> {
    // SAFETY: writes a number.
    interval(|out| unsafe { sys::sysfd_watchdog_interval(out) })
}

fn interval(call: impl FnOnce(*mut u64) -> c_int) -> io::Result<Option<Duration>> {
    let mut microseconds = 0;
    Ok(if_any(check(call(&mut microseconds)))?.map(|_| Duration::from_micros(microseconds)))
}

/// A connection to a manager.
#[derive(Debug)]
pub struct Notifier(Object<sys::sysfd_notifier>);

// SAFETY: the object belongs to no thread.
unsafe impl Send for Notifier {}
// SAFETY: the C interface says that it is thread-safe.
unsafe impl Sync for Notifier {}

impl Notifier {
    fn make(make: impl FnOnce(*mut *mut sys::sysfd_notifier) -> c_int) -> io::Result<Self> {
        Object::make(sys::sysfd_notifier_free, make).map(Self)
    }

    /// Connects to this address.
    pub fn connect(address: &str) -> io::Result<Self> {
        let address = c_string(address)?;
        // SAFETY: it is used for the call only.
        Self::make(|out| unsafe { sys::sysfd_notifier_connect(address.as_ptr(), out) })
    }

    /// Reads the environment once.
    pub fn from_environment() -> io::Result<Self> {
        // SAFETY: reads the environment.
        Self::make(|out| unsafe { sys::sysfd_notifier_from_environment(0, out) })
    }

    /// Reads the environment, and removes from it what it reads.
    ///
    /// # Safety
    ///
    /// No other thread uses the environment.
    pub unsafe fn take_environment() -> io::Result<Self> {
        // SAFETY: the caller knows.
        Self::make(|out| unsafe {
            sys::sysfd_notifier_from_environment(sys::SYSFD_NOTIFIER_UNSET_ENVIRONMENT, out)
        })
    }

    /// Whether there is a manager.
    pub fn has_manager(&self) -> bool {
        // SAFETY: only asks.
        unsafe { sys::sysfd_notifier_has_manager(self.0.get()) == 1 }
    }

    /// As [`notify`].
    pub fn notify(&self, notification: &Notification<'_>) -> Result<bool, NotifyError> {
        // SAFETY: all are used for the call only.
        notification
            .send(|raw, error| unsafe { sys::sysfd_notifier_notify(self.0.get(), raw, error) })
    }

    /// As [`barrier`].
    pub fn barrier<'a>(&self, timeout: impl Into<Timeout<'a>>) -> io::Result<bool> {
        let timeout = timeout.into().raw();
        // SAFETY: it is used for the call only.
        check_bool(unsafe { sys::sysfd_notifier_barrier(self.0.get(), &timeout) })
    }

    /// As [`watchdog_interval`].
    pub fn watchdog_interval(&self) -> io::Result<Option<Duration>> {
        // SAFETY: writes a number.
        interval(|out| unsafe { sys::sysfd_notifier_watchdog_interval(self.0.get(), out) })
    }
}
