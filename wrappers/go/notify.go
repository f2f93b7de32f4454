// SPDX-License-Identifier: MIT

package sysfd

// #include "helpers.h"
import "C"

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// Notification is one message to a service manager: sd_notify(3). Only what is set is sent.
type Notification struct {
	Ready, Reloading, Stopping bool
	Status                     string        // a text for users
	Error                      syscall.Errno // why the service failed
	ExitStatus                 *int
	MainProcess                *PidFd // becomes the main process of the service
	Sender                     *PidFd // the message is sent on behalf of this process

	Watchdog         bool // the service is alive
	WatchdogTrigger  bool // as if the watchdog had timed out
	WatchdogInterval time.Duration
	ExtendTimeout    time.Duration

	Store        []*os.File // for the next start of the service: see ListenFds
	StoreName    string
	StoreNoPoll  bool
	RemoveStored string // the name of files that are no longer to be stored

	More    string        // other assignments, "NAME=value" each, separated by newlines
	Timeout time.Duration // while the manager's queue is full; 0 stands for five seconds
}

// Notify sends a message to the service manager: to the socket that NOTIFY_SOCKET names. It returns
// false if there is none, because the process is no service.
func Notify(notification Notification) (bool, error) {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return false, nil
	}
	if err := notification.check(); err != nil {
		return false, err
	}
	var memory memory
	defer memory.free()
	found := C.sysfd_error_init()
	var result C.int
	err := withFiles(notification.files(), descriptors{}, func(fds descriptors) {
		message := notification.message(&memory, fds)
		result = C.sysfd_notify_to(memory.text(address), &message, &found)
	})
	if err != nil {
		return false, err
	}
	if result < 0 {
		return false, fmt.Errorf("sysfd: %s: %w", arrayText(found.text[:]), syscall.Errno(found.code))
	}
	return true, nil
}

// NotifyBarrier waits until the service manager has read all earlier messages. It returns false if
// there is no manager. It blocks a thread.
func NotifyBarrier(limit time.Duration) (bool, error) {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return false, nil
	}
	var memory memory
	defer memory.free()
	timeout := timeoutOf(limit)
	result := C.sysfd_notify_barrier_to(memory.text(address), &timeout)
	if result < 0 {
		return false, failure("sysfd_notify_barrier", result)
	}
	return true, nil
}

func (n *Notification) check() error {
	for _, each := range []struct{ what, text string }{
		{"Status", n.Status}, {"StoreName", n.StoreName},
		{"RemoveStored", n.RemoveStored}, {"More", n.More},
	} {
		if err := noNul(each.what, each.text); err != nil {
			return err
		}
	}
	if n.WatchdogInterval < 0 || n.ExtendTimeout < 0 {
		return fmt.Errorf("sysfd: WatchdogInterval or ExtendTimeout is negative: %w", syscall.EINVAL)
	}
	return nil
}

func (n *Notification) files() []namedFile {
	var files []namedFile
	if n.MainProcess != nil {
		files = append(files, namedFile{"MainProcess", n.MainProcess.file})
	}
	if n.Sender != nil {
		files = append(files, namedFile{"Sender", n.Sender.file})
	}
	for i, file := range n.Store {
		files = append(files, namedFile{fmt.Sprintf("Store[%d]", i), file})
	}
	return files
}

func (n *Notification) message(m *memory, fds descriptors) C.sysfd_notification {
	message := C.sysfd_notification_init()
	message.flags = bit(n.Ready, C.SYSFD_NOTIFY_READY) |
		bit(n.Reloading, C.SYSFD_NOTIFY_RELOADING) |
		bit(n.Stopping, C.SYSFD_NOTIFY_STOPPING) |
		bit(n.Watchdog, C.SYSFD_NOTIFY_WATCHDOG) |
		bit(n.WatchdogTrigger, C.SYSFD_NOTIFY_WATCHDOG_TRIGGER) |
		bit(n.StoreNoPoll, C.SYSFD_NOTIFY_STORE_NO_POLL) |
		bit(n.Error != 0, C.SYSFD_NOTIFY_ERROR) |
		bit(n.ExitStatus != nil, C.SYSFD_NOTIFY_EXIT_STATUS) |
		bit(n.WatchdogInterval != 0, C.SYSFD_NOTIFY_WATCHDOG_INTERVAL) |
		bit(n.ExtendTimeout != 0, C.SYSFD_NOTIFY_EXTEND_TIMEOUT)
	message.status = m.textUnlessEmpty(n.Status)
	message.error = C.int32_t(n.Error)
	message.exit_status = C.int32_t(number(valueOf(n.ExitStatus)))
	if n.MainProcess != nil {
		message.main_process = fds.of(n.MainProcess.file)
	}
	if n.Sender != nil {
		message.sender = fds.of(n.Sender.file)
	}
	message.watchdog_interval_microseconds = C.uint64_t(n.WatchdogInterval.Microseconds())
	message.extend_timeout_microseconds = C.uint64_t(n.ExtendTimeout.Microseconds())
	message.store, message.store_count = array(m, n.Store, fds.of)
	message.store_name = m.textUnlessEmpty(n.StoreName)
	message.remove_stored = m.textUnlessEmpty(n.RemoveStored)
	message.more = m.textUnlessEmpty(n.More)
	if n.Timeout != 0 {
		timeout, _ := array(m, []time.Duration{n.Timeout}, timeoutOf)
		message.timeout = timeout
	}
	return message
}
