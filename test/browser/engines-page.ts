// The page of engines.browser.ts: chooses engines, breaks them on purpose, and computes the primitives of ops/ on each
// backend. What it offers lies on `globalThis`.

import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { ClippoModel } from '../../src/clippo-model.ts';
import { type OrtWebModule, webRuntime } from '../../src/compile/index.ts';
import {
  chooseEngine,
  type EngineFallback,
  type EngineName,
  type OpenOptions,
  openOnBestEngine,
} from '../../src/engines/index.ts';
import { attention, gelu, l2Normalize, layerNorm, linear } from '../../src/ops/index.ts';

const PACKAGES = '/node_modules/';
setWasmPaths(`${PACKAGES}@tensorflow/tfjs-backend-wasm/dist/`);

const INPUTS = ['a cat', 'a text that is long enough for more than one line of it', ''];

function load(): Promise<ClippoModel> {
  const config = { variant: 'mu/16', imageSize: 64, embeddingDim: 16, textRows: 'used' } as const;
  return ClippoModel.create(config, { seed: 4 });
}

/** What breaks an engine, as it happens to a page. */
const ACCIDENTS = {
  none: () => {},
  /** A driver that is reset, a laptop that wakes up. */
  'lost device': () => backend<{ device: { destroy(): void } }>().device.destroy(),
  'lost context': () => {
    const { gl } = backend<{ gpgpu: { gl: WebGLRenderingContext } }>().gpgpu;
    gl.getExtension('WEBGL_lose_context')!.loseContext();
  },
  /** An allocation that fails: WebGPU reports it on the side, and tfjs computes on. */
  'no memory': () => {
    const { device } = backend<{ device: { createBuffer(wanted: object): void } }>();
    device.createBuffer({ size: 2 ** 50, usage: 0x80 });
  },
};

/** tfjs does not tell what its backends are made of. */
function backend<T>(): T {
  return tf.backend() as unknown as T;
}

/** Encodes on the given engines; the first call of the work breaks the one that is used. */
function encodeThrough(engines: EngineName[], accident: keyof typeof ACCIDENTS) {
  return encodeDespite(ACCIDENTS[accident], { engines });
}

/** The same in ONNX Runtime, whose GPU device is lost. */
async function encodeInOnnxRuntime(engines: EngineName[]) {
  const ort = await loadOnnxRuntime('webgpu');
  const runtime = await webRuntime(ort, { executionProviders: ['webgpu', 'wasm'] });
  const { webgpu } = ort.env as unknown as { webgpu: { device: Promise<{ destroy(): void }> } };
  return encodeDespite(async () => (await webgpu.device).destroy(), { engines, runtime });
}

async function encodeDespite(accident: () => unknown, options: Pick<OpenOptions, 'engines' | 'runtime'>) {
  await tf.setBackend('cpu'); // to count tensors, and for what is outside the work
  const events: EngineFallback[] = [];
  const before = tf.memory().numTensors;
  const held = await openOnBestEngine(load, {
    ...options,
    onFallback: (event) => events.push(event),
    warmUp: false,
  });
  let calls = 0;
  const rows = await held.run(async (model) => {
    calls++;
    if (calls === 1) await accident();
    return model.encode(INPUTS);
  });
  // Several at a time after that, and the engine stays.
  const again = await Promise.all(INPUTS.map((input) => held.run((model) => model.encode([input]))));
  const { engine } = held;
  held.dispose();
  return {
    engine,
    calls,
    events,
    rows: Array.from(rows.data),
    again: again.flatMap(({ data }) => Array.from(data)),
    leaked: tf.memory().numTensors - before,
  };
}

async function choose(engines?: EngineName[]) {
  const { engine, backend, gpu, trials } = await chooseEngine(engines === undefined ? {} : { engines });
  return { engine, backend, gpu, trials };
}

/** As on a page that has not imported it. */
async function chooseWithoutWasm() {
  const factory = tf.findBackendFactory('wasm');
  tf.removeBackend('wasm');
  try {
    return await choose();
  } finally {
    tf.registerBackend('wasm', factory, 2);
  }
}

async function loadOnnxRuntime(build: string): Promise<OrtWebModule> {
  const ort: OrtWebModule = await import(`${PACKAGES}onnxruntime-web/dist/ort.${build}.bundle.min.mjs`);
  Object.assign(ort.env.wasm, { wasmPaths: `${PACKAGES}onnxruntime-web/dist/` });
  return ort;
}

async function onnxRuntime(build: string, options: object) {
  const ort = await loadOnnxRuntime(build);
  const runtime = await webRuntime(ort, options);
  const { threads, notes, sessionOptions } = runtime;
  const chosen = await chooseEngine({ runtime });
  const model = await load();
  await model.compile(chosen.runtime!);
  const rows = await model.encode(INPUTS);
  model.dispose();
  return { threads, notes, sessionOptions, engine: chosen.engine, rows: Array.from(rows.data) };
}

interface Op {
  readonly shapes: readonly number[][];
  readonly compute: (...inputs: tf.Tensor[]) => tf.Tensor;
}

/** The primitives, on inputs large enough that no backend computes them on the side. */
const OPS: Record<string, Op> = {
  linear: {
    shapes: [[2, 40, 32], [32, 48], [48]],
    compute: (x, kernel, bias) => linear(x!, kernel as tf.Tensor2D, bias as tf.Tensor1D),
  },
  layerNorm: { shapes: [[2, 40, 32], [32], [32]], compute: (x, scale, bias) => layerNorm(x!, scale!, bias!) },
  gelu: { shapes: [[2, 40, 32]], compute: (x) => gelu(tf.mul(x!, 3)) },
  attention: {
    shapes: Array.from({ length: 3 }, () => [2, 3, 20, 16]),
    compute: (...heads) => attention(...(heads as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D])),
  },
  l2Normalize: { shapes: [[64, 32]], compute: (x) => l2Normalize(x!) },
};

/** Results and gradients of every primitive on one backend. */
async function computeOps(engine: string): Promise<Record<string, number[][]>> {
  await tf.setBackend(engine);
  const found: Record<string, number[][]> = {};
  for (const [name, { shapes, compute }] of Object.entries(OPS)) {
    const inputs = shapes.map((shape, i) => wave(shape, i + 1));
    const weighed = (...given: tf.Tensor[]): tf.Scalar => {
      const result = compute(...given);
      return tf.sum(tf.mul(result, wave(result.shape, 5)));
    };
    const outputs = tf.tidy(() => [compute(...inputs), ...tf.grads(weighed)(inputs)]);
    found[name] = await Promise.all(outputs.map(async (output) => Array.from(await output.data())));
    tf.dispose([inputs, outputs]);
  }
  return found;
}

function wave(shape: number[], frequency: number): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(frequency * (i + 1))),
    shape,
  );
}

Object.assign(globalThis, {
  choose,
  chooseWithoutWasm,
  encodeThrough,
  encodeInOnnxRuntime,
  onnxRuntime,
  computeOps,
});
