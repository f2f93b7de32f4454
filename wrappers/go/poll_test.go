// SPDX-License-Identifier: MIT

package sysfd

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A file in blocking mode is not in the runtime's poller, as if that had no room.
func TestAThreadWaitsIfThePollerHasNoRoom(t *testing.T) {
	cmd := exec.Command("cat")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	const pidfdOpen = 434
	fd, _, errno := syscall.Syscall(pidfdOpen, uintptr(cmd.Process.Pid), 0, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	file := os.NewFile(fd, "pidfd")
	defer file.Close()
	if file.SetDeadline(time.Time{}) == nil {
		t.Fatal("the poller has the file")
	}
	ended := make(chan error)
	go func() {
		ended <- untilReaped(file, new(Process).reap)
	}()
	stdin.Close()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if _, err := syscall.Wait4(cmd.Process.Pid, nil, 0, nil); err != syscall.ECHILD {
		t.Errorf("it was not reaped: %v", err)
	}
	cmd.Process.Release()
}
