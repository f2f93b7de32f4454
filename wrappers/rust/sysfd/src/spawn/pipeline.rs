// SPDX-License-Identifier: MIT

use std::io;
use std::marker::PhantomData;
use std::os::fd::BorrowedFd;
use std::ptr::null_mut;

use super::child::Child;
use super::command::Command;
use super::contain::Containment;
use super::error::{start, SpawnError};
use super::output::{Output, OutputOptions};
use crate::raw::{check, sys, Object};

/// Programs, each of which reads what the one before writes.
#[derive(Debug)]
pub struct Pipeline<'fd> {
    object: Object<sys::sysfd_pipeline>,
    stages: usize,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

// SAFETY: the object belongs to no thread.
unsafe impl Send for Pipeline<'_> {}

impl<'fd> Pipeline<'fd> {
    /// The first two.
    pub fn new(first: Command<'fd>, second: Command<'fd>) -> Result<Self, SpawnError> {
        let (left, right) = (first.checked()?, second.checked()?);
        let mut pipeline = null_mut();
        // SAFETY: writes an object, which takes what the commands have.
        start(|error| unsafe { sys::sysfd_pipeline_new(left, right, &mut pipeline, error) })?;
        Ok(Self {
            // SAFETY: it was written, since that succeeded.
            object: unsafe { Object::adopt(pipeline, sys::sysfd_pipeline_free) },
            stages: 2,
            borrowed: PhantomData,
        })
    }

    /// One more.
    pub fn append(&mut self, next: Command<'fd>) -> Result<&mut Self, SpawnError> {
        let command = next.checked()?;
        // SAFETY: nobody else uses the objects.
        start(|error| unsafe { sys::sysfd_pipeline_append(self.object.get(), command, error) })?;
        self.stages += 1;
        Ok(self)
    }

    /// Makes all stages, and all that they start, one tree, which ends when the last [`Child`] is
    /// dropped. No command may be contained itself. Fails if the containment has a mistake.
    pub fn contain(&mut self, containment: &Containment<'fd>) -> io::Result<&mut Self> {
        let pipeline = self.object.get();
        // SAFETY: nobody else uses the object. The parent lives while it does.
        check(containment.with(|raw| unsafe { sys::sysfd_pipeline_contain(pipeline, raw) }))?;
        Ok(self)
    }

    /// Starts all: a child for each stage.
    pub fn spawn(&mut self) -> Result<Vec<Child>, SpawnError> {
        let mut children = vec![null_mut(); self.stages];
        // SAFETY: writes objects, for which there is room.
        start(|error| unsafe {
            let (pipeline, out) = (self.object.get(), children.as_mut_ptr());
            sys::sysfd_pipeline_spawn(pipeline, self.stages, out, error)
        })?;
        // SAFETY: they were written, since that succeeded.
        Ok(children.into_iter().map(|child| unsafe { Child::adopt(child) }).collect())
    }

    /// Runs all to their ends, and collects what they write.
    pub fn output(&mut self, options: &OutputOptions<'_>) -> Result<Output, SpawnError> {
        let mut output = null_mut();
        start(|error| {
            // SAFETY: writes an object.
            options.with(|options| unsafe {
                sys::sysfd_pipeline_output(self.object.get(), options, &mut output, error)
            })
        })?;
        // SAFETY: it was written, since that succeeded.
        Ok(unsafe { Output::adopt(output) })
    }
}
