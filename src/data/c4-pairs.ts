// C4 (`c4-train.00000-of-01024.json.gz`: one JSON object with a `text` a line) → pairs of consecutive sentences of one
// document, the text/text pairs of the paper. Documents of a single sentence have no pair and are passed over.

import { ConfigError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import { createRandom } from '../random.ts';
import { type Files, fileList, sourceOfFiles } from './file-source.ts';
import { readJsonRows } from './jsonl.ts';
import { broken, textTextRecord } from './record.ts';
import { splitSentences } from './sentences.ts';
import type { ByteFile, RecordReference, RecordSource } from './source.ts';
import { brokenReference, Unreadable } from './unreadable.ts';

/** How {@link readC4Pairs} makes pairs of sentences. */
export interface C4PairsOptions {
  /** One pair of a document, drawn at random, or all of them. Default `'one'`, so that long documents weigh no more. */
  readonly pairs?: 'one' | 'all';
  /** Of that draw, an integer; default 0. */
  readonly seed?: number;
}

/**
 * Keys are `<file>:<line>#<sentence>`, both from 1.
 *
 * @throws ConfigError
 * @example readC4Pairs([shard0, shard1], { pairs: 'all' });
 */
export function readC4Pairs(files: Files, options: C4PairsOptions = {}): RecordSource {
  refuseUnknown('readC4Pairs', options, ['pairs', 'seed']);
  const { pairs = 'one', seed = 0 } = options;
  if (pairs !== 'one' && pairs !== 'all') {
    throw new ConfigError(`readC4Pairs: pairs: expected "one" or "all", got ${describeValue(pairs)}.`);
  }
  assertNumber('readC4Pairs', 'seed', seed, -(2 ** 53), 2 ** 53);
  return sourceOfFiles(fileList('readC4Pairs', files), (file, signal) =>
    references(file, pairs, seed, signal),
  );
}

async function* references(
  file: ByteFile,
  pairs: 'one' | 'all',
  seed: number,
  signal?: AbortSignal,
): AsyncGenerator<RecordReference> {
  const shard = file.name.replace(/^.*[/\\]/, ''); // the same wherever the folder lies
  for await (const { number, row } of readJsonRows(file, signal)) {
    const place = `${file.name}:${number}`;
    if (row instanceof Unreadable) {
      yield brokenReference(broken(place, row.reason, row.message));
      continue;
    }
    if (typeof row.text !== 'string') {
      yield brokenReference(broken(place, 'bad row', 'no "text"'));
      continue;
    }
    const sentences = splitSentences(row.text);
    const count = sentences.length - 1;
    if (count < 1) continue;
    const drawn = pairs === 'one' ? createRandom(seed, `${shard}:${number}`).integer(count) : 0;
    for (let i = drawn; i < (pairs === 'one' ? drawn + 1 : count); i++) {
      const [first, second] = [sentences[i]!, sentences[i + 1]!];
      const key = `${place}#${i + 1}`;
      yield { key, load: async () => textTextRecord(key, first, second) };
    }
  }
}
