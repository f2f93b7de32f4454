// SPDX-License-Identifier: MIT
//
// Names of files that outlive their paths.
import { constants as fs } from 'node:fs';
import { badType, bytes, check, flagsOf, integer, text } from './error.js';
import { constants, native } from './native.js';
import { OwnedFd, descriptor, directory } from './owned_fd.js';

// Holds the bytes that the library writes to store a handle.
export class FileHandle {
  #stored;

  constructor(stored) {
    this.#stored = Buffer.from(bytes(stored, 'stored'));
    use(this, () => {});
  }

  get type() {
    const type = [0];
    use(this, (handle) => check(native.sysfd_file_handle_type(handle, type), 'type'));
    return type[0];
  }

  equals(other) {
    return (
      use(this, (left) =>
        use(other, (right) => check(native.sysfd_file_handle_equal(left, right), 'equals')),
      ) === 1
    );
  }

  serialize() {
    return Buffer.from(this.#stored);
  }
}

// Calls a function with the object of the library that a handle stands for.
function use(value, call) {
  if (!(value instanceof FileHandle)) throw badType('handle', 'a FileHandle', value);
  const stored = value.serialize();
  const handle = [null];
  const result = native.sysfd_file_handle_deserialize(stored, stored.length, handle);
  check(result, 'deserialize', { text: 'these bytes are not one serialized handle' });
  try {
    return call(handle[0]);
  } finally {
    native.sysfd_file_handle_free(handle[0]);
  }
}

const flags = {
  follow: constants.SYSFD_HANDLE_FOLLOW,
  fid: constants.SYSFD_HANDLE_FID,
  connectable: constants.SYSFD_HANDLE_CONNECTABLE,
  uniqueMount: constants.SYSFD_HANDLE_UNIQUE_MOUNT,
};

function named(make, properties) {
  const out = [null];
  const mount = {};
  check(make(out, mount), 'name_to_handle_at', properties);
  try {
    const buffer = Buffer.alloc(160);
    const size = check(
      native.sysfd_file_handle_serialize(out[0], buffer, buffer.length),
      'serialize',
    );
    return {
      handle: new FileHandle(buffer.subarray(0, size)),
      mount: { id: BigInt(mount.id), isUnique: mount.is_unique === 1 },
    };
  } finally {
    native.sysfd_file_handle_free(out[0]);
  }
}

export function nameToHandle(path, options = {}) {
  const at = directory(options.directory);
  text(path, 'path');
  return named(
    (handle, mount) =>
      native.sysfd_name_to_handle(at, path, flagsOf(options, flags), handle, mount),
    { path },
  );
}

export function nameToHandleOf(file, options = {}) {
  const fd = descriptor(file, 'file');
  return named((handle, mount) =>
    native.sysfd_name_to_handle_of(fd, flagsOf(options, flags), handle, mount),
  );
}

export function findMount({ id, isUnique }) {
  if (typeof id !== 'bigint') throw badType('mount.id', 'a bigint', id);
  return new OwnedFd(
    check(native.sysfd_find_mount({ id, is_unique: isUnique ? 1 : 0, reserved: 0 }), 'find_mount'),
  );
}

export function openByHandle(mount, handle, openFlags = fs.O_RDONLY) {
  const at = descriptor(mount, 'mount');
  integer(openFlags, 'flags', 0);
  return use(
    handle,
    (object) =>
      new OwnedFd(check(native.sysfd_open_by_handle(at, object, openFlags), 'open_by_handle_at')),
  );
}
