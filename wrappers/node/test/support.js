// SPDX-License-Identifier: MIT
//
// What the tests share.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';

// The open descriptors, but for the one that reads the list.
export function descriptors() {
  return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [`${fd} -> ${fs.readlinkSync(`/proc/self/fd/${fd}`)}`];
    } catch {
      return [];
    }
  });
}

// The children of this process, also zombies.
export function children() {
  return fs.readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const [state, parent] = fs
        .readFileSync(`/proc/${pid}/stat`, 'latin1')
        .split(') ')
        .at(-1)
        .split(' ');
      return Number(parent) === process.pid ? [`${pid} ${state === 'Z' ? 'zombie' : 'runs'}`] : [];
    } catch {
      return [];
    }
  });
}

// Signal masks and dispositions, environment, and other state that belongs to the whole process.
export function state() {
  const status = fs.readFileSync('/proc/self/status', 'latin1').split('\n');
  return {
    signals: status.filter((line) => /^(SigBlk|SigIgn|SigCgt|SigPnd|ShdPnd):/.test(line)),
    identity: status.filter((line) =>
      /^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Umask):/.test(line),
    ),
    environment: { ...process.env },
    directory: process.cwd(),
    descriptors: descriptors(),
    children: children(),
  };
}

export function threads() {
  return fs.readdirSync('/proc/self/task').length;
}

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');

// Collects what is not used until a condition is true.
export async function collectUntil(condition) {
  for (let i = 0; i < 500 && !condition(); ++i) {
    collect();
    await new Promise(setImmediate);
  }
}

// Makes a directory, and removes it after the test.
export function scratch(t) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sysfd-node-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  return directory;
}

export const node = process.execPath;
export const index = new URL('../index.js', import.meta.url).href;

// The arguments for a Node that runs a module which has `sysfd`.
export function script(text) {
  return [
    '--input-type=module',
    '--eval',
    `import * as sysfd from ${JSON.stringify(index)};\n${text}`,
  ];
}
