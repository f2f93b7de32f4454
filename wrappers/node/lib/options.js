// SPDX-License-Identifier: MIT
//
// Sets the options of spawn() on a command. A setter that fails makes the start fail with its
// error, so their results are not used.
import { isMainThread } from 'node:worker_threads';
import {
  badType,
  badValue,
  bytes,
  choice,
  flagsOf,
  integer,
  list,
  onlyMembers,
  signalNumber,
  text,
  truth,
} from './error.js';
import { constants, init, native } from './native.js';
import { descriptor } from './owned_fd.js';

const maxId = 0xfffffffe;
const id = (value, what) => integer(value, what, 0, maxId);
const number = (value, what) => integer(value, what, 0);

function asPathOr(setPath, setDirectory) {
  return (command, value, what) => {
    if (typeof value === 'string') setPath(command, text(value, what));
    else setDirectory(command, descriptor(value, what));
  };
}

const streams = {
  ignore: constants.SYSFD_STDIO_NULL,
  pipe: constants.SYSFD_STDIO_PIPE,
};

// Node makes its descriptors 0, 1 and 2 close-on-exec. The library leaves those out, so they are
// given by number. One that is closed is left out: the child has /dev/null then. Node may also have
// made them non-blocking, which few programs expect: this is undone, as child_process does.
function stream(own, setStdio, setDescriptor, kinds) {
  return (command, value, what) => {
    if (typeof value === 'string' && value !== 'inherit') {
      setStdio(command, choice(value, what, { inherit: null, ...kinds }));
      return;
    }
    const fd = value === 'inherit' ? own : descriptor(value, what);
    const isOpen = fd > 2 || native.sysfd_set_nonblocking(fd, 0) === 0;
    if (isOpen || value !== 'inherit') setDescriptor(command, fd);
  };
}

// Calls a setter without a value if an option is true.
const ifTrue = (set) => (command, value, what) => {
  if (truth(value, what)) set(command);
};

const searches = {
  childPath: constants.SYSFD_SEARCH_CHILD_PATH,
  callerPath: constants.SYSFD_SEARCH_CALLER_PATH,
  nowhere: constants.SYSFD_SEARCH_NOWHERE,
};

function search(command, value, what) {
  if (typeof value === 'string')
    native.sysfd_command_search(command, choice(value, what, searches));
  else native.sysfd_command_search_directories(command, [...list(value, what, text), null]);
}

function environment(command, value, what) {
  if (typeof value !== 'object' || value === null) throw badType(what, 'an object', value);
  native.sysfd_command_clear_env(command);
  for (const [name, content] of Object.entries(value))
    if (content !== undefined)
      native.sysfd_command_env(command, text(name, what), text(content, `${what}.${name}`));
}

function pass(command, value, what) {
  if (typeof value !== 'object' || value === null) throw badType(what, 'an object', value);
  for (const [name, fd] of Object.entries(value)) {
    if (!/^\d{1,9}$/.test(name))
      throw badValue(what, `has the member "${name}", which is not the number of a descriptor`);
    native.sysfd_command_pass_borrow(command, descriptor(fd, `${what}[${name}]`), Number(name));
  }
}

function listenFds(command, value, what) {
  for (const { name, fd } of list(value, what, (each) => each))
    native.sysfd_command_listen_fds_borrow(
      command,
      text(name, `${what}: name`),
      descriptor(fd, `${what}: fd`),
    );
}

function terminal(command, value, what) {
  const size = value === true ? {} : value;
  onlyMembers(size, what, ['rows', 'columns']);
  const { rows = 24, columns = 80 } = size;
  native.sysfd_command_terminal(
    command,
    integer(rows, `${what}.rows`, 0, 0xffff),
    integer(columns, `${what}.columns`, 0, 0xffff),
  );
}

function limits(value, what) {
  onlyMembers(value, what, Object.keys(resources));
  return Object.entries(value).map(([name, limit]) => {
    const [soft, hard = soft] = [limit].flat().map((each) => limitValue(each, `${what}.${name}`));
    return { resource: resources[name], reserved: 0, soft, hard };
  });
}

function limitValue(value, what) {
  if (value === Infinity) return constants.SYSFD_UNLIMITED;
  return BigInt(integer(value, what, 0, Number.MAX_SAFE_INTEGER));
}

const resources = {
  cpu: constants.RLIMIT_CPU,
  fsize: constants.RLIMIT_FSIZE,
  data: constants.RLIMIT_DATA,
  stack: constants.RLIMIT_STACK,
  core: constants.RLIMIT_CORE,
  nproc: constants.RLIMIT_NPROC,
  nofile: constants.RLIMIT_NOFILE,
  memlock: constants.RLIMIT_MEMLOCK,
  as: constants.RLIMIT_AS,
};

const signalMembers = [
  'blocked',
  'toDefault',
  'ignored',
  'unchanged',
  'inheritMask',
  'allToDefault',
];

function signals(command, value, what) {
  onlyMembers(value, what, signalMembers);
  const numbers = (name) => list(value[name] ?? [], `${what}.${name}`, signalNumber);
  const blocked = numbers('blocked');
  const toDefault = numbers('toDefault');
  const ignored = numbers('ignored');
  const unchanged = numbers('unchanged');
  const flags = flagsOf(value, {
    inheritMask: constants.SYSFD_SIGNALS_INHERIT_MASK,
    allToDefault: constants.SYSFD_SIGNALS_ALL_TO_DEFAULT,
  });
  native.sysfd_command_signals(
    command,
    init('sysfd_signals', {
      flags,
      blocked,
      blocked_count: blocked.length,
      to_default: toDefault,
      to_default_count: toDefault.length,
      ignored,
      ignored_count: ignored.length,
      unchanged,
      unchanged_count: unchanged.length,
    }),
  );
}

const namespaceKinds = {
  time: constants.SYSFD_NAMESPACE_TIME,
  mount: constants.SYSFD_NAMESPACE_MOUNT,
  cgroup: constants.SYSFD_NAMESPACE_CGROUP,
  uts: constants.SYSFD_NAMESPACE_UTS,
  ipc: constants.SYSFD_NAMESPACE_IPC,
  user: constants.SYSFD_NAMESPACE_USER,
  pid: constants.SYSFD_NAMESPACE_PID,
  net: constants.SYSFD_NAMESPACE_NET,
};

const kindsOf = (value, what) =>
  list(value, what, (each, place) => choice(each, place, namespaceKinds)).reduce(
    (all, each) => all | each,
    0,
  ) >>> 0;

const idRange = ({ inside, outside, count }, what) => ({
  inside: id(inside, `${what}.inside`),
  outside: id(outside, `${what}.outside`),
  count: id(count, `${what}.count`),
});

const namespaceJoin = ({ fd, kinds = [] }, what) => ({
  fd: descriptor(fd, `${what}.fd`),
  kinds: kindsOf(kinds, `${what}.kinds`),
});

function namespaces(command, value, what) {
  onlyMembers(value, what, ['create', 'userMap', 'groupMap', 'join', 'hostName', 'sharedMounts']);
  const userMap = list(value.userMap ?? [], `${what}.userMap`, idRange);
  const groupMap = list(value.groupMap ?? [], `${what}.groupMap`, idRange);
  const join = list(value.join ?? [], `${what}.join`, namespaceJoin);
  native.sysfd_command_namespaces(
    command,
    init('sysfd_namespaces', {
      flags: flagsOf(value, { sharedMounts: constants.SYSFD_NAMESPACES_SHARED_MOUNTS }),
      create: kindsOf(value.create ?? [], `${what}.create`),
      user_map: userMap,
      user_map_count: userMap.length,
      group_map: groupMap,
      group_map_count: groupMap.length,
      join,
      join_count: join.length,
      host_name: value.hostName === undefined ? null : text(value.hostName, `${what}.hostName`),
    }),
  );
}

const setters = {
  argv0: (command, value, what) => native.sysfd_command_argument0(command, text(value, what)),
  cwd: asPathOr(
    (command, path) =>
      native.sysfd_command_working_directory(command, path, constants.SYSFD_BEFORE_IDENTITY),
    (command, fd) =>
      native.sysfd_command_working_directory_borrow(command, fd, constants.SYSFD_BEFORE_IDENTITY),
  ),
  root: asPathOr(native.sysfd_command_root_directory, native.sysfd_command_root_directory_borrow),
  env: environment,
  search,
  stdin: stream(
    0,
    native.sysfd_command_stdin_from,
    native.sysfd_command_stdin_from_borrow,
    streams,
  ),
  stdout: stream(1, native.sysfd_command_stdout_to, native.sysfd_command_stdout_to_borrow, streams),
  stderr: stream(2, native.sysfd_command_stderr_to, native.sysfd_command_stderr_to_borrow, {
    ...streams,
    stdout: constants.SYSFD_STDIO_LIKE_STDOUT,
  }),
  pass,
  listenFds,
  terminal,
  cgroup: (command, value, what) =>
    native.sysfd_command_cgroup_borrow(command, descriptor(value, what)),
  landlock: (command, value, what) =>
    native.sysfd_command_landlock_borrow(command, descriptor(value, what)),
  killWithParent: ifTrue(native.sysfd_command_kill_with_parent),
  parentDeathSignal: (command, value, what) =>
    native.sysfd_command_parent_death_signal(command, signalNumber(value, what)),
  leaveNoZombie: ifTrue(native.sysfd_command_leave_no_zombie),
  retryBusy: (command, value, what) =>
    native.sysfd_command_retry_busy(command, number(value, what)),
  signals,
  namespaces,
};

// These options are members of one struct each: its name, its setter, and how each sets a member.
const groups = [
  {
    struct: 'sysfd_identity',
    set: native.sysfd_command_identity,
    members: {
      user: (value, what) => ({ flags: constants.SYSFD_IDENTITY_USER, user: id(value, what) }),
      group: (value, what) => ({ flags: constants.SYSFD_IDENTITY_GROUP, group: id(value, what) }),
      groups: (value, what) => {
        const ids = list(value, what, id);
        return { flags: constants.SYSFD_IDENTITY_GROUPS, groups: ids, group_count: ids.length };
      },
      keepGroups: (value, what) => ({
        flags: truth(value, what) ? constants.SYSFD_IDENTITY_KEEP_GROUPS : 0,
      }),
      noCapabilities: (value, what) => ({
        flags: truth(value, what) ? constants.SYSFD_IDENTITY_NO_CAPABILITIES : 0,
      }),
      noNewPrivileges: (value, what) => ({
        flags: truth(value, what) ? constants.SYSFD_IDENTITY_NO_NEW_PRIVILEGES : 0,
      }),
      capabilities: (value, what) => ({ capabilities: text(value, what) }),
      iab: (value, what) => ({ iab: text(value, what) }),
      securebits: (value, what) => ({
        flags: constants.SYSFD_IDENTITY_SECUREBITS,
        securebits: number(value, what),
      }),
      seccomp: (value, what) => {
        const program = bytes(value, what);
        if (program.length % 8 !== 0)
          throw badValue(
            what,
            `must have 8 bytes for each instruction, not ${program.length} bytes`,
          );
        return { seccomp: program, seccomp_count: program.length / 8 };
      },
    },
  },
  {
    struct: 'sysfd_session',
    set: native.sysfd_command_session,
    members: {
      newSession: (value, what) => ({
        flags: truth(value, what) ? constants.SYSFD_SESSION_NEW : 0,
      }),
      processGroup: (value, what) => ({
        flags: constants.SYSFD_SESSION_PROCESS_GROUP,
        process_group: number(value, what),
      }),
      controllingTerminal: (value, what) => ({ controlling_terminal: descriptor(value, what) }),
      foregroundOf: (value, what) => ({ foreground_of: descriptor(value, what) }),
    },
  },
  {
    struct: 'sysfd_resources',
    set: native.sysfd_command_resources,
    members: {
      limits: (value, what) => {
        const all = limits(value, what);
        return { limits: all, limit_count: all.length };
      },
      processors: (value, what) => {
        const all = list(value, what, number);
        return { processors: all, processor_count: all.length };
      },
      umask: (value, what) => ({
        flags: constants.SYSFD_RESOURCES_UMASK,
        umask: integer(value, what, 0, 0o777),
      }),
      nice: (value, what) => ({
        flags: constants.SYSFD_RESOURCES_NICE,
        nice: integer(value, what),
      }),
      oomScoreAdjust: (value, what) => ({
        flags: constants.SYSFD_RESOURCES_OOM_SCORE_ADJUST,
        oom_score_adjust: integer(value, what),
      }),
    },
  },
];

export const names = [
  'shell',
  ...Object.keys(setters),
  ...groups.flatMap(({ members }) => Object.keys(members)),
];

export function setOptions(command, given) {
  const { stdin = 'inherit', stdout = 'inherit', stderr = 'inherit', ...others } = given;
  const options = given.terminal === undefined ? { stdin, stdout, stderr, ...others } : given;
  for (const [name, set] of Object.entries(setters))
    if (options[name] !== undefined) set(command, options[name], name);
  for (const { struct, set, members } of groups) {
    const values = { flags: 0 };
    let isSet = false;
    for (const [name, convert] of Object.entries(members)) {
      if (options[name] === undefined) continue;
      const { flags = 0, ...others } = convert(options[name], name);
      values.flags |= flags;
      Object.assign(values, others);
      isSet = true;
    }
    if (isSet) set(command, init(struct, values));
  }
  // A Worker has an environment of its own, which the library does not see. As the library, it
  // leaves out what was meant for this process.
  if (options.env === undefined && !isMainThread) {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('LISTEN_'));
    environment(command, Object.fromEntries(own), 'process.env');
  }
}
