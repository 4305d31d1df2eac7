// A model → an ONNX file for other runtimes: images [batch, S, S, 3] → embedding [batch, E], the weights beside it
// where one file cannot hold them.

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ClippoModel } from '../clippo-model.ts';
import type { ExternalData } from '../compile/index.ts';
import { DataError, messageOf } from '../errors.ts';
import { writeFile } from '../node/index.ts';

export interface OnnxFile {
  readonly bytes: number;
  /** The second file, if there is one. */
  readonly dataFile?: string;
}

/** What protobuf's readers accept, less what is no weight. */
const LARGEST_WEIGHTS = 2 ** 31 - 2 ** 24;

/**
 * Writes a model's forward pass. Nothing is left of files that could not be finished.
 *
 * @param options.largestWeights - bytes from which they lie in a second file; default just below 2 GiB
 * @throws DataError when it cannot be written
 */
export async function writeOnnxFile(
  model: ClippoModel,
  path: string,
  { signal, largestWeights = LARGEST_WEIGHTS }: { signal: AbortSignal; largestWeights?: number },
): Promise<OnnxFile> {
  const { exportOnnx } = await import('../compile/index.ts');
  const size = model.config.imageSize;
  const encode = (externalData?: ExternalData): Uint8Array =>
    exportOnnx((images) => ({ embedding: model.network.apply(images) }), {
      inputs: [{ shape: ['batch', size, size, 3], name: 'images' }],
      ...(externalData === undefined ? {} : { externalData }),
    });
  const weights = [...model.parameters().values()].reduce((sum, { size }) => sum + 4 * size, 0);
  if (weights <= largestWeights) {
    const bytes = encode();
    await writeFile(path, [bytes], { signal });
    return { bytes: bytes.length };
  }
  const dataFile = `${path}.data`;
  const unfinished = `${dataFile}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const { result: bytes, written } = collectInto(unfinished, (write) =>
      encode({ location: basename(dataFile), write }),
    );
    signal.throwIfAborted();
    await rename(unfinished, dataFile);
    await writeFile(path, [bytes], { signal });
    return { bytes: bytes.length + written, dataFile };
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

/** Runs what writes chunk by chunk, at once: chunks may be a weight's own memory. */
function collectInto<T>(
  path: string,
  work: (write: (chunk: Uint8Array) => void) => T,
): { result: T; written: number } {
  let written = 0;
  const guard = <R>(act: () => R): R => {
    try {
      return act();
    } catch (cause) {
      throw new DataError(`Cannot write ${path}: ${messageOf(cause)}.`, {
        cause,
      });
    }
  };
  const file = guard(() => openSync(path, 'wx'));
  try {
    const result = work((chunk) => {
      for (let offset = 0; offset < chunk.length; ) {
        offset += guard(() => writeSync(file, chunk, offset));
      }
      written += chunk.length;
    });
    guard(() => fsyncSync(file));
    return { result, written };
  } finally {
    closeSync(file);
  }
}
