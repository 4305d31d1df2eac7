// Models with a name → where they lie. One travels in the package; the others are the checkpoints big_vision published
// with the paper, ViT-B/16 at 224 px, about 540 MiB each (weights and optimiser state), trained on YFCC-100M and, where
// the name says so, partly on C4 sentence pairs.

import { ConfigError } from '../errors.ts';
import { SHIPPED_MODELS } from '../shipped-models.ts';

const FOLDER = 'https://storage.googleapis.com/big_vision/clippo/';

const PUBLISHED = [
  'clippo_b16_yfcc100m',
  'clippo_b16_yfcc100m_i21k_init',
  'clippo_b16_yfcc100m_i21k_init_25c4',
  'clippo_b16_yfcc100m_i21k_init_50c4',
  'clippo_b16_yfcc100m_i21k_init_75c4',
  'clippo_b16_100c4',
] as const;

type ShippedName = keyof typeof SHIPPED_MODELS;
/** Names that `ClippoModel.fromPretrained` knows: the published checkpoints, and what travels in the package. */
export type PretrainedName = (typeof PUBLISHED)[number] | ShippedName;

/** Whether {@link pretrainedUrl} knows the name. */
export function isPretrainedName(name: string): name is PretrainedName {
  return isShipped(name) || PUBLISHED.some((published) => published === name);
}

/** @throws ConfigError for a name that is not known */
export function pretrainedUrl(name: PretrainedName): URL {
  if (isShipped(name)) return SHIPPED_MODELS[name];
  if (isPretrainedName(name)) return new URL(`${name}.npz`, FOLDER);
  const known = [...Object.keys(SHIPPED_MODELS), ...PUBLISHED];
  throw new ConfigError(`${JSON.stringify(name)} is not a pretrained model. Known: ${known.join(', ')}.`);
}

function isShipped(name: string): name is ShippedName {
  return Object.hasOwn(SHIPPED_MODELS, name);
}
