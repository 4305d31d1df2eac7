// What a model finds by now: some texts of a batch, and which pictures of that batch it takes for the most similar, as a
// piece of HTML with the very pixels that it saw.

import type { TextBatch } from '../data/index.ts';
import { createEmbeddings, topK } from '../embeddings.ts';
import { foundRow, inputHtml } from '../page.ts';
import type { Raster } from '../raster/index.ts';

export interface RetrievalSheet {
  /** Pictures that were searched. */
  readonly among: number;
  readonly rows: readonly {
    readonly query: Raster | string;
    /** Best first. */
    readonly hits: readonly {
      readonly picture: Raster | string;
      readonly score: number;
      readonly isOwn: boolean;
    }[];
  }[];
}

const ROWS = 10;
const HITS = 6;
const MOST_PAIRS = 128;

/**
 * What of a batch is looked at: no more than may go through the network together.
 *
 * @param chunk - the most rasters that do; undefined: the whole batch
 */
export function pairsOfSheet({ images, texts }: TextBatch, chunk = 2 * MOST_PAIRS): TextBatch {
  const most = Math.max(1, Math.min(MOST_PAIRS, Math.floor(chunk / 2)));
  return { images: images.slice(0, most), texts: texts.slice(0, most) };
}

/** @param z - 2B · E numbers: unit vectors of the pictures, then of the texts */
export function retrievalSheet({ images, texts }: TextBatch, z: Float32Array): RetrievalSheet {
  const pairs = images.length;
  const dim = z.length / (2 * pairs);
  const pictures = createEmbeddings(z.subarray(0, pairs * dim), dim);
  const queries = createEmbeddings(z.subarray(pairs * dim), dim);
  const rows = texts.slice(0, ROWS).map((query, i) => ({
    query,
    hits: topK(queries.row(i), pictures, Math.min(HITS, pairs)).map(({ index, score }) => ({
      picture: images[index]!,
      score,
      isOwn: index === i,
    })),
  }));
  return { among: pairs, rows };
}

/** A piece of a page of ours, which has the styles. */
export function sheetHtml({ among, rows }: RetrievalSheet): string {
  const lines = rows.map(({ query, hits }) =>
    foundRow(
      inputHtml(query),
      hits.map(({ picture, score, isOwn }) => ({ picture, caption: score.toFixed(2), isOwn })),
    ),
  );
  return `<p class="soft">On the left what is looked for, beside it what is most similar among ${among} of the last batch; what belongs to it is framed.</p>
${lines.join('\n')}`;
}
