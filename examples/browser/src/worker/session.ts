// The model that answers, on the engine of choice, and the pictures it searches. A graphics card may be lost at any moment: then the
// model goes on in WebAssembly, and the question in hand is asked again.

import * as tf from '@tensorflow/tfjs-core';
import { ClippoError, ClippoModel, type Embeddings, safetensorsMetadata, writeSafetensors } from 'clippo-ts';
import { unpackArrays, unpackVectors } from '../../packed-arrays.ts';
import type { Candidate, EngineName, ModelInfo, Places, Progress } from '../protocol.ts';
import { openEngine } from './engines.ts';
import { fetchBytes, sumProgress } from './fetch-bytes.ts';
import { readSprites } from './read-sprites.ts';
import { sendNotice } from './serve-jobs.ts';

export interface Session {
  readonly model: ClippoModel;
  readonly engine: EngineName;
  readonly candidates: Embeddings;
  readonly places: Places;
  readonly info: ModelInfo;
}

interface Source {
  readonly name: string;
  /** A checkpoint that ClippoModel.load reads. */
  readonly bytes: Uint8Array;
  readonly candidates: Embeddings;
}

interface LoadContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export const SHIPPED_NAME = 'the emoji model';

let session: Session | undefined;
let source: Source | undefined;
let shipped: Source | undefined;
let list: readonly Candidate[] = [];
let lost: Promise<string> | undefined;

/** @throws Error before the model has been loaded */
export function current(): Session {
  if (session === undefined) throw new Error('The model is not loaded yet. Press “Load the model”.');
  return session;
}

export const loaded = (): Session | undefined => session;
export const candidateList = (): readonly Candidate[] => list;

/** Loads the shipped model and the vectors of the pictures, side by side. */
export async function loadShipped(
  places: Places,
  engine: EngineName,
  { signal, onProgress }: LoadContext,
): Promise<ModelInfo> {
  if (shipped === undefined) {
    const part = sumProgress('Loading the model', places.modelBytes + places.emojiBytes, onProgress);
    const get = (file: string, total: number): Promise<Uint8Array> =>
      fetchBytes(places.data + file, { signal, total, onBytes: part() });
    const [packed, emoji] = await Promise.all([
      get('model.safetensors', places.modelBytes),
      get('emoji.safetensors', places.emojiBytes),
    ]);
    const rows = JSON.parse(safetensorsMetadata(emoji).emoji!) as [string, string][]; // as the build has written it
    list = rows.map(([character, name]) => ({ character, name }));
    const bytes = writeSafetensors(unpackArrays(packed));
    shipped = { name: SHIPPED_NAME, bytes, candidates: unpackVectors(emoji) };
  }
  signal.throwIfAborted();
  source = shipped;
  return inTurn(() => open(engine, places));
}

/** A model of the visitor's own; it reads all the pictures first. */
export async function loadOwn(
  file: Blob,
  name: string,
  { signal, onProgress }: LoadContext,
): Promise<ModelInfo> {
  const { places, engine } = current();
  const bytes = new Uint8Array(await file.arrayBuffer());
  const model = await ClippoModel.load(bytes, { signal });
  try {
    const pictures = await readSprites(places.data, list.length, signal);
    const candidates = await model.encodeImages(pictures, {
      signal,
      onProgress: ({ done, total }) =>
        onProgress({ stage: `${name} reads all pictures`, done, ...(total === undefined ? {} : { total }) }),
    });
    source = { name, bytes, candidates };
  } finally {
    model.dispose();
  }
  return inTurn(() => open(engine, places));
}

export const useEngine = (engine: EngineName): Promise<ModelInfo> =>
  inTurn(() => open(engine, current().places));

let last: Promise<unknown> = Promise.resolve();

/** One after the other: while the engine changes, nobody may compute. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work, work);
  last = turn.catch(() => {});
  return turn;
}

/** The source on an engine: made anew, as weights do not travel from one device to another that may be gone. */
async function open(engine: EngineName, places: Places): Promise<ModelInfo> {
  const { name, bytes, candidates } = source!; // every caller has set it
  const before = tf.engine().backendName;
  try {
    const opened = await openEngine(engine);
    const model = await ClippoModel.load(bytes);
    if (opened.runtime !== undefined) await model.compile(opened.runtime);
    const info = await measured(model, engine, name, candidates.count);
    session?.model.dispose();
    lost = opened.lost;
    session = { model, engine, candidates, places, info };
    void opened.lost?.then((reason) => inTurn(() => fallBack(engine, reason)));
    return info;
  } catch (error) {
    if (session !== undefined && before) await tf.setBackend(before); // the model that is there computes there
    throw error;
  }
}

async function measured(
  model: ClippoModel,
  engine: EngineName,
  name: string,
  candidates: number,
): Promise<ModelInfo> {
  await model.encodeText(['warming up']); // shaders are compiled, graphs are made
  const times: number[] = [];
  for (const text of ['sunflower', 'Schlüssel', 'ракета', '花', 'cat']) {
    const started = performance.now();
    await model.encodeText([text]);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const parameters = [...model.parameters().values()].reduce((sum, { size }) => sum + size, 0);
  return { name, engine, encodeMs: times[2]!, parameters, imageSize: model.config.imageSize!, candidates };
}

async function fallBack(from: EngineName, reason: string): Promise<void> {
  if (session?.engine !== from) return; // it is no longer used
  const info = await open('wasm', session.places);
  sendNotice(`${NAMES[from]} stopped: ${reason.replace(/\.$/, '')}. WebAssembly goes on from here.`, info);
}

const NAMES: Readonly<Record<EngineName, string>> = {
  wasm: 'WebAssembly',
  webgpu: 'WebGPU',
  onnx: 'ONNX Runtime',
};

/**
 * Asks the model; when its engine is lost or fails on the way, asks again in WebAssembly.
 *
 * @param question - may be called twice
 */
export function asking<T>(question: (session: Session) => Promise<T>): Promise<T> {
  return inTurn(async () => {
    const asked = current();
    try {
      return await (lost === undefined ? question(asked) : Promise.race([question(asked), rejecting(lost)]));
    } catch (error) {
      const { name, message } = error as Error;
      if (error instanceof ClippoError || name === 'AbortError' || asked.engine === 'wasm') throw error;
      await fallBack(asked.engine, message);
      return question(current());
    }
  });
}

async function rejecting(lost: Promise<string>): Promise<never> {
  throw new Error(await lost);
}
