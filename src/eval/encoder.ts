// What can be evaluated where nothing but vectors is asked for: a ClippoModel, a baseline of tokens, a text encoder in
// ONNX Runtime, or anybody's own.

import { ClippoModel, type EncodeOptions } from '../clippo-model.ts';
import { createEmbeddings, type Embeddings } from '../embeddings.ts';
import { ConfigError, DataError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { Raster } from '../raster/index.ts';

/** Anything that makes vectors of texts; of pictures too, where an evaluation hands it some. */
export interface Encoder {
  /**
   * @param inputs - texts, at least one
   * @param options - what a ClippoModel takes; others may pass them over, but for the signal
   * @returns one row an input, in order
   */
  encode(inputs: readonly (string | Raster)[], options?: EncodeOptions): Promise<Embeddings>;
}

/** @throws ConfigError */
export function assertEncoder(door: string, model: Encoder): void {
  if (typeof model?.encode === 'function') return;
  throw new ConfigError(
    `${door}: model: expected a ClippoModel, or another object with encode(texts), got ${describeValue(model)}.`,
  );
}

/** Also of no inputs: then no rows of the size that others have. @throws DataError for what are no rows of the inputs */
export async function encodeRows(
  door: string,
  model: Encoder,
  inputs: readonly (string | Raster)[],
  options: EncodeOptions,
): Promise<Embeddings> {
  if (model instanceof ClippoModel) return model.encode(inputs, options);
  const asked = inputs.length === 0 ? ['a'] : inputs; // not everything takes an empty list
  const embedded = await model.encode(asked, options);
  const { data, dim } = embedded ?? {};
  const isSound = data instanceof Float32Array && data.length === asked.length * dim && dim > 0;
  if (!isSound) {
    const got =
      data instanceof Float32Array ? `${data.length} numbers, dim ${dim}` : describeValue(data ?? embedded);
    throw new DataError(
      `${door}: model.encode: expected { data: Float32Array, count, dim } with a row for each of ${asked.length} inputs, as createEmbeddings() gives, got ${got}.`,
    );
  }
  return createEmbeddings(inputs.length === 0 ? new Float32Array(0) : data, dim);
}
