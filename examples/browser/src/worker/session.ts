// The model that answers, on the engine of choice, and the pictures it searches. A graphics card may be lost at any moment: then
// the library goes on in WebAssembly and asks the question in hand again, and the page is told.

import * as tf from '@tensorflow/tfjs-core';
import {
  ClippoModel,
  type Embeddings,
  type HeldModel,
  openOnBestEngine,
  safetensorsMetadata,
  writeSafetensors,
} from 'clippo-ts';
import { unpackArrays, unpackVectors } from '../../packed-arrays.ts';
import type { Candidate, EngineName, ModelInfo, Places, Progress } from '../protocol.ts';
import { prepareEngine } from './engines.ts';
import { fetchBytes, sumProgress } from './fetch-bytes.ts';
import { readSprites } from './read-sprites.ts';
import { sendNotice } from './serve-jobs.ts';

export interface Session {
  /** The model, whose engine may change under it. */
  readonly held: HeldModel;
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
  const { places, info } = current();
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
  return inTurn(() => open(info.engine, places));
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

/**
 * The source on an engine, with WebAssembly behind it: whatever fails later, that goes on.
 *
 * @throws Error when the engine cannot be had; the session is then as it was
 */
async function open(engine: EngineName, places: Places): Promise<ModelInfo> {
  const { name, bytes, candidates } = source!; // every caller has set it
  const before = tf.engine().backendName;
  let held: HeldModel | undefined;
  try {
    const { engines, runtime } = await prepareEngine(engine);
    held = await openOnBestEngine(() => ClippoModel.load(bytes), {
      engines: [...engines, 'wasm'],
      ...(runtime === undefined ? {} : { runtime }),
      onFallback: ({ reason }) => {
        fallen = `${NAMES[engine]} stopped: ${reason}. WebAssembly goes on from here.`;
      },
    });
    const trial = held.choice.trials.find((one) => one.engine === engine);
    if (held.engine !== engine)
      throw new Error(`${NAMES[engine]} cannot be had here: ${trial?.detail ?? fallen}`);
    const info = await infoOf(held, name, candidates.count);
    session?.held.dispose();
    session = { held, candidates, places, info };
    return info;
  } catch (error) {
    held?.dispose();
    fallen = undefined;
    if (session !== undefined && before) await tf.setBackend(before); // what answers computes there
    throw error;
  }
}

/** Who answers now, and how fast. */
async function infoOf(held: HeldModel, name: string, candidates: number): Promise<ModelInfo> {
  const times: number[] = [];
  for (const text of ['sunflower', 'Schlüssel', 'ракета', '花', 'cat']) {
    const started = performance.now();
    await held.run((model) => model.encodeText([text]));
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const { parameters, imageSize } = await held.run(async (model) => ({
    parameters: [...model.parameters().values()].reduce((sum, { size }) => sum + size, 0),
    imageSize: model.config.imageSize!, // models say it
  }));
  const engine = held.engine as EngineName; // of those that it was given
  return { name, engine, encodeMs: times[2]!, parameters, imageSize, candidates };
}

/** Why the engine has changed by itself, until the page has been told. */
let fallen: string | undefined;

const NAMES: Readonly<Record<EngineName, string>> = {
  wasm: 'WebAssembly',
  webgpu: 'WebGPU',
  onnx: 'ONNX Runtime',
};

/**
 * Asks the model. When its engine fails on the way, the question is asked again in WebAssembly, and the page is told.
 *
 * @param question - may be called twice
 */
export function asking<T>(question: (model: ClippoModel, session: Session) => Promise<T>): Promise<T> {
  return inTurn(async () => {
    const asked = current();
    const answer = await asked.held.run((model) => question(model, asked));
    if (fallen !== undefined) {
      session = { ...asked, info: await infoOf(asked.held, asked.info.name, asked.info.candidates) };
      sendNotice(fallen, session.info);
      fallen = undefined;
    }
    return answer;
  });
}
