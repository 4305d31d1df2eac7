// A process that measures recall both ways and says what that took: one JSON line. Started by retrieval.bench.ts.

import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { createEmbeddings, type Embeddings } from '../../../src/embeddings.ts';
import { retrievalRanksAsync } from '../../../src/eval/async-ranks.ts';
import { type RetrievalRecall, recallAtK, recallOfRanks } from '../../../src/eval/recall.ts';
import { nodeRuntime } from '../../../src/node/index.ts';
import { THREADS } from '../compile/turns.ts';

/** What {@link RecallOutcome} is asked for, as JSON in the first argument. */
export interface RecallRequest {
  /** Where images.f32 and texts.f32 lie; text j is of image j modulo their number. */
  readonly folder?: string;
  /** Instead: so many rows of no meaning, of which only the first texts are ranked. */
  readonly size?: { readonly images: number; readonly texts: number };
  readonly dim: number;
  readonly runs: number;
  readonly engine: 'onnx' | 'sync';
}

export interface RecallOutcome {
  readonly ms: readonly number[];
  /** Processor time of all threads. */
  readonly cpu_ms: readonly number[];
  readonly peak_mb: number;
  readonly recall: Readonly<Record<string, number>>;
}

const { folder, size, dim, runs, engine }: RecallRequest = JSON.parse(process.argv[2]!);
await tf.setBackend('cpu');

function rows(name: 'images' | 'texts'): Embeddings {
  if (folder === undefined) {
    const data = new Float32Array(size![name] * dim);
    for (let i = 0; i < data.length; i++) data[i] = ((i * 2654435761) % 1021) / 1021 - 0.5;
    return createEmbeddings(data, dim);
  }
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, `${name}.f32`));
  return createEmbeddings(new Float32Array(buffer, byteOffset, byteLength / 4), dim);
}

class Enough extends Error {}

async function measure(
  images: Embeddings,
  texts: Embeddings,
  imageOfText: Int32Array,
): Promise<RetrievalRecall> {
  if (engine === 'sync') return recallAtK(images, texts, imageOfText);
  const controller = new AbortController();
  const onProgress = () => controller.abort(new Enough());
  const runtime = nodeRuntime({ threads: THREADS });
  const options = size === undefined ? { runtime } : { runtime, onProgress, signal: controller.signal };
  return recallOfRanks(await retrievalRanksAsync(images, texts, imageOfText, options));
}

const [images, texts] = [rows('images'), rows('texts')];
const imageOfText = Int32Array.from({ length: texts.count }, (_, j) => j % images.count);
const [ms, cpu_ms]: [number[], number[]] = [[], []];
let recall: Record<string, number> = {};
for (let run = 0; run < runs; run++) {
  const [start, used] = [performance.now(), process.cpuUsage()];
  try {
    const { imageToText, textToImage } = await measure(images, texts, imageOfText);
    const named = (prefix: string, shares: Record<number, number>) =>
      Object.entries(shares).map(([k, share]) => [`${prefix}@${k}`, share]);
    recall = Object.fromEntries([
      ...named('image_to_text', imageToText),
      ...named('text_to_image', textToImage),
    ]);
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  }
  ms.push(performance.now() - start);
  const { user, system } = process.cpuUsage(used);
  cpu_ms.push((user + system) / 1000);
}
const peak_mb = (process.resourceUsage().maxRSS * 1024) / 1e6;
const answer: RecallOutcome = { ms, cpu_ms, peak_mb, recall };
console.log(JSON.stringify(answer));
process.exit(0);
