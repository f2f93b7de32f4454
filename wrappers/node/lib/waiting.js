// SPDX-License-Identifier: MIT
//
// Waits for processes and sockets in Node's event loop.
//
// The kernel tells the end of a process by making its pidfd readable. Node's event loop is an
// epoll(7) loop, but Node's own classes only watch sockets, pipes and terminals. koffi can add any
// descriptor to it (koffi.node.poll, which is uv_poll_t of libuv; it is not documented, so that
// package.json names the minor version of koffi). So each process that somebody
// waits for is one more descriptor of that loop, and costs no thread: neither one of libuv's pool,
// of which there are four, nor a Worker, which would block in a system call when Node wants to
// exit. The status is then taken by waitid(2) with WNOHANG. SIGCHLD is not used, and libuv's
// handler for it is left alone: libuv waits only for processes that it has started itself.
//
// Some things need care:
// - koffi calls back without the scope that Node makes for its own callbacks. Nothing says when
//   promises that are resolved there go on. So the callback only calls setImmediate().
// - koffi calls back also when Node ends and cannot run JavaScript any more, and then stops the
//   whole program. So all descriptors are taken out of the loop at the event 'exit'. A Worker that
//   is terminated has no such event: there, processes and sockets are asked every 10 milliseconds.
// - libuv watches a descriptor number once. Each watch here has a number of its own: a pidfd that
//   belongs to one object, or a duplicate. libuv makes it non-blocking, which the waits of the
//   library allow for.
// - A pidfd is readable when the process is a zombie. If it is not the caller's child, or if
//   another process traces it, there is no status yet, and no event tells when there is. It is then
//   asked for every 10 milliseconds, as the library does.
import koffi from 'koffi';
import { constants as os } from 'node:os';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { isMainThread } from 'node:worker_threads';
import { SysfdError, badType, badValue, check } from './error.js';
import { constants, init, native } from './native.js';
import { descriptor } from './owned_fd.js';

const longestTimer = 2 ** 31 - 1;

// Checks a time limit in milliseconds. No limit is Infinity.
export function milliseconds(value, what = 'timeout') {
  if (value === undefined) return Infinity;
  if (typeof value !== 'number') throw badType(what, 'a number', value);
  if (value === Infinity || (value >= 0 && value <= longestTimer)) return value;
  throw badValue(what, `must be from 0 to ${longestTimer} milliseconds, or Infinity, not ${value}`);
}

// Returns a struct sysfd_timeout for a limit in milliseconds.
export function timeoutOf(limit) {
  const nanoseconds = limit === Infinity ? constants.SYSFD_FOREVER : BigInt(Math.ceil(limit * 1e6));
  return init('sysfd_timeout', { nanoseconds });
}

// Calls `begin` with a function that ends the wait, by a value or an error, and returns a promise
// of that. An AbortSignal and a time limit also end it. A function that `begin` returns is called at
// the end.
export function wait({ timeout, signal } = {}, syscall, begin) {
  const limit = milliseconds(timeout);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw badType('signal', 'an AbortSignal', signal);
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    let timer;
    let finish;
    const settle = (act, value) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      finish?.();
      act(value);
    };
    const onAbort = () => settle(reject, signal.reason);
    const onTimeout = () =>
      settle(
        reject,
        new SysfdError(-os.errno.ETIMEDOUT, syscall, {
          text: `${syscall}: the time limit has passed`,
        }),
      );
    signal?.addEventListener('abort', onAbort);
    if (limit !== Infinity) timer = setTimeout(onTimeout, limit);
    finish = begin(
      (value) => settle(resolve, value),
      (error) => settle(reject, error),
    );
  });
}

const polls = new Set();
let canPoll = isMainThread;

if (isMainThread)
  process.once('exit', () => {
    canPoll = false;
    for (const poll of polls) poll.close();
    polls.clear();
  });

// Calls back once, soon.
function onTimer(callback) {
  const timer = setTimeout(callback, 10);
  return {
    keepRunning: (keeps) => (keeps ? timer.ref() : timer.unref()),
    close: () => clearTimeout(timer),
  };
}

// Calls back once, when poll(2) says that a descriptor is `readable` or `writable`, or earlier.
function onEvent(fd, event, callback) {
  if (!canPoll) return onTimer(callback);
  const poll = koffi.node.poll(fd, { [event]: true }, () => {
    poll.stop();
    setImmediate(callback);
  });
  polls.add(poll);
  return {
    keepRunning: (keeps) => {
      if (polls.has(poll)) poll[keeps ? 'ref' : 'unref']();
    },
    close: () => {
      if (polls.delete(poll)) poll.close();
    },
  };
}

// Waits until a socket may be ready.
function ready(fd, event, options, syscall) {
  const duplicate = check(native.sysfd_duplicate(fd), syscall);
  const done = wait(options, syscall, (resolve) => onEvent(duplicate, event, resolve).close);
  return done.finally(() => native.sysfd_close_take(duplicate));
}

// Calls `attempt`, which does not block, until it returns something else than "not now".
export async function whenReady(socket, event, options, syscall, attempt) {
  const { timeout, signal } = options;
  const end = performance.now() + milliseconds(timeout);
  for (;;) {
    signal?.throwIfAborted();
    const result = attempt();
    if (result !== -os.errno.EAGAIN && result !== -os.errno.ETIMEDOUT)
      return check(result, syscall);
    const left = end === Infinity ? Infinity : Math.max(0, end - performance.now());
    await ready(descriptor(socket, 'socket'), event, { signal, timeout: left }, syscall);
  }
}

// The end of one process. `tryWait` returns its status, or null if it has not ended yet.
export class ProcessEnd {
  #fd;
  #tryWait;
  #watch = null;
  #waiters = new Set();
  #status = null;
  #stays = false;

  constructor(fd, tryWait) {
    this.#fd = fd;
    this.#tryWait = tryWait;
  }

  get status() {
    return this.#status;
  }

  tryWait() {
    this.#status ??= this.#tryWait();
    return this.#status;
  }

  // Watches the process to its end, also while nobody waits. This does not keep Node running.
  watch() {
    this.#stays = true;
    this.#start();
  }

  wait(options) {
    return wait(options, 'waitid', (resolve, reject) => {
      if (!this.#watch) this.#start();
      const waiter = { resolve, reject };
      this.#waiters.add(waiter);
      this.#watch.keepRunning(true);
      return () => {
        this.#waiters.delete(waiter);
        if (this.#waiters.size > 0) return;
        if (this.#stays) this.#watch?.keepRunning(false);
        else this.#stop();
      };
    });
  }

  // Ends all waits with an error.
  cancel(error) {
    this.#stop();
    for (const { reject } of this.#waiters) reject(error);
  }

  #start() {
    this.#setWatch(onEvent(this.#fd, 'readable', () => this.#check()));
  }

  // Keeps Node running if and only if somebody waits.
  #setWatch(watch) {
    this.#watch = watch;
    watch.keepRunning(this.#waiters.size > 0);
  }

  #stop() {
    this.#stays = false;
    this.#watch?.close();
    this.#watch = null;
  }

  #check() {
    if (!this.#watch) return;
    let failure;
    try {
      if (this.tryWait() === null) {
        this.#watch.close();
        this.#setWatch(onTimer(() => this.#check()));
        return;
      }
    } catch (error) {
      failure = error;
    }
    this.#stop();
    for (const { resolve, reject } of this.#waiters) {
      if (failure) reject(failure);
      else resolve(this.#status);
    }
  }
}
