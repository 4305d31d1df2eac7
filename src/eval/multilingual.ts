// Retrieval within each of many languages, as Crossmodal-3600 measures it: the same pictures, each language's captions
// on their own, by the first caption and by all of them, and the means over the languages.
// Reference: Thapliyal et al. 2022, "Crossmodal-3600"; the CLIPPO paper, figure 4.

import type { OrtRuntime } from '../compile/index.ts';
import type { BrokenRecord, MultilingualSource } from '../data/index.ts';
import { createEmbeddings, type Embeddings } from '../embeddings.ts';
import { ConfigError, DataError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { tableHtml } from '../page.ts';
import { retrievalRanksAsync } from './async-ranks.ts';
import { countOf, embedItems, type Item } from './embed-items.ts';
import {
  createEvaluation,
  EVALUATION_OPTIONS,
  type Evaluation,
  type EvaluationOptions,
  resolveEvaluation,
} from './evaluation.ts';
import { languageFigure } from './language-figure.ts';
import { recallOfRanks } from './recall.ts';

/** What {@link multilingualRetrieval} measures. */
export interface MultilingualRetrievalOptions extends EvaluationOptions {
  /** Pictures with captions in several languages, `readCrossmodalPictures()`. */
  readonly source: MultilingualSource;
  /** Compares by ONNX Runtime; default: on the current tfjs backend. */
  readonly runtime?: OrtRuntime;
}

/** Of one language. Shares from 0 to 1; recall at 1. */
export interface LanguageRecall {
  readonly language: string;
  /** That have a caption in it; the candidates. */
  readonly pictures: number;
  readonly captions: number;
  readonly imageToText: number;
  readonly textToImage: number;
  /** With the first caption of each picture only. */
  readonly imageToTextFirst: number;
  readonly textToImageFirst: number;
}

const MEASURES = ['imageToText', 'textToImage', 'imageToTextFirst', 'textToImageFirst'] as const;

/**
 * Values: recall at 1 both ways with all captions and with the first ones, means over the languages. `details` has each
 * language. A picture without a caption in some language is no candidate there.
 *
 * @throws ConfigError, and DataError also when a language has no caption at all
 * @example
 * const source = readCrossmodalPictures(diskFile('captions.jsonl'), { images: diskFolder('xm3600') });
 * const { values } = await multilingualRetrieval({ model, source });
 */
export async function multilingualRetrieval(options: MultilingualRetrievalOptions): Promise<Evaluation> {
  const door = 'multilingualRetrieval';
  refuseUnknown(door, options, [...EVALUATION_OPTIONS, 'source', 'runtime']);
  const resolved = resolveEvaluation(door, options);
  const { source, runtime } = options;
  if (typeof source?.references !== 'function' || !Array.isArray(source.languages)) {
    throw new ConfigError(
      `${door}: source: expected pictures with captions in several languages, as readCrossmodalPictures() gives, got ${describeValue(source)}.`,
    );
  }
  const { signal } = resolved;
  const embedded = await embedItems({
    ...resolved,
    door,
    items: multilingualItems(source, signal),
    total: await countOf(source.references(signal)),
    settings: source.languages,
  });
  const { pictures, texts, itemOfText, about } = embedded;
  const languageOfText = about.flat();
  const languages: LanguageRecall[] = [];
  for (const language of source.languages) {
    const places = languageOfText.flatMap((each, i) => (each === language ? [i] : []));
    if (places.length === 0)
      throw new DataError(`${door}: the data has no caption in ${language}. Leave it out.`);
    const items = places.map((i) => itemOfText[i]!);
    const candidates = [...new Set(items)];
    const place = new Map(candidates.map((item, i) => [item, i]));
    const recallOf = async (kept: readonly number[]) => {
      const owners = kept.map((i) => place.get(items[i]!)!);
      const own = rowsAt(
        texts,
        kept.map((i) => places[i]!),
      );
      const ranks = await retrievalRanksAsync(rowsAt(pictures, candidates), own, owners, {
        ...(runtime && { runtime }),
        ...(signal && { signal }),
      });
      const recall = recallOfRanks(ranks, [1]);
      return [recall.imageToText[1], recall.textToImage[1]];
    };
    const all = places.map((_, i) => i);
    const [imageToText = 0, textToImage = 0] = await recallOf(all);
    const met = new Set<number>();
    const first = all.filter((i) => met.size !== met.add(items[i]!).size);
    const [imageToTextFirst = 0, textToImageFirst = 0] = await recallOf(first);
    languages.push({
      ...{ language, pictures: candidates.length, captions: places.length },
      ...{ imageToText, textToImage, imageToTextFirst, textToImageFirst },
    });
  }
  const values = Object.fromEntries(
    MEASURES.map((name) => [
      `${name}@1`,
      languages.reduce((sum, each) => sum + each[name], 0) / languages.length,
    ]),
  );
  return createEvaluation({
    task: 'multilingual-retrieval',
    title: `Retrieval in ${languages.length} languages of ${source.name}`,
    values,
    intervals: {},
    count: pictures.count,
    skipped: embedded.skipped,
    settings: { data: source.name, languages: source.languages },
    details: languages.map((each) => ({ ...each })),
    sections: [
      languageFigure({
        title: 'Recall at 1 by language',
        languages: languages.map(({ language }) => language),
        series: [
          { name: 'picture → text', values: languages.map((each) => each.imageToText) },
          { name: 'text → picture', values: languages.map((each) => each.textToImage) },
        ],
      }),
      languageTable(languages),
    ],
  });
}

/** What is known of each later: the language of every caption. */
async function* multilingualItems(
  source: MultilingualSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item<readonly string[]> | BrokenRecord> {
  for await (const reference of source.references(signal)) {
    if ('kind' in reference) {
      yield reference;
      continue;
    }
    const { key, captions, load } = reference;
    const entries = Object.entries(captions);
    const texts = entries.flatMap(([, list]) => list);
    const about = entries.flatMap(([language, list]) => list.map(() => language));
    yield {
      key,
      async load(abort) {
        const picture = await load(abort);
        return 'kind' in picture ? picture : { pictures: [picture], texts, about };
      },
    };
  }
}

function rowsAt(rows: Embeddings, places: readonly number[]): Embeddings {
  const data = new Float32Array(places.length * rows.dim);
  places.forEach((place, i) => {
    data.set(rows.row(place), i * rows.dim);
  });
  return createEmbeddings(data, rows.dim);
}

function languageTable(languages: readonly LanguageRecall[]): string {
  const head = [
    'language',
    'pictures',
    'captions',
    'picture → text',
    'text → picture',
    'first captions only',
  ];
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const rows = languages.map(({ language, pictures, captions, ...recall }) => [
    ...[language, String(pictures), String(captions)],
    ...[percent(recall.imageToText), percent(recall.textToImage)],
    `${percent(recall.imageToTextFirst)} / ${percent(recall.textToImageFirst)}`,
  ]);
  return `<h2>By language</h2>${tableHtml([head, ...rows])}`;
}
