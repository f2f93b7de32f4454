// SPDX-License-Identifier: MIT

package sysfd

// #include "helpers.h"
import "C"

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// MaxFdsInMessage is how many descriptors one message can carry.
const MaxFdsInMessage = C.SYSFD_MAX_FDS_IN_MESSAGE

// atLeastOne returns the bytes, or another one if there is none, so that C can be given &bytes[0].
// Written like this in the call, cgo allows it also if there are pointers next to the bytes.
func atLeastOne(bytes []byte) []byte {
	if len(bytes) == 0 {
		return make([]byte, 1)
	}
	return bytes
}

// SendFds sends files with the first byte of the payload over a Unix socket (*net.UnixConn,
// *os.File): SCM_RIGHTS of unix(7). It returns how many bytes were sent. On a stream that may be
// less than all: send the rest by Write. The payload must not be empty. Waits, and is ended by a
// deadline, as Write does.
func SendFds(socket syscall.Conn, files []*os.File, payload []byte) (int, error) {
	connection, err := socket.SyscallConn()
	if err != nil {
		return 0, err
	}
	named := make([]namedFile, len(files))
	for i, file := range files {
		named[i] = namedFile{fmt.Sprintf("file %d", i), file}
	}
	var memory memory
	defer memory.free()
	bytes, size := atLeastOne(payload), C.size_t(len(payload))
	var sent C.int64_t
	var waitErr error
	err = withFiles(named, descriptors{}, func(fds descriptors) {
		list, count := array(&memory, files, fds.of)
		waitErr = connection.Write(func(fd uintptr) bool {
			sent = C.sysfd_send_fds(C.int(fd), list, count, unsafe.Pointer(&bytes[0]), size)
			return sent != -C.int64_t(syscall.EAGAIN)
		})
	})
	switch {
	case err != nil:
		return 0, err
	case waitErr != nil:
		return 0, waitErr
	case sent < 0:
		return 0, failure("sendmsg", sent)
	}
	return int(sent), nil
}

// Message is what ReceiveFds has received.
type Message struct {
	// Size is the number of bytes of the payload. 0: the end of a stream, or an empty datagram.
	Size int
	// Files are all files that were sent, or none. The caller closes them.
	Files []*os.File
	// FilesError tells why files that were sent were not delivered: E2BIG if they are more than the
	// limit, ...
	FilesError error
	// Credentials are those of the sender, if PassCredentials was called.
	Credentials *syscall.Ucred
	// Sender is the sender's process, if PassPidFd was called. The caller closes it.
	Sender *PidFd
}

// ReceiveFds receives one message with up to `limit` files from a Unix socket. Waits, and is ended
// by a deadline, as Read does.
func ReceiveFds(socket syscall.Conn, payload []byte, limit int) (*Message, error) {
	if limit < 0 || limit > MaxFdsInMessage {
		return nil, fmt.Errorf("sysfd: a limit of %d files: %w", limit, syscall.EINVAL)
	}
	connection, err := socket.SyscallConn()
	if err != nil {
		return nil, err
	}
	options := C.sysfd_receive_options_init()
	options.max_fds = C.uint32_t(limit)
	bytes, room := atLeastOne(payload), C.size_t(len(payload))
	var received *C.sysfd_message
	var size C.int64_t
	if err := connection.Read(func(fd uintptr) bool {
		size = C.sysfd_receive_fds(C.int(fd), unsafe.Pointer(&bytes[0]), room, &options, &received)
		return size != -C.int64_t(syscall.EAGAIN)
	}); err != nil {
		return nil, err
	}
	if size < 0 {
		return nil, failure("recvmsg", size)
	}
	defer C.sysfd_message_free(received)
	message := &Message{Size: int(size)}
	for i := C.int64_t(0); i < C.sysfd_message_fd_count(received); i++ {
		fd := C.sysfd_message_fd_release(received, C.size_t(i))
		message.Files = append(message.Files, newFile(fd, fmt.Sprintf("received %d", i)))
	}
	if missing := C.sysfd_message_fds_error(received); missing < 0 {
		message.FilesError = failure("recvmsg", missing)
	}
	var pid C.int32_t
	var user, group C.uint32_t
	if C.sysfd_message_credentials(received, &pid, &user, &group) == 0 {
		message.Credentials = &syscall.Ucred{Pid: int32(pid), Uid: uint32(user), Gid: uint32(group)}
	}
	if pidfd := C.sysfd_message_pidfd_release(received); pidfd >= 0 {
		if message.Sender, err = newPidFd(pidfd, "recvmsg"); err != nil {
			closeAll(message.Files)
			return nil, err
		}
	}
	return message, nil
}

// PassCredentials selects whether each message comes with the credentials of its sender.
func PassCredentials(socket syscall.Conn, on bool) error {
	return setOption(socket, on, func(fd, on C.int) C.int { return C.sysfd_pass_credentials(fd, on) })
}

// PassPidFd selects whether each message comes with a pidfd of its sender (Linux 6.5).
func PassPidFd(socket syscall.Conn, on bool) error {
	return setOption(socket, on, func(fd, on C.int) C.int { return C.sysfd_pass_pidfd(fd, on) })
}

func setOption(socket syscall.Conn, on bool, set func(fd, on C.int) C.int) error {
	var result C.int
	if err := withFd(socket, func(fd C.int) { result = set(fd, C.int(bit(on, 1))) }); err != nil {
		return err
	}
	return errorOf("setsockopt", result)
}
