// SPDX-License-Identifier: MIT

package sysfd

// #include "helpers.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// PidFd is a descriptor of a process. It never refers to another process, even after the process
// was reaped. Its methods may be called from any number of goroutines.
type PidFd struct {
	file *os.File
}

// OpenPidFd opens a process by its number: pidfd_open(2).
func OpenPidFd(pid int) (*PidFd, error) {
	if int(int32(pid)) != pid {
		return nil, fmt.Errorf("sysfd: no process has the number %d: %w", pid, syscall.EINVAL)
	}
	fd := C.sysfd_pidfd_open(C.int32_t(pid), C.SYSFD_PIDFD_NONBLOCKING)
	if fd < 0 {
		return nil, failure("pidfd_open", fd)
	}
	return &PidFd{newFile(fd, "pidfd")}, nil
}

// PidFdOfPeer returns the process that connected a Unix socket: SO_PEERPIDFD of socket(7).
func PidFdOfPeer(socket syscall.Conn) (*PidFd, error) {
	var fd C.int
	if err := withFd(socket, func(socket C.int) { fd = C.sysfd_pidfd_of_peer(socket) }); err != nil {
		return nil, err
	}
	return newPidFd(fd, "getsockopt")
}

// newPidFd makes a PidFd of a new descriptor, or an error of a negative result.
func newPidFd(fd C.int, call string) (*PidFd, error) {
	if fd < 0 {
		return nil, failure(call, fd)
	}
	if result := C.sysfd_set_nonblocking(fd, 1); result < 0 { // for the runtime's poller
		C.sysfd_close_take(fd)
		return nil, failure("fcntl", result)
	}
	return &PidFd{newFile(fd, "pidfd")}, nil
}

// SyscallConn gives access to the descriptor.
func (p *PidFd) SyscallConn() (syscall.RawConn, error) { return p.file.SyscallConn() }

// Duplicate returns a second descriptor of the same process.
func (p *PidFd) Duplicate() (*PidFd, error) {
	var fd C.int
	if err := withFd(p.file, func(pidfd C.int) { fd = C.sysfd_duplicate(pidfd) }); err != nil {
		return nil, err
	}
	return newPidFd(fd, "fcntl")
}

// Close closes the descriptor. The process goes on.
func (p *PidFd) Close() error { return p.file.Close() }

// call calls a function with the descriptor.
func (p *PidFd) call(name string, function func(pidfd C.int) C.int) (C.int, error) {
	var result C.int
	if err := withFd(p.file, func(pidfd C.int) { result = function(pidfd) }); err != nil {
		return 0, err
	}
	if result < 0 {
		return 0, failure(name, result)
	}
	return result, nil
}

// Signal sends a signal: pidfd_send_signal(2). It returns os.ErrProcessDone if the process has
// ended and was reaped.
func (p *PidFd) Signal(signal os.Signal) error {
	return p.signal(signal, C.SYSFD_SIGNAL_PROCESS)
}

// SignalGroup sends a signal to the process group that the process leads, also if the process has
// ended (Linux 6.9).
func (p *PidFd) SignalGroup(signal os.Signal) error {
	return p.signal(signal, C.SYSFD_SIGNAL_PROCESS_GROUP)
}

// Kill sends SIGKILL.
func (p *PidFd) Kill() error { return p.Signal(syscall.SIGKILL) }

func (p *PidFd) signal(signal os.Signal, scope C.uint32_t) error {
	number, err := numberOf(signal)
	if err != nil {
		return err
	}
	_, err = p.call("pidfd_send_signal", func(pidfd C.int) C.int {
		return C.sysfd_pidfd_send_signal(pidfd, number, scope)
	})
	if scope == C.SYSFD_SIGNAL_PROCESS && errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// numberOf returns the number of a signal.
func numberOf(signal os.Signal) (C.int, error) {
	number, ok := signal.(syscall.Signal)
	if !ok {
		return 0, fmt.Errorf("sysfd: signal %v has no number: %w", signal, syscall.EINVAL)
	}
	return signalNumber(number), nil
}

// Pid returns the process number. It is an error (ESRCH) if the process was reaped.
func (p *PidFd) Pid() (int, error) {
	pid, err := p.call("pidfd", func(pidfd C.int) C.int { return C.sysfd_pidfd_pid(pidfd) })
	return int(pid), err
}

// ID returns the identity of the process, which is not reused until the system is rebooted (Linux
// 6.9).
func (p *PidFd) ID() (uint64, error) {
	var id C.uint64_t
	_, err := p.call("pidfd", func(pidfd C.int) C.int { return C.sysfd_pidfd_id(pidfd, &id) })
	return uint64(id), err
}

// File returns a duplicate of a descriptor of the process: pidfd_getfd(2).
func (p *PidFd) File(wanted int) (*os.File, error) {
	fd, err := p.call("pidfd_getfd", func(pidfd C.int) C.int {
		return C.sysfd_pidfd_get_fd(pidfd, number(wanted))
	})
	if err != nil {
		return nil, err
	}
	return newFile(fd, fmt.Sprintf("descriptor %d", wanted)), nil
}

// WaitContext waits for the end of the process, and reaps it if it is a child of this one. No
// thread is blocked meanwhile. Do not call it for the process of a Cmd, which is reaped already:
// see Process.Wait. It is an error (ECHILD) if the process is no child and the kernel cannot tell
// how it ended.
func (p *PidFd) WaitContext(ctx context.Context) (*ExitStatus, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	pid, err := p.Pid()
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return nil, err
	}
	own, err := p.Duplicate()
	if err != nil {
		return nil, err
	}
	defer own.Close()
	if ctx.Done() != nil {
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			select {
			case <-ctx.Done():
				own.Close()
			case <-stop:
			}
		}()
	}
	var usage Usage
	var status C.int32_t
	var result C.int
	err = untilReaped(own.file, func(pidfd C.int) bool {
		usage = usageOf(pidfd)
		result = C.sysfd_pidfd_try_wait(pidfd, &status)
		return result != -C.int(syscall.EAGAIN)
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, err
	case result < 0:
		return nil, failure("waitid", result)
	}
	return &ExitStatus{pid, syscall.WaitStatus(status), usage}, nil
}

// retryInterval is the time between attempts to reap a process whose status a tracer has. Nothing
// tells when the tracer has given it up.
const retryInterval = 10 * time.Millisecond

// untilReaped calls `reap` when the process has ended, until it returns true.
func untilReaped(pidfd *os.File, reap func(pidfd C.int) bool) error {
	connection, err := pidfd.SyscallConn()
	if err != nil {
		return err
	}
	for {
		if err := connection.Read(func(fd uintptr) bool { return isReadable(fd, 0) }); err != nil {
			// Either the file was closed, or the runtime's poller has no room for it (epoll(7):
			// max_user_watches). Then a thread waits, and closing the file does not end its wait.
			if err := connection.Control(waitUntilReadable); err != nil {
				return os.ErrClosed
			}
		}
		reaped := false
		if err := withFd(pidfd, func(fd C.int) { reaped = reap(fd) }); err != nil || reaped {
			return err
		}
		time.Sleep(retryInterval)
	}
}

func isReadable(fd uintptr, timeout C.int) bool {
	return C.is_readable(C.int(fd), timeout) != 0
}

func waitUntilReadable(fd uintptr) {
	for !isReadable(fd, -1) {
		// A signal has interrupted it.
	}
}
