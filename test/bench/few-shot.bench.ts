// `ridgeFewShot` beside numpy on OpenBLAS, taking turns in one run, and what its products gain from their WebAssembly
// loop: `npm run bench -- few-shot` prints one JSON object a line. `ratio` is ours / numpy's.
//
//   PYTHON=python3     the interpreter that has numpy; it uses all cores, unless OPENBLAS_NUM_THREADS says otherwise
//   CLASSES=1000       with 10 examples each
//   FEATURES=768
//   TEST=5000          rows to predict
//   ROUNDS=5           turns; the median counts
//
// ridgeFewShot gives the results of float64, and float64 is what it is held against. numpy's float32 is there because
// big_vision computes in it.

import '@tensorflow/tfjs-backend-wasm';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { createProductMemory, PANEL_ROWS, panelColumns, plainLoops } from '../../src/eval/panel-product.ts';
import { ridgeFewShot } from '../../src/eval/ridge-few-shot.ts';
import { createRandom } from '../../src/random.ts';
import { print } from './compile/rows.ts';
import { median, timing } from './compile/turns.ts';

const SHOTS = 10;
const classes = Number(process.env.CLASSES ?? 1000);
const dim = Number(process.env.FEATURES ?? 768);
const testCount = Number(process.env.TEST ?? 5000);
const rounds = Number(process.env.ROUNDS ?? 5);
const COMPETITORS = [
  { dtype: 'float64', solver: 'solve' },
  { dtype: 'float64', solver: 'eigh' },
  { dtype: 'float32', solver: 'solve' },
  { dtype: 'float32', solver: 'eigh' },
] as const;

const random = createRandom(1, 'few-shot bench');
const normals = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());

await benchProducts();
await benchAgainstNumpy();
process.exit(0);

/** GFLOP/s of the inner loops, and of tfjs wasm on as large a product. */
async function benchProducts(): Promise<void> {
  const [rows, columns, depth] = [128, 512, 256];
  const operations = 2 * rows * columns * depth;
  const bytes = 8 * (rows * depth + columns * depth + rows * columns) + 96;
  const runs: Record<string, () => void> = {};
  for (const type of ['float64', 'float32'] as const) {
    for (const [name, memory] of Object.entries({
      webassembly: createProductMemory(bytes),
      javascript: createProductMemory(bytes, plainLoops(bytes)),
    })) {
      const [a, b, c] = [rows * depth, columns * depth, rows * columns].map((n) => memory[type](n).fill(1));
      const panels = { rowPanels: rows / PANEL_ROWS, columnPanels: columns / panelColumns(a!) };
      runs[`${name}_${type}`] = () =>
        memory.multiply({ a: a!, b: b!, c: c!, ...panels, depth, at: 0, stride: columns });
    }
  }
  await tf.setBackend('wasm');
  const [x, y] = [tf.ones([rows, depth]), tf.ones([depth, columns])];
  runs.tfjs_wasm_float32 = () => tf.tidy(() => void tf.matMul(x, y).dataSync());
  const times = Object.keys(runs).map((): number[] => []);
  for (let round = -1; round < 10 * rounds; round++) {
    for (const [i, run] of Object.values(runs).entries()) {
      const start = performance.now();
      run();
      if (round >= 0) times[i]!.push(performance.now() - start);
    }
  }
  const rates = Object.keys(runs).map((name, i) => [name, operations / median(times[i]!) / 1e6]);
  print({ row: 'products, GFLOP/s', ...Object.fromEntries(rates) });
}

async function benchAgainstNumpy(): Promise<void> {
  const centres = normals(classes * dim);
  const train = examples(centres, classes * SHOTS);
  const test = examples(centres, testCount);
  const indices = Int32Array.from({ length: train.count }, (_, i) => i);
  const row = { row: `few-shot, ${classes} x ${SHOTS} x ${dim}, ${testCount} test rows` };

  const folder = mkdtempSync(join(tmpdir(), 'clippo-few-shot-'));
  writeFileSync(join(folder, 'train.f32'), train.data);
  writeFileSync(join(folder, 'labels.i32'), train.labels);
  writeFileSync(join(folder, 'test.f32'), test.data);
  const numpy = startNumpy(folder);
  try {
    const hello = await numpy.answer();
    if (hello === undefined) return print({ ...row, skipped: 'no numpy; PYTHON names an interpreter' });
    let predictions: Int32Array = new Int32Array(0);
    const ours: number[] = [];
    const theirs = COMPETITORS.map((): number[] => []);
    const same: number[] = [];
    for (let round = -1; round < rounds; round++) {
      const start = performance.now();
      ({ predictions } = ridgeFewShot(train, train.labels, test, { indices, classes }));
      const ms = performance.now() - start;
      if (round >= 0) ours.push(ms); // the first warms up
      for (const [i, competitor] of COMPETITORS.entries()) {
        const answer = await numpy.ask({ ...competitor, classes });
        if (round >= 0) theirs[i]!.push(Number(answer.ms));
        const { buffer } = Uint8Array.from(readFileSync(join(folder, 'predictions.i32')));
        const numbers = new Int32Array(buffer);
        same[i] = predictions.filter((label, k) => label === numbers[k]).length / testCount;
      }
    }
    const accuracy = predictions.filter((label, i) => label === test.labels[i]).length / testCount;
    for (const [i, { dtype, solver }] of COMPETITORS.entries()) {
      const [a, b] = [timing(ours), timing(theirs[i]!)];
      const ratio = a.median / b.median;
      const figures = {
        ...{ ...row, against: `numpy ${hello.numpy}, ${dtype}, ${solver}`, cores: availableParallelism() },
        ...{ ours_ms: a.median, numpy_ms: b.median, ratio, ratio_of_minima: a.min / b.min },
        ...{ accuracy, same_predictions: same[i] },
      };
      if (dtype === 'float64') print(figures, { of: ratio, atMost: 2 });
      else print(figures);
    }
  } finally {
    numpy.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Examples {
  readonly data: Float32Array;
  readonly labels: Int32Array;
  readonly count: number;
  readonly dim: number;
}

/** Class after class in turn, each around a centre of its own, so close that a few are confused. */
function examples(centres: Float32Array, count: number): Examples {
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const data = normals(count * dim);
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < dim; d++) data[i * dim + d]! += 0.3 * centres[labels[i]! * dim + d]!;
  }
  return { data, labels, count, dim };
}

type Answer = Record<string, unknown>;

interface Numpy {
  /** The next answer; undefined when it has ended. */
  answer(): Promise<Answer | undefined>;
  ask(request: Answer): Promise<Answer>;
  end(): void;
}

function startNumpy(folder: string): Numpy {
  const script = fileURLToPath(new URL('few_shot.py', import.meta.url));
  const { stdin, stdout } = spawn(process.env.PYTHON ?? 'python3', [script, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  }).on('error', (error) => console.error(error.message));
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  async function answer(): Promise<Answer | undefined> {
    const { value, done } = await lines.next();
    return done ? undefined : JSON.parse(value);
  }
  return {
    answer,
    async ask(request) {
      stdin.write(`${JSON.stringify(request)}\n`);
      const given = await answer();
      if (given === undefined) throw new Error(`numpy ended before it answered ${JSON.stringify(request)}.`);
      return given;
    },
    end: () => stdin.end(),
  };
}
