// SPDX-License-Identifier: MIT

package sysfd

// #cgo pkg-config: sysfd
// #include "helpers.h"
import "C"

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// Value returns a pointer to a value, for optional members: User: sysfd.Value(uint32(33)).
func Value[T any](value T) *T {
	return &value
}

// memory is memory of C that is in use until it is freed. C never sees a pointer into Go's memory
// inside other memory.
type memory []unsafe.Pointer

func (m *memory) free() {
	for _, block := range *m {
		C.free(block)
	}
	*m = nil
}

func (m *memory) text(text string) *C.char {
	copied := C.CString(text)
	*m = append(*m, unsafe.Pointer(copied))
	return copied
}

// optionalText returns null for nil.
func (m *memory) optionalText(text *string) *C.char {
	if text == nil {
		return nil
	}
	return m.text(*text)
}

// textUnlessEmpty returns null for "".
func (m *memory) textUnlessEmpty(text string) *C.char {
	if text == "" {
		return nil
	}
	return m.text(text)
}

// texts returns a list that ends with a null pointer, in one block.
func (m *memory) texts(texts []string) **C.char {
	const pointer = unsafe.Sizeof((*C.char)(nil))
	size := uintptr(len(texts)+1) * pointer
	start := size
	for _, text := range texts {
		size += uintptr(len(text)) + 1
	}
	block := C.malloc(C.size_t(size))
	*m = append(*m, block)
	list := unsafe.Slice((**C.char)(block), len(texts)+1)
	bytes := unsafe.Slice((*byte)(block), size)
	for i, text := range texts {
		list[i] = (*C.char)(unsafe.Pointer(&bytes[start]))
		copy(bytes[start:], text)
		start += uintptr(len(text)) + 1
		bytes[start-1] = 0
	}
	list[len(texts)] = nil
	return (**C.char)(block)
}

// array copies the values. It returns a pointer that is not null, and their number.
func array[To, From any](m *memory, values []From, convert func(From) To) (*To, C.size_t) {
	var element To
	block := C.malloc(C.size_t(len(values)+1) * C.size_t(unsafe.Sizeof(element)))
	*m = append(*m, block)
	converted := unsafe.Slice((*To)(block), len(values))
	for i, value := range values {
		converted[i] = convert(value)
	}
	return (*To)(block), C.size_t(len(values))
}

// number converts an int. One that is too large for C stays too large, or too small, for it.
func number(value int) C.int {
	if value > math.MaxInt32 {
		return math.MaxInt32
	}
	if value < math.MinInt32 {
		return math.MinInt32
	}
	return C.int(value)
}

func signalNumber(signal syscall.Signal) C.int { return number(int(signal)) }

// bit returns the flag if the condition holds.
func bit(condition bool, flag C.uint32_t) C.uint32_t {
	if condition {
		return flag
	}
	return 0
}

// textOf reads a text of the C interface: `write` writes it to the buffer, as all of its functions.
func textOf(write func(buffer *C.char, size C.size_t) C.int) string {
	var buffer [256]byte
	length := int(write((*C.char)(unsafe.Pointer(&buffer)), C.size_t(len(buffer))))
	if length < 0 || length >= len(buffer) {
		return ""
	}
	return string(buffer[:length])
}

// arrayText reads a NUL-terminated text that is a member of a struct.
func arrayText(member []C.char) string {
	return C.GoString(&member[0])
}

// failure is the error for a negative result.
func failure[Result ~int32 | ~int64](call string, result Result) error {
	return os.NewSyscallError(call, syscall.Errno(-result))
}

// errorOf is the error of a result, or nil.
func errorOf(call string, result C.int) error {
	if result < 0 {
		return failure(call, result)
	}
	return nil
}

// noNul checks a string that C is to get. `what` is its name in the error.
func noNul(what, text string) error {
	if strings.IndexByte(text, 0) >= 0 {
		return fmt.Errorf("sysfd: %s contains a NUL byte: %q: %w", what, text, syscall.EINVAL)
	}
	return nil
}

// withFd calls `use` with the descriptor of the file, which stays open during the call. Unlike
// os.File.Fd it does not change the file's mode.
func withFd(file syscall.Conn, use func(fd C.int)) error {
	if file == (*os.File)(nil) {
		return os.ErrInvalid
	}
	connection, err := file.SyscallConn()
	if err != nil {
		return err
	}
	if connection.Control(func(fd uintptr) { use(C.int(fd)) }) != nil {
		return os.ErrClosed // the only error of Control, which has no exported value
	}
	return nil
}

// descriptors are those of files, while they are borrowed. A nil file has the number -1.
type descriptors map[*os.File]C.int

func (d descriptors) of(file *os.File) C.int {
	if fd, ok := d[file]; ok {
		return fd
	}
	return -1
}

// namedFile is a file with its name in errors.
type namedFile struct {
	what string
	file *os.File
}

// withFiles calls `use` with the descriptors of the files, which stay open during the call.
func withFiles(files []namedFile, fds descriptors, use func(descriptors)) error {
	if len(files) == 0 {
		use(fds)
		return nil
	}
	first := files[0]
	if _, ok := fds[first.file]; ok {
		return withFiles(files[1:], fds, use)
	}
	var err error
	if failed := withFd(first.file, func(fd C.int) {
		fds[first.file] = fd
		err = withFiles(files[1:], fds, use)
	}); failed != nil {
		return fmt.Errorf("sysfd: %s: %w", first.what, failed)
	}
	return err
}

// newFile makes the file that owns a new descriptor.
func newFile(fd C.int, name string) *os.File {
	return os.NewFile(uintptr(fd), name)
}

// timeoutOf returns the timeout for a duration.
func timeoutOf(duration time.Duration) C.sysfd_timeout {
	timeout := C.sysfd_timeout_init()
	timeout.nanoseconds = C.int64_t(duration)
	return timeout
}

// canceledBy calls a function that waits, and ends its wait when the context is done.
func canceledBy(ctx context.Context, call string, wait func(*C.sysfd_timeout) C.int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	timeout := C.sysfd_timeout_init()
	if ctx.Done() != nil {
		fd := C.sysfd_event_fd(0, syscall.O_CLOEXEC)
		if fd < 0 {
			return failure("eventfd", fd)
		}
		event := newFile(fd, "eventfd")
		timeout.cancel_fd = fd
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			select {
			case <-ctx.Done():
				event.Write([]byte{7: 1}) // not 0, in either byte order
			case <-stop:
			}
		}()
		defer func() {
			close(stop)
			<-stopped
			event.Close()
		}()
	}
	result := wait(&timeout)
	if result == -C.int(syscall.ECANCELED) && ctx.Err() != nil {
		return ctx.Err()
	}
	return errorOf(call, result)
}
