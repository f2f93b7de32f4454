// SPDX-License-Identifier: MIT
//
// Starts programs.
import { Socket } from 'node:net';
import { constants as os } from 'node:os';
import {
  SysfdError,
  badValue,
  bytes,
  check,
  integer,
  list,
  onlyMembers,
  signalNumber,
  text,
  truth,
} from './error.js';
import { constants, init, native, textOf } from './native.js';
import { names, setOptions } from './options.js';
import { OwnedFd, asyncDispose, dispose, withoutWarning } from './owned_fd.js';
import { PidFd, tryStatus } from './pidfd.js';
import { ProcessEnd, milliseconds, wait } from './waiting.js';

// A child is kept until its process has ended: see ProcessEnd.watch(). What is collected later
// only has descriptors to close.
const collected = new FinalizationRegistry((child) => native.sysfd_child_free(child));

const releases = [
  native.sysfd_child_stdin_pipe_release,
  native.sysfd_child_stdout_pipe_release,
  native.sysfd_child_stderr_pipe_release,
];

const start = Symbol('start');

export class Child {
  #native;
  #end;
  #leadsGroup;
  #streams = [];
  #pidfd = null;
  #pid;

  constructor(caller, child, leadsGroup) {
    if (caller !== start) throw new TypeError('a Child is made by spawn()');
    this.#native = child;
    this.#leadsGroup = leadsGroup;
    this.#pid = native.sysfd_child_pid(child);
    collected.register(this, child, this);
    this.#end = new ProcessEnd(native.sysfd_child_pidfd_borrow(child), () => {
      const status = tryStatus((raw) => native.sysfd_child_try_wait(this.#native, raw));
      if (status) this.#streams[0]?.destroy();
      return status;
    });
    this.#end.watch();
  }

  get pid() {
    return this.#pid;
  }

  get pidfd() {
    const fd = native.sysfd_child_pidfd_borrow(this.#open());
    this.#pidfd ??= withoutWarning(new PidFd(check(native.sysfd_duplicate(fd), 'fcntl')));
    return this.#pidfd;
  }

  get stdin() {
    return this.#stream(0);
  }

  get stdout() {
    return this.#stream(1);
  }

  get stderr() {
    return this.#stream(2);
  }

  get status() {
    return this.#end.status;
  }

  takeTerminal() {
    const fd = native.sysfd_child_terminal_release(this.#open());
    return fd === -os.errno.ENOENT ? null : new OwnedFd(check(fd, 'terminal'));
  }

  report() {
    const report = init('sysfd_spawn_report');
    check(native.sysfd_child_report(this.#open(), report), 'report');
    return {
      byClone3: (report.flags & constants.SYSFD_REPORT_BY_CLONE3) !== 0,
      isolatedTable: (report.flags & constants.SYSFD_REPORT_ISOLATED_TABLE) !== 0,
      reapsItself: (report.flags & constants.SYSFD_REPORT_REAPS_ITSELF) !== 0,
      killedWithParent: (report.flags & constants.SYSFD_REPORT_KILLED_WITH_PARENT) !== 0,
      busyRetries: report.busy_retries,
    };
  }

  tryWait() {
    if (!this.status) this.#open();
    return this.#end.tryWait();
  }

  async wait(options = {}) {
    options.signal?.throwIfAborted();
    return this.tryWait() ?? this.#end.wait(options);
  }

  kill(signal = 'SIGTERM') {
    const number = signalNumber(signal);
    return this.#sent(
      native.sysfd_pidfd_send_signal(native.sysfd_child_pidfd_borrow(this.#open()), number, 0),
    );
  }

  killGroup(signal = 'SIGTERM') {
    return this.#sent(native.sysfd_child_send_signal_to_group(this.#open(), signalNumber(signal)));
  }

  killCgroup() {
    check(native.sysfd_child_kill_cgroup(this.#open()), 'cgroup.kill');
  }

  async terminate(grace = 5000) {
    milliseconds(grace, 'grace');
    if (this.tryWait()) return this.status;
    this.#closeStdin();
    this.#killAll('SIGTERM');
    this.#killAll('SIGCONT');
    try {
      return await this.wait({ timeout: grace });
    } catch (error) {
      if (error.code !== 'ETIMEDOUT') throw error;
    }
    this.#killAll('SIGKILL');
    return this.wait();
  }

  detach() {
    const child = this.#give();
    const fd = native.sysfd_child_detach_release(child);
    native.sysfd_child_free(child);
    return new PidFd(check(fd, 'detach'));
  }

  close() {
    if (this.#native !== null) native.sysfd_child_free(this.#give());
  }

  [dispose]() {
    this.close();
  }

  async [asyncDispose]() {
    if (this.#native !== null && !this.tryWait()) {
      this.#killAll('SIGKILL');
      await this.wait();
    }
    this.close();
  }

  #open() {
    if (this.#native === null)
      throw new SysfdError(-os.errno.EBADF, 'child', { text: 'this Child is closed' });
    return this.#native;
  }

  // Ends the use of the child, which belongs to the caller then.
  #give() {
    const child = this.#open();
    this.#native = null;
    collected.unregister(this);
    this.#end.cancel(
      new SysfdError(-os.errno.ECANCELED, 'waitid', { text: 'the Child was closed' }),
    );
    for (const stream of this.#streams) stream?.destroy();
    this.#pidfd?.close();
    return child;
  }

  // Sends a signal to the child, and to its process group if it leads one.
  #killAll(signal) {
    if (this.#leadsGroup) this.killGroup(signal);
    else this.kill(signal);
  }

  #sent(result) {
    if (result === -os.errno.ESRCH) return false;
    check(result, 'pidfd_send_signal');
    return true;
  }

  #closeStdin() {
    if (this.#streams[0]) return this.#streams[0].destroy();
    const fd = native.sysfd_child_stdin_pipe_release(this.#open());
    if (fd >= 0) native.sysfd_close_take(fd);
  }

  // A pipe stays in the library until it is asked for. Nobody reads it until then.
  #stream(index) {
    if (this.#streams[index] === undefined && this.#native !== null) {
      const fd = releases[index](this.#native);
      this.#streams[index] = fd < 0 ? null : socketOf(fd, index === 0);
    }
    return this.#streams[index] ?? null;
  }
}

function socketOf(fd, writable) {
  try {
    return new Socket({ fd, readable: !writable, writable });
  } catch (error) {
    native.sysfd_close_take(fd);
    throw error;
  }
}

function newCommand(program, isShell) {
  const command = [null];
  const create = isShell ? native.sysfd_command_new_shell : native.sysfd_command_new;
  check(create(text(program, 'program'), command), 'spawn');
  return command[0];
}

export function spawn(program, args = [], options = {}) {
  if (!Array.isArray(args)) return spawn(program, [], args);
  onlyMembers(options, 'options', names);
  const command = newCommand(program, truth(options.shell ?? false, 'shell'));
  try {
    list(args, 'args', text).forEach((value) => native.sysfd_command_arg(command, value));
    setOptions(command, options);
    const child = [null];
    const error = init('sysfd_spawn_error');
    const result = native.sysfd_command_spawn(command, child, error);
    check(result, `spawn ${program}`, {
      text: error.text,
      path: program,
      spawnargs: args,
      step: textOf((buffer, size) => native.sysfd_spawn_step_name(error.step, buffer, size)),
      index: error.index,
    });
    return new Child(start, child[0], options.newSession || options.processGroup === 0);
  } finally {
    native.sysfd_command_free(command);
  }
}

export async function status(program, args = [], options = {}) {
  if (!Array.isArray(args)) return status(program, [], args);
  const { timeout, signal, ...others } = options;
  for (const name of ['stdin', 'stdout', 'stderr'])
    if (others[name] === 'pipe')
      throw badValue(name, 'must not be "pipe": nobody has the other end');
  signal?.throwIfAborted();
  const child = spawn(program, args, others);
  try {
    return await child.wait({ timeout, signal });
  } finally {
    child.close();
  }
}

// Reads a stream to its end. Keeps up to `maxSize` bytes, and discards the rest.
class Collected {
  #chunks = [];
  #size = 0;
  truncated = false;

  constructor(stream, maxSize) {
    if (!stream) return;
    stream.on('data', (chunk) => {
      const kept = chunk.subarray(0, maxSize - this.#size);
      this.truncated ||= kept.length < chunk.length;
      this.#size += kept.length;
      if (kept.length > 0) this.#chunks.push(kept);
    });
    this.end = new Promise((resolve, reject) =>
      stream.once('close', resolve).once('error', reject),
    );
  }

  content(encoding) {
    const all = Buffer.concat(this.#chunks);
    return encoding === undefined ? all : all.toString(encoding);
  }
}

export async function output(program, args = [], options = {}) {
  if (!Array.isArray(args)) return output(program, [], args);
  const { input, maxSize = Infinity, encoding, timeout, signal, ...others } = options;
  if (maxSize !== Infinity) integer(maxSize, 'maxSize', 0, Number.MAX_SAFE_INTEGER);
  if (encoding !== undefined && !Buffer.isEncoding(encoding))
    throw badValue('encoding', `is not known: ${encoding}`);
  if (input !== undefined && others.stdin !== undefined)
    throw badValue('input', 'must not be set together with stdin');
  if (others.stdin === 'pipe') throw badValue('stdin', 'must not be "pipe": use input');
  const written = input === undefined ? undefined : bytes(input, 'input');
  signal?.throwIfAborted();
  const { stdin = written === undefined ? 'ignore' : 'pipe' } = others;
  const { stdout: out = 'pipe', stderr: err = 'pipe' } = others;
  const child = spawn(program, args, { ...others, stdin, stdout: out, stderr: err });
  try {
    const stdout = new Collected(child.stdout, maxSize);
    const stderr = new Collected(child.stderr, maxSize);
    const result = (ended) => ({
      status: ended,
      stdout: stdout.content(encoding),
      stderr: stderr.content(encoding),
      truncated: stdout.truncated || stderr.truncated,
    });
    // A child need not read all of its input: EPIPE.
    child.stdin?.on('error', () => {}).end(written);
    await wait({ timeout, signal }, `spawn ${program}`, (resolve, reject) => {
      Promise.all([child.wait(), stdout.end, stderr.end]).then(resolve, reject);
    }).catch((error) => {
      throw error instanceof SysfdError
        ? Object.assign(error, { output: result(child.status) })
        : error;
    });
    return result(child.status);
  } finally {
    child.close();
  }
}
