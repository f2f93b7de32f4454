// SPDX-License-Identifier: MIT

package sysfd_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"sysfd"
)

func TestPidFd(t *testing.T) {
	leavesAlone(t)
	cmd := exec.Command("cat")
	stdin, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	pidfd, err := sysfd.OpenPidFd(cmd.Process.Pid)
	must(t, err)
	defer pidfd.Close()
	pid, err := pidfd.Pid()
	must(t, err)
	equal(t, pid, cmd.Process.Pid)
	must(t, pidfd.Signal(syscall.Signal(0)))
	equal(t, errors.Is(pidfd.SignalGroup(syscall.SIGTERM), os.ErrProcessDone), false) // leads none
	equal(t, errors.Is(pidfd.Signal(syscall.Signal(1000)), syscall.EINVAL), true)

	file, err := pidfd.File(0)
	must(t, err)
	target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", file.Fd()))
	must(t, err)
	equal(t, strings.HasPrefix(target, "pipe:"), true)
	file.Close()
	_, err = pidfd.File(-1)
	equal(t, errors.Is(err, syscall.EBADF), true)

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	_, err = pidfd.WaitContext(ctx)
	equal(t, err, context.DeadlineExceeded)
	_, err = pidfd.WaitContext(ctx)
	equal(t, err, context.DeadlineExceeded)
	cancel()
	stdin.Close()
	status, err := pidfd.WaitContext(context.Background())
	must(t, err)
	equal(t, status.String(), "exit status 0")
	equal(t, status.Pid(), pid)
	equal(t, pidfd.Kill(), os.ErrProcessDone)
	cmd.Process.Release()

	for _, pid := range []int{-1, 0, 1 << 40} {
		_, err = sysfd.OpenPidFd(pid)
		equal(t, errors.Is(err, syscall.EINVAL), true)
	}
}

func TestPidFdsOfOneProcess(t *testing.T) {
	leavesAlone(t)
	left, right := socketPair(t)
	peer, err := sysfd.PidFdOfPeer(left)
	if errors.Is(err, syscall.ENOPROTOOPT) || errors.Is(err, syscall.EOPNOTSUPP) {
		t.Skip("this kernel has no SO_PEERPIDFD")
	}
	must(t, err)
	defer peer.Close()
	pid, err := peer.Pid()
	must(t, err)
	equal(t, pid, os.Getpid())
	self, err := sysfd.OpenPidFd(os.Getpid())
	must(t, err)
	defer self.Close()
	left.Close()
	right.Close()
	peerID, err := peer.ID()
	if errors.Is(err, syscall.EOPNOTSUPP) {
		t.Skip("this kernel has no identities of processes")
	}
	must(t, err)
	selfID, err := self.ID()
	must(t, err)
	equal(t, peerID, selfID)
}

// socketPair returns two connected Unix sockets.
func socketPair(t *testing.T) (left, right *net.UnixConn) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(t, err)
	var connections [2]*net.UnixConn
	for i, fd := range fds {
		file := os.NewFile(uintptr(fd), "socket")
		connection, err := net.FileConn(file)
		must(t, err)
		file.Close()
		connections[i] = connection.(*net.UnixConn)
		t.Cleanup(func() { connection.Close() })
	}
	return connections[0], connections[1]
}

func TestFilesAreSent(t *testing.T) {
	leavesAlone(t)
	left, right := socketPair(t)
	a, b := fileWith(t, "content a", 0o644), fileWith(t, "content b", 0o644)
	sent, err := sysfd.SendFds(left, []*os.File{a, b, a}, []byte("payload"))
	must(t, err)
	equal(t, sent, 7)
	payload := make([]byte, 100)
	message, err := sysfd.ReceiveFds(right, payload, 3)
	must(t, err)
	equal(t, string(payload[:message.Size]), "payload")
	equal(t, len(message.Files), 3)
	equal(t, readAll(t, message.Files[1]), "content b")
	for _, file := range message.Files {
		file.Close()
	}
	equal(t, message.Credentials, nil)
	equal(t, message.Sender, nil)

	// The payload may be next to pointers.
	buffer := &struct {
		bytes    [8]byte
		neighbor *string
	}{neighbor: new(string)}
	_, err = sysfd.SendFds(left, nil, buffer.bytes[:])
	must(t, err)
	message, err = sysfd.ReceiveFds(right, buffer.bytes[:], 0)
	must(t, err)
	equal(t, message.Size, 8)

	_, err = sysfd.SendFds(left, []*os.File{a, b}, []byte("x"))
	must(t, err)
	message, err = sysfd.ReceiveFds(right, payload, 1)
	must(t, err)
	equal(t, message.Size, 1)
	equal(t, len(message.Files), 0)
	equal(t, errors.Is(message.FilesError, syscall.E2BIG), true)

	_, err = sysfd.SendFds(left, nil, nil)
	equal(t, errors.Is(err, syscall.EINVAL), true)
	_, err = sysfd.SendFds(left, []*os.File{nil}, []byte("x"))
	equal(t, err.Error(), "sysfd: file 0: invalid argument")
	_, err = sysfd.ReceiveFds(right, payload, 254)
	equal(t, errors.Is(err, syscall.EINVAL), true)
	left.Close()
	message, err = sysfd.ReceiveFds(right, payload, 1)
	must(t, err)
	equal(t, message.Size, 0)
	_, err = sysfd.SendFds(right, nil, []byte("x"))
	equal(t, errors.Is(err, syscall.EPIPE), true)
}

func TestReceivingWaitsInThePoller(t *testing.T) {
	leavesAlone(t)
	left, right := socketPair(t)
	must(t, right.SetReadDeadline(time.Now().Add(time.Millisecond)))
	_, err := sysfd.ReceiveFds(right, make([]byte, 1), 0)
	equal(t, errors.Is(err, os.ErrDeadlineExceeded), true)
	must(t, right.SetReadDeadline(time.Time{}))

	type result struct {
		message *sysfd.Message
		err     error
	}
	received := make(chan result)
	go func() {
		message, err := sysfd.ReceiveFds(right, make([]byte, 1), 1)
		received <- result{message, err}
	}()
	_, err = sysfd.SendFds(left, nil, []byte("x"))
	must(t, err)
	got := <-received
	must(t, got.err)
	equal(t, got.message.Size, 1)

	must(t, left.SetWriteDeadline(time.Now().Add(time.Millisecond)))
	for err == nil { // until there is no room
		_, err = sysfd.SendFds(left, nil, make([]byte, 1<<16))
	}
	equal(t, errors.Is(err, os.ErrDeadlineExceeded), true)
}

func TestCredentials(t *testing.T) {
	leavesAlone(t)
	left, right := socketPair(t)
	must(t, sysfd.PassCredentials(right, true))
	pidfdErr := sysfd.PassPidFd(right, true)
	_, err := sysfd.SendFds(left, nil, []byte("x"))
	must(t, err)
	message, err := sysfd.ReceiveFds(right, make([]byte, 1), 0)
	must(t, err)
	equal(t, message.Credentials, &syscall.Ucred{
		Pid: int32(os.Getpid()), Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid()),
	})
	if pidfdErr != nil {
		t.Skip("this kernel has no SO_PASSPIDFD: ", pidfdErr)
	}
	pid, err := message.Sender.Pid()
	must(t, err)
	equal(t, pid, os.Getpid())
	message.Sender.Close()
}

func TestListenFds(t *testing.T) {
	leavesAlone(t)
	var listen []sysfd.ListenFile
	var addresses []string
	for _, name := range []string{"web", "admin"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		file, err := listener.(*net.TCPListener).File()
		must(t, err)
		addresses = append(addresses, listener.Addr().String())
		listener.Close()
		listen = append(listen, sysfd.ListenFile{Name: name, File: file})
	}
	cmd := helper("listen")
	cmd.ListenFiles = listen
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	for _, each := range listen {
		each.File.Close()
	}
	equal(t, readAll(t, stdout), "true true\nweb\nadmin\n")
	for i, address := range addresses {
		connection, err := net.Dial("tcp", address)
		must(t, err)
		equal(t, readAll(t, connection), "served by "+listen[i].Name)
		connection.Close()
	}
	must(t, cmd.Wait())

	cmd = shell("true")
	cmd.ListenFiles = []sysfd.ListenFile{{Name: "a:b", File: os.Stdin}}
	equal(t, spawnError(t, cmd).Step, "listen_fds")
}

func TestAProcessThatIsNotActivated(t *testing.T) {
	leavesAlone(t)
	_, err := sysfd.ListenFds()
	var failed *sysfd.ListenError
	equal(t, errors.As(err, &failed), true)
	equal(t, failed.Kind, sysfd.NotActivated)
	equal(t, errors.Is(err, syscall.ENODATA), true)

	t.Setenv("LISTEN_PID", "1")
	t.Setenv("LISTEN_FDS", "1")
	_, err = sysfd.ListenFds()
	equal(t, errors.As(err, &failed), true)
	equal(t, failed.Kind, sysfd.OtherProcess)
	_, isSet := os.LookupEnv("LISTEN_FDS")
	equal(t, isSet, false)
}

func TestNotify(t *testing.T) {
	leavesAlone(t)
	t.Setenv("NOTIFY_SOCKET", "")
	sent, err := sysfd.Notify(sysfd.Notification{Ready: true})
	must(t, err)
	equal(t, sent, false)
	sent, err = sysfd.NotifyBarrier(time.Hour)
	must(t, err)
	equal(t, sent, false)

	address := filepath.Join(t.TempDir(), "manager")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	must(t, err)
	defer manager.Close()
	t.Setenv("NOTIFY_SOCKET", address)
	file := fileWith(t, "stored", 0o644)
	sent, err = sysfd.Notify(sysfd.Notification{
		Ready: true, Status: "serving", WatchdogInterval: time.Second,
		Store: []*os.File{file}, StoreName: "state", Timeout: time.Hour,
	})
	must(t, err)
	equal(t, sent, true)
	payload := make([]byte, 4096)
	message, err := sysfd.ReceiveFds(manager, payload, 1)
	must(t, err)
	lines := strings.Split(strings.TrimSpace(string(payload[:message.Size])), "\n")
	for _, want := range []string{"READY=1", "STATUS=serving", "WATCHDOG_USEC=1000000", "FDSTORE=1", "FDNAME=state"} {
		found := false
		for _, line := range lines {
			found = found || line == want
		}
		if !found {
			t.Errorf("%s is not in %q", want, lines)
		}
	}
	equal(t, readAll(t, message.Files[0]), "stored")
	message.Files[0].Close()

	done := make(chan error)
	go func() {
		_, err := sysfd.NotifyBarrier(time.Hour)
		done <- err
	}()
	message, err = sysfd.ReceiveFds(manager, payload, 1)
	must(t, err)
	equal(t, string(payload[:message.Size]), "BARRIER=1")
	message.Files[0].Close()
	must(t, <-done)

	_, err = sysfd.Notify(sysfd.Notification{})
	equal(t, errors.Is(err, syscall.EINVAL), true)
	_, err = sysfd.Notify(sysfd.Notification{Status: "two\nlines"})
	equal(t, errors.Is(err, syscall.EINVAL), true)
	_, err = sysfd.Notify(sysfd.Notification{ExtendTimeout: -1})
	equal(t, errors.Is(err, syscall.EINVAL), true)
}

func TestFileHandle(t *testing.T) {
	leavesAlone(t)
	file := fileWith(t, "content", 0o644)
	handle, mount, err := sysfd.NameToHandle(nil, file.Name(), 0)
	if errors.Is(err, syscall.EOPNOTSUPP) {
		t.Skip("this file system has no handles")
	}
	must(t, err)
	same, sameMount, err := sysfd.HandleOf(file, 0)
	must(t, err)
	equal(t, handle == same, true)
	equal(t, mount, sameMount)

	stored, err := handle.MarshalBinary()
	must(t, err)
	var read sysfd.FileHandle
	must(t, read.UnmarshalBinary(stored))
	equal(t, read, handle)
	equal(t, errors.Is(read.UnmarshalBinary(stored[1:]), syscall.EBADMSG), true)

	_, _, err = sysfd.NameToHandle(nil, "/no/such/file", 0)
	equal(t, errors.Is(err, fs.ErrNotExist), true)
	var named *os.PathError
	equal(t, errors.As(err, &named), true)
	equal(t, named.Path, "/no/such/file")
	directory, err := os.Open(filepath.Dir(file.Name()))
	must(t, err)
	defer directory.Close()
	same, _, err = sysfd.NameToHandle(directory, "file", sysfd.HandleFollow)
	must(t, err)
	equal(t, same, handle)

	found, err := sysfd.FindMount(mount)
	must(t, err)
	defer found.Close()
	must(t, os.Rename(file.Name(), file.Name()+".renamed"))
	opened, err := sysfd.OpenByHandle(found, handle, os.O_RDONLY)
	if errors.Is(err, syscall.EPERM) {
		t.Skip("needs CAP_DAC_READ_SEARCH")
	}
	must(t, err)
	equal(t, readAll(t, opened), "content")
	opened.Close()
	_, err = sysfd.OpenByHandle(found, sysfd.FileHandle{}, os.O_RDONLY)
	equal(t, errors.Is(err, syscall.EBADMSG), true)
}

// opened opens a file again, with a description of its own.
func opened(t *testing.T, file *os.File) *os.File {
	t.Helper()
	again, err := os.OpenFile(file.Name(), os.O_RDWR, 0)
	must(t, err)
	t.Cleanup(func() { again.Close() })
	return again
}

func TestDescriptionLock(t *testing.T) {
	leavesAlone(t)
	file := fileWith(t, "content", 0o644)
	left, right := opened(t, file), opened(t, file)
	all := sysfd.LockRange{}
	background := context.Background()
	lock, err := sysfd.AcquireLock(background, left, sysfd.LockExclusive, all)
	must(t, err)
	_, err = sysfd.TryAcquireLock(right, sysfd.LockShared, all)
	equal(t, errors.Is(err, syscall.EAGAIN), true)
	canceled, cancel := context.WithCancel(background)
	cancel()
	_, err = sysfd.AcquireLock(canceled, right, sysfd.LockShared, all)
	equal(t, err, context.Canceled)
	limited, cancel := context.WithTimeout(background, time.Millisecond)
	_, err = sysfd.AcquireLock(limited, right, sysfd.LockShared, all)
	equal(t, err, context.DeadlineExceeded)
	cancel()

	must(t, lock.Downgrade())
	mode, err := lock.Mode()
	must(t, err)
	equal(t, mode, sysfd.LockShared)
	other, err := sysfd.TryAcquireLock(right, sysfd.LockShared, all)
	must(t, err)
	equal(t, errors.Is(lock.TryUpgrade(), syscall.EAGAIN), true)
	upgraded := make(chan error)
	go func() { upgraded <- lock.Upgrade(background) }()
	must(t, other.Unlock())
	must(t, <-upgraded)
	must(t, lock.Unlock())
	equal(t, lock.Unlock(), os.ErrClosed)
	equal(t, lock.Downgrade(), os.ErrClosed)

	first, err := sysfd.TryAcquireLock(left, sysfd.LockExclusive, sysfd.LockRange{Start: 0, Length: 10})
	must(t, err)
	second, err := sysfd.TryAcquireLock(right, sysfd.LockExclusive, sysfd.LockRange{Start: 10})
	must(t, err)
	must(t, first.Unlock())
	must(t, second.Unlock())
	_, err = sysfd.TryAcquireLock(left, 7, all)
	equal(t, errors.Is(err, syscall.EINVAL), true)
	_, err = sysfd.TryAcquireLock(file, sysfd.LockExclusive, all) // not open for writing
	equal(t, errors.Is(err, syscall.EBADF), true)
}

func TestALockThatIsDroppedIsUnlocked(t *testing.T) {
	leavesAlone(t)
	file := fileWith(t, "", 0o644)
	left, right := opened(t, file), opened(t, file)
	func() {
		_, err := sysfd.TryAcquireLock(left, sysfd.LockExclusive, sysfd.LockRange{})
		must(t, err)
	}()
	for i := 0; i < 1000; i++ {
		runtime.GC()
		lock, err := sysfd.TryAcquireLock(right, sysfd.LockExclusive, sysfd.LockRange{})
		if err == nil {
			must(t, lock.Unlock())
			return
		}
	}
	t.Error("it is still locked")
}

func TestBorrowingDoesNotChangeTheModeOfSockets(t *testing.T) {
	leavesAlone(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	must(t, err)
	defer file.Close()
	cmd := shell("true")
	cmd.ExtraFiles = map[int]*os.File{3: file}
	must(t, cmd.Run())
	connection, err := listener.(*net.TCPListener).SyscallConn()
	must(t, err)
	var flags uintptr
	must(t, connection.Control(func(fd uintptr) {
		flags, _, _ = syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0)
	}))
	equal(t, flags&syscall.O_NONBLOCK != 0, true)
}
