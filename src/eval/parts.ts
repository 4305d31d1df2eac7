// Embeddings that are kept as they are made, some hundred examples a part, so that a long evaluation that was
// interrupted goes on where it was. A part is good only for the same examples through the same model.

import {
  parseSafetensors,
  safetensorsMetadata,
  sha256,
  toFloat32,
  writeSafetensors,
} from '../checkpoint/index.ts';
import { ClippoModel } from '../clippo-model.ts';
import type { JsonValue } from '../data/index.ts';
import { createEmbeddings, type Embeddings } from '../embeddings.ts';
import { CheckpointError } from '../errors.ts';
import { createRaster, type Raster } from '../raster/index.ts';
import { type Encoder, encodeRows } from './encoder.ts';

/** Small files by name. */
export interface PartStore {
  /** @returns undefined when there is none of this name */
  read(name: string): Promise<Uint8Array | undefined>;
  /** All of it or nothing. */
  write(name: string, bytes: Uint8Array): Promise<void>;
}

export interface Part {
  readonly pictures: Embeddings;
  readonly texts: Embeddings;
  /** Which examples these are, and what else is known of them. */
  readonly about: JsonValue;
}

/** @param dim - of all vectors, also where there are none */
export function packPart({ pictures, texts, about }: Part): Uint8Array {
  const array = ({ data, count, dim }: Embeddings) =>
    ({ dtype: 'float32', shape: [count, dim], data }) as const;
  return writeSafetensors(
    new Map([
      ['pictures', array(pictures)],
      ['texts', array(texts)],
    ]),
    {
      metadata: { about: JSON.stringify(about) },
    },
  );
}

/** @returns undefined for what is no part, or a damaged one: it is made anew */
export function unpackPart(bytes: Uint8Array): Part | undefined {
  try {
    const arrays = parseSafetensors(bytes);
    const [pictures, texts] = ['pictures', 'texts'].map((name) => arrays.get(name));
    const { about } = safetensorsMetadata(bytes);
    if (pictures?.shape.length !== 2 || texts?.shape.length !== 2 || about === undefined) return undefined;
    return {
      // Copied, so that no part keeps its file's bytes.
      pictures: createEmbeddings(toFloat32(pictures).slice(), pictures.shape[1]!),
      texts: createEmbeddings(toFloat32(texts).slice(), texts.shape[1]!),
      about: JSON.parse(about) as JsonValue,
    };
  } catch (error) {
    if (error instanceof CheckpointError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const PROBES = ['The quick brown fox: 0123456789?', 'Größe, naïveté', 'Привет', 'こんにちは', 'مرحبا', '🦊'];

/**
 * What tells one way of embedding from another: the model's weights, font, precision and engine all show in what it
 * makes of a few inputs.
 *
 * @returns hexadecimal digits
 */
export async function fingerprint(model: Encoder, settings: JsonValue): Promise<string> {
  const config = model instanceof ClippoModel ? model.config : undefined;
  const pictures = config === undefined ? [] : [ramp(config.imageSize)];
  const { data } = await encodeRows('fingerprint', model, [...PROBES, ...pictures], { normalize: false });
  const told = config === undefined ? [settings] : [settings, config as unknown as JsonValue]; // plain data
  return digestOf(told, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** @returns hexadecimal digits that stand for both */
export async function digestOf(settings: JsonValue, bytes: Uint8Array): Promise<string> {
  const told = new TextEncoder().encode(JSON.stringify(settings));
  const all = new Uint8Array(told.length + bytes.length);
  all.set(told);
  all.set(bytes, told.length);
  return (await sha256(all)).slice(0, 20);
}

/** A picture in which all is told from all. @param size - px */
export function ramp(size: number): Raster {
  const raster = createRaster(size, size, 3, 0);
  for (let i = 0; i < raster.data.length; i++) raster.data[i] = (i * 31) % 256;
  return raster;
}
