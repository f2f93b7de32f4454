// SPDX-License-Identifier: MIT
//
// The functions and classes of this package. index.d.ts describes them.
export { Child, output, spawn, status } from './lib/command.js';
export { SysfdError } from './lib/error.js';
export { features, version } from './lib/features.js';
export { OwnedFd, memfd, open, pipe, socketPair } from './lib/owned_fd.js';
export { receiveFds, sendFds } from './lib/fd_passing.js';
export {
  FileHandle,
  findMount,
  nameToHandle,
  nameToHandleOf,
  openByHandle,
} from './lib/file_handle.js';
export { listenFds, notify, notifyBarrier, watchdogInterval } from './lib/listen.js';
export { PidFd } from './lib/pidfd.js';
