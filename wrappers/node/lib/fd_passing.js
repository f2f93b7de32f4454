// SPDX-License-Identifier: MIT
//
// Sends and receives descriptors over AF_UNIX sockets.
import { SysfdError, bytes, integer, list } from './error.js';
import { constants, init, native } from './native.js';
import { OwnedFd, descriptor } from './owned_fd.js';
import { timeoutOf, whenReady } from './waiting.js';

export async function sendFds(socket, fds, payload = '\0', options = {}) {
  const numbers = list(fds, 'fds', descriptor);
  const content = bytes(payload, 'payload');
  return whenReady(socket, 'writable', options, 'sendmsg', () =>
    native.sysfd_send_fds_for(
      descriptor(socket, 'socket'),
      numbers,
      numbers.length,
      content,
      content.length,
      timeoutOf(0),
    ),
  );
}

export async function receiveFds(socket, options = {}) {
  const { size = 4096, maxFds = constants.SYSFD_MAX_FDS_IN_MESSAGE } = options;
  const payload = Buffer.alloc(integer(size, 'size', 1));
  integer(maxFds, 'maxFds', 0, constants.SYSFD_MAX_FDS_IN_MESSAGE);
  const receive = init('sysfd_receive_options', {
    flags: constants.SYSFD_RECEIVE_NOWAIT,
    max_fds: maxFds,
  });
  const out = [null];
  const length = await whenReady(socket, 'readable', options, 'recvmsg', () =>
    native.sysfd_receive_fds(descriptor(socket, 'socket'), payload, payload.length, receive, out),
  );
  const [message] = out;
  try {
    const count = native.sysfd_message_fd_count(message);
    const fds = Array.from(
      { length: count },
      (_, index) => new OwnedFd(native.sysfd_message_fd_release(message, index)),
    );
    const failure = native.sysfd_message_fds_error(message);
    return {
      payload: payload.subarray(0, length),
      fds,
      fdsError: failure < 0 ? new SysfdError(failure, 'recvmsg') : null,
    };
  } finally {
    native.sysfd_message_free(message);
  }
}
