// SPDX-License-Identifier: MIT
//
// Socket activation, and messages to the service manager.
import { constants as os } from 'node:os';
import { badValue, check, flagsOf, integer, list, onlyMembers, text } from './error.js';
import { constants, inPool, init, native, textOf } from './native.js';
import { OwnedFd, descriptor } from './owned_fd.js';
import { milliseconds, timeoutOf } from './waiting.js';

// Node makes the descriptors that it is started with close-on-exec. The library takes that as a
// sign that the process has opened or taken them itself, and refuses them. So it is undone.
function inheritAgain() {
  const changed = [];
  const end = 3 + Number(process.env.LISTEN_FDS);
  for (let fd = 3; fd < end; ++fd) {
    if (native.sysfd_is_close_on_exec(fd) !== 1) break;
    native.sysfd_set_close_on_exec(fd, 0);
    changed.push(fd);
  }
  return changed;
}

export function listenFds({ keepEnvironment = false } = {}) {
  const changed = inheritAgain();
  const out = [null];
  const error = init('sysfd_error');
  const result = native.sysfd_listen_fds_take(
    keepEnvironment ? constants.SYSFD_LISTEN_KEEP_ENVIRONMENT : 0,
    out,
    error,
  );
  if (result < 0) for (const fd of changed) native.sysfd_set_close_on_exec(fd, 1);
  if (result === -os.errno.ENODATA) return [];
  check(result, 'sd_listen_fds', { text: error.text });
  const [fds] = out;
  try {
    return Array.from({ length: native.sysfd_listen_fds_count(fds) }, (_, index) => ({
      name: textOf((buffer, size) => native.sysfd_listen_fds_name(fds, index, buffer, size)),
      fd: new OwnedFd(
        check(native.sysfd_listen_fds_release(fds, index, null, null), 'sd_listen_fds'),
      ),
    }));
  } finally {
    native.sysfd_listen_fds_free(fds);
  }
}

const flags = {
  ready: constants.SYSFD_NOTIFY_READY,
  reloading: constants.SYSFD_NOTIFY_RELOADING,
  stopping: constants.SYSFD_NOTIFY_STOPPING,
  watchdog: constants.SYSFD_NOTIFY_WATCHDOG,
  watchdogTrigger: constants.SYSFD_NOTIFY_WATCHDOG_TRIGGER,
};

const microseconds = (value, what) =>
  BigInt(integer(value, what, 0, Number.MAX_SAFE_INTEGER / 1000)) * 1000n;

// Those that set members of the struct.
const members = {
  status: (value, what) => ({ status: text(value, what) }),
  error: (value, what) => ({ flags: constants.SYSFD_NOTIFY_ERROR, error: integer(value, what) }),
  exitStatus: (value, what) => ({
    flags: constants.SYSFD_NOTIFY_EXIT_STATUS,
    exit_status: integer(value, what),
  }),
  mainProcess: (value, what) => ({ main_process: descriptor(value, what) }),
  sender: (value, what) => ({ sender: descriptor(value, what) }),
  watchdogInterval: (value, what) => ({
    flags: constants.SYSFD_NOTIFY_WATCHDOG_INTERVAL,
    watchdog_interval_microseconds: microseconds(value, what),
  }),
  extendTimeout: (value, what) => ({
    flags: constants.SYSFD_NOTIFY_EXTEND_TIMEOUT,
    extend_timeout_microseconds: microseconds(value, what),
  }),
  store: (value, what) => {
    const store = list(value, what, descriptor);
    return { store, store_count: store.length };
  },
  storeName: (value, what) => ({ store_name: text(value, what) }),
  storePoll: (value) => ({ flags: value ? 0 : constants.SYSFD_NOTIFY_STORE_NO_POLL }),
  removeStored: (value, what) => ({ remove_stored: text(value, what) }),
  more: (value, what) => ({ more: text(value, what) }),
  timeout: (value, what) => ({ timeout: timeoutOf(limited(value, what)) }),
};

// The calls take a thread of libuv's pool while the manager's queue is full, so they need a limit.
function limited(value, what) {
  if (milliseconds(value, what) === Infinity) throw badValue(what, 'must not be Infinity');
  return value;
}

// The environment is read here, and not by a thread of the pool, while this one may change it.
const addressOf = (address) =>
  address === undefined ? process.env.NOTIFY_SOCKET : text(address, 'address');

export async function notify(notification) {
  onlyMembers(notification, 'notification', [
    'address',
    ...Object.keys(flags),
    ...Object.keys(members),
  ]);
  const values = { flags: flagsOf(notification, flags) };
  for (const [name, convert] of Object.entries(members)) {
    if (notification[name] === undefined) continue;
    const { flags: flag = 0, ...others } = convert(notification[name], name);
    values.flags |= flag;
    Object.assign(values, others);
  }
  const address = addressOf(notification.address);
  if (!address) return false;
  const error = init('sysfd_error');
  const result = await inPool(
    'sysfd_notify_to',
    address,
    init('sysfd_notification', values),
    error,
  );
  return check(result, 'sendmsg', { text: error.text }) >= 0;
}

export async function notifyBarrier({ timeout = 5000, address: given } = {}) {
  const limit = timeoutOf(limited(timeout, 'timeout'));
  const address = addressOf(given);
  if (!address) return false;
  return check(await inPool('sysfd_notify_barrier_to', address, limit), 'poll') >= 0;
}

export function watchdogInterval() {
  const microsecond = [0];
  const result = native.sysfd_watchdog_interval(microsecond);
  if (result === -os.errno.ENODATA) return null;
  check(result, 'watchdog');
  return Number(microsecond[0]) / 1000;
}
