// SPDX-License-Identifier: MIT
//
// Is compiled, and never run: uses the types as a program would.
import * as fs from 'node:fs';
import {
  Child,
  ExitStatus,
  FileHandle,
  OwnedFd,
  PidFd,
  ReceivedMessage,
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
  status,
  version,
  watchdogInterval,
} from 'sysfd';

export async function use(file: fs.promises.FileHandle, signal: AbortSignal): Promise<void> {
  const child: Child = spawn('sort', ['-u'], {
    stdin: 'pipe',
    stdout: file,
    stderr: 'stdout',
    pass: { 3: file, 4: 0, 5: memfd('x', 'y') },
    cwd: '/',
    env: process.env,
    user: 0,
    limits: { nofile: [10, 20], core: Infinity },
    signals: { blocked: ['SIGINT', 40] },
    namespaces: { create: ['user'], userMap: [{ inside: 0, outside: 0, count: 1 }] },
    killWithParent: true,
  });
  child.stdin?.end('x');
  const ended: ExitStatus = await child.wait({ signal, timeout: 5 });
  const code: number | null = ended.code;
  const sent: boolean = child.kill('SIGTERM');
  child[Symbol.dispose]();
  await child[Symbol.asyncDispose]();
  const text: string = (await output('a', { encoding: 'utf8' })).stdout;
  const bytes: Buffer = (await output('a', ['b'], { input: text })).stdout;
  const result: ExitStatus = await status('a', { shell: true });

  const process_: PidFd = PidFd.open(1, { thread: false });
  const id: bigint = process_.id;
  const copy: PidFd = process_.duplicate();
  copy.signal('SIGUSR1', { scope: 'processGroup' });
  const fd: OwnedFd = PidFd.fromId(id).getFd(3);
  const [left, right] = socketPair('stream');
  const count: number = await sendFds(left, [fd, 5], bytes);
  const message: ReceivedMessage = await receiveFds(right, { size: count, maxFds: 1 });
  const failure: SysfdError | null = message.fdsError;
  if (failure)
    console.log(failure.code, failure.errno, failure.step?.length, failure.output?.stdout);

  const { handle, mount } = nameToHandle('a', { directory: open('.'), follow: true });
  const same: boolean = handle.equals(new FileHandle(handle.serialize()));
  const opened: OwnedFd = openByHandle(
    findMount(mount),
    nameToHandleOf(file).handle,
    fs.constants.O_RDONLY,
  );
  const names: string[] = listenFds({ keepEnvironment: true }).map(({ name }) => name);
  const told: boolean =
    (await notify({ ready: true, status: 'x', mainProcess: process_ })) && (await notifyBarrier());
  const interval: number | null = watchdogInterval();
  const known: boolean | undefined = features()['pidfd_open'];
  console.log(
    code,
    sent,
    result,
    same,
    opened.fd,
    names,
    told,
    interval,
    known,
    version(),
    pipe().read.closed,
  );

  // @ts-expect-error: there is no such option
  spawn('a', { stdinn: 'pipe' });
  // @ts-expect-error: a Child is made by spawn()
  new Child();
  // @ts-expect-error: not a kind of stream
  spawn('a', { stdin: 'stdout' });
}
