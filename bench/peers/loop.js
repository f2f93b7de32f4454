// SPDX-License-Identifier: MIT
//
// Node: child_process.spawn() with inherited streams, awaited to 'exit'. Passed descriptors are
// further entries of `stdio`. It has one thread: "threads" are so many children at once. See
// peer.hpp.
//
// peer: Node child_process
// package: nodejs
// starts by: fork
// not passed: stay open unless close-on-exec
// passes: any numbers, in any order
// waits by: SIGCHLD handler, event loop
// run: node {file}
// version: node --version
'use strict';
const {spawn} = require('child_process');
const fs = require('fs');

const task = Object.fromEntries(process.argv.slice(2).map((word) => word.split('=')));
const number = (key) => Number(task[key]);
const threads = number('threads');

const ballast = [];  // in pieces: a Buffer has at most 4 GiB
for (let left = number('memory'); left > 0; left -= 2 ** 28)
  ballast.push(Buffer.alloc(Math.min(left, 2 ** 28), 1));
const open = (n) => Array.from({length: n}, () => fs.openSync('/dev/null', 'r'));
const held = open(number('descriptors'));
const fds = open(number('passed'));  // the highest numbers of all
const args = Array.from({length: number('arguments')}, (_, i) => `argument-${i}`);

function startAndWait() {
  return new Promise((resolve, reject) => {
    const child = spawn(task.program, args, {stdio: ['inherit', 'inherit', 'inherit', ...fds]});
    child.on('error', reject);
    child.on('exit', (code) => code === 0 ? resolve() : reject(new Error('the child failed')));
  });
}

async function repeat(times) {
  const nanoseconds = [];
  for (let i = 0; i < times; ++i) {
    const begin = process.hrtime.bigint();
    await startAndWait();
    nanoseconds.push(Number(process.hrtime.bigint() - begin));
  }
  return nanoseconds;
}

async function atOnce(starts) {
  const each = Math.max(Math.floor(starts / threads), 1);
  const begin = process.hrtime.bigint();
  await Promise.all(Array.from({length: threads}, () => repeat(each)));
  return [Number(process.hrtime.bigint() - begin) / (each * threads)];
}

async function main() {
  await repeat(4);
  for await (const line of require('readline').createInterface({input: process.stdin})) {
    const nanoseconds = await (threads === 1 ? repeat : atOnce)(Number(line));
    fs.writeSync(1, nanoseconds.join(' ') + '\n');
  }
  for (const fd of [...held, ...fds]) fs.closeSync(fd);
  ballast.length = 0;  // used until here, and so not collected before
}

main();
