// Where records come from, and where their bytes come from. Readers know only these contracts: Node's files, the
// browser's File and Blob, fetch and an array in memory all fit behind them.

import type { BrokenRecord, DataRecord } from './record.ts';

/** Bytes that can be read from the start, as often as one likes, and perhaps at random. */
export interface ByteFile {
  /** As the user would recognise it: a path, a URL. */
  readonly name: string;
  /** Bytes, where known. */
  readonly size?: number;
  /** From the start. Chunks of any size; they are the reader's to keep. */
  stream(signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Random access, where there is any: bytes `start` (inclusive) to `end` (exclusive), fewer past the end. */
  slice?(start: number, end: number): Promise<Uint8Array>;
}

/** Finds files beside one another: image folders, and caption files that name their images. */
export interface FileTree {
  /** Paths relative to the root, with `/` between folders, sorted. */
  list(): AsyncIterable<string>;
  /** @throws whatever the platform throws for a file that is not there */
  open(path: string): Promise<ByteFile>;
}

/** Records in their stored order. Reading twice gives the same records in the same order. */
export interface RecordSource {
  readonly name: string;
  /** References, light enough for a shuffle buffer of 100,000; `load` fetches and checks the record. */
  references(signal?: AbortSignal): AsyncIterable<RecordReference>;
}

/** One example that has been found but need not be in memory yet. */
export interface RecordReference {
  readonly key: string;
  /** Never rejects because of what the file holds: that is a {@link BrokenRecord}. Rejects when aborted. */
  load(signal?: AbortSignal): Promise<DataRecord | BrokenRecord>;
}
