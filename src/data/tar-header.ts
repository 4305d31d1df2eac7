// 512 bytes → the fields of a tar header that say where a member lies. Reads v7, ustar, GNU and pax headers.
// References: POSIX.1-2017 `pax`, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".

import { Unreadable } from './unreadable.ts';

export const BLOCK = 512;

export interface TarHeader {
  readonly path: string;
  /** Bytes of data behind this header; 0 for what has none (links, folders, devices). */
  readonly size: number;
  /** `'0'` a file, `'5'` a folder, `'x'` `'g'` pax records, `'L'` `'K'` GNU long names, … */
  readonly type: string;
}

const decoder = new TextDecoder();

/** @throws Unreadable when the checksum or a number is wrong */
export function parseTarHeader(block: Uint8Array): TarHeader {
  checkSum(block);
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!);
  // In GNU headers the place of the prefix holds times.
  const isUstar = block[262] === 0 && text(block, 257, 6) === 'ustar';
  const prefix = isUstar && block[345] !== 0 ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  const path = prefix === '' ? name : `${prefix}/${name}`;
  // Before ustar a folder was a file whose name ends in a slash.
  if (type === '0' && path.endsWith('/')) return { path, size: 0, type: '5' };
  return { path, size: /[1-6]/.test(type) ? 0 : parseNumber(block, 124, 12, 'size'), type };
}

export function isZeroBlock(block: Uint8Array): boolean {
  for (let i = 0; i < BLOCK; i++) if (block[i] !== 0) return false;
  return true;
}

function checkSum(block: Uint8Array): void {
  const stated = parseNumber(block, 148, 8, 'checksum');
  let sum = 8 * 32; // its own field counts as spaces
  let highBytes = 0;
  for (let i = 0; i < BLOCK; i++) {
    if (i >= 148 && i < 156) continue;
    const byte = block[i]!;
    sum += byte;
    highBytes += byte >> 7;
  }
  // Some old writers took bytes for signed.
  if (stated === sum || stated === sum - 256 * highBytes) return;
  throw new Unreadable('corrupt', `tar header: the checksum says ${stated}, the bytes give ${sum}.`);
}

/** Octal digits between spaces and NULs, or base 256 when the highest bit is set (GNU, from 8 GiB on). */
function parseNumber(block: Uint8Array, start: number, length: number, what: string): number {
  if (block[start]! >= 0x80) return parseBase256(block, start, length, what);
  const end = start + length;
  let at = start;
  while (at < end && block[at] === 0x20) at++;
  let value = 0;
  for (; at < end && block[at] !== 0 && block[at] !== 0x20; at++) {
    const digit = block[at]! - 0x30;
    if (digit < 0 || digit > 7) {
      const field = JSON.stringify(text(block, start, length));
      throw new Unreadable('corrupt', `tar header: ${what} is ${field}, expected octal digits.`);
    }
    value = value * 8 + digit;
  }
  return value;
}

function parseBase256(block: Uint8Array, start: number, length: number, what: string): number {
  let value = block[start]! & 0x7f; // 0xff begins a negative number, which comes out far too large
  for (let i = start + 1; i < start + length; i++) {
    value = value * 256 + block[i]!;
    if (value > Number.MAX_SAFE_INTEGER) {
      throw new Unreadable('corrupt', `tar header: ${what} is negative or over 2^53.`);
    }
  }
  return value;
}

function text(block: Uint8Array, start: number, length: number): string {
  let end = start;
  while (end < start + length && block[end] !== 0) end++;
  return decoder.decode(block.subarray(start, end));
}

/** The name in a GNU long name member. */
export function parseLongName(bytes: Uint8Array): string {
  return text(bytes, 0, bytes.length);
}

/** The records that say where a member lies; the others are not kept, of which there may be any number. */
const PAX_RECORDS = ['path', 'size', 'GNU.sparse.major', 'GNU.sparse.size'];

/** Adds the records `length key=value\n` of a pax header to `records`. @throws Unreadable */
export function parsePaxRecords(bytes: Uint8Array, records: Map<string, string>): void {
  let at = 0;
  while (at < bytes.length && bytes[at] !== 0) {
    const lengthEnd = bytes.subarray(at, at + 20).indexOf(0x20);
    const space = at + lengthEnd;
    const digits = decoder.decode(bytes.subarray(at, lengthEnd < 0 ? at + 20 : space));
    const end = at + Number(digits);
    const isSound =
      lengthEnd > 0 &&
      /^[1-9]\d*$/.test(digits) &&
      space < end &&
      end <= bytes.length &&
      bytes[end - 1] === 0x0a;
    const equals = isSound ? bytes.subarray(0, end).indexOf(0x3d, space) : -1;
    if (equals < 0)
      throw new Unreadable(
        'corrupt',
        `tar: a pax record begins with ${JSON.stringify(digits.split('\n', 1)[0])}.`,
      );
    const key = decoder.decode(bytes.subarray(space + 1, equals));
    if (PAX_RECORDS.includes(key)) records.set(key, decoder.decode(bytes.subarray(equals + 1, end - 1)));
    at = end;
  }
}
