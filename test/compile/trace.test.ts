// Recording as seen from outside: what a function may do and what it is told when it does something else, and that
// tfjs is the same afterwards whatever happened.

import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CompileOptions, compile, exportOnnx, type TensorFunction } from '../../src/compile/index.ts';
import { CompileError } from '../../src/errors.ts';
import { BACKENDS, useBackend } from '../support/backends.ts';
import { compareWithCpu, runtime } from './compare.ts';
import { read, variable } from './tensors.ts';
import { changesOf, type TfjsState, tfjsState } from './tfjs-state.ts';

const INPUTS = [{ shape: [2, 3] }] as const;

/** Records a function of one matrix [2, 3]. */
function record(fn: TensorFunction, options: Partial<CompileOptions> = {}): Uint8Array {
  return exportOnnx(fn, { inputs: INPUTS, ...options });
}

/** The error of a recording. */
function errorOf(fn: TensorFunction): Error {
  try {
    record(fn);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return error as Error; // checked above
  }
  throw new Error('the function was recorded, but should not have been');
}

async function run(fn: TensorFunction, ...inputs: tf.Tensor[]): Promise<unknown> {
  const compiled = await compile(fn, { runtime, threads: 1 });
  try {
    return await compiled(...inputs);
  } finally {
    await compiled.dispose();
  }
}

/** wasm cannot make one. */
async function complexNumber(): Promise<tf.Tensor> {
  const backend = tf.getBackend();
  await tf.setBackend('cpu');
  const complex = tf.tidy(() => tf.complex([1], [2]));
  await tf.setBackend(backend);
  return complex;
}

let before: TfjsState;
function expectSameState(): void {
  beforeEach(() => {
    before = tfjsState();
  });
  afterEach(() => expect(changesOf(before), 'tfjs after the test').toEqual([]));
}

/** Every way a recording can end. */
const ENDS: Record<string, { fn: (x: tf.Tensor) => unknown; error?: RegExp }> = {
  'with a result': { fn: (x) => tf.add(x, 1) },
  'with an error of its own': {
    fn: (x) => {
      tf.add(x, 1);
      throw new RangeError('on purpose');
    },
    error: /^on purpose$/,
  },
  'within nested tidies': {
    fn: (x) =>
      tf.tidy(() => {
        tf.keep(tf.exp(x));
        return tf.tidy(() => {
          throw new RangeError('deep inside');
        });
      }),
    error: /^deep inside$/,
  },
  'within a gradient': {
    fn: (x) =>
      tf.grad((y) => {
        tf.square(y);
        throw new RangeError('in a gradient');
      })(x),
    error: /^in a gradient$/,
  },
  'within the gradient of a gradient': {
    fn: (x) =>
      tf.customGrad((...args) => ({
        value: tf.square(args[0] as tf.Tensor),
        gradFunc: () => {
          throw new RangeError('on the way back');
        },
      }))(x) &&
      tf.grad((y) =>
        tf.customGrad((...args) => ({
          value: tf.square(args[0] as tf.Tensor),
          gradFunc: () => {
            throw new RangeError('on the way back');
          },
        }))(y),
      )(x),
    error: /^on the way back$/,
  },
  'by reading data': { fn: (x) => tf.scalar(x.dataSync()[0]!), error: /reads the data/ },
  'by a kernel that is unknown': {
    fn: (x) => tf.engine().runKernel('Twice', { x }),
    error: /kernel Twice/,
  },
  'by a shape that does not fit': {
    fn: (x) => tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D),
    error: /^matMul: expected equal inner sizes, got \[2, 3\] · \[2, 3\]\. \(at .*trace\.test\.ts:/,
  },
  'by parts that do not fit': {
    fn: (x) => tf.concat([x, tf.zeros([1, 2])], 0),
    error:
      /^concat: expected equal sizes but along axis 0, got \[2, 3\] and \[1, 2\]\. \(at .*trace\.test\.ts:/,
  },
  'with kept tensors': {
    fn: (x) => {
      tf.keep(tf.add(x, 1));
      tf.keep(tf.clone(x));
      tf.keep(tf.zeros([50]));
      return tf.exp(x);
    },
  },
  'with its input disposed': {
    fn: (x) => {
      const y = tf.exp(x);
      x.dispose();
      return y;
    },
  },
};

describe.each(BACKENDS)('recording on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend('cpu'));

  describe('leaves tfjs as it was when it ends', () => {
    let weight: tf.Variable;
    let captured: tf.Tensor;
    beforeAll(() => {
      weight = variable([
        [1, 2, 3],
        [4, 5, 6],
      ]);
      captured = tf.tensor2d([6, 5, 4, 3, 2, 1], [2, 3]);
    });
    afterAll(() => tf.dispose([weight, captured]));
    expectSameState();

    for (const [how, { fn, error }] of Object.entries(ENDS)) {
      it(how, () => {
        const touching = (x: tf.Tensor): unknown => {
          const y = tf.add(x, tf.mul(weight, captured));
          weight.assign(y as tf.Tensor2D);
          return fn(y);
        };
        if (error === undefined) expect(record(touching).length).toBeGreaterThan(0);
        else expect(() => record(touching)).toThrow(error);
        expect(tf.getBackend()).toBe(backend);
        // Their data is where it was, and can be computed with.
        expect(read(tf.mul(weight, captured))).toEqual([6, 10, 12, 12, 10, 6]);
      });
    }

    it('within a tidy of the caller', () => {
      const kept = tf.tidy(() => {
        const outer = tf.add(captured, 1);
        expect(record((x) => tf.add(x, outer)).length).toBeGreaterThan(0);
        expect(() => record((x) => x.dataSync())).toThrow(CompileError);
        return tf.mul(outer, 2);
      });
      expect(read(kept)).toEqual([14, 12, 10, 8, 6, 4]);
    });

    it('within a gradient of the caller', () => {
      const gradient = tf.grad((x) => {
        const y = tf.square(x);
        record((z) => tf.mul(z, captured));
        return y;
      });
      expect(read(gradient(captured))).toEqual([12, 10, 8, 6, 4, 2]);
    });

    it('for a list with a variable that was disposed', () => {
      const dead = variable(1, `dead-${backend}`);
      dead.dispose();
      expect(() => record((x) => tf.add(x, weight), { variables: [weight, dead] })).toThrow(
        `compile: the variable dead-${backend} [] was disposed.`,
      );
    });
  });

  describe('variables', () => {
    expectSameState();

    it('are not listed and yet state when they are assigned', async () => {
      const counter = variable(5);
      const total = variable(0);
      const count = await compile(
        (x: tf.Tensor) => {
          counter.assign(tf.add(counter, 1));
          total.assign(tf.add(total, tf.mul(tf.sum(x), counter)));
          return tf.clone(total);
        },
        { runtime, threads: 1 },
      );
      const one = tf.scalar(1);
      expect([read(await count(one)), read(await count(one))]).toEqual([[6], [13]]);
      expect(read(tf.clone(counter))).toEqual([7]);
      await count.dispose();
      tf.dispose([one, counter, total]);
    });

    it('are constants where they are neither listed nor assigned', async () => {
      const weight = variable(2);
      const make = (variables: tf.Variable[]): ReturnType<typeof compile> =>
        compile((x: tf.Tensor) => tf.mul(x, weight), {
          runtime,
          threads: 1,
          variables,
          inputs: [{ shape: [] }],
        });
      const [frozen, live] = [await make([]), await make([weight, weight])];
      const x = tf.scalar(10);
      tf.tidy(() => weight.assign(tf.scalar(3)));
      expect([read(await frozen(x)), read(await live(x))]).toEqual([[20], [30]]);
      await Promise.all([frozen.dispose(), live.dispose()]);
      tf.dispose([x, weight]);
    });

    it('may be made from, or become, tensors that are captured', async () => {
      const start = tf.tensor1d([1, 2]);
      const reset = tf.tensor1d([7, 8]);
      const made: tf.Variable[] = [];
      const step = await compile(
        (x: tf.Tensor) => {
          made[0] ??= tf.variable(start);
          const result = tf.add(made[0], x);
          made[0].assign(reset);
          return result;
        },
        { runtime, threads: 1 },
      );
      const x = tf.tensor1d([10, 20]);
      expect([read(await step(x)), read(await step(x))]).toEqual([
        [11, 22],
        [17, 28],
      ]);
      await step.dispose();
      expect([read(tf.clone(start)), read(tf.clone(reset))]).toEqual([
        [1, 2],
        [7, 8],
      ]);
      tf.dispose([x, start, reset, made]);
    });

    it('may be assigned themselves, each other, or what they were', async () => {
      const [a, b] = [variable(1), variable(2)];
      const step = await compile(
        () => {
          const old = tf.clone(a);
          a.assign(a);
          a.assign(b as tf.Scalar);
          b.assign(old);
          return [tf.clone(a), tf.clone(b)];
        },
        { runtime, threads: 1 },
      );
      const results = [];
      for (let i = 0; i < 3; i++) results.push(((await step()) as tf.Tensor[]).map(read));
      expect(results).toEqual([
        [[2], [1]],
        [[1], [2]],
        [[2], [1]],
      ]);
      await step.dispose();
      tf.dispose([a, b]);
    });

    it('that the function disposes are gone and nothing else', () => {
      const [listed, assigned, used] = [1, 2, 3].map((value) => variable(value));
      const fn = (x: tf.Tensor): tf.Tensor => {
        const y = tf.addN([x, tf.zerosLike(x)]);
        if (!assigned!.isDisposed) assigned!.assign(tf.scalar(9));
        const z = used!.isDisposed ? y : tf.add(y, used!);
        tf.dispose([listed!, assigned!, used!]);
        return z;
      };
      expect(record(fn, { variables: [listed!] }).length).toBeGreaterThan(0);
      expect([listed, assigned, used].map((variable) => variable!.isDisposed)).toEqual([true, true, true]);
    });

    it('made in every call and assigned in the next are refused', () => {
      const made: tf.Variable[] = [variable(0)];
      const fn = (x: tf.Tensor): tf.Tensor => {
        for (const variable of made) variable.assign(tf.add(variable, 1));
        made.push(variable(0));
        return tf.exp(x);
      };
      expect(() => record(fn)).toThrow(
        'compile: the function makes variables in every call and assigns those of the calls before. Make them before compiling.',
      );
      tf.dispose(made);
    });

    it('must not start with what the function computes', () => {
      const fn = (x: tf.Tensor): tf.Tensor => tf.variable(tf.exp(x));
      expect(() => record(fn)).toThrow(
        'compile: the function makes a variable whose start value it computes. Make the variable before compiling.',
      );
    });

    it('made inside stay with their start values, as Adam makes them', async () => {
      const weight = variable([1, -1]);
      const adam = tf.train.adam(0.1);
      const loss = (): tf.Scalar => tf.sum(tf.square(weight));
      record(() => adam.minimize(loss, true, [weight]));
      const { accumulatedFirstMoment: moments } = adam as unknown as {
        accumulatedFirstMoment: { variable: tf.Variable }[];
      }; // private in tfjs's types
      expect(Array.from(moments[0]!.variable.dataSync())).toEqual([0, 0]);
      // Not used up by the recording: the first step is the same as without it.
      const [fresh, copy] = [tf.train.adam(0.1), variable([1, -1])];
      fresh.minimize(() => tf.sum(tf.square(copy)), false, [copy]);
      adam.minimize(loss, false, [weight]);
      expect(read(tf.sub(weight, copy))).toEqual([0, 0]);
      tf.dispose([weight, copy]);
      adam.dispose();
      fresh.dispose();
    });

    it('made inside stay usable when the function throws half-way', () => {
      const [weight, copy] = [variable([1, -1]), variable([1, -1])];
      const [adagrad, fresh] = [tf.train.adagrad(0.1), tf.train.adagrad(0.1)];
      const loss = (of: tf.Variable) => (): tf.Scalar => tf.sum(tf.square(of));
      const fn = (): void => {
        adagrad.minimize(loss(weight), false, [weight]);
        throw new RangeError('half-way');
      };
      expect(() => record(fn)).toThrow('half-way');
      adagrad.minimize(loss(weight), false, [weight]);
      fresh.minimize(loss(copy), false, [copy]);
      expect(Array.from(weight.dataSync())).toEqual(Array.from(copy.dataSync()));
      expect(weight.dataSync()[0]).toBeLessThan(1);
      tf.dispose([weight, copy]);
      adagrad.dispose();
      fresh.dispose();
    });
  });

  describe('what is recorded', () => {
    expectSameState();

    it('grads, customGrad, valueAndGrads and variableGrads', async () => {
      const weight = variable([0.5, -1, 2]);
      const clipped = tf.customGrad((...args) => {
        const [x, save] = args as [tf.Tensor, tf.GradSaveFunc];
        save([x]);
        return {
          value: tf.square(x),
          gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, tf.clipByValue(saved[0]!, -1, 1)),
        };
      });
      const fn = (x: tf.Tensor): tf.Tensor[] => {
        const { value, grads } = tf.valueAndGrads((a: tf.Tensor, b: tf.Tensor) =>
          tf.sum(tf.mul(a, tf.exp(b))),
        )([x, weight]);
        const loss = (): tf.Scalar => tf.sum(tf.mul(clipped(weight), x));
        const { grads: named } = tf.variableGrads(loss, [weight]);
        return [value, ...grads, named[weight.name]!, tf.grad((y) => tf.sum(tf.tanh(y)))(x)];
      };
      const x = tf.tensor1d([1, 2, 3]);
      await compareWithCpu(fn, [x]);
      tf.dispose([x, weight]);
    });

    it('a LayersModel, through apply and predict', async () => {
      const model = layers.sequential({
        layers: [
          layers.layers.dense({ units: 8, activation: 'relu', inputShape: [5] }),
          layers.layers.batchNormalization(),
          layers.layers.dropout({ rate: 0.5 }),
          layers.layers.dense({ units: 3, activation: 'softmax' }),
        ],
      });
      const x = tf.tensor2d(
        Array.from({ length: 20 }, (_, i) => Math.sin(i)),
        [4, 5],
      );
      await compareWithCpu((x) => model.apply(x) as tf.Tensor, [x]);
      await compareWithCpu((x) => model.predict(x) as tf.Tensor, [x]);
      x.dispose();
      model.dispose();
    });

    it('tensors made of arrays inside, each kind of them', async () => {
      const fn = (x: tf.Tensor): tf.Tensor[] => [
        tf.add(x, tf.tensor1d(new Float32Array([1, 2, 3]))),
        tf.add(x, [4, 5, 6]),
        tf.mul(tf.tensor1d([1, 2, 3], 'int32'), 2),
        tf.where(tf.tensor1d([true, false, true]), x, 0),
        tf.logicalNot(tf.tensor1d([0, 7, 0], 'bool')),
        tf.clone(tf.tensor1d(new Uint8Array([200, 100, 50]))),
        tf.concat([x, tf.tensor1d([])]),
        tf.div(1, tf.tensor1d([0, -0, 0])),
        tf.div(1, tf.tensor1d([-0, -0])),
      ];
      const x = tf.tensor1d([1, 2, 3]);
      await compareWithCpu(fn, [x]);
      x.dispose();
    });

    it('reads of what is known beforehand', async () => {
      const table = tf.tensor1d([3, 4]);
      const fn = (x: tf.Tensor): tf.Tensor => tf.mul(x, tf.scalar(2).dataSync()[0]! + table.dataSync()[1]!);
      expect(read(await run(fn, table))).toEqual([18, 24]);
      table.dispose();
    });
  });

  describe('what is refused', () => {
    expectSameState();

    it('reading data, with the op and the line', () => {
      const exp = (x: tf.Tensor): tf.Tensor => tf.exp(x);
      vi.spyOn(console, 'log').mockImplementation(() => {});
      const ways: Record<string, (x: tf.Tensor) => unknown> = {
        dataSync: (x) => exp(x).dataSync(),
        arraySync: (x) => exp(x).arraySync(),
        bufferSync: (x) => exp(x).bufferSync(),
        print: (x) => exp(x).print(),
        asText: (x) => String(exp(x)),
        data: (x) => exp(x).data(),
        array: (x) => exp(x).array(),
        dataThere: (x) => {
          void exp(x)
            .data()
            .then(() => expect.unreachable());
          return exp(x);
        },
        awaited: async (x) => {
          const [first] = await exp(x).data();
          return tf.mul(x, first!);
        },
        whereAsync: (x) => tf.whereAsync(tf.cast(exp(x), 'bool')),
        booleanMaskAsync: (x) => tf.booleanMaskAsync(x, tf.cast(exp(x), 'bool')),
        branch: (x) => (exp(x).dataSync()[0]! > 0 ? x : tf.neg(x)),
      };
      for (const [way, fn] of Object.entries(ways)) {
        const { name, message } = errorOf(fn);
        expect(name, way).toBe('CompileError');
        expect(message, way).toMatch(
          /^compile: the function reads the data of a tensor \(made by (Exp|Cast|Reshape)\), which does not exist while it is recorded\. Return the tensor and read it outside; choose between values with tf\.where\.( \(at .+\))?$/,
        );
        expect(message, way).toContain('test/compile/trace.test.ts:');
      }
      vi.restoreAllMocks();
    });

    it('the data of a state variable', () => {
      const weight = variable(1);
      const fn = (x: tf.Tensor): tf.Tensor => {
        const y = tf.mul(x, weight.dataSync()[0]!);
        weight.assign(tf.sum(y));
        return y;
      };
      expect(() => record(fn)).toThrow(/reads the data of a tensor \(made by input\)/);
      weight.dispose();
    });

    it('random numbers', () => {
      const draws: Record<string, () => tf.Tensor> = {
        randomNormal: () => tf.randomNormal([2, 3]),
        randomUniform: () => tf.randomUniform([2, 3]),
        truncatedNormal: () => tf.truncatedNormal([2, 3]),
        randomGamma: () => tf.randomGamma([2, 3], 1),
        randomUniformInt: () => tf.randomUniformInt([2, 3], 0, 9),
        randomStandardNormal: () => tf.randomStandardNormal([2, 3]),
        rand: () => tf.rand([2, 3], Math.random),
        dropout: () => tf.dropout(tf.ones([2, 3]), 0.5),
        multinomial: () => tf.multinomial(tf.tensor1d([0.5, 0.5]), 3),
      };
      for (const [op, draw] of Object.entries(draws)) {
        const { name, message } = errorOf((x) => tf.add(x, draw()));
        expect(name, op).toBe('CompileError');
        expect(message, op).toMatch(/draws its numbers .+ (Draw them|Draw) outside and hand/);
      }
    });

    it('results that are no tensors of the recording', () => {
      const captured = tf.tensor1d([1]);
      const state = tf.variable(captured);
      const gone = (x: tf.Tensor): tf.Tensor => {
        const y = tf.exp(x);
        y.dispose();
        return y;
      };
      const messages: [fn: (x: tf.Tensor) => unknown, message: string][] = [
        [() => 5, 'compile: expected the function to return tensors, got 5.'],
        [() => 'x', 'compile: expected the function to return tensors, got "x".'],
        [() => null, 'compile: expected the function to return tensors, got null.'],
        [() => exp2, 'compile: expected the function to return tensors, got a function.'],
        [
          (x) => new Map([['x', x]]),
          'compile: expected the function to return tensors, alone or in arrays and plain objects, got Map.',
        ],
        [
          (x) => ({ a: [x, new Float32Array(2)] }),
          'compile: expected the function to return tensors, alone or in arrays and plain objects, got Float32Array (a.1).',
        ],
        [
          async (x) => tf.exp(x),
          'compile: the function returns a promise, but only what runs at once can be recorded. Await outside of it.',
        ],
        [
          (x) => ({ x, loss: Promise.resolve(x) }),
          'compile: the function returns a promise, but only what runs at once can be recorded. Await outside of it.',
        ],
        [
          () => ({ out: { z: captured } }),
          'compile: the function returns a tensor (out.z) that it did not compute but captured. Use that tensor itself, or return tf.clone(tensor) to have it as it was when compiled.',
        ],
        [
          () => state,
          'compile: the function returns a tensor (output) that it did not compute but captured. Use that tensor itself, or return tf.clone(tensor) to have it as it was when compiled.',
        ],
        [gone, 'compile: the function returns a tensor (output) that it disposed.'],
      ];
      for (const [fn, message] of messages) {
        expect(errorOf(fn).message).toBe(message);
      }
      expect(errorOf(() => undefined).message).toBe(
        'compile: the function returns no tensor and assigns no variable, so there is nothing to compute. Return what it computes.',
      );
      tf.dispose([captured, state]);
    });

    it('tensors that are neither float32, int32 nor bool', async () => {
      const strings = tf.tensor1d(['a', 'b']);
      const complex = await complexNumber();
      const message = (dtype: string): string =>
        `compile: expected tensors of float32, int32 or bool, got ${dtype}.`;
      expect(errorOf(() => tf.clone(strings)).message).toContain(message('string'));
      expect(errorOf(() => tf.tensor1d(['c'])).message).toContain(message('string'));
      expect(errorOf(() => tf.clone(complex)).message).toContain(message('complex64'));
      tf.dispose([strings, complex]);
    });

    it('strings and complex numbers as inputs', async () => {
      const [strings, complex] = [tf.tensor1d(['a', 'b']), await complexNumber()];
      const echo = await compile((x: tf.Tensor) => tf.clone(x), { runtime, threads: 1 });
      await expect(echo(strings)).rejects.toThrow('expected tensors of float32, int32 or bool, got string');
      await expect(echo(complex)).rejects.toThrow(
        'expected tensors of float32, int32 or bool, got complex64',
      );
      expect(echo.reports).toEqual([]);
      await echo.dispose();
      tf.dispose([strings, complex]);
    });

    it('tensors that are gone', () => {
      const gone = tf.tensor1d([1, 2, 3]);
      gone.dispose();
      expect(errorOf((x) => tf.add(x, gone)).message).toMatch(/disposed/);
      let kept: tf.Tensor | undefined;
      const keeping = (x: tf.Tensor): tf.Tensor => {
        kept ??= tf.keep(tf.exp(x));
        return tf.add(x, kept);
      };
      expect(() => exportOnnx(keeping, { inputs: [{ shape: ['batch', 3] }] })).toThrow(
        'compile: the function uses a tensor that it kept when it was recorded before',
      );
      kept?.dispose();
    });

    it('a kernel without translation, until it gets one', async () => {
      const fn = (x: tf.Tensor): tf.Tensor => tf.engine().runKernel('Twice', { x });
      const x = tf.tensor1d([0, 1, 1, 3]);
      const failure = await run(fn, x).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(CompileError);
      const { message } = failure as CompileError; // checked above
      expect(message).toMatch(
        /^compile: the tfjs kernel Twice has no translation to ONNX\. Use other ops, or add it: compile\(fn, \{ kernels: \{ Twice: \(\{ inputs, attributes, build \}\) => build\.node\(…\) \} \}\); docs\/compile\.md shows how\. \(at .*test\/compile\/trace\.test\.ts:\d+:\d+\)$/,
      );
      const kernels: CompileOptions['kernels'] = {
        Twice: ({ inputs, build }) => build.node('Add', [inputs.x!, inputs.x!], inputs.x!),
      };
      const compiled = await compile(fn, { runtime, threads: 1, kernels });
      expect(read(await compiled(x))).toEqual([0, 2, 2, 6]);
      await compiled.dispose();
      // Only there.
      await expect(run(fn, x)).rejects.toThrow('the tfjs kernel Twice has no translation');
      x.dispose();
    });

    it('compiling within', async () => {
      const inner = await compile((x: tf.Tensor) => tf.exp(x), { runtime, threads: 1 });
      expect(errorOf((x) => inner(x)).message).toBe(
        'compiled function: called by a function that is being recorded. Call the original function there.',
      );
      expect(
        errorOf((x) => {
          record((y) => tf.exp(y));
          return x;
        }).message,
      ).toBe('compile: called by a function that is being recorded. Compile before calling it.');
      const attempts: Promise<unknown>[] = [];
      record((x) => {
        attempts.push(compile((y: tf.Tensor) => tf.exp(y), { runtime, inputs: INPUTS }));
        return tf.exp(x);
      });
      await expect(attempts[0]).rejects.toThrow('compile: called by a function that is being recorded.');
      await inner.dispose();
    });

    it('nothing that the function throws by itself: it comes through as it is', async () => {
      const own = new TypeError('mine');
      const fn = (): never => {
        throw own;
      };
      expect(errorOf(fn)).toBe(own);
      await expect(run(fn)).rejects.toBe(own);
      await expect(compile(fn, { runtime, inputs: [] })).rejects.toBe(own);
    });
  });
});

function exp2(): void {}

describe('captured tensors on cpu, where a cast one has the data of another type', () => {
  expectSameState();

  it('have the type they say, also beside what they were cast from', async () => {
    await useBackend('cpu');
    const [flags, counts] = [tf.tensor1d([1, 0], 'bool'), tf.tensor1d([3, 4], 'int32')];
    const [weights, numbers] = [tf.cast(flags, 'float32'), tf.cast(counts, 'float32')];
    const state = tf.tidy(() => tf.variable(tf.cast(counts, 'float32')));
    const fn = (x: tf.Tensor): tf.Tensor[] => [
      tf.add(tf.mul(x, weights), numbers),
      tf.where(flags, x, state),
      tf.add(counts, tf.cast(flags, 'int32')),
    ];
    const x = tf.tensor1d([10, 20]);
    const compiled = await compile(fn, { runtime, threads: 1 });
    expect((await compiled(x)).map(read)).toEqual([
      [13, 4],
      [10, 4],
      [4, 4],
    ]);
    await compiled.dispose();
    tf.dispose([x, flags, counts, weights, numbers, state]);
  });
});

describe('captured tensors of another backend', () => {
  expectSameState();

  it('stay there', async () => {
    await useBackend('wasm');
    const [there, state] = [tf.tensor1d([1, 2]), variable([5, 6])];
    await useBackend('cpu');
    const fn = (x: tf.Tensor): tf.Tensor => tf.add(x, tf.mul(there, state));
    const x = tf.tensor1d([10, 20]);
    expect(read(await run(fn, x))).toEqual([15, 32]);
    await useBackend('wasm');
    expect([read(tf.square(there)), read(tf.square(state))]).toEqual([
      [1, 4],
      [25, 36],
    ]);
    tf.dispose([there, state, x]);
    await useBackend('cpu');
  });
});
