// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import test from 'node:test';
import koffi from 'koffi';
import { Child, OwnedFd, PidFd, SysfdError, memfd, open, output, pipe, spawn, status } from 'sysfd';
import { node, scratch, script } from './support.js';

const root = process.getuid() === 0;

test('a child has a pid, a pidfd, streams and a status', async () => {
  const child = spawn('sh', ['-c', 'cat; echo bad >&2; exit 7'], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  assert.ok(child instanceof Child);
  assert.ok(child.pid > 0);
  assert.ok(child.pidfd instanceof PidFd);
  assert.equal(child.pidfd.pid, child.pid);
  assert.equal(child.status, null);
  child.stdin.end('hello');
  assert.equal(await text(child.stdout), 'hello');
  assert.equal(await text(child.stderr), 'bad\n');
  assert.deepEqual({ ...(await child.wait()) }, { code: 7, signal: null, coreDumped: false });
  assert.equal((await child.wait()).code, 7);
  assert.equal(child.tryWait().code, 7);
  assert.equal(child.status.code, 7);
  assert.equal(child.kill(), false);
  const report = child.report();
  assert.equal(report.busyRetries, 0);
  assert.equal(typeof report.byClone3, 'boolean');
  child.close();
  child.close();
  assert.equal(child.status.code, 7);
  assert.equal((await child.wait()).code, 7);
  assert.throws(() => child.kill(), { code: 'EBADF' });
  assert.throws(() => child.pidfd, { code: 'EBADF' });
});

test('output that is not read yet can be read after the end', async () => {
  const child = spawn('echo', ['late'], { stdout: 'pipe' });
  await child.wait();
  assert.equal(await text(child.stdout), 'late\n');
  assert.equal(child.stdin, null);
  assert.equal(child.stderr, null);
  child.close();
});

test('a child that writes more than a pipe holds is read to its end', async () => {
  const child = spawn('head', ['-c', '3000000', '/dev/zero'], { stdout: 'pipe' });
  assert.equal((await buffer(child.stdout)).length, 3000000);
  assert.equal((await child.wait()).code, 0);
  child.close();

  const line = 'head -c 1000000 /dev/zero & head -c 1000000 /dev/zero >&2 & wait; cat';
  const input = Buffer.alloc(1000000, 1);
  const run = await output(line, { shell: true, input });
  assert.equal(run.stdout.length, 2000000);
  assert.equal(run.stderr.length, 1000000);
  assert.equal(run.truncated, false);
});

test('output() collects, cuts and decodes', async () => {
  const run = await output('sort', ['-u'], { input: 'b\na\nb\n', encoding: 'utf8' });
  assert.equal(run.stdout, 'a\nb\n');
  assert.equal(run.status.code, 0);
  const cut = await output('head', ['-c', '300000', '/dev/zero'], { maxSize: 10 });
  assert.equal(cut.stdout.length, 10);
  assert.equal(cut.truncated, true);
  const failed = await output('sh', ['-c', 'echo why >&2; exit 3'], { encoding: 'utf8' });
  assert.deepEqual([failed.status.code, failed.stderr], [3, 'why\n']);
  // The child does not read its input.
  assert.equal((await output('true', { input: Buffer.alloc(1000000) })).status.code, 0);
});

test('output() kills a child at its time limit, and keeps what it wrote', async () => {
  // The grandchild would keep the pipe open.
  const run = output('echo early; sleep 1000 & sleep 1000', {
    shell: true,
    processGroup: 0,
    timeout: 300,
    encoding: 'utf8',
  });
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof SysfdError);
    assert.equal(error.code, 'ETIMEDOUT');
    assert.equal(error.output.stdout, 'early\n');
    return true;
  });
});

test('status() runs a program to its end', async () => {
  assert.equal((await status('false')).code, 1);
  assert.equal((await status('exit "$1"', ['9'], { shell: true })).code, 9);
  assert.equal((await status('kill -9 $$', { shell: true })).signal, 'SIGKILL');
  await assert.rejects(status('sleep', ['1000'], { timeout: 20 }), { code: 'ETIMEDOUT' });
});

test('signals', async () => {
  const child = spawn('sleep', ['1000']);
  assert.equal(child.kill(0), true);
  assert.equal(child.killGroup(0), false); // it leads no group
  assert.throws(() => child.killCgroup(), { code: 'ENOTSUP' });
  assert.equal(child.kill(), true);
  const killed = { code: null, signal: 'SIGTERM', coreDumped: false };
  assert.deepEqual({ ...(await child.wait()) }, killed);
  child.close();

  const realTime = spawn('sleep', ['1000']);
  realTime.kill(40);
  assert.equal((await realTime.wait()).signal, 40);
  realTime.close();

  const group = spawn('sleep 1000 & wait', { shell: true, newSession: true });
  assert.equal(group.killGroup('SIGKILL'), true);
  assert.equal((await group.wait()).signal, 'SIGKILL');
  group.close();
});

test('terminate() is polite first', async () => {
  const polite = spawn('sleep', ['1000']);
  assert.equal((await polite.terminate()).signal, 'SIGTERM');
  assert.equal((await polite.terminate()).signal, 'SIGTERM');
  polite.close();

  const { read, write } = pipe();
  const stubborn = spawn("trap '' TERM; echo ready; while :; do sleep 1000; done", {
    shell: true,
    processGroup: 0,
    stdin: 'pipe',
    stdout: write,
  });
  write.close();
  fs.readSync(read.fd, Buffer.alloc(6));
  assert.equal((await stubborn.terminate(10)).signal, 'SIGKILL');
  assert.equal(fs.readSync(read.fd, Buffer.alloc(1)), 0); // the group is gone
  stubborn.close();
  read.close();
});

test('close() and dispose kill a child that runs', async () => {
  const closed = spawn('sleep', ['1000']);
  const process = closed.pidfd.duplicate();
  const waiting = closed.wait();
  closed.close();
  await assert.rejects(waiting, { code: 'ECANCELED' });
  assert.throws(() => process.signal(0), { code: 'ESRCH' });
  process.close();

  const disposed = spawn('sleep', ['1000']);
  disposed[Symbol.dispose]();
  assert.throws(() => disposed.report(), { code: 'EBADF' });
  const later = spawn('sleep', ['1000']);
  await later[Symbol.asyncDispose]();
  assert.equal(later.status.signal, 'SIGKILL');
  await later[Symbol.asyncDispose]();
});

test('detach() gives the process up', async () => {
  const child = spawn('cat', { stdin: 'pipe' });
  const process = child.detach();
  assert.throws(() => child.report(), { code: 'EBADF' });
  assert.equal((await process.wait()).code, 0); // its pipe was closed
  process.close();
});

test('descriptors are passed under the numbers that are asked for', async () => {
  const first = memfd('first', 'one');
  const second = memfd('second', 'two');
  const run = await output('cat /dev/fd/4 /dev/fd/3; ls /proc/$$/fd', {
    shell: true,
    pass: { 3: first, 4: second.fd },
    encoding: 'utf8',
  });
  assert.equal(run.stdout, 'twoone0\n1\n2\n3\n4\n');
  first.close();
  second.close();
});

test('streams can be descriptors, and stderr can go to stdout', async (t) => {
  const file = path.join(scratch(t), 'log');
  const log = open(file, fs.constants.O_RDWR | fs.constants.O_CREAT, { mode: 0o600 });
  const result = await status('echo out; echo err >&2', {
    shell: true,
    stdout: log,
    stderr: 'stdout',
  });
  assert.equal(result.code, 0);
  assert.equal(fs.readFileSync(file, 'utf8'), 'out\nerr\n');
  const handle = await fs.promises.open(file);
  const cat = await output('cat', { stdin: handle, stderr: 'ignore', encoding: 'utf8' });
  assert.equal(cat.stdout, 'out\nerr\n');
  await handle.close();
  log.close();
});

test('streams are inherited if nothing else is said', async () => {
  const text = "await sysfd.status('cat; echo err >&2', { shell: true, stdout: undefined })";
  const run = await output(node, script(text), { input: 'in', encoding: 'utf8' });
  assert.deepEqual([run.stdout, run.stderr], ['in', 'err\n']);

  const closed = `
    import fs from 'node:fs';
    fs.closeSync(0);
    console.log(JSON.stringify(await sysfd.output('readlink', ['/proc/self/fd/0'], {
      stdin: 'inherit', stdout: undefined, encoding: 'utf8' })));`;
  const withoutStdin = await output(node, script(closed), { encoding: 'utf8' });
  assert.equal(JSON.parse(withoutStdin.stdout).stdout, '/dev/null\n', withoutStdin.stderr);

  // Node makes its stdout non-blocking if it is a pipe.
  const writes = `
    process.stdout.write('begin\\n');
    await sysfd.status('head', ['-c', '1000000', '/dev/zero']);`;
  const child = spawn(node, script(writes), { stdout: 'pipe' });
  assert.equal((await buffer(child.stdout)).length, 1000006);
  assert.equal((await child.wait()).code, 0);
  child.close();
});

test('environment, directory, name and program', async (t) => {
  const directory = fs.realpathSync(scratch(t));
  const show = async (options) =>
    (await output('echo "$A,$B"; pwd -P', { shell: true, encoding: 'utf8', ...options })).stdout;
  process.env.A = 'own';
  t.after(() => delete process.env.A);
  assert.equal(await show({ cwd: directory }), `own,\n${directory}\n`);
  const at = open(directory, fs.constants.O_PATH);
  assert.equal(await show({ cwd: at, env: { B: 'x', A: undefined } }), `,x\n${directory}\n`);
  at.close();
  const zero = await output('sh', ['-c', 'echo "$0"'], { argv0: 'other', encoding: 'utf8' });
  assert.equal(zero.stdout, 'other\n');

  fs.writeFileSync(path.join(directory, 'tool'), '#!/bin/sh\necho found\n', { mode: 0o755 });
  const found = await output('tool', { search: [directory], encoding: 'utf8' });
  assert.equal(found.stdout, 'found\n');
  assert.throws(() => spawn('tool', { search: 'nowhere' }), { code: 'ENOENT' });
  const inherited = await output('true', { search: 'callerPath', retryBusy: 3 });
  assert.equal(inherited.status.code, 0);
});

test('attributes of the process', async () => {
  const line = 'umask; ulimit -n; nice; cut -d" " -f6 /proc/$$/stat; cat /proc/$$/oom_score_adj';
  const run = await output(line, {
    shell: true,
    umask: 0o27,
    limits: { nofile: [50, 60], core: 0 },
    nice: 5,
    newSession: true,
    oomScoreAdjust: 500,
    processors: [0],
    parentDeathSignal: 'SIGKILL',
    noNewPrivileges: true,
    encoding: 'utf8',
  });
  const [umask, nofile, nice, session, score] = run.stdout.trim().split('\n');
  assert.deepEqual([umask, nofile, nice, score], ['0027', '50', '5', '500']);
  assert.ok(Number(session) > 0 && Number(session) !== process.pid);
});

test('signals of the child', async () => {
  const run = await output('grep', ['-E', 'SigBlk|SigIgn', '/proc/self/status'], {
    signals: { blocked: ['SIGUSR1'], ignored: ['SIGHUP'], toDefault: [], unchanged: [] },
    encoding: 'utf8',
  });
  assert.match(run.stdout, /SigBlk:\s+0000000000000200/);
  assert.match(run.stdout, /SigIgn:\s+[0-9a-f]{15}1/);
  const reset = await output('grep', ['SigIgn', '/proc/self/status'], {
    signals: { allToDefault: true, inheritMask: true },
    encoding: 'utf8',
  });
  assert.match(reset.stdout, /SigIgn:\s+0{16}/);
});

test('user and group', async () => {
  const start = () =>
    output('id -u; id -g; id -G', { shell: true, user: 65534, group: 65533, encoding: 'utf8' });
  if (root) assert.equal((await start()).stdout, '65534\n65533\n65533\n');
  else await assert.rejects(start(), { code: 'EPERM' });
});

test('capabilities, groups and system calls', async () => {
  const look = async (options) => {
    const run = await output('cat', ['/proc/self/status'], { encoding: 'utf8', ...options });
    return Object.fromEntries(run.stdout.split('\n').map((line) => line.split(/:\s*/)));
  };
  const allow = new Uint16Array([0x06, 0, 0, 0x7fff]); // BPF_RET, SECCOMP_RET_ALLOW
  const filtered = await look({ noCapabilities: true, seccomp: allow });
  assert.match(filtered.CapEff, /^0+$/);
  assert.deepEqual([filtered.NoNewPrivs, filtered.Seccomp], ['1', '2']);
  if (!root) return;
  assert.equal((await look({ groups: [5, 7] })).Groups.trim(), '5 7');
  assert.equal((await look({ user: 1, keepGroups: true })).Groups, (await look({})).Groups);
  const few = await look({ user: 1, iab: '^cap_kill', securebits: 0 });
  assert.deepEqual([few.CapAmb, few.Uid.split('\t')[0]], ['0000000000000020', '1']);
  const inherited = await look({ capabilities: 'cap_kill=eip', noNewPrivileges: true });
  assert.equal(inherited.CapInh, '0000000000000020');
});

test('root directory', async () => {
  const start = () => status('/bin/sh', ['-c', 'exit 4'], { root: '/', cwd: '/' });
  if (root) assert.equal((await start()).code, 4);
  else await assert.rejects(start(), { code: 'EPERM', step: 'root_directory' });
});

test('namespaces', async (t) => {
  const start = output('uname -n; id -u', {
    shell: true,
    encoding: 'utf8',
    namespaces: {
      create: ['user', 'uts'],
      hostName: 'sysfd-node',
      userMap: [{ inside: 0, outside: process.getuid(), count: 1 }],
      groupMap: [{ inside: 0, outside: process.getgid(), count: 1 }],
    },
  });
  const run = await start.catch((error) => error);
  if (run instanceof SysfdError) {
    assert.ok(['EPERM', 'ENOSPC', 'EINVAL'].includes(run.code), run.message);
    return t.skip(run.message);
  }
  assert.equal(run.stdout, 'sysfd-node\n0\n');

  const inside = spawn('sleep', ['1000'], {
    namespaces: { create: ['user', 'uts'], hostName: 'joined', sharedMounts: false },
  });
  const join = [{ fd: inside.pidfd, kinds: ['user', 'uts'] }];
  const joined = await output('uname', ['-n'], { namespaces: { join }, encoding: 'utf8' });
  assert.equal(joined.stdout, 'joined\n');
  inside.close();
});

test('a child is restricted by landlock', async (t) => {
  const file = path.join(scratch(t), 'written');
  const writes = { landlock: memfd('no ruleset') };
  const write = (options) => output('echo x >"$1"', [file], { shell: true, ...options });
  await assert.rejects(write(writes), { step: 'landlock' });
  writes.landlock.close();

  // landlock_create_ruleset(2), which handles the right to make files.
  const attributes = Buffer.alloc(8);
  attributes.writeBigUInt64LE(1n << 8n);
  const libc = koffi.load(null);
  const syscall = libc.func('long syscall(long number, const void *data, size_t size, int flags)');
  const fd = syscall(444, attributes, attributes.length, 0);
  if (fd < 0) return t.skip('this kernel has no landlock');
  const landlock = new OwnedFd(fd);
  assert.notEqual((await write({ landlock })).status.code, 0);
  assert.equal(fs.existsSync(file), false);
  landlock.close();
  assert.equal((await write({})).status.code, 0);
  assert.equal(fs.existsSync(file), true);
});

test('a new terminal', async () => {
  const child = spawn('stty size; tty', { shell: true, terminal: { rows: 33, columns: 99 } });
  const terminal = child.takeTerminal();
  assert.equal(child.takeTerminal(), null);
  assert.equal((await child.wait()).code, 0);
  const memory = Buffer.alloc(1000);
  const text = memory.toString('latin1', 0, fs.readSync(terminal.fd, memory));
  assert.match(text, /^33 99\r\n/);
  terminal.close();
  child.close();
});

test('a child that leaves no zombie', async () => {
  const child = spawn('true', { leaveNoZombie: true });
  const ended = await child.wait().catch((error) => error);
  if (ended instanceof SysfdError)
    assert.equal(ended.code, 'ECHILD'); // before Linux 6.15
  else assert.equal(ended.code, 0);
  child.close();
});

test('a child in a cgroup, killed with it', async (t) => {
  const mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const mount = mounts.find((line) => line.includes(' - cgroup2 '))?.split(' ')[4];
  const directory = path.join(mount ?? '/nonexistent', `sysfd-node-${process.pid}`);
  try {
    fs.mkdirSync(directory);
  } catch (error) {
    return t.skip(`no cgroup can be made: ${error.code}`);
  }
  t.after(() => fs.rmdirSync(directory));
  const cgroup = open(directory, fs.constants.O_PATH);
  const child = spawn('sleep', ['1000'], { cgroup });
  cgroup.close();
  assert.equal(fs.readFileSync(path.join(directory, 'cgroup.procs'), 'utf8'), `${child.pid}\n`);
  child.killCgroup();
  assert.equal((await child.wait()).signal, 'SIGKILL');
  child.close();
});
