// Pictures that are drawn words: an untrained model gives such a picture the very vector of the word, so that what an
// evaluation has to find is known beforehand.

import { ClippoModel } from '../../src/clippo-model.ts';
import type { BrokenRecord, LabelledReference, LabelledSource, RecordSource } from '../../src/data/index.ts';
import type { PartStore } from '../../src/eval/index.ts';
import { encodePng } from '../../src/node/index.ts';
import { createRenderer } from '../../src/render/index.ts';

const SIZE = 32;
const renderer = await createRenderer({ size: SIZE });

export const WORDS = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox', 'gnu', 'hen'];

export function createTinyModel(): Promise<ClippoModel> {
  return ClippoModel.create({ variant: 'mu/16', imageSize: SIZE, embeddingDim: 16 }, { seed: 1 });
}

/** The PNG of a word as the tiny model draws it. */
export function drawn(word: string): Uint8Array {
  return encodePng(renderer.render(word));
}

/** @param things - what is to be seen, and the class it is said to be of; a broken record as it is */
export function labelled(
  classes: readonly string[],
  things: readonly (readonly [word: string, label: number] | BrokenRecord)[],
): LabelledSource {
  async function* references(): AsyncGenerator<LabelledReference | BrokenRecord> {
    for (const [i, thing] of things.entries()) {
      if ('kind' in thing) yield thing;
      else yield { key: `${i}-${thing[0]}`, label: thing[1], load: async () => drawn(thing[0]) };
    }
  }
  return { name: 'drawn words', classes, references };
}

/** Pictures of words, each with captions. */
export function captioned(
  pairs: readonly (readonly [word: string, captions: readonly string[]])[],
): RecordSource {
  return {
    name: 'drawn words',
    async *references() {
      for (const [i, [word, captions]] of pairs.entries()) {
        const key = `${i}-${word}`;
        yield { key, load: async () => ({ kind: 'image-text', key, images: [drawn(word)], captions }) };
      }
    },
  };
}

export interface MemoryParts extends PartStore {
  readonly files: Map<string, Uint8Array>;
}

export function memoryParts(): MemoryParts {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    read: async (name) => files.get(name),
    async write(name, bytes) {
      files.set(name, bytes.slice());
    },
  };
}

/** Counts what a model encodes, beyond the few inputs by which it is recognised. */
export function countEncoded(model: ClippoModel): () => number {
  let count = 0;
  const encode = model.encode.bind(model);
  model.encode = (inputs, options) => {
    if (options?.layer !== undefined) count += inputs.length; // evaluations always say which
    return encode(inputs, options);
  };
  return () => count;
}
