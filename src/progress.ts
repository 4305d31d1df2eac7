// The one progress event of the library: downloads, encoding and training all report in this form.

/** How far something long has come. */
export interface ProgressEvent {
  /** What is going on, in a word or two: `'read'`, `'download'`, `'encode'`, `'train'`. */
  readonly stage: string;
  /** How much is done, in `unit`s. */
  readonly done: number;
  /** How much there is to do; absent when nobody knows. */
  readonly total?: number;
  /** What `done` and `total` count: `'bytes'`, `'inputs'`, `'steps'`. */
  readonly unit: string;
  /** How long it will still take, in s, as far as whoever reports can tell. */
  readonly secondsLeft?: number;
}

/** Hears how far something long has come. */
export type OnProgress = (event: ProgressEvent) => void;
