// The race in a page: `globalThis.race(options)`.

import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgpu';
import { type OrtWebModule, webRuntime } from '../../../src/compile/index.ts';
import { type RaceOptions, type RaceResult, race } from './race.ts';

const ORT = '/node_modules/onnxruntime-web/dist/';

async function raceInPage(options: RaceOptions): Promise<RaceResult> {
  const ort: OrtWebModule = await import(`${ORT}ort.webgpu.bundle.min.mjs`);
  Object.assign(ort.env.wasm, { wasmPaths: ORT });
  return race(options, await webRuntime(ort, { executionProviders: ['webgpu', 'wasm'] }));
}

Object.assign(globalThis, { race: raceInPage });
