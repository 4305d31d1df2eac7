// Captions → their picture, and pictures → one of their captions: recall at k both ways.
// Reference: big_vision `evaluators/proj/image_text/image_text_retrieval.py`, `retrieval.py`.

import type { OrtRuntime } from '../compile/index.ts';
import type { RecordSource } from '../data/index.ts';
import { type Embeddings, topK } from '../embeddings.ts';
import { assertNumber, refuseUnknown } from '../options.ts';
import { escapeHtml, foundRow } from '../page.ts';
import { retrievalRanksAsync } from './async-ranks.ts';
import { bootstrapMean } from './bootstrap.ts';
import { countOf, embedItems } from './embed-items.ts';
import {
  createEvaluation,
  EVALUATION_OPTIONS,
  type Evaluation,
  type EvaluationOptions,
  type Interval,
  resolveEvaluation,
} from './evaluation.ts';
import { findExamples, spread } from './example-pictures.ts';
import { assertRecords, pairItems, picturesOf } from './pair-items.ts';
import { recallLostToTies } from './recall.ts';

/** What {@link retrieval} measures. */
export interface RetrievalOptions extends EvaluationOptions {
  /** Pictures with one or several captions each. */
  readonly source: RecordSource;
  /** Ranks up to which a hit counts, default `[1, 5, 10]`. */
  readonly ks?: readonly number[];
  /** Captions of each picture that are used, in stored order; default all. Many tools cut COCO's to 5. */
  readonly captions?: number;
  /** Compares by ONNX Runtime; default: on the current tfjs backend. */
  readonly runtime?: OrtRuntime;
}

/**
 * Values: `imageToText@1` and so on (one of the first k texts is of the picture) and `textToImage@1` and so on. Ties count
 * against the model.
 *
 * @throws ConfigError, DataError
 * @example
 * const source = readKarpathy(diskFile('dataset_coco.json'), { splits: ['test'], images: diskFolder('coco') });
 * const { values } = await retrieval({ model, source });
 * console.log(values['imageToText@1'], values['textToImage@1']);
 */
export async function retrieval(options: RetrievalOptions): Promise<Evaluation> {
  const door = 'retrieval';
  refuseUnknown(door, options, [...EVALUATION_OPTIONS, 'source', 'ks', 'captions', 'runtime']);
  const resolved = resolveEvaluation(door, options);
  const { source, ks = [1, 5, 10], captions = Number.POSITIVE_INFINITY, runtime } = options;
  assertRecords(door, source);
  for (const k of ks) assertNumber(door, 'ks', k, 1, 1e9);
  if (captions !== Number.POSITIVE_INFINITY) assertNumber(door, 'captions', captions, 1, 1e9);
  const { signal, onProgress } = resolved;
  const embedded = await embedItems({
    ...resolved,
    door,
    items: pairItems(source, signal, captions),
    total: await countOf(source.references(signal)),
    settings: options.captions ?? 'all',
  });
  const { pictures, texts, itemOfText, about } = embedded;
  const compared = await retrievalRanksAsync(pictures, texts, itemOfText, {
    ...(runtime && { runtime }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const { values, intervals } = recallValues(compared, itemOfText, ks);
  const said = about.flat();
  return createEvaluation({
    task: 'retrieval',
    title: `Retrieval in ${source.name}`,
    values,
    intervals,
    count: pictures.count,
    skipped: embedded.skipped,
    settings: { data: source.name, pictures: pictures.count, captions: texts.count, ks },
    details: { lostToTies: { ...recallLostToTies(compared, ks) } },
    sections: [
      await retrievalSheet({
        ...{ source, keys: embedded.keys, pictures, texts, itemOfText, said },
        ...{ textRanks: compared.textToImage, examples: resolved.examples, signal },
        imageSize: resolved.model.config.imageSize,
      }),
    ],
  });
}

export interface Ranks {
  /** 0-based, of each picture: the best of its texts; -1 for one that has none, which is not asked. */
  readonly imageToText: ArrayLike<number>;
  /** 0-based, of each text: its picture. */
  readonly textToImage: ArrayLike<number>;
}

/** Recall at each k both ways, with intervals; texts of one picture stand or fall together. */
export function recallValues(
  { imageToText, textToImage }: Ranks,
  imageOfText: ArrayLike<number>,
  ks: readonly number[],
): { values: Record<string, number>; intervals: Record<string, Interval> } {
  const values: Record<string, number> = {};
  const intervals: Record<string, Interval> = {};
  for (const [name, ranks, groups] of [
    ['imageToText', imageToText, undefined],
    ['textToImage', textToImage, imageOfText],
  ] as const) {
    for (const k of ks) {
      const hits = Uint8Array.from(asked(ranks), (rank) => Number(rank < k));
      const { mean, low, high } = bootstrapMean(hits, groups && { groups });
      values[`${name}@${k}`] = mean;
      intervals[`${name}@${k}`] = { low, high };
    }
  }
  return { values, intervals };
}

function asked(ranks: ArrayLike<number>): number[] {
  return Array.from(ranks).filter((rank) => rank >= 0);
}

interface RetrievalSheet {
  readonly source: RecordSource;
  readonly keys: readonly string[];
  readonly pictures: Embeddings;
  readonly texts: Embeddings;
  readonly itemOfText: Int32Array;
  /** What each text says. */
  readonly said: readonly string[];
  readonly textRanks: ArrayLike<number>;
  readonly examples: number;
  /** px */
  readonly imageSize: number;
  readonly signal: AbortSignal | undefined;
}

const HITS = 5;

/** @returns HTML: some captions and the pictures that are most similar; such that found theirs, and such that did not */
async function retrievalSheet(sheet: RetrievalSheet): Promise<string> {
  const { source, keys, pictures, texts, itemOfText, said, textRanks, examples, imageSize, signal } = sheet;
  const places = Array.from({ length: texts.count }, (_, i) => i);
  const groups = [true, false].map((isFound) =>
    spread(
      places.filter((i) => (textRanks[i] === 0) === isFound),
      Math.ceil(examples / 2),
    ),
  );
  const searched = groups.map((group) =>
    group.map((place) => ({ place, hits: topK(texts.row(place), pictures, HITS) })),
  );
  const wanted = searched.flat().flatMap(({ hits }) => hits.map(({ index }) => keys[index]!));
  const shown = await findExamples(picturesOf(source, signal), wanted, imageSize, signal);
  const row = ({ place, hits }: (typeof searched)[number][number]): string => {
    const found = hits.flatMap(({ index, score }) => {
      const picture = shown.get(keys[index]!);
      if (typeof picture !== 'object') return []; // gone since it was embedded
      return [{ picture, caption: score.toFixed(2), isOwn: index === itemOfText[place] }];
    });
    const rank = `<span class="soft">rank ${textRanks[place]! + 1}</span>`;
    return `<p>${escapeHtml(said[place]!)} ${rank}</p>${foundRow('', found)}`;
  };
  const [found = [], missed = []] = searched;
  const section = (title: string, list: typeof found): string =>
    list.length === 0 ? '' : `<h2>${title}</h2>${list.map(row).join('')}`;
  return section('Captions that find their picture', found) + section('Captions that do not', missed);
}
