// What the page asks its workers, and what they answer. Everything crosses by structured clone: plain objects and typed arrays.

export type EngineName = 'wasm' | 'webgpu' | 'onnx';

/** A picture as the model reads it. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** A text as it is drawn, and what does not come out of it. */
export interface Drawing {
  /** The whole canvas, grey. */
  readonly pixels: Pixels;
  readonly patchSize: number;
  /** px from the top that the model reads; what is below is not encoded. */
  readonly readHeight: number;
  readonly lines: number;
  readonly characters: number;
  /** What found no room, from its first character on. */
  readonly dropped: string;
  readonly droppedCount: number;
  /** Characters without a glyph, where they leave their gap. */
  readonly missing: readonly { readonly character: string; readonly left: number; readonly top: number }[];
  /** Whether the text has letters of a script that is written from right to left. */
  readonly rightToLeft: boolean;
}

export interface ModelInfo {
  readonly name: string;
  readonly engine: EngineName;
  /** Of one text through the network, ms: the median of several. */
  readonly encodeMs: number;
  readonly parameters: number;
  readonly imageSize: number;
  /** How many pictures are searched. */
  readonly candidates: number;
}

/** Where the page's files lie, as absolute addresses. */
export interface Places {
  /** The folder of the data, with a slash at its end. */
  readonly data: string;
  readonly modelBytes: number;
  readonly emojiBytes: number;
}

export interface Candidate {
  readonly character: string;
  readonly name: string;
}

export interface SearchResult {
  readonly hits: readonly { readonly index: number; readonly score: number }[];
  readonly encodeMs: number;
  readonly searchMs: number;
}

export interface PictureSeen {
  readonly name: string;
  readonly pixels: Pixels;
  /** px, of the file */
  readonly width: number;
  readonly height: number;
}

export interface LabelScore {
  readonly label: string;
  readonly score: number;
}

export interface NearWord {
  readonly language: string;
  readonly word: string;
  readonly score: number;
}

export interface Attention {
  readonly overlay: Pixels;
  readonly raster: Pixels;
  readonly letters?: readonly { readonly character: string; readonly value: number }[];
  readonly cosine?: number;
}

export interface EmbeddingMap {
  /** Distance between the centre of the pictures and the centre of the words. */
  readonly gap: number;
  /** Share of the variance along each axis. */
  readonly explained: readonly number[];
  /** Mean cosine of a picture with its own word. */
  readonly matched: number;
  /** [n, 2] places of the pictures, and of the words. */
  readonly pictures: Float32Array;
  readonly words: Float32Array;
}

/** What the model's worker can be asked: arguments and answer of each. */
export interface ModelJobs {
  draw: { args: { text: string }; answer: Drawing };
  /** Texts on one line each, cut to their width. */
  drawLines: { args: { texts: readonly string[] }; answer: readonly Pixels[] };
  load: { args: { places: Places; engine: EngineName }; answer: ModelInfo };
  candidates: { args: Record<string, never>; answer: readonly Candidate[] };
  useEngine: { args: { engine: EngineName }; answer: ModelInfo };
  search: { args: { text: string; count: number }; answer: SearchResult };
  readPicture: { args: { picture: Blob | ImageBitmap; name: string }; answer: PictureSeen };
  classify: { args: { labels: readonly string[] }; answer: readonly LabelScore[] };
  nearestWords: { args: { languages: readonly string[] }; answer: readonly NearWord[] };
  attend: {
    args: { subject: 'text' | 'picture'; text: string; method: 'attention' | 'occlusion' };
    answer: Attention;
  };
  map: { args: Record<string, never>; answer: EmbeddingMap };
  place: { args: { text: string }; answer: readonly [number, number] };
  loadOwn: { args: { file: Blob; name: string }; answer: ModelInfo };
  loadShipped: { args: Record<string, never>; answer: ModelInfo };
}

/** A picture of the training that the model has not seen, and what it takes it for. */
export interface Guess {
  readonly pixels: Pixels;
  readonly label: string;
  readonly guess: string;
  readonly score: number;
}

export interface TrainingNews {
  readonly step: number;
  readonly loss: number;
  readonly chance: number;
  readonly stepMs: number;
  readonly guesses?: readonly Guess[];
  /** Share of unseen pictures that are named rightly, 0 … 1. */
  readonly accuracy?: number;
}

/** What the training's worker can be asked. */
export interface TrainingJobs {
  train: {
    args: { engine: EngineName; steps: number; lookEvery: number };
    answer: { step: number; parameters: number };
  };
  forget: { args: Record<string, never>; answer: undefined };
}

/** How far something has come. `total` is missing where nobody knows it. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  readonly total?: number;
}

export type ToWorker =
  | { readonly id: number; readonly job: string; readonly args: unknown }
  | { readonly cancel: number };
export type FromWorker =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: { readonly name: string; readonly message: string } }
  | { readonly id: number; readonly progress: Progress }
  | { readonly id: number; readonly news: unknown }
  | { readonly notice: string; readonly info?: ModelInfo };
