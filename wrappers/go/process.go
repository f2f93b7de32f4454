// SPDX-License-Identifier: MIT

package sysfd

// #include "helpers.h"
import "C"

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"
)

// DropPolicy is what Close does to a process that still runs.
type DropPolicy int

const (
	// DropKill kills the process, with its process group if it leads one.
	DropKill DropPolicy = C.SYSFD_DROP_KILL
	// DropTerminate sends SIGTERM, and kills the process after the grace period.
	DropTerminate DropPolicy = C.SYSFD_DROP_TERMINATE
	// DropWait waits until the process ends by itself.
	DropWait DropPolicy = C.SYSFD_DROP_WAIT
	// DropDetach leaves the process running.
	DropDetach DropPolicy = C.SYSFD_DROP_DETACH
)

// Process is a child process. Its methods may be called from any number of goroutines.
//
// A goroutine reaps the process as soon as it has ended. It uses the runtime's poller, so no thread
// waits. It does this also if nobody calls Wait, or holds the Process: no process stays a zombie,
// and no descriptor stays open. A Process that is dropped is not killed: the garbage collector does
// not end processes. Call Close, for example with defer, to do that.
type Process struct {
	// Pid is the process number, for logs. Another process may get it as soon as this one has ended.
	Pid int

	pidfd    *PidFd
	terminal *os.File
	policy   DropPolicy

	done   chan struct{} // closed when `status` and `err` are set
	ended  sync.Once
	status *ExitStatus
	err    error

	mu    sync.Mutex
	child *C.sysfd_child // nil: it has ended, or was given away
}

// newProcess takes over a child.
func newProcess(child *C.sysfd_child, policy DropPolicy) (*Process, error) {
	process := &Process{
		Pid:    int(C.sysfd_child_pid(child)),
		policy: policy,
		done:   make(chan struct{}),
		child:  child,
	}
	var err error
	process.pidfd, err = newPidFd(C.sysfd_duplicate(C.sysfd_child_pidfd_borrow(child)), "fcntl")
	if err != nil {
		C.sysfd_child_on_drop(child, C.SYSFD_DROP_KILL, nil)
		C.sysfd_child_free(child)
		return nil, err
	}
	if terminal := C.sysfd_child_terminal_release(child); terminal >= 0 {
		C.sysfd_set_nonblocking(terminal, 1) // for the runtime's poller
		process.terminal = newFile(terminal, "terminal")
	}
	go func() {
		untilReaped(process.pidfd.file, process.reap)
		process.pidfd.Close()
		process.endWaits()
	}()
	return process, nil
}

// reap reaps the process, which has ended. It returns false if that is not possible yet.
func (p *Process) reap(pidfd C.int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil { // Close may not have been able to end it
		return C.sysfd_pidfd_try_wait(pidfd, nil) != -C.int(syscall.EAGAIN)
	}
	usage := usageOf(pidfd)
	var status C.int32_t
	result := C.sysfd_child_try_wait(p.child, &status)
	if result == -C.int(syscall.EAGAIN) {
		return false
	}
	if result < 0 {
		p.err = failure("waitid", result)
	} else {
		p.status = &ExitStatus{p.Pid, syscall.WaitStatus(status), usage}
	}
	C.sysfd_child_free(p.child)
	p.child = nil
	return true
}

func (p *Process) endWaits() {
	p.ended.Do(func() { close(p.done) })
}

// Done returns a channel that is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the end of the process. It can be called again, and returns the same status. If
// the process was reaped by somebody else, and the kernel cannot tell how it ended, the error is
// ECHILD.
func (p *Process) Wait() (*ExitStatus, error) {
	<-p.done
	return p.status, p.err
}

// WaitContext is Wait until the context is done. The process goes on then.
func (p *Process) WaitContext(ctx context.Context) (*ExitStatus, error) {
	select {
	case <-p.done:
		return p.status, p.err
	default:
	}
	select {
	case <-p.done:
		return p.status, p.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Signal sends a signal: pidfd_send_signal(2). It returns os.ErrProcessDone if the process has
// ended.
func (p *Process) Signal(signal os.Signal) error {
	err := p.pidfd.Signal(signal)
	if errors.Is(err, os.ErrClosed) {
		return os.ErrProcessDone
	}
	return err
}

// Kill sends SIGKILL.
func (p *Process) Kill() error { return p.Signal(syscall.SIGKILL) }

// onChild calls a function with the child. It returns os.ErrProcessDone if the child has ended.
func (p *Process) onChild(name string, function func() C.int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil {
		return os.ErrProcessDone
	}
	if result := function(); result < 0 {
		return failure(name, result)
	}
	return nil
}

// SignalGroup sends a signal to the process group that the process leads (Session.NewSession,
// Session.ProcessGroup 0), while the process runs. PidFd.SignalGroup also does it later.
func (p *Process) SignalGroup(signal os.Signal) error {
	number, err := numberOf(signal)
	if err != nil {
		return err
	}
	return p.onChild("pidfd_send_signal", func() C.int {
		return C.sysfd_child_send_signal_to_group(p.child, number)
	})
}

// KillCgroup kills all processes in the cgroup that the process was started in (Cmd.Cgroup), while
// the process runs.
func (p *Process) KillCgroup() error {
	return p.onChild("cgroup.kill", func() C.int { return C.sysfd_child_kill_cgroup(p.child) })
}

// Terminate sends SIGTERM, and SIGKILL if the process has not ended after the grace period, to its
// whole group if it leads one. It returns how the process ended. It blocks a thread.
func (p *Process) Terminate(grace time.Duration) (*ExitStatus, error) {
	err := p.onChild("pidfd_send_signal", func() C.int {
		timeout := timeoutOf(grace)
		return C.sysfd_child_terminate(p.child, &timeout, nil)
	})
	if err != nil && !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ECHILD) {
		return nil, err
	}
	return p.Wait()
}

// PidFd returns a new descriptor of the process, which the caller closes. It returns
// os.ErrProcessDone if the process has ended.
func (p *Process) PidFd() (*PidFd, error) {
	duplicate, err := p.pidfd.Duplicate()
	if errors.Is(err, os.ErrClosed) {
		return nil, os.ErrProcessDone
	}
	return duplicate, err
}

// Terminal returns the caller's end of the pseudo-terminal of Cmd.Terminal, or nil. It belongs to
// the caller. Reading from it fails with EIO when no process has the other end open.
func (p *Process) Terminal() *os.File { return p.terminal }

// Close does what Cmd.OnDrop says to a process that still runs: see DropPolicy. It blocks a thread,
// except with DropWait. A later Wait returns os.ErrClosed if it was Close that ended the process.
func (p *Process) Close() error {
	switch p.policy {
	case DropDetach:
		return nil
	case DropWait:
		_, err := p.Wait()
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil {
		return nil
	}
	C.sysfd_child_free(p.child)
	p.child, p.err = nil, os.ErrClosed
	p.endWaits()
	return nil
}
