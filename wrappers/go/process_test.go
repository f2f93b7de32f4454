// SPDX-License-Identifier: MIT

package sysfd_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sysfd"
)

// started starts a Cmd, and returns when it has written a line.
func started(t *testing.T, cmd *sysfd.Cmd) *bufio.Reader {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	must(t, err)
	equal(t, line, "ready\n")
	return lines
}

// waits is a line of shell that says that it runs, and does not end by itself.
const waits = "echo ready; exec sleep 1000"

func TestSignalsAndStatus(t *testing.T) {
	leavesAlone(t)
	cmd := shell(waits)
	started(t, cmd)
	must(t, cmd.Process.Signal(os.Interrupt))
	err := cmd.Wait()
	equal(t, err.Error(), "signal: interrupt")
	equal(t, cmd.ExitStatus.Signal(), syscall.SIGINT)
	equal(t, cmd.ExitStatus.ExitCode(), -1)
	equal(t, cmd.Wait(), err) // again

	equal(t, errors.Is(cmd.Process.Signal(noSignal{}), syscall.EINVAL), true)
	equal(t, cmd.Process.Kill(), os.ErrProcessDone)
	equal(t, cmd.Process.SignalGroup(syscall.SIGKILL), os.ErrProcessDone)
	equal(t, cmd.Process.KillCgroup(), os.ErrProcessDone)
	_, err = cmd.Process.PidFd()
	equal(t, err, os.ErrProcessDone)
	status, err := cmd.Process.Terminate(0)
	must(t, err)
	equal(t, status, cmd.ExitStatus)
	must(t, cmd.Close())
}

type noSignal struct{}

func (noSignal) Signal()        {}
func (noSignal) String() string { return "no signal" }

func TestAContextThatIsDoneStartsNothing(t *testing.T) {
	leavesAlone(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	cmd := sysfd.CommandContext(ctx, "true")
	cmd.Stdout = new(bytes.Buffer)
	_, err := cmd.StdinPipe()
	must(t, err)
	equal(t, cmd.Run(), context.Canceled)
	equal(t, cmd.Process, nil)
}

func TestAContextKillsTheProgram(t *testing.T) {
	leavesAlone(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cmd := sysfd.CommandContext(ctx, "sh", "-c", waits)
	started(t, cmd)
	cancel()
	err := cmd.Wait()
	equal(t, err.Error(), "signal: killed")
	equal(t, errors.Is(err, context.Canceled), true)

	// With its group, if it leads one: the pipe has an end.
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	cmd = sysfd.CommandContext(ctx, "sh", "-c", "sleep 1000 & "+waits)
	cmd.Session = &sysfd.Session{ProcessGroup: sysfd.Value(0)}
	lines := started(t, cmd)
	cancel()
	equal(t, readAll(t, &struct{ io.Reader }{lines}), "")
	equal(t, cmd.Wait().Error(), "signal: killed")

	// By Cancel.
	for _, end := range []func() error{
		func() error { return cmd.Process.Signal(syscall.SIGTERM) },
		func() error {
			_, err := cmd.Process.Terminate(time.Hour)
			return err
		},
	} {
		ctx, cancel = context.WithCancel(context.Background())
		line := "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done"
		cmd = sysfd.CommandContext(ctx, "sh", "-c", line)
		cmd.Cancel = end
		started(t, cmd)
		cancel()
		equal(t, cmd.Wait(), context.Canceled)
		equal(t, cmd.ExitStatus.Success(), true)
	}
}

func TestAContextDoesNothingAfterTheEnd(t *testing.T) {
	leavesAlone(t)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := sysfd.CommandContext(ctx, "true")
	must(t, cmd.Run())
	cancel()
	must(t, cmd.Wait())
}

func TestWaitContextMayBeRepeated(t *testing.T) {
	leavesAlone(t)
	cmd := shell("cat")
	stdin, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	for i := 0; i < 3; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		equal(t, cmd.WaitContext(ctx), context.Canceled)
		ctx, cancel = context.WithTimeout(context.Background(), time.Millisecond)
		equal(t, cmd.WaitContext(ctx), context.DeadlineExceeded)
		cancel()
	}
	must(t, stdin.Close())
	must(t, cmd.WaitContext(context.Background()))
	status, err := cmd.Process.WaitContext(context.Background())
	must(t, err)
	equal(t, status.Success(), true)
}

func TestWaitMayBeCalledByManyGoroutines(t *testing.T) {
	leavesAlone(t)
	cmd := shell("exit 4")
	cmd.Stdout = new(bytes.Buffer)
	must(t, cmd.Start())
	var all sync.WaitGroup
	for i := 0; i < 16; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			if err := cmd.Wait(); fmt.Sprint(err) != "exit status 4" {
				t.Error(err)
			}
		}()
	}
	all.Wait()
}

// A grandchild that has the pipe open lives until `write` is closed.
func programWithGrandchild(t *testing.T) (cmd *sysfd.Cmd, write *os.File) {
	read, write := pipe(t)
	cmd = shell("cat <&3 & echo from the program")
	cmd.ExtraFiles = map[int]*os.File{3: read}
	t.Cleanup(func() { read.Close() })
	return cmd, write
}

func TestWaitDelayEndsCopying(t *testing.T) {
	leavesAlone(t)
	cmd, write := programWithGrandchild(t)
	cmd.WaitDelay = time.Millisecond
	var written bytes.Buffer
	cmd.Stdout = &written
	equal(t, cmd.Run(), sysfd.ErrWaitDelay)
	equal(t, cmd.ExitStatus.Success(), true)
	write.Close()

	// Without it, Wait waits for the grandchild, or for its context.
	cmd, write = programWithGrandchild(t)
	written.Reset()
	cmd.Stdout = &written
	must(t, cmd.Start())
	_, err := cmd.Process.Wait()
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	equal(t, cmd.WaitContext(ctx), context.DeadlineExceeded)
	cancel()
	fmt.Fprint(write, "from the grandchild\n")
	write.Close()
	must(t, cmd.Wait())
	equal(t, strings.Contains(written.String(), "from the program\n"), true)
	equal(t, strings.Contains(written.String(), "from the grandchild\n"), true)
}

func TestCloseKillsByDefault(t *testing.T) {
	leavesAlone(t)
	cmd := shell("sleep 1000 & " + waits)
	cmd.Session = &sysfd.Session{ProcessGroup: sysfd.Value(0)}
	started(t, cmd)
	pidfd, err := cmd.Process.PidFd()
	must(t, err)
	defer pidfd.Close()
	must(t, cmd.Close())
	equal(t, errors.Is(pidfd.Kill(), os.ErrProcessDone), true)
	equal(t, cmd.Wait(), os.ErrClosed)
	must(t, cmd.Close())

	cmd = shell(waits) // with goroutines that copy
	cmd.Stdin, cmd.Stdout = new(bytes.Buffer), new(bytes.Buffer)
	must(t, cmd.Start())
	must(t, cmd.Close())
}

func TestCloseByOtherPolicies(t *testing.T) {
	leavesAlone(t)
	read, write := pipe(t)
	traps := "trap 'echo terminated >&3; exit' TERM; echo ready; while :; do sleep 0.01; done"
	cmd := shell(traps)
	cmd.ExtraFiles = map[int]*os.File{3: write}
	cmd.OnDrop = sysfd.DropTerminate
	cmd.Grace = time.Hour
	started(t, cmd)
	must(t, cmd.Close())

	cmd = shell("cat >&3; exit 3")
	cmd.ExtraFiles = map[int]*os.File{3: write}
	cmd.OnDrop = sysfd.DropWait
	stdin, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	fmt.Fprint(stdin, "waited for")
	must(t, cmd.Close())
	equal(t, cmd.ExitStatus.ExitCode(), 3)
	write.Close()
	equal(t, readAll(t, read), "terminated\nwaited for")

	cmd = shell(waits)
	cmd.OnDrop = sysfd.DropDetach
	started(t, cmd)
	must(t, cmd.Close())
	must(t, cmd.Process.Kill()) // it still ran
	equal(t, cmd.Wait().Error(), "signal: killed")
}

func TestTerminate(t *testing.T) {
	leavesAlone(t)
	cmd := shell("trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done")
	started(t, cmd)
	status, err := cmd.Process.Terminate(time.Hour)
	must(t, err)
	equal(t, status.String(), "exit status 5")

	cmd = shell("trap '' TERM; " + waits)
	started(t, cmd)
	status, err = cmd.Process.Terminate(time.Millisecond)
	must(t, err)
	equal(t, status.String(), "signal: killed")
	equal(t, cmd.Wait().Error(), "signal: killed")
}

func TestADroppedProcessRunsOnAndIsReaped(t *testing.T) {
	leavesAlone(t)
	read, write := pipe(t)
	for i := 0; i < 20; i++ {
		cmd := shell("read line; echo x >&3")
		cmd.ExtraFiles = map[int]*os.File{3: write}
		cmd.Stdin = read
		must(t, cmd.Start())
	}
	runtime.GC()
	runtime.GC()
	_, err := write.WriteString(strings.Repeat("go\n", 20))
	must(t, err)
	// leavesAlone() checks that they are reaped.
}

func TestAProcessThatSomebodyElseReaps(t *testing.T) {
	leavesAlone(t)
	cmd := shell("read line")
	stdin, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	reaped := make(chan error)
	go func() {
		_, err := syscall.Wait4(cmd.Process.Pid, nil, 0, nil)
		reaped <- err
	}()
	must(t, stdin.Close())
	// One of both reaps it. On new kernels the status is known either way.
	if err := <-reaped; err != nil {
		equal(t, err, error(syscall.ECHILD))
	}
	err = cmd.Wait()
	if !errors.Is(err, syscall.ECHILD) {
		equal(t, err.Error(), "exit status 1")
	}
}

func TestAProcessThatIsTraced(t *testing.T) {
	leavesAlone(t)
	cmd := shell(waits)
	started(t, cmd)
	tracer := helper("tracer")
	tracer.Args = []string{"tracer", strconv.Itoa(cmd.Process.Pid)}
	stdin, err := tracer.StdinPipe()
	must(t, err)
	stdout, err := tracer.StdoutPipe()
	must(t, err)
	must(t, tracer.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	must(t, err)
	if line != "ready\n" {
		must(t, cmd.Close())
		tracer.Wait()
		t.Skip("cannot trace: ", line)
	}
	must(t, cmd.Process.Kill())
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	equal(t, cmd.WaitContext(ctx), context.DeadlineExceeded) // the tracer has its status
	cancel()
	must(t, stdin.Close())
	must(t, tracer.Wait())
	equal(t, cmd.Wait().Error(), "signal: killed")
}

func TestIgnoredSigchld(t *testing.T) {
	leavesAlone(t)
	signal.Ignore(syscall.SIGCHLD)
	defer func() { // signal.Reset does not undo signal.Ignore
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGCHLD)
		signal.Stop(signals)
	}()
	err := shell("exit 3").Run()
	if !errors.Is(err, syscall.ECHILD) { // new kernels know the status
		equal(t, err.Error(), "exit status 3")
	}
}

func TestLeaveNoZombie(t *testing.T) {
	leavesAlone(t)
	cmd := shell("echo ready; read line; exit 6")
	cmd.LeaveNoZombie = true
	stdin, err := cmd.StdinPipe()
	must(t, err)
	started(t, cmd)
	_, err = syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
	equal(t, err, error(syscall.ECHILD))
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	equal(t, cmd.WaitContext(ctx), context.DeadlineExceeded)
	cancel()
	must(t, stdin.Close())
	err = cmd.Wait()
	if !errors.Is(err, syscall.ECHILD) { // Linux 6.15
		equal(t, err.Error(), "exit status 6")
	}
}

func TestThePidIsTheChilds(t *testing.T) {
	leavesAlone(t)
	cmd := shell("echo $$")
	written := output(t, cmd)
	equal(t, written, fmt.Sprintln(cmd.Process.Pid))
}

func TestAProgramIsKilledWithItsParent(t *testing.T) {
	leavesAlone(t)
	read, write := pipe(t)
	cmd := helper("parent")
	cmd.ExtraFiles = map[int]*os.File{3: write}
	equal(t, fmt.Sprint(cmd.Run()), "signal: killed")
	write.Close()
	equal(t, readAll(t, read), "") // the grandchild has closed the pipe
}

// inGoroutine calls a function in another goroutine, and waits for its end.
func inGoroutine(call func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		call()
	}()
	<-done
}

func TestTheParentDeathSignalIsNotThatOfAThread(t *testing.T) {
	// The lasting thread is started here.
	cmd := shell("true")
	cmd.ParentDeathSignal = syscall.SIGKILL
	must(t, cmd.Run())

	leavesAlone(t)
	cmd = shell("cat")
	cmd.ParentDeathSignal = syscall.SIGKILL
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	var thread int
	var startErr error
	var start func()
	start = func() {
		runtime.LockOSThread() // the thread ends with this goroutine, but the first one does not
		if thread = syscall.Gettid(); thread != os.Getpid() {
			startErr = cmd.Start()
			return
		}
		defer runtime.UnlockOSThread()
		inGoroutine(start)
	}
	inGoroutine(start)
	must(t, startErr)
	for { // until it has ended
		if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread)); err != nil {
			break
		}
		runtime.Gosched()
	}
	fmt.Fprint(stdin, "alive")
	must(t, stdin.Close())
	equal(t, readAll(t, stdout), "alive")
	must(t, cmd.Wait())
}

func TestFewDescriptors(t *testing.T) {
	leavesAlone(t)
	written := output(t, helper("few descriptors"))
	if !strings.HasSuffix(written, "started\n") || !strings.HasPrefix(written, "EMFILE\n") {
		t.Error(written)
	}
}

// Hundreds of starts from many goroutines, beside those of os/exec, signals, a profile and the
// garbage collector.
func TestManyGoroutines(t *testing.T) {
	leavesAlone(t)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGCHLD)
	must(t, pprof.StartCPUProfile(io.Discard)) // SIGPROF
	stop, collected := make(chan struct{}), make(chan int)
	go func() {
		runs := 0
		for {
			select {
			case <-stop:
				collected <- runs
				return
			case <-signals:
			default:
				runtime.GC()
				runs++
			}
		}
	}()
	const goroutines, starts = 20, 20
	var all sync.WaitGroup
	var killed int64
	for i := 0; i < goroutines; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			for j := 0; j < starts; j++ {
				text := fmt.Sprintf("%d %d", i, j)
				switch j % 4 {
				case 0: // a pipe and copying
					cmd := sysfd.Command("cat")
					cmd.Stdin = strings.NewReader(text)
					if got, err := cmd.Output(); err != nil || string(got) != text {
						t.Errorf("%q, %v", got, err)
					}
				case 1: // os/exec
					cmd := exec.Command("cat")
					cmd.Stdin = strings.NewReader(text)
					if got, err := cmd.Output(); err != nil || string(got) != text {
						t.Errorf("%q, %v", got, err)
					}
				case 2: // a context
					ctx, cancel := context.WithCancel(context.Background())
					cmd := sysfd.CommandContext(ctx, "sleep", "1000")
					if err := cmd.Start(); err != nil {
						t.Error(err)
					}
					cancel()
					if err := cmd.Wait(); !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					atomic.AddInt64(&killed, 1)
				case 3: // an error, and a status
					if err := sysfd.Command("/no/such").Run(); !errors.Is(err, syscall.ENOENT) {
						t.Error(err)
					}
					if err := shell("exit 9").Run(); fmt.Sprint(err) != "exit status 9" {
						t.Error(err)
					}
				}
			}
		}(i)
	}
	all.Wait()
	close(stop)
	if <-collected == 0 {
		t.Error("the garbage collector did not run")
	}
	equal(t, killed, int64(goroutines*starts/4))
	pprof.StopCPUProfile()
	signal.Stop(signals)
}

// While hundreds of programs run, no thread waits for them.
func TestWaitingTakesNoThreads(t *testing.T) {
	leavesAlone(t)
	threads := func() int {
		tasks, err := os.ReadDir("/proc/self/task")
		must(t, err)
		return len(tasks)
	}
	const programs = 150
	cmds := make([]*sysfd.Cmd, programs)
	var waiting, all sync.WaitGroup
	before := threads()
	ctx, cancel := context.WithCancel(context.Background())
	for i := range cmds {
		cmds[i] = sysfd.CommandContext(ctx, "sleep", "1000")
		must(t, cmds[i].Start())
		waiting.Add(1)
		all.Add(1)
		go func(cmd *sysfd.Cmd) {
			defer all.Done()
			waiting.Done()
			cmd.Wait()
		}(cmds[i])
	}
	waiting.Wait()
	if during := threads(); during > before+programs/5 {
		t.Errorf("%d threads while %d programs run, %d before", during, programs, before)
	}
	cancel()
	all.Wait()
}
