// SPDX-License-Identifier: MIT

package sysfd

// #include "helpers.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"syscall"
)

// check finds what C cannot be given.
func (c *Cmd) check() error {
	if c.Path == "" && c.Program == nil {
		return errors.New("sysfd: there is no program: Path is empty")
	}
	texts := []struct{ what, text string }{
		{"Path", c.Path}, {"Dir", c.Dir}, {"RootDirectory", c.RootDirectory},
	}
	add := func(what, text string) { texts = append(texts, struct{ what, text string }{what, text}) }
	for i, argument := range c.Args {
		add(fmt.Sprintf("Args[%d]", i), argument)
	}
	for i, entry := range c.Env {
		add(fmt.Sprintf("Env[%d]", i), entry)
	}
	for i, listen := range c.ListenFiles {
		add(fmt.Sprintf("ListenFiles[%d].Name", i), listen.Name)
	}
	if c.Identity != nil {
		add("Identity.Capabilities", valueOf(c.Identity.Capabilities))
		add("Identity.Iab", valueOf(c.Identity.Iab))
	}
	if c.Namespaces != nil {
		add("Namespaces.HostName", valueOf(c.Namespaces.HostName))
	}
	for _, each := range texts {
		if err := noNul(each.what, each.text); err != nil {
			return err
		}
	}
	for number := range c.ExtraFiles {
		if number < 3 || int(int32(number)) != number {
			return fmt.Errorf("sysfd: ExtraFiles[%d]: numbers begin at 3: %w", number, syscall.EINVAL)
		}
	}
	return nil
}

// extraNumbers returns the numbers of ExtraFiles in their order.
func (c *Cmd) extraNumbers() []int {
	numbers := make([]int, 0, len(c.ExtraFiles))
	for number := range c.ExtraFiles {
		numbers = append(numbers, number)
	}
	sort.Ints(numbers)
	return numbers
}

// borrowed returns all files that the program's start uses.
func (c *Cmd) borrowed(streams [3]*os.File) []namedFile {
	var files []namedFile
	addUnlessNil := func(what string, file *os.File) {
		if file != nil {
			files = append(files, namedFile{what, file})
		}
	}
	for i, isSet := range [3]bool{c.Stdin != nil, c.Stdout != nil, c.Stderr != nil} {
		if isSet {
			files = append(files, namedFile{[]string{"Stdin", "Stdout", "Stderr"}[i], streams[i]})
		}
	}
	for _, number := range c.extraNumbers() {
		files = append(files, namedFile{fmt.Sprintf("ExtraFiles[%d]", number), c.ExtraFiles[number]})
	}
	for i, listen := range c.ListenFiles {
		files = append(files, namedFile{fmt.Sprintf("ListenFiles[%d]", i), listen.File})
	}
	addUnlessNil("Program", c.Program)
	addUnlessNil("DirFile", c.DirFile)
	addUnlessNil("Cgroup", c.Cgroup)
	addUnlessNil("Landlock", c.Landlock)
	if c.Session != nil {
		addUnlessNil("Session.ControllingTerminal", c.Session.ControllingTerminal)
		addUnlessNil("Session.ForegroundOf", c.Session.ForegroundOf)
	}
	if c.Namespaces != nil {
		for i, join := range c.Namespaces.Join {
			files = append(files, namedFile{fmt.Sprintf("Namespaces.Join[%d].File", i), join.File})
		}
	}
	return files
}

// setBlocking gives the files blocking mode, which programs expect, as os/exec does.
func (c *Cmd) setBlocking(streams [3]*os.File) {
	for _, stream := range streams {
		if stream != nil {
			stream.Fd()
		}
	}
	for _, file := range c.ExtraFiles {
		isSocket := C.int(0)
		if withFd(file, func(fd C.int) { isSocket = C.sysfd_is_socket(fd) }) == nil && isSocket == 0 {
			file.Fd()
		}
	}
}

// spawn starts the program.
func (c *Cmd) spawn(streams [3]*os.File) (*Process, error) {
	c.setBlocking(streams)
	var memory memory
	defer memory.free()
	var child *C.sysfd_child
	var spawnError error
	err := withFiles(c.borrowed(streams), descriptors{}, func(fds descriptors) {
		var command *C.sysfd_command
		if command, spawnError = c.command(&memory, fds, streams); spawnError != nil {
			return
		}
		defer C.sysfd_command_free(command)
		start := func() {
			found := C.sysfd_spawn_error_init()
			if C.sysfd_command_spawn(command, &child, &found) < 0 {
				spawnError = newSpawnError(&found)
			}
		}
		if c.ParentDeathSignal != 0 || c.KillWithParent {
			onLastingThread(start)
		} else {
			start()
		}
	})
	if err == nil {
		err = spawnError
	}
	if err != nil {
		return nil, err
	}
	return newProcess(child, c.OnDrop)
}

// command makes the command of the C interface. Its setters keep the first error for the start.
func (c *Cmd) command(m *memory, fds descriptors, streams [3]*os.File) (*C.sysfd_command, error) {
	path, arguments := c.Path, []string(nil)
	if !strings.Contains(path, "/") {
		path = "./" + path // it is not looked for
	}
	argument0 := c.Path
	if len(c.Args) > 0 {
		argument0, arguments = c.Args[0], c.Args[1:]
	}
	var command *C.sysfd_command
	var result C.int
	if c.Program != nil {
		result = C.sysfd_command_new_borrow(fds.of(c.Program), m.text(argument0), &command)
	} else {
		result = C.sysfd_command_new(m.text(path), &command)
		C.sysfd_command_argument0(command, m.text(argument0))
	}
	if result < 0 {
		return nil, failure("sysfd_command_new", result)
	}
	C.sysfd_command_args(command, m.texts(arguments))
	C.sysfd_command_environment(command, m.texts(c.Environ()))

	change := C.int(C.SYSFD_BEFORE_IDENTITY)
	if c.DirAfterIdentity {
		change = C.SYSFD_AFTER_IDENTITY
	}
	switch {
	case c.DirFile != nil:
		C.sysfd_command_working_directory_borrow(command, fds.of(c.DirFile), change)
	case c.Dir != "":
		C.sysfd_command_working_directory(command, m.text(c.Dir), change)
	}
	if c.RootDirectory != "" {
		C.sysfd_command_root_directory(command, m.text(c.RootDirectory))
	}
	if c.Cgroup != nil {
		C.sysfd_command_cgroup_borrow(command, fds.of(c.Cgroup))
	}
	if c.Landlock != nil {
		C.sysfd_command_landlock_borrow(command, fds.of(c.Landlock))
	}

	if c.Terminal != nil {
		C.sysfd_command_terminal(command, C.uint16_t(c.Terminal.Rows), C.uint16_t(c.Terminal.Columns))
	}
	for i, stream := range streams {
		c.setStream(command, i, stream, fds)
	}
	for _, number := range c.extraNumbers() {
		C.sysfd_command_pass_borrow(command, fds.of(c.ExtraFiles[number]), C.int(number))
	}
	for _, listen := range c.ListenFiles {
		C.sysfd_command_listen_fds_borrow(command, m.text(listen.Name), fds.of(listen.File))
	}
	if c.InheritDescriptors {
		C.sysfd_command_inherit_descriptors(command, nil, 0)
	}

	if c.Identity != nil {
		c.Identity.set(command, m)
	}
	if c.Resources != nil {
		c.Resources.set(command, m)
	}
	if c.Session != nil {
		c.Session.set(command, fds)
	}
	if c.Signals != nil {
		c.Signals.set(command, m)
	}
	if c.Namespaces != nil {
		c.Namespaces.set(command, m, fds)
	}

	if c.ParentDeathSignal != 0 {
		C.sysfd_command_parent_death_signal(command, C.int(c.ParentDeathSignal))
	}
	if c.KillWithParent {
		C.sysfd_command_kill_with_parent(command)
	}
	if c.LeaveNoZombie {
		C.sysfd_command_leave_no_zombie(command)
	}
	if c.RetryBusy != 0 {
		C.sysfd_command_retry_busy(command, number(c.RetryBusy))
	}
	if c.ShellFallback {
		C.sysfd_command_shell_fallback(command)
	}
	grace := timeoutOf(c.Grace)
	if c.Grace == 0 {
		C.sysfd_command_on_drop(command, C.int(c.OnDrop), nil)
	} else {
		C.sysfd_command_on_drop(command, C.int(c.OnDrop), &grace)
	}
	return command, nil
}

func (c *Cmd) setStream(command *C.sysfd_command, number int, file *os.File, fds descriptors) {
	if file == nil {
		if c.Terminal != nil {
			return
		}
		switch number {
		case 0:
			C.sysfd_command_stdin_from(command, C.SYSFD_STDIO_NULL)
		case 1:
			C.sysfd_command_stdout_to(command, C.SYSFD_STDIO_NULL)
		case 2:
			C.sysfd_command_stderr_to(command, C.SYSFD_STDIO_NULL)
		}
		return
	}
	fd := fds.of(file)
	switch number {
	case 0:
		C.sysfd_command_stdin_from_borrow(command, fd)
	case 1:
		C.sysfd_command_stdout_to_borrow(command, fd)
	case 2:
		C.sysfd_command_stderr_to_borrow(command, fd)
	}
}

// lastingThread is a thread that ends with the process. The first use starts it.
var lastingThread struct {
	once  sync.Once
	calls chan func()
}

// onLastingThread calls a function there, and returns when it has returned.
func onLastingThread(call func()) {
	lastingThread.once.Do(func() {
		lastingThread.calls = make(chan func())
		go func() {
			runtime.LockOSThread()
			for call := range lastingThread.calls {
				call()
			}
		}()
	})
	returned := make(chan struct{})
	lastingThread.calls <- func() {
		defer close(returned)
		call()
	}
	<-returned
}
