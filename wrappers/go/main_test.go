// SPDX-License-Identifier: MIT

package sysfd_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"sysfd"
)

// helperVariable makes the test program do something else: see helpers.
const helperVariable = "SYSFD_TEST_HELPER"

// helpers are what the test program does as a child.
var helpers = map[string]func(){
	// Traces a process, until its standard input ends.
	"tracer": func() {
		const seize = 0x4206
		pid, err := strconv.Atoi(os.Args[1])
		fatalUnlessNil(err)
		runtime.LockOSThread()
		_, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, seize, uintptr(pid), 0, 0, 0, 0)
		if errno != 0 {
			fmt.Println(errno.Error())
			return
		}
		fmt.Println("ready")
		io.ReadAll(os.Stdin)
	},
	// Writes its arguments.
	"arguments": func() {
		fmt.Printf("%q", os.Args)
	},
	// Writes the numbers of all open descriptors.
	"descriptors": func() {
		for _, number := range openNumbers() {
			fmt.Println(number)
		}
	},
	// Serves one connection on each listener, after it has written their names.
	"listen": func() {
		files, err := sysfd.ListenFds()
		fatalUnlessNil(err)
		_, err = sysfd.ListenFds()
		fmt.Println(err.(*sysfd.ListenError).Kind == sysfd.AlreadyTaken, os.Getenv("LISTEN_FDS") == "")
		for _, file := range files {
			fmt.Println(file.Name())
		}
		os.Stdout.Close()
		for _, file := range files {
			listener, err := net.FileListener(file)
			fatalUnlessNil(err)
			connection, err := listener.Accept()
			fatalUnlessNil(err)
			fmt.Fprint(connection, "served by ", file.Name())
			connection.Close()
		}
	},
	// Starts programs with limits on descriptors, from the lowest to one that is enough.
	"few descriptors": func() {
		read, write, err := os.Pipe() // the runtime's poller has its descriptors then
		fatalUnlessNil(err)
		read.Close()
		write.Close()
		before := openNumbers()
		var limit syscall.Rlimit
		fatalUnlessNil(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
		for limit.Cur = uint64(len(before)); ; limit.Cur++ {
			fatalUnlessNil(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
			cmd := sysfd.Command("/bin/sh", "-c", "cat; exit 2")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("x"), io.Discard, discards{}
			err := cmd.Run()
			if after := openNumbers(); !reflect.DeepEqual(before, after) {
				fatalUnlessNil(fmt.Errorf("with a limit of %d: %v, and %v", limit.Cur, after, err))
			}
			if _, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
				fatalUnlessNil(fmt.Errorf("with a limit of %d: a child, and %v", limit.Cur, err))
			}
			if fmt.Sprint(err) == "exit status 2" {
				fmt.Println("started")
				return
			}
			if !errors.Is(err, syscall.EMFILE) {
				fatalUnlessNil(fmt.Errorf("with a limit of %d: %w", limit.Cur, err))
			}
			fmt.Println("EMFILE")
		}
	},
	// Starts a program that lives no longer than this one, and kills itself.
	"parent": func() {
		child := sysfd.Command("sleep", "1000")
		child.KillWithParent = true
		child.ExtraFiles = map[int]*os.File{3: os.NewFile(3, "pipe")}
		fatalUnlessNil(child.Start())
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	},
}

// openNumbers returns the numbers of all open descriptors, without opening one.
func openNumbers() []uintptr {
	var open []uintptr
	for number := uintptr(0); number < 1024; number++ {
		_, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, number, syscall.F_GETFD, 0)
		if errno == 0 {
			open = append(open, number)
		}
	}
	return open
}

func fatalUnlessNil(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestMain(m *testing.M) {
	if helper, ok := helpers[os.Getenv(helperVariable)]; ok {
		helper()
		os.Exit(0)
	}
	// The first use of these starts what does not end: descriptors, a goroutine, a thread.
	read, write, err := os.Pipe()
	fatalUnlessNil(err)
	read.Close()
	write.Close()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGCHLD)
	signal.Stop(signals)
	usualMasks = masks()
	for i := 0; i < 100; i++ {
		again := masks()
		for mask := range usualMasks {
			if !again[mask] {
				delete(usualMasks, mask)
			}
		}
	}
	os.Exit(m.Run())
}

// usualMasks are the signal masks of the Go runtime's threads, but not of those that start or end.
var usualMasks map[string]bool

// masks returns the signal masks of all threads.
func masks() map[string]bool {
	found := map[string]bool{}
	tasks, _ := filepath.Glob("/proc/self/task/*/status")
	for _, task := range tasks {
		if mask := statusLine(task, "SigBlk"); mask != "" { // else the thread has ended
			found[mask] = true
		}
	}
	return found
}

// statusLine returns the value of a line of a status file of proc(5).
func statusLine(path, wanted string) string {
	status, _ := os.ReadFile(path)
	for _, line := range strings.Split(string(status), "\n") {
		if name, value, _ := strings.Cut(line, ":\t"); name == wanted {
			return value
		}
	}
	return ""
}

// helper returns a Cmd that runs a helper.
func helper(name string) *sysfd.Cmd {
	cmd := sysfd.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// shell returns a Cmd that runs a line of shell.
func shell(line string) *sysfd.Cmd {
	return sysfd.Command("sh", "-c", line)
}

// openDescriptors returns what is open, but not the descriptor that finds this out.
func openDescriptors(t *testing.T) []string {
	directory, err := os.Open("/proc/self/fd")
	must(t, err)
	defer directory.Close()
	names, err := directory.Readdirnames(-1)
	must(t, err)
	var open []string
	for _, name := range names {
		if target, err := os.Readlink(filepath.Join("/proc/self/fd", name)); err == nil &&
			target != fmt.Sprintf("/proc/%d/fd", os.Getpid()) {
			open = append(open, name+" "+target)
		}
	}
	sort.Strings(open)
	return open
}

// state is what a library must leave alone.
type state struct {
	Descriptors []string
	Environment []string
	Directory   string
	Umask       int
	Goroutines  int
	Children    bool
	Caught      string // signals with a handler
	Ignored     string
	Masks       []string // of threads, except the usual ones
}

func stateOf(t *testing.T) state {
	directory, err := os.Getwd()
	must(t, err)
	umask := syscall.Umask(0)
	syscall.Umask(umask)
	_, err = syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
	found := state{
		Descriptors: openDescriptors(t),
		Environment: os.Environ(),
		Directory:   directory,
		Umask:       umask,
		Goroutines:  runtime.NumGoroutine(),
		Children:    err != syscall.ECHILD,
		Caught:      statusLine("/proc/self/status", "SigCgt"),
		Ignored:     statusLine("/proc/self/status", "SigIgn"),
	}
	for mask := range masks() {
		if !usualMasks[mask] {
			found.Masks = append(found.Masks, mask)
		}
	}
	return found
}

// leavesAlone fails the test if, at its end, something of the process is not as it was. Goroutines
// and threads need a while to end.
func leavesAlone(t *testing.T) {
	t.Helper()
	before := stateOf(t)
	before.Masks = nil
	t.Cleanup(func() {
		var after state
		for i := 0; i < 2000; i++ {
			after = stateOf(t)
			if after.Goroutines < before.Goroutines { // those of the test before have ended by now
				after.Goroutines = before.Goroutines
			}
			if reflect.DeepEqual(before, after) {
				return
			}
			runtime.Gosched()
		}
		was, is := reflect.ValueOf(before), reflect.ValueOf(after)
		for i := 0; i < was.NumField(); i++ {
			if name := was.Type().Field(i).Name; !reflect.DeepEqual(was.Field(i).Interface(), is.Field(i).Interface()) {
				t.Errorf("%s: before %v, after %v", name, was.Field(i), is.Field(i))
			}
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T any](t *testing.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v", got, want)
	}
}

// output runs a Cmd that must succeed.
func output(t *testing.T, cmd *sysfd.Cmd) string {
	t.Helper()
	written, err := cmd.Output()
	if err != nil {
		var exit *sysfd.ExitError
		if e, ok := err.(*sysfd.ExitError); ok {
			exit = e
			t.Fatalf("%v: %v: %s", cmd, err, exit.Stderr)
		}
		t.Fatalf("%v: %v", cmd, err)
	}
	return string(written)
}

// spawnError is the error of a start that must fail.
func spawnError(t *testing.T, cmd *sysfd.Cmd) *sysfd.SpawnError {
	t.Helper()
	err := cmd.Run()
	failed, ok := err.(*sysfd.SpawnError)
	if !ok {
		t.Fatalf("%v: %#v is not a SpawnError", cmd, err)
	}
	return failed
}

func pipe(t *testing.T) (read, write *os.File) {
	t.Helper()
	read, write, err := os.Pipe()
	must(t, err)
	t.Cleanup(func() {
		read.Close()
		write.Close()
	})
	return read, write
}

func fileWith(t *testing.T, content string, mode os.FileMode) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(path, []byte(content), mode))
	file, err := os.Open(path)
	must(t, err)
	t.Cleanup(func() { file.Close() })
	return file
}

func readAll(t *testing.T, file io.Reader) string {
	t.Helper()
	content, err := io.ReadAll(file)
	must(t, err)
	return string(content)
}

func needsRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// A Command of os/exec and one of this package have the same result.
func sameAsOsExec(t *testing.T, line string) {
	t.Helper()
	theirs := exec.Command("sh", "-c", line)
	ours := shell(line)
	theirOutput, theirErr := theirs.Output()
	ourOutput, ourErr := ours.Output()
	equal(t, string(ourOutput), string(theirOutput))
	equal(t, fmt.Sprint(ourErr), fmt.Sprint(theirErr))
	equal(t, ours.ExitStatus.ExitCode(), theirs.ProcessState.ExitCode())
	equal(t, ours.ExitStatus.Success(), theirs.ProcessState.Success())
	equal(t, ours.ExitStatus.Exited(), theirs.ProcessState.Exited())
	equal(t, ours.ExitStatus.String(), theirs.ProcessState.String())
	equal(t, ours.ExitStatus.Sys(), theirs.ProcessState.Sys())
}
