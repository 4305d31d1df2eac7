// A few examples of a source, found again by their keys for a report: nothing is kept of the others.

import { type BrokenRecord, decodePicture, PICTURE_LIMITS } from '../data/index.ts';
import { escapeHtml, pictureHtml } from '../page.ts';
import { type Raster, resize } from '../raster/index.ts';

/** What a report shows of an example. */
export type Shown = Raster | string;

export interface Findable {
  readonly key: string;
  load(signal?: AbortSignal): Promise<Uint8Array | Raster | string | BrokenRecord>;
}

/**
 * @param size - px, side of the pictures; undefined: as they are
 * @returns what could be read again, by key
 */
export async function findExamples(
  references: AsyncIterable<Findable | BrokenRecord>,
  keys: Iterable<string>,
  size: number | undefined,
  signal?: AbortSignal,
): Promise<Map<string, Shown>> {
  const wanted = new Set(keys);
  const found = new Map<string, Shown>();
  if (wanted.size === 0) return found;
  for await (const reference of references) {
    if ('kind' in reference || !wanted.delete(reference.key)) continue;
    const shown = await readExample(reference, size, signal);
    if (typeof shown === 'string' || !('kind' in shown)) found.set(reference.key, shown);
    if (wanted.size === 0) break;
  }
  return found;
}

/** @param size - px, side of a picture; undefined: as it is */
export async function readExample(
  reference: Findable,
  size: number | undefined,
  signal?: AbortSignal,
): Promise<Shown | BrokenRecord> {
  const thing = await reference.load(signal);
  const shown =
    thing instanceof Uint8Array ? await decodePicture(reference.key, thing, PICTURE_LIMITS, {}) : thing;
  if (size === undefined || typeof shown === 'string' || 'kind' in shown) return shown;
  return resize(shown, size);
}

/** @returns HTML */
export function showExample(shown: Shown | undefined): string {
  if (shown === undefined) return '';
  return typeof shown === 'string' ? `<blockquote>${escapeHtml(shown)}</blockquote>` : pictureHtml(shown);
}

/** Some of a list, evenly spread. */
export function spread<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / count)]!);
}
