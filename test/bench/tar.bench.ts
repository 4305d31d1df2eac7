// Reading webdataset shards beside copying the same file to /dev/null through Node's streams: one JSON line a way of
// reading. Run with `npm run bench -- tar`. The file is made in a temporary folder.
//
//   MEGABYTES=1000   size of the file
//   PICTURE=30000    bytes of a picture, on average; a sample is a picture, a caption and some metadata
//   ROUNDS=5         turns; the median of the ratios counts

import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { streamReader } from '../../src/data/byte-reader.ts';
import { type ByteFile, type RecordSource, readWebDataset } from '../../src/data/index.ts';
import { tarMembers } from '../../src/data/tar.ts';
import { createRandom } from '../../src/random.ts';
import { END, makeTar } from '../support/tar-writer.ts';

const megabytes = Number(process.env.MEGABYTES ?? 1000);
const picture = Number(process.env.PICTURE ?? 30_000);
const rounds = Number(process.env.ROUNDS ?? 5);

const folder = mkdtempSync(join(tmpdir(), 'clippo-tar-'));
try {
  const path = join(folder, '00000.tar');
  await writeShard(path);
  const handle = await open(path);
  try {
    const stream: ByteFile = { name: '00000.tar', stream: () => createReadStream(path) };
    const seekable = withSlices(stream, statSync(path).size, handle);
    await measure('tar: all members of a stream', path, async () => {
      let bytes = 0;
      for await (const member of tarMembers('00000.tar', streamReader(stream.stream()))) {
        bytes += (await member.bytes()).length;
      }
      return bytes;
    });
    await measure('tar: webdataset records of a stream', path, () => readAll(readWebDataset(stream)));
    await measure('tar: webdataset records by random access', path, () => readAll(readWebDataset(seekable)));
    await measure('tar: webdataset index alone', path, async () => {
      let count = 0;
      for await (const _ of readWebDataset(seekable).references()) count++;
      return count;
    });
  } finally {
    await handle.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function readAll(source: RecordSource): Promise<number> {
  let bytes = 0;
  for await (const reference of source.references()) {
    const record = await reference.load();
    if (record.kind !== 'image-text') throw new Error(JSON.stringify(record));
    bytes += record.images[0]!.length;
  }
  return bytes;
}

/** Copying and reading take turns, so that both see the same machine. */
async function measure(bench: string, path: string, read: () => Promise<number>): Promise<void> {
  const turns: { copy: number; read: number }[] = [];
  let memory = 0;
  for (let round = 0; round <= rounds; round++) {
    const copy = await seconds(() => pipeline(createReadStream(path), createWriteStream('/dev/null')));
    const ours = await seconds(read);
    memory = Math.max(memory, process.memoryUsage().rss);
    if (round > 0) turns.push({ copy, read: ours }); // the first round warms up
  }
  const middle = turns.sort((a, b) => a.copy / a.read - b.copy / b.read)[rounds >> 1]!;
  const size = statSync(path).size / 1e6;
  console.log(
    JSON.stringify({
      bench,
      megabytes: Math.round(size),
      copyMegabytesPerSecond: Math.round(size / middle.copy),
      megabytesPerSecond: Math.round(size / middle.read),
      ratio: Number((middle.copy / middle.read).toFixed(2)),
      peakMemoryMegabytes: Math.round(memory / 1e6),
    }),
  );
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function withSlices(file: ByteFile, size: number, handle: FileHandle): ByteFile {
  return {
    ...file,
    size,
    async slice(start, end) {
      const buffer = new Uint8Array(end - start);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
      return buffer.subarray(0, bytesRead);
    },
  };
}

async function writeShard(path: string): Promise<void> {
  const random = createRandom(1, 'tar bench');
  const noise = Uint8Array.from({ length: 2 * picture }, () => random.integer(256));
  const file = createWriteStream(path);
  let written = 0;
  for (let i = 0; written < megabytes * 1e6; i++) {
    const key = String(i).padStart(9, '0');
    const sample = makeTar(
      [
        { path: `${key}.jpg`, content: noise.subarray(0, 1 + random.integer(2 * picture - 1)) },
        { path: `${key}.json`, content: JSON.stringify({ key, status: 'success', url: 'x'.repeat(200) }) },
        { path: `${key}.txt`, content: `a caption of the usual length, number ${i}` },
      ],
      new Uint8Array(0),
    );
    written += sample.length;
    if (!file.write(sample)) await once(file, 'drain');
  }
  await new Promise<void>((resolve) => file.end(END, () => resolve()));
}
