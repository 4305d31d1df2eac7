// The sizes of a Transformer: the thirteen variants of big_vision by name, or sizes of one's own, and what is beyond reason.

import { ConfigError } from '../errors.ts';
import { refuseUnknown } from '../options.ts';

/** The sizes of a Transformer. */
export interface VitShape {
  /** D: size of a token */
  readonly width: number;
  /** number of blocks */
  readonly depth: number;
  /** M: hidden size of the MLP */
  readonly mlpDim: number;
  /** A: attention heads; must divide the width */
  readonly numHeads: number;
}

/** big_vision's named variants (`decode_variant`). */
export const VARIANTS = {
  mu: { width: 32, depth: 1, mlpDim: 128, numHeads: 2 },
  Ti: { width: 192, depth: 12, mlpDim: 768, numHeads: 3 },
  S: { width: 384, depth: 12, mlpDim: 1536, numHeads: 6 },
  M: { width: 512, depth: 12, mlpDim: 2048, numHeads: 8 },
  B: { width: 768, depth: 12, mlpDim: 3072, numHeads: 12 },
  L: { width: 1024, depth: 24, mlpDim: 4096, numHeads: 16 },
  So400m: { width: 1152, depth: 27, mlpDim: 4304, numHeads: 16 },
  H: { width: 1280, depth: 32, mlpDim: 5120, numHeads: 16 },
  g: { width: 1408, depth: 40, mlpDim: 6144, numHeads: 16 },
  'g-opt': { width: 1536, depth: 40, mlpDim: 6144, numHeads: 16 },
  G: { width: 1664, depth: 48, mlpDim: 8192, numHeads: 16 },
  'G-opt': { width: 1536, depth: 48, mlpDim: 8192, numHeads: 16 },
  e: { width: 1792, depth: 56, mlpDim: 15360, numHeads: 16 },
} as const satisfies Record<string, VitShape>;

/** `'B/16'` → its sizes. @throws ConfigError for a name big_vision does not have */
export function decodeVariant(variant: string): VitShape & { readonly patchSize: number } {
  const [name = '', patch = '16', ...rest] = variant.split('/');
  if (!Object.hasOwn(VARIANTS, name) || rest.length > 0 || !/^[1-9]\d{0,3}$/.test(patch)) {
    throw new ConfigError(
      `variant: ${JSON.stringify(variant)} is not known. Expected one of ${Object.keys(VARIANTS).join(', ')}, with a patch size as in "B/16", or the sizes { width, depth, mlpDim, numHeads, patchSize }.`,
    );
  }
  return { ...VARIANTS[name as keyof typeof VARIANTS], patchSize: Number(patch) };
}

export function checkPatchedShape(
  shape: VitShape & { readonly patchSize: number },
): VitShape & { readonly patchSize: number } {
  refuseUnknown('variant', shape, [...SIZES, 'patchSize']);
  checkSizes('variant', shape);
  whole('variant.patchSize', shape.patchSize, LIMITS.patchSize);
  return { ...shape };
}

const SIZES = ['width', 'depth', 'mlpDim', 'numHeads'] as const;

/** @throws ConfigError */
export function checkShape(what: string, shape: VitShape): void {
  refuseUnknown(what, shape, SIZES);
  checkSizes(what, shape);
}

function checkSizes(what: string, shape: VitShape): void {
  for (const field of SIZES) whole(`${what}.${field}`, shape[field], LIMITS[field]);
  if (shape.width % shape.numHeads !== 0) {
    throw new ConfigError(`${what}: width ${shape.width} cannot be split into ${shape.numHeads} heads.`);
  }
}

/** Far above every model there is; what lies beyond is a slip of the pen that would exhaust the memory. */
export const LIMITS = {
  width: 65536,
  depth: 1024,
  mlpDim: 2 ** 20,
  numHeads: 65536,
  patchSize: 4096,
  imageSize: 16384,
};
export const MAX_OUTPUTS = 2 ** 20;

/** @throws ConfigError unless `value` is an integer from 1 to `limit` */
export function whole(what: string, value: number, limit: number): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > limit) {
    throw new ConfigError(`${what}: expected an integer from 1 to ${limit}, got ${String(value)}.`);
  }
  return value;
}
