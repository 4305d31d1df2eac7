// Do these weights fit that model? All that is missing, extra or of another shape is told at once.

import { CheckpointError } from '../errors.ts';
import { type NdArray, verifyArray } from './nd-array.ts';

const LISTED = 20;

/**
 * @param expected - the shape of every parameter of the model, by big_vision path
 * @param weights - what the checkpoint has
 * @throws CheckpointError that lists everything that does not fit, and what may be the reason
 * @example assertWeightsFit(new Map([['t', [1]]]), readBigVision(bytes));
 */
export function assertWeightsFit(
  expected: ReadonlyMap<string, readonly number[]>,
  weights: ReadonlyMap<string, Pick<NdArray, 'shape'>>,
): void {
  const missing = [...expected.keys()].filter((path) => !weights.has(path));
  const extra = [...weights.keys()].filter((path) => !expected.has(path));
  const unlike: string[] = [];
  for (const [path, shape] of expected) {
    const given = weights.get(path)?.shape;
    if (given !== undefined && given.join() !== shape.join()) {
      unlike.push(`${path}: expected [${shape.join(', ')}], got [${given.join(', ')}]`);
    }
  }
  if (missing.length + extra.length + unlike.length === 0) return;
  const lines = [
    `the checkpoint does not fit the model: ${missing.length} missing, ${extra.length} extra, ${unlike.length} of another shape.`,
    ...list('missing', missing),
    ...list('extra', extra),
    ...list('of another shape', unlike),
    advice(missing, extra, unlike),
  ];
  throw new CheckpointError(lines.join('\n'));
}

/**
 * {@link assertWeightsFit}, and every array is read once: a damaged one shows here, and not in the middle of whatever is
 * made of them.
 *
 * @throws CheckpointError
 */
export function assertWeightsUsable(
  expected: ReadonlyMap<string, readonly number[]>,
  weights: ReadonlyMap<string, NdArray>,
): void {
  assertWeightsFit(expected, weights);
  for (const array of weights.values()) verifyArray(array);
}

function list(title: string, items: readonly string[]): string[] {
  const lines = items.slice(0, LISTED).map((item) => `  ${title}: ${item}`);
  if (items.length > LISTED) lines.push(`  ${title}: … and ${items.length - LISTED} more`);
  return lines;
}

function advice(missing: readonly string[], extra: readonly string[], unlike: readonly string[]): string {
  const deeper = extra.find((path) => missing.includes(path.slice(path.indexOf('/') + 1)));
  if (deeper !== undefined) {
    return `The parameters lie one level deeper: read them with readBigVision(bytes, { prefix: '${deeper.split('/', 1)[0]}' }).`;
  }
  const flatter = missing.find(
    (path) => path.includes('/') && extra.includes(path.slice(path.indexOf('/') + 1)),
  );
  if (flatter !== undefined) {
    return `The checkpoint holds a bare ViT; the model expects its names under ${flatter.split('/', 1)[0]}/.`;
  }
  if (missing.length + extra.length === 0 && unlike.every((line) => /(^|\/)pos_embedding: /.test(line))) {
    return 'The checkpoint is of another picture size: use that size, or resample with resamplePositionEmbedding(weights, fromGrid, toGrid).';
  }
  return 'Is the model of the variant, patch size, pool and embedding width that the checkpoint was trained with?';
}
