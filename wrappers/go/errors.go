// SPDX-License-Identifier: MIT

package sysfd

// #include "helpers.h"
import "C"

import (
	"errors"
	"os/exec"
	"syscall"
)

// Error is what Command stores in Cmd.Err if it does not find the program. It is the type of
// package os/exec, and wraps exec.ErrNotFound, exec.ErrDot or an error of the file system.
type Error = exec.Error

// ErrWaitDelay is returned by Wait if a program has succeeded, but its pipes were still open after
// Cmd.WaitDelay, and were closed.
var ErrWaitDelay = errors.New("sysfd: WaitDelay expired before the pipes were at their ends")

// SpawnError tells why a program could not be started.
type SpawnError struct {
	// Step is what failed: "exec", "working_directory", "user", ...
	Step string
	// Errno is why. errors.Is finds it, and what it stands for: fs.ErrNotExist for ENOENT, ...
	Errno syscall.Errno
	// Index is that of the argument, see the comments of SpawnStep in <sysfd/spawn_error.hpp>; -1 if
	// there is none.
	Index int
	// Text is the error as a sentence.
	Text string
}

func (e *SpawnError) Error() string { return e.Text }

// Unwrap returns the errno value.
func (e *SpawnError) Unwrap() error { return e.Errno }

func newSpawnError(found *C.sysfd_spawn_error) *SpawnError {
	return &SpawnError{
		Step: textOf(func(buffer *C.char, size C.size_t) C.int {
			return C.sysfd_spawn_step_name(C.int(found.step), buffer, size)
		}),
		Errno: syscall.Errno(found.code),
		Index: int(found.index),
		Text:  arrayText(found.text[:]),
	}
}

// ExitError tells that a program ended otherwise than with exit code 0.
type ExitError struct {
	*ExitStatus

	// Stderr has the first 64 KiB of what the program wrote to its standard error, if Cmd.Output was
	// called and Cmd.Stderr was nil.
	Stderr []byte

	// Cause is the error of the context that ended the program, or nil. errors.Is finds it.
	Cause error
}

func (e *ExitError) Error() string { return e.ExitStatus.String() }

// Unwrap returns the error of the context that ended the program.
func (e *ExitError) Unwrap() error { return e.Cause }
