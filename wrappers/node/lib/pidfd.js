// SPDX-License-Identifier: MIT
//
// Processes by pidfd.
import { constants as os } from 'node:os';
import { SysfdError, badType, check, choice, integer, signalName, signalNumber } from './error.js';
import { constants, init, native } from './native.js';
import { OwnedFd, descriptor } from './owned_fd.js';
import { ProcessEnd } from './waiting.js';

// Returns an exit status for what wait(2) stores.
export function exitStatus(raw) {
  const code = native.sysfd_exit_status_code(raw);
  const signal = native.sysfd_exit_status_signal(raw);
  return Object.freeze({
    code: code < 0 ? null : code,
    signal: signal < 0 ? null : signalName(signal),
    coreDumped: native.sysfd_exit_status_core_dumped(raw) === 1,
  });
}

// Calls a function that stores a status. Returns null if the process has not ended yet.
export function tryStatus(call) {
  const status = [0];
  const result = call(status);
  if (result === -os.errno.EAGAIN) return null;
  check(result, 'waitid');
  return exitStatus(status[0]);
}

const scopes = {
  process: constants.SYSFD_SIGNAL_PROCESS,
  thread: constants.SYSFD_SIGNAL_THREAD,
  threadGroup: constants.SYSFD_SIGNAL_THREAD_GROUP,
  processGroup: constants.SYSFD_SIGNAL_PROCESS_GROUP,
};

export class PidFd extends OwnedFd {
  #end;

  constructor(fd) {
    super(
      check(native.sysfd_pidfd_adopt_take(integer(fd, 'fd', 0)), 'waitid', {
        text: 'this is not a pidfd',
      }),
    );
    this.#end = new ProcessEnd(fd, () =>
      tryStatus((status) => native.sysfd_pidfd_try_wait(this.fd, status)),
    );
  }

  static open(pid, { thread = false } = {}) {
    const flags = thread ? constants.SYSFD_PIDFD_THREAD : 0;
    return new PidFd(check(native.sysfd_pidfd_open(integer(pid, 'pid'), flags), 'pidfd_open'));
  }

  static self() {
    return new PidFd(check(native.sysfd_pidfd_self(), 'pidfd_open'));
  }

  static fromId(id) {
    if (typeof id !== 'bigint') throw badType('id', 'a bigint', id);
    return new PidFd(check(native.sysfd_pidfd_from_id(id), 'open_by_handle_at'));
  }

  static ofPeer(socket) {
    return new PidFd(check(native.sysfd_pidfd_of_peer(descriptor(socket, 'socket')), 'getsockopt'));
  }

  get pid() {
    return check(native.sysfd_pidfd_pid(this.fd), 'pidfd');
  }

  get id() {
    const id = [0n];
    check(native.sysfd_pidfd_id(this.fd, id), 'name_to_handle_at');
    return BigInt(id[0]);
  }

  info() {
    const info = init('sysfd_process_info');
    check(native.sysfd_pidfd_info(this.fd, info), 'pidfd');
    const only = (flag, value) => (info.set & flag ? value() : undefined);
    return {
      pid: only(constants.SYSFD_INFO_PID, () => info.pid),
      processId: only(constants.SYSFD_INFO_PROCESS, () => info.process),
      parent: only(constants.SYSFD_INFO_PARENT, () => info.parent),
      user: only(constants.SYSFD_INFO_CREDENTIALS, () => info.user),
      group: only(constants.SYSFD_INFO_CREDENTIALS, () => info.group),
      effectiveUser: only(constants.SYSFD_INFO_CREDENTIALS, () => info.effective_user),
      effectiveGroup: only(constants.SYSFD_INFO_CREDENTIALS, () => info.effective_group),
      cgroupId: only(constants.SYSFD_INFO_CGROUP, () => BigInt(info.cgroup_id)),
      status: only(constants.SYSFD_INFO_EXIT, () => exitStatus(info.exit_status)),
    };
  }

  signal(signal, { scope = 'process' } = {}) {
    const number = signalNumber(signal);
    check(
      native.sysfd_pidfd_send_signal(this.fd, number, choice(scope, 'scope', scopes)),
      'pidfd_send_signal',
    );
  }

  getFd(number) {
    return new OwnedFd(
      check(native.sysfd_pidfd_get_fd(this.fd, integer(number, 'number', 0)), 'pidfd_getfd'),
    );
  }

  sameProcess(other) {
    return (
      check(native.sysfd_same_process(this.fd, descriptor(other, 'other')), 'name_to_handle_at') ===
      1
    );
  }

  tryWait() {
    return this.#end.tryWait();
  }

  async wait(options = {}) {
    options.signal?.throwIfAborted();
    return this.tryWait() ?? this.#end.wait(options);
  }

  release() {
    const fd = super.release();
    this.#end.cancel(
      new SysfdError(-os.errno.ECANCELED, 'waitid', { text: 'the PidFd was closed' }),
    );
    return fd;
  }
}
