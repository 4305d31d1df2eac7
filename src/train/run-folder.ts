// Where a training run keeps its files. Training knows only this contract: a folder on the disk is Node's
// `runFolder(path)`, and a browser may keep a run wherever it likes.

/** Where a training run keeps its files: `runFolder(path)` of `clippo-ts/node`, or an object of your own. */
export interface RunFolder {
  /** As the user would recognise it: a path. */
  readonly name: string;
  /**
   * Makes the folder where there is none, and takes it for this process alone.
   *
   * @throws DataError when another run is at work in it
   */
  open(): Promise<void>;
  /** Leaves it to others. Harmless when called twice. */
  close(): Promise<void>;
  /** Names of the files in it, those that are being written left out. */
  list(): Promise<string[]>;
  /** @throws DataError */
  read(name: string): Promise<Uint8Array>;
  /** All or nothing: what was there stays until the new file is whole. @throws DataError */
  write(name: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** Adds to the end of a file, which is made where there is none. @throws DataError */
  append(name: string, bytes: Uint8Array): Promise<void>;
  /** Harmless where there is no such file. */
  remove(name: string): Promise<void>;
}
