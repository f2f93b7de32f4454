// SPDX-License-Identifier: MIT

package sysfd

// #include "helpers.h"
import "C"

import (
	"os"
	"syscall"
	"unsafe"
)

// FileHandle is a name of a file that outlives its path: name_to_handle_at(2). It is a value that
// can be compared with == and be the key of a map. It is valid for its file system only. The zero
// value is no handle.
type FileHandle struct {
	stored string // what sysfd_file_handle_serialize writes
}

// HandleFlags are options of NameToHandle.
type HandleFlags uint32

const (
	HandleFollow      HandleFlags = C.SYSFD_HANDLE_FOLLOW
	HandleFid         HandleFlags = C.SYSFD_HANDLE_FID
	HandleConnectable HandleFlags = C.SYSFD_HANDLE_CONNECTABLE
	HandleUniqueMount HandleFlags = C.SYSFD_HANDLE_UNIQUE_MOUNT
)

// MountID is the ID of a mount. One that is unique is not reused until the system is rebooted.
type MountID struct {
	ID     uint64
	Unique bool
}

// NameToHandle returns the handle of the file at a path, and the ID of its mount. The path is
// relative to the directory; nil is the working directory.
func NameToHandle(directory *os.File, path string, flags HandleFlags) (FileHandle, MountID, error) {
	if err := noNul("the path", path); err != nil {
		return FileHandle{}, MountID{}, err
	}
	var memory memory
	defer memory.free()
	name := memory.text(path)
	return newHandle(path, func(handle **C.sysfd_file_handle, mount *C.sysfd_mount_id) C.int {
		result := -C.int(syscall.EBADF)
		if directory == nil {
			return C.sysfd_name_to_handle(C.SYSFD_CWD, name, C.uint32_t(flags), handle, mount)
		}
		withFd(directory, func(fd C.int) {
			result = C.sysfd_name_to_handle(fd, name, C.uint32_t(flags), handle, mount)
		})
		return result
	})
}

// HandleOf returns the handle of an open file, and the ID of its mount.
func HandleOf(file *os.File, flags HandleFlags) (FileHandle, MountID, error) {
	return newHandle(file.Name(), func(handle **C.sysfd_file_handle, mount *C.sysfd_mount_id) C.int {
		result := -C.int(syscall.EBADF)
		withFd(file, func(fd C.int) {
			result = C.sysfd_name_to_handle_of(fd, C.uint32_t(flags), handle, mount)
		})
		return result
	})
}

func newHandle(
	path string, name func(**C.sysfd_file_handle, *C.sysfd_mount_id) C.int,
) (FileHandle, MountID, error) {
	var handle *C.sysfd_file_handle
	var mount C.sysfd_mount_id
	if result := name(&handle, &mount); result < 0 {
		return FileHandle{}, MountID{}, &os.PathError{
			Op: "name_to_handle_at", Path: path, Err: syscall.Errno(-result),
		}
	}
	defer C.sysfd_file_handle_free(handle)
	var stored [160]byte
	size := C.sysfd_file_handle_serialize(handle, unsafe.Pointer(&stored), C.size_t(len(stored)))
	if size < 0 {
		return FileHandle{}, MountID{}, failure("sysfd_file_handle_serialize", size)
	}
	return FileHandle{string(stored[:size])}, MountID{uint64(mount.id), mount.is_unique != 0}, nil
}

// with calls a function with the handle as an object of the C interface.
func (h FileHandle) with(use func(*C.sysfd_file_handle)) error {
	var handle *C.sysfd_file_handle
	bytes, size := atLeastOne([]byte(h.stored)), C.size_t(len(h.stored))
	result := C.sysfd_file_handle_deserialize(unsafe.Pointer(&bytes[0]), size, &handle)
	if result < 0 {
		return failure("sysfd_file_handle_deserialize", result)
	}
	defer C.sysfd_file_handle_free(handle)
	use(handle)
	return nil
}

// OpenByHandle opens the file that a handle names: open_by_handle_at(2). `mount` is any file of its
// file system. The error is ESTALE if the file is gone. Needs CAP_DAC_READ_SEARCH.
func OpenByHandle(mount *os.File, handle FileHandle, flags int) (*os.File, error) {
	fd := -C.int(syscall.EBADF)
	if err := handle.with(func(handle *C.sysfd_file_handle) {
		withFd(mount, func(mount C.int) { fd = C.sysfd_open_by_handle(mount, handle, number(flags)) })
	}); err != nil {
		return nil, err
	}
	if fd < 0 {
		return nil, failure("open_by_handle_at", fd)
	}
	return newFile(fd, "file handle"), nil
}

// FindMount opens the mount with this ID, for OpenByHandle.
func FindMount(mount MountID) (*os.File, error) {
	id := C.sysfd_mount_id{id: C.uint64_t(mount.ID), is_unique: bit(mount.Unique, 1)}
	fd := C.sysfd_find_mount(id)
	if fd < 0 {
		return nil, failure("sysfd_find_mount", fd)
	}
	return newFile(fd, "mount"), nil
}

// MarshalBinary returns bytes to store, which are the same on every machine.
func (h FileHandle) MarshalBinary() ([]byte, error) {
	return []byte(h.stored), nil
}

// UnmarshalBinary reads what MarshalBinary returned. The bytes may come from an untrusted source:
// the error is EBADMSG if they are not exactly one handle.
func (h *FileHandle) UnmarshalBinary(stored []byte) error {
	read := FileHandle{string(stored)}
	if err := read.with(func(*C.sysfd_file_handle) {}); err != nil {
		return err
	}
	*h = read
	return nil
}
