// The door of the room: files of the web → bytes, kept.

export type { Subject } from './answer.ts';
export {
  DOWNLOAD_OPTIONS,
  type DownloadOptions,
  type ResolvedDownloads,
  resolveDownloads,
} from './download-options.ts';
export {
  type CacheState,
  cacheState,
  type FetchKeptOptions,
  fetchKept,
  type KeptRecord,
  type WantedFile,
} from './kept-file.ts';
export { type TransferOptions, transfer } from './transfer.ts';
