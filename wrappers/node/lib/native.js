// SPDX-License-Identifier: MIT
//
// Declares the constants, structs and functions of libsysfd.so.0 that this package uses, as
// <sysfd/sysfd.h> does. test/layout.test.js compares all of them with that header.
import { randomBytes } from 'node:crypto';
import koffi from 'koffi';

export const constants = {
  SYSFD_CWD: -100,
  SYSFD_FOREVER: 0x7fffffffffffffffn,
  SYSFD_UNLIMITED: 0xffffffffffffffffn,
  SYSFD_MAX_FDS_IN_MESSAGE: 253,
  SYSFD_RECEIVE_NOWAIT: 1,
  SYSFD_HANDLE_FOLLOW: 1,
  SYSFD_HANDLE_FID: 2,
  SYSFD_HANDLE_CONNECTABLE: 4,
  SYSFD_HANDLE_UNIQUE_MOUNT: 8,
  SYSFD_PIDFD_THREAD: 2,
  SYSFD_SIGNAL_PROCESS: 0,
  SYSFD_SIGNAL_THREAD: 1,
  SYSFD_SIGNAL_THREAD_GROUP: 2,
  SYSFD_SIGNAL_PROCESS_GROUP: 4,
  SYSFD_NAMESPACE_TIME: 0x80,
  SYSFD_NAMESPACE_MOUNT: 0x20000,
  SYSFD_NAMESPACE_CGROUP: 0x2000000,
  SYSFD_NAMESPACE_UTS: 0x4000000,
  SYSFD_NAMESPACE_IPC: 0x8000000,
  SYSFD_NAMESPACE_USER: 0x10000000,
  SYSFD_NAMESPACE_PID: 0x20000000,
  SYSFD_NAMESPACE_NET: 0x40000000,
  SYSFD_INFO_PID: 0x1,
  SYSFD_INFO_PROCESS: 0x2,
  SYSFD_INFO_PARENT: 0x4,
  SYSFD_INFO_CREDENTIALS: 0x8,
  SYSFD_INFO_CGROUP: 0x10,
  SYSFD_INFO_EXIT: 0x20,
  SYSFD_LISTEN_KEEP_ENVIRONMENT: 1,
  SYSFD_NOTIFY_READY: 0x1,
  SYSFD_NOTIFY_RELOADING: 0x2,
  SYSFD_NOTIFY_STOPPING: 0x4,
  SYSFD_NOTIFY_WATCHDOG: 0x8,
  SYSFD_NOTIFY_WATCHDOG_TRIGGER: 0x10,
  SYSFD_NOTIFY_STORE_NO_POLL: 0x20,
  SYSFD_NOTIFY_ERROR: 0x100,
  SYSFD_NOTIFY_EXIT_STATUS: 0x200,
  SYSFD_NOTIFY_WATCHDOG_INTERVAL: 0x400,
  SYSFD_NOTIFY_EXTEND_TIMEOUT: 0x800,
  SYSFD_SEARCH_CHILD_PATH: 0,
  SYSFD_SEARCH_CALLER_PATH: 1,
  SYSFD_SEARCH_NOWHERE: 2,
  SYSFD_BEFORE_IDENTITY: 0,
  SYSFD_STDIO_NULL: 1,
  SYSFD_STDIO_PIPE: 2,
  SYSFD_STDIO_LIKE_STDOUT: 4,
  SYSFD_IDENTITY_KEEP_GROUPS: 0x1,
  SYSFD_IDENTITY_NO_CAPABILITIES: 0x2,
  SYSFD_IDENTITY_NO_NEW_PRIVILEGES: 0x4,
  SYSFD_IDENTITY_USER: 0x100,
  SYSFD_IDENTITY_GROUP: 0x200,
  SYSFD_IDENTITY_GROUPS: 0x400,
  SYSFD_IDENTITY_SECUREBITS: 0x800,
  SYSFD_RESOURCES_UMASK: 0x100,
  SYSFD_RESOURCES_NICE: 0x200,
  SYSFD_RESOURCES_OOM_SCORE_ADJUST: 0x1000,
  SYSFD_SESSION_NEW: 0x1,
  SYSFD_SESSION_PROCESS_GROUP: 0x100,
  SYSFD_SIGNALS_INHERIT_MASK: 1,
  SYSFD_SIGNALS_ALL_TO_DEFAULT: 2,
  SYSFD_NAMESPACES_SHARED_MOUNTS: 1,
  SYSFD_REPORT_BY_CLONE3: 1,
  SYSFD_REPORT_ISOLATED_TABLE: 2,
  SYSFD_REPORT_REAPS_ITSELF: 4,
  SYSFD_REPORT_KILLED_WITH_PARENT: 8,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_SEQPACKET: 5,
  RLIMIT_CPU: 0,
  RLIMIT_FSIZE: 1,
  RLIMIT_DATA: 2,
  RLIMIT_STACK: 3,
  RLIMIT_CORE: 4,
  RLIMIT_NPROC: 6,
  RLIMIT_NOFILE: 7,
  RLIMIT_MEMLOCK: 8,
  RLIMIT_AS: 9,
};

// The members of each struct. A pair is a type and a default that is not 0: see SYSFD_..._INIT.
export const structs = {
  sysfd_timeout: {
    size: 'uint32_t',
    cancel_fd: ['int32_t', -1],
    nanoseconds: ['int64_t', constants.SYSFD_FOREVER],
  },
  sysfd_error: {
    size: 'uint32_t',
    code: 'int32_t',
    kind: 'int32_t',
    text: koffi.array('char', 500, 'String'),
  },
  sysfd_receive_options: {
    size: 'uint32_t',
    flags: 'uint32_t',
    max_fds: ['uint32_t', constants.SYSFD_MAX_FDS_IN_MESSAGE],
    reserved: 'uint32_t',
    timeout: 'const sysfd_timeout *',
  },
  sysfd_mount_id: { id: 'uint64_t', is_unique: 'uint32_t', reserved: 'uint32_t' },
  sysfd_process_info: {
    size: 'uint32_t',
    set: 'uint32_t',
    pid: 'int32_t',
    process: 'int32_t',
    parent: 'int32_t',
    exit_status: 'int32_t',
    cgroup_id: 'uint64_t',
    user: 'uint32_t',
    group: 'uint32_t',
    effective_user: 'uint32_t',
    effective_group: 'uint32_t',
    saved_user: 'uint32_t',
    saved_group: 'uint32_t',
    file_system_user: 'uint32_t',
    file_system_group: 'uint32_t',
    core_dump: 'uint32_t',
    core_dump_signal: 'int32_t',
    core_dump_code: 'int32_t',
    reserved: 'uint32_t',
  },
  sysfd_notification: {
    size: 'uint32_t',
    flags: 'uint32_t',
    status: 'const char *',
    error: 'int32_t',
    exit_status: 'int32_t',
    main_process: ['int32_t', -1],
    sender: ['int32_t', -1],
    watchdog_interval_microseconds: 'uint64_t',
    extend_timeout_microseconds: 'uint64_t',
    store: 'const int *',
    store_count: 'size_t',
    store_name: 'const char *',
    remove_stored: 'const char *',
    more: 'const char *',
    timeout: 'const sysfd_timeout *',
  },
  sysfd_spawn_error: {
    size: 'uint32_t',
    step: 'int32_t',
    code: 'int32_t',
    index: ['int32_t', -1],
    stage: ['int32_t', -1],
    text: koffi.array('char', 1004, 'String'),
  },
  sysfd_bpf_instruction: {
    code: 'uint16_t',
    jump_true: 'uint8_t',
    jump_false: 'uint8_t',
    value: 'uint32_t',
  },
  sysfd_identity: {
    size: 'uint32_t',
    flags: 'uint32_t',
    user: 'uint32_t',
    group: 'uint32_t',
    securebits: 'uint32_t',
    reserved: 'uint32_t',
    groups: 'const uint32_t *',
    group_count: 'size_t',
    capabilities: 'const char *',
    iab: 'const char *',
    seccomp: 'const sysfd_bpf_instruction *',
    seccomp_count: 'size_t',
  },
  sysfd_resource_limit: {
    resource: 'int32_t',
    reserved: 'uint32_t',
    soft: 'uint64_t',
    hard: 'uint64_t',
  },
  sysfd_resources: {
    size: 'uint32_t',
    flags: 'uint32_t',
    limits: 'const sysfd_resource_limit *',
    limit_count: 'size_t',
    processors: 'const int *',
    processor_count: 'size_t',
    umask: 'uint32_t',
    nice: 'int32_t',
    scheduler_policy: 'int32_t',
    scheduler_priority: 'uint32_t',
    scheduler_runtime_nanoseconds: 'int64_t',
    scheduler_deadline_nanoseconds: 'int64_t',
    scheduler_period_nanoseconds: 'int64_t',
    io_class: 'int32_t',
    io_level: 'int32_t',
    oom_score_adjust: 'int32_t',
    reserved: 'uint32_t',
    timer_slack_nanoseconds: 'int64_t',
  },
  sysfd_session: {
    size: 'uint32_t',
    flags: 'uint32_t',
    process_group: 'int32_t',
    controlling_terminal: ['int32_t', -1],
    foreground_of: ['int32_t', -1],
    reserved: 'uint32_t',
  },
  sysfd_signals: {
    size: 'uint32_t',
    flags: 'uint32_t',
    blocked: 'const int *',
    blocked_count: 'size_t',
    to_default: 'const int *',
    to_default_count: 'size_t',
    ignored: 'const int *',
    ignored_count: 'size_t',
    unchanged: 'const int *',
    unchanged_count: 'size_t',
  },
  sysfd_id_range: { inside: 'uint32_t', outside: 'uint32_t', count: 'uint32_t' },
  sysfd_namespace_join: { fd: 'int32_t', kinds: 'uint32_t' },
  sysfd_namespaces: {
    size: 'uint32_t',
    flags: 'uint32_t',
    create: 'uint32_t',
    reserved: 'uint32_t',
    user_map: 'const sysfd_id_range *',
    user_map_count: 'size_t',
    group_map: 'const sysfd_id_range *',
    group_map_count: 'size_t',
    join: 'const sysfd_namespace_join *',
    join_count: 'size_t',
    host_name: 'const char *',
  },
  sysfd_spawn_report: {
    size: 'uint32_t',
    flags: 'uint32_t',
    busy_retries: 'int32_t',
    reserved: 'uint32_t',
  },
};

export const opaques = [
  'sysfd_child',
  'sysfd_command',
  'sysfd_fd_type',
  'sysfd_file_handle',
  'sysfd_listen_fds',
  'sysfd_message',
];

// _Out_ and _Inout_ are koffi's: it copies what the function has written there back.
export const prototypes = [
  'uint32_t sysfd_version(void)',
  'uint64_t sysfd_features(void)',
  'int sysfd_feature_name(int feature, _Out_ char *buffer, size_t size)',

  'int sysfd_open(int directory, const char *path, int flags, uint32_t mode)',
  'int sysfd_pipe(int flags, _Out_ int *fds)',
  'int sysfd_socket_pair(int type, _Out_ int *fds)',
  'int sysfd_sealed_memfd(const char *name, const void *content, size_t size)',
  'int sysfd_memfd(const char *name, uint32_t flags)',
  'int sysfd_duplicate(int fd)',
  'int sysfd_close_take(int fd)',
  'int sysfd_is_open(int fd)',
  'int sysfd_set_nonblocking(int fd, int nonblocking)',
  'int sysfd_is_close_on_exec(int fd)',
  'int sysfd_set_close_on_exec(int fd, int close_on_exec)',

  'int64_t sysfd_send_fds_for(int socket, const int *fds, size_t count, const void *payload, size_t size, const sysfd_timeout *timeout)',
  'int64_t sysfd_receive_fds(int socket, _Out_ void *payload, size_t size, const sysfd_receive_options *options, _Out_ sysfd_message **message)',
  'int64_t sysfd_message_fd_count(const sysfd_message *message)',
  'int sysfd_message_fd_release(sysfd_message *message, size_t index)',
  'int sysfd_message_fds_error(const sysfd_message *message)',
  'void sysfd_message_free(sysfd_message *message)',

  'int sysfd_name_to_handle(int directory, const char *path, uint32_t flags, _Out_ sysfd_file_handle **handle, _Out_ sysfd_mount_id *mount)',
  'int sysfd_name_to_handle_of(int fd, uint32_t flags, _Out_ sysfd_file_handle **handle, _Out_ sysfd_mount_id *mount)',
  'int sysfd_open_by_handle(int mount, const sysfd_file_handle *handle, int flags)',
  'int sysfd_find_mount(sysfd_mount_id mount)',
  'int sysfd_file_handle_type(const sysfd_file_handle *handle, _Out_ int32_t *type)',
  'int sysfd_file_handle_serialize(const sysfd_file_handle *handle, _Out_ void *buffer, size_t size)',
  'int sysfd_file_handle_deserialize(const void *stored, size_t size, _Out_ sysfd_file_handle **handle)',
  'int sysfd_file_handle_equal(const sysfd_file_handle *left, const sysfd_file_handle *right)',
  'void sysfd_file_handle_free(sysfd_file_handle *handle)',

  'int sysfd_pidfd_open(int32_t pid, uint32_t flags)',
  'int sysfd_pidfd_self(void)',
  'int sysfd_pidfd_from_id(uint64_t id)',
  'int sysfd_pidfd_of_peer(int socket)',
  'int sysfd_pidfd_adopt_take(int fd)',
  'int sysfd_pidfd_send_signal(int pidfd, int signo, uint32_t scope)',
  'int sysfd_pidfd_get_fd(int pidfd, int number)',
  'int sysfd_pidfd_try_wait(int pidfd, _Out_ int32_t *status)',
  'int32_t sysfd_pidfd_pid(int pidfd)',
  'int sysfd_pidfd_id(int pidfd, _Out_ uint64_t *id)',
  'int sysfd_pidfd_info(int pidfd, _Inout_ sysfd_process_info *info)',
  'int sysfd_same_process(int left, int right)',
  'int sysfd_exit_status_code(int32_t status)',
  'int sysfd_exit_status_signal(int32_t status)',
  'int sysfd_exit_status_core_dumped(int32_t status)',

  'int sysfd_listen_fds_take(uint32_t flags, _Out_ sysfd_listen_fds **fds, _Inout_ sysfd_error *error)',
  'int64_t sysfd_listen_fds_count(const sysfd_listen_fds *fds)',
  'int sysfd_listen_fds_name(const sysfd_listen_fds *fds, size_t index, _Out_ char *buffer, size_t size)',
  'int sysfd_listen_fds_release(sysfd_listen_fds *fds, size_t index, const sysfd_fd_type *type, _Inout_ sysfd_error *error)',
  'void sysfd_listen_fds_free(sysfd_listen_fds *fds)',
  'int sysfd_notify_to(const char *address, const sysfd_notification *notification, _Inout_ sysfd_error *error)',
  'int sysfd_notify_barrier_to(const char *address, const sysfd_timeout *timeout)',
  'int sysfd_watchdog_interval(_Out_ uint64_t *microseconds)',

  'int sysfd_spawn_step_name(int step, _Out_ char *buffer, size_t size)',
  'int sysfd_command_new(const char *program, _Out_ sysfd_command **command)',
  'int sysfd_command_new_shell(const char *line, _Out_ sysfd_command **command)',
  'void sysfd_command_free(sysfd_command *command)',
  'int sysfd_command_search(sysfd_command *command, int where)',
  'int sysfd_command_search_directories(sysfd_command *command, const char *const *directories)',
  'int sysfd_command_argument0(sysfd_command *command, const char *value)',
  'int sysfd_command_arg(sysfd_command *command, const char *value)',
  'int sysfd_command_env(sysfd_command *command, const char *name, const char *value)',
  'int sysfd_command_clear_env(sysfd_command *command)',
  'int sysfd_command_working_directory(sysfd_command *command, const char *path, int change)',
  'int sysfd_command_working_directory_borrow(sysfd_command *command, int directory, int change)',
  'int sysfd_command_root_directory(sysfd_command *command, const char *path)',
  'int sysfd_command_root_directory_borrow(sysfd_command *command, int directory)',
  'int sysfd_command_cgroup_borrow(sysfd_command *command, int directory)',
  'int sysfd_command_landlock_borrow(sysfd_command *command, int ruleset)',
  'int sysfd_command_stdin_from(sysfd_command *command, int stdio)',
  'int sysfd_command_stdin_from_borrow(sysfd_command *command, int fd)',
  'int sysfd_command_stdout_to(sysfd_command *command, int stdio)',
  'int sysfd_command_stdout_to_borrow(sysfd_command *command, int fd)',
  'int sysfd_command_stderr_to(sysfd_command *command, int stdio)',
  'int sysfd_command_stderr_to_borrow(sysfd_command *command, int fd)',
  'int sysfd_command_pass_borrow(sysfd_command *command, int fd, int number)',
  'int sysfd_command_listen_fds_borrow(sysfd_command *command, const char *name, int fd)',
  'int sysfd_command_terminal(sysfd_command *command, uint16_t rows, uint16_t columns)',
  'int sysfd_command_parent_death_signal(sysfd_command *command, int signo)',
  'int sysfd_command_kill_with_parent(sysfd_command *command)',
  'int sysfd_command_leave_no_zombie(sysfd_command *command)',
  'int sysfd_command_retry_busy(sysfd_command *command, int times)',
  'int sysfd_command_identity(sysfd_command *command, const sysfd_identity *identity)',
  'int sysfd_command_resources(sysfd_command *command, const sysfd_resources *resources)',
  'int sysfd_command_session(sysfd_command *command, const sysfd_session *session)',
  'int sysfd_command_signals(sysfd_command *command, const sysfd_signals *signals)',
  'int sysfd_command_namespaces(sysfd_command *command, const sysfd_namespaces *namespaces)',
  'int sysfd_command_spawn(sysfd_command *command, _Out_ sysfd_child **child, _Inout_ sysfd_spawn_error *error)',

  'int sysfd_child_pidfd_borrow(const sysfd_child *child)',
  'int32_t sysfd_child_pid(const sysfd_child *child)',
  'int sysfd_child_stdin_pipe_release(sysfd_child *child)',
  'int sysfd_child_stdout_pipe_release(sysfd_child *child)',
  'int sysfd_child_stderr_pipe_release(sysfd_child *child)',
  'int sysfd_child_terminal_release(sysfd_child *child)',
  'int sysfd_child_report(const sysfd_child *child, _Inout_ sysfd_spawn_report *report)',
  'int sysfd_child_try_wait(sysfd_child *child, _Out_ int32_t *status)',
  'int sysfd_child_send_signal_to_group(sysfd_child *child, int signo)',
  'int sysfd_child_kill_cgroup(sysfd_child *child)',
  'int sysfd_child_detach_release(sysfd_child *child)',
  'void sysfd_child_free(sysfd_child *child)',
];

function load() {
  try {
    return koffi.load('libsysfd.so.0');
  } catch (error) {
    throw new Error(
      'cannot load libsysfd.so.0: install the C interface of sysfd, or set LD_LIBRARY_PATH',
      { cause: error },
    );
  }
}

// koffi has one name for one type in the whole process, and refuses a second one. This module can
// be loaded more than once, so each has names of its own.
const own = `_${randomBytes(8).toString('hex')}`;
const typeNames = new RegExp(`\\b(?:${[...opaques, ...Object.keys(structs)].join('|')})\\b`, 'g');
const withOwnNames = (type) =>
  typeof type === 'string' ? type.replaceAll(typeNames, `$&${own}`) : type;

const library = load();
for (const name of opaques) koffi.opaque(withOwnNames(name));

// The types of the structs by name.
export const types = {};
for (const [name, members] of Object.entries(structs)) {
  const typesOfMembers = Object.entries(members).map(([member, type]) => [
    member,
    withOwnNames(Array.isArray(type) ? type[0] : type),
  ]);
  types[name] = koffi.struct(withOwnNames(name), Object.fromEntries(typesOfMembers));
}

// The functions by name.
export const native = Object.fromEntries(
  prototypes.map((text) => [text.match(/(\w+)\(/)[1], library.func(withOwnNames(text))]),
);

// Returns an initialized struct with these members: the same as SYSFD_..._INIT in C.
export function init(struct, values = {}) {
  const result = {};
  for (const [member, type] of Object.entries(structs[struct])) {
    if (member === 'size' && type === 'uint32_t') result.size = types[struct].size;
    else if (Array.isArray(type)) result[member] = type[1];
    else if (member === 'text') result.text = '';
    else result[member] = typeof type === 'string' && type.endsWith('*') ? null : 0;
  }
  return Object.assign(result, values);
}

// Calls a function in a thread of libuv's pool, and resolves to what it returns. Only for calls
// that have a time limit.
export function inPool(name, ...args) {
  return new Promise((resolve, reject) => {
    native[name].async(...args, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

// Returns the text that a function writes to a buffer.
export function textOf(write) {
  const buffer = Buffer.alloc(512);
  const size = write(buffer, buffer.length);
  return size < 0 ? null : buffer.toString('utf8', 0, Math.min(size, buffer.length - 1));
}
