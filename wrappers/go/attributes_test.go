// SPDX-License-Identifier: MIT

package sysfd_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"sysfd"
)

// statusOf returns lines of /proc/self/status of a program that is started with these attributes.
func statusOf(t *testing.T, cmd *sysfd.Cmd, names ...string) []string {
	t.Helper()
	cmd.Path, cmd.Args = "/bin/cat", []string{"cat", "/proc/self/status"}
	var found []string
	for _, line := range strings.Split(output(t, cmd), "\n") {
		name, value, _ := strings.Cut(line, ":")
		for _, wanted := range names {
			if name == wanted {
				found = append(found, strings.Join(strings.Fields(value), " "))
			}
		}
	}
	return found
}

func TestIdentity(t *testing.T) {
	needsRoot(t)
	leavesAlone(t)
	id := sysfd.Value(uint32(65534))
	cmd := &sysfd.Cmd{Identity: &sysfd.Identity{
		User: id, Group: id, Groups: []uint32{7, 9}, NoNewPrivileges: true,
	}}
	equal(t, statusOf(t, cmd, "Uid", "Gid", "Groups", "NoNewPrivs"),
		[]string{"65534 65534 65534 65534", "65534 65534 65534 65534", "7 9", "1"})

	cmd = &sysfd.Cmd{Identity: &sysfd.Identity{User: id}} // clears the groups
	equal(t, statusOf(t, cmd, "Groups"), []string{""})

	cmd = &sysfd.Cmd{Identity: &sysfd.Identity{NoCapabilities: true}}
	equal(t, statusOf(t, cmd, "CapPrm", "CapEff"), []string{"0000000000000000", "0000000000000000"})

	cmd = &sysfd.Cmd{Identity: &sysfd.Identity{User: id, Iab: sysfd.Value("^cap_kill")}}
	equal(t, statusOf(t, cmd, "CapEff", "CapAmb"), []string{"0000000000000020", "0000000000000020"})

	cmd = shell("true")
	cmd.Identity = &sysfd.Identity{NoCapabilities: true, Capabilities: sysfd.Value("")}
	equal(t, spawnError(t, cmd).Errno, syscall.EINVAL)
}

func TestSeccomp(t *testing.T) {
	leavesAlone(t)
	const allow = 0x7fff0000
	cmd := &sysfd.Cmd{Identity: &sysfd.Identity{
		NoNewPrivileges: true,
		Seccomp:         []sysfd.BpfInstruction{{Code: 0x06, Value: allow}}, // BPF_RET | BPF_K
	}}
	equal(t, statusOf(t, cmd, "Seccomp"), []string{"2"})
}

func TestResources(t *testing.T) {
	leavesAlone(t)
	cmd := shell(`umask; ulimit -Sn; ulimit -Hn
		cut -d ' ' -f 19 /proc/self/stat; cat /proc/self/oom_score_adj`)
	cmd.Resources = &sysfd.Resources{
		Limits:         []sysfd.Limit{{Resource: syscall.RLIMIT_NOFILE, Soft: 55, Hard: 66}},
		Umask:          sysfd.Value(uint32(0o27)),
		Nice:           sysfd.Value(7),
		OomScoreAdjust: sysfd.Value(500),
		TimerSlack:     sysfd.Value(time.Millisecond),
		IoPriority:     &sysfd.IoPriority{Class: sysfd.IoIdle},
		Scheduler:      &sysfd.Scheduler{Policy: 3}, // SCHED_BATCH
	}
	equal(t, output(t, cmd), "0027\n55\n66\n7\n500\n")

	cmd = &sysfd.Cmd{Resources: &sysfd.Resources{Processors: []int{0}}}
	equal(t, statusOf(t, cmd, "Cpus_allowed_list"), []string{"0"})

	cmd = shell("true")
	cmd.Resources = &sysfd.Resources{Limits: []sysfd.Limit{{Resource: 1 << 40}}}
	equal(t, spawnError(t, cmd).Step, "limit")
}

// fieldsOf returns the process group and the session of a program.
func fieldsOf(t *testing.T, cmd *sysfd.Cmd) (group, session int) {
	t.Helper()
	cmd.Path, cmd.Args = "/bin/cat", []string{"cat", "/proc/self/stat"}
	fields := strings.Fields(output(t, cmd))
	group, err := strconv.Atoi(fields[4])
	must(t, err)
	session, err = strconv.Atoi(fields[5])
	must(t, err)
	return group, session
}

func TestSession(t *testing.T) {
	leavesAlone(t)
	cmd := &sysfd.Cmd{Session: &sysfd.Session{NewSession: true}}
	group, session := fieldsOf(t, cmd)
	equal(t, []int{group, session}, []int{cmd.Process.Pid, cmd.Process.Pid})

	cmd = &sysfd.Cmd{Session: &sysfd.Session{ProcessGroup: sysfd.Value(0)}}
	group, session = fieldsOf(t, cmd)
	equal(t, group, cmd.Process.Pid)
	equal(t, session == cmd.Process.Pid, false)

	group, _ = fieldsOf(t, &sysfd.Cmd{})
	equal(t, group, syscall.Getpgrp())
}

func TestTerminal(t *testing.T) {
	leavesAlone(t)
	cmd := shell("stty size; tty >/dev/null && echo is a terminal; read line; echo $line")
	cmd.Terminal = &sysfd.WindowSize{Rows: 33, Columns: 44}
	must(t, cmd.Start())
	terminal := cmd.Process.Terminal()
	defer terminal.Close()
	fmt.Fprint(terminal, "typed\n")
	written, err := io.ReadAll(terminal)
	equal(t, errors.Is(err, syscall.EIO), true)
	must(t, cmd.Wait())
	for _, line := range []string{"33 44\r\n", "is a terminal\r\n", "typed\r\n"} {
		equal(t, bytes.Contains(written, []byte(line)), true)
	}
	equal(t, shellWithoutTerminal(t), (*os.File)(nil))
}

func shellWithoutTerminal(t *testing.T) *os.File {
	cmd := shell("true")
	must(t, cmd.Run())
	return cmd.Process.Terminal()
}

func TestSignals(t *testing.T) {
	leavesAlone(t)
	equal(t, statusOf(t, &sysfd.Cmd{}, "SigBlk", "SigIgn", "SigCgt"),
		[]string{"0000000000000000", "0000000000000000", "0000000000000000"})
	cmd := &sysfd.Cmd{Signals: &sysfd.Signals{
		Blocked: []syscall.Signal{syscall.SIGHUP},
		Ignored: []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT},
	}}
	equal(t, statusOf(t, cmd, "SigBlk", "SigIgn"), []string{"0000000000000001", "0000000000000006"})

	cmd = shell("true")
	cmd.Signals = &sysfd.Signals{Ignored: []syscall.Signal{syscall.SIGKILL}}
	equal(t, spawnError(t, cmd).Step, "signals")
}

func TestNamespaces(t *testing.T) {
	leavesAlone(t)
	cmd := shell("id -u; hostname 2>/dev/null || cat /proc/sys/kernel/hostname; echo $$")
	cmd.Namespaces = &sysfd.Namespaces{
		Create:   sysfd.NamespaceUser | sysfd.NamespaceUts | sysfd.NamespacePid,
		UserMap:  []sysfd.IDRange{{Inside: 77, Outside: uint32(os.Geteuid()), Count: 1}},
		GroupMap: []sysfd.IDRange{{Inside: 77, Outside: uint32(os.Getegid()), Count: 1}},
		HostName: sysfd.Value("inside"),
	}
	written, err := cmd.Output()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		t.Skip("user namespaces cannot be created here: ", err)
	}
	must(t, err)
	equal(t, string(written), "77\ninside\n1\n")

	namespace, err := os.Open("/proc/self/ns/uts")
	must(t, err)
	defer namespace.Close()
	cmd = shell("true")
	cmd.Namespaces = &sysfd.Namespaces{Join: []sysfd.NamespaceJoin{{File: namespace}}}
	if os.Geteuid() == 0 {
		must(t, cmd.Run())
	} else {
		equal(t, spawnError(t, cmd).Step, "join_namespace")
	}
}

// makeCgroup makes a cgroup (version 2), and opens its directory.
func makeCgroup(t *testing.T) *os.File {
	mounts, err := os.ReadFile("/proc/self/mounts")
	must(t, err)
	for _, line := range strings.Split(string(mounts), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[2] != "cgroup2" {
			continue
		}
		path, err := os.MkdirTemp(fields[1], "sysfd-test-")
		if err != nil {
			continue
		}
		t.Cleanup(func() { must(t, os.Remove(path)) })
		directory, err := os.Open(path)
		must(t, err)
		t.Cleanup(func() { directory.Close() })
		return directory
	}
	t.Skip("cannot make a cgroup")
	return nil
}

func TestCgroup(t *testing.T) {
	leavesAlone(t)
	cmd := shell(waits)
	started(t, cmd)
	equal(t, errors.Is(cmd.Process.KillCgroup(), syscall.EOPNOTSUPP), true) // it has none
	must(t, cmd.Close())

	directory := makeCgroup(t)
	cmd = shell("cat /proc/self/cgroup; echo end; exec sleep 1000")
	cmd.Cgroup = directory
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines, found := bufio.NewScanner(stdout), false
	for lines.Scan() && lines.Text() != "end" {
		found = found || strings.HasSuffix(lines.Text(), "/"+filepath.Base(directory.Name()))
	}
	equal(t, found, true)
	if err := cmd.Process.KillCgroup(); errors.Is(err, syscall.ENOENT) { // before Linux 5.14
		must(t, cmd.Process.Kill())
	} else {
		must(t, err)
	}
	equal(t, cmd.Wait().Error(), "signal: killed")
}

func TestLandlock(t *testing.T) {
	leavesAlone(t)
	const landlockCreateRuleset = 444
	handled := uint64(1 << 1) // LANDLOCK_ACCESS_FS_WRITE_FILE, which no rule allows
	fd, _, errno := syscall.Syscall(landlockCreateRuleset, uintptr(unsafe.Pointer(&handled)), 8, 0)
	if errno != 0 {
		t.Skip("this kernel has no Landlock: ", errno)
	}
	ruleset := os.NewFile(fd, "ruleset")
	defer ruleset.Close()
	cmd := shell("echo readable; echo x >$0")
	cmd.Args = append(cmd.Args, filepath.Join(t.TempDir(), "file"))
	cmd.Landlock = ruleset
	written, err := cmd.Output()
	equal(t, string(written), "readable\n")
	var exit *sysfd.ExitError
	equal(t, errors.As(err, &exit), true)

	cmd = shell("true")
	cmd.Landlock = os.Stdin
	equal(t, spawnError(t, cmd).Step, "landlock")
}

func TestRootDirectory(t *testing.T) {
	needsRoot(t)
	leavesAlone(t)
	cmd := sysfd.Command("/no/such/program")
	cmd.RootDirectory = t.TempDir()
	equal(t, spawnError(t, cmd).Step, "exec")
	cmd = sysfd.Command("/bin/true")
	cmd.RootDirectory = "/no/such/directory"
	equal(t, spawnError(t, cmd).Step, "root_directory")
}
