// The names of the candidates in a language, with their vectors: files that are loaded when they are first asked for.

import { type Embeddings, safetensorsMetadata } from 'clippo-ts';
import { unpackVectors } from '../../packed-arrays.ts';

export interface Words {
  readonly vectors: Embeddings;
  readonly words: readonly string[];
  /** Which candidate each word names. */
  readonly owners: readonly number[];
}

const kept = new Map<string, Promise<Words>>();

/** @param data - address of the data's folder @throws Error when they cannot be loaded */
export function wordsOf(data: string, language: string): Promise<Words> {
  const known = kept.get(language);
  if (known !== undefined) return known;
  const loading = loadWords(data, language);
  kept.set(language, loading);
  loading.catch(() => kept.delete(language)); // to be tried again
  return loading;
}

async function loadWords(data: string, language: string): Promise<Words> {
  const response = await fetch(`${data}words-${language}.safetensors`).catch((cause: unknown) => {
    throw new Error(`The words (${language}) could not be loaded: no connection.`, { cause });
  });
  if (!response.ok)
    throw new Error(`The words (${language}) could not be loaded: the server answered ${response.status}.`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const { words, owners } = safetensorsMetadata(bytes);
  return {
    vectors: unpackVectors(bytes),
    words: JSON.parse(words!) as string[], // both as the build has written them
    owners: JSON.parse(owners!) as number[],
  };
}
