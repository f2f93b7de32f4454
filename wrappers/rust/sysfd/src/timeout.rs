// SPDX-License-Identifier: MIT

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use crate::raw::sys;

/// How long a function may wait: a [`Duration`], or without limit; and what else ends the wait.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timeout<'fd> {
    limit: Option<Duration>,
    cancel: Option<BorrowedFd<'fd>>,
}

impl Timeout<'_> {
    /// No limit.
    pub const FOREVER: Timeout<'static> = Timeout { limit: None, cancel: None };

    /// If this descriptor is readable or hung up, the wait ends with `ECANCELED`.
    pub fn canceled_by<F: AsFd + ?Sized>(self, fd: &F) -> Timeout<'_> {
        Timeout { limit: self.limit, cancel: Some(fd.as_fd()) }
    }

    pub(crate) fn raw(&self) -> sys::sysfd_timeout {
        let nanoseconds = self.limit.map(|limit| i64::try_from(limit.as_nanos()));
        sys::sysfd_timeout {
            cancel_fd: self.cancel.map_or(-1, |fd| fd.as_raw_fd()),
            nanoseconds: nanoseconds.and_then(Result::ok).unwrap_or(sys::SYSFD_FOREVER),
            ..sys::sysfd_timeout::INIT
        }
    }
}

impl From<Duration> for Timeout<'_> {
    fn from(limit: Duration) -> Self {
        Some(limit).into()
    }
}

impl From<Option<Duration>> for Timeout<'_> {
    fn from(limit: Option<Duration>) -> Self {
        Self { limit, cancel: None }
    }
}
