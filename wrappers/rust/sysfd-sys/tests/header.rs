// SPDX-License-Identifier: MIT
//! Compares the declarations with what the C compiler makes of the header: each function's type,
//! each struct's size, members, offsets and initial value, each constant's value. The names of
//! functions are those of the version map.

use std::collections::BTreeSet;
use std::env;
use std::fmt::{Debug, Write as _};
use std::fs;
use std::mem::size_of_val;
use std::path::Path;
use std::process::Command;
use std::slice;

use sysfd_sys::*;

const SOURCE: &str = include_str!("../src/lib.rs");

/// `size NAME SIZE` and `offset NAME MEMBER OFFSET SIZE`. The pattern names all members.
macro_rules! layouts {
    ($lines:ident: $($name:ident { $($member:ident),* }),*) => {
        $({
            let it = std::mem::MaybeUninit::<$name>::zeroed();
            // SAFETY: all zeros are a value of each struct.
            let it = unsafe { it.assume_init() };
            let $name { $($member: _),* } = it;
            $lines.insert(format!("size {} {}", stringify!($name), size_of_val(&it)));
            $(
                let begin = std::ptr::addr_of!(it) as usize;
                let offset = std::ptr::addr_of!(it.$member) as usize - begin;
                $lines.insert(format!(
                    "offset {} {} {} {}",
                    stringify!($name),
                    stringify!($member).trim_start_matches("r#"),
                    offset,
                    size_of_val(&it.$member),
                ));
            )*
        })*
    };
}

/// `init NAME BYTES`.
macro_rules! initial_values {
    ($lines:ident: $($name:ident),*) => {
        $({
            let it = $name::INIT;
            // SAFETY: the structs have no padding.
            let bytes = unsafe {
                slice::from_raw_parts(std::ptr::addr_of!(it).cast::<u8>(), size_of_val(&it))
            };
            let mut line = format!("init {} ", stringify!($name));
            for byte in bytes {
                write!(line, "{byte:02x}").unwrap();
            }
            $lines.insert(line);
        })*
    };
}

/// `constant NAME VALUE`.
macro_rules! constants {
    ($lines:ident: $($name:ident),*) => {
        $($lines.insert(format!("constant {} {}", stringify!($name), $name as i128));)*
    };
}

fn in_rust() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    layouts! { lines:
        sysfd_timeout { size, cancel_fd, nanoseconds },
        sysfd_error { size, code, kind, text },
        sysfd_bytes { data, size },
        sysfd_lock_range { size, reserved, start, length },
        sysfd_receive_options { size, flags, max_fds, reserved, timeout },
        sysfd_mount_id { id, is_unique, reserved },
        sysfd_fanotify_event { size, pid, mask, file, process },
        sysfd_fanotify_fid { size, kind, file_system, handle, name, name_size },
        sysfd_wait_event {
            size, kind, status, signo, pid, user, user_microseconds, system_microseconds,
            max_resident_kilobytes, minor_faults, major_faults, blocks_in, blocks_out,
            voluntary_switches, involuntary_switches
        },
        sysfd_process_info {
            size, set, pid, process, parent, exit_status, cgroup_id, user, group,
            effective_user, effective_group, saved_user, saved_group, file_system_user,
            file_system_group, core_dump, core_dump_signal, core_dump_code, reserved
        },
        sysfd_notification {
            size, flags, status, error, exit_status, main_process, sender,
            watchdog_interval_microseconds, extend_timeout_microseconds, store, store_count,
            store_name, remove_stored, more, timeout
        },
        sysfd_io_limit {
            major, minor, flags, reserved, read_bytes, write_bytes, read_operations,
            write_operations
        },
        sysfd_cgroup_limits {
            size, flags, memory_max, memory_high, swap_max, pids_max, cpu_quota_microseconds,
            cpu_period_microseconds, cpu_weight, kills_all, io_max, io_max_count
        },
        sysfd_cgroup_abilities {
            size, flags, available, enabled, in_version_1, create_code, start_code, reserved,
            create_text, start_text
        },
        sysfd_cgroup_usage {
            size, set, memory, memory_peak, swap, cpu_user_microseconds, cpu_system_microseconds,
            pids, pids_peak
        },
        sysfd_cgroup_events {
            size, set, populated, frozen, oom, oom_kill, oom_group_kill, pids_max
        },
        sysfd_rights { size, reserved, files, ports, scopes },
        sysfd_landlock_error {
            size, step, code, reserved, missing_files, missing_ports, missing_scopes, text
        },
        sysfd_containment { size, flags, reach, reserved, limits, parent },
        sysfd_ending { size, set, reason, status, oom_kills, refused_forks },
        sysfd_spawn_error { size, step, code, index, stage, text },
        sysfd_bpf_instruction { code, jump_true, jump_false, value },
        sysfd_identity {
            size, flags, user, group, securebits, reserved, groups, group_count, capabilities,
            iab, seccomp, seccomp_count
        },
        sysfd_resource_limit { resource, reserved, soft, hard },
        sysfd_resources {
            size, flags, limits, limit_count, processors, processor_count, umask, nice,
            scheduler_policy, scheduler_priority, scheduler_runtime_nanoseconds,
            scheduler_deadline_nanoseconds, scheduler_period_nanoseconds, io_class, io_level,
            oom_score_adjust, reserved, timer_slack_nanoseconds
        },
        sysfd_session {
            size, flags, process_group, controlling_terminal, foreground_of, reserved
        },
        sysfd_signals {
            size, flags, blocked, blocked_count, to_default, to_default_count, ignored,
            ignored_count, unchanged, unchanged_count
        },
        sysfd_id_range { inside, outside, count },
        sysfd_namespace_join { fd, kinds },
        sysfd_namespaces {
            size, flags, create, reserved, user_map, user_map_count, group_map, group_map_count,
            join, join_count, host_name
        },
        sysfd_output_options {
            size, until, input, input_size, max_size, timeout, grace, sink, sink_data, longest_line
        },
        sysfd_placed_fd { fd, number },
        sysfd_spawn_changes {
            size, reserved, arguments, descriptors, descriptor_count, placed, placed_count,
            environment, working_directory
        },
        sysfd_output_info {
            size, flags, status_code, status, kill_code, stages, out, out_size, err, err_size,
            input_taken, terminal, terminal_size
        },
        sysfd_spawn_report { size, flags, busy_retries, reserved }
    }
    initial_values! { lines:
        sysfd_timeout, sysfd_error, sysfd_lock_range, sysfd_receive_options,
        sysfd_fanotify_event, sysfd_fanotify_fid, sysfd_wait_event, sysfd_process_info,
        sysfd_notification, sysfd_cgroup_limits, sysfd_cgroup_abilities, sysfd_cgroup_usage,
        sysfd_cgroup_events, sysfd_rights, sysfd_landlock_error, sysfd_containment, sysfd_ending,
        sysfd_spawn_error, sysfd_identity, sysfd_resources, sysfd_session, sysfd_signals,
        sysfd_namespaces, sysfd_output_options, sysfd_spawn_changes, sysfd_output_info,
        sysfd_spawn_report
    }
    constants! { lines:
        SYSFD_C_VERSION, SYSFD_FEATURE_FILE_HANDLES, SYSFD_FEATURE_PIDFD_SEND_SIGNAL,
        SYSFD_FEATURE_PIDFD_OPEN, SYSFD_FEATURE_WAIT_BY_PIDFD, SYSFD_FEATURE_CLONE3,
        SYSFD_FEATURE_PIDFD_GETFD, SYSFD_FEATURE_CLONE_INTO_CGROUP, SYSFD_FEATURE_OPENAT2,
        SYSFD_FEATURE_CLOSE_RANGE, SYSFD_FEATURE_PROCESS_MADVISE, SYSFD_FEATURE_PROCESS_MRELEASE,
        SYSFD_FEATURE_NOEXEC_SEAL, SYSFD_FEATURE_PEER_PIDFD, SYSFD_FEATURE_PASS_PIDFD,
        SYSFD_FEATURE_HANDLE_FID, SYSFD_FEATURE_STATMOUNT, SYSFD_FEATURE_UNIQUE_MOUNT_IDS,
        SYSFD_FEATURE_PIDFS, SYSFD_FEATURE_PIDFD_THREAD, SYSFD_FEATURE_SIGNAL_SCOPES,
        SYSFD_FEATURE_WRITE_NOAPPEND, SYSFD_FEATURE_DUPFD_QUERY, SYSFD_FEATURE_KCMP,
        SYSFD_FEATURE_PIDFD_NAMESPACES, SYSFD_FEATURE_HANDLE_UNIQUE_MOUNT,
        SYSFD_FEATURE_PIDFD_INFO, SYSFD_FEATURE_HANDLE_CONNECTABLE, SYSFD_FEATURE_PIDFD_HANDLES,
        SYSFD_FEATURE_PASS_RIGHTS, SYSFD_FEATURE_PIDFS_ROOT, SYSFD_FEATURE_NSFS_ROOT,
        SYSFD_FEATURE_AUTOREAP, SYSFD_FEATURE_AUTOKILL, SYSFD_FEATURE_LANDLOCK,
        SYSFD_FEATURE_COUNT, SYSFD_FOREVER, SYSFD_CWD, SYSFD_RESOLVE_NO_MOUNT_POINTS,
        SYSFD_RESOLVE_NO_MAGIC_LINKS, SYSFD_RESOLVE_NO_SYMLINKS, SYSFD_RESOLVE_BENEATH,
        SYSFD_RESOLVE_IN_ROOT, SYSFD_READ_NOWAIT, SYSFD_SYNC_DATA_ONLY, SYSFD_SEEK_START,
        SYSFD_SEEK_POSITION, SYSFD_SEEK_END, SYSFD_LOCK_SHARED, SYSFD_LOCK_EXCLUSIVE,
        SYSFD_UNLIMITED, SYSFD_SEAL_MAY_SHRINK, SYSFD_SEAL_MAY_CHANGE, SYSFD_MAX_FDS_IN_MESSAGE,
        SYSFD_RECEIVE_NOWAIT, SYSFD_RECEIVE_KEEP_UNWANTED, SYSFD_HANDLE_FOLLOW, SYSFD_HANDLE_FID,
        SYSFD_HANDLE_CONNECTABLE, SYSFD_HANDLE_UNIQUE_MOUNT, SYSFD_PIDFS_ROOT, SYSFD_NSFS_ROOT,
        SYSFD_FANOTIFY_FID, SYSFD_FANOTIFY_DFID, SYSFD_FANOTIFY_DFID_NAME,
        SYSFD_FANOTIFY_OLD_DFID_NAME, SYSFD_FANOTIFY_NEW_DFID_NAME, SYSFD_PIDFD_NONBLOCKING,
        SYSFD_PIDFD_THREAD, SYSFD_SIGNAL_PROCESS, SYSFD_SIGNAL_THREAD, SYSFD_SIGNAL_THREAD_GROUP,
        SYSFD_SIGNAL_PROCESS_GROUP, SYSFD_NAMESPACE_TIME, SYSFD_NAMESPACE_MOUNT,
        SYSFD_NAMESPACE_CGROUP, SYSFD_NAMESPACE_UTS, SYSFD_NAMESPACE_IPC, SYSFD_NAMESPACE_USER,
        SYSFD_NAMESPACE_PID, SYSFD_NAMESPACE_NET, SYSFD_WAIT_ENDED, SYSFD_WAIT_STOPPED,
        SYSFD_WAIT_CONTINUED, SYSFD_WAIT_KEEP, SYSFD_EVENT_ENDED, SYSFD_EVENT_STOPPED,
        SYSFD_EVENT_CONTINUED, SYSFD_EVENT_TRAPPED, SYSFD_INFO_PID, SYSFD_INFO_PROCESS,
        SYSFD_INFO_PARENT, SYSFD_INFO_CREDENTIALS, SYSFD_INFO_CGROUP, SYSFD_INFO_EXIT,
        SYSFD_INFO_CORE_DUMP, SYSFD_INFO_CORE_DUMP_SIGNAL, SYSFD_INFO_CORE_DUMP_CODE,
        SYSFD_CORE_DUMPED, SYSFD_CORE_DUMP_SKIPPED, SYSFD_CORE_DUMP_AS_USER,
        SYSFD_CORE_DUMP_AS_ROOT, SYSFD_CONTROLLER_CPU, SYSFD_CONTROLLER_CPUSET,
        SYSFD_CONTROLLER_IO, SYSFD_CONTROLLER_MEMORY, SYSFD_CONTROLLER_PIDS,
        SYSFD_CONTROLLER_HUGETLB, SYSFD_CGROUP_FIND, SYSFD_CGROUP_OPEN, SYSFD_CGROUP_CREATE,
        SYSFD_CGROUP_ENABLE, SYSFD_CGROUP_LIMIT, SYSFD_CGROUP_MOVE, SYSFD_CGROUP_KILL,
        SYSFD_CGROUP_FREEZE, SYSFD_CGROUP_READ, SYSFD_CGROUP_WAIT, SYSFD_CGROUP_REMOVE,
        SYSFD_CGROUP_START, SYSFD_IO_LIMIT_READ_BYTES, SYSFD_IO_LIMIT_WRITE_BYTES,
        SYSFD_IO_LIMIT_READ_OPERATIONS, SYSFD_IO_LIMIT_WRITE_OPERATIONS, SYSFD_LIMIT_MEMORY_MAX,
        SYSFD_LIMIT_MEMORY_HIGH, SYSFD_LIMIT_SWAP_MAX, SYSFD_LIMIT_KILLS_ALL,
        SYSFD_LIMIT_PIDS_MAX, SYSFD_LIMIT_CPU_MAX, SYSFD_LIMIT_CPU_WEIGHT, SYSFD_ABILITY_KILL,
        SYSFD_ABILITY_NEEDS_LEAF, SYSFD_ABILITY_CREATE, SYSFD_ABILITY_START, SYSFD_USAGE_MEMORY,
        SYSFD_USAGE_MEMORY_PEAK, SYSFD_USAGE_SWAP, SYSFD_USAGE_CPU_USER, SYSFD_USAGE_CPU_SYSTEM,
        SYSFD_USAGE_PIDS, SYSFD_USAGE_PIDS_PEAK, SYSFD_EVENTS_OOM, SYSFD_EVENTS_OOM_KILL,
        SYSFD_EVENTS_OOM_GROUP_KILL, SYSFD_EVENTS_PIDS_MAX, SYSFD_FILE_EXECUTE,
        SYSFD_FILE_WRITE_FILE, SYSFD_FILE_READ_FILE, SYSFD_FILE_READ_DIR, SYSFD_FILE_REMOVE_DIR,
        SYSFD_FILE_REMOVE_FILE, SYSFD_FILE_MAKE_CHAR, SYSFD_FILE_MAKE_DIR, SYSFD_FILE_MAKE_REG,
        SYSFD_FILE_MAKE_SOCK, SYSFD_FILE_MAKE_FIFO, SYSFD_FILE_MAKE_BLOCK, SYSFD_FILE_MAKE_SYM,
        SYSFD_FILE_REFER, SYSFD_FILE_TRUNCATE, SYSFD_FILE_IOCTL_DEV, SYSFD_FILE_RESOLVE_UNIX,
        SYSFD_FILE_RUN, SYSFD_FILE_READ, SYSFD_FILE_READ_WRITE, SYSFD_PORT_BIND_TCP,
        SYSFD_PORT_CONNECT_TCP, SYSFD_PORT_BIND_UDP, SYSFD_PORT_CONNECT_SEND_UDP,
        SYSFD_SCOPE_ABSTRACT_UNIX_SOCKET, SYSFD_SCOPE_SIGNAL, SYSFD_LANDLOCK_SUPPORT,
        SYSFD_LANDLOCK_CREATE, SYSFD_LANDLOCK_OPEN, SYSFD_LANDLOCK_RULE, SYSFD_LANDLOCK_RESTRICT,
        SYSFD_LANDLOCK_PROGRAM, SYSFD_RESTRICT_KEEP_PRIVILEGES, SYSFD_RESTRICT_LOG_AFTER_EXEC,
        SYSFD_FD_ANY, SYSFD_FD_SOCKET, SYSFD_FD_STREAM_LISTENER, SYSFD_FD_STREAM,
        SYSFD_FD_SEQPACKET_LISTENER, SYSFD_FD_SEQPACKET, SYSFD_FD_DATAGRAM, SYSFD_FD_FIFO,
        SYSFD_FD_SPECIAL_FILE, SYSFD_FD_MESSAGE_QUEUE, SYSFD_ANY_PORT,
        SYSFD_LISTEN_NOT_ACTIVATED, SYSFD_LISTEN_OTHER_PROCESS, SYSFD_LISTEN_MALFORMED,
        SYSFD_LISTEN_ALREADY_TAKEN, SYSFD_LISTEN_UNAVAILABLE, SYSFD_LISTEN_NOT_FOUND,
        SYSFD_LISTEN_AMBIGUOUS, SYSFD_LISTEN_WRONG_TYPE, SYSFD_LISTEN_KEEP_ENVIRONMENT,
        SYSFD_NOTIFY_READY, SYSFD_NOTIFY_RELOADING, SYSFD_NOTIFY_STOPPING, SYSFD_NOTIFY_WATCHDOG,
        SYSFD_NOTIFY_WATCHDOG_TRIGGER, SYSFD_NOTIFY_STORE_NO_POLL, SYSFD_NOTIFY_ERROR,
        SYSFD_NOTIFY_EXIT_STATUS, SYSFD_NOTIFY_WATCHDOG_INTERVAL, SYSFD_NOTIFY_EXTEND_TIMEOUT,
        SYSFD_NOTIFIER_UNSET_ENVIRONMENT, SYSFD_STEP_PROGRAM, SYSFD_STEP_ARGUMENT,
        SYSFD_STEP_ENVIRONMENT, SYSFD_STEP_STANDARD_STREAM, SYSFD_STEP_DESCRIPTOR,
        SYSFD_STEP_LISTEN_FDS, SYSFD_STEP_TERMINAL, SYSFD_STEP_CGROUP, SYSFD_STEP_NAMESPACES,
        SYSFD_STEP_CLONE, SYSFD_STEP_START, SYSFD_STEP_TABLE, SYSFD_STEP_SIGNALS,
        SYSFD_STEP_SESSION, SYSFD_STEP_PROCESS_GROUP, SYSFD_STEP_CONTROLLING_TERMINAL,
        SYSFD_STEP_FOREGROUND_GROUP, SYSFD_STEP_USER_MAP, SYSFD_STEP_GROUP_MAP,
        SYSFD_STEP_DUMPABLE, SYSFD_STEP_JOIN_NAMESPACE, SYSFD_STEP_MOUNTS, SYSFD_STEP_HOST_NAME,
        SYSFD_STEP_LIMIT, SYSFD_STEP_UMASK, SYSFD_STEP_NICE, SYSFD_STEP_SCHEDULER,
        SYSFD_STEP_PROCESSORS, SYSFD_STEP_IO_PRIORITY, SYSFD_STEP_OOM_SCORE_ADJUST,
        SYSFD_STEP_TIMER_SLACK, SYSFD_STEP_ROOT_DIRECTORY, SYSFD_STEP_WORKING_DIRECTORY,
        SYSFD_STEP_BOUNDING_SET, SYSFD_STEP_GROUPS, SYSFD_STEP_GROUP, SYSFD_STEP_USER,
        SYSFD_STEP_CAPABILITIES, SYSFD_STEP_AMBIENT_SET, SYSFD_STEP_SECUREBITS,
        SYSFD_STEP_PARENT_DEATH, SYSFD_STEP_NO_NEW_PRIVILEGES, SYSFD_STEP_SECCOMP,
        SYSFD_STEP_EXEC, SYSFD_STEP_WAIT, SYSFD_STEP_CONFIRMATION, SYSFD_STEP_LANDLOCK,
        SYSFD_STEP_CONTAINMENT, SYSFD_SEARCH_CHILD_PATH, SYSFD_SEARCH_CALLER_PATH,
        SYSFD_SEARCH_NOWHERE, SYSFD_BEFORE_IDENTITY, SYSFD_AFTER_IDENTITY, SYSFD_STDIO_INHERIT,
        SYSFD_STDIO_NULL, SYSFD_STDIO_PIPE, SYSFD_STDIO_TERMINAL, SYSFD_STDIO_LIKE_STDOUT,
        SYSFD_DROP_KILL, SYSFD_DROP_TERMINATE, SYSFD_DROP_WAIT, SYSFD_DROP_DETACH,
        SYSFD_REACH_WHOLE_TREE, SYSFD_REACH_BEST_EFFORT, SYSFD_REACH_SAME_NAMESPACES, SYSFD_CONTAIN_OUTLIVES_OWNER,
        SYSFD_CONTAIN_CALLERS_PROC, SYSFD_CONTAIN_OWN_CGROUP, SYSFD_IDENTITY_KEEP_GROUPS,
        SYSFD_IDENTITY_NO_CAPABILITIES, SYSFD_IDENTITY_NO_NEW_PRIVILEGES, SYSFD_IDENTITY_USER,
        SYSFD_IDENTITY_GROUP, SYSFD_IDENTITY_GROUPS, SYSFD_IDENTITY_SECUREBITS,
        SYSFD_RESOURCES_ALL_PROCESSORS, SYSFD_RESOURCES_SCHEDULER_RESET_ON_FORK,
        SYSFD_RESOURCES_UMASK, SYSFD_RESOURCES_NICE, SYSFD_RESOURCES_SCHEDULER,
        SYSFD_RESOURCES_IO_PRIORITY, SYSFD_RESOURCES_OOM_SCORE_ADJUST,
        SYSFD_RESOURCES_TIMER_SLACK, SYSFD_IO_REAL_TIME, SYSFD_IO_BEST_EFFORT, SYSFD_IO_IDLE,
        SYSFD_SESSION_NEW, SYSFD_SESSION_PROCESS_GROUP, SYSFD_SIGNALS_INHERIT_MASK,
        SYSFD_SIGNALS_ALL_TO_DEFAULT, SYSFD_NAMESPACES_SHARED_MOUNTS, SYSFD_UNTIL_CHILD_ENDS,
        SYSFD_UNTIL_PIPES_CLOSE, SYSFD_STREAM_OUT, SYSFD_STREAM_ERR, SYSFD_STREAM_TERMINAL, SYSFD_CONFIRM_BY_FINISH, SYSFD_CONFIRM_BY_DESCRIPTOR,
        SYSFD_OUTPUT_SUCCESS, SYSFD_OUTPUT_OUT_CUT, SYSFD_OUTPUT_ERR_CUT, SYSFD_OUTPUT_TIMED_OUT,
        SYSFD_OUTPUT_CANCELED, SYSFD_OUTPUT_TERMINAL_CUT, SYSFD_END_NOT_KNOWN, SYSFD_END_EXITED,
        SYSFD_END_SIGNAL, SYSFD_END_CORE_DUMP, SYSFD_END_TIMEOUT, SYSFD_END_OUT_OF_MEMORY,
        SYSFD_ENDING_STATUS, SYSFD_ENDING_OOM_KILLS, SYSFD_ENDING_REFUSED_FORKS,
        SYSFD_REPORT_BY_CLONE3, SYSFD_REPORT_ISOLATED_TABLE, SYSFD_REPORT_REAPS_ITSELF,
        SYSFD_REPORT_KILLED_WITH_PARENT, SYSFD_REPORT_COPIED_MEMORY,
        SYSFD_CONTAINED_BY_PID_NAMESPACE, SYSFD_CONTAINED_BY_USER_AND_PID_NAMESPACE,
        SYSFD_CONTAINED_BY_SUBREAPER, SYSFD_NOT_CONTAINED
    }
    lines
}

/// The functions of the source: name, types of the parameters, type of the result.
fn functions() -> Vec<(&'static str, Vec<&'static str>, &'static str)> {
    let declared = &SOURCE[SOURCE.find("extern \"C\" {").unwrap()..];
    let one = |text: &'static str| {
        let (name, rest) = text.split_once('(').unwrap();
        let (parameters, result) = rest.split_once(')').unwrap();
        let types = parameters.split(',').filter_map(|it| it.split_once(':'));
        let result = result.split(';').next().unwrap().trim().trim_start_matches("-> ");
        (name, types.map(|(_, it)| it.trim()).collect(), result)
    };
    declared.split("pub fn ").skip(1).map(one).collect()
}

/// A type of Rust, in C.
fn c_type(rust: &str) -> String {
    // A pointer to a function, which may be null.
    if let Some(function) = rust.strip_prefix("Option<").and_then(|it| it.strip_suffix('>')) {
        return function.into();
    }
    if let Some(target) = rust.strip_prefix("*const ") {
        return match c_type(target) {
            pointer if pointer.ends_with('*') => format!("{pointer} const *"),
            value => format!("const {value} *"),
        };
    }
    if let Some(target) = rust.strip_prefix("*mut ") {
        return format!("{} *", c_type(target));
    }
    match rust {
        "" => "void",
        "c_int" => "int",
        "c_char" => "char",
        "c_void" => "void",
        "usize" => "size_t",
        "u8" => "uint8_t",
        "u16" => "uint16_t",
        "u32" => "uint32_t",
        "u64" => "uint64_t",
        "i32" => "int32_t",
        "i64" => "int64_t",
        object => object,
    }
    .to_owned()
}

/// The members of the source's structs: struct, name, type.
fn members() -> Vec<(&'static str, &'static str, &'static str)> {
    let mut found = Vec::new();
    let mut of = "";
    for line in SOURCE.lines() {
        if let Some(name) = line.strip_prefix("pub struct ") {
            of = name.trim_end_matches(" {");
        } else if let Some(member) = line.strip_prefix("    pub ") {
            if let Some((name, of_type)) = member.trim_end_matches(',').split_once(": ") {
                if !member.starts_with("fn ") && !member.starts_with("const ") {
                    found.push((of, name, of_type));
                }
            }
        }
    }
    found
}

/// A program that prints the same lines of the header, which compiles only if all types are the
/// same.
fn c_program(header: &str) -> String {
    let mut c = String::from(
        "#include <sysfd/sysfd.h>\n#include <stdio.h>\n\
         #define SAME(a, b) _Static_assert(__builtin_types_compatible_p(a, b), #a)\n",
    );
    for (name, parameters, result) in functions() {
        let parameters: Vec<_> = parameters.iter().map(|it| c_type(it)).collect();
        let parameters = if parameters.is_empty() { "void".into() } else { parameters.join(", ") };
        writeln!(c, "{} {name}({parameters});", c_type(result)).unwrap();
    }
    c += "int main(void) {\n";
    for (of, name, rust) in members() {
        let of_type = match rust.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            Some(array) => {
                let (element, count) = array.split_once("; ").unwrap();
                format!("{}[{count}]", c_type(element))
            }
            None => c_type(rust),
        };
        writeln!(c, "SAME(__typeof__((({of}*)0)->{name}), {of_type});").unwrap();
        writeln!(
            c,
            "printf(\"offset {of} {name} %zu %zu\\n\", offsetof({of}, {name}), \
             sizeof ((({of}*)0)->{name}));"
        )
        .unwrap();
    }
    let mut structs = BTreeSet::new();
    for part in header.split("typedef struct ").skip(1) {
        let name = part.split_whitespace().next().unwrap();
        if part[name.len()..].trim_start().starts_with('{') {
            writeln!(c, "printf(\"size {name} %zu\\n\", sizeof({name}));").unwrap();
            structs.insert(name);
        }
    }
    for line in header.lines().filter(|line| line.starts_with("#define SYSFD_")) {
        let name = line.split_whitespace().nth(1).unwrap();
        if let Some(of) = name.strip_suffix("_INIT") {
            let of = format!("sysfd_{}", of.trim_start_matches("SYSFD_").to_lowercase());
            writeln!(
                c,
                "{{ {of} it = {name}; printf(\"init {of} \"); \
                 for (size_t i = 0; i < sizeof it; ++i) printf(\"%02x\", ((unsigned char*)&it)[i]); puts(\"\"); }}"
            )
            .unwrap();
        } else if name != "SYSFD_SYSFD_H" {
            constant(&mut c, name);
        }
    }
    for part in header.split("enum {").skip(1) {
        for line in part.split('}').next().unwrap().lines() {
            let line = line.split("//").next().unwrap();
            for name in line.split(',').filter_map(|it| it.split('=').next()) {
                if name.trim().starts_with("SYSFD_") {
                    constant(&mut c, name.trim());
                }
            }
        }
    }
    c += "}\n";
    c
}

fn constant(c: &mut String, name: &str) {
    writeln!(
        c,
        "if (({name}) < 0) printf(\"constant {name} %lld\\n\", (long long)({name})); \
         else printf(\"constant {name} %llu\\n\", (unsigned long long)({name}));"
    )
    .unwrap();
}

fn in_c() -> BTreeSet<String> {
    let prefix = env::var("SYSFD_PREFIX").expect("SYSFD_PREFIX is where libsysfd is installed");
    let include = Path::new(&prefix).join("include");
    let header = fs::read_to_string(include.join("sysfd/sysfd.h")).unwrap();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (source, program) = (directory.join("header.c"), directory.join("header"));
    fs::write(&source, c_program(&header)).unwrap();
    let compiled = Command::new("cc")
        .args(["-std=c11", "-Wno-type-limits", "-I"])
        .args([&include, &source])
        .arg("-o")
        .arg(&program)
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let printed = Command::new(&program).output().unwrap();
    assert!(printed.status.success());
    String::from_utf8(printed.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn assert_same<T: Ord + Debug>(of: &str, left: &BTreeSet<T>, other: &str, right: &BTreeSet<T>) {
    let only_left: Vec<_> = left.difference(right).collect();
    let only_right: Vec<_> = right.difference(left).collect();
    assert!(
        only_left.is_empty() && only_right.is_empty(),
        "only {of}: {only_left:#?}\nonly {other}: {only_right:#?}"
    );
}

#[test]
fn all_is_as_the_c_compiler_says() {
    let (rust, c) = (in_rust(), in_c());
    assert_same("Rust", &rust, "C", &c);
    let count = |what: &str| rust.iter().filter(|line| line.starts_with(what)).count();
    println!(
        "{} functions, {} structs, {} members, {} initial values, {} constants",
        functions().len(),
        count("size"),
        count("offset"),
        count("init"),
        count("constant")
    );
}

#[test]
fn the_functions_are_those_of_the_version_map() {
    let map = include_str!("../../../../capi/sysfd.map");
    let exported: BTreeSet<_> = map
        .lines()
        .map(|line| line.trim().trim_end_matches(';'))
        .filter(|name| name.starts_with("sysfd_"))
        .collect();
    let declared: BTreeSet<_> = functions().into_iter().map(|(name, _, _)| name).collect();
    assert_same("declared", &declared, "exported", &exported);
}

/// What the library has, and not only the header: the version is the one of the declarations.
#[test]
fn the_library_is_as_new_as_the_declarations() {
    // SAFETY: no arguments.
    assert!(unsafe { sysfd_version() } >= SYSFD_C_VERSION);
}
