// SPDX-License-Identifier: MIT

package sysfd

// #include "helpers.h"
import "C"

import (
	"os"
	"strings"
	"syscall"
)

// ListenErrorKind tells why ListenFds has no files.
type ListenErrorKind int

const (
	NotActivated      ListenErrorKind = C.SYSFD_LISTEN_NOT_ACTIVATED
	OtherProcess      ListenErrorKind = C.SYSFD_LISTEN_OTHER_PROCESS
	Malformed         ListenErrorKind = C.SYSFD_LISTEN_MALFORMED
	AlreadyTaken      ListenErrorKind = C.SYSFD_LISTEN_ALREADY_TAKEN
	ListenUnavailable ListenErrorKind = C.SYSFD_LISTEN_UNAVAILABLE
)

// ListenError tells why ListenFds has no files. errors.Is finds its errno value: ENODATA if the
// process was not activated.
type ListenError struct {
	Kind  ListenErrorKind
	Errno syscall.Errno
	Text  string
}

func (e *ListenError) Error() string { return e.Text }

// Unwrap returns the errno value.
func (e *ListenError) Unwrap() error { return e.Errno }

func isListenVariable(entry string) bool {
	name, _, _ := strings.Cut(entry, "=")
	switch name {
	case "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES":
		return true
	}
	return false
}

// ListenFds returns the files that a service manager has opened for this process, from descriptor 3
// on (socket activation). Name returns the name of each, as the manager gave it. A process can do
// this once; nothing is owned after an error. The variables that describe them are removed from the
// environment.
//
// Use net.FileListener to listen on one, and close the file then.
func ListenFds() ([]*os.File, error) {
	var memory memory
	defer memory.free()
	// C does not read the environment, which other goroutines may change.
	var variables []string
	for _, entry := range os.Environ() {
		if isListenVariable(entry) {
			variables = append(variables, entry)
			name, _, _ := strings.Cut(entry, "=")
			os.Unsetenv(name)
		}
	}
	var fds *C.sysfd_listen_fds
	found := C.sysfd_error_init()
	if result := C.sysfd_listen_fds_take_from(memory.texts(variables), &fds, &found); result < 0 {
		return nil, &ListenError{
			Kind:  ListenErrorKind(found.kind),
			Errno: syscall.Errno(found.code),
			Text:  arrayText(found.text[:]),
		}
	}
	defer C.sysfd_listen_fds_free(fds)
	files := make([]*os.File, int(C.sysfd_listen_fds_count(fds)))
	for i := range files {
		index := C.size_t(i)
		name := textOf(func(buffer *C.char, size C.size_t) C.int {
			return C.sysfd_listen_fds_name(fds, index, buffer, size)
		})
		files[i] = newFile(C.sysfd_listen_fds_release(fds, index, nil, nil), name)
	}
	return files, nil
}
