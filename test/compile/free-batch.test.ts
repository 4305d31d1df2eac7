// One graph for every batch size: what may follow the batch, held against tfjs cpu at several sizes, and what may not.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { compile, exportOnnx, type InputSpec } from '../../src/compile/index.ts';
import { CompileError, ShapeError } from '../../src/errors.ts';
import { contrastiveLoss, contrastiveMetrics, maskedContrastiveLoss } from '../../src/train/index.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { countingRuntime } from '../support/counting-runtime.ts';
import { generateUniform } from '../support/golden.ts';
import { relativeDifference, runtime } from './compare.ts';
import { readOnnx, type ValueInfoProto } from './onnx-file.ts';

expectNoLeaks();

const SIZES = [1, 2, 7, 64];

/** Numbers that look random, in the shape of an input. */
function inputOf({ shape, dtype = 'float32' }: InputSpec, batch: number, seed: number): tf.Tensor {
  const sizes = shape.map((size) => (size === 'batch' ? batch : size));
  const count = sizes.reduce((a, b) => a * b, 1);
  const values = generateUniform('input', count, seed);
  if (dtype === 'float32') return tf.tensor(Float32Array.from(values), sizes);
  if (dtype === 'int32')
    return tf.tensor(
      Int32Array.from(values, (u) => Math.floor((u + 1) * 2)),
      sizes,
    ); // 0…3
  return tf.tensor(
    Uint8Array.from(values, (u) => Number(u > 0)),
    sizes,
    'bool',
  );
}

type Outputs = tf.Tensor | tf.Tensor[];

/** Runs one session at every size and expects what tfjs cpu gives. */
async function compareSizes(
  fn: (...inputs: tf.Tensor[]) => Outputs,
  inputs: readonly InputSpec[],
  { sizes = SIZES, tolerance = 1e-5 }: { sizes?: readonly number[]; tolerance?: number } = {},
): Promise<void> {
  const counting = countingRuntime();
  const compiled = await compile(fn, { runtime: counting, inputs });
  const opened = counting.opened();
  for (const batch of sizes) {
    const tensors = inputs.map((input, i) => inputOf(input, batch, i + 1));
    const got = [await compiled(...tensors)].flat();
    const expected = [tf.tidy(() => fn(...tensors))].flat();
    expect(got.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
      expected.map(({ shape, dtype }) => ({ shape, dtype })),
    );
    for (const [i, tensor] of expected.entries()) {
      const difference = relativeDifference(got[i]!.dataSync(), tensor.dataSync());
      expect(difference, `result ${i} of a batch of ${batch}`).toBeLessThanOrEqual(tolerance);
    }
    tf.dispose([got, expected, tensors]);
  }
  expect(counting.opened()).toBe(opened);
  await compiled.dispose();
}

const ROWS: InputSpec = { shape: ['batch', 3] };
const CUBES: InputSpec = { shape: ['batch', 4, 6] };
const LABELS: InputSpec = { shape: ['batch'], dtype: 'int32' };
const FLAGS: InputSpec = { shape: ['batch', 3], dtype: 'bool' };
const SECOND: InputSpec = { shape: [2, 'batch'] };

/** The batch size as JavaScript sees it. */
function N(x: tf.Tensor): number {
  return x.shape[0]!;
}

const FUNCTIONS: Record<string, [fn: (...inputs: tf.Tensor[]) => Outputs, ...inputs: InputSpec[]]> = {
  'a mean over the batch': [(x) => [tf.mean(x, 0), tf.mean(x), tf.mean(x, 0, true)], ROWS],
  'sums, extremes and their places': [(x) => [tf.sum(x, 0), tf.max(x, 0), tf.min(x), tf.argMax(x, 0)], ROWS],
  'variance and norms': [(x) => [tf.moments(x, 0).variance, tf.norm(x, 2, 0), tf.logSumExp(x, 0)], ROWS],
  '1/N, 2/N, N/2 and 3·N + 1': [
    (x) => [tf.mul(x, 1 / N(x)), tf.mul(x, 2 / N(x)), tf.mul(x, N(x) / 2), tf.add(x, 3 * N(x) + 1)],
    ROWS,
  ],
  '1/(N + 1), 1/(2·N + 3) and N − 1': [
    (x) => [tf.mul(x, 1 / (N(x) + 1)), tf.mul(x, 1 / (2 * N(x) + 3)), tf.add(x, N(x) - 1)],
    ROWS,
  ],
  'N as an integer': [(x) => tf.add(x, tf.scalar(N(x), 'int32')), LABELS],
  'tf.eye(N)': [(x) => tf.matMul(tf.eye(N(x)), x as tf.Tensor2D), ROWS],
  'tf.eye(N) of integers and the diagonal it picks': [
    (x) => {
      const products = tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, false, true);
      return [
        tf.sum(tf.mul(products, tf.eye(N(x))), 1),
        tf.add(products, tf.eye(N(x), N(x), undefined, 'int32')),
      ];
    },
    ROWS,
  ],
  'nothing for each': [
    (x) => {
      const none = tf.slice(x, [0, 0], [-1, 0]);
      return [none, tf.reshape(none, [N(x), 0, 2]), tf.sum(tf.expandDims(none, 1), 2)];
    },
    ROWS,
  ],
  'a range': [
    (x) => [
      tf.add(tf.range(0, N(x), 1, 'int32'), 0),
      tf.mul(tf.reshape(tf.range(0, N(x)), [N(x), 1]), x),
      tf.mul(tf.range(2, 2 * N(x) + 2, 2), tf.sum(x, 1)),
      tf.add(tf.reshape(tf.range(0, 3 * N(x)), [N(x), 3]), x),
      tf.mul(tf.reshape(tf.eye(N(x)), [N(x), 1, N(x)]), x.shape[1]!),
    ],
    ROWS,
  ],
  'ones, zeros and fills of N': [
    (x) => [
      tf.sub(tf.ones([N(x), 3]), x),
      tf.concat([tf.zeros([N(x), 2]), x], 1),
      tf.mul(tf.fill([N(x), 1], N(x)), x),
      tf.onesLike(x),
      tf.zeros([N(x), 2], 'int32'),
      tf.fill([2, N(x)], 1 / N(x)),
      tf.scalar(N(x)),
      tf.eye(N(x)),
    ],
    ROWS,
  ],
  'tile, broadcastTo and stack': [
    (x) => [
      tf.tile(x, [2, 1]),
      tf.tile(tf.mean(x, 0, true), [N(x), 1]),
      tf.broadcastTo(tf.mean(x, 0), [N(x), 3]),
      tf.stack([x, tf.neg(x)]),
      tf.tile(tf.expandDims(x, 1), [1, N(x), 1]),
    ],
    ROWS,
  ],
  'concat along the batch': [
    (x, y) => [tf.concat([x, y, x], 0), tf.concat([x, tf.ones([2, 3])], 0)],
    ROWS,
    ROWS,
  ],
  'reshapes with one free size, and with two': [
    (x) => [
      tf.reshape(x, [-1]),
      tf.reshape(x, [N(x), 24]),
      tf.reshape(x, [N(x) * 4, 6]),
      tf.reshape(x, [2, N(x), 12]),
      tf.reshape(tf.matMul(tf.reshape(x, [N(x), 24]), tf.reshape(x, [N(x), 24]), false, true), [
        N(x),
        N(x),
        1,
      ]),
      tf.reshape(tf.tile(tf.reshape(x, [N(x), 1, 24]), [1, N(x), 1]), [N(x), N(x) * 2, 12]),
    ],
    CUBES,
  ],
  transposes: [(x) => [tf.transpose(x), tf.transpose(x, [1, 0, 2]), tf.transpose(x, [0, 2, 1])], CUBES],
  attention: [
    (x) => {
      const heads = tf.transpose(tf.reshape(x, [N(x), 4, 2, 3]), [0, 2, 1, 3]);
      const weights = tf.softmax(tf.matMul(heads, heads, false, true));
      return tf.reshape(tf.transpose(tf.matMul(weights, heads), [0, 2, 1, 3]), [N(x), 4, 6]);
    },
    CUBES,
  ],
  'slices of rows and columns': [
    (x) => [
      tf.slice(x, [0, 1], [N(x), 2]),
      tf.slice(x, [0, 1], [-1, 1]),
      tf.slice(x, 0, 1),
      tf.slice(x, N(x) - 1, 1),
      tf.slice(x, 0, N(x)),
      tf.stridedSlice(x, [0, 0], [N(x), 3], [1, 2]),
    ],
    ROWS,
  ],
  'pads, reversals and cumulative sums': [
    (x) => [
      tf.pad(x as tf.Tensor2D, [
        [1, 2],
        [0, 1],
      ]),
      tf.reverse(x, 0),
      tf.cumsum(x, 0),
      tf.cumsum(x, 1, true),
    ],
    ROWS,
  ],
  'one-hot, gather and top-k': [
    (labels, x) => [
      tf.oneHot(labels, 4),
      tf.gather(
        tf.tensor2d([
          [1, 2],
          [3, 4],
          [5, 6],
          [7, 8],
        ]),
        labels,
      ),
      tf.gather(x, tf.tensor1d([0, 0], 'int32')),
      tf.topk(x, 2).values,
    ],
    LABELS,
    ROWS,
  ],
  'comparisons and choices': [
    (x, flags) => [
      tf.where(flags, x, 0),
      tf.where(tf.greater(x, tf.mean(x, 0)), x, tf.neg(x)),
      tf.logicalAnd(flags, tf.ones([N(x), 3], 'bool')),
      tf.any(flags, 0),
    ],
    ROWS,
    FLAGS,
  ],
  'a batch in the second place, and in both inputs': [
    (x, y) => [tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D), tf.add(x, tf.sum(y, 1)), tf.mean(x, 1)],
    SECOND,
    ROWS,
  ],
  'a batch that stands in one input only': [
    (x, fixed) => tf.matMul(x as tf.Tensor2D, fixed as tf.Tensor2D),
    ROWS,
    { shape: [3, 5] },
  ],
  'the gradient of a mean loss': [
    (x, y) => {
      const loss = (x: tf.Tensor, y: tf.Tensor): tf.Scalar => tf.mean(tf.square(tf.sub(tf.tanh(x), y)));
      const { value, grads } = tf.valueAndGrads(loss)([x, y]);
      return [value, ...grads];
    },
    ROWS,
    ROWS,
  ],
  'gradients of what is sliced, joined, stretched and picked': [
    (x) =>
      tf.grad((x) => {
        const parts = [
          tf.slice(x, 0, 1),
          tf.neg(tf.concat([x, x], 0)),
          tf.mul(x, tf.mean(x, 0)),
          tf.pad(x as tf.Tensor2D, [
            [2, 0],
            [1, 0],
          ]),
        ];
        return tf.addN(parts.map((part) => tf.mean(tf.square(part))));
      })(x),
    ROWS,
  ],
  'cross-entropy': [
    (x, labels) =>
      tf.grad((x) => tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(x), tf.oneHot(labels, 3)), 1))))(x),
    ROWS,
    LABELS,
  ],
};

describe('a free batch', () => {
  for (const [what, [fn, ...inputs]] of Object.entries(FUNCTIONS)) {
    it(`with ${what}`, () => compareSizes(fn, inputs));
  }

  it('with the contrastive loss, its gradients and its metrics', async () => {
    const unit = (x: tf.Tensor): tf.Tensor2D => tf.div(x, tf.norm(x, 2, 1, true));
    await compareSizes(
      (images, texts, t, mask) => {
        const { value, grads } = tf.valueAndGrads((images: tf.Tensor, texts: tf.Tensor, t: tf.Tensor) =>
          contrastiveLoss(unit(images), unit(texts), t),
        )([images, texts, t]);
        const { ncorrect, temperature } = contrastiveMetrics(unit(images), unit(texts), t);
        const masked = maskedContrastiveLoss(unit(images), unit(texts), t, mask as tf.Tensor1D);
        return [value, ...grads, ncorrect, temperature, masked.loss, masked.losses, masked.hits];
      },
      [{ shape: ['batch', 8] }, { shape: ['batch', 8] }, { shape: [] }, { shape: ['batch'], dtype: 'bool' }],
    );
  });

  it('with a whole model, forward and backward', async () => {
    const model = await ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 8 }, { seed: 3 });
    const parameters = [...model.parameters().values()];
    const embed = (x: tf.Tensor): tf.Tensor2D => model.network.apply(x) as tf.Tensor2D; // one in, one out
    const images: InputSpec = { shape: ['batch', 32, 32, 3] };
    await compareSizes((x) => embed(x), [images]);
    const gradients = (x: tf.Tensor, y: tf.Tensor): tf.Tensor[] => {
      const t = model.parameters().get('t')!;
      const { value, grads } = tf.variableGrads(() => contrastiveLoss(embed(x), embed(y), t), parameters);
      return [value, ...parameters.map(({ name }) => grads[name]!)];
    };
    await compareSizes(gradients, [images, images], { sizes: [1, 2, 7], tolerance: 1e-4 });
    model.dispose();
  });

  it('with variables that have names of their own, and Adam’s, which have numbers', async () => {
    const make = (name: string): tf.Variable[] =>
      tf.tidy(() => [tf.variable(tf.ones([3, 2]), true, name), tf.variable(tf.zeros([2]), true)]);
    const losses: number[][] = [];
    for (const isCompiled of [true, false]) {
      const [weight, bias] = make(`weight-${isCompiled}`) as [tf.Variable<tf.Rank.R2>, tf.Variable]; // as many as made
      const adam = tf.train.adam(0.1);
      const step = (x: tf.Tensor): tf.Scalar =>
        adam.minimize(() => tf.mean(tf.square(tf.add(tf.matMul(x as tf.Tensor2D, weight), bias))), true, [
          weight,
          bias,
        ]) as tf.Scalar;
      const compiled = await compile(step, { runtime, threads: 1, inputs: [ROWS] });
      const seen: number[] = [];
      for (const batch of [4, 1, 9, 4]) {
        const x = inputOf(ROWS, batch, batch);
        const loss = isCompiled ? await compiled(x) : step(x);
        seen.push(loss.dataSync()[0]!);
        tf.dispose([x, loss]);
      }
      losses.push(seen);
      await compiled.dispose();
      adam.dispose();
      tf.dispose([weight, bias]);
    }
    for (const [i, loss] of losses[1]!.entries()) expect(losses[0]![i]).toBeCloseTo(loss, 5);
  });

  it('is named in the file, with what follows it', () => {
    const { graph } = readOnnx(
      exportOnnx(
        (x) => [
          tf.concat([x, x, tf.ones([1, 3])], 0),
          tf.reshape(x, [-1]),
          tf.matMul(x, x, false, true),
          tf.mean(x),
        ],
        { inputs: [{ ...ROWS, name: 'rows' }] },
      ),
    );
    const dims = ({ type }: ValueInfoProto): unknown =>
      (type.tensor_type.shape.dim ?? []).map(({ dim_value, dim_param }) => dim_param ?? dim_value);
    expect(graph.input!.map(dims)).toEqual([['batch', 3]]);
    expect(graph.output!.map(dims)).toEqual([['2*batch+1', 3], ['3*batch'], ['batch', 'batch'], []]);
  });
});

const DEPENDS = 'compile: the function cannot be kept free of the batch size: ';
const MEND = ' Give all sizes of `inputs` as numbers to compile for one batch.';

describe('a free batch is refused', () => {
  const REFUSED: Record<string, [fn: (x: tf.Tensor) => unknown, how: string]> = {
    'where JavaScript counts to N': [
      (x) => tf.addN(tf.unstack(x)),
      'it runs other operations for another size.',
    ],
    'where JavaScript branches on N': [
      (x) => (N(x) % 2 === 0 ? tf.neg(x) : tf.exp(x)),
      'it runs Exp for one size and Neg for another.',
    ],
    'where JavaScript branches between operands': [
      (x) => {
        const [a, b] = [tf.sin(x), tf.cos(x)];
        return tf.sub(N(x) > 70 ? a : b, tf.add(a, b));
      },
      'Sub reads something else.',
    ],
    'for other results': [
      (x) => (N(x) > 70 ? [tf.neg(x)] : [tf.neg(x), x]),
      'it returns something else for another size.',
    ],
    'for results of other ranks': [
      (x) => (N(x) > 70 ? x : tf.scalar(1)),
      'it returns something else for another size.',
    ],
    'for half of N': [
      (x) => tf.slice(x, 0, Math.floor(N(x) / 2)),
      'it uses 30 where the batch is 61 and 37 where it is 74.',
    ],
    'for the square of N': [
      (x) => tf.reshape(tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, false, true), [-1]),
      'it uses 3721 where the batch is 61, 5476 where the batch is 74 and 10609 where the batch is 103.',
    ],
    'for the root of N': [
      (x) => tf.div(x, Math.sqrt(N(x))),
      `it uses ${Math.fround(Math.sqrt(61))} where the batch is 61 and ${Math.fround(Math.sqrt(74))} where it is 74.`,
    ],
    'for 1/N²': [
      (x) => tf.mul(x, 1 / N(x) ** 2),
      'it uses 3721 where the batch is 61, 5476 where the batch is 74 and 10609 where the batch is 103.',
    ],
    'for a root plus something': [
      (x) => tf.add(x, Math.floor(Math.sqrt(N(x) * 13)) + 0.5),
      'it uses 28.5 where the batch is 61 and 31.5 where it is 74.',
    ],
    'where one of N parts is taken': [
      (x) => tf.unstack(x)[0],
      'Split has 61 results for one size and 74 for another.',
    ],
    'for numbers that N spaces': [
      (x) => tf.mul(tf.sum(x, 1), tf.linspace(0, 1, N(x))),
      'a constant [61] that Mul reads changes with it.',
    ],
    'for a table made for N': [
      (x) =>
        tf.mul(
          x,
          tf.tensor2d(
            Array.from({ length: N(x) * 3 }, (_, i) => i * i),
            [N(x), 3],
          ),
        ),
      'a constant [61, 3] that Mul reads changes with it.',
    ],
    'for a table returned': [
      (x) => tf.tensor1d(Array.from({ length: N(x) }, (_, i) => i * i)),
      'a constant [61] that it returns changes with it.',
    ],
    'for attributes of N': [
      (x) => tf.cumsum(tf.leakyRelu(x, 1 / N(x))),
      `LeakyRelu has {"alpha":{"float":${1 / 61}}} for one size and {"alpha":{"float":${1 / 74}}} for another.`,
    ],
  };
  for (const [when, [fn, how]] of Object.entries(REFUSED)) {
    it(when, async () => {
      const failure: unknown = await compile(fn, { runtime, inputs: [ROWS] }).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(CompileError);
      expect((failure as CompileError).message).toBe(`${DEPENDS}${how}${MEND}`);
    });
  }

  it('for variables made in every call', async () => {
    const made: tf.Variable[] = [];
    const fn = (x: tf.Tensor): tf.Tensor => {
      const variable = tf.tidy(() => tf.variable(tf.zeros([3])));
      made.push(variable);
      variable.assign(tf.mean(x, 0));
      return tf.add(x, variable);
    };
    await expect(compile(fn, { runtime, inputs: [ROWS] })).rejects.toThrow(
      `${DEPENDS}it uses other variables in every call.${MEND}`,
    );
    tf.dispose(made);
  });

  it('where two inputs bring different sizes, or none', async () => {
    const compiled = await compile((x: tf.Tensor, y: tf.Tensor) => tf.concat([x, y], 0), {
      runtime,
      threads: 1,
      inputs: [ROWS, ROWS],
    });
    const [two, three, none] = [2, 3, 0].map((batch) => tf.zeros([batch, 3]));
    await expect(compiled(two!, three!)).rejects.toThrow(
      new ShapeError('compiled function: expected one batch size in all inputs, got 2 and 3.'),
    );
    await expect(compiled(none!, none!)).rejects.toThrow(
      new ShapeError('compiled function: expected a batch of at least 1, got 0. Leave such calls out.'),
    );
    await compiled.dispose();
    tf.dispose([two!, three!, none!]);
  });

  it('within one input too', async () => {
    const compiled = await compile((x: tf.Tensor) => tf.mul(x, tf.eye(N(x))), {
      runtime,
      threads: 1,
      inputs: [{ shape: ['batch', 'batch'] }],
    });
    const [square, oblong] = [tf.ones([3, 3]), tf.ones([3, 4])];
    const result = await compiled(square);
    expect(Array.from(result.dataSync())).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    await expect(compiled(oblong)).rejects.toThrow('expected one batch size in all inputs, got 3 and 4.');
    await compiled.dispose();
    tf.dispose([square, oblong, result]);
  });
});
