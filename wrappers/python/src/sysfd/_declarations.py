# SPDX-License-Identifier: MIT
"""What sysfd.h declares. Made from it by tools/declare: change nothing here."""
from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
    sizeof,
)
from typing import Any, ClassVar, Dict, Tuple


class CheckedStructure(Structure):
    """A struct whose members refuse a number that does not fit."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if isinstance(value, int) and (getattr(self, name) or 0) != value:
            raise OverflowError(f"{name} cannot be {value}")


class SizedStructure(CheckedStructure):
    """A struct that begins with its size, and has the values of its SYSFD_..._INIT."""

    DEFAULTS: ClassVar[Dict[str, int]] = {}

    def __init__(self, **values: Any) -> None:
        super().__init__(size=sizeof(self), **{**self.DEFAULTS, **values})

SYSFD_C_VERSION = 1000
SYSFD_FOREVER = 9223372036854775807
SYSFD_UNLIMITED = 18446744073709551615
SYSFD_FEATURE_FILE_HANDLES = 0
SYSFD_FEATURE_PIDFD_SEND_SIGNAL = 1
SYSFD_FEATURE_PIDFD_OPEN = 2
SYSFD_FEATURE_WAIT_BY_PIDFD = 3
SYSFD_FEATURE_CLONE3 = 4
SYSFD_FEATURE_PIDFD_GETFD = 5
SYSFD_FEATURE_CLONE_INTO_CGROUP = 6
SYSFD_FEATURE_OPENAT2 = 7
SYSFD_FEATURE_CLOSE_RANGE = 8
SYSFD_FEATURE_PROCESS_MADVISE = 9
SYSFD_FEATURE_PROCESS_MRELEASE = 10
SYSFD_FEATURE_NOEXEC_SEAL = 11
SYSFD_FEATURE_PEER_PIDFD = 12
SYSFD_FEATURE_PASS_PIDFD = 13
SYSFD_FEATURE_HANDLE_FID = 14
SYSFD_FEATURE_STATMOUNT = 15
SYSFD_FEATURE_UNIQUE_MOUNT_IDS = 16
SYSFD_FEATURE_PIDFS = 17
SYSFD_FEATURE_PIDFD_THREAD = 18
SYSFD_FEATURE_SIGNAL_SCOPES = 19
SYSFD_FEATURE_WRITE_NOAPPEND = 20
SYSFD_FEATURE_DUPFD_QUERY = 21
SYSFD_FEATURE_KCMP = 22
SYSFD_FEATURE_PIDFD_NAMESPACES = 23
SYSFD_FEATURE_HANDLE_UNIQUE_MOUNT = 24
SYSFD_FEATURE_PIDFD_INFO = 25
SYSFD_FEATURE_HANDLE_CONNECTABLE = 26
SYSFD_FEATURE_PIDFD_HANDLES = 27
SYSFD_FEATURE_PASS_RIGHTS = 28
SYSFD_FEATURE_PIDFS_ROOT = 29
SYSFD_FEATURE_NSFS_ROOT = 30
SYSFD_FEATURE_AUTOREAP = 31
SYSFD_FEATURE_AUTOKILL = 32
SYSFD_FEATURE_LANDLOCK = 33
SYSFD_FEATURE_COUNT = 34
SYSFD_CWD = -100
SYSFD_RESOLVE_NO_MOUNT_POINTS = 1
SYSFD_RESOLVE_NO_MAGIC_LINKS = 2
SYSFD_RESOLVE_NO_SYMLINKS = 4
SYSFD_RESOLVE_BENEATH = 8
SYSFD_RESOLVE_IN_ROOT = 16
SYSFD_READ_NOWAIT = 1
SYSFD_SYNC_DATA_ONLY = 1
SYSFD_SEEK_START = 0
SYSFD_SEEK_POSITION = 1
SYSFD_SEEK_END = 2
SYSFD_LOCK_SHARED = 0
SYSFD_LOCK_EXCLUSIVE = 1
SYSFD_SEAL_MAY_SHRINK = 1
SYSFD_SEAL_MAY_CHANGE = 2
SYSFD_MAX_FDS_IN_MESSAGE = 253
SYSFD_RECEIVE_NOWAIT = 1
SYSFD_RECEIVE_KEEP_UNWANTED = 2
SYSFD_HANDLE_FOLLOW = 1
SYSFD_HANDLE_FID = 2
SYSFD_HANDLE_CONNECTABLE = 4
SYSFD_HANDLE_UNIQUE_MOUNT = 8
SYSFD_PIDFS_ROOT = -10002
SYSFD_NSFS_ROOT = -10003
SYSFD_FANOTIFY_FID = 0
SYSFD_FANOTIFY_DFID = 1
SYSFD_FANOTIFY_DFID_NAME = 2
SYSFD_FANOTIFY_OLD_DFID_NAME = 3
SYSFD_FANOTIFY_NEW_DFID_NAME = 4
SYSFD_PIDFD_NONBLOCKING = 1
SYSFD_PIDFD_THREAD = 2
SYSFD_SIGNAL_PROCESS = 0
SYSFD_SIGNAL_THREAD = 1
SYSFD_SIGNAL_THREAD_GROUP = 2
SYSFD_SIGNAL_PROCESS_GROUP = 4
SYSFD_NAMESPACE_TIME = 128
SYSFD_NAMESPACE_MOUNT = 131072
SYSFD_NAMESPACE_CGROUP = 33554432
SYSFD_NAMESPACE_UTS = 67108864
SYSFD_NAMESPACE_IPC = 134217728
SYSFD_NAMESPACE_USER = 268435456
SYSFD_NAMESPACE_PID = 536870912
SYSFD_NAMESPACE_NET = 1073741824
SYSFD_WAIT_ENDED = 1
SYSFD_WAIT_STOPPED = 2
SYSFD_WAIT_CONTINUED = 4
SYSFD_WAIT_KEEP = 8
SYSFD_EVENT_ENDED = 0
SYSFD_EVENT_STOPPED = 1
SYSFD_EVENT_CONTINUED = 2
SYSFD_EVENT_TRAPPED = 3
SYSFD_INFO_PID = 1
SYSFD_INFO_PROCESS = 2
SYSFD_INFO_PARENT = 4
SYSFD_INFO_CREDENTIALS = 8
SYSFD_INFO_CGROUP = 16
SYSFD_INFO_EXIT = 32
SYSFD_INFO_CORE_DUMP = 64
SYSFD_INFO_CORE_DUMP_SIGNAL = 128
SYSFD_INFO_CORE_DUMP_CODE = 256
SYSFD_CORE_DUMPED = 1
SYSFD_CORE_DUMP_SKIPPED = 2
SYSFD_CORE_DUMP_AS_USER = 4
SYSFD_CORE_DUMP_AS_ROOT = 8
SYSFD_CONTROLLER_CPU = 1
SYSFD_CONTROLLER_CPUSET = 2
SYSFD_CONTROLLER_IO = 4
SYSFD_CONTROLLER_MEMORY = 8
SYSFD_CONTROLLER_PIDS = 16
SYSFD_CONTROLLER_HUGETLB = 32
SYSFD_CGROUP_FIND = 0
SYSFD_CGROUP_OPEN = 1
SYSFD_CGROUP_CREATE = 2
SYSFD_CGROUP_ENABLE = 3
SYSFD_CGROUP_LIMIT = 4
SYSFD_CGROUP_MOVE = 5
SYSFD_CGROUP_KILL = 6
SYSFD_CGROUP_FREEZE = 7
SYSFD_CGROUP_READ = 8
SYSFD_CGROUP_WAIT = 9
SYSFD_CGROUP_REMOVE = 10
SYSFD_CGROUP_START = 11
SYSFD_IO_LIMIT_READ_BYTES = 1
SYSFD_IO_LIMIT_WRITE_BYTES = 2
SYSFD_IO_LIMIT_READ_OPERATIONS = 4
SYSFD_IO_LIMIT_WRITE_OPERATIONS = 8
SYSFD_LIMIT_MEMORY_MAX = 1
SYSFD_LIMIT_MEMORY_HIGH = 2
SYSFD_LIMIT_SWAP_MAX = 4
SYSFD_LIMIT_KILLS_ALL = 8
SYSFD_LIMIT_PIDS_MAX = 16
SYSFD_LIMIT_CPU_MAX = 32
SYSFD_LIMIT_CPU_WEIGHT = 64
SYSFD_ABILITY_KILL = 1
SYSFD_ABILITY_NEEDS_LEAF = 2
SYSFD_ABILITY_CREATE = 4
SYSFD_ABILITY_START = 8
SYSFD_USAGE_MEMORY = 1
SYSFD_USAGE_MEMORY_PEAK = 2
SYSFD_USAGE_SWAP = 4
SYSFD_USAGE_CPU_USER = 8
SYSFD_USAGE_CPU_SYSTEM = 16
SYSFD_USAGE_PIDS = 32
SYSFD_USAGE_PIDS_PEAK = 64
SYSFD_EVENTS_OOM = 1
SYSFD_EVENTS_OOM_KILL = 2
SYSFD_EVENTS_OOM_GROUP_KILL = 4
SYSFD_EVENTS_PIDS_MAX = 8
SYSFD_FILE_EXECUTE = 1
SYSFD_FILE_WRITE_FILE = 2
SYSFD_FILE_READ_FILE = 4
SYSFD_FILE_READ_DIR = 8
SYSFD_FILE_REMOVE_DIR = 16
SYSFD_FILE_REMOVE_FILE = 32
SYSFD_FILE_MAKE_CHAR = 64
SYSFD_FILE_MAKE_DIR = 128
SYSFD_FILE_MAKE_REG = 256
SYSFD_FILE_MAKE_SOCK = 512
SYSFD_FILE_MAKE_FIFO = 1024
SYSFD_FILE_MAKE_BLOCK = 2048
SYSFD_FILE_MAKE_SYM = 4096
SYSFD_FILE_REFER = 8192
SYSFD_FILE_TRUNCATE = 16384
SYSFD_FILE_IOCTL_DEV = 32768
SYSFD_FILE_RESOLVE_UNIX = 65536
SYSFD_FILE_RUN = 5
SYSFD_FILE_READ = 12
SYSFD_FILE_READ_WRITE = 30654
SYSFD_PORT_BIND_TCP = 1
SYSFD_PORT_CONNECT_TCP = 2
SYSFD_PORT_BIND_UDP = 4
SYSFD_PORT_CONNECT_SEND_UDP = 8
SYSFD_SCOPE_ABSTRACT_UNIX_SOCKET = 1
SYSFD_SCOPE_SIGNAL = 2
SYSFD_LANDLOCK_SUPPORT = 0
SYSFD_LANDLOCK_CREATE = 1
SYSFD_LANDLOCK_OPEN = 2
SYSFD_LANDLOCK_RULE = 3
SYSFD_LANDLOCK_RESTRICT = 4
SYSFD_LANDLOCK_PROGRAM = 5
SYSFD_RESTRICT_KEEP_PRIVILEGES = 1
SYSFD_RESTRICT_LOG_AFTER_EXEC = 2
SYSFD_FD_ANY = 0
SYSFD_FD_SOCKET = 1
SYSFD_FD_STREAM_LISTENER = 2
SYSFD_FD_STREAM = 3
SYSFD_FD_SEQPACKET_LISTENER = 4
SYSFD_FD_SEQPACKET = 5
SYSFD_FD_DATAGRAM = 6
SYSFD_FD_FIFO = 7
SYSFD_FD_SPECIAL_FILE = 8
SYSFD_FD_MESSAGE_QUEUE = 9
SYSFD_ANY_PORT = -1
SYSFD_LISTEN_NOT_ACTIVATED = 0
SYSFD_LISTEN_OTHER_PROCESS = 1
SYSFD_LISTEN_MALFORMED = 2
SYSFD_LISTEN_ALREADY_TAKEN = 3
SYSFD_LISTEN_UNAVAILABLE = 4
SYSFD_LISTEN_NOT_FOUND = 5
SYSFD_LISTEN_AMBIGUOUS = 6
SYSFD_LISTEN_WRONG_TYPE = 7
SYSFD_LISTEN_KEEP_ENVIRONMENT = 1
SYSFD_NOTIFY_READY = 1
SYSFD_NOTIFY_RELOADING = 2
SYSFD_NOTIFY_STOPPING = 4
SYSFD_NOTIFY_WATCHDOG = 8
SYSFD_NOTIFY_WATCHDOG_TRIGGER = 16
SYSFD_NOTIFY_STORE_NO_POLL = 32
SYSFD_NOTIFY_ERROR = 256
SYSFD_NOTIFY_EXIT_STATUS = 512
SYSFD_NOTIFY_WATCHDOG_INTERVAL = 1024
SYSFD_NOTIFY_EXTEND_TIMEOUT = 2048
SYSFD_NOTIFIER_UNSET_ENVIRONMENT = 1
SYSFD_STEP_PROGRAM = 0
SYSFD_STEP_ARGUMENT = 1
SYSFD_STEP_ENVIRONMENT = 2
SYSFD_STEP_STANDARD_STREAM = 3
SYSFD_STEP_DESCRIPTOR = 4
SYSFD_STEP_LISTEN_FDS = 5
SYSFD_STEP_TERMINAL = 6
SYSFD_STEP_CGROUP = 7
SYSFD_STEP_NAMESPACES = 8
SYSFD_STEP_CLONE = 9
SYSFD_STEP_START = 10
SYSFD_STEP_TABLE = 11
SYSFD_STEP_SIGNALS = 12
SYSFD_STEP_SESSION = 13
SYSFD_STEP_PROCESS_GROUP = 14
SYSFD_STEP_CONTROLLING_TERMINAL = 15
SYSFD_STEP_FOREGROUND_GROUP = 16
SYSFD_STEP_USER_MAP = 17
SYSFD_STEP_GROUP_MAP = 18
SYSFD_STEP_DUMPABLE = 19
SYSFD_STEP_JOIN_NAMESPACE = 20
SYSFD_STEP_MOUNTS = 21
SYSFD_STEP_HOST_NAME = 22
SYSFD_STEP_LIMIT = 23
SYSFD_STEP_UMASK = 24
SYSFD_STEP_NICE = 25
SYSFD_STEP_SCHEDULER = 26
SYSFD_STEP_PROCESSORS = 27
SYSFD_STEP_IO_PRIORITY = 28
SYSFD_STEP_OOM_SCORE_ADJUST = 29
SYSFD_STEP_TIMER_SLACK = 30
SYSFD_STEP_ROOT_DIRECTORY = 31
SYSFD_STEP_WORKING_DIRECTORY = 32
SYSFD_STEP_BOUNDING_SET = 33
SYSFD_STEP_GROUPS = 34
SYSFD_STEP_GROUP = 35
SYSFD_STEP_USER = 36
SYSFD_STEP_CAPABILITIES = 37
SYSFD_STEP_AMBIENT_SET = 38
SYSFD_STEP_SECUREBITS = 39
SYSFD_STEP_PARENT_DEATH = 40
SYSFD_STEP_NO_NEW_PRIVILEGES = 41
SYSFD_STEP_SECCOMP = 42
SYSFD_STEP_EXEC = 43
SYSFD_STEP_WAIT = 44
SYSFD_STEP_CONFIRMATION = 45
SYSFD_STEP_LANDLOCK = 46
SYSFD_STEP_CONTAINMENT = 47
SYSFD_SEARCH_CHILD_PATH = 0
SYSFD_SEARCH_CALLER_PATH = 1
SYSFD_SEARCH_NOWHERE = 2
SYSFD_BEFORE_IDENTITY = 0
SYSFD_AFTER_IDENTITY = 1
SYSFD_STDIO_INHERIT = 0
SYSFD_STDIO_NULL = 1
SYSFD_STDIO_PIPE = 2
SYSFD_STDIO_TERMINAL = 3
SYSFD_STDIO_LIKE_STDOUT = 4
SYSFD_DROP_KILL = 0
SYSFD_DROP_TERMINATE = 1
SYSFD_DROP_WAIT = 2
SYSFD_DROP_DETACH = 3
SYSFD_REACH_WHOLE_TREE = 0
SYSFD_REACH_BEST_EFFORT = 1
SYSFD_REACH_SAME_NAMESPACES = 2
SYSFD_CONTAIN_OUTLIVES_OWNER = 1
SYSFD_CONTAIN_CALLERS_PROC = 2
SYSFD_CONTAIN_OWN_CGROUP = 4
SYSFD_IDENTITY_KEEP_GROUPS = 1
SYSFD_IDENTITY_NO_CAPABILITIES = 2
SYSFD_IDENTITY_NO_NEW_PRIVILEGES = 4
SYSFD_IDENTITY_USER = 256
SYSFD_IDENTITY_GROUP = 512
SYSFD_IDENTITY_GROUPS = 1024
SYSFD_IDENTITY_SECUREBITS = 2048
SYSFD_RESOURCES_ALL_PROCESSORS = 1
SYSFD_RESOURCES_SCHEDULER_RESET_ON_FORK = 2
SYSFD_RESOURCES_UMASK = 256
SYSFD_RESOURCES_NICE = 512
SYSFD_RESOURCES_SCHEDULER = 1024
SYSFD_RESOURCES_IO_PRIORITY = 2048
SYSFD_RESOURCES_OOM_SCORE_ADJUST = 4096
SYSFD_RESOURCES_TIMER_SLACK = 8192
SYSFD_IO_REAL_TIME = 1
SYSFD_IO_BEST_EFFORT = 2
SYSFD_IO_IDLE = 3
SYSFD_SESSION_NEW = 1
SYSFD_SESSION_PROCESS_GROUP = 256
SYSFD_SIGNALS_INHERIT_MASK = 1
SYSFD_SIGNALS_ALL_TO_DEFAULT = 2
SYSFD_NAMESPACES_SHARED_MOUNTS = 1
SYSFD_UNTIL_CHILD_ENDS = 0
SYSFD_UNTIL_PIPES_CLOSE = 1
SYSFD_STREAM_OUT = 0
SYSFD_STREAM_ERR = 1
SYSFD_STREAM_TERMINAL = 2
SYSFD_CONFIRM_BY_FINISH = 0
SYSFD_CONFIRM_BY_DESCRIPTOR = 1
SYSFD_OUTPUT_SUCCESS = 1
SYSFD_OUTPUT_OUT_CUT = 2
SYSFD_OUTPUT_ERR_CUT = 4
SYSFD_OUTPUT_TIMED_OUT = 8
SYSFD_OUTPUT_CANCELED = 16
SYSFD_OUTPUT_TERMINAL_CUT = 32
SYSFD_END_NOT_KNOWN = 0
SYSFD_END_EXITED = 1
SYSFD_END_SIGNAL = 2
SYSFD_END_CORE_DUMP = 3
SYSFD_END_TIMEOUT = 4
SYSFD_END_OUT_OF_MEMORY = 5
SYSFD_ENDING_STATUS = 1
SYSFD_ENDING_OOM_KILLS = 2
SYSFD_ENDING_REFUSED_FORKS = 4
SYSFD_REPORT_BY_CLONE3 = 1
SYSFD_REPORT_ISOLATED_TABLE = 2
SYSFD_REPORT_REAPS_ITSELF = 4
SYSFD_REPORT_KILLED_WITH_PARENT = 8
SYSFD_REPORT_COPIED_MEMORY = 16
SYSFD_CONTAINED_BY_PID_NAMESPACE = 0
SYSFD_CONTAINED_BY_USER_AND_PID_NAMESPACE = 1
SYSFD_CONTAINED_BY_SUBREAPER = 2
SYSFD_NOT_CONTAINED = 3

sysfd_output_sink = CFUNCTYPE(None, c_void_p, c_int, c_void_p, c_size_t)


class sysfd_timeout(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("cancel_fd", c_int32),
        ("nanoseconds", c_int64),
    ]
    DEFAULTS = {"cancel_fd": -1, "nanoseconds": 9223372036854775807}


class sysfd_error(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("code", c_int32),
        ("kind", c_int32),
        ("text", c_char * 500),
    ]


class sysfd_bytes(CheckedStructure):
    _fields_ = [
        ("data", c_void_p),
        ("size", c_size_t),
    ]


class sysfd_lock_range(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("reserved", c_uint32),
        ("start", c_uint64),
        ("length", c_uint64),
    ]


class sysfd_receive_options(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("max_fds", c_uint32),
        ("reserved", c_uint32),
        ("timeout", POINTER(sysfd_timeout)),
    ]
    DEFAULTS = {"max_fds": 253}


class sysfd_mount_id(CheckedStructure):
    _fields_ = [
        ("id", c_uint64),
        ("is_unique", c_uint32),
        ("reserved", c_uint32),
    ]


class sysfd_fanotify_event(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("pid", c_int32),
        ("mask", c_uint64),
        ("file", c_int32),
        ("process", c_int32),
    ]
    DEFAULTS = {"file": -1, "process": -1}


class sysfd_fanotify_fid(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("kind", c_uint32),
        ("file_system", c_int32 * 2),
        ("handle", c_void_p),
        ("name", c_void_p),
        ("name_size", c_size_t),
    ]


class sysfd_wait_event(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("kind", c_uint32),
        ("status", c_int32),
        ("signo", c_int32),
        ("pid", c_int32),
        ("user", c_uint32),
        ("user_microseconds", c_int64),
        ("system_microseconds", c_int64),
        ("max_resident_kilobytes", c_int64),
        ("minor_faults", c_int64),
        ("major_faults", c_int64),
        ("blocks_in", c_int64),
        ("blocks_out", c_int64),
        ("voluntary_switches", c_int64),
        ("involuntary_switches", c_int64),
    ]


class sysfd_process_info(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("set", c_uint32),
        ("pid", c_int32),
        ("process", c_int32),
        ("parent", c_int32),
        ("exit_status", c_int32),
        ("cgroup_id", c_uint64),
        ("user", c_uint32),
        ("group", c_uint32),
        ("effective_user", c_uint32),
        ("effective_group", c_uint32),
        ("saved_user", c_uint32),
        ("saved_group", c_uint32),
        ("file_system_user", c_uint32),
        ("file_system_group", c_uint32),
        ("core_dump", c_uint32),
        ("core_dump_signal", c_int32),
        ("core_dump_code", c_int32),
        ("reserved", c_uint32),
    ]


class sysfd_io_limit(CheckedStructure):
    _fields_ = [
        ("major", c_uint32),
        ("minor", c_uint32),
        ("flags", c_uint32),
        ("reserved", c_uint32),
        ("read_bytes", c_uint64),
        ("write_bytes", c_uint64),
        ("read_operations", c_uint64),
        ("write_operations", c_uint64),
    ]


class sysfd_cgroup_limits(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("memory_max", c_uint64),
        ("memory_high", c_uint64),
        ("swap_max", c_uint64),
        ("pids_max", c_uint64),
        ("cpu_quota_microseconds", c_uint64),
        ("cpu_period_microseconds", c_uint64),
        ("cpu_weight", c_uint32),
        ("kills_all", c_uint32),
        ("io_max", POINTER(sysfd_io_limit)),
        ("io_max_count", c_size_t),
    ]
    DEFAULTS = {"cpu_period_microseconds": 100000, "cpu_weight": 100}


class sysfd_cgroup_abilities(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("available", c_uint32),
        ("enabled", c_uint32),
        ("in_version_1", c_uint32),
        ("create_code", c_int32),
        ("start_code", c_int32),
        ("reserved", c_uint32),
        ("create_text", c_char * 500),
        ("start_text", c_char * 500),
    ]


class sysfd_cgroup_usage(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("set", c_uint32),
        ("memory", c_uint64),
        ("memory_peak", c_uint64),
        ("swap", c_uint64),
        ("cpu_user_microseconds", c_uint64),
        ("cpu_system_microseconds", c_uint64),
        ("pids", c_uint64),
        ("pids_peak", c_uint64),
    ]


class sysfd_cgroup_events(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("set", c_uint32),
        ("populated", c_uint32),
        ("frozen", c_uint32),
        ("oom", c_uint64),
        ("oom_kill", c_uint64),
        ("oom_group_kill", c_uint64),
        ("pids_max", c_uint64),
    ]


class sysfd_rights(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("reserved", c_uint32),
        ("files", c_uint64),
        ("ports", c_uint64),
        ("scopes", c_uint64),
    ]


class sysfd_landlock_error(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("step", c_int32),
        ("code", c_int32),
        ("reserved", c_uint32),
        ("missing_files", c_uint64),
        ("missing_ports", c_uint64),
        ("missing_scopes", c_uint64),
        ("text", c_char * 1000),
    ]


class sysfd_notification(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("status", c_char_p),
        ("error", c_int32),
        ("exit_status", c_int32),
        ("main_process", c_int32),
        ("sender", c_int32),
        ("watchdog_interval_microseconds", c_uint64),
        ("extend_timeout_microseconds", c_uint64),
        ("store", POINTER(c_int)),
        ("store_count", c_size_t),
        ("store_name", c_char_p),
        ("remove_stored", c_char_p),
        ("more", c_char_p),
        ("timeout", POINTER(sysfd_timeout)),
    ]
    DEFAULTS = {"main_process": -1, "sender": -1}


class sysfd_spawn_error(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("step", c_int32),
        ("code", c_int32),
        ("index", c_int32),
        ("stage", c_int32),
        ("text", c_char * 1004),
    ]
    DEFAULTS = {"index": -1, "stage": -1}


class sysfd_containment(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("reach", c_int32),
        ("reserved", c_uint32),
        ("limits", POINTER(sysfd_cgroup_limits)),
        ("parent", c_void_p),
    ]


class sysfd_bpf_instruction(CheckedStructure):
    _fields_ = [
        ("code", c_uint16),
        ("jump_true", c_uint8),
        ("jump_false", c_uint8),
        ("value", c_uint32),
    ]


class sysfd_identity(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("user", c_uint32),
        ("group", c_uint32),
        ("securebits", c_uint32),
        ("reserved", c_uint32),
        ("groups", POINTER(c_uint32)),
        ("group_count", c_size_t),
        ("capabilities", c_char_p),
        ("iab", c_char_p),
        ("seccomp", POINTER(sysfd_bpf_instruction)),
        ("seccomp_count", c_size_t),
    ]


class sysfd_resource_limit(CheckedStructure):
    _fields_ = [
        ("resource", c_int32),
        ("reserved", c_uint32),
        ("soft", c_uint64),
        ("hard", c_uint64),
    ]


class sysfd_resources(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("limits", POINTER(sysfd_resource_limit)),
        ("limit_count", c_size_t),
        ("processors", POINTER(c_int)),
        ("processor_count", c_size_t),
        ("umask", c_uint32),
        ("nice", c_int32),
        ("scheduler_policy", c_int32),
        ("scheduler_priority", c_uint32),
        ("scheduler_runtime_nanoseconds", c_int64),
        ("scheduler_deadline_nanoseconds", c_int64),
        ("scheduler_period_nanoseconds", c_int64),
        ("io_class", c_int32),
        ("io_level", c_int32),
        ("oom_score_adjust", c_int32),
        ("reserved", c_uint32),
        ("timer_slack_nanoseconds", c_int64),
    ]


class sysfd_session(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("process_group", c_int32),
        ("controlling_terminal", c_int32),
        ("foreground_of", c_int32),
        ("reserved", c_uint32),
    ]
    DEFAULTS = {"controlling_terminal": -1, "foreground_of": -1}


class sysfd_signals(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("blocked", POINTER(c_int)),
        ("blocked_count", c_size_t),
        ("to_default", POINTER(c_int)),
        ("to_default_count", c_size_t),
        ("ignored", POINTER(c_int)),
        ("ignored_count", c_size_t),
        ("unchanged", POINTER(c_int)),
        ("unchanged_count", c_size_t),
    ]


class sysfd_id_range(CheckedStructure):
    _fields_ = [
        ("inside", c_uint32),
        ("outside", c_uint32),
        ("count", c_uint32),
    ]


class sysfd_namespace_join(CheckedStructure):
    _fields_ = [
        ("fd", c_int32),
        ("kinds", c_uint32),
    ]


class sysfd_namespaces(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("create", c_uint32),
        ("reserved", c_uint32),
        ("user_map", POINTER(sysfd_id_range)),
        ("user_map_count", c_size_t),
        ("group_map", POINTER(sysfd_id_range)),
        ("group_map_count", c_size_t),
        ("join", POINTER(sysfd_namespace_join)),
        ("join_count", c_size_t),
        ("host_name", c_char_p),
    ]


class sysfd_output_options(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("until", c_int32),
        ("input", c_void_p),
        ("input_size", c_size_t),
        ("max_size", c_uint64),
        ("timeout", POINTER(sysfd_timeout)),
        ("grace", POINTER(sysfd_timeout)),
        ("sink", sysfd_output_sink),
        ("sink_data", c_void_p),
        ("longest_line", c_uint64),
    ]
    DEFAULTS = {"max_size": 18446744073709551615}


class sysfd_placed_fd(CheckedStructure):
    _fields_ = [
        ("fd", c_int32),
        ("number", c_int32),
    ]


class sysfd_spawn_changes(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("reserved", c_uint32),
        ("arguments", POINTER(c_char_p)),
        ("descriptors", POINTER(c_int)),
        ("descriptor_count", c_size_t),
        ("placed", POINTER(sysfd_placed_fd)),
        ("placed_count", c_size_t),
        ("environment", POINTER(c_char_p)),
        ("working_directory", c_char_p),
    ]


class sysfd_output_info(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("status_code", c_int32),
        ("status", c_int32),
        ("kill_code", c_int32),
        ("stages", c_uint32),
        ("out", c_void_p),
        ("out_size", c_size_t),
        ("err", c_void_p),
        ("err_size", c_size_t),
        ("input_taken", c_uint64),
        ("terminal", c_void_p),
        ("terminal_size", c_size_t),
    ]


class sysfd_ending(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("set", c_uint32),
        ("reason", c_int32),
        ("status", c_int32),
        ("oom_kills", c_uint64),
        ("refused_forks", c_uint64),
    ]


class sysfd_spawn_report(SizedStructure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("busy_retries", c_int32),
        ("reserved", c_uint32),
    ]


# The result and the parameters of each function.
FUNCTIONS: Dict[str, Tuple[Any, ...]] = {
    "sysfd_version": (c_uint32,),
    "sysfd_features": (c_uint64,),
    "sysfd_features_text": (c_int, c_uint64, c_char_p, c_size_t),
    "sysfd_feature_name": (c_int, c_int, c_char_p, c_size_t),
    "sysfd_open": (c_int, c_int, c_char_p, c_int, c_uint32),
    "sysfd_open_resolve": (c_int, c_int, c_char_p, c_int, c_uint32, c_uint64),
    "sysfd_open_missing_standard_streams": (c_int,),
    "sysfd_pipe": (c_int, c_int, POINTER(c_int)),
    "sysfd_socket_pair": (c_int, c_int, POINTER(c_int)),
    "sysfd_memfd": (c_int, c_char_p, c_uint32),
    "sysfd_event_fd": (c_int, c_uint32, c_int),
    "sysfd_duplicate": (c_int, c_int),
    "sysfd_replace": (c_int, c_int, c_int),
    "sysfd_close_take": (c_int, c_int),
    "sysfd_is_open": (c_int, c_int),
    "sysfd_set_nonblocking": (c_int, c_int, c_int),
    "sysfd_is_nonblocking": (c_int, c_int),
    "sysfd_set_close_on_exec": (c_int, c_int, c_int),
    "sysfd_is_close_on_exec": (c_int, c_int),
    "sysfd_same_description": (c_int, c_int, c_int),
    "sysfd_reopen": (c_int, c_int, c_int),
    "sysfd_positioned_file_take": (c_int, c_int, c_uint64, POINTER(c_void_p)),
    "sysfd_positioned_file_open": (c_int, c_int, c_char_p, c_int, c_uint32, POINTER(c_void_p)),
    "sysfd_positioned_file_memfd": (c_int, c_char_p, c_uint32, POINTER(c_void_p)),
    "sysfd_positioned_file_reopen": (c_int, c_int, c_int, POINTER(c_void_p)),
    "sysfd_positioned_file_free": (None, c_void_p),
    "sysfd_positioned_file_read": (c_int64, c_void_p, c_void_p, c_size_t, c_uint32),
    "sysfd_positioned_file_write": (c_int64, c_void_p, c_void_p, c_size_t),
    "sysfd_positioned_file_append": (c_int64, c_void_p, c_void_p, c_size_t),
    "sysfd_positioned_file_read_at": (c_int64, c_void_p, c_void_p, c_size_t, c_uint64, c_uint32),
    "sysfd_positioned_file_write_at": (c_int64, c_void_p, c_void_p, c_size_t, c_uint64),
    "sysfd_positioned_file_readv_at": (
        c_int64,
        c_void_p,
        POINTER(sysfd_bytes),
        c_size_t,
        c_uint64,
        c_uint32,
    ),
    "sysfd_positioned_file_writev_at": (
        c_int64,
        c_void_p,
        POINTER(sysfd_bytes),
        c_size_t,
        c_uint64,
    ),
    "sysfd_positioned_file_read_exact": (c_int, c_void_p, c_void_p, c_size_t),
    "sysfd_positioned_file_write_all": (c_int, c_void_p, c_void_p, c_size_t),
    "sysfd_positioned_file_read_exact_at": (c_int, c_void_p, c_void_p, c_size_t, c_uint64),
    "sysfd_positioned_file_write_all_at": (c_int, c_void_p, c_void_p, c_size_t, c_uint64),
    "sysfd_positioned_file_seek": (c_int64, c_void_p, c_int64, c_int),
    "sysfd_positioned_file_position": (c_int64, c_void_p),
    "sysfd_positioned_file_size": (c_int64, c_void_p),
    "sysfd_positioned_file_truncate": (c_int, c_void_p, c_uint64),
    "sysfd_positioned_file_sync": (c_int, c_void_p, c_uint32),
    "sysfd_positioned_file_fd_borrow": (c_int, c_void_p),
    "sysfd_positioned_file_fd_release": (c_int, c_void_p),
    "sysfd_description_lock_acquire": (
        c_int,
        c_int,
        c_int,
        POINTER(sysfd_lock_range),
        POINTER(c_void_p),
    ),
    "sysfd_description_lock_try_acquire": (
        c_int,
        c_int,
        c_int,
        POINTER(sysfd_lock_range),
        POINTER(c_void_p),
    ),
    "sysfd_description_lock_try_acquire_for": (
        c_int,
        c_int,
        c_int,
        POINTER(sysfd_lock_range),
        POINTER(sysfd_timeout),
        POINTER(c_void_p),
    ),
    "sysfd_description_lock_adopt_take": (
        c_int,
        c_int,
        c_int,
        POINTER(sysfd_lock_range),
        POINTER(c_void_p),
    ),
    "sysfd_description_lock_upgrade": (c_int, c_void_p),
    "sysfd_description_lock_try_upgrade": (c_int, c_void_p),
    "sysfd_description_lock_try_upgrade_for": (c_int, c_void_p, POINTER(sysfd_timeout)),
    "sysfd_description_lock_downgrade": (c_int, c_void_p),
    "sysfd_description_lock_mode": (c_int, c_void_p),
    "sysfd_description_lock_range": (c_int, c_void_p, POINTER(sysfd_lock_range)),
    "sysfd_description_lock_unlock": (c_int, c_void_p),
    "sysfd_description_lock_release": (c_int, c_void_p),
    "sysfd_description_lock_free": (None, c_void_p),
    "sysfd_flock_lock_acquire": (c_int, c_int, c_int, POINTER(c_void_p)),
    "sysfd_flock_lock_try_acquire": (c_int, c_int, c_int, POINTER(c_void_p)),
    "sysfd_flock_lock_try_acquire_for": (
        c_int,
        c_int,
        c_int,
        POINTER(sysfd_timeout),
        POINTER(c_void_p),
    ),
    "sysfd_flock_lock_adopt_take": (c_int, c_int, c_int, POINTER(c_void_p)),
    "sysfd_flock_lock_upgrade": (c_int, c_void_p),
    "sysfd_flock_lock_try_upgrade": (c_int, c_void_p),
    "sysfd_flock_lock_try_upgrade_for": (c_int, c_void_p, POINTER(sysfd_timeout)),
    "sysfd_flock_lock_downgrade": (c_int, c_void_p),
    "sysfd_flock_lock_is_locked": (c_int, c_void_p),
    "sysfd_flock_lock_mode": (c_int, c_void_p),
    "sysfd_flock_lock_unlock": (c_int, c_void_p),
    "sysfd_flock_lock_release": (c_int, c_void_p),
    "sysfd_flock_lock_free": (None, c_void_p),
    "sysfd_sealed_memfd": (c_int, c_char_p, c_void_p, c_size_t),
    "sysfd_fixed_memfd": (c_int, c_char_p, c_uint64),
    "sysfd_sealed_memory_map": (c_int, c_int, c_uint64, POINTER(c_void_p), POINTER(sysfd_error)),
    "sysfd_sealed_memory_copy": (c_int, c_int, c_uint64, POINTER(c_void_p)),
    "sysfd_sealed_memory_bytes": (c_int, c_void_p, POINTER(c_void_p), POINTER(c_size_t)),
    "sysfd_sealed_memory_free": (None, c_void_p),
    "sysfd_shared_memory_map": (c_int, c_int, c_uint64, POINTER(c_void_p), POINTER(sysfd_error)),
    "sysfd_shared_memory_bytes": (c_int, c_void_p, POINTER(c_void_p), POINTER(c_size_t)),
    "sysfd_shared_memory_free": (None, c_void_p),
    "sysfd_send_fds": (c_int64, c_int, POINTER(c_int), c_size_t, c_void_p, c_size_t),
    "sysfd_send_fds_for": (
        c_int64,
        c_int,
        POINTER(c_int),
        c_size_t,
        c_void_p,
        c_size_t,
        POINTER(sysfd_timeout),
    ),
    "sysfd_receive_fds": (
        c_int64,
        c_int,
        c_void_p,
        c_size_t,
        POINTER(sysfd_receive_options),
        POINTER(c_void_p),
    ),
    "sysfd_message_fd_count": (c_int64, c_void_p),
    "sysfd_message_fd_borrow": (c_int, c_void_p, c_size_t),
    "sysfd_message_fd_release": (c_int, c_void_p, c_size_t),
    "sysfd_message_fds_error": (c_int, c_void_p),
    "sysfd_message_credentials": (
        c_int,
        c_void_p,
        POINTER(c_int32),
        POINTER(c_uint32),
        POINTER(c_uint32),
    ),
    "sysfd_message_pidfd_release": (c_int, c_void_p),
    "sysfd_message_free": (None, c_void_p),
    "sysfd_pass_credentials": (c_int, c_int, c_int),
    "sysfd_pass_pidfd": (c_int, c_int, c_int),
    "sysfd_pass_fds": (c_int, c_int, c_int),
    "sysfd_name_to_handle": (
        c_int,
        c_int,
        c_char_p,
        c_uint32,
        POINTER(c_void_p),
        POINTER(sysfd_mount_id),
    ),
    "sysfd_name_to_handle_of": (
        c_int,
        c_int,
        c_uint32,
        POINTER(c_void_p),
        POINTER(sysfd_mount_id),
    ),
    "sysfd_open_by_handle": (c_int, c_int, c_void_p, c_int),
    "sysfd_find_mount": (c_int, sysfd_mount_id),
    "sysfd_file_handle_from_parts": (c_int, c_int32, c_void_p, c_size_t, POINTER(c_void_p)),
    "sysfd_file_handle_type": (c_int, c_void_p, POINTER(c_int32)),
    "sysfd_file_handle_bytes": (c_int, c_void_p, POINTER(c_void_p), POINTER(c_size_t)),
    "sysfd_file_handle_is_fid": (c_int, c_void_p),
    "sysfd_file_handle_is_connectable": (c_int, c_void_p),
    "sysfd_file_handle_serialize": (c_int, c_void_p, c_void_p, c_size_t),
    "sysfd_file_handle_deserialize": (c_int, c_void_p, c_size_t, POINTER(c_void_p)),
    "sysfd_file_handle_equal": (c_int, c_void_p, c_void_p),
    "sysfd_file_handle_compare": (c_int, c_void_p, c_void_p, POINTER(c_int)),
    "sysfd_file_handle_hash": (c_int, c_void_p, POINTER(c_uint64)),
    "sysfd_file_handle_copy": (c_int, c_void_p, POINTER(c_void_p)),
    "sysfd_file_handle_free": (None, c_void_p),
    "sysfd_mount_cache_new": (c_int, POINTER(c_void_p)),
    "sysfd_mount_cache_find_borrow": (c_int, c_void_p, sysfd_mount_id),
    "sysfd_mount_cache_open_by_handle": (c_int, c_void_p, c_void_p, sysfd_mount_id, c_int),
    "sysfd_mount_cache_clear": (c_int, c_void_p),
    "sysfd_mount_cache_free": (None, c_void_p),
    "sysfd_file_system_id": (c_int, c_int, POINTER(c_int32)),
    "sysfd_fanotify_events_take": (c_int, c_void_p, c_size_t, POINTER(c_void_p)),
    "sysfd_fanotify_events_next": (c_int, c_void_p, POINTER(sysfd_fanotify_event)),
    "sysfd_fanotify_events_next_fid": (c_int, c_void_p, POINTER(sysfd_fanotify_fid)),
    "sysfd_fanotify_events_file_release": (c_int, c_void_p),
    "sysfd_fanotify_events_process_release": (c_int, c_void_p),
    "sysfd_fanotify_events_free": (None, c_void_p),
    "sysfd_pidfd_open": (c_int, c_int32, c_uint32),
    "sysfd_pidfd_self": (c_int,),
    "sysfd_pidfd_from_id": (c_int, c_uint64),
    "sysfd_pidfd_of_peer": (c_int, c_int),
    "sysfd_pidfd_adopt_take": (c_int, c_int),
    "sysfd_pidfd_send_signal": (c_int, c_int, c_int, c_uint32),
    "sysfd_pidfd_send_signal_value": (c_int, c_int, c_int, c_size_t, c_uint32),
    "sysfd_pidfd_get_fd": (c_int, c_int, c_int),
    "sysfd_pidfd_wait": (c_int, c_int, POINTER(c_int32)),
    "sysfd_pidfd_try_wait": (c_int, c_int, POINTER(c_int32)),
    "sysfd_pidfd_wait_for": (c_int, c_int, POINTER(sysfd_timeout), POINTER(c_int32)),
    "sysfd_pidfd_wait_any": (c_int, POINTER(c_int), c_size_t, POINTER(sysfd_timeout)),
    "sysfd_pidfd_wait_event": (c_int, c_int, c_uint32, POINTER(sysfd_wait_event)),
    "sysfd_pidfd_try_wait_event": (c_int, c_int, c_uint32, POINTER(sysfd_wait_event)),
    "sysfd_pidfd_wait_event_for": (
        c_int,
        c_int,
        POINTER(sysfd_timeout),
        c_uint32,
        POINTER(sysfd_wait_event),
    ),
    "sysfd_pidfd_pid": (c_int32, c_int),
    "sysfd_pidfd_id": (c_int, c_int, POINTER(c_uint64)),
    "sysfd_pidfd_info": (c_int, c_int, POINTER(sysfd_process_info)),
    "sysfd_pidfd_namespace_fd": (c_int, c_int, c_uint32),
    "sysfd_pidfd_namespace_for_children": (c_int, c_int, c_uint32),
    "sysfd_pidfd_enter_namespaces": (c_int, c_int, c_uint32),
    "sysfd_pidfd_proc_directory": (c_int, c_int),
    "sysfd_pidfd_advise_memory": (c_int64, c_int, POINTER(sysfd_bytes), c_size_t, c_int),
    "sysfd_pidfd_release_memory": (c_int, c_int),
    "sysfd_same_process": (c_int, c_int, c_int),
    "sysfd_process_id_parse": (c_int, c_char_p, POINTER(c_uint64)),
    "sysfd_process_id_text": (c_int, c_uint64, c_char_p, c_size_t),
    "sysfd_exit_status_success": (c_int, c_int32),
    "sysfd_exit_status_code": (c_int, c_int32),
    "sysfd_exit_status_signal": (c_int, c_int32),
    "sysfd_exit_status_core_dumped": (c_int, c_int32),
    "sysfd_exit_status_text": (c_int, c_int32, c_char_p, c_size_t),
    "sysfd_cgroup_own": (c_int, POINTER(c_void_p), POINTER(sysfd_error)),
    "sysfd_cgroup_open": (c_int, c_char_p, POINTER(c_void_p), POINTER(sysfd_error)),
    "sysfd_cgroup_create": (
        c_int,
        c_void_p,
        c_char_p,
        POINTER(sysfd_cgroup_limits),
        POINTER(c_void_p),
        POINTER(sysfd_error),
    ),
    "sysfd_cgroup_get_abilities": (
        c_int,
        c_void_p,
        POINTER(sysfd_cgroup_abilities),
        POINTER(sysfd_error),
    ),
    "sysfd_cgroup_enable": (c_int, c_void_p, c_uint32, POINTER(sysfd_error)),
    "sysfd_cgroup_make_leaf_and_enable": (
        c_int,
        c_void_p,
        c_char_p,
        c_uint32,
        POINTER(c_void_p),
        POINTER(sysfd_error),
    ),
    "sysfd_cgroup_set": (c_int, c_void_p, POINTER(sysfd_cgroup_limits), POINTER(sysfd_error)),
    "sysfd_cgroup_kill": (c_int, c_void_p, POINTER(sysfd_error)),
    "sysfd_cgroup_freeze": (c_int, c_void_p, POINTER(sysfd_timeout), POINTER(sysfd_error)),
    "sysfd_cgroup_thaw": (c_int, c_void_p, POINTER(sysfd_error)),
    "sysfd_cgroup_processes": (c_int, c_void_p, c_size_t, POINTER(c_int), POINTER(sysfd_error)),
    "sysfd_cgroup_get_usage": (c_int, c_void_p, POINTER(sysfd_cgroup_usage), POINTER(sysfd_error)),
    "sysfd_cgroup_get_events": (
        c_int,
        c_void_p,
        POINTER(sysfd_cgroup_events),
        POINTER(sysfd_error),
    ),
    "sysfd_cgroup_open_events": (c_int, c_void_p, POINTER(sysfd_error)),
    "sysfd_cgroup_open_memory_events": (c_int, c_void_p, POINTER(sysfd_error)),
    "sysfd_cgroup_rearm": (c_int, c_int, POINTER(sysfd_error)),
    "sysfd_cgroup_wait_empty": (c_int, c_void_p, POINTER(sysfd_timeout), POINTER(sysfd_error)),
    "sysfd_cgroup_remove": (c_int, c_void_p, POINTER(sysfd_error)),
    "sysfd_cgroup_keep": (c_int, c_void_p),
    "sysfd_cgroup_fd_borrow": (c_int, c_void_p),
    "sysfd_cgroup_free": (None, c_void_p),
    "sysfd_landlock_support": (c_int, POINTER(sysfd_rights), POINTER(sysfd_landlock_error)),
    "sysfd_ruleset_new": (
        c_int,
        POINTER(sysfd_rights),
        POINTER(sysfd_rights),
        POINTER(c_void_p),
        POINTER(sysfd_rights),
        POINTER(sysfd_landlock_error),
    ),
    "sysfd_ruleset_for_program": (
        c_int,
        c_char_p,
        POINTER(sysfd_rights),
        POINTER(c_void_p),
        POINTER(sysfd_rights),
        POINTER(sysfd_landlock_error),
    ),
    "sysfd_ruleset_allow": (c_int, c_void_p, c_int, c_uint64, POINTER(sysfd_landlock_error)),
    "sysfd_ruleset_allow_path": (
        c_int,
        c_void_p,
        c_char_p,
        c_uint64,
        POINTER(sysfd_landlock_error),
    ),
    "sysfd_ruleset_allow_port": (
        c_int,
        c_void_p,
        c_uint16,
        c_uint64,
        POINTER(sysfd_landlock_error),
    ),
    "sysfd_ruleset_restrict_self": (c_int, c_void_p, c_uint32, POINTER(sysfd_landlock_error)),
    "sysfd_ruleset_handled": (c_int, c_void_p, POINTER(sysfd_rights)),
    "sysfd_ruleset_explain": (
        c_int,
        c_void_p,
        c_char_p,
        c_uint64,
        POINTER(c_uint64),
        c_char_p,
        c_size_t,
        POINTER(sysfd_landlock_error),
    ),
    "sysfd_ruleset_fd_borrow": (c_int, c_void_p),
    "sysfd_ruleset_free": (None, c_void_p),
    "sysfd_fd_type_new": (c_int, c_int, POINTER(c_void_p)),
    "sysfd_fd_type_inet": (c_int, c_void_p, c_int32),
    "sysfd_fd_type_inet6": (c_int, c_void_p, c_int32),
    "sysfd_fd_type_ip": (c_int, c_void_p, c_int32),
    "sysfd_fd_type_unix_path": (c_int, c_void_p, c_char_p),
    "sysfd_fd_type_unix_abstract": (c_int, c_void_p, c_void_p, c_size_t),
    "sysfd_fd_type_at": (c_int, c_void_p, c_char_p),
    "sysfd_fd_type_matches": (c_int, c_void_p, c_int),
    "sysfd_fd_type_describe": (c_int, c_void_p, c_char_p, c_size_t),
    "sysfd_fd_type_free": (None, c_void_p),
    "sysfd_is_socket": (c_int, c_int),
    "sysfd_is_listening_stream": (c_int, c_int),
    "sysfd_is_datagram": (c_int, c_int),
    "sysfd_is_fifo": (c_int, c_int),
    "sysfd_is_special_file": (c_int, c_int),
    "sysfd_is_message_queue": (c_int, c_int),
    "sysfd_listen_fds_take": (c_int, c_uint32, POINTER(c_void_p), POINTER(sysfd_error)),
    "sysfd_listen_fds_take_from": (
        c_int,
        POINTER(c_char_p),
        POINTER(c_void_p),
        POINTER(sysfd_error),
    ),
    "sysfd_listen_fds_count": (c_int64, c_void_p),
    "sysfd_listen_fds_name": (c_int, c_void_p, c_size_t, c_char_p, c_size_t),
    "sysfd_listen_fds_has": (c_int, c_void_p, c_size_t),
    "sysfd_listen_fds_borrow": (c_int, c_void_p, c_size_t),
    "sysfd_listen_fds_release": (c_int, c_void_p, c_size_t, c_void_p, POINTER(sysfd_error)),
    "sysfd_listen_fds_borrow_one": (c_int, c_void_p, c_char_p, c_void_p, POINTER(sysfd_error)),
    "sysfd_listen_fds_release_one": (c_int, c_void_p, c_char_p, c_void_p, POINTER(sysfd_error)),
    "sysfd_listen_fds_release_all": (
        c_int,
        c_void_p,
        c_char_p,
        c_void_p,
        c_size_t,
        POINTER(c_int),
        POINTER(sysfd_error),
    ),
    "sysfd_listen_fds_indices_of": (c_int, c_void_p, c_char_p, c_size_t, POINTER(c_size_t)),
    "sysfd_listen_fds_free": (None, c_void_p),
    "sysfd_notify": (c_int, POINTER(sysfd_notification), POINTER(sysfd_error)),
    "sysfd_notify_to": (c_int, c_char_p, POINTER(sysfd_notification), POINTER(sysfd_error)),
    "sysfd_notify_barrier": (c_int, POINTER(sysfd_timeout)),
    "sysfd_notify_barrier_to": (c_int, c_char_p, POINTER(sysfd_timeout)),
    "sysfd_watchdog_interval": (c_int, POINTER(c_uint64)),
    "sysfd_notifier_connect": (c_int, c_char_p, POINTER(c_void_p)),
    "sysfd_notifier_from_environment": (c_int, c_uint32, POINTER(c_void_p)),
    "sysfd_notifier_has_manager": (c_int, c_void_p),
    "sysfd_notifier_notify": (c_int, c_void_p, POINTER(sysfd_notification), POINTER(sysfd_error)),
    "sysfd_notifier_barrier": (c_int, c_void_p, POINTER(sysfd_timeout)),
    "sysfd_notifier_watchdog_interval": (c_int, c_void_p, POINTER(c_uint64)),
    "sysfd_notifier_free": (None, c_void_p),
    "sysfd_spawn_step_name": (c_int, c_int, c_char_p, c_size_t),
    "sysfd_command_new": (c_int, c_char_p, POINTER(c_void_p)),
    "sysfd_command_new_borrow": (c_int, c_int, c_char_p, POINTER(c_void_p)),
    "sysfd_command_new_shell": (c_int, c_char_p, POINTER(c_void_p)),
    "sysfd_command_free": (None, c_void_p),
    "sysfd_command_search": (c_int, c_void_p, c_int),
    "sysfd_command_search_directories": (c_int, c_void_p, POINTER(c_char_p)),
    "sysfd_command_shell_fallback": (c_int, c_void_p),
    "sysfd_command_argument0": (c_int, c_void_p, c_char_p),
    "sysfd_command_arg": (c_int, c_void_p, c_char_p),
    "sysfd_command_args": (c_int, c_void_p, POINTER(c_char_p)),
    "sysfd_command_env": (c_int, c_void_p, c_char_p, c_char_p),
    "sysfd_command_remove_env": (c_int, c_void_p, c_char_p),
    "sysfd_command_clear_env": (c_int, c_void_p),
    "sysfd_command_environment": (c_int, c_void_p, POINTER(c_char_p)),
    "sysfd_command_working_directory": (c_int, c_void_p, c_char_p, c_int),
    "sysfd_command_working_directory_borrow": (c_int, c_void_p, c_int, c_int),
    "sysfd_command_root_directory": (c_int, c_void_p, c_char_p),
    "sysfd_command_root_directory_borrow": (c_int, c_void_p, c_int),
    "sysfd_command_cgroup_borrow": (c_int, c_void_p, c_int),
    "sysfd_command_landlock_borrow": (c_int, c_void_p, c_int),
    "sysfd_command_stdin_from": (c_int, c_void_p, c_int),
    "sysfd_command_stdin_from_borrow": (c_int, c_void_p, c_int),
    "sysfd_command_stdin_from_take": (c_int, c_void_p, c_int),
    "sysfd_command_stdout_to": (c_int, c_void_p, c_int),
    "sysfd_command_stdout_to_borrow": (c_int, c_void_p, c_int),
    "sysfd_command_stdout_to_take": (c_int, c_void_p, c_int),
    "sysfd_command_stderr_to": (c_int, c_void_p, c_int),
    "sysfd_command_stderr_to_borrow": (c_int, c_void_p, c_int),
    "sysfd_command_stderr_to_take": (c_int, c_void_p, c_int),
    "sysfd_command_pass_borrow": (c_int, c_void_p, c_int, c_int),
    "sysfd_command_pass_take": (c_int, c_void_p, c_int, c_int),
    "sysfd_command_inherit_descriptors": (c_int, c_void_p, POINTER(c_int), c_size_t),
    "sysfd_command_forget_descriptor": (c_int, c_void_p, c_int),
    "sysfd_command_listen_fds_borrow": (c_int, c_void_p, c_char_p, c_int),
    "sysfd_command_listen_fds_take": (c_int, c_void_p, c_char_p, c_int),
    "sysfd_command_listen_fds_given_borrow": (c_int, c_void_p, c_void_p),
    "sysfd_command_listen_fds_given_take": (c_int, c_void_p, c_void_p),
    "sysfd_command_terminal": (c_int, c_void_p, c_uint16, c_uint16),
    "sysfd_command_on_drop": (c_int, c_void_p, c_int, POINTER(sysfd_timeout)),
    "sysfd_command_parent_death_signal": (c_int, c_void_p, c_int),
    "sysfd_command_kill_with_parent": (c_int, c_void_p),
    "sysfd_command_leave_no_zombie": (c_int, c_void_p),
    "sysfd_command_retry_busy": (c_int, c_void_p, c_int),
    "sysfd_command_contain": (c_int, c_void_p, POINTER(sysfd_containment)),
    "sysfd_sweep_trees": (c_int, c_void_p, POINTER(sysfd_error)),
    "sysfd_command_identity": (c_int, c_void_p, POINTER(sysfd_identity)),
    "sysfd_command_resources": (c_int, c_void_p, POINTER(sysfd_resources)),
    "sysfd_command_session": (c_int, c_void_p, POINTER(sysfd_session)),
    "sysfd_set_window_size": (c_int, c_int, c_uint16, c_uint16),
    "sysfd_command_signals": (c_int, c_void_p, POINTER(sysfd_signals)),
    "sysfd_command_namespaces": (c_int, c_void_p, POINTER(sysfd_namespaces)),
    "sysfd_command_spawn": (c_int, c_void_p, POINTER(c_void_p), POINTER(sysfd_spawn_error)),
    "sysfd_command_status": (c_int, c_void_p, POINTER(c_int32), POINTER(sysfd_spawn_error)),
    "sysfd_command_output": (
        c_int,
        c_void_p,
        POINTER(sysfd_output_options),
        POINTER(c_void_p),
        POINTER(sysfd_spawn_error),
    ),
    "sysfd_command_exec": (c_int, c_void_p, POINTER(sysfd_spawn_error)),
    "sysfd_command_spawn_async": (
        c_int,
        c_void_p,
        c_int,
        POINTER(c_void_p),
        POINTER(sysfd_spawn_error),
    ),
    "sysfd_command_prepare": (c_int, c_void_p, POINTER(c_void_p), POINTER(sysfd_spawn_error)),
    "sysfd_prepared_command_spawn": (
        c_int,
        c_void_p,
        POINTER(sysfd_spawn_changes),
        POINTER(c_void_p),
        POINTER(sysfd_spawn_error),
    ),
    "sysfd_prepared_command_status": (
        c_int,
        c_void_p,
        POINTER(sysfd_spawn_changes),
        POINTER(c_int32),
        POINTER(sysfd_spawn_error),
    ),
    "sysfd_prepared_command_output": (
        c_int,
        c_void_p,
        POINTER(sysfd_output_options),
        POINTER(sysfd_spawn_changes),
        POINTER(c_void_p),
        POINTER(sysfd_spawn_error),
    ),
    "sysfd_prepared_command_spawn_async": (
        c_int,
        c_void_p,
        POINTER(sysfd_spawn_changes),
        c_int,
        POINTER(c_void_p),
        POINTER(sysfd_spawn_error),
    ),
    "sysfd_prepared_command_free": (None, c_void_p),
    "sysfd_spawn_all": (
        c_int,
        POINTER(c_void_p),
        c_size_t,
        POINTER(c_void_p),
        POINTER(POINTER(sysfd_spawn_error)),
    ),
    "sysfd_prepared_command_spawn_all": (
        c_int,
        c_void_p,
        POINTER(POINTER(sysfd_spawn_changes)),
        c_size_t,
        POINTER(c_void_p),
        POINTER(POINTER(sysfd_spawn_error)),
    ),
    "sysfd_reserve_spawn_slots": (c_int, c_size_t),
    "sysfd_pending_child_finish": (c_int, c_void_p, POINTER(c_void_p), POINTER(sysfd_spawn_error)),
    "sysfd_pending_child_try_finish": (
        c_int,
        c_void_p,
        POINTER(c_void_p),
        POINTER(sysfd_spawn_error),
    ),
    "sysfd_pending_child_finish_for": (
        c_int,
        c_void_p,
        POINTER(sysfd_timeout),
        POINTER(c_void_p),
        POINTER(sysfd_spawn_error),
    ),
    "sysfd_pending_child_cancel": (c_int, c_void_p),
    "sysfd_pending_child_pid": (c_int32, c_void_p),
    "sysfd_pending_child_fd_borrow": (c_int, c_void_p),
    "sysfd_pending_child_free": (None, c_void_p),
    "sysfd_pipeline_new": (
        c_int,
        c_void_p,
        c_void_p,
        POINTER(c_void_p),
        POINTER(sysfd_spawn_error),
    ),
    "sysfd_pipeline_append": (c_int, c_void_p, c_void_p, POINTER(sysfd_spawn_error)),
    "sysfd_pipeline_contain": (c_int, c_void_p, POINTER(sysfd_containment)),
    "sysfd_pipeline_spawn": (
        c_int,
        c_void_p,
        c_size_t,
        POINTER(c_void_p),
        POINTER(sysfd_spawn_error),
    ),
    "sysfd_pipeline_output": (
        c_int,
        c_void_p,
        POINTER(sysfd_output_options),
        POINTER(c_void_p),
        POINTER(sysfd_spawn_error),
    ),
    "sysfd_pipeline_free": (None, c_void_p),
    "sysfd_output_get": (c_int, c_void_p, POINTER(sysfd_output_info)),
    "sysfd_output_stage": (c_int, c_void_p, c_size_t, POINTER(c_int32)),
    "sysfd_output_describe": (c_int, c_void_p, c_char_p, c_size_t),
    "sysfd_output_ending": (c_int, c_void_p, POINTER(sysfd_ending)),
    "sysfd_output_free": (None, c_void_p),
    "sysfd_child_pidfd_borrow": (c_int, c_void_p),
    "sysfd_child_pid": (c_int32, c_void_p),
    "sysfd_child_stdin_pipe_borrow": (c_int, c_void_p),
    "sysfd_child_stdin_pipe_release": (c_int, c_void_p),
    "sysfd_child_stdout_pipe_borrow": (c_int, c_void_p),
    "sysfd_child_stdout_pipe_release": (c_int, c_void_p),
    "sysfd_child_stderr_pipe_borrow": (c_int, c_void_p),
    "sysfd_child_stderr_pipe_release": (c_int, c_void_p),
    "sysfd_child_terminal_borrow": (c_int, c_void_p),
    "sysfd_child_terminal_release": (c_int, c_void_p),
    "sysfd_child_report": (c_int, c_void_p, POINTER(sysfd_spawn_report)),
    "sysfd_child_containment": (c_int, c_void_p),
    "sysfd_child_ending": (c_int, c_void_p, POINTER(sysfd_ending)),
    "sysfd_child_usage": (c_int, c_void_p, POINTER(sysfd_cgroup_usage)),
    "sysfd_child_wait": (c_int, c_void_p, POINTER(c_int32)),
    "sysfd_child_try_wait": (c_int, c_void_p, POINTER(c_int32)),
    "sysfd_child_wait_for": (c_int, c_void_p, POINTER(sysfd_timeout), POINTER(c_int32)),
    "sysfd_child_terminate": (c_int, c_void_p, POINTER(sysfd_timeout), POINTER(c_int32)),
    "sysfd_child_on_drop": (c_int, c_void_p, c_int, POINTER(sysfd_timeout)),
    "sysfd_child_communicate": (c_int, c_void_p, POINTER(sysfd_output_options), POINTER(c_void_p)),
    "sysfd_child_send_signal_to_group": (c_int, c_void_p, c_int),
    "sysfd_child_kill_cgroup": (c_int, c_void_p),
    "sysfd_child_close_descriptors": (c_int, c_void_p),
    "sysfd_child_detach_release": (c_int, c_void_p),
    "sysfd_child_free": (None, c_void_p),
}
