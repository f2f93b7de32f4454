// SPDX-License-Identifier: MIT

// Package sysfd starts programs with the face of os/exec, and a pidfd for each. It wraps
// libsysfd.so.0, whose header <sysfd/sysfd.h> tells the rest.
//
// What differs from os/exec:
//
//   - A program gets the descriptors that it is given, at any numbers (Cmd.ExtraFiles), and no
//     others.
//   - Starts do not wait for each other, and take no longer if many descriptors are open.
//   - Signals go to a pidfd, and never to another process with the same number.
//   - No thread waits for a process: the runtime's poller does. Processes are reaped as soon as
//     they end, also if nobody waits.
//   - Cmd.Close ends a program that still runs.
//   - Errors name the step that failed: see SpawnError.
//   - The LISTEN_... variables of socket activation are not inherited, since they were meant for
//     this process.
package sysfd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Cmd is a program to start, or that was started. It can be started once. Wait, WaitContext and
// Close may be called from several goroutines.
type Cmd struct {
	// Path is the program. A relative path is relative to Dir.
	Path string
	// Program, if not nil, is the program instead of Path: execveat(2).
	Program *os.File
	// Args are the arguments, beginning with argument 0. If it is empty, argument 0 is Path.
	Args []string
	// Env has the environment: "NAME=value" each. Of two entries of one name, the last one counts.
	// nil stands for this process's environment without its LISTEN_... variables.
	Env []string
	// Dir is the working directory. "" stands for this process's.
	Dir string
	// DirFile, if not nil, is the working directory instead of Dir.
	DirFile *os.File
	// DirAfterIdentity changes to the working directory with the new identity, not before.
	DirAfterIdentity bool

	// Stdin, Stdout and Stderr are the standard streams. nil stands for /dev/null. The program gets
	// an *os.File itself, in blocking mode, as from os/exec. Anything else is copied by a goroutine
	// through a pipe, and Wait waits for the end of that. If Stdout and Stderr are equal, both use
	// the same pipe.
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	// ExtraFiles are other files that the program gets, each as the descriptor with its number, from
	// 3 on. They get blocking mode, except sockets: these share it with their listener or connection.
	ExtraFiles map[int]*os.File
	// ListenFiles become the descriptors 3, 4, ..., for socket activation: see ListenFds.
	ListenFiles []ListenFile
	// InheritDescriptors also gives the program all descriptors that are not close-on-exec.
	InheritDescriptors bool
	// Terminal, if not nil, makes a new pseudo-terminal of this size: see Process.Terminal. Streams
	// that are nil are that terminal.
	Terminal *WindowSize

	// These are set if not nil.
	Identity   *Identity
	Resources  *Resources
	Session    *Session
	Signals    *Signals
	Namespaces *Namespaces

	// RootDirectory is the root directory of the program: chroot(2).
	RootDirectory string
	// Cgroup is the directory of the cgroup that the program starts in (version 2).
	Cgroup *os.File
	// Landlock is a ruleset that restricts the program: landlock_restrict_self(2). Also sets
	// no-new-privileges.
	Landlock *os.File
	// ParentDeathSignal is sent to the program when this process ends. PR_SET_PDEATHSIG sends it when
	// the thread that started the program ends. So a thread that never ends starts it, and what the
	// calling thread has changed for itself alone (namespaces, ...) is not inherited.
	ParentDeathSignal syscall.Signal
	// KillWithParent kills the program when this process ends. Uses the same thread.
	KillWithParent bool
	// LeaveNoZombie starts the program so that no wait(2) of this process finds it. Before Linux 6.15
	// its exit status is lost (ECHILD).
	LeaveNoZombie bool
	// RetryBusy retries this many times if the program is open for writing (ETXTBSY).
	RetryBusy int
	// ShellFallback runs a file that is neither a binary nor a script with #! by /bin/sh.
	ShellFallback bool

	// OnDrop is what Close does to a program that still runs. The default is to kill it.
	OnDrop DropPolicy
	// Grace is the grace period of DropTerminate. 0 stands for five seconds.
	Grace time.Duration

	// Cancel is called when the context of CommandContext is done. If it is nil, the program is
	// killed, with its process group if it leads one. It may call the methods of Process, but neither
	// Wait nor Close of the Cmd, which wait for it.
	Cancel func() error
	// WaitDelay limits how long Wait waits, after the end of the program, for the ends of the pipes.
	// Other processes may have them open. 0: no limit.
	WaitDelay time.Duration

	// Process is set by Start.
	Process *Process
	// ExitStatus is set by Wait.
	ExitStatus *ExitStatus
	// Err is the error of looking for the program, if any. Start returns it.
	Err error

	ctx             context.Context
	closeAfterStart []*os.File
	closeAfterWait  []*os.File
	stdinPipe       *os.File

	copyStdin  func() error
	copyOutput []func() error
	copyErrors chan error
	outputRead chan struct{} // closed when all output was copied
	copied     chan struct{} // the same, and the input

	watched  chan struct{} // closed when the next is set; nil: there is no context
	canceled error

	finish  sync.Once
	waitErr error
}

// ListenFile is a file for socket activation, and its name.
type ListenFile struct {
	Name string
	File *os.File
}

// WindowSize is the size of a terminal.
type WindowSize struct {
	Rows, Columns uint16
}

// Command returns a Cmd for a program. A name without a slash is looked for in PATH, by
// exec.LookPath.
func Command(name string, arguments ...string) *Cmd {
	cmd := &Cmd{Path: name, Args: append([]string{name}, arguments...)}
	if !strings.Contains(name, "/") {
		path, err := exec.LookPath(name)
		if path != "" { // also with exec.ErrDot, which the caller may allow
			cmd.Path = path
		}
		cmd.Err = err
	}
	return cmd
}

// CommandContext is Command with a context. When that is done, the program is killed: see
// Cmd.Cancel.
func CommandContext(ctx context.Context, name string, arguments ...string) *Cmd {
	if ctx == nil {
		panic("sysfd: the context is nil")
	}
	cmd := Command(name, arguments...)
	cmd.ctx = ctx
	return cmd
}

// String returns the path and the arguments, for logs.
func (c *Cmd) String() string {
	if c.Err != nil || len(c.Args) == 0 {
		return strings.Join(append([]string{}, c.Args...), " ")
	}
	return strings.Join(append([]string{c.Path}, c.Args[1:]...), " ")
}

// Environ returns the environment that the program gets, as far as it is known before the start.
func (c *Cmd) Environ() []string {
	entries := c.Env
	if entries == nil {
		for _, entry := range os.Environ() {
			if !isListenVariable(entry) {
				entries = append(entries, entry)
			}
		}
		if c.Dir != "" {
			if dir, err := filepath.Abs(c.Dir); err == nil {
				entries = append(entries, "PWD="+dir)
			}
		}
	}
	// Of two entries of one name, the last one is kept, in the place of the first.
	kept := make([]string, 0, len(entries))
	places := make(map[string]int, len(entries))
	for _, entry := range entries {
		name, _, isVariable := strings.Cut(entry, "=")
		place, isKnown := places[name]
		switch {
		case isVariable && isKnown:
			kept[place] = entry
			continue
		case isVariable:
			places[name] = len(kept)
		}
		kept = append(kept, entry)
	}
	return kept
}

// Run starts the program and waits for its end.
func (c *Cmd) Run() error {
	if err := c.Start(); err != nil {
		return err
	}
	return c.Wait()
}

// Output runs the program, and returns what it writes to its standard output.
func (c *Cmd) Output() ([]byte, error) {
	if c.Stdout != nil {
		return nil, errors.New("sysfd: Stdout is set already")
	}
	var output bytes.Buffer
	c.Stdout = &output
	var beginning *firstBytes
	if c.Stderr == nil {
		beginning = &firstBytes{}
		c.Stderr = beginning
	}
	err := c.Run()
	if exit, ok := err.(*ExitError); ok && beginning != nil {
		exit.Stderr = beginning.bytes
	}
	return output.Bytes(), err
}

// CombinedOutput runs the program, and returns what it writes to its standard output and error.
func (c *Cmd) CombinedOutput() ([]byte, error) {
	if c.Stdout != nil {
		return nil, errors.New("sysfd: Stdout is set already")
	}
	if c.Stderr != nil {
		return nil, errors.New("sysfd: Stderr is set already")
	}
	var output bytes.Buffer
	c.Stdout = &output
	c.Stderr = &output
	err := c.Run()
	return output.Bytes(), err
}

// firstBytes keeps the first 64 KiB that are written to it.
type firstBytes struct{ bytes []byte }

func (f *firstBytes) Write(data []byte) (int, error) {
	room := 64<<10 - len(f.bytes)
	if room > len(data) {
		room = len(data)
	}
	f.bytes = append(f.bytes, data[:room]...)
	return len(data), nil
}

// StdinPipe returns a pipe to the program's standard input. A program that reads it to its end ends
// only after it was closed. Wait closes it after the end of the program.
func (c *Cmd) StdinPipe() (io.WriteCloser, error) {
	if err := c.canMakePipe("Stdin", c.Stdin != nil); err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.Stdin, c.stdinPipe = read, write
	c.closeAfterStart = append(c.closeAfterStart, read)
	c.closeAfterWait = append(c.closeAfterWait, write)
	return &closedOnce{File: write}, nil
}

// StdoutPipe returns a pipe from the program's standard output. Wait closes it after the end of the
// program: read it to its end before.
func (c *Cmd) StdoutPipe() (io.ReadCloser, error) {
	return c.outputPipe("Stdout", &c.Stdout)
}

// StderrPipe returns a pipe from the program's standard error, as StdoutPipe does.
func (c *Cmd) StderrPipe() (io.ReadCloser, error) {
	return c.outputPipe("Stderr", &c.Stderr)
}

func (c *Cmd) outputPipe(name string, stream *io.Writer) (io.ReadCloser, error) {
	if err := c.canMakePipe(name, *stream != nil); err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	*stream = write
	c.closeAfterStart = append(c.closeAfterStart, write)
	c.closeAfterWait = append(c.closeAfterWait, read)
	return read, nil
}

func (c *Cmd) canMakePipe(name string, isSet bool) error {
	if isSet {
		return fmt.Errorf("sysfd: %s is set already", name)
	}
	if c.Process != nil {
		return fmt.Errorf("sysfd: %sPipe after Start", name)
	}
	return nil
}

// closedOnce is a file that may be closed again, as the pipe of Wait and of its caller.
type closedOnce struct{ *os.File }

func (c *closedOnce) Close() error {
	err := c.File.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// Start starts the program, and returns when it executes or could not be started. The error is a
// *SpawnError if the kernel refused something.
func (c *Cmd) Start() error {
	if c.Process != nil {
		return errors.New("sysfd: the program was started already")
	}
	err := c.start()
	c.closeAfterStart = closeAll(c.closeAfterStart)
	if err != nil {
		c.closeAfterWait = closeAll(c.closeAfterWait)
		return err
	}
	c.startCopying()
	c.watchContext()
	return nil
}

func (c *Cmd) start() error {
	if c.Err != nil {
		return c.Err
	}
	if c.ctx != nil {
		if err := c.ctx.Err(); err != nil {
			return err
		}
	}
	if err := c.check(); err != nil {
		return err
	}
	streams, err := c.streams()
	if err != nil {
		return err
	}
	c.Process, err = c.spawn(streams)
	return err
}

// streams returns the files for 0, 1 and 2. nil: none is given.
func (c *Cmd) streams() (streams [3]*os.File, err error) {
	switch stdin := c.Stdin.(type) {
	case nil:
	case *os.File:
		streams[0] = stdin
	default:
		read, write, err := os.Pipe()
		if err != nil {
			return streams, err
		}
		streams[0] = read
		c.closeAfterStart = append(c.closeAfterStart, read)
		c.closeAfterWait = append(c.closeAfterWait, write)
		c.copyStdin = func() error {
			_, err := io.Copy(write, stdin)
			if errors.Is(err, syscall.EPIPE) {
				err = nil // the program does not read all of it
			}
			if failed := write.Close(); err == nil {
				err = failed
			}
			return err
		}
	}
	if streams[1], err = c.outputStream(c.Stdout); err != nil {
		return streams, err
	}
	if isSame(c.Stdout, c.Stderr) {
		streams[2] = streams[1]
		return streams, nil
	}
	streams[2], err = c.outputStream(c.Stderr)
	return streams, err
}

func (c *Cmd) outputStream(writer io.Writer) (*os.File, error) {
	if writer == nil {
		return nil, nil
	}
	if file, ok := writer.(*os.File); ok {
		return file, nil
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.closeAfterStart = append(c.closeAfterStart, write)
	c.closeAfterWait = append(c.closeAfterWait, read)
	c.copyOutput = append(c.copyOutput, func() error {
		_, err := io.Copy(writer, read)
		read.Close() // the program gets SIGPIPE if the writer failed
		return err
	})
	return write, nil
}

// isSame tells whether two writers are equal, without comparing what cannot be compared.
func isSame(left, right io.Writer) bool {
	return left != nil && right != nil && reflect.TypeOf(left).Comparable() &&
		reflect.TypeOf(right).Comparable() && left == right
}

func closeAll(files []*os.File) []*os.File {
	for _, file := range files {
		file.Close()
	}
	return nil
}

// startCopying starts the goroutines that copy the streams.
func (c *Cmd) startCopying() {
	c.copyErrors = make(chan error, len(c.copyOutput)+1)
	c.outputRead, c.copied = make(chan struct{}), make(chan struct{})
	var output, all sync.WaitGroup
	start := func(copyStream func() error, groups ...*sync.WaitGroup) {
		for _, group := range groups {
			group.Add(1)
		}
		go func() {
			if err := copyStream(); err != nil {
				c.copyErrors <- err
			}
			for _, group := range groups {
				group.Done()
			}
		}()
	}
	for _, copyStream := range c.copyOutput {
		start(copyStream, &output, &all)
	}
	if c.copyStdin != nil {
		start(c.copyStdin, &all)
	}
	if len(c.copyOutput) == 0 && c.copyStdin == nil {
		close(c.outputRead)
		close(c.copied)
		return
	}
	go func() {
		output.Wait()
		close(c.outputRead)
		all.Wait()
		close(c.copied)
	}()
}

// watchContext starts the goroutine that ends the program when the context is done.
func (c *Cmd) watchContext() {
	if c.ctx == nil || c.ctx.Done() == nil {
		return
	}
	c.watched = make(chan struct{})
	go func() {
		defer close(c.watched)
		select {
		case <-c.Process.done:
		case <-c.ctx.Done():
			c.canceled = c.cancel()
		}
	}()
}

// cancel ends the program, and returns what Wait is to report.
func (c *Cmd) cancel() error {
	var err error
	switch {
	case c.Cancel != nil:
		err = c.Cancel()
	case c.leadsGroup():
		err = c.Process.SignalGroup(syscall.SIGKILL)
	default:
		err = c.Process.Kill()
	}
	if err == nil {
		return c.ctx.Err()
	}
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return fmt.Errorf("sysfd: the program could not be ended: %w", err)
}

func (c *Cmd) leadsGroup() bool {
	if c.Session == nil {
		return c.Terminal != nil
	}
	group := c.Session.ProcessGroup
	return c.Terminal != nil || c.Session.NewSession || group != nil && *group == 0
}

// Wait waits for the end of the program, and until its streams were copied. It can be called again,
// and returns the same error: nil if the exit code is 0, otherwise an *ExitError, or an error of
// copying.
func (c *Cmd) Wait() error {
	return c.WaitContext(context.Background())
}

// WaitContext is Wait until the context is done. It returns the error of the context then, and the
// program goes on.
func (c *Cmd) WaitContext(ctx context.Context) error {
	if c.Process == nil {
		return errors.New("sysfd: the program was not started")
	}
	if _, err := c.Process.WaitContext(ctx); err != nil && err == ctx.Err() {
		return err
	}
	var delay <-chan time.Time
	if c.WaitDelay > 0 {
		timer := time.NewTimer(c.WaitDelay)
		defer timer.Stop()
		delay = timer.C
	}
	select {
	case <-c.copied:
		c.finish.Do(func() { c.end(nil) })
	case <-delay:
		c.finish.Do(func() { c.end(ErrWaitDelay) })
	case <-ctx.Done():
		return ctx.Err()
	}
	return c.waitErr
}

// end stores the result of Wait. The program has ended.
func (c *Cmd) end(late error) {
	c.closeAfterWait = closeAll(c.closeAfterWait)
	<-c.outputRead
	if c.watched != nil {
		<-c.watched
	}
	status, err := c.Process.Wait()
	c.ExitStatus = status
	switch {
	case err != nil:
		c.waitErr = err
	case !status.Success():
		c.waitErr = &ExitError{ExitStatus: status, Cause: c.canceled}
	case c.canceled != nil:
		c.waitErr = c.canceled
	case late != nil:
		c.waitErr = late
	default:
		select {
		case c.waitErr = <-c.copyErrors:
		default:
		}
	}
}

// Close does what OnDrop says to a program that still runs, and closes the pipes. It does nothing
// to a program that has ended. Call it with defer, to be sure that the program ends.
func (c *Cmd) Close() error {
	c.closeAfterStart = closeAll(c.closeAfterStart)
	if c.Process == nil {
		c.closeAfterWait = closeAll(c.closeAfterWait)
		return nil
	}
	if c.stdinPipe != nil && (c.OnDrop == DropTerminate || c.OnDrop == DropWait) {
		c.stdinPipe.Close() // the program may be waiting for its end
	}
	switch c.OnDrop {
	case DropDetach:
		return nil
	case DropWait:
		var exit *ExitError
		if err := c.Wait(); !errors.As(err, &exit) {
			return err
		}
		return nil
	}
	err := c.Process.Close()
	c.finish.Do(func() { c.end(ErrWaitDelay) })
	return err
}
