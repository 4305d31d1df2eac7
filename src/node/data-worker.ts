// What runs in each thread of createWorkerBatches: asked for examples by number, it answers with their pixels.

import { parentPort, workerData } from 'node:worker_threads';
import { createExampleMaker } from '../data/index.ts';
import { openDiskSource } from './data-files.ts';
import { packRanges } from './packed-examples.ts';
import { type DataAnswer, type DataQuestion, packError, type WorkerSetup } from './worker-maker.ts';

const { sources, folder, options } = workerData as WorkerSetup; // as createWorkerMaker gives it
const port = parentPort!; // this file is the beginning of a thread
const maker = createExampleMaker(
  sources.map((source) => openDiskSource(source, folder)),
  options,
);

port.on('message', async ({ id, ranges }: DataQuestion) => {
  let answer: DataAnswer;
  try {
    answer = { id, made: packRanges(await maker.make(ranges)) };
  } catch (error) {
    answer = { id, error: packError(error) };
  }
  port.postMessage(answer, 'made' in answer ? [answer.made.pixels] : []);
});
