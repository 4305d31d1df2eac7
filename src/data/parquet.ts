// Parquet → rows, one row group after the other, only the columns that are asked for. hyparquet reads the format; it
// is an optional package, and so are its decompressors for anything but snappy.

import { missingPackage } from '../missing-package.ts';
import { isGzip, isRandomAccess, type RandomAccessFile, readSlice, readWhole } from './byte-file.ts';
import type { TableRow } from './csv.ts';
import type { ByteFile } from './source.ts';
import { Unreadable, wordsOf } from './unreadable.ts';

/** Bytes of a file without random access, which has to be held as a whole: the table of contents is at its end. */
const MAX_HELD = 2 ** 30;

/** Rows of a row group, which is held as a whole: a claim of more would take the memory before it shows false. */
const MAX_ROWS = 2 ** 24;

/** @throws Unreadable; BackendError when a package is missing */
export async function* readParquetRows(
  file: ByteFile,
  columns: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<TableRow> {
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await importHyparquet();
  const buffer = await bufferOf(file, signal);
  const metadata = await sound(file, () => parquetMetadataAsync(buffer));
  const codecs = metadata.row_groups.flatMap((group) =>
    group.columns.map((column) => column.meta_data?.codec),
  );
  const needsMore = codecs.some(
    (codec) => codec !== undefined && !['UNCOMPRESSED', 'SNAPPY'].includes(codec),
  );
  const { compressors } = needsMore ? await importCompressors() : {};
  const present = (await sound(file, async () => parquetSchema(metadata))).children.map(
    (child) => child.element.name,
  );
  const wanted = present.filter((name) => columns.includes(name));
  if (wanted.length === 0) {
    const [found, expected] = [present.slice(0, 20).join(', '), columns.join(', ')];
    throw new Unreadable('bad row', `${file.name}: has the columns ${found}; looked for ${expected}.`);
  }

  let rowStart = 0;
  for (const group of metadata.row_groups) {
    signal?.throwIfAborted();
    const rowCount = Number(group.num_rows);
    if (!(rowCount >= 0 && rowCount <= MAX_ROWS)) {
      const why = `a row group of ${rowCount} rows, at most ${MAX_ROWS} are read. Write smaller row groups.`;
      throw new Unreadable('corrupt', `${file.name}: ${why}`);
    }
    const rowEnd = rowStart + rowCount;
    const range = { rowStart, rowEnd, columns: wanted, utf8: false };
    const rows = await sound(file, () =>
      parquetReadObjects({ file: buffer, metadata, ...range, ...(compressors && { compressors }) }),
    );
    for (const [i, row] of rows.entries()) yield { number: rowStart + i + 1, row };
    rowStart = rowEnd;
  }
}

// Both in a `try`, by which webpack and esbuild know that a package may be missing; Vite reads package.json for it.
async function importHyparquet() {
  try {
    return await import('hyparquet');
  } catch (cause) {
    throw missingPackage('hyparquet', 'Reading Parquet', cause);
  }
}

async function importCompressors() {
  try {
    return await import('hyparquet-compressors');
  } catch (cause) {
    throw missingPackage('hyparquet-compressors', 'Reading Parquet packed with anything but snappy', cause);
  }
}

interface Buffer {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

async function bufferOf(file: ByteFile, signal?: AbortSignal): Promise<Buffer> {
  if (isRandomAccess(file) && !isGzip(file)) {
    return { byteLength: file.size, slice: quietly((start, end = file.size) => sliceOf(file, start, end)) };
  }
  const bytes = await readWhole(file, { bytes: MAX_HELD, reason: 'corrupt' }, signal);
  return {
    byteLength: bytes.length,
    slice: quietly(async (start, end) => ownMemory(bytes.subarray(start, end))),
  };
}

async function sliceOf(file: RandomAccessFile, start: number, end: number): Promise<ArrayBuffer> {
  if (start >= 0 && start <= end && end <= file.size) return ownMemory(await readSlice(file, start, end));
  throw new Unreadable('corrupt', `${file.name}: says that bytes ${start} to ${end} hold data.`);
}

/** hyparquet asks for several parts and awaits one after the other: when one fails, nobody hears of the others. */
function quietly(slice: Buffer['slice']): Buffer['slice'] {
  return (start, end) => {
    const bytes = slice(start, end);
    bytes.catch(() => {});
    return bytes;
  };
}

function ownMemory(bytes: Uint8Array): ArrayBuffer {
  const isWhole = bytes.byteLength === bytes.buffer.byteLength;
  return (isWhole ? bytes : bytes.slice()).buffer as ArrayBuffer; // no reader here hands out shared memory
}

async function sound<T>(file: ByteFile, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof Unreadable) throw cause;
    throw new Unreadable('corrupt', `${file.name}: ${wordsOf(cause)}`, { cause });
  }
}
