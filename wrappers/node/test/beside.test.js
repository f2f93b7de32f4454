// SPDX-License-Identifier: MIT
//
// Beside child_process, and without traces in the process.
import assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import test from 'node:test';
import { children, state } from './support.js';

// As the first test: nothing is loaded yet.
test('the process is left as it was', async () => {
  const before = state();
  const sysfd = await import('sysfd');
  const use = async () => {
    assert.equal((await sysfd.output('cat', { input: 'x', newSession: true })).status.code, 0);
    assert.equal(
      (await sysfd.status('true', { signals: { ignored: ['SIGINT'] }, umask: 0 })).code,
      0,
    );
    assert.throws(() => sysfd.spawn('/nonexistent'));
    const child = sysfd.spawn('sleep', ['1000'], { stdin: 'pipe', stdout: 'pipe' });
    child.stdin.write('x');
    await child.terminate();
    child.close();
    sysfd.features();
    sysfd.version();
    sysfd.listenFds();
    await sysfd.notify({ ready: true });
  };
  await use();
  await use();
  const after = state();
  assert.deepEqual(after, before);
});

test('neither takes the status of the children of the other', async (t) => {
  const { spawn } = await import('sysfd');
  const count = 300;
  const width = 25;
  // libuv handles SIGCHLD while it has children, so it has one all the time.
  const idle = childProcess.spawn('sleep', ['1000'], { stdio: 'ignore' });
  t.after(() => idle.kill('SIGKILL'));
  const before = state();
  const caught = before.signals.find((line) => line.startsWith('SigCgt')).split('\t')[1];
  assert.notEqual(BigInt(`0x${caught}`) & (1n << BigInt(os.constants.signals.SIGCHLD - 1)), 0n);

  let next = 0;
  const worker = async () => {
    while (next < count) {
      const code = next++ % 256;
      const args = ['-c', `exit ${code}`];
      const theirs = childProcess.spawn('sh', args, { stdio: 'ignore' });
      const ours = spawn('sh', args);
      const [[theirCode], status] = await Promise.all([once(theirs, 'exit'), ours.wait()]);
      assert.deepEqual([theirCode, status.code], [code, code]);
      ours.close();
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  assert.equal(next, count);

  // All at once.
  const theirs = Array.from({ length: 100 }, () =>
    childProcess.spawn('sleep', ['1000'], { stdio: 'ignore' }),
  );
  const ours = Array.from({ length: 100 }, () => spawn('sleep', ['1000']));
  const ends = [
    ...theirs.map((child) => once(child, 'exit')),
    ...ours.map((child) => child.wait()),
  ];
  for (let i = 0; i < 100; ++i) {
    theirs[i].kill('SIGKILL');
    ours[i].kill('SIGTERM');
  }
  const all = await Promise.all(ends);
  for (const [, signal] of all.slice(0, 100)) assert.equal(signal, 'SIGKILL');
  for (const { signal } of all.slice(100)) assert.equal(signal, 'SIGTERM');
  for (const child of ours) child.close();

  assert.deepEqual(state(), before);
  idle.kill('SIGKILL');
  await once(idle, 'exit');
  assert.deepEqual(children(), []);
});
