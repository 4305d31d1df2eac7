// The step that takes a batch of any size in the memory of one chunk. The loss compares every picture with every text,
// but it sees them only through their embeddings: so all are embedded first and nothing but the embeddings is kept, the
// loss is differentiated with respect to those, and then each chunk is run again and its share of the gradient added up.
// Reference: Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup" (GradCache).

import * as tf from '@tensorflow/tfjs-core';
import type { ClippoModel } from '../clippo-model.ts';
import type { OrtRuntime } from '../compile/index.ts';
import { type NetworkInput, toInputTensor } from '../model/index.ts';
import { addAll } from '../ops/index.ts';
import { type ArrangedBatch, arrangePairs } from './arranged-batch.ts';
import { embedTensor } from './embed-pairs.ts';
import { isRecordable, type RecordableOptimizer } from './recordable-optimizer.ts';
import { type Calls, createStepFunctions } from './step-functions.ts';
import { readScalars, type StepRunner, type TrainStepMetrics } from './step-metrics.ts';
import { type Parameters, type StepOptimizer, trainedParameters, type UpdateMetrics } from './update.ts';

export interface ChunkedStepOptions {
  /** undefined for tfjs */
  readonly runtime: OrtRuntime | undefined;
  /** The most inputs that go through the network together. */
  readonly chunk: number;
}

/** The functions of a step; b is a block of rows, N the batch. `t` and all else that is trained are variables. */
type ChunkFunctions = {
  /** What one of the networks reads, n inputs → [n, E] */
  embed(input: tf.Tensor): tf.Tensor2D;
  /** Rows [b, E] and the ones they belong to, against all [N, E] of the other slot; `own` is where those lie. */
  compare(rows: tf.Tensor2D, partners: tf.Tensor2D, all: tf.Tensor2D, own: tf.Tensor1D): Comparison;
  /** What {@link Comparison.denominators} were for these rows [b] and for all [N] → gradients of the loss. */
  pull(
    rows: tf.Tensor2D,
    partners: tf.Tensor2D,
    all: tf.Tensor2D,
    denominators: tf.Tensor1D,
    allDenominators: tf.Tensor1D,
  ): Pull;
  /** Adds what these inputs contribute to the gradient of every parameter to its sum. */
  accumulate(input: tf.Tensor, dz: tf.Tensor2D): tf.Scalar;
  /** Updates every parameter by its sum; that of t is given. */
  update(dt: tf.Scalar, beta2: tf.Scalar, schedule: tf.Scalar): UpdateMetrics;
};

type Comparison = {
  /** [b] log Σ_j exp S_ij */
  readonly denominators: tf.Tensor1D;
  /** [b] S_ii */
  readonly own: tf.Tensor1D;
  /** [b] 1 where the partner is the most similar of all */
  readonly hits: tf.Tensor1D;
};

type Pull = {
  /** [b, E] gradient of the loss with respect to the rows */
  readonly dRows: tf.Tensor2D;
  /** its part with respect to t, for the rows of one slot */
  readonly dt: tf.Scalar;
};

/** Elements of a block of similarities, 16 MiB each: a batch of 10,240 has 100 Mi of them. */
const BLOCK_ELEMENTS = 2 ** 22;

/**
 * Graphs are recorded for every number of inputs in a chunk. Numbers are rounded up to an eighth of a chunk, so that
 * mixtures, of which every batch has another number of short texts, come by with a few.
 */
const PARTS = 8;

/** A step in chunks, on tfjs or in ONNX Runtime. The optimiser must be recordable for the latter. */
export function chunkedStep(
  model: ClippoModel,
  optimizer: StepOptimizer,
  { runtime, chunk }: ChunkedStepOptions,
): StepRunner {
  const functions = createStepFunctions<ChunkFunctions>(runtime);
  /** Of the gradients, by path. */
  let sums: Parameters = new Map();

  /** Zero, and those of the parameters that are trained now. */
  function prepareSums(trained: Parameters): void {
    const isSame = sums.size === trained.size && [...trained.keys()].every((path) => sums.has(path));
    if (!isSame) disposeSums();
    if (!isSame) sums = new Map([...trained].map(([path, { shape }]) => [path, zeroVariable(shape)]));
    for (const sum of sums.values()) tf.tidy(() => sum.assign(tf.zeros(sum.shape)));
  }

  function disposeSums(): void {
    tf.dispose([...sums.values()]);
    sums = new Map();
  }

  return {
    async run(batch) {
      const parameters = model.parameters();
      const trained = trainedParameters(optimizer, parameters);
      const recorded = runtime !== undefined && isRecordable(optimizer) ? optimizer : undefined;
      const state = recorded?.prepare(trained) ?? [];
      const numbers = recorded?.stepNumbers() ?? { beta2: 0, schedule: 0 }; // an optimiser on tfjs counts by itself
      prepareSums(trained);
      const variables = [...trained.values(), ...parameters.values(), ...state, ...sums.values()];
      const calls = await functions.prepare(variables, () =>
        chunkFunctions({ model, optimizer, recorded, trained, sums }),
      );

      const arranged = await arrangePairs(model, batch, false);
      const chunks = splitIntoChunks(arranged, chunk);
      const held = new Tensors();
      try {
        const rows: tf.Tensor2D[] = [];
        for (const { inputs, size } of chunks) {
          const z = await held.during(filledTensor(inputs, size), (input) => calls.embed(input));
          rows.push(held.add(tf.slice(held.add(z), 0, inputs.length)));
        }
        const z = held.add(inBatchOrder(rows, arranged));
        const { dz, dt, loss, ncorrect } = await differentiateLoss(calls, z, held);

        const dRows = held.add(tf.tidy(() => tf.gather(dz, tf.tensor1d(arranged.inverse, 'int32'))));
        for (const { inputs, size, start } of chunks) {
          const dChunk = tf.tidy(() => filledRows(tf.slice(dRows, start, inputs.length), size));
          held.add(dChunk);
          const input = filledTensor(inputs, size);
          held.add(await held.during(input, (x) => calls.accumulate(x, dChunk)));
        }
        const scalars = [held.add(tf.scalar(numbers.beta2)), held.add(tf.scalar(numbers.schedule))] as const;
        const { temperature } = await readScalars({ temperature: temperatureOf(parameters) });
        const norms = await calls.update(dt, ...scalars);
        if (recorded !== undefined) recorded.stepCount++;
        return { loss, ncorrect, temperature, ...(await readScalars(norms)) };
      } finally {
        held.dispose();
      }
    },
    async dispose() {
      await functions.dispose();
      disposeSums();
    },
  };
}

interface FunctionParts {
  readonly model: ClippoModel;
  readonly optimizer: StepOptimizer;
  readonly recorded: RecordableOptimizer | undefined;
  readonly trained: Parameters;
  readonly sums: Parameters;
}

function chunkFunctions({ model, optimizer, recorded, trained, sums }: FunctionParts): ChunkFunctions {
  const t = model.parameters().get('t')!;
  const similarities = (rows: tf.Tensor2D, all: tf.Tensor2D): tf.Tensor2D =>
    tf.matMul(tf.mul<tf.Tensor2D>(rows, tf.exp(t)), tf.transpose(all)); // [b, N]
  return {
    embed: (input) => embedTensor(model, input),
    compare(rows, partners, all, own) {
      const logits = similarities(rows, all);
      return {
        denominators: tf.logSumExp(logits, 1),
        own: tf.sum(tf.mul(tf.mul(rows, tf.exp(t)), partners), 1),
        hits: tf.cast(tf.equal<tf.Tensor1D>(tf.argMax(logits, 1), own), 'float32'),
      };
    },
    pull(rows, partners, all, denominators, allDenominators) {
      const N = all.shape[0];
      const logits = similarities(rows, all);
      // The softmax over the rows of S and the one over its columns: the loss is the mean of both.
      const both = tf.add(
        tf.exp(tf.sub(logits, tf.expandDims(denominators, 1))),
        tf.exp(tf.sub(logits, tf.expandDims(allDenominators, 0))),
      );
      const towards = tf.sub(tf.matMul(both as tf.Tensor2D, all), tf.mul(partners, 2));
      const dRows = tf.mul<tf.Tensor2D>(tf.mul(towards, 0.5 / N), tf.exp(t));
      return { dRows, dt: tf.sum(tf.mul(dRows, rows)) };
    },
    accumulate(input, dz) {
      // Its gradient is that of the loss, as far as these inputs go.
      const share = (): tf.Scalar => tf.sum(tf.mul(embedTensor(model, input), dz));
      const { value, grads } = tf.variableGrads(share, [...trained.values()]);
      for (const [path, parameter] of trained) {
        const gradient: tf.Tensor | undefined = grads[parameter.name]; // typed as always there; t is not
        if (gradient !== undefined) sums.get(path)!.assign(tf.add(sums.get(path)!, gradient));
      }
      return value;
    },
    update(dt, beta2, schedule) {
      const gradients = new Map<string, tf.Tensor>(sums);
      if (trained.has('t')) gradients.set('t', tf.reshape(dt, t.shape));
      return recorded === undefined
        ? optimizer.apply(trained, gradients)
        : recorded.update(trained, gradients, { beta2, schedule });
    },
  };
}

interface LossGradient extends Pick<TrainStepMetrics, 'loss' | 'ncorrect'> {
  /** [2N, E] in the order of the batch */
  readonly dz: tf.Tensor2D;
  readonly dt: tf.Scalar;
}

/** The contrastive loss of embeddings [2N, E] and its gradient, a block of similarities at a time. */
async function differentiateLoss(
  calls: Calls<ChunkFunctions>,
  z: tf.Tensor2D,
  held: Tensors,
): Promise<LossGradient> {
  const N = z.shape[0] / 2;
  const slots = tf.split(z, 2).map((slot) => held.add(slot)) as [tf.Tensor2D, tf.Tensor2D];
  const blocks = blocksOf(N);

  const compared: Comparison[] = [];
  for (const [rows, all] of [slots, [slots[1], slots[0]] as const]) {
    const parts: Comparison[] = [];
    for (const { start, size } of blocks) {
      const own = held.add(tf.range(start, start + size, 1, 'int32'));
      const [block, partners] = [held.add(tf.slice(rows, start, size)), held.add(tf.slice(all, start, size))];
      const part = await calls.compare(block, partners, all, own);
      for (const tensor of Object.values<tf.Tensor>(part)) held.add(tensor);
      parts.push(part);
    }
    compared.push({
      denominators: held.add(tf.concat(parts.map(({ denominators }) => denominators))),
      own: held.add(tf.concat(parts.map(({ own }) => own))),
      hits: held.add(tf.concat(parts.map(({ hits }) => hits))),
    });
  }
  const [byImage, byText] = compared as [Comparison, Comparison];

  const gradients: tf.Tensor2D[] = [];
  const dts: tf.Scalar[] = [];
  for (const [rows, all, ofRows, ofAll] of [
    [slots[0], slots[1], byImage, byText],
    [slots[1], slots[0], byText, byImage],
  ] as const) {
    for (const { start, size } of blocks) {
      const [block, partners] = [held.add(tf.slice(rows, start, size)), held.add(tf.slice(all, start, size))];
      const denominators = held.add(tf.slice(ofRows.denominators, start, size));
      const { dRows, dt } = await calls.pull(block, partners, all, denominators, ofAll.denominators);
      gradients.push(held.add(dRows));
      held.add(dt);
      if (rows === slots[0]) dts.push(dt); // either slot would do: Σ dS∘S is the same from both sides
    }
  }
  const metrics = await readScalars(
    tf.tidy(() => ({
      loss: tf.mean<tf.Scalar>(
        tf.sub(tf.mul(tf.add(byImage.denominators, byText.denominators), 0.5), byImage.own),
      ),
      ncorrect: tf.mean<tf.Scalar>(byImage.hits),
    })),
  );
  return { dz: held.add(tf.concat(gradients)), dt: held.add(addAll(dts)), ...metrics };
}

/** Blocks of rows, as equal as can be, that keep to {@link BLOCK_ELEMENTS}. */
function blocksOf(N: number): { start: number; size: number }[] {
  const count = Math.ceil(N / Math.max(1, Math.floor(BLOCK_ELEMENTS / N)));
  const size = Math.ceil(N / count);
  return Array.from({ length: Math.ceil(N / size) }, (_, i) => ({
    start: i * size,
    size: Math.min(size, N - i * size),
  }));
}

interface Chunk {
  readonly inputs: readonly NetworkInput[];
  /** Where they begin among the rows of all groups. */
  readonly start: number;
  /** How many go through the network; what is over the inputs is filled up. */
  readonly size: number;
}

function splitIntoChunks({ groups }: ArrangedBatch, most: number): Chunk[] {
  const granule = Math.ceil(most / PARTS);
  let start = 0;
  return groups.flatMap((group) => {
    const even = Math.ceil(group.length / Math.ceil(group.length / most));
    const size = Math.min(most, Math.ceil(even / granule) * granule);
    const chunks: Chunk[] = [];
    for (let i = 0; i < group.length; i += size) {
      const inputs = group.slice(i, i + size);
      chunks.push({ inputs, start, size });
      start += inputs.length;
    }
    return chunks;
  });
}

function filledTensor(inputs: readonly NetworkInput[], size: number): tf.Tensor {
  return toInputTensor([...inputs, ...new Array<NetworkInput>(size - inputs.length).fill(inputs[0]!)]); // at least one
}

/** Zeros for the rows that fill up a chunk: they have no part in the gradient. */
function filledRows(rows: tf.Tensor2D, size: number): tf.Tensor2D {
  return tf.pad(rows, [
    [0, size - rows.shape[0]],
    [0, 0],
  ]);
}

function inBatchOrder(rows: tf.Tensor2D[], { order }: ArrangedBatch): tf.Tensor2D {
  return tf.tidy(() => tf.gather(tf.concat(rows), tf.tensor1d(order, 'int32')));
}

function temperatureOf(parameters: Parameters): tf.Scalar {
  return tf.tidy(() => tf.reshape(tf.exp(parameters.get('t')!), []));
}

function zeroVariable(shape: number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.zeros(shape), false));
}

/** What a step has to dispose, however it ends: it waits in between, where tf.tidy cannot help. */
class Tensors {
  private readonly tensors: tf.Tensor[] = [];

  add<T extends tf.Tensor>(tensor: T): T {
    this.tensors.push(tensor);
    return tensor;
  }

  /** Disposes the tensor as soon as the work is done. */
  async during<T extends tf.Tensor, R>(tensor: T, work: (tensor: T) => Promise<R>): Promise<R> {
    try {
      return await work(tensor);
    } finally {
      tensor.dispose();
    }
  }

  dispose(): void {
    tf.dispose(this.tensors);
  }
}
