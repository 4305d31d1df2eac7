// What a model is warmed up with: inputs of each kind that is usual, as many as come at a time, so that shaders are
// compiled, graphs opened and the font loaded before anybody waits for them.

import type { ClippoModel } from '../clippo-model.ts';
import { ConfigError } from '../errors.ts';
import type { ImageLike } from '../image-input.ts';
import { describeValue, refuseUnknown } from '../options.ts';

/** What a model is warmed up with. */
export interface WarmUpOptions {
  /** Inputs that will go through the network together, default 1. Shaders and graphs depend on it. */
  readonly batchSize?: number;
  /**
   * One input of every kind and length that will come. Default: a picture, a word, and texts of two and of four lines,
   * which are of other heights where a model reads used rows only; of a model of tokens that has no tokenizer, a picture.
   */
  readonly inputs?: readonly (string | ImageLike)[];
  readonly signal?: AbortSignal;
}

type WarmUpModel = Pick<ClippoModel, 'config' | 'tokenizer'>;

/** Batches of like inputs, to be encoded one after the other. @throws ConfigError */
export function warmUpBatches(
  options: WarmUpOptions,
  model: WarmUpModel,
): (readonly (string | ImageLike)[])[] {
  refuseUnknown('warmUp', options, ['batchSize', 'inputs', 'signal']);
  const { batchSize = 1, inputs = usualInputs(model) } = options;
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new ConfigError(`warmUp: batchSize: expected a positive integer, got ${describeValue(batchSize)}.`);
  }
  if (!Array.isArray(inputs)) {
    throw new ConfigError(`warmUp: inputs: expected a list, got ${describeValue(inputs)}.`);
  }
  return inputs.map((input) => Array.from<string | ImageLike>({ length: batchSize }).fill(input));
}

function usualInputs({ config, tokenizer }: WarmUpModel): (string | ImageLike)[] {
  const { imageSize, text } = config;
  const blank = new Uint8Array(imageSize * imageSize * 3).fill(127);
  const picture: ImageLike = { width: imageSize, height: imageSize, channels: 3, data: blank };
  if (text?.kind === 'tokens') return tokenizer === undefined ? [picture] : [picture, 'a']; // texts are of one length
  // An m takes 8 px of the bundled font, so these fill more than half of the lines, and no more than all of them.
  const lines = (count: number): string => 'm'.repeat(Math.ceil((count * imageSize) / 12));
  return [picture, 'a', lines(2), lines(4)];
}
