// Flags are text; these turn them into values. A wrong one is told with the flag's name, by commander.

import { InvalidArgumentError } from 'commander';
import { DataError } from '../errors.ts';
import { readFile } from '../node/index.ts';
import type { Terminal } from './terminal.ts';

export function integer(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

export function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return Number(text);
}

/** `0.1` */
export function share(text: string): number {
  if (!/^(0?\.\d+|[01](\.0*)?)$/.test(text)) throw new InvalidArgumentError('Expected a share from 0 to 1.');
  return Number(text);
}

/** `1024`, `0.5`, `1e3` */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError('Expected a number above 0.');
  }
  return value;
}

/** `1,5,10` */
export function integers(text: string): number[] {
  if (!/^\d{1,10}(,\d{1,10})*$/.test(text)) {
    throw new InvalidArgumentError('Expected whole numbers with commas between, as in 1,5,10.');
  }
  return text.split(',').map(Number);
}

/** `1e-4,3e-4` */
export function positiveNumbers(text: string): number[] {
  return text.split(',').map(positiveNumber);
}

/** `de,sw` */
export function names(text: string): string[] {
  const list = text.split(',').map((name) => name.trim());
  if (list.includes('')) throw new InvalidArgumentError('Expected names with commas between; one is empty.');
  return list;
}

/** `224` or `320x64`. */
export function imageSize(text: string): number | { width: number; height: number } {
  const [, width, height] = /^(\d{1,10})(?:x(\d{1,10}))?$/.exec(text) ?? [];
  if (width === undefined) throw new InvalidArgumentError('Expected px as in 224 or 320x64.');
  return height === undefined ? Number(width) : { width: Number(width), height: Number(height) };
}

/** `0,127`: brightness of the text and of its background. */
export function brightness(text: string): { textBrightness: number; backgroundBrightness: number } {
  const [, ink, ground] = /^(\d{1,3}),(\d{1,3})$/.exec(text) ?? [];
  if (ink === undefined) throw new InvalidArgumentError('Expected TEXT,BACKGROUND as in 0,127.');
  return { textBrightness: Number(ink), backgroundBrightness: Number(ground) };
}

/** An option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** The lines of a text file that hold anything, of stdin for `-`. */
export async function readLines(path: string, terminal: Terminal): Promise<string[]> {
  const text =
    path === '-'
      ? await terminal.readInput()
      : new TextDecoder().decode(await readFile(path, { signal: terminal.signal }));
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0)
    throw new DataError(`${path === '-' ? 'stdin' : path}: expected one text a line, got none.`);
  return lines;
}
