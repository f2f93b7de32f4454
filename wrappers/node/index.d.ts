// SPDX-License-Identifier: MIT
//
// Starts programs, and holds descriptors and processes safely, on Linux. The comments of the C++
// headers of sysfd tell more: which errors there are, and which kernels have what.
/// <reference types="node" />
import type { Readable, Writable } from 'node:stream';

/** A descriptor: its number, or an object that has one. The object still owns it. */
export type Descriptor = number | { readonly fd: number };

/** A signal: its name, or its number. */
export type Signal = NodeJS.Signals | number;

/** The error of a system call. */
export class SysfdError extends Error {
  private constructor();
  /** The name of the error: 'ENOENT'. */
  readonly code: string;
  /** Its number, negative as in the errors of Node. */
  readonly errno: number;
  /** What failed: 'pidfd_open', 'spawn sort'. */
  readonly syscall: string;
  readonly path?: string;
  readonly spawnargs?: string[];
  /** Of a program that could not be started: 'exec', 'working_directory', 'user', ... */
  readonly step?: string;
  /** The index of the argument that the step was about, or -1. */
  readonly index?: number;
  /** What a program had written when the time limit of output() had passed. */
  readonly output?: PartialOutput;
}

/** The version of libsysfd: '0.1.0'. */
export function version(): string;

/** What this kernel allows, by name. Each call asks the kernel anew. */
export function features(): Record<string, boolean>;

// ---- descriptors ----

/**
 * Owns a descriptor. close() it, or declare it by `using`. One that is collected without that is
 * closed, with a warning.
 */
export class OwnedFd {
  /** Owns this descriptor from now on. */
  constructor(fd: number);
  /** The number. EBADF: it was closed or released. */
  readonly fd: number;
  readonly closed: boolean;
  /** A second descriptor of the same open file description. */
  duplicate(): this;
  /** Gives the descriptor to the caller, who closes it. */
  release(): number;
  close(): void;
  [Symbol.dispose](): void;
}

/** openat(2). `flags`: those of fs.constants. */
export function open(
  path: string,
  flags?: number,
  options?: { mode?: number; directory?: Descriptor },
): OwnedFd;

export function pipe(): { read: OwnedFd; write: OwnedFd };

/** socketpair(2) of AF_UNIX. */
export function socketPair(type?: 'stream' | 'dgram' | 'seqpacket'): [OwnedFd, OwnedFd];

/** memfd_create(2). With content: sealed, so that nobody can change it. */
export function memfd(name: string, content?: string | NodeJS.ArrayBufferView): OwnedFd;

/**
 * sendmsg(2) with SCM_RIGHTS: sends duplicates of these descriptors over an AF_UNIX socket, with a
 * payload of at least one byte. Resolves to the number of bytes that were sent. Waits for the
 * socket in the event loop, which makes it non-blocking.
 */
export function sendFds(
  socket: Descriptor,
  fds: Descriptor[],
  payload?: string | NodeJS.ArrayBufferView,
  options?: WaitOptions,
): Promise<number>;

/** recvmsg(2): receives a message of up to `size` bytes. At the end the payload is empty. */
export function receiveFds(
  socket: Descriptor,
  options?: WaitOptions & { size?: number; maxFds?: number },
): Promise<ReceivedMessage>;

export interface ReceivedMessage {
  payload: Buffer;
  fds: OwnedFd[];
  /** Why descriptors that were sent are not here. */
  fdsError: SysfdError | null;
}

// ---- processes ----

export interface WaitOptions {
  /** In milliseconds. The promise is then rejected with ETIMEDOUT. */
  timeout?: number | undefined;
  /** The promise is then rejected with the reason of the signal. */
  signal?: AbortSignal | undefined;
}

/** How a process ended: with an exit code, or by a signal. */
export interface ExitStatus {
  readonly code: number | null;
  /** A real-time signal has no name. */
  readonly signal: NodeJS.Signals | number | null;
  readonly coreDumped: boolean;
}

/** What the kernel knows of a process. What it does not tell is undefined. */
export interface ProcessInfo {
  pid: number | undefined;
  processId: number | undefined;
  parent: number | undefined;
  user: number | undefined;
  group: number | undefined;
  effectiveUser: number | undefined;
  effectiveGroup: number | undefined;
  cgroupId: bigint | undefined;
  status: ExitStatus | undefined;
}

/** Owns a pidfd: a descriptor that refers to one process, and never to another one. */
export class PidFd extends OwnedFd {
  static open(pid: number, options?: { thread?: boolean }): PidFd;
  /** Of this process. */
  static self(): PidFd;
  /** Of the process that has this identity. */
  static fromId(id: bigint): PidFd;
  /** Of the peer of a connected AF_UNIX socket. */
  static ofPeer(socket: Descriptor): PidFd;
  /** ESRCH: the process was reaped. */
  readonly pid: number;
  /** The identity, which is not reused until the system is rebooted. */
  readonly id: bigint;
  info(): ProcessInfo;
  /** pidfd_send_signal(2). ESRCH: the process was reaped. */
  signal(
    signal: Signal,
    options?: { scope?: 'process' | 'thread' | 'threadGroup' | 'processGroup' },
  ): void;
  /** pidfd_getfd(2): a duplicate of a descriptor of that process. */
  getFd(number: number): OwnedFd;
  sameProcess(other: PidFd): boolean;
  /** null: it has not ended yet. Reaps it if it is a child of this process. */
  tryWait(): ExitStatus | null;
  wait(options?: WaitOptions): Promise<ExitStatus>;
}

/**
 * 'inherit': that of this process. 'ignore': /dev/null. 'pipe': a pipe, whose other end is a stream
 * of the Child. Or a descriptor, which stays open here.
 */
export type Stdio = 'inherit' | 'ignore' | 'pipe' | Descriptor;

export interface IdRange {
  inside: number;
  outside: number;
  count: number;
}

export type NamespaceKind = 'time' | 'mount' | 'cgroup' | 'uts' | 'ipc' | 'user' | 'pid' | 'net';

export type LimitName =
  'cpu' | 'fsize' | 'data' | 'stack' | 'core' | 'nproc' | 'nofile' | 'memlock' | 'as';

export interface StartOptions {
  /** The program is a line for /bin/sh. The arguments are its "$1", "$2", ... */
  shell?: boolean;
  argv0?: string;
  /** The working directory: a path or a descriptor. */
  cwd?: string | Descriptor;
  /** The root directory: a path or a descriptor. */
  root?: string | Descriptor;
  /** The whole environment. Defaults to that of this process. */
  env?: Record<string, string | undefined>;
  /** Where to look for the program: a PATH, or these directories. Defaults to 'childPath'. */
  search?: 'childPath' | 'callerPath' | 'nowhere' | string[];
  /** Defaults to 'inherit', as the other two. */
  stdin?: Stdio;
  stdout?: Stdio;
  stderr?: Stdio | 'stdout';
  /** Descriptors by their numbers in the child. It gets no others. */
  pass?: Record<number, Descriptor>;
  /** Socket activation: these become 3, 4, ... of the child. */
  listenFds?: { name: string; fd: Descriptor }[];
  /** A new pseudo-terminal for the child: see Child.takeTerminal(). */
  terminal?: true | { rows?: number; columns?: number };

  user?: number;
  group?: number;
  groups?: number[];
  keepGroups?: boolean;
  capabilities?: string;
  iab?: string;
  noCapabilities?: boolean;
  noNewPrivileges?: boolean;
  securebits?: number;
  /** A program for seccomp(2): an array of struct sock_filter. */
  seccomp?: NodeJS.ArrayBufferView;

  newSession?: boolean;
  /** 0: a new one. */
  processGroup?: number;
  controllingTerminal?: Descriptor;
  foregroundOf?: Descriptor;

  /** A soft and a hard limit, or one value for both. */
  limits?: Partial<Record<LimitName, number | [soft: number, hard: number]>>;
  processors?: number[];
  umask?: number;
  nice?: number;
  oomScoreAdjust?: number;

  signals?: {
    blocked?: Signal[];
    toDefault?: Signal[];
    ignored?: Signal[];
    unchanged?: Signal[];
    inheritMask?: boolean;
    allToDefault?: boolean;
  };
  namespaces?: {
    create?: NamespaceKind[];
    userMap?: IdRange[];
    groupMap?: IdRange[];
    join?: { fd: Descriptor; kinds?: NamespaceKind[] }[];
    hostName?: string;
    sharedMounts?: boolean;
  };

  /** The directory of a cgroup, in which the child is created. */
  cgroup?: Descriptor;
  /** A ruleset of landlock_create_ruleset(2), which restricts the child. */
  landlock?: Descriptor;
  /** Kills the child when this process (before Linux 7.1: this thread) ends. */
  killWithParent?: boolean;
  parentDeathSignal?: Signal;
  leaveNoZombie?: boolean;
  /** How often to try again if the program is open for writing. */
  retryBusy?: number;
}

/**
 * A child process. It is reaped when it ends, also if nobody waits. A child that runs does not keep
 * Node running; a wait for it does, and so does a stream that is read.
 */
export class Child {
  private constructor();
  /** For logs: another process can get this number once this one was reaped. */
  readonly pid: number;
  /** A pidfd of its own, which the Child closes. */
  readonly pidfd: PidFd;
  /** The pipes of this process, or null. Each is made when it is first asked for. */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** null: it has not ended, or this is not known yet. */
  readonly status: ExitStatus | null;
  /** This side of a new pseudo-terminal, once. */
  takeTerminal(): OwnedFd | null;
  /** How it was started. */
  report(): {
    byClone3: boolean;
    isolatedTable: boolean;
    reapsItself: boolean;
    killedWithParent: boolean;
    busyRetries: number;
  };
  tryWait(): ExitStatus | null;
  /** Does not close stdin: a child that reads it to the end needs stdin.end(). */
  wait(options?: WaitOptions): Promise<ExitStatus>;
  /** Sends a signal by the pidfd. false: the process was reaped. Defaults to SIGTERM. */
  kill(signal?: Signal): boolean;
  /** The same to the process group that it leads. */
  killGroup(signal?: Signal): boolean;
  /** Kills all processes in the cgroup that it was started in. */
  killCgroup(): void;
  /** SIGTERM, and SIGKILL after this many milliseconds (five seconds if not given). */
  terminate(grace?: number): Promise<ExitStatus>;
  /** Gives the process up without ending it. */
  detach(): PidFd;
  /** Kills the process if it runs, reaps it, and closes all descriptors. */
  close(): void;
  [Symbol.dispose](): void;
  /** The same as close(), but does not block while the process ends. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a program. Blocks until it executes, as child_process does. */
export function spawn(program: string, args?: string[], options?: StartOptions): Child;
export function spawn(program: string, options: StartOptions): Child;

/** Runs a program to its end. At the time limit, or if it is aborted, it is killed. */
export function status(
  program: string,
  args?: string[],
  options?: StartOptions & WaitOptions,
): Promise<ExitStatus>;
export function status(program: string, options: StartOptions & WaitOptions): Promise<ExitStatus>;

export interface Output<Content = Buffer> {
  status: ExitStatus;
  stdout: Content;
  stderr: Content;
  /** It wrote more than `maxSize`. */
  truncated: boolean;
}

export interface PartialOutput {
  status: ExitStatus | null;
  stdout: Buffer | string;
  stderr: Buffer | string;
  truncated: boolean;
}

export interface OutputOptions extends StartOptions, WaitOptions {
  /** For its stdin, which is otherwise /dev/null. */
  input?: string | NodeJS.ArrayBufferView;
  /** How many bytes of each stream to keep. More is read and discarded. */
  maxSize?: number;
  encoding?: BufferEncoding;
}

/** Runs a program to the end of its output. At the time limit, or if it is aborted, kills it. */
export function output(
  program: string,
  args: string[],
  options: OutputOptions & { encoding: BufferEncoding },
): Promise<Output<string>>;
export function output(
  program: string,
  args?: string[],
  options?: OutputOptions & { encoding?: undefined },
): Promise<Output>;
export function output(
  program: string,
  options: OutputOptions & { encoding: BufferEncoding },
): Promise<Output<string>>;
export function output(
  program: string,
  options: OutputOptions & { encoding?: undefined },
): Promise<Output>;

// ---- file handles ----

/** A name of a file that outlives its path. A value: it is never changed. */
export class FileHandle {
  /** From what serialize() returned. EBADMSG: the bytes are something else. */
  constructor(stored: NodeJS.ArrayBufferView);
  readonly type: number;
  equals(other: FileHandle): boolean;
  serialize(): Buffer;
}

export interface MountId {
  id: bigint;
  /** It is not reused until the system is rebooted. */
  isUnique: boolean;
}

export interface HandleOptions {
  fid?: boolean;
  connectable?: boolean;
  uniqueMount?: boolean;
}

/** name_to_handle_at(2). */
export function nameToHandle(
  path: string,
  options?: HandleOptions & { directory?: Descriptor; follow?: boolean },
): { handle: FileHandle; mount: MountId };
export function nameToHandleOf(
  file: Descriptor,
  options?: HandleOptions,
): { handle: FileHandle; mount: MountId };
export function findMount(mount: MountId): OwnedFd;
/** open_by_handle_at(2). `mount`: any descriptor in that mount. */
export function openByHandle(mount: Descriptor, handle: FileHandle, flags?: number): OwnedFd;

// ---- service manager ----

/**
 * The descriptors that a service manager has opened for this process. Removes LISTEN_... from the
 * environment. An empty array: it was not activated.
 */
export function listenFds(options?: { keepEnvironment?: boolean }): { name: string; fd: OwnedFd }[];

export interface Notification {
  ready?: boolean;
  reloading?: boolean;
  stopping?: boolean;
  status?: string;
  error?: number;
  exitStatus?: number;
  mainProcess?: PidFd;
  sender?: PidFd;
  watchdog?: boolean;
  watchdogTrigger?: boolean;
  /** In milliseconds, as the next. */
  watchdogInterval?: number;
  extendTimeout?: number;
  store?: Descriptor[];
  storeName?: string;
  storePoll?: boolean;
  removeStored?: string;
  /** Other assignments, separated by newlines. */
  more?: string;
  /** In milliseconds, while the queue of the manager is full. Defaults to five seconds. */
  timeout?: number;
  /** Defaults to NOTIFY_SOCKET of the environment. */
  address?: string;
}

/** Tells the manager the state of this service. false: there is no manager. */
export function notify(notification: Notification): Promise<boolean>;
/** Waits until the manager has read all earlier messages. false: there is no manager. */
export function notifyBarrier(options?: { timeout?: number; address?: string }): Promise<boolean>;
/** In milliseconds. null: there is no watchdog. */
export function watchdogInterval(): number | null;
