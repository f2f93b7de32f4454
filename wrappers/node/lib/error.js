// SPDX-License-Identifier: MIT
//
// The error of system calls, and checks of arguments.
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

// Several names can have one number: the first one is kept. EREMOTE is missing in Node's table.
const names = new Map([[66, 'EREMOTE']]);
for (const [name, number] of Object.entries(constants.errno))
  if (!names.has(number)) names.set(number, name);
const texts = getSystemErrorMap();

export class SysfdError extends Error {
  // `errno` is negative, as the results of the library and the errors of Node.
  constructor(errno, syscall, { text, ...properties } = {}) {
    const code = names.get(-errno) ?? `E${-errno}`;
    super(`${code}: ${text || `${texts.get(errno)?.[1] ?? 'system error'}, ${syscall}`}`);
    this.name = 'SysfdError';
    Object.assign(this, { errno, code, syscall, ...properties });
  }
}

// Returns the result of a function of the library, or throws if it is an error.
export function check(result, syscall, properties) {
  if (result < 0) throw new SysfdError(result, syscall, properties);
  return result;
}

function invalid(Type, code, message) {
  return Object.assign(new Type(message), { code });
}

export function badType(what, expected, value) {
  const given = value === null ? 'null' : typeof value;
  return invalid(
    TypeError,
    'ERR_INVALID_ARG_TYPE',
    `${what} must be ${expected}, not of type ${given}`,
  );
}

export function badValue(what, why) {
  return invalid(RangeError, 'ERR_OUT_OF_RANGE', `${what} ${why}`);
}

export function integer(value, what, min = -0x80000000, max = 0x7fffffff) {
  if (typeof value !== 'number') throw badType(what, 'a number', value);
  if (!Number.isInteger(value) || value < min || value > max)
    throw badValue(what, `must be an integer from ${min} to ${max}, not ${value}`);
  return value;
}

export function truth(value, what) {
  if (typeof value !== 'boolean') throw badType(what, 'true or false', value);
  return value;
}

export function text(value, what) {
  if (typeof value !== 'string') throw badType(what, 'a string', value);
  if (value.includes('\0')) throw badValue(what, 'must not contain a NUL');
  return value;
}

export function list(value, what, convert) {
  if (!Array.isArray(value)) throw badType(what, 'an array', value);
  return value.map((each, index) => convert(each, `${what}[${index}]`));
}

export function bytes(value, what) {
  if (typeof value === 'string') return Buffer.from(value);
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw badType(what, 'a string, a Buffer or a typed array', value);
}

// Returns one of the values of an object, by its name.
export function choice(value, what, choices) {
  if (!Object.hasOwn(choices, value))
    throw badValue(what, `must be one of ${Object.keys(choices).join(', ')}, not ${String(value)}`);
  return choices[value];
}

// Combines the flags of those members that are true.
export function flagsOf(options, flags) {
  let result = 0;
  for (const [name, flag] of Object.entries(flags)) if (options[name]) result |= flag;
  return result >>> 0;
}

// Throws if an object has a member that is not one of these names.
export function onlyMembers(options, what, names) {
  if (typeof options !== 'object' || options === null) throw badType(what, 'an object', options);
  for (const name of Object.keys(options))
    if (!names.includes(name))
      throw badValue(what, `has no member "${name}"; there are ${names.join(', ')}`);
}

const signals = new Map();
for (const [name, number] of Object.entries(constants.signals))
  if (!signals.has(number)) signals.set(number, name);

// Returns the number of a signal that is given by its name or number.
export function signalNumber(value, what = 'signal') {
  return typeof value === 'string'
    ? choice(value, what, constants.signals)
    : integer(value, what, 0, 64);
}

// Returns the name of a signal, or its number if it has none (a real-time signal).
export function signalName(number) {
  return signals.get(number) ?? number;
}
