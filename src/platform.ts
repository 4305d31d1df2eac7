// What differs between Node and the browser, as one small contract. `#platform` in package.json's "imports"
// picks node/platform.ts or web/platform.ts when the package is resolved, so no bundle holds the other one.

import type { OrtRuntime } from './compile/index.ts';
import type { FileCache } from './file-cache.ts';
import type { OnProgress } from './progress.ts';
import type { Raster } from './raster/index.ts';
import type { TextTokenizer } from './tokens/index.ts';

export interface ReadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

export interface DecodeOptions {
  /** Colour behind what is transparent, RGB, 0 … 255; default white. */
  readonly background?: readonly [number, number, number];
  /** More pixels are refused, where the decoder can tell before it decodes. */
  readonly maxPixels?: number;
}

export interface Platform {
  /** The bytes of a file. Node: a path or `file:` URL. Browser: refused, with advice. */
  readFile(path: string | URL, options?: ReadOptions): Promise<Uint8Array>;
  /** Writes chunk by chunk; the old file stays whole until the new one is. */
  writeFile(
    path: string | URL,
    chunks: Iterable<Uint8Array>,
    options?: { signal?: AbortSignal },
  ): Promise<void>;
  /** An encoded picture, or a browser's image object, → RGB, upright, transparency on one colour. */
  decodeImage(image: Uint8Array | Blob | CanvasImageSource, options?: DecodeOptions): Promise<Raster>;
  /** The ONNX Runtime of this place, where there is one that works. */
  onnxRuntime(): Promise<OrtRuntime | undefined>;
  /** Why {@link onnxRuntime} gives none, and how to come by one. */
  onnxRuntimeAdvice(): string;
  /** Where downloads are kept unless a caller says otherwise. */
  defaultCache(): FileCache;
  /** SHA-256 as 64 hex digits; undefined where none can be computed. */
  sha256(bytes: Uint8Array): Promise<string | undefined>;
  /** Hugging Face's tokenizer.json → a tokenizer. Browser: refused, with advice, for the package would be in every bundle. */
  parseTokenizerJson(file: Uint8Array, options: { readonly name: string }): Promise<TextTokenizer>;
  /** A setting from outside the program, such as an environment variable; undefined where it is not set. */
  environment(name: string): string | undefined;
}
