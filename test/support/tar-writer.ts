// Tar archives for tests, in every dialect the reader knows, and damaged on request.

import { bytesOf } from './memory-files.ts';

export interface TarEntry {
  readonly path: string;
  readonly content?: string | Uint8Array;
  /** Default `'0'`, a file. */
  readonly type?: string;
  /** What the header says, where it is not the truth. */
  readonly size?: number;
  /** Default ustar. */
  readonly magic?: 'ustar' | 'gnu' | 'v7';
  readonly prefix?: string;
  readonly base256?: boolean;
  /** Sums bytes as signed ones. */
  readonly signed?: boolean;
}

export const END = new Uint8Array(1024);

export function makeTar(entries: readonly TarEntry[], end: Uint8Array = END): Uint8Array {
  return join([...entries.flatMap(({ ...entry }) => [header(entry), data(entry)]), end]);
}

/** A pax header in front of the next member, or for all (`'g'`). */
export function pax(records: Readonly<Record<string, string>>, type: 'x' | 'g' = 'x'): TarEntry {
  return { path: 'PaxHeaders/0', type, content: Object.entries(records).map(paxRecord).join('') };
}

/** A GNU long name in front of the next member. */
export function longName(path: string, type: 'L' | 'K' = 'L'): TarEntry {
  return { path: '././@LongLink', type, content: `${path}\0`, magic: 'gnu' };
}

function paxRecord([key, value]: readonly [string, string]): string {
  const rest = ` ${key}=${value}\n`;
  const length = bytesOf(rest).length;
  let digits = String(length).length;
  while (String(length + digits).length > digits) digits++;
  return `${length + digits}${rest}`;
}

function header(entry: TarEntry): Uint8Array {
  const { path, type = '0', magic = 'ustar', prefix = '' } = entry;
  const size = entry.size ?? bytesOf(entry.content ?? '').length;
  const block = new Uint8Array(512);
  const put = (at: number, text: string): void => block.set(bytesOf(text), at);
  put(0, path);
  put(100, '0000644\0');
  if (entry.base256) {
    block[124] = 0x80;
    for (let i = 0, rest = size; i < 11; i++, rest = Math.floor(rest / 256)) block[135 - i] = rest % 256;
  } else put(124, `${size.toString(8).padStart(11, '0')} `);
  put(156, type);
  if (magic === 'ustar') put(257, 'ustar\x0000');
  if (magic === 'gnu') put(257, 'ustar  \0');
  put(345, prefix);
  put(148, '        ');
  const sum = block.reduce((total, byte) => total + (entry.signed && byte > 127 ? byte - 256 : byte), 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

function data({ content = '' }: TarEntry): Uint8Array {
  const bytes = bytesOf(content);
  const block = new Uint8Array(Math.ceil(bytes.length / 512) * 512);
  block.set(bytes);
  return block;
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
