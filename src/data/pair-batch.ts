// What training takes: pairs of pictures and texts as pixels, batch by batch, from a place that can be written down
// and come back to.

import type { Raster } from '../raster/index.ts';
import type { DataReport } from './data-report.ts';

/**
 * Pairs that belong together: `images[i]` with `texts[i]`. Both slots hold Rasters as wide as the model's pictures;
 * text may use fewer rows. For text/text pairs, drawn sentences fill both slots. Strings, which a {@link TextBatch} may
 * hold, become what the model reads of a text: pixels, or tokens.
 */
export interface PairBatch<Slot extends Raster | string = Raster> {
  readonly images: readonly Slot[];
  readonly texts: readonly Slot[];
  /** What each pair is of, where that is known; see `createAnchors` of clippo-ts/train. */
  readonly keys?: readonly string[];
}

/** Pairs in which texts may not be drawn yet: what a model needs that reads text otherwise than as pictures. */
export type TextBatch = PairBatch<Raster | string>;

/** What JSON can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Batches without end, whose position can be saved. */
export interface BatchSource<Batch extends TextBatch = PairBatch> extends AsyncIterable<Batch> {
  /**
   * Where the first batch that has not been handed out begins: goes into the checkpoint, and into the options of the
   * run that goes on from there. What has been made ahead does not count.
   */
  position(): JsonValue;
  /** What was handed out and what was broken since this source was made, and how long the consumer waited. */
  report(): DataReport;
  /** Ends what works ahead; the iteration ends too. Harmless when called twice. */
  close(): Promise<void>;
}
