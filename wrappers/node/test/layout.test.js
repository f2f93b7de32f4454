// SPDX-License-Identifier: MIT
//
// Compares constants, structs and prototypes with those that the C compiler sees in the header.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import koffi from 'koffi';
import { constants, init, native, prototypes, structs, types } from '../lib/native.js';
import { scratch } from './support.js';

const compiler = process.env.CC ?? 'cc';
const include = path.join(process.env.SYSFD_PREFIX ?? '/usr', 'include');

function compile(t, body) {
  const directory = scratch(t);
  const source = path.join(directory, 'layout.c');
  const program = path.join(directory, 'layout');
  const headers = ['stddef.h', 'stdio.h', 'sys/resource.h', 'sys/socket.h', 'sysfd/sysfd.h'];
  fs.writeFileSync(
    source,
    [...headers.map((name) => `#include <${name}>`), ...body, ''].join('\n'),
  );
  execFileSync(compiler, [
    '-std=gnu11',
    '-Wall',
    '-Werror',
    '-Wno-unused-function',
    '-Wno-array-parameter',
    `-I${include}`,
    source,
    '-o',
    program,
  ]);
  return program;
}

const literal = (value) => (typeof value === 'bigint' ? `${value}u` : `(${value})`);

test('constants are those of the header', (t) => {
  const lines = Object.entries(constants).map(
    ([name, value]) => `_Static_assert(${name} == ${literal(value)}, "${name}");`,
  );
  compile(t, [...lines, 'int main(void) { return 0; }']);
});

test('a wrong constant is found', (t) => {
  const wrong = [
    `_Static_assert(SYSFD_STDIO_PIPE == ${constants.SYSFD_STDIO_PIPE + 1}, "");`,
    'int main(void) { return 0; }',
  ];
  const directory = { after: (remove) => t.after(remove) };
  assert.throws(() => compile(directory, wrong), /static assertion failed|Command failed/);
});

test('prototypes are those of the header', (t) => {
  // The compiler refuses a second declaration that differs from the first one.
  const lines = prototypes.map((text) => `${text.replaceAll(/_(Out|Inout)_ /g, '')};`);
  compile(t, [...lines, 'int main(void) { return 0; }']);
});

test('structs have the layout and the defaults of the header', (t) => {
  const asserts = [];
  const prints = [];
  const expected = [];
  for (const [name, members] of Object.entries(structs)) {
    asserts.push(`_Static_assert(sizeof(${name}) == ${types[name].size}, "${name}");`);
    for (const member of Object.keys(members)) {
      const { type, offset } = types[name].members[member];
      asserts.push(
        `_Static_assert(offsetof(${name}, ${member}) == ${offset}, "${name}.${member}");`,
      );
      asserts.push(
        `_Static_assert(sizeof(((${name}*)0)->${member}) == ${type.size}, "${name}.${member}");`,
      );
    }
    if (Object.keys(members)[0] !== 'size') continue;
    const memory = Buffer.alloc(types[name].size);
    koffi.encode(memory, types[name], init(name));
    expected.push(`${name} ${memory.toString('hex')}`);
    prints.push(
      `  { ${name} value = ${name.toUpperCase()}_INIT; show("${name}", &value, sizeof value); }`,
    );
  }
  assert.ok(prints.length > 8);
  const program = compile(t, [
    ...asserts,
    'static void show(const char* name, const void* data, size_t size) {',
    '  printf("%s ", name);',
    '  for (size_t i = 0; i < size; ++i) printf("%02x", ((const unsigned char*)data)[i]);',
    '  printf("\\n");',
    '}',
    'int main(void) {',
    ...prints,
    '  return 0;',
    '}',
  ]);
  assert.deepEqual(execFileSync(program, { encoding: 'latin1' }).trim().split('\n'), expected);
});

test('the declarations can be loaded twice', async () => {
  const again = await import('../lib/native.js?again');
  assert.notEqual(again, await import('../lib/native.js'));
  assert.equal(again.native.sysfd_version(), native.sysfd_version());
  assert.equal(again.native.sysfd_find_mount({ id: 0n, is_unique: 2, reserved: 0 }), -22);
});
