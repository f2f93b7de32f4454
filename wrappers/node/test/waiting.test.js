// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { PidFd, output, pipe, spawn, status } from 'sysfd';
import { children, collectUntil, descriptors, index, node, script, threads } from './support.js';

test('200 children that are waited for take no thread', async () => {
  await fs.promises.readFile('/proc/self/status'); // starts the pool of libuv
  const before = threads();
  const all = Array.from({ length: 200 }, () => spawn('sleep', ['1000']));
  const waits = all.map((child) => child.wait());
  const reads = Array.from({ length: 100 }, () => fs.promises.readFile('/proc/self/status'));
  for (const content of await Promise.all(reads)) assert.ok(content.length > 0);
  assert.equal(threads(), before);
  for (const child of all) assert.equal(child.kill('SIGKILL'), true);
  for (const status of await Promise.all(waits)) assert.equal(status.signal, 'SIGKILL');
  for (const child of all) child.close();
});

test('a wait has a time limit, and can be aborted', async () => {
  const child = spawn('sleep', ['1000']);
  await assert.rejects(child.wait({ timeout: 0 }), { code: 'ETIMEDOUT', syscall: 'waitid' });
  await assert.rejects(child.wait({ timeout: 20 }), { code: 'ETIMEDOUT' });

  const controller = new AbortController();
  const aborted = child.wait({ signal: controller.signal, timeout: 100000 });
  const other = child.wait();
  controller.abort();
  await assert.rejects(aborted, { name: 'AbortError' });
  await assert.rejects(child.wait({ signal: controller.signal }), { name: 'AbortError' });
  const why = new Error('because');
  await assert.rejects(child.wait({ signal: AbortSignal.abort(why) }), why);
  await assert.rejects(child.wait({ signal: 5 }), TypeError);

  assert.equal(child.status, null); // it still runs
  child.kill('SIGINT');
  assert.equal((await other).signal, 'SIGINT');
  child.close();
});

test('output() and status() kill their child if they are aborted', async () => {
  for (const run of [output, status]) {
    const controller = new AbortController();
    const running = run('sleep', ['1000'], { signal: controller.signal });
    assert.equal(children().length, 1);
    controller.abort();
    await assert.rejects(running, { name: 'AbortError' });
    assert.deepEqual(children(), []);
    await assert.rejects(run('true', { signal: controller.signal }), { name: 'AbortError' });
  }
});

test('a child that nobody waits for is reaped when it ends, and its descriptors are closed', async () => {
  const before = descriptors();
  const warnings = [];
  const onWarning = (warning) => warnings.push(warning);
  process.on('warning', onWarning);
  (() => {
    for (let i = 0; i < 20; ++i) spawn('true', { stdout: 'pipe' }).pidfd.info();
  })();
  await collectUntil(() => children().length === 0 && descriptors().length === before.length);
  process.off('warning', onWarning);
  assert.deepEqual(children(), []);
  assert.deepEqual(descriptors(), before);
  assert.deepEqual(warnings, []);
});

test('a child that runs is not collected', async () => {
  const { read, write } = pipe();
  spawn('cat', { stdin: read });
  read.close();
  const [before] = children();
  let rounds = 0;
  await collectUntil(() => ++rounds > 20);
  assert.equal(children()[0].split(' ')[0], before.split(' ')[0]);
  write.close();
  await collectUntil(() => children().length === 0);
  assert.deepEqual(children(), []);
});

test('a child does not keep Node running, and a wait does', async () => {
  const left = await output(
    node,
    script(
      "console.log(sysfd.spawn('sleep', ['1000'], { stdout: 'ignore', stderr: 'ignore' }).pid)",
    ),
    {
      encoding: 'utf8',
    },
  );
  assert.equal(left.status.code, 0, left.stderr);
  const process = PidFd.open(Number(left.stdout));
  process.signal('SIGKILL');
  process.close();

  const waits = await output(
    node,
    script("const child = sysfd.spawn('sleep', ['0.2']); console.log((await child.wait()).code)"),
    { encoding: 'utf8' },
  );
  assert.deepEqual([waits.stdout, waits.status.code, waits.stderr], ['0\n', 0, '']);
});

test('Node can exit while waits go on', async () => {
  const text = `
    const child = sysfd.spawn('sleep', ['1000'], { killWithParent: true, stdout: 'ignore', stderr: 'ignore' });
    child.wait({ timeout: 100000 });
    process.exitCode = 5;
    setImmediate(() => process.exit());`;
  const run = await output(node, script(text), { encoding: 'utf8' });
  assert.deepEqual([run.status.code, run.stderr], [5, '']);
});

test('Node can end while a child ends', async () => {
  // When Node ends, its loop runs once more, for this server.
  const text = `
    import fs from 'node:fs';
    import net from 'node:net';
    net.createServer().listen(0, '127.0.0.1').unref();
    const child = sysfd.spawn('true');
    while (!fs.readFileSync('/proc/' + child.pid + '/stat', 'latin1').includes(') Z '));`;
  const run = await output(node, script(text), { encoding: 'utf8' });
  assert.deepEqual([run.status, run.stderr], [{ code: 0, signal: null, coreDumped: false }, '']);
});

test('a child is killed with its parent', async () => {
  const text = `
    const child = sysfd.spawn('sleep', ['1000'], { killWithParent: true, stdout: 'ignore', stderr: 'ignore' });
    console.log(child.pid);
    process.stdin.resume();`;
  const parent = spawn(node, script(text), { stdin: 'pipe', stdout: 'pipe' });
  const [pid] = await new Promise((resolve) =>
    parent.stdout.once('data', (line) => resolve([Number(line)])),
  );
  const process = PidFd.open(pid);
  assert.equal(process.tryWait(), null);
  const end = process.wait(); // of a process that is not a child of this one
  parent.stdin.end();
  assert.equal((await parent.wait()).code, 0);
  const status = await end.catch((error) => error);
  assert.ok(status.signal === 'SIGKILL' || status.code === 'ECHILD', String(status));
  process.close();
  parent.close();
});

test('a pidfd waits for a child, for all who ask', async () => {
  const child = spawn('sleep', ['1000']);
  const process = child.detach();
  const waits = [process.wait(), process.wait({ timeout: 100000 })];
  await assert.rejects(process.wait({ timeout: 1 }), { code: 'ETIMEDOUT' });
  await assert.rejects(process.wait({ signal: AbortSignal.abort() }), { name: 'AbortError' });
  process.signal('SIGKILL');
  for (const status of await Promise.all(waits)) assert.equal(status.signal, 'SIGKILL');
  assert.equal((await process.wait()).signal, 'SIGKILL');
  process.close();

  const second = spawn('sleep', ['1000']);
  const waiting = second.pidfd.wait();
  second.pidfd.close();
  await assert.rejects(waiting, { code: 'ECANCELED' });
  second.close();
});

test('a Worker has children of its own, with its own environment', async () => {
  const text = `
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(index)}).then(async ({ output, spawn }) => {
      process.env.ONLY_HERE = 'yes';
      process.env.LISTEN_FDS = '1';
      const run = await output('echo "$ONLY_HERE,$LISTEN_FDS"', { shell: true, encoding: 'utf8' });
      const child = spawn('sleep', ['1000'], { killWithParent: true });
      child.wait().catch(() => {});
      parentPort.postMessage({ text: run.stdout, pid: child.pid });
    });`;
  const worker = new Worker(text, { eval: true });
  const { text: written, pid } = await new Promise((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  assert.equal(written, 'yes,\n');
  assert.equal(process.env.ONLY_HERE, undefined);
  const left = PidFd.open(pid);
  await worker.terminate();
  left.signal('SIGKILL');
  assert.equal((await left.wait()).signal, 'SIGKILL');
  left.close();
});

test('a Worker can be terminated while a child ends', async () => {
  const text = `
    const fs = require('node:fs');
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(index)}).then(({ spawn }) => {
      const child = spawn('true');
      const stat = '/proc/' + child.pid + '/stat';
      while (!fs.readFileSync(stat, 'latin1').includes(') Z '));
      parentPort.postMessage(child.pid);
      for (;;);
    });`;
  const run = await output(
    node,
    script(`
      import { Worker } from 'node:worker_threads';
      const worker = new Worker(${JSON.stringify(text)}, { eval: true, execArgv: [] });
      worker.once('message', async () => console.log(await worker.terminate()));`),
    { encoding: 'utf8' },
  );
  assert.deepEqual([run.status.code, run.stdout, run.stderr], [0, '1\n', '']);
});
