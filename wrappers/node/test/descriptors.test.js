// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {
  FileHandle,
  OwnedFd,
  PidFd,
  SysfdError,
  features,
  findMount,
  listenFds,
  memfd,
  nameToHandle,
  nameToHandleOf,
  notify,
  notifyBarrier,
  open,
  openByHandle,
  output,
  pipe,
  receiveFds,
  sendFds,
  socketPair,
  spawn,
  version,
  watchdogInterval,
} from 'sysfd';
import * as sysfd from 'sysfd';
import koffi from 'koffi';
import { collectUntil, descriptors, node, scratch, script } from './support.js';

test('the types name what the package exports', () => {
  const types = fs.readFileSync(new URL('../index.d.ts', import.meta.url), 'utf8');
  const named = [...types.matchAll(/^export (?:class|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual([...new Set(named)].sort(), Object.keys(sysfd).sort());
});

test('version and features', () => {
  assert.match(version(), /^\d+\.\d+\.\d+$/);
  const known = features();
  assert.equal(known.pidfd_open, true);
  assert.ok(Object.keys(known).length >= 33);
  assert.ok(Object.values(known).every((each) => typeof each === 'boolean'));
});

test('owned descriptors', () => {
  const before = descriptors();
  const file = memfd('name', 'content');
  assert.throws(() => fs.writeSync(file.fd, 'x'), { code: 'EPERM' }); // sealed
  const empty = memfd('empty');
  assert.equal(fs.writeSync(empty.fd, 'abc'), 3);
  empty.close();
  const second = file.duplicate();
  assert.ok(second instanceof OwnedFd && second.fd !== file.fd);
  file.close();
  assert.equal(fs.readFileSync(`/proc/self/fd/${second.fd}`, 'utf8'), 'content');
  const owned = new OwnedFd(second.release());
  assert.equal(second.closed, true);
  owned[Symbol.dispose]();

  const { read, write } = pipe();
  fs.writeSync(write.fd, 'through');
  const memory = Buffer.alloc(10);
  assert.equal(fs.readSync(read.fd, memory), 7);
  read.close();
  write.close();

  const directory = open('/proc/self', fs.constants.O_PATH | fs.constants.O_DIRECTORY);
  const status = open('status', fs.constants.O_RDONLY, { directory });
  assert.match(fs.readFileSync(status.fd, 'latin1'), /^Name:/);
  status.close();
  directory.close();
  assert.deepEqual(descriptors(), before);
});

test('a descriptor that is collected is closed, with a warning', async () => {
  const before = descriptors();
  const warned = once(process, 'warning');
  (() => memfd('lost', 'x'))();
  let warning;
  warned.then(([each]) => (warning = each));
  await collectUntil(() => warning);
  assert.equal(warning.name, 'SysfdWarning');
  assert.match(warning.message, /OwnedFd of descriptor \d+ was collected without close\(\)/);
  assert.deepEqual(descriptors(), before);
});

test('pidfds', () => {
  const self = PidFd.self();
  assert.equal(self.pid, process.pid);
  assert.equal(self.tryWait(), null);
  const same = PidFd.open(process.pid);
  assert.equal(self.sameProcess(same), true);
  const parent = PidFd.open(process.ppid);
  assert.equal(self.sameProcess(parent), false);
  const info = self.info();
  assert.equal(info.pid, process.pid);
  if (info.parent !== undefined) assert.equal(info.parent, process.ppid);
  self.signal(0);
  self.signal('SIGCONT', { scope: 'process' });
  assert.throws(() => self.signal(0, { scope: 'all' }), RangeError);

  const file = memfd('shared', 'seen');
  const other = self.getFd(file.fd);
  assert.equal(fs.readFileSync(`/proc/self/fd/${other.fd}`, 'utf8'), 'seen');
  other.close();
  file.close();

  const [left, right] = socketPair();
  let peer;
  try {
    peer = PidFd.ofPeer(left);
    assert.equal(peer.pid, process.pid);
  } catch (error) {
    assert.equal(error.code, 'ENOTSUP'); // before Linux 6.5
  }
  try {
    const found = PidFd.fromId(self.id);
    assert.equal(found.pid, process.pid);
    found.close();
  } catch (error) {
    assert.equal(error.code, 'ENOTSUP'); // before Linux 6.14
  }
  for (const each of [self, same, parent, left, right, peer]) each?.close();
});

test('descriptors over sockets', async () => {
  const before = descriptors();
  const [left, right] = socketPair('seqpacket');
  const receiving = receiveFds(right); // waits
  const file = memfd('sent', 'over there');
  assert.equal(await sendFds(left, [file, file.fd], 'payload'), 7);
  file.close();
  const message = await receiving;
  assert.equal(message.payload.toString(), 'payload');
  assert.equal(message.fdsError, null);
  assert.equal(message.fds.length, 2);
  assert.equal(fs.readFileSync(`/proc/self/fd/${message.fds[0].fd}`, 'utf8'), 'over there');
  for (const fd of message.fds) fd.close();

  await assert.rejects(receiveFds(right, { timeout: 10 }), { code: 'ETIMEDOUT' });
  await assert.rejects(receiveFds(right, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  // Two may wait at once.
  const both = [receiveFds(right), receiveFds(right)];
  await sendFds(left, []);
  await sendFds(left, []);
  for (const { payload, fds } of await Promise.all(both))
    assert.deepEqual([payload.length, fds.length], [1, 0]);
  // Sends until the queue is full, then waits for the reader.
  let sent = 0;
  const full = (async () => {
    for (;;) {
      await sendFds(left, [], Buffer.alloc(10000), { timeout: 50 });
      ++sent;
    }
  })();
  await assert.rejects(full, { code: 'ETIMEDOUT' });
  assert.ok(sent > 0);
  const more = sendFds(left, [], Buffer.alloc(10000));
  for (let i = 0; i <= sent; ++i)
    assert.equal((await receiveFds(right, { size: 20000 })).payload.length, 10000);
  await more;

  const many = receiveFds(right, { maxFds: 1 });
  const extra = memfd('extra', '');
  await sendFds(left, [extra, extra], 'x');
  extra.close();
  const cut = await many;
  assert.ok(cut.fdsError instanceof SysfdError);
  for (const fd of cut.fds) fd.close();
  left.close();
  assert.equal((await receiveFds(right)).payload.length, 0); // the end
  right.close();
  assert.deepEqual(descriptors(), before);
});

test('file handles', (t) => {
  const directory = scratch(t);
  fs.writeFileSync(path.join(directory, 'a'), 'kept');
  let named;
  try {
    named = nameToHandle(path.join(directory, 'a'));
  } catch (error) {
    return t.skip(error.message);
  }
  const { handle, mount } = named;
  assert.equal(typeof mount.id, 'bigint');
  assert.equal(typeof mount.isUnique, 'boolean');
  assert.equal(typeof handle.type, 'number');
  const again = new FileHandle(handle.serialize());
  assert.ok(handle.equals(again) && !handle.equals(nameToHandle(directory).handle));
  assert.throws(() => new FileHandle(Buffer.from('x')), { code: 'EBADMSG' });

  const at = open(directory);
  assert.ok(handle.equals(nameToHandle('a', { directory: at }).handle));
  fs.renameSync(path.join(directory, 'a'), path.join(directory, 'b'));
  const renamed = open(path.join(directory, 'b'));
  assert.ok(handle.equals(nameToHandleOf(renamed, { fid: false }).handle));
  renamed.close();
  const found = findMount(mount);
  found.close();
  try {
    const file = openByHandle(at, again, fs.constants.O_RDONLY);
    assert.equal(fs.readFileSync(file.fd, 'utf8'), 'kept');
    file.close();
  } catch (error) {
    assert.equal(error.code, 'EPERM'); // needs CAP_DAC_READ_SEARCH
  }
  at.close();
});

test('socket activation', async () => {
  assert.deepEqual(listenFds(), []);
  const first = memfd('first', '1');
  const second = memfd('second', '2');
  const text = `
    import fs from 'node:fs';
    const kept = sysfd.listenFds({ keepEnvironment: true });
    const given = kept.map(({ name, fd }) => name + fd.fd + fs.readFileSync('/proc/self/fd/' + fd.fd));
    try { sysfd.listenFds({ keepEnvironment: true }); } catch (error) { console.log(error.code); }
    console.log(given.join(), process.env.LISTEN_FDS, sysfd.watchdogInterval());
    for (const { fd } of kept) fd.close();`;
  const run = await output(node, script(text), {
    listenFds: [
      { name: 'one', fd: first },
      { name: 'two', fd: second },
    ],
    encoding: 'utf8',
  });
  assert.deepEqual([run.stdout, run.stderr], ['EALREADY\none31,two42 2 null\n', '']);
  first.close();
  second.close();
});

test('messages to the manager', async (t) => {
  assert.equal(await notify({ ready: true }), false);
  assert.equal(await notifyBarrier(), false);
  assert.equal(watchdogInterval(), null);

  // Node has no datagram sockets of AF_UNIX.
  const address = path.join(scratch(t), 'notify');
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int domain, int type, int protocol)')(1, 2, 0);
  const manager = new OwnedFd(socket);
  const name = Buffer.alloc(110);
  name.writeUInt16LE(1, 0);
  name.write(address, 2);
  assert.equal(
    libc.func('int bind(int fd, const void *name, unsigned int size)')(socket, name, name.length),
    0,
  );

  process.env.NOTIFY_SOCKET = address;
  process.env.WATCHDOG_USEC = '2500000';
  t.after(() => {
    delete process.env.NOTIFY_SOCKET;
    delete process.env.WATCHDOG_USEC;
  });
  assert.equal(watchdogInterval(), 2500);
  const self = PidFd.self();
  assert.equal(
    await notify({
      ready: true,
      status: 'serving',
      error: 5,
      exitStatus: 3,
      watchdog: true,
      watchdogInterval: 2500,
      extendTimeout: 10,
      more: 'X_A=b',
      mainProcess: self,
      timeout: 1000,
    }),
    true,
  );
  self.close();
  const { payload } = await receiveFds(manager);
  const lines = payload.toString().split('\n');
  for (const line of [
    'READY=1',
    'STATUS=serving',
    'ERRNO=5',
    'EXIT_STATUS=3',
    'WATCHDOG=1',
    'WATCHDOG_USEC=2500000',
    'EXTEND_TIMEOUT_USEC=10000',
    'X_A=b',
    `MAINPID=${process.pid}`,
  ])
    assert.ok(lines.includes(line), `${line} in ${payload}`);

  const kept = memfd('kept', 'for later');
  await notify({ store: [kept], storeName: 'it', storePoll: false, address });
  kept.close();
  const stored = await receiveFds(manager);
  assert.match(stored.payload.toString(), /FDSTORE=1/);
  assert.match(stored.payload.toString(), /FDNAME=it/);
  assert.match(stored.payload.toString(), /FDPOLL=0/);
  assert.equal(fs.readFileSync(`/proc/self/fd/${stored.fds[0].fd}`, 'utf8'), 'for later');
  stored.fds[0].close();

  const barrier = notifyBarrier({ timeout: 60000 });
  const asked = await receiveFds(manager);
  assert.match(asked.payload.toString(), /BARRIER=1/);
  asked.fds[0].close();
  assert.equal(await barrier, true);

  await assert.rejects(notify({ status: 'two\nlines' }), {
    code: 'EINVAL',
    message: /status|STATUS/i,
  });
  manager.close();
  await assert.rejects(notify({ ready: true, address: '/nonexistent' }), { code: 'ENOENT' });
});

test('nothing leaks', async () => {
  const round = async () => {
    await output('cat', { input: 'x' });
    const child = spawn('cat', { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });
    child.stdin.end('x');
    child.pidfd.info();
    await child.wait();
    child.close();
    assert.throws(() => spawn('/nonexistent', { stdout: 'pipe' }));
    assert.throws(() => spawn('true', { stdout: 'pipe', cwd: '/nonexistent' }));
    spawn('sleep', ['1000'], { stdin: 'pipe' }).close();
    await assert.rejects(output('sleep', ['1000'], { timeout: 1 }));
    const [left, right] = socketPair();
    await assert.rejects(receiveFds(right, { timeout: 1 }));
    left.close();
    right.close();
    spawn('true').detach().close();
  };
  await round();
  const before = descriptors();
  for (let i = 0; i < 20; ++i) await round();
  assert.deepEqual(descriptors(), before);
});
