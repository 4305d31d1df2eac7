// The checkpoints big_vision published with the paper: name → address. ViT-B/16 at 224 px, about 540 MiB each
// (weights and optimiser state), trained on YFCC-100M and, where the name says so, partly on C4 sentence pairs.

import { ConfigError } from '../errors.ts';

const FOLDER = 'https://storage.googleapis.com/big_vision/clippo/';

const PRETRAINED = [
  'clippo_b16_yfcc100m',
  'clippo_b16_yfcc100m_i21k_init',
  'clippo_b16_yfcc100m_i21k_init_25c4',
  'clippo_b16_yfcc100m_i21k_init_50c4',
  'clippo_b16_yfcc100m_i21k_init_75c4',
  'clippo_b16_100c4',
] as const;

export type PretrainedName = (typeof PRETRAINED)[number];

/** @throws ConfigError for a name that was not published */
export function pretrainedUrl(name: PretrainedName): URL {
  if (!PRETRAINED.includes(name)) {
    throw new ConfigError(
      `${JSON.stringify(name)} is not a published checkpoint. Known: ${PRETRAINED.join(', ')}.`,
    );
  }
  return new URL(`${name}.npz`, FOLDER);
}
