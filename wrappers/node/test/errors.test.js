// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  Child,
  FileHandle,
  OwnedFd,
  PidFd,
  SysfdError,
  memfd,
  nameToHandle,
  notify,
  open,
  openByHandle,
  output,
  receiveFds,
  sendFds,
  socketPair,
  spawn,
  status,
} from 'sysfd';
import { descriptors } from './support.js';

test('an error of a start tells what failed', () => {
  assert.throws(
    () => spawn('/nonexistent/program', ['x']),
    (error) => {
      assert.ok(error instanceof SysfdError && error instanceof Error);
      assert.equal(error.name, 'SysfdError');
      assert.equal(error.code, 'ENOENT');
      assert.equal(error.errno, -2);
      assert.equal(error.syscall, 'spawn /nonexistent/program');
      assert.equal(error.path, '/nonexistent/program');
      assert.deepEqual(error.spawnargs, ['x']);
      assert.equal(error.step, 'exec');
      assert.match(error.message, /^ENOENT: .*\/nonexistent\/program/);
      return true;
    },
  );
  const file = memfd('no terminal');
  const steps = {
    working_directory: { cwd: '/nonexistent' },
    descriptor: { pass: { 3: 999999 } },
    process_group: { processGroup: 2147483647 },
    environment: { env: { 'A=B': 'c' } },
    limit: { limits: { nofile: [20, 10] } },
    standard_stream: { stdin: 999999 },
    controlling_terminal: { newSession: true, controllingTerminal: file },
    foreground_group: { foregroundOf: file },
  };
  for (const [step, options] of Object.entries(steps))
    assert.throws(() => spawn('true', options), { step });
  file.close();
});

test('an error of a call tells what failed', () => {
  assert.throws(() => open('/nonexistent'), {
    code: 'ENOENT',
    errno: -2,
    syscall: 'open',
    path: '/nonexistent',
    message: 'ENOENT: no such file or directory, open',
  });
  assert.throws(() => PidFd.open(-1), { code: 'EINVAL', syscall: 'pidfd_open' });
});

test('bad arguments are found, and named', async () => {
  const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
  const range = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
  const before = descriptors();
  const [left, right] = socketPair();
  const cases = [
    [() => spawn(1), type, /program/],
    [() => spawn('a\0b'), range, /program/],
    [() => spawn('true', [1]), type, /args\[0\]/],
    [() => spawn('true', ['a\0']), range, /args\[0\]/],
    [() => spawn('true', [], null), type, /options/],
    [() => spawn('true', { stdinn: 'pipe' }), range, /"stdinn"/],
    [() => spawn('true', { stdin: 'stdout' }), range, /stdin must be one of/],
    [() => spawn('true', { stdout: {} }), type, /stdout/],
    [() => spawn('true', { stdout: -1 }), range, /stdout/],
    [() => spawn('true', { stdout: 1.5 }), range, /stdout/],
    [() => spawn('true', { shell: '/bin/bash' }), type, /shell/],
    [() => spawn('true', { terminal: false }), type, /terminal/],
    [() => spawn('true', { terminal: { lines: 5 } }), range, /"lines"/],
    [() => spawn('true', { pass: { x: 1 } }), range, /"x"/],
    [() => spawn('true', { pass: 3 }), type, /pass/],
    [() => spawn('true', { pass: { 3: 'x' } }), type, /pass\[3\]/],
    [() => spawn('true', { env: { A: 'b\0' } }), range, /env.A/],
    [() => spawn('true', { env: 1 }), type, /env/],
    [() => spawn('true', { cwd: 'a\0' }), range, /cwd/],
    [() => spawn('true', { user: -1 }), range, /user/],
    [() => spawn('true', { user: 'root' }), type, /user/],
    [() => spawn('true', { groups: 5 }), type, /groups/],
    [() => spawn('true', { newSession: 1 }), type, /newSession/],
    [() => spawn('true', { killWithParent: 'yes' }), type, /killWithParent/],
    [() => spawn('true', { limits: { files: 1 } }), range, /"files"/],
    [() => spawn('true', { limits: { nofile: -1 } }), range, /limits.nofile/],
    [() => spawn('true', { signals: { blocked: ['SIGNONE'] } }), range, /blocked\[0\]/],
    [() => spawn('true', { namespaces: { create: ['x'] } }), range, /create\[0\]/],
    [() => spawn('true', { seccomp: Buffer.alloc(7) }), range, /seccomp/],
    [() => spawn('true', { search: 'everywhere' }), range, /search/],
    [() => spawn('true', { listenFds: [{ name: 1, fd: 0 }] }), type, /listenFds/],
    [() => new OwnedFd('1'), type, /fd/],
    [() => new OwnedFd(-1), range, /fd/],
    [() => new FileHandle(5), type, /stored/],
    [() => openByHandle(0, {}), type, /handle/],
    [() => nameToHandle('a\0'), range, /path/],
    [() => memfd(1), type, /name/],
    [() => memfd('x', 5), type, /content/],
    [() => socketPair('raw'), range, /type/],
    [() => PidFd.fromId(1), type, /id/],
    [() => output('true', { maxSize: -1 }), range, /maxSize/],
    [() => output('true', { encoding: 'x' }), range, /encoding/],
    [() => output('true', { input: 'x', stdin: 'ignore' }), range, /input/],
    [() => output('true', { stdin: 'pipe' }), range, /stdin/],
    [() => output('true', { timeout: -1 }), range, /timeout/],
    [() => output('true', { timeout: '1' }), type, /timeout/],
    [() => output('true', { timeout: 2 ** 31 }), range, /timeout/],
    [() => output('true', { timeout: NaN }), range, /timeout/],
    [() => status('true', { stdout: 'pipe' }), range, /stdout/],
    [() => sendFds('x', []), type, /socket/],
    [() => sendFds(left, 5), type, /fds/],
    [() => receiveFds(right, { size: 0 }), range, /size/],
    [() => receiveFds(right, { maxFds: 999 }), range, /maxFds/],
    [() => notify({ read: true }), range, /"read"/],
    [() => notify({ ready: true, timeout: Infinity }), range, /timeout/],
  ];
  for (const [call, expected, message] of cases)
    await assert.rejects(async () => call(), { ...expected, message }, String(call));
  assert.throws(() => new Child(), TypeError);
  left.close();
  right.close();
  assert.deepEqual(descriptors(), before);
});

test('a closed object tells so', () => {
  const file = memfd('x', 'y');
  file.close();
  file.close();
  assert.equal(file.closed, true);
  assert.throws(() => file.fd, { code: 'EBADF', message: /this OwnedFd is closed/ });
  assert.throws(() => new OwnedFd(999999), { code: 'EBADF' });
});

test('a descriptor that is no pidfd is refused, and closed', () => {
  const file = memfd('x', 'y');
  const { fd } = file;
  assert.throws(() => new PidFd(file.release()), { code: 'EBADF', message: /not a pidfd/ });
  assert.throws(() => new OwnedFd(fd), { code: 'EBADF' });
});
