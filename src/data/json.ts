// JSON of unknown make → objects whose fields can be asked for.

import { readWhole } from './byte-file.ts';
import type { ByteFile } from './source.ts';
import { Unreadable, wordsOf } from './unreadable.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

const decoder = new TextDecoder();

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An array's objects; nothing for what is no array. */
export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** @throws Unreadable: `bad JSON`, or `bad row` when it is JSON but no object */
export function parseJsonObject(json: string | Uint8Array): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(typeof json === 'string' ? json : decoder.decode(json));
  } catch (cause) {
    throw new Unreadable('bad JSON', wordsOf(cause), { cause });
  }
  if (isObject(value)) return value;
  throw new Unreadable('bad row', `expected a JSON object, got ${JSON.stringify(value).slice(0, 80)}`);
}

/** Engines hold no longer string. */
const MAX_DOCUMENT = 2 ** 29 - 32;

/** A file that is one JSON object. @throws Unreadable */
export async function readJsonDocument(file: ByteFile, signal?: AbortSignal): Promise<JsonObject> {
  const bytes = await readWhole(file, { bytes: MAX_DOCUMENT, reason: 'corrupt' }, signal);
  try {
    return parseJsonObject(bytes);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new Unreadable('bad JSON', `${file.name}: ${error.message}`, { cause: error });
  }
}
