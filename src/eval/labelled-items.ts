// Labelled things as evaluations embed them.

import type { BrokenRecord, JsonValue, LabelledSource } from '../data/index.ts';
import { createEmbeddings, type Embeddings } from '../embeddings.ts';
import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { EmbeddedItems, Item } from './embed-items.ts';

/** @throws ConfigError */
export function assertLabelled(door: string, source: LabelledSource): LabelledSource {
  if (typeof source?.references === 'function' && Array.isArray(source.classes)) return source;
  throw new ConfigError(
    `${door}: source: expected labelled things, as readClassFolder() gives, got ${describeValue(source)}.`,
  );
}

/** Labelled things as items; what is known of each is its label. */
export async function* labelledItems(
  source: LabelledSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item<number> | BrokenRecord> {
  for await (const reference of source.references(signal)) {
    if ('kind' in reference) {
      yield reference;
      continue;
    }
    const { key, label } = reference;
    yield {
      key,
      mark: label,
      async load(abort) {
        const thing = await reference.load(abort);
        if (typeof thing === 'string') return { pictures: [], texts: [thing], about: label };
        return 'kind' in thing ? thing : { pictures: [thing], texts: [], about: label };
      },
    };
  }
}

/** One row an item: each has either a picture or a text. */
export function rowsOfItems({
  pictures: a,
  itemOfPicture: ofA,
  texts: b,
  itemOfText: ofB,
}: Pick<EmbeddedItems<JsonValue>, 'pictures' | 'itemOfPicture' | 'texts' | 'itemOfText'>): Embeddings {
  if (b.count === 0) return a;
  if (a.count === 0) return b;
  const data = new Float32Array((a.count + b.count) * a.dim);
  ofA.forEach((item, i) => {
    data.set(a.row(i), item * a.dim);
  });
  ofB.forEach((item, i) => {
    data.set(b.row(i), item * a.dim);
  });
  return createEmbeddings(data, a.dim);
}
