// SPDX-License-Identifier: MIT

package sysfd

// #include "helpers.h"
import "C"

import (
	"strconv"
	"syscall"
	"time"
)

// ExitStatus tells how a process ended. It has the methods of os.ProcessState.
type ExitStatus struct {
	pid    int
	status syscall.WaitStatus
	usage  Usage
}

// Usage is what a process and its reaped children have used: getrusage(2).
type Usage struct {
	UserTime, SystemTime                   time.Duration
	MaxResidentKilobytes                   int64
	MinorFaults, MajorFaults               int64
	BlocksIn, BlocksOut                    int64
	VoluntarySwitches, InvoluntarySwitches int64
}

// Pid returns the process number. Another process may have it by now.
func (s *ExitStatus) Pid() int { return s.pid }

// Exited tells whether the process exited. Otherwise a signal killed it.
func (s *ExitStatus) Exited() bool { return s.status.Exited() }

// Success tells whether the process exited with code 0.
func (s *ExitStatus) Success() bool { return s.status.ExitStatus() == 0 }

// ExitCode returns the exit code, or -1 if a signal killed the process.
func (s *ExitStatus) ExitCode() int { return s.status.ExitStatus() }

// Signal returns the signal that killed the process, or -1 if it exited.
func (s *ExitStatus) Signal() syscall.Signal { return s.status.Signal() }

// CoreDumped tells whether the process left a core dump.
func (s *ExitStatus) CoreDumped() bool { return s.status.CoreDump() }

// Sys returns a syscall.WaitStatus.
func (s *ExitStatus) Sys() any { return s.status }

// Usage returns the resources that the process used. They are 0 if somebody else reaped it.
func (s *ExitStatus) Usage() Usage { return s.usage }

// UserTime returns the processor time that the process spent outside of the kernel.
func (s *ExitStatus) UserTime() time.Duration { return s.usage.UserTime }

// SystemTime returns the processor time that the process spent in the kernel.
func (s *ExitStatus) SystemTime() time.Duration { return s.usage.SystemTime }

// String returns "exit status 1" or "signal: killed", as os.ProcessState does.
func (s *ExitStatus) String() string {
	if s == nil {
		return "<nil>"
	}
	if s.Exited() {
		return "exit status " + strconv.Itoa(s.ExitCode())
	}
	text := "signal: " + s.Signal().String()
	if s.CoreDumped() {
		text += " (core dumped)"
	}
	return text
}

// usageOf returns what a process that has ended, and was not reaped, has used.
func usageOf(pidfd C.int) Usage {
	event := C.sysfd_wait_event_init()
	if C.sysfd_pidfd_try_wait_event(pidfd, C.SYSFD_WAIT_ENDED|C.SYSFD_WAIT_KEEP, &event) < 0 {
		return Usage{}
	}
	return Usage{
		UserTime:             time.Duration(event.user_microseconds) * time.Microsecond,
		SystemTime:           time.Duration(event.system_microseconds) * time.Microsecond,
		MaxResidentKilobytes: int64(event.max_resident_kilobytes),
		MinorFaults:          int64(event.minor_faults),
		MajorFaults:          int64(event.major_faults),
		BlocksIn:             int64(event.blocks_in),
		BlocksOut:            int64(event.blocks_out),
		VoluntarySwitches:    int64(event.voluntary_switches),
		InvoluntarySwitches:  int64(event.involuntary_switches),
	}
}
