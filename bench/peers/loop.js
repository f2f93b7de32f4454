// SPDX-License-Identifier: MIT
//
// Node: child_process.spawn() with inherited streams, awaited to 'exit'. Passed descriptors are
// further entries of `stdio`. It has one thread: "threads" are so many children at once. Arguments
// and output: see peer.hpp.
'use strict';
const {spawn} = require('child_process');
const fs = require('fs');

const program = process.argv[2];
const [starts, memory, descriptors, passed, threads, count] = process.argv.slice(3).map(Number);

const ballast = [];  // in pieces: a Buffer has at most 4 GiB
for (let left = memory; left > 0; left -= 2 ** 28)
  ballast.push(Buffer.alloc(Math.min(left, 2 ** 28), 1));
const open = (n) => Array.from({length: n}, () => fs.openSync('/dev/null', 'r'));
const held = open(descriptors);
const fds = open(passed);  // the highest numbers of all
const args = Array.from({length: count}, (_, i) => `argument-${i}`);

function startAndWait() {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {stdio: ['inherit', 'inherit', 'inherit', ...fds]});
    child.on('error', reject);
    child.on('exit', (code) => code === 0 ? resolve() : reject(new Error('the child failed')));
  });
}

async function repeat(times) {
  for (let i = 0; i < times; ++i) await startAndWait();
}

async function main() {
  await repeat(4);
  const nanoseconds = [];
  if (threads === 1) {
    for (let i = 0; i < starts; ++i) {
      const begin = process.hrtime.bigint();
      await startAndWait();
      nanoseconds.push(Number(process.hrtime.bigint() - begin));
    }
  } else {
    const each = Math.floor(starts / threads);
    const begin = process.hrtime.bigint();
    await Promise.all(Array.from({length: threads}, () => repeat(each)));
    nanoseconds.push(Number(process.hrtime.bigint() - begin) / (each * threads));
  }
  fs.writeSync(1, JSON.stringify({nanoseconds}) + '\n');
  for (const fd of [...held, ...fds]) fs.closeSync(fd);
  ballast.length = 0;  // used until here, and so not collected before
}

main();
