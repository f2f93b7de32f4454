// SPDX-License-Identifier: MIT

use std::ffi::{c_char, c_int, CString, OsStr};
use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::process::ExitStatus;
use std::ptr::{null, null_mut};

use super::attributes::{Identity, Namespaces, Resources, Session, Signals};
use super::child::{Child, DropPolicy};
use super::contain::Containment;
use super::error::{start, SpawnError, Step};
use super::output::{Output, OutputOptions};
use super::pending::PendingChild;
use super::prepared::PreparedCommand;
use crate::raw::{c_string, check, sys, Object};
use crate::ListenFds;
use std::os::unix::process::ExitStatusExt;

/// What a standard stream of a child is. Any descriptor can be one: `file.into()` is owned by the
/// command, `(&file).into()` is borrowed.
#[derive(Debug)]
pub enum Stdio<'fd> {
    /// The caller's.
    Inherit,
    /// `/dev/null`.
    Null,
    /// A new pipe, whose other end [`Child`] has.
    Pipe,
    /// A new terminal, whose other end [`Child`] has.
    Terminal,
    /// What stdout is; for stderr only.
    LikeStdout,
    /// This one, which stays the caller's.
    Borrow(BorrowedFd<'fd>),
    /// This one, which becomes the command's.
    Own(OwnedFd),
}

impl<'fd, F: AsFd> From<&'fd F> for Stdio<'fd> {
    fn from(fd: &'fd F) -> Self {
        Self::Borrow(fd.as_fd())
    }
}

impl<'fd> From<BorrowedFd<'fd>> for Stdio<'fd> {
    fn from(fd: BorrowedFd<'fd>) -> Self {
        Self::Borrow(fd)
    }
}

impl From<OwnedFd> for Stdio<'_> {
    fn from(fd: OwnedFd) -> Self {
        Self::Own(fd)
    }
}

impl From<File> for Stdio<'_> {
    fn from(file: File) -> Self {
        Self::Own(file.into())
    }
}

/// Where a program is searched whose name has no slash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProgramSearch {
    /// In `PATH` of the child's environment.
    #[default]
    ChildPath,
    /// In `PATH` of the caller's environment.
    CallerPath,
    /// Nowhere.
    Nowhere,
}

/// When the directory of a child is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DirectoryChange {
    /// With the privileges of the caller.
    #[default]
    BeforeIdentity,
    /// With those of the child.
    AfterIdentity,
}

impl DirectoryChange {
    fn raw(self) -> c_int {
        match self {
            Self::BeforeIdentity => sys::SYSFD_BEFORE_IDENTITY,
            Self::AfterIdentity => sys::SYSFD_AFTER_IDENTITY,
        }
    }
}

/// How the caller learns that a [`PendingChild`] executes its program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirmation {
    /// By asking it.
    #[default]
    ByFinish,
    /// Also by polling its descriptor.
    ByDescriptor,
}

impl Confirmation {
    pub(super) fn raw(self) -> c_int {
        match self {
            Self::ByFinish => sys::SYSFD_CONFIRM_BY_FINISH,
            Self::ByDescriptor => sys::SYSFD_CONFIRM_BY_DESCRIPTOR,
        }
    }
}

/// A program to start, and what it is given. It gets the descriptors that it is passed, and no
/// others. `'fd` is the lifetime of those that are borrowed.
///
/// What is invalid is an error of the start.
#[derive(Debug)]
pub struct Command<'fd> {
    object: Object<sys::sysfd_command>,
    fault: Option<SpawnError>, // the first thing that C cannot take
    arguments: usize,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

// SAFETY: the object belongs to no thread.
unsafe impl Send for Command<'_> {}

impl<'fd> Command<'fd> {
    /// Makes one of a string that is valid for C, or of an empty one.
    fn of(
        step: Step,
        value: &OsStr,
        make: impl FnOnce(*const c_char, *mut *mut sys::sysfd_command) -> c_int,
    ) -> Self {
        let c_value = c_string(value);
        let fault = c_value.is_err().then(|| SpawnError::nul(step, None, value));
        let c_value = c_value.unwrap_or_default();
        Self {
            object: Object::must(sys::sysfd_command_free, |out| make(c_value.as_ptr(), out)),
            fault,
            arguments: 0,
            borrowed: PhantomData,
        }
    }

    /// The program: a path if `program` has a slash, else a name to search. It is also argument 0.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        // SAFETY: writes an object.
        Self::of(Step::PROGRAM, program.as_ref(), |program, out| unsafe {
            sys::sysfd_command_new(program, out)
        })
    }

    /// `execveat(2)`: the program that this descriptor refers to.
    pub fn of_fd<F: AsFd + ?Sized>(program: &'fd F, argument0: impl AsRef<OsStr>) -> Self {
        let fd = program.as_fd().as_raw_fd();
        // SAFETY: writes an object. The descriptor is open while this lives.
        Self::of(Step::ARGUMENT, argument0.as_ref(), |argument0, out| unsafe {
            sys::sysfd_command_new_borrow(fd, argument0, out)
        })
    }

    /// `system(3)`: runs a line in a shell. Pass what comes from outside by `arg()`: `"$1"`.
    pub fn shell(line: impl AsRef<OsStr>) -> Self {
        // SAFETY: writes an object.
        Self::of(Step::ARGUMENT, line.as_ref(), |line, out| unsafe {
            sys::sysfd_command_new_shell(line, out)
        })
    }

    fn raw(&self) -> *mut sys::sysfd_command {
        self.object.get()
    }

    /// Sets something. The object keeps the first error, and the start returns it.
    fn set(&mut self, set: impl FnOnce(*mut sys::sysfd_command) -> c_int) -> &mut Self {
        set(self.raw());
        self
    }

    fn refuse(&mut self, fault: SpawnError) -> &mut Self {
        self.fault.get_or_insert(fault);
        self
    }

    /// Sets strings.
    fn set_strings<const N: usize>(
        &mut self,
        step: Step,
        values: [&OsStr; N],
        set: impl FnOnce(*mut sys::sysfd_command, [*const c_char; N]) -> c_int,
    ) -> &mut Self {
        let index = (step == Step::ARGUMENT).then_some(self.arguments);
        for value in values {
            if c_string(value).is_err() {
                return self.refuse(SpawnError::nul(step, index, value));
            }
        }
        let strings = values.map(|value| c_string(value).unwrap_or_default());
        set(self.raw(), std::array::from_fn(|index| strings[index].as_ptr()));
        self
    }

    /// Sets a list of strings.
    fn set_list<S: AsRef<OsStr>>(
        &mut self,
        step: Step,
        values: impl IntoIterator<Item = S>,
        set: impl FnOnce(*mut sys::sysfd_command, *const *const c_char) -> c_int,
    ) -> &mut Self {
        let mut strings: Vec<CString> = Vec::new();
        for value in values {
            match c_string(value.as_ref()) {
                Ok(string) => strings.push(string),
                Err(_) => {
                    let index = Some(strings.len());
                    return self.refuse(SpawnError::nul(step, index, value.as_ref()));
                }
            }
        }
        let mut pointers: Vec<_> = strings.iter().map(|string| string.as_ptr()).collect();
        pointers.push(null());
        self.set(|command| set(command, pointers.as_ptr()))
    }

    /// Where to search the program.
    pub fn search(&mut self, place: ProgramSearch) -> &mut Self {
        let place = match place {
            ProgramSearch::ChildPath => sys::SYSFD_SEARCH_CHILD_PATH,
            ProgramSearch::CallerPath => sys::SYSFD_SEARCH_CALLER_PATH,
            ProgramSearch::Nowhere => sys::SYSFD_SEARCH_NOWHERE,
        };
        // SAFETY: nobody else uses the object.
        self.set(|command| unsafe { sys::sysfd_command_search(command, place) })
    }

    /// Searches these directories, in this order.
    pub fn search_directories<S: AsRef<OsStr>>(
        &mut self,
        directories: impl IntoIterator<Item = S>,
    ) -> &mut Self {
        self.set_list(Step::PROGRAM, directories, |command, list| {
            // SAFETY: nobody else uses the object. The list is copied.
            unsafe { sys::sysfd_command_search_directories(command, list) }
        })
    }

    /// Runs a file that the kernel cannot execute by `/bin/sh`, as `execvp(3)`.
    pub fn shell_fallback(&mut self) -> &mut Self {
        // SAFETY: nobody else uses the object.
        self.set(|command| unsafe { sys::sysfd_command_shell_fallback(command) })
    }

    /// Argument 0, if it is not the program.
    pub fn arg0(&mut self, value: impl AsRef<OsStr>) -> &mut Self {
        self.set_strings(Step::ARGUMENT, [value.as_ref()], |command, [value]| {
            // SAFETY: nobody else uses the object. The string is copied.
            unsafe { sys::sysfd_command_argument0(command, value) }
        })
    }

    /// Adds an argument.
    pub fn arg(&mut self, value: impl AsRef<OsStr>) -> &mut Self {
        self.set_strings(Step::ARGUMENT, [value.as_ref()], |command, [value]| {
            // SAFETY: nobody else uses the object. The string is copied.
            unsafe { sys::sysfd_command_arg(command, value) }
        });
        self.arguments += 1;
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(&mut self, values: impl IntoIterator<Item = S>) -> &mut Self {
        for value in values {
            self.arg(value);
        }
        self
    }

    /// Sets a variable. The environment is the caller's at the time of the start, with these
    /// changes.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        let strings = [name.as_ref(), value.as_ref()];
        self.set_strings(Step::ENVIRONMENT, strings, |command, [name, value]| {
            // SAFETY: nobody else uses the object. The strings are copied.
            unsafe { sys::sysfd_command_env(command, name, value) }
        })
    }

    /// Removes a variable.
    pub fn env_remove(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.set_strings(Step::ENVIRONMENT, [name.as_ref()], |command, [name]| {
            // SAFETY: nobody else uses the object. The string is copied.
            unsafe { sys::sysfd_command_remove_env(command, name) }
        })
    }

    /// Starts from an empty environment.
    pub fn env_clear(&mut self) -> &mut Self {
        // SAFETY: nobody else uses the object.
        self.set(|command| unsafe { sys::sysfd_command_clear_env(command) })
    }

    /// Starts from these entries, `NAME=value` each, which are not changed.
    pub fn environment<S: AsRef<OsStr>>(
        &mut self,
        entries: impl IntoIterator<Item = S>,
    ) -> &mut Self {
        self.set_list(Step::ENVIRONMENT, entries, |command, list| {
            // SAFETY: nobody else uses the object. The list is copied.
            unsafe { sys::sysfd_command_environment(command, list) }
        })
    }

    /// `chdir(2)`: where the program starts.
    pub fn current_dir(&mut self, path: impl AsRef<Path>) -> &mut Self {
        self.current_dir_at(path, DirectoryChange::BeforeIdentity)
    }

    /// The same, with the privileges of the caller or of the child.
    pub fn current_dir_at(&mut self, path: impl AsRef<Path>, change: DirectoryChange) -> &mut Self {
        let path = path.as_ref().as_os_str();
        self.set_strings(Step::WORKING_DIRECTORY, [path], |command, [path]| {
            // SAFETY: nobody else uses the object. The string is copied.
            unsafe { sys::sysfd_command_working_directory(command, path, change.raw()) }
        })
    }

    /// `fchdir(2)`. Also [`crate::fd::CWD`]: the caller's directory at the time of the start.
    pub fn current_dir_fd<F: AsFd + ?Sized>(
        &mut self,
        directory: &'fd F,
        change: DirectoryChange,
    ) -> &mut Self {
        let fd = directory.as_fd().as_raw_fd();
        // SAFETY: nobody else uses the object. The descriptor is open while it lives.
        self.set(|command| unsafe {
            sys::sysfd_command_working_directory_borrow(command, fd, change.raw())
        })
    }

    /// `chroot(2)`.
    pub fn root_dir(&mut self, path: impl AsRef<Path>) -> &mut Self {
        let path = path.as_ref().as_os_str();
        self.set_strings(Step::ROOT_DIRECTORY, [path], |command, [path]| {
            // SAFETY: nobody else uses the object. The string is copied.
            unsafe { sys::sysfd_command_root_directory(command, path) }
        })
    }

    /// The same, by a descriptor.
    pub fn root_dir_fd<F: AsFd + ?Sized>(&mut self, directory: &'fd F) -> &mut Self {
        let fd = directory.as_fd().as_raw_fd();
        // SAFETY: nobody else uses the object. The descriptor is open while it lives.
        self.set(|command| unsafe { sys::sysfd_command_root_directory_borrow(command, fd) })
    }

    /// `CLONE_INTO_CGROUP`: creates the child in this cgroup (version 2).
    pub fn cgroup<F: AsFd + ?Sized>(&mut self, directory: &'fd F) -> &mut Self {
        let fd = directory.as_fd().as_raw_fd();
        // SAFETY: nobody else uses the object. The descriptor is open while it lives.
        self.set(|command| unsafe { sys::sysfd_command_cgroup_borrow(command, fd) })
    }

    /// `landlock_restrict_self(2)`: takes rights away from the child. `ruleset` is a
    /// [`Ruleset`](crate::Ruleset), or a descriptor of `landlock_create_ruleset(2)`.
    pub fn landlock<F: AsFd + ?Sized>(&mut self, ruleset: &'fd F) -> &mut Self {
        let fd = ruleset.as_fd().as_raw_fd();
        // SAFETY: nobody else uses the object. The descriptor is open while it lives.
        self.set(|command| unsafe { sys::sysfd_command_landlock_borrow(command, fd) })
    }

    /// Makes the child and all that it starts one tree, which ends together.
    pub fn contain(&mut self, containment: &Containment<'fd>) -> &mut Self {
        self.set(|command| {
            // SAFETY: nobody else uses the object. The parent lives while it does.
            containment.with(|raw| unsafe { sys::sysfd_command_contain(command, raw) })
        })
    }

    /// What stdin is.
    pub fn stdin(&mut self, from: impl Into<Stdio<'fd>>) -> &mut Self {
        self.set_stream(
            from.into(),
            sys::sysfd_command_stdin_from,
            sys::sysfd_command_stdin_from_borrow,
            sys::sysfd_command_stdin_from_take,
        )
    }

    /// What stdout is.
    pub fn stdout(&mut self, to: impl Into<Stdio<'fd>>) -> &mut Self {
        self.set_stream(
            to.into(),
            sys::sysfd_command_stdout_to,
            sys::sysfd_command_stdout_to_borrow,
            sys::sysfd_command_stdout_to_take,
        )
    }

    /// What stderr is.
    pub fn stderr(&mut self, to: impl Into<Stdio<'fd>>) -> &mut Self {
        self.set_stream(
            to.into(),
            sys::sysfd_command_stderr_to,
            sys::sysfd_command_stderr_to_borrow,
            sys::sysfd_command_stderr_to_take,
        )
    }

    fn set_stream(
        &mut self,
        stream: Stdio<'fd>,
        set: unsafe extern "C" fn(*mut sys::sysfd_command, c_int) -> c_int,
        borrow: unsafe extern "C" fn(*mut sys::sysfd_command, c_int) -> c_int,
        take: unsafe extern "C" fn(*mut sys::sysfd_command, c_int) -> c_int,
    ) -> &mut Self {
        let (set, value) = match stream {
            Stdio::Inherit => (set, sys::SYSFD_STDIO_INHERIT),
            Stdio::Null => (set, sys::SYSFD_STDIO_NULL),
            Stdio::Pipe => (set, sys::SYSFD_STDIO_PIPE),
            Stdio::Terminal => (set, sys::SYSFD_STDIO_TERMINAL),
            Stdio::LikeStdout => (set, sys::SYSFD_STDIO_LIKE_STDOUT),
            Stdio::Borrow(fd) => (borrow, fd.as_raw_fd()),
            Stdio::Own(fd) => (take, fd.into_raw_fd()),
        };
        // SAFETY: nobody else uses the object. A borrowed descriptor is open while it lives, and an
        // owned one is given away.
        self.set(|command| unsafe { set(command, value) })
    }

    /// Gives the child `fd` as descriptor `number`. It does not matter what `number` is in the
    /// caller.
    pub fn pass<F: AsFd + ?Sized>(&mut self, fd: &'fd F, number: RawFd) -> &mut Self {
        let fd = fd.as_fd().as_raw_fd();
        // SAFETY: nobody else uses the object. The descriptor is open while it lives.
        self.set(|command| unsafe { sys::sysfd_command_pass_borrow(command, fd, number) })
    }

    /// The same; the descriptor becomes the command's, and is closed here once a child runs. The
    /// command then cannot start a second child.
    pub fn pass_owned(&mut self, fd: impl Into<OwnedFd>, number: RawFd) -> &mut Self {
        let fd = fd.into().into_raw_fd();
        // SAFETY: nobody else uses the object. The descriptor is given away.
        self.set(|command| unsafe { sys::sysfd_command_pass_take(command, fd, number) })
    }

    /// The child also gets what is not close-on-exec, except these numbers.
    pub fn inherit_descriptors(&mut self, except: &[RawFd]) -> &mut Self {
        let (numbers, count) = (except.as_ptr(), except.len());
        // SAFETY: nobody else uses the object. The numbers are copied.
        self.set(|command| unsafe {
            sys::sysfd_command_inherit_descriptors(command, numbers, count)
        })
    }

    /// Undoes what was set for this number of the child.
    pub fn forget_descriptor(&mut self, number: RawFd) -> &mut Self {
        // SAFETY: nobody else uses the object.
        self.set(|command| unsafe { sys::sysfd_command_forget_descriptor(command, number) })
    }

    /// Socket activation: these descriptors become 3, 4, ... of the child, with their names.
    pub fn listen_fd<F: AsFd + ?Sized>(
        &mut self,
        name: impl AsRef<OsStr>,
        fd: &'fd F,
    ) -> &mut Self {
        let fd = fd.as_fd().as_raw_fd();
        self.set_strings(Step::LISTEN_FDS, [name.as_ref()], |command, [name]| {
            // SAFETY: nobody else uses the object. The descriptor is open while it lives.
            unsafe { sys::sysfd_command_listen_fds_borrow(command, name, fd) }
        })
    }

    /// The same; the descriptor becomes the command's.
    pub fn listen_fd_owned(
        &mut self,
        name: impl AsRef<OsStr>,
        fd: impl Into<OwnedFd>,
    ) -> &mut Self {
        let fd = fd.into();
        self.set_strings(Step::LISTEN_FDS, [name.as_ref()], |command, [name]| {
            // SAFETY: nobody else uses the object. The descriptor is given away.
            unsafe { sys::sysfd_command_listen_fds_take(command, name, fd.into_raw_fd()) }
        })
    }

    /// Passes on what the caller was given, under the same names.
    pub fn listen_fds(&mut self, given: &'fd ListenFds) -> &mut Self {
        // SAFETY: nobody else uses the object. The descriptors are open while it lives.
        self.set(|command| unsafe {
            sys::sysfd_command_listen_fds_given_borrow(command, given.raw())
        })
    }

    /// The same; the descriptors become the command's.
    pub fn listen_fds_owned(&mut self, given: ListenFds) -> &mut Self {
        // SAFETY: nobody else uses the objects.
        self.set(|command| unsafe {
            sys::sysfd_command_listen_fds_given_take(command, given.raw())
        })
    }

    /// Makes a new terminal: stdin, stdout, stderr, and the terminal of a new session.
    pub fn terminal(&mut self, rows: u16, columns: u16) -> &mut Self {
        // SAFETY: nobody else uses the object.
        self.set(|command| unsafe { sys::sysfd_command_terminal(command, rows, columns) })
    }

    /// What happens to the process when its [`Child`] is dropped.
    pub fn on_drop(&mut self, policy: DropPolicy) -> &mut Self {
        self.set(|command| {
            // SAFETY: nobody else uses the object.
            policy
                .with(|policy, grace| unsafe { sys::sysfd_command_on_drop(command, policy, grace) })
        })
    }

    /// `PR_SET_PDEATHSIG`: the signal that the child gets when the calling thread ends.
    pub fn parent_death_signal(&mut self, signo: c_int) -> &mut Self {
        // SAFETY: nobody else uses the object.
        self.set(|command| unsafe { sys::sysfd_command_parent_death_signal(command, signo) })
    }

    /// Kills the child when the caller's process ends.
    pub fn kill_with_parent(&mut self) -> &mut Self {
        // SAFETY: nobody else uses the object.
        self.set(|command| unsafe { sys::sysfd_command_kill_with_parent(command) })
    }

    /// The child leaves neither a zombie nor a `SIGCHLD`.
    pub fn leave_no_zombie(&mut self) -> &mut Self {
        // SAFETY: nobody else uses the object.
        self.set(|command| unsafe { sys::sysfd_command_leave_no_zombie(command) })
    }

    /// Retries up to `times` times if the program is open for writing.
    pub fn retry_busy(&mut self, times: i32) -> &mut Self {
        // SAFETY: nobody else uses the object.
        self.set(|command| unsafe { sys::sysfd_command_retry_busy(command, times) })
    }

    /// The user and the privileges.
    pub fn identity(&mut self, identity: &Identity) -> &mut Self {
        let command = self.raw();
        // SAFETY: nobody else uses the object. The struct is copied.
        let set = identity.with(|raw| unsafe { sys::sysfd_command_identity(command, raw) });
        self.refuse_if(set)
    }

    /// What it may use.
    pub fn resources(&mut self, resources: &Resources) -> &mut Self {
        self.set(|command| {
            // SAFETY: nobody else uses the object. The struct is copied.
            resources.with(|raw| unsafe { sys::sysfd_command_resources(command, raw) })
        })
    }

    /// The session.
    pub fn session(&mut self, session: &Session<'fd>) -> &mut Self {
        self.set(|command| {
            // SAFETY: nobody else uses the object. The descriptors are open while it lives.
            session.with(|raw| unsafe { sys::sysfd_command_session(command, raw) })
        })
    }

    /// The signals.
    pub fn signals(&mut self, signals: &Signals) -> &mut Self {
        self.set(|command| {
            // SAFETY: nobody else uses the object. The struct is copied.
            signals.with(|raw| unsafe { sys::sysfd_command_signals(command, raw) })
        })
    }

    /// The namespaces.
    pub fn namespaces(&mut self, namespaces: &Namespaces<'fd>) -> &mut Self {
        let command = self.raw();
        // SAFETY: nobody else uses the object. The descriptors are open while it lives.
        let set = namespaces.with(|raw| unsafe { sys::sysfd_command_namespaces(command, raw) });
        self.refuse_if(set)
    }

    fn refuse_if(&mut self, set: Result<c_int, SpawnError>) -> &mut Self {
        match set {
            Ok(_) => self,
            Err(fault) => self.refuse(fault),
        }
    }

    /// Calls a function that starts something, if nothing is wrong.
    fn start(
        &mut self,
        call: impl FnOnce(*mut sys::sysfd_command, *mut sys::sysfd_spawn_error) -> c_int,
    ) -> Result<c_int, SpawnError> {
        self.check()?;
        start(|error| call(self.raw(), error))
    }

    fn check(&self) -> Result<(), SpawnError> {
        self.fault.clone().map_or(Ok(()), Err)
    }

    /// Starts the program, and returns when it executes. May be called again for another child,
    /// unless the command owned a descriptor.
    pub fn spawn(&mut self) -> Result<Child, SpawnError> {
        let mut child = null_mut();
        // SAFETY: writes an object.
        self.start(|command, error| unsafe {
            sys::sysfd_command_spawn(command, &mut child, error)
        })?;
        // SAFETY: it was written, since that succeeded.
        Ok(unsafe { Child::adopt(child) })
    }

    /// Runs the program to its end.
    pub fn status(&mut self) -> Result<ExitStatus, SpawnError> {
        let mut status = 0;
        // SAFETY: writes the status.
        self.start(|command, error| unsafe {
            sys::sysfd_command_status(command, &mut status, error)
        })?;
        Ok(ExitStatus::from_raw(status))
    }

    /// Runs the program to its end, and collects what it writes.
    pub fn output(&mut self) -> Result<Output, SpawnError> {
        self.output_with(&OutputOptions::default())
    }

    /// The same, with input, a limit or a timeout, at which the child is killed.
    pub fn output_with(&mut self, options: &OutputOptions<'_>) -> Result<Output, SpawnError> {
        let mut output = null_mut();
        self.start(|command, error| {
            // SAFETY: writes an object.
            options.with(|options| unsafe {
                sys::sysfd_command_output(command, options, &mut output, error)
            })
        })?;
        // SAFETY: it was written, since that succeeded.
        Ok(unsafe { Output::adopt(output) })
    }

    /// Replaces the caller's process by the program. Returns only an error.
    ///
    /// # Safety
    ///
    /// If this returns, the process has changed: descriptors that it owns may be replaced by those
    /// that were passed. It must only report the error, and exit.
    pub unsafe fn exec(&mut self) -> SpawnError {
        // SAFETY: the caller knows.
        match self.start(|command, error| unsafe { sys::sysfd_command_exec(command, error) }) {
            Err(error) => error,
            Ok(_) => unreachable!("exec returns errors only"),
        }
    }

    /// Starts the program, and returns at once.
    pub fn spawn_async(mut self, confirmation: Confirmation) -> Result<PendingChild, SpawnError> {
        let mut pending = null_mut();
        // SAFETY: writes an object.
        self.start(|command, error| unsafe {
            sys::sysfd_command_spawn_async(command, confirmation.raw(), &mut pending, error)
        })?;
        // SAFETY: it was written, since that succeeded.
        Ok(unsafe { PendingChild::adopt(pending) })
    }

    /// Prepares the start of many children, by any thread.
    pub fn prepare(mut self) -> Result<PreparedCommand<'fd>, SpawnError> {
        let mut prepared = null_mut();
        // SAFETY: writes an object.
        self.start(|command, error| unsafe {
            sys::sysfd_command_prepare(command, &mut prepared, error)
        })?;
        // SAFETY: it was written, since that succeeded. It has what this has borrowed.
        Ok(unsafe { PreparedCommand::adopt(prepared) })
    }

    /// For a pipeline, which takes what is in the object.
    pub(super) fn checked(&self) -> Result<*mut sys::sysfd_command, SpawnError> {
        self.check()?;
        Ok(self.raw())
    }
}

/// Starts many children at once. A failed start does not affect the others.
pub fn spawn_all<'a, 'fd: 'a>(
    commands: impl IntoIterator<Item = &'a mut Command<'fd>>,
) -> io::Result<Vec<Result<Child, SpawnError>>> {
    let commands: Vec<_> = commands.into_iter().map(|command| command.checked()).collect();
    let valid: Vec<_> = commands.iter().filter_map(|command| command.clone().ok()).collect();
    let mut started = all(valid.len(), |children, errors| {
        // SAFETY: nobody else uses the objects. Writes objects and errors.
        unsafe { sys::sysfd_spawn_all(valid.as_ptr(), valid.len(), children, errors) }
    })?
    .into_iter();
    Ok(commands
        .into_iter()
        .filter_map(|command| match command {
            Ok(_) => started.next(),
            Err(fault) => Some(Err(fault)),
        })
        .collect())
}

/// Calls a function that starts `count` children.
pub(super) fn all(
    count: usize,
    call: impl FnOnce(*mut *mut sys::sysfd_child, *const *mut sys::sysfd_spawn_error) -> c_int,
) -> io::Result<Vec<Result<Child, SpawnError>>> {
    let mut children = vec![null_mut(); count];
    let mut errors = vec![sys::sysfd_spawn_error::INIT; count];
    let pointers: Vec<*mut _> = errors.iter_mut().map(|error| error as *mut _).collect();
    check(call(children.as_mut_ptr(), pointers.as_ptr()))?;
    let started = children.into_iter().zip(errors).map(|(child, error)| {
        if child.is_null() {
            return Err(SpawnError::from_raw(-error.code, &error));
        }
        // SAFETY: it was written.
        Ok(unsafe { Child::adopt(child) })
    });
    Ok(started.collect())
}

/// For programs with thousands of descriptors: reserves low numbers, so that starts are as fast as
/// those of others. Returns how many are reserved.
pub fn reserve_spawn_slots(count: usize) -> io::Result<usize> {
    // SAFETY: only a number.
    check(unsafe { sys::sysfd_reserve_spawn_slots(count) }).map(|count| count as usize)
}
