// SPDX-License-Identifier: MIT

package sysfd_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sysfd"
)

func TestResultsAreThoseOfOsExec(t *testing.T) {
	leavesAlone(t)
	for _, line := range []string{"echo out", "exit 1", "exit 255", "echo out; exit 7",
		"kill -KILL $$", "kill -TERM $$"} {
		sameAsOsExec(t, line)
	}
}

func TestArgumentsArePassedUnchanged(t *testing.T) {
	leavesAlone(t)
	cmd := shell(`printf '%s|' "$0" "$@"`)
	cmd.Args = append(cmd.Args, "name", "", "a b", "ä\xff", "-x")
	equal(t, output(t, cmd), "name||a b|ä\xff|-x|")

	cmd = helper("arguments")
	cmd.Args = []string{"another", "x"}
	equal(t, output(t, cmd), `["another" "x"]`)
	cmd = helper("arguments")
	cmd.Args = nil
	equal(t, output(t, cmd), fmt.Sprintf("[%q]", cmd.Path))
}

func TestTheProgramIsFoundAsByOsExec(t *testing.T) {
	leavesAlone(t)
	cmd := sysfd.Command("no-such-program", "x")
	err := cmd.Run()
	equal(t, err.Error(), exec.Command("no-such-program").Run().Error())
	equal(t, errors.Is(err, exec.ErrNotFound), true)
	var wrapped *exec.Error
	equal(t, errors.As(err, &wrapped), true)
	equal(t, cmd.String(), "no-such-program x")
	equal(t, sysfd.Command("/bin/no", "x").String(), "/bin/no x")

	// exec.ErrDot can be allowed.
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "in-dot"), []byte("#!/bin/sh\necho found"), 0o755))
	wd, err := os.Getwd()
	must(t, err)
	must(t, os.Chdir(dir))
	defer os.Chdir(wd)
	t.Setenv("PATH", ".:/bin:/usr/bin")
	cmd = sysfd.Command("in-dot")
	equal(t, errors.Is(cmd.Run(), exec.ErrDot), true)
	cmd.Err = nil
	equal(t, output(t, cmd), "found\n")

	// A Path without a slash is not looked for.
	equal(t, errors.Is((&sysfd.Cmd{Path: "sh"}).Run(), fs.ErrNotExist), true)
	equal(t, (&sysfd.Cmd{}).Run().Error(), "sysfd: there is no program: Path is empty")
}

func TestErrorsNameTheStep(t *testing.T) {
	leavesAlone(t)
	err := spawnError(t, sysfd.Command("/no/such/program"))
	equal(t, err.Step, "exec")
	equal(t, err.Errno, syscall.ENOENT)
	equal(t, errors.Is(err, syscall.ENOENT), true)
	equal(t, errors.Is(err, fs.ErrNotExist), true)
	equal(t, err.Error(), `exec of "/no/such/program": No such file or directory`)

	file := fileWith(t, "", 0o644)
	err = spawnError(t, sysfd.Command(file.Name()))
	equal(t, err.Step, "exec")
	equal(t, errors.Is(err, fs.ErrPermission), true)

	cmd := shell("true")
	cmd.Dir = "/no/such/directory"
	equal(t, spawnError(t, cmd).Step, "working_directory")

	cmd = shell("true")
	cmd.Cgroup = file
	equal(t, spawnError(t, cmd).Step, "cgroup")

	cmd = shell("true")
	cmd.ExtraFiles = map[int]*os.File{1 << 30: file}
	err = spawnError(t, cmd)
	equal(t, err.Step, "descriptor")
	equal(t, err.Errno, syscall.EBADF)

	cmd = shell("true")
	cmd.Env = []string{"A=b", "novalue"}
	equal(t, cmd.Run(), nil)
}

func TestMistakesAreNamed(t *testing.T) {
	leavesAlone(t)
	closed := fileWith(t, "", 0o644)
	closed.Close()
	for want, cmd := range map[string]*sysfd.Cmd{
		"sysfd: Args[1] contains a NUL byte: \"a\\x00b\": invalid argument":           {Path: "/bin/true", Args: []string{"", "a\x00b"}},
		"sysfd: Env[0] contains a NUL byte: \"A=\\x00\": invalid argument":            {Path: "/bin/true", Env: []string{"A=\x00"}},
		"sysfd: Path contains a NUL byte: \"/bin/\\x00true\": invalid argument":       {Path: "/bin/\x00true"},
		"sysfd: Dir contains a NUL byte: \"\\x00\": invalid argument":                 {Path: "/bin/true", Dir: "\x00"},
		"sysfd: ExtraFiles[2]: numbers begin at 3: invalid argument":                  {Path: "/bin/true", ExtraFiles: map[int]*os.File{2: os.Stdin}},
		"sysfd: ExtraFiles[9]: invalid argument":                                      {Path: "/bin/true", ExtraFiles: map[int]*os.File{9: nil}},
		"sysfd: ExtraFiles[4]: file already closed":                                   {Path: "/bin/true", ExtraFiles: map[int]*os.File{4: closed}},
		"sysfd: Stdin: invalid argument":                                              {Path: "/bin/true", Stdin: (*os.File)(nil)},
		"sysfd: Stderr: file already closed":                                          {Path: "/bin/true", Stderr: closed},
		"sysfd: ListenFiles[0]: invalid argument":                                     {Path: "/bin/true", ListenFiles: []sysfd.ListenFile{{Name: "web"}}},
		"sysfd: Namespaces.Join[0].File: invalid argument":                            {Path: "/bin/true", Namespaces: &sysfd.Namespaces{Join: []sysfd.NamespaceJoin{{}}}},
		"sysfd: Identity.Iab contains a NUL byte: \"\\x00\": invalid argument":        {Path: "/bin/true", Identity: &sysfd.Identity{Iab: sysfd.Value("\x00")}},
		"sysfd: Namespaces.HostName contains a NUL byte: \"\\x00\": invalid argument": {Path: "/bin/true", Namespaces: &sysfd.Namespaces{HostName: sysfd.Value("\x00")}},
	} {
		err := cmd.Run()
		equal(t, fmt.Sprint(err), want)
		equal(t, cmd.Process, nil)
	}

	cmd := shell("true")
	equal(t, cmd.Wait().Error(), "sysfd: the program was not started")
	must(t, cmd.Run())
	equal(t, cmd.Start().Error(), "sysfd: the program was started already")
	_, err := cmd.StdinPipe()
	equal(t, err.Error(), "sysfd: StdinPipe after Start")
	cmd.Stdout = io.Discard
	_, err = cmd.StdoutPipe()
	equal(t, err.Error(), "sysfd: Stdout is set already")
	_, err = cmd.Output()
	equal(t, err.Error(), "sysfd: Stdout is set already")
	_, err = cmd.CombinedOutput()
	equal(t, err.Error(), "sysfd: Stdout is set already")
}

func TestExtraFilesHaveTheirNumbersAndNothingElseIsOpen(t *testing.T) {
	leavesAlone(t)
	a, b := fileWith(t, "content a", 0o644), fileWith(t, "content b", 0o644)
	inherited, err := syscall.Dup(int(a.Fd())) // not close-on-exec
	must(t, err)
	defer syscall.Close(inherited)

	cmd := helper("descriptors")
	cmd.ExtraFiles = map[int]*os.File{3: a, 7: b, 100: a, 900: b}
	equal(t, output(t, cmd), "0\n1\n2\n3\n7\n100\n900\n")

	cmd = shell("cat /dev/fd/9; cat <&5")
	cmd.ExtraFiles = map[int]*os.File{5: a, 9: b}
	equal(t, output(t, cmd), "content bcontent a")

	cmd = shell(fmt.Sprintf("cat <&%d >/dev/null && echo is open", inherited))
	cmd.InheritDescriptors = true
	equal(t, output(t, cmd), "is open\n")
}

func TestExtraFilesMayBeSwapped(t *testing.T) {
	leavesAlone(t)
	a, b := fileWith(t, "content a", 0o644), fileWith(t, "content b", 0o644)
	cmd := shell(fmt.Sprintf("cat /dev/fd/%d /dev/fd/%d", a.Fd(), b.Fd()))
	cmd.ExtraFiles = map[int]*os.File{int(a.Fd()): b, int(b.Fd()): a}
	equal(t, output(t, cmd), "content bcontent a")
}

func TestTheLastEntryOfANameCounts(t *testing.T) {
	leavesAlone(t)
	cmd := sysfd.Command("/usr/bin/env")
	cmd.Env = []string{"A=1", "B=2", "A=3", "=odd", "C="}
	equal(t, output(t, cmd), "A=3\nB=2\n=odd\nC=\n")

	cmd = sysfd.Command("/usr/bin/env")
	cmd.Env = []string{}
	equal(t, output(t, cmd), "")
}

func TestTheEnvironmentIsInheritedWithoutListenVariables(t *testing.T) {
	leavesAlone(t)
	t.Setenv("LISTEN_FDS", "1")
	t.Setenv("LISTEN_PID", "1")
	t.Setenv("SYSFD_TEST", "value")
	equal(t, output(t, shell(`echo "$SYSFD_TEST $LISTEN_FDS$LISTEN_PID"`)), "value \n")
}

func TestDir(t *testing.T) {
	leavesAlone(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "program"), []byte("#!/bin/sh\npwd; echo $PWD"), 0o755))
	cmd := sysfd.Command("./program") // relative to Dir
	cmd.Dir = dir
	equal(t, output(t, cmd), dir+"\n"+dir+"\n")

	file, err := os.Open(dir)
	must(t, err)
	defer file.Close()
	cmd = sysfd.Command("pwd")
	cmd.Env = []string{}
	cmd.DirFile = file
	equal(t, output(t, cmd), dir+"\n")
}

func TestStandardStreamsAreNullByDefault(t *testing.T) {
	leavesAlone(t)
	cmd := shell("for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done | cat >&3")
	read, write := pipe(t)
	cmd.ExtraFiles = map[int]*os.File{3: write}
	must(t, cmd.Run())
	write.Close()
	equal(t, readAll(t, read), "/dev/null\n/dev/null\n/dev/null\n")
}

func TestStreamsAreCopied(t *testing.T) {
	leavesAlone(t)
	data := bytes.Repeat([]byte("0123456789abcde\n"), 1<<18) // 4 MiB
	var out, errors bytes.Buffer
	cmd := shell("tee /dev/stderr")
	cmd.Stdin = bytes.NewReader(data)
	cmd.Stdout, cmd.Stderr = &out, &errors
	must(t, cmd.Run())
	equal(t, bytes.Equal(out.Bytes(), data), true)
	equal(t, bytes.Equal(errors.Bytes(), data), true)
}

func TestEqualWritersGetOnePipe(t *testing.T) {
	leavesAlone(t)
	cmd := shell("echo 1; echo 2 >&2; echo 3; echo 4 >&2")
	combined, err := cmd.CombinedOutput()
	must(t, err)
	equal(t, string(combined), "1\n2\n3\n4\n")

	cmd = shell("echo 1; echo 2 >&2") // writers that cannot be compared
	cmd.Stdout, cmd.Stderr = discards{}, discards{}
	must(t, cmd.Run())
}

type discards []byte

func (discards) Write(data []byte) (int, error) { return len(data), nil }

func TestFilesArePassedThemselves(t *testing.T) {
	leavesAlone(t)
	file := fileWith(t, "line 1\nline 2\n", 0o644)
	cmd := shell("read line; echo $line >/dev/null; cat")
	cmd.Stdin = file
	_, err := file.Seek(7, io.SeekStart)
	must(t, err)
	equal(t, output(t, cmd), "")

	created, err := os.Create(filepath.Join(t.TempDir(), "out"))
	must(t, err)
	defer created.Close()
	cmd = shell("echo written")
	cmd.Stdout = created
	must(t, cmd.Run())
	content, err := os.ReadFile(created.Name())
	must(t, err)
	equal(t, string(content), "written\n")
}

// The pipes of Go are in non-blocking mode, in which cat(1) fails.
func TestProgramsGetPipesInBlockingMode(t *testing.T) {
	leavesAlone(t)
	for _, extra := range []bool{false, true} {
		input, inputEnd := pipe(t)
		outputEnd, output := pipe(t)
		cmd := shell("cat")
		cmd.Stdout = output
		if extra {
			cmd = shell("cat <&6 >&7")
			cmd.ExtraFiles = map[int]*os.File{6: input, 7: output}
		} else {
			cmd.Stdin = input
		}
		must(t, cmd.Start())
		input.Close()
		output.Close()
		for i := 0; i < 3; i++ { // cat waits between the lines
			_, err := inputEnd.WriteString("line\n")
			must(t, err)
			line := make([]byte, 5)
			_, err = io.ReadFull(outputEnd, line)
			must(t, err)
			equal(t, string(line), "line\n")
		}
		inputEnd.Close()
		must(t, cmd.Wait())
	}
}

func TestPipes(t *testing.T) {
	leavesAlone(t)
	cmd := shell("cat; echo error >&2")
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	stderr, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	fmt.Fprint(stdin, "input")
	must(t, stdin.Close())
	equal(t, readAll(t, stdout), "input")
	equal(t, readAll(t, stderr), "error\n")
	must(t, cmd.Wait())
	must(t, stdin.Close()) // closing it again is no error
	_, err = stdout.Read(make([]byte, 1))
	equal(t, errors.Is(err, os.ErrClosed), true)
}

func TestAPipeline(t *testing.T) {
	leavesAlone(t)
	first, second := shell("echo b; echo a"), sysfd.Command("sort")
	stdout, err := first.StdoutPipe()
	must(t, err)
	second.Stdin = stdout
	must(t, first.Start())
	equal(t, output(t, second), "a\nb\n")
	must(t, first.Wait())
}

func TestPipesOfAProgramThatIsNotStartedAreClosed(t *testing.T) {
	leavesAlone(t)
	cmd := sysfd.Command("/no/such/program")
	_, err := cmd.StdinPipe()
	must(t, err)
	_, err = cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = new(bytes.Buffer)
	spawnError(t, cmd)

	cmd = shell("true") // never started
	_, err = cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Close())
}

func TestAProgramNeedNotReadItsInput(t *testing.T) {
	leavesAlone(t)
	cmd := shell("true")
	cmd.Stdin = bytes.NewReader(make([]byte, 1<<20))
	must(t, cmd.Run())
}

var errOfWriter = errors.New("the writer has failed")

type fails struct{}

func (fails) Write([]byte) (int, error) { return 0, errOfWriter }
func (fails) Read([]byte) (int, error)  { return 0, errOfWriter }

func TestErrorsOfCopyingAreReported(t *testing.T) {
	leavesAlone(t)
	cmd := shell("echo x")
	cmd.Stdout = fails{}
	equal(t, cmd.Run(), errOfWriter)

	cmd = shell("cat")
	cmd.Stdin = fails{}
	equal(t, cmd.Run(), errOfWriter)

	cmd = shell("exec yes")
	cmd.Stdout = fails{}
	equal(t, cmd.Run().Error(), "signal: broken pipe")
}

func TestOutputKeepsTheBeginningOfStandardError(t *testing.T) {
	leavesAlone(t)
	written, err := shell("echo out; echo because >&2; head -c 200000 /dev/zero >&2; exit 3").Output()
	var exit *sysfd.ExitError
	equal(t, errors.As(err, &exit), true)
	equal(t, string(written), "out\n")
	equal(t, exit.ExitCode(), 3)
	equal(t, len(exit.Stderr), 64<<10)
	equal(t, strings.HasPrefix(string(exit.Stderr), "because\n"), true)
}

func TestUsage(t *testing.T) {
	leavesAlone(t)
	cmd := shell("i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done")
	must(t, cmd.Run())
	if cmd.ExitStatus.UserTime()+cmd.ExitStatus.SystemTime() == 0 {
		t.Error("the program used no time")
	}
	if cmd.ExitStatus.Usage().MaxResidentKilobytes == 0 {
		t.Error("the program used no memory")
	}
	equal(t, cmd.ExitStatus.Pid(), cmd.Process.Pid)
}

func TestTheProgramMayBeADescriptor(t *testing.T) {
	leavesAlone(t)
	program, err := os.Open(os.Args[0])
	must(t, err)
	defer program.Close()
	cmd := helper("arguments")
	cmd.Path, cmd.Program, cmd.Args = "", program, []string{"named", "x"}
	equal(t, output(t, cmd), `["named" "x"]`)
}

func TestABusyProgram(t *testing.T) {
	leavesAlone(t)
	path := filepath.Join(t.TempDir(), "program")
	must(t, os.WriteFile(path, []byte("echo by the shell\n"), 0o755))
	equal(t, spawnError(t, sysfd.Command(path)).Errno, syscall.ENOEXEC)
	cmd := sysfd.Command(path)
	cmd.ShellFallback = true
	equal(t, output(t, cmd), "by the shell\n")

	writer, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	cmd = sysfd.Command(path)
	cmd.RetryBusy = 2
	equal(t, spawnError(t, cmd).Errno, syscall.ETXTBSY)
	writer.Close()
}
