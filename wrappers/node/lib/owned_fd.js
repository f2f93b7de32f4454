// SPDX-License-Identifier: MIT
//
// Descriptors that are owned by an object, and functions that make them.
import { constants as os } from 'node:os';
import { constants as fs } from 'node:fs';
import { SysfdError, badType, bytes, check, choice, integer, text } from './error.js';
import { constants, native } from './native.js';

export const dispose = Symbol.dispose ?? Symbol.for('nodejs.dispose');
export const asyncDispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose');

// Closes the descriptors of objects that were collected without close(). A warning tells it, since
// nobody knows when, or whether, an object is collected.
const unclosed = new FinalizationRegistry(({ fd, name }) => {
  if (name)
    process.emitWarning(
      `${name} of descriptor ${fd} was collected without close()`,
      'SysfdWarning',
    );
  native.sysfd_close_take(fd);
});

// For a descriptor that belongs to another object, which closes it.
export function withoutWarning(owned) {
  unclosed.unregister(owned);
  unclosed.register(owned, { fd: owned.fd }, owned);
  return owned;
}

export class OwnedFd {
  #fd;

  constructor(fd) {
    integer(fd, 'fd', 0);
    if (check(native.sysfd_is_open(fd), 'fcntl') === 0)
      throw new SysfdError(-os.errno.EBADF, 'fcntl');
    this.#fd = fd;
    unclosed.register(this, { fd, name: new.target.name }, this);
  }

  get fd() {
    if (this.#fd === undefined)
      throw new SysfdError(-os.errno.EBADF, 'fd', {
        text: `this ${this.constructor.name} is closed`,
      });
    return this.#fd;
  }

  get closed() {
    return this.#fd === undefined;
  }

  duplicate() {
    return new this.constructor(check(native.sysfd_duplicate(this.fd), 'fcntl'));
  }

  release() {
    const { fd } = this;
    this.#fd = undefined;
    unclosed.unregister(this);
    return fd;
  }

  close() {
    if (!this.closed) check(native.sysfd_close_take(this.release()), 'close');
  }

  [dispose]() {
    this.close();
  }
}

// Returns the number of a descriptor that is given as a number or as an object that has one: an
// OwnedFd, a PidFd, a FileHandle of node:fs/promises.
export function descriptor(value, what) {
  const fd = typeof value === 'object' && value !== null ? value.fd : value;
  if (typeof fd !== 'number') throw badType(what, 'a descriptor', value);
  return integer(fd, what, 0);
}

// The same of a directory, which defaults to the working directory.
export function directory(value) {
  return value === undefined ? constants.SYSFD_CWD : descriptor(value, 'directory');
}

export function open(path, flags = fs.O_RDONLY, { mode = 0o666, directory: at } = {}) {
  integer(flags, 'flags', 0);
  integer(mode, 'mode', 0, 0o7777);
  return new OwnedFd(
    check(native.sysfd_open(directory(at), text(path, 'path'), flags, mode), 'open', { path }),
  );
}

function pair(make, syscall) {
  const fds = [0, 0];
  check(make(fds), syscall);
  return fds.map((fd) => new OwnedFd(fd));
}

export function pipe() {
  const [read, write] = pair((fds) => native.sysfd_pipe(0, fds), 'pipe2');
  return { read, write };
}

const socketTypes = {
  stream: constants.SOCK_STREAM,
  dgram: constants.SOCK_DGRAM,
  seqpacket: constants.SOCK_SEQPACKET,
};

export function socketPair(type = 'stream') {
  const number = choice(type, 'type', socketTypes);
  return pair((fds) => native.sysfd_socket_pair(number, fds), 'socketpair');
}

export function memfd(name, content) {
  text(name, 'name');
  if (content === undefined) return new OwnedFd(check(native.sysfd_memfd(name, 0), 'memfd_create'));
  const sealed = bytes(content, 'content');
  return new OwnedFd(check(native.sysfd_sealed_memfd(name, sealed, sealed.length), 'memfd_create'));
}
