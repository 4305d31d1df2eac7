// A transfer on its way ↔ parts of 8 MiB in a cache, so that a process that begins later goes on where another ended.
// A record says which version of which file the parts belong to, and their names carry a digest of it: parts of two
// versions never mix, and two processes that fetch the same file share what they have.

import * as platform from '#platform';
import type { FileCache } from '../file-cache.ts';
import { type FileVersion, validatorOf } from './answer.ts';
import { createGrowingBytes, type GrowingBytes } from './growing-bytes.ts';

const PART_BYTES = 8 * 2 ** 20;

export interface Parts {
  /** What an earlier transfer of the same address has left, from the first byte on. */
  restore(): Promise<{ version: FileVersion; bytes: GrowingBytes } | undefined>;
  /** A transfer starts at the first byte: what was there of other versions goes. */
  begin(version: FileVersion): Promise<void>;
  /** Stores every part that is whole by now. */
  keep(bytes: GrowingBytes): Promise<void>;
  clear(): Promise<void>;
}

interface PartRecord extends FileVersion {
  readonly url: string;
  readonly partBytes: number;
}

/**
 * @param name - of the file; its parts are `NAME.part.…`
 * @param options.onTrouble - hears why nothing more is stored; the transfer goes on without
 */
export function createParts(
  cache: FileCache,
  name: string,
  {
    url,
    partBytes = PART_BYTES,
    onTrouble,
  }: { readonly url: string; readonly partBytes?: number; readonly onTrouble: (error: unknown) => void },
): Parts {
  const prefix = `${name}.part.`;
  const recordName = `${prefix}json`;
  let tag = '';
  let stored = 0;
  let isBroken = false;
  const partName = (index: number): string => `${prefix}${tag}.${index}`;

  /** A cache that fails must not fail the transfer. */
  async function trying(work: () => Promise<void>): Promise<void> {
    if (isBroken) return;
    try {
      await work();
    } catch (error) {
      isBroken = true;
      onTrouble(error);
    }
  }

  async function removeParts(keepTag?: string): Promise<void> {
    for (const each of await cache.list()) {
      const isKept = keepTag !== undefined && each.startsWith(`${prefix}${keepTag}.`);
      if (each.startsWith(prefix) && !isKept) await cache.remove(each);
    }
  }

  async function readAll(): Promise<{ version: FileVersion; bytes: GrowingBytes } | undefined> {
    const record = parseRecord(await cache.read(recordName));
    if (record === undefined || record.url !== url || record.partBytes !== partBytes) return undefined;
    tag = await tagOf(record);
    const bytes = createGrowingBytes(record.total);
    for (;;) {
      const part = await cache.read(partName(stored));
      if (part?.length !== partBytes || bytes.length + partBytes > (record.total ?? Infinity)) break;
      bytes.append(part);
      stored++;
    }
    const { etag, lastModified, total } = record;
    return { version: { etag, lastModified, total }, bytes };
  }

  return {
    async restore() {
      let found: { version: FileVersion; bytes: GrowingBytes } | undefined;
      await trying(async () => {
        found = await readAll();
      });
      return found;
    },
    async begin(version) {
      stored = 0;
      await trying(async () => {
        // What no later request can name is of no use to it.
        if (validatorOf(version) === undefined) {
          isBroken = true;
          await removeParts();
          return;
        }
        const record: PartRecord = { url, partBytes, ...version };
        tag = await tagOf(record);
        await removeParts(tag);
        await cache.write(recordName, [new TextEncoder().encode(JSON.stringify(record))]);
      });
    },
    async keep(bytes) {
      while (!isBroken && bytes.length >= (stored + 1) * partBytes) {
        await trying(async () => {
          const start = stored * partBytes;
          await cache.write(partName(stored), [bytes.view(start, start + partBytes)]);
          stored++;
        });
      }
    },
    async clear() {
      await removeParts().catch(onTrouble);
    },
  };
}

/** How far a transfer came that has not ended, for those who look. */
export async function partialState(
  cache: FileCache,
  name: string,
): Promise<{ done: number; total: number | undefined } | undefined> {
  const record = parseRecord(await cache.read(`${name}.part.json`));
  if (record === undefined) return undefined;
  const start = `${name}.part.${await tagOf(record)}.`;
  const count = (await cache.list()).filter((each) => each.startsWith(start)).length;
  return { done: count * record.partBytes, total: record.total };
}

async function tagOf({ url, etag, lastModified, total }: PartRecord): Promise<string> {
  const digest = await platform.sha256(
    new TextEncoder().encode(JSON.stringify([url, etag, lastModified, total])),
  );
  return (digest ?? 'untold').slice(0, 12);
}

/** @returns undefined for what is missing, or not what this file writes */
function parseRecord(bytes: Uint8Array | undefined): PartRecord | undefined {
  if (bytes === undefined) return undefined;
  try {
    // Anything may lie there; each field is checked.
    const { url, partBytes, etag, lastModified, total } = JSON.parse(
      new TextDecoder().decode(bytes),
    ) as Record<string, unknown>;
    if (typeof url !== 'string' || !isCount(partBytes)) return undefined;
    return {
      ...{ url, partBytes },
      ...(typeof etag === 'string' && { etag }),
      ...(typeof lastModified === 'string' && { lastModified }),
      ...(isCount(total) && { total }),
    };
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}
