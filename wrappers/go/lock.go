// SPDX-License-Identifier: MIT

package sysfd

// #include "helpers.h"
import "C"

import (
	"context"
	"os"
	"runtime"
	"sync"
)

// LockMode is how a file is locked.
type LockMode int

const (
	LockShared    LockMode = C.SYSFD_LOCK_SHARED
	LockExclusive LockMode = C.SYSFD_LOCK_EXCLUSIVE
)

// LockRange is a range of bytes. A length of 0 means: to the end of the file.
type LockRange struct {
	Start, Length uint64
}

// DescriptionLock is a lock of an open file description: F_OFD_SETLK of fcntl_locking(2). It
// excludes locks of files that were opened separately, in this process too. All duplicates of one
// description share its locks.
//
// It owns a duplicate of the file, which may be closed. Unlock it: the garbage collector also does,
// some time after it was dropped.
type DescriptionLock struct {
	mu   sync.Mutex
	lock *C.sysfd_description_lock // nil: it was unlocked
}

// AcquireLock locks a range of a file, and waits until nobody else has a conflicting lock, or the
// context is done. It blocks a thread.
func AcquireLock(
	ctx context.Context, file *os.File, mode LockMode, bytes LockRange,
) (*DescriptionLock, error) {
	return newLock(file, bytes, func(fd C.int, bytes *C.sysfd_lock_range, lock lockOutput) error {
		return canceledBy(ctx, "fcntl", func(timeout *C.sysfd_timeout) C.int {
			if ctx.Done() == nil {
				return C.sysfd_description_lock_acquire(fd, C.int(mode), bytes, lock)
			}
			return C.sysfd_description_lock_try_acquire_for(fd, C.int(mode), bytes, timeout, lock)
		})
	})
}

// TryAcquireLock is AcquireLock without waiting: the error is EAGAIN if somebody else has a
// conflicting lock.
func TryAcquireLock(file *os.File, mode LockMode, bytes LockRange) (*DescriptionLock, error) {
	return newLock(file, bytes, func(fd C.int, bytes *C.sysfd_lock_range, lock lockOutput) error {
		return errorOf("fcntl", C.sysfd_description_lock_try_acquire(fd, C.int(mode), bytes, lock))
	})
}

type lockOutput = **C.sysfd_description_lock

func newLock(
	file *os.File, bytes LockRange, acquire func(C.int, *C.sysfd_lock_range, lockOutput) error,
) (*DescriptionLock, error) {
	converted := C.sysfd_lock_range_init()
	converted.start, converted.length = C.uint64_t(bytes.Start), C.uint64_t(bytes.Length)
	made := &DescriptionLock{}
	var failed error
	err := withFd(file, func(fd C.int) { failed = acquire(fd, &converted, &made.lock) })
	if err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, failed
	}
	runtime.SetFinalizer(made, (*DescriptionLock).Unlock)
	return made, nil
}

// call calls a function with the lock.
func (l *DescriptionLock) call(function func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lock == nil {
		return os.ErrClosed
	}
	return function()
}

// Upgrade makes the lock exclusive, without unlocking in between. It waits as AcquireLock does.
func (l *DescriptionLock) Upgrade(ctx context.Context) error {
	return l.call(func() error {
		return canceledBy(ctx, "fcntl", func(timeout *C.sysfd_timeout) C.int {
			if ctx.Done() == nil {
				return C.sysfd_description_lock_upgrade(l.lock)
			}
			return C.sysfd_description_lock_try_upgrade_for(l.lock, timeout)
		})
	})
}

// TryUpgrade is Upgrade without waiting: the error is EAGAIN.
func (l *DescriptionLock) TryUpgrade() error {
	return l.call(func() error {
		return errorOf("fcntl", C.sysfd_description_lock_try_upgrade(l.lock))
	})
}

// Downgrade makes the lock shared.
func (l *DescriptionLock) Downgrade() error {
	return l.call(func() error { return errorOf("fcntl", C.sysfd_description_lock_downgrade(l.lock)) })
}

// Mode returns how the file is locked.
func (l *DescriptionLock) Mode() (LockMode, error) {
	var mode LockMode
	err := l.call(func() error {
		mode = LockMode(C.sysfd_description_lock_mode(l.lock))
		return nil
	})
	return mode, err
}

// Unlock unlocks. The error is os.ErrClosed if it was unlocked before.
func (l *DescriptionLock) Unlock() error {
	return l.call(func() error {
		result := C.sysfd_description_lock_unlock(l.lock)
		C.sysfd_description_lock_free(l.lock)
		l.lock = nil
		runtime.SetFinalizer(l, nil)
		return errorOf("fcntl", result)
	})
}
