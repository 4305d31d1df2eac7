// Models with a name → their bytes. One travels in the package; the others are the checkpoints big_vision published
// with the paper, ViT-B/16 at 224 px, about 540 MiB each (weights and optimiser state), trained on YFCC-100M and, where
// the name says so, partly on C4 sentence pairs. Those are fetched once, and their weights are kept.

import * as platform from '#platform';
import { fetchKept, type ResolvedDownloads, type WantedFile } from '../download/index.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import { SHIPPED_MODELS, SHIPPED_SHA256 } from '../shipped-models.ts';
import { readSource } from './source.ts';
import { weightsFileChunks } from './weights-file.ts';

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
/** Names of the checkpoints that came with the paper. */
export type PublishedName = (typeof PUBLISHED)[number];
/** Names that `ClippoModel.fromPretrained` knows: the published checkpoints, and what travels in the package. */
export type PretrainedName = PublishedName | ShippedName;

/** The names of the checkpoints that came with the paper, which are downloaded. */
export const PUBLISHED_MODELS: readonly PublishedName[] = PUBLISHED;

/** Whether {@link readPretrained} knows the name. */
export function isPretrainedName(name: string): name is PretrainedName {
  return isShippedName(name) || PUBLISHED.some((published) => published === name);
}

/** Whether the model is a part of the package. */
export function isShippedName(name: string): name is ShippedName {
  return Object.hasOwn(SHIPPED_MODELS, name);
}

/** @throws ConfigError for a name that is not known */
export function requirePretrainedName(name: string): PretrainedName {
  if (isPretrainedName(name)) return name;
  const known = [...Object.keys(SHIPPED_MODELS), ...PUBLISHED];
  throw new ConfigError(`${JSON.stringify(name)} is not a pretrained model. Known: ${known.join(', ')}.`);
}

/**
 * The bytes of a model with a name: of a published one the weights from the cache, which it is fetched into when it is
 * not there.
 *
 * @throws ConfigError for a name that is not known; CheckpointError when it cannot be fetched, is not what it should be,
 *   or is not in the cache and `offline` is true
 */
export async function readPretrained(name: PretrainedName, options: ResolvedDownloads): Promise<Uint8Array> {
  requirePretrainedName(name);
  if (!isShippedName(name)) return fetchKept(publishedFile(name, options.mirror), options);
  const { signal, onProgress, sha256 = SHIPPED_SHA256[name] } = options;
  const bytes = await readSource(SHIPPED_MODELS[name], {
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const found = await platform.sha256(bytes);
  if (found === undefined || found === sha256) return bytes; // some pages cannot compute it
  throw new CheckpointError(
    `${name}: ${SHIPPED_MODELS[name]} is not the file of this version of clippo-ts: its SHA-256 is ${found}, expected ${sha256}. Install the package again.`,
  );
}

/** What a published model is called in a cache. */
export function publishedFileName(name: PublishedName): string {
  return `${name}.safetensors`;
}

function publishedFile(name: PublishedName, mirror: URL | undefined): WantedFile {
  return {
    ...{ name, kept: publishedFileName(name), url: new URL(`${name}.npz`, mirror ?? FOLDER) },
    ...{ what: 'checkpoint', prepare: weightsFileChunks },
    failure: (message, options) => new CheckpointError(message, options),
  };
}
