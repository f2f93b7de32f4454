// SPDX-License-Identifier: MIT

package sysfd

// #include "helpers.h"
import "C"

import (
	"os"
	"syscall"
	"time"
)

// Identity is the user, the groups and the privileges of a program. What is not set stays as it is,
// except that User clears the supplementary groups. See <sysfd/identity.hpp>.
type Identity struct {
	User, Group *uint32  // real, effective and saved ID
	Groups      []uint32 // supplementary groups; nil: not set
	KeepGroups  bool     // setting User does not clear the supplementary groups

	NoCapabilities  bool    // excludes the next two
	Capabilities    *string // text for cap_from_text(3)
	Iab             *string // text for cap_iab_from_text(3)
	Securebits      *uint32 // PR_SET_SECUREBITS
	NoNewPrivileges bool
	Seccomp         []BpfInstruction
}

// BpfInstruction is one instruction of a seccomp program: struct sock_filter.
type BpfInstruction struct {
	Code                uint16
	JumpTrue, JumpFalse uint8
	Value               uint32
}

func (i *Identity) set(command *C.sysfd_command, m *memory) {
	identity := C.sysfd_identity_init()
	identity.flags = bit(i.KeepGroups, C.SYSFD_IDENTITY_KEEP_GROUPS) |
		bit(i.NoCapabilities, C.SYSFD_IDENTITY_NO_CAPABILITIES) |
		bit(i.NoNewPrivileges, C.SYSFD_IDENTITY_NO_NEW_PRIVILEGES) |
		bit(i.User != nil, C.SYSFD_IDENTITY_USER) |
		bit(i.Group != nil, C.SYSFD_IDENTITY_GROUP) |
		bit(i.Groups != nil, C.SYSFD_IDENTITY_GROUPS) |
		bit(i.Securebits != nil, C.SYSFD_IDENTITY_SECUREBITS)
	identity.user = C.uint32_t(valueOf(i.User))
	identity.group = C.uint32_t(valueOf(i.Group))
	identity.securebits = C.uint32_t(valueOf(i.Securebits))
	identity.groups, identity.group_count = array(m, i.Groups, func(group uint32) C.uint32_t {
		return C.uint32_t(group)
	})
	identity.capabilities = m.optionalText(i.Capabilities)
	identity.iab = m.optionalText(i.Iab)
	identity.seccomp, identity.seccomp_count = array(m, i.Seccomp,
		func(instruction BpfInstruction) C.sysfd_bpf_instruction {
			return C.sysfd_bpf_instruction{
				code:       C.uint16_t(instruction.Code),
				jump_true:  C.uint8_t(instruction.JumpTrue),
				jump_false: C.uint8_t(instruction.JumpFalse),
				value:      C.uint32_t(instruction.Value),
			}
		})
	C.sysfd_command_identity(command, &identity)
}

// Unlimited is no limit, in Limit.
const Unlimited uint64 = C.SYSFD_UNLIMITED

// Limit is a limit of setrlimit(2). Resource is syscall.RLIMIT_....
type Limit struct {
	Resource   int
	Soft, Hard uint64
}

// Scheduler is set by sched_setattr(2). Runtime, Deadline and Period are for SCHED_DEADLINE.
type Scheduler struct {
	Policy                    int // SCHED_...
	Priority                  uint32
	ResetOnFork               bool
	Runtime, Deadline, Period time.Duration
}

// IoPriority is set by ioprio_set(2). Level is 0 (first) to 7.
type IoPriority struct {
	Class IoClass
	Level int
}

// IoClass is a class of IoPriority.
type IoClass int

const (
	IoRealTime   IoClass = C.SYSFD_IO_REAL_TIME
	IoBestEffort IoClass = C.SYSFD_IO_BEST_EFFORT
	IoIdle       IoClass = C.SYSFD_IO_IDLE
)

// Resources are the limits of a program, and how it is scheduled. What is not set stays as it is.
// Note that Go raises the soft limit RLIMIT_NOFILE of its own process to the hard one. See
// <sysfd/resources.hpp>.
type Resources struct {
	Limits         []Limit
	Umask          *uint32
	Nice           *int
	Scheduler      *Scheduler
	Processors     []int
	AllProcessors  bool
	IoPriority     *IoPriority
	OomScoreAdjust *int
	TimerSlack     *time.Duration
}

func (r *Resources) set(command *C.sysfd_command, m *memory) {
	resources := C.sysfd_resources_init()
	scheduler := valueOf(r.Scheduler)
	priority := valueOf(r.IoPriority)
	resources.flags = bit(r.AllProcessors, C.SYSFD_RESOURCES_ALL_PROCESSORS) |
		bit(scheduler.ResetOnFork, C.SYSFD_RESOURCES_SCHEDULER_RESET_ON_FORK) |
		bit(r.Umask != nil, C.SYSFD_RESOURCES_UMASK) |
		bit(r.Nice != nil, C.SYSFD_RESOURCES_NICE) |
		bit(r.Scheduler != nil, C.SYSFD_RESOURCES_SCHEDULER) |
		bit(r.IoPriority != nil, C.SYSFD_RESOURCES_IO_PRIORITY) |
		bit(r.OomScoreAdjust != nil, C.SYSFD_RESOURCES_OOM_SCORE_ADJUST) |
		bit(r.TimerSlack != nil, C.SYSFD_RESOURCES_TIMER_SLACK)
	resources.limits, resources.limit_count = array(m, r.Limits,
		func(limit Limit) C.sysfd_resource_limit {
			return C.sysfd_resource_limit{
				resource: C.int32_t(number(limit.Resource)),
				soft:     C.uint64_t(limit.Soft),
				hard:     C.uint64_t(limit.Hard),
			}
		})
	resources.processors, resources.processor_count = array(m, r.Processors,
		number)
	resources.umask = C.uint32_t(valueOf(r.Umask))
	resources.nice = C.int32_t(number(valueOf(r.Nice)))
	resources.scheduler_policy = C.int32_t(number(scheduler.Policy))
	resources.scheduler_priority = C.uint32_t(scheduler.Priority)
	resources.scheduler_runtime_nanoseconds = C.int64_t(scheduler.Runtime)
	resources.scheduler_deadline_nanoseconds = C.int64_t(scheduler.Deadline)
	resources.scheduler_period_nanoseconds = C.int64_t(scheduler.Period)
	resources.io_class = C.int32_t(number(int(priority.Class)))
	resources.io_level = C.int32_t(number(priority.Level))
	resources.oom_score_adjust = C.int32_t(number(valueOf(r.OomScoreAdjust)))
	resources.timer_slack_nanoseconds = C.int64_t(valueOf(r.TimerSlack))
	C.sysfd_command_resources(command, &resources)
}

// Session is the session, the process group and the terminal of a program. See
// <sysfd/session.hpp>.
type Session struct {
	NewSession          bool     // setsid(2)
	ProcessGroup        *int     // setpgid(2); 0: a new group that the program leads
	ControllingTerminal *os.File // of the new session
	ForegroundOf        *os.File // makes its group the foreground group of this terminal
}

func (s *Session) set(command *C.sysfd_command, fds descriptors) {
	session := C.sysfd_session_init()
	session.flags = bit(s.NewSession, C.SYSFD_SESSION_NEW) |
		bit(s.ProcessGroup != nil, C.SYSFD_SESSION_PROCESS_GROUP)
	session.process_group = C.int32_t(number(valueOf(s.ProcessGroup)))
	session.controlling_terminal = fds.of(s.ControllingTerminal)
	session.foreground_of = fds.of(s.ForegroundOf)
	C.sysfd_command_session(command, &session)
}

// Signals are the signals of a program. By default none is blocked, and those that the Go runtime
// handles have their default action. See <sysfd/signals.hpp>.
type Signals struct {
	Blocked      []syscall.Signal
	ToDefault    []syscall.Signal
	Ignored      []syscall.Signal
	Unchanged    []syscall.Signal // stay ignored if they are: SIGPIPE, SIGCHLD
	InheritMask  bool             // of the thread that calls Start
	AllToDefault bool
}

func (s *Signals) set(command *C.sysfd_command, m *memory) {
	signals := C.sysfd_signals_init()
	signals.flags = bit(s.InheritMask, C.SYSFD_SIGNALS_INHERIT_MASK) |
		bit(s.AllToDefault, C.SYSFD_SIGNALS_ALL_TO_DEFAULT)
	signals.blocked, signals.blocked_count = array(m, s.Blocked, signalNumber)
	signals.to_default, signals.to_default_count = array(m, s.ToDefault, signalNumber)
	signals.ignored, signals.ignored_count = array(m, s.Ignored, signalNumber)
	signals.unchanged, signals.unchanged_count = array(m, s.Unchanged, signalNumber)
	C.sysfd_command_signals(command, &signals)
}

// Namespace is a set of kinds of namespaces.
type Namespace uint32

const (
	NamespaceTime   Namespace = C.SYSFD_NAMESPACE_TIME
	NamespaceMount  Namespace = C.SYSFD_NAMESPACE_MOUNT
	NamespaceCgroup Namespace = C.SYSFD_NAMESPACE_CGROUP
	NamespaceUts    Namespace = C.SYSFD_NAMESPACE_UTS
	NamespaceIpc    Namespace = C.SYSFD_NAMESPACE_IPC
	NamespaceUser   Namespace = C.SYSFD_NAMESPACE_USER
	NamespacePid    Namespace = C.SYSFD_NAMESPACE_PID
	NamespaceNet    Namespace = C.SYSFD_NAMESPACE_NET
)

// IDRange maps Count IDs of a new user namespace, from Inside on, to those of this one.
type IDRange struct {
	Inside, Outside, Count uint32
}

// NamespaceJoin is a namespace to join: setns(2). Of a pidfd, Kinds selects the namespaces.
type NamespaceJoin struct {
	File  *os.File
	Kinds Namespace
}

// Namespaces are the new namespaces of a program, and those that it joins. See
// <sysfd/namespaces.hpp>.
type Namespaces struct {
	Create       Namespace
	UserMap      []IDRange
	GroupMap     []IDRange
	Join         []NamespaceJoin
	HostName     *string
	SharedMounts bool // leaves the propagation of mounts as it is
}

func (n *Namespaces) set(command *C.sysfd_command, m *memory, fds descriptors) {
	idRange := func(ids IDRange) C.sysfd_id_range {
		return C.sysfd_id_range{
			inside:  C.uint32_t(ids.Inside),
			outside: C.uint32_t(ids.Outside),
			count:   C.uint32_t(ids.Count),
		}
	}
	namespaces := C.sysfd_namespaces_init()
	namespaces.flags = bit(n.SharedMounts, C.SYSFD_NAMESPACES_SHARED_MOUNTS)
	namespaces.create = C.uint32_t(n.Create)
	namespaces.user_map, namespaces.user_map_count = array(m, n.UserMap, idRange)
	namespaces.group_map, namespaces.group_map_count = array(m, n.GroupMap, idRange)
	namespaces.join, namespaces.join_count = array(m, n.Join,
		func(join NamespaceJoin) C.sysfd_namespace_join {
			return C.sysfd_namespace_join{fd: fds.of(join.File), kinds: C.uint32_t(join.Kinds)}
		})
	namespaces.host_name = m.optionalText(n.HostName)
	C.sysfd_command_namespaces(command, &namespaces)
}

// valueOf returns the value of an optional member, or its zero value.
func valueOf[T any](optional *T) T {
	if optional == nil {
		var zero T
		return zero
	}
	return *optional
}
