// SPDX-License-Identifier: MIT
//! E0133: the caller must say that nobody owns the descriptors.

use sysfd::listen::Environment;
use sysfd::ListenFds;

pub fn program() {
    #[cfg(wrong)]
    let _ = ListenFds::take(Environment::Unset);
    // SAFETY: an example that is not run.
    #[cfg(not(wrong))]
    let _ = unsafe { ListenFds::take(Environment::Unset) };
}
