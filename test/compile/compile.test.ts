// The door as its users meet it: which inputs it takes, what comes back, what variables see between calls, and what
// is said when something is wrong. Nothing may be left behind in any case.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writesInPlace } from '../../src/compile/in-place.ts';
import { type CompileOptions, compile, exportOnnx, type OrtRuntime } from '../../src/compile/index.ts';
import { BackendError, CompileError, ConfigError, ShapeError } from '../../src/errors.ts';
import { BACKENDS, useBackend } from '../support/backends.ts';
import { type CountingRuntime, countingRuntime } from '../support/counting-runtime.ts';
import { runtime } from './compare.ts';
import { read, variable } from './tensors.ts';
import { changesOf, type TfjsState, tfjsState } from './tfjs-state.ts';

const OPTIONS = { runtime, threads: 1 } as const;

let before: TfjsState;
beforeEach(() => {
  before = tfjsState();
});
afterEach(() => expect(changesOf(before), 'tfjs after the test').toEqual([]));

describe('inputs', () => {
  const double = (x: tf.Tensor): tf.Tensor => tf.mul(x, 2);

  it('left out of the options, each signature is compiled once, when it comes', async () => {
    let calls = 0;
    const compiled = await compile((x: tf.Tensor, y: tf.Tensor) => {
      calls++;
      return tf.add(x, y);
    }, OPTIONS);
    expect([calls, compiled.reports.length]).toEqual([0, 0]);
    const [row, matrix, whole] = [tf.tensor1d([1, 2]), tf.ones([3, 2]), tf.tensor1d([1, 2], 'int32')];
    expect(read(await compiled(row, row))).toEqual([2, 4]);
    expect(read(await compiled(matrix, row))).toEqual([2, 3, 2, 3, 2, 3]);
    expect(read(await compiled(row, row))).toEqual([2, 4]);
    const integers = await compiled(whole, whole);
    expect(integers.dtype).toBe('int32');
    expect(read(integers)).toEqual([2, 4]);
    expect(calls).toBe(3);
    expect(compiled.reports.map(({ inputs }) => inputs)).toEqual([
      [[2], [2]],
      [[3, 2], [2]],
      [[2], [2]],
    ]);
    for (const { nodes, bytes, recordMs, openMs, precision, cosine } of compiled.reports) {
      expect([nodes, precision, cosine]).toEqual([1, 'fp32', undefined]);
      expect(bytes).toBeGreaterThan(50);
      expect(Math.min(recordMs, openMs)).toBeGreaterThanOrEqual(0);
    }
    await compiled.dispose();
    tf.dispose([row, matrix, whole]);
  });

  it('of many signatures keeps the last ones open, with the state that all of them share', async () => {
    const counting = countingRuntime();
    const sum = variable(0);
    const add = (x: tf.Tensor): void => sum.assign(tf.add(sum, tf.sum(x)));
    const compiled = await compile(add, { runtime: counting });
    const inputs = Array.from({ length: 18 }, (_, n) => tf.ones([n + 1]));
    for (const x of inputs) await compiled(x);
    const opened = counting.opened();
    expect(counting.open()).toBe(16);
    await compiled(inputs[17]!); // still open
    expect(counting.opened()).toBe(opened);
    await compiled(inputs[0]!); // opened again
    expect([counting.opened(), counting.open()]).toEqual([opened + 1, 16]);
    expect(read(sum.clone())).toEqual([171 + 18 + 1]);
    await compiled.dispose();
    expect(counting.open()).toBe(0);
    tf.dispose([sum, ...inputs]);
  });

  it('that two calls bring at once are compiled for once', async () => {
    const counting = countingRuntime();
    const compiled = await compile(double, { runtime: counting });
    const x = tf.scalar(4);
    const results = await Promise.all([compiled(x), compiled(x), compiled(x)]);
    expect([results.map(read), counting.opened()]).toEqual([[[8], [8], [8]], 1]);
    await compiled.dispose();
    expect(counting.open()).toBe(0);
    x.dispose();
  });

  it('given in the options, it is compiled at once and takes no others', async () => {
    const compiled = await compile((x: tf.Tensor, mask: tf.Tensor) => tf.where(mask, x, 0), {
      ...OPTIONS,
      inputs: [
        { shape: ['batch', 2], name: 'x' },
        { shape: ['batch', 2], dtype: 'bool', name: 'mask' },
      ],
    });
    expect(compiled.reports).toHaveLength(1);
    expect(compiled.reports[0]!.inputs).toEqual([
      ['batch', 2],
      ['batch', 2],
    ]);
    const [x, mask] = [tf.ones([3, 2]), tf.ones([3, 2], 'bool')];
    const [wide, ints, flat, short] = [
      tf.ones([3, 4]),
      tf.ones([3, 2], 'int32'),
      tf.ones([2]),
      tf.ones([2, 2], 'bool'),
    ];
    const gone = tf.ones([3, 2]);
    gone.dispose();
    const mend =
      ' Compile it for these inputs as well, or leave `inputs` out to have that done when it is called.';
    // biome-ignore lint/suspicious/noExplicitAny: what TypeScript would not let through.
    const wrong: [inputs: any[], type: new (message: string) => Error, message: string][] = [
      [[x], ShapeError, 'compiled function: expected 2 inputs, got 1.'],
      [[x, mask, x], ShapeError, 'compiled function: expected 2 inputs, got 3.'],
      [
        [wide, mask],
        ShapeError,
        `compiled function: x: expected float32 [batch, 2], got float32 [3, 4].${mend}`,
      ],
      [
        [ints, mask],
        ShapeError,
        `compiled function: x: expected float32 [batch, 2], got int32 [3, 2].${mend}`,
      ],
      [
        [flat, mask],
        ShapeError,
        `compiled function: x: expected float32 [batch, 2], got float32 [2].${mend}`,
      ],
      [[x, x], ShapeError, `compiled function: mask: expected bool [batch, 2], got float32 [3, 2].${mend}`],
      [[x, short], ShapeError, 'compiled function: expected one batch size in all inputs, got 3 and 2.'],
      [[gone, mask], ConfigError, 'compiled function: input 0: expected a tensor, got a disposed one.'],
      [[x, [true]], ConfigError, 'compiled function: input 1: expected a tensor, got an array.'],
      [[5, mask], ConfigError, 'compiled function: input 0: expected a tensor, got 5.'],
      [[x, undefined], ConfigError, 'compiled function: input 1: expected a tensor, got undefined.'],
    ];
    for (const [inputs, type, message] of wrong) {
      const failure: unknown = await compiled(...(inputs as [tf.Tensor, tf.Tensor])).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(type);
      expect((failure as Error).message).toBe(message);
    }
    expect(read(await compiled(x, mask))).toEqual([1, 1, 1, 1, 1, 1]);
    expect(compiled.reports).toHaveLength(1);
    await compiled.dispose();
    tf.dispose([x, mask, wide, ints, flat, short]);
  });

  it('that are no tensors are refused before anything is compiled', async () => {
    const compiled = await compile(double, OPTIONS);
    // biome-ignore lint/suspicious/noExplicitAny: what TypeScript would not let through.
    await expect(compiled(new Float32Array(2) as any)).rejects.toThrow(
      'compiled function: input 0: expected a tensor, got Float32Array.',
    );
    const gone = tf.scalar(1);
    gone.dispose();
    await expect(compiled(gone)).rejects.toThrow('input 0: expected a tensor, got a disposed one.');
    expect(compiled.reports).toEqual([]);
    await compiled.dispose();
  });

  it('may be none, the same twice, variables, empty, and of any rank', async () => {
    const none = await compile(() => tf.scalar(3), OPTIONS);
    expect([read(await none()), read(await none())]).toEqual([[3], [3]]);
    const unread = await compile((_x: tf.Tensor, y: tf.Tensor) => tf.neg(y), OPTIONS);
    const difference = await compile((x: tf.Tensor, y: tf.Tensor) => tf.sub(tf.mul(x, 3), y), OPTIONS);
    const shapes = [[], [0], [2, 0, 3], [1, 1, 1, 1, 1, 1], [2, 1, 2, 1, 2, 1]];
    for (const shape of shapes) {
      const x = tf.ones(shape);
      const result = await difference(x, x);
      expect(result.shape).toEqual(shape);
      expect(new Set(read(result))).toEqual(new Set(x.size === 0 ? [] : [2]));
      expect(new Set(read(await unread(x, x)))).toEqual(new Set(x.size === 0 ? [] : [-1]));
      x.dispose();
    }
    const weight = variable([1, 2]);
    expect(read(await difference(weight, weight))).toEqual([2, 4]);
    weight.dispose();
    await Promise.all([none.dispose(), unread.dispose(), difference.dispose()]);
  });
});

describe('results', () => {
  it('come back in the arrays and objects they were in, with what lies between', async () => {
    const fn = (x: tf.Tensor) => ({
      label: 'step',
      metrics: { loss: tf.sum(x), count: 4, none: null, nothing: undefined },
      parts: [tf.neg(x), [x, 'inner', [tf.abs(x)]], [], {}],
      'metrics.loss': tf.mean(x),
      '': tf.max(x),
      output: tf.min(x),
    });
    const compiled = await compile(fn, OPTIONS);
    const x = tf.tensor1d([3, -5]);
    const result = await compiled(x);
    const values = (item: unknown): unknown => {
      if (item instanceof tf.Tensor) return read(item);
      if (Array.isArray(item)) return item.map(values);
      if (typeof item !== 'object' || item === null) return item;
      return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, values(inner)]));
    };
    expect(values(result)).toEqual({
      label: 'step',
      metrics: { loss: [-2], count: 4, none: null, nothing: undefined },
      parts: [[-3, 5], [[3, -5], 'inner', [[3, 5]]], [], {}],
      'metrics.loss': [-1],
      '': [3],
      output: [-5],
    });
    await compiled.dispose();
    x.dispose();
  });

  it('may be an input, a constant, one tensor twice, a view, a state, or nothing', async () => {
    const captured = tf.tensor1d([7, 8]);
    const state = variable([5, 6]);
    const compiled = await compile(
      (x: tf.Tensor) => {
        const y = tf.neg(x);
        return [
          x,
          x,
          tf.clone(x),
          tf.clone(captured),
          tf.clone(captured),
          y,
          y,
          tf.reshape(y, [2, 1]),
          state,
        ];
      },
      { ...OPTIONS, variables: [state] },
    );
    const x = tf.tensor1d([1, 2]);
    const results = await compiled(x);
    expect(results.map((tensor) => Array.from(tensor.dataSync()))).toEqual([
      ...[
        [1, 2],
        [1, 2],
        [1, 2],
        [7, 8],
        [7, 8],
        [-1, -2],
        [-1, -2],
        [-1, -2],
        [5, 6],
      ],
    ]);
    // All are the caller's, each on its own.
    expect(new Set(results.map(({ dataId }) => dataId)).size).toBe(results.length);
    for (const tensor of results) tensor.dispose();
    expect(read(tf.add(x, captured))).toEqual([8, 10]);
    await compiled.dispose();
    const nothing = await compile((x: tf.Tensor) => void state.assign(x), OPTIONS);
    expect(await nothing(x)).toBeUndefined();
    expect(read(tf.clone(state))).toEqual([1, 2]);
    await nothing.dispose();
    tf.dispose([x, captured, state]);
  });

  it('stay as they are when the function is called again', async () => {
    const total = variable([0]);
    const compiled = await compile((x: tf.Tensor) => {
      total.assign(tf.add(total, x));
      return [total, tf.mul(total, 2)];
    }, OPTIONS);
    const x = tf.tensor1d([1]);
    const results: tf.Tensor[] = [];
    for (let i = 0; i < 4; i++) results.push(...((await compiled(x)) as tf.Tensor[]));
    expect(results.map(read)).toEqual([[1], [2], [2], [4], [3], [6], [4], [8]]);
    await compiled.dispose();
    tf.dispose([x, total]);
  });
});

/** Points on a line with two wrong ones, and a small network for them. */
function regression(): {
  variables: tf.Variable[];
  loss: (x: tf.Tensor, y: tf.Tensor) => tf.Scalar;
  x: tf.Tensor2D;
  y: tf.Tensor2D;
  dispose: () => void;
} {
  const wave = (count: number, scale: number): number[] =>
    Array.from({ length: count }, (_, i) => scale * Math.sin(i + 1));
  const hidden = tf.tidy(() => tf.variable(tf.tensor2d(wave(12, 0.8), [2, 6])));
  const out = tf.tidy(() => tf.variable(tf.tensor2d(wave(6, 0.7), [6, 1])));
  const bias = variable([0.1]);
  const unused = variable([1]);
  const x = tf.tensor2d(wave(16, 2), [8, 2]);
  const y = tf.tidy(() => tf.sum(tf.mul(x, [0.5, -1]), 1, true) as tf.Tensor2D);
  return {
    variables: [hidden, out, bias, unused],
    loss: (x, y) => {
      const predicted = tf.add(
        tf.matMul(tf.tanh(tf.matMul(x as tf.Tensor2D, hidden as tf.Tensor2D)), out as tf.Tensor2D),
        bias,
      );
      return tf.mean(tf.square(tf.sub(predicted, y))) as tf.Scalar;
    },
    x,
    y,
    dispose: () => tf.dispose([hidden, out, bias, unused, x, y]),
  };
}

const OPTIMIZERS: Record<string, () => tf.Optimizer> = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.05, 0.9),
  nesterov: () => tf.train.momentum(0.05, 0.9, true),
  adagrad: () => tf.train.adagrad(0.2),
  adadelta: () => tf.train.adadelta(0.01),
  rmsprop: () => tf.train.rmsprop(0.01, 0.9, 0.5, 1e-6, true),
  adam: () => tf.train.adam(0.05),
  adamax: () => tf.train.adamax(0.05, 0.9, 0.99, 1e-7, 0.1),
};

/** The losses of some steps and what the variables become. */
async function trained(
  make: () => tf.Optimizer,
  options: Pick<CompileOptions, 'inputs'> | null,
  changeBetween: (variables: tf.Variable[]) => void = () => {},
): Promise<number[]> {
  // What tfjs's optimisers leave when they are disposed, such as the learning rate, is not ours.
  const { variables, loss, x, y, dispose } = regression();
  const optimizer = make();
  const update = (x: tf.Tensor, y: tf.Tensor): tf.Scalar =>
    optimizer.minimize(() => loss(x, y), true, variables.slice(0, 3)) as tf.Scalar;
  const step = options === null ? null : await compile(update, { ...OPTIONS, ...options });
  const numbers: number[] = [];
  for (let i = 0; i < 6; i++) {
    numbers.push(...read(step === null ? update(x, y) : await step(x, y)));
    if (i === 2) changeBetween(variables);
  }
  numbers.push(...variables.flatMap((v) => Array.from(v.dataSync())));
  await step?.dispose();
  dispose();
  optimizer.dispose();
  return numbers;
}

function expectClose(got: number[], expected: number[]): void {
  expect(got.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(got[i]! - value), `number ${i}`).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(value)));
  }
}

describe.each(BACKENDS)('variables on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend('cpu'));

  describe('are trained as tfjs trains them by', () => {
    // The constants of tfjs's optimisers outlive them, with and without compiling.
    let leftover: tf.Tensor[] = [];
    const tracked = (make: () => tf.Optimizer) => (): tf.Optimizer => {
      const optimizer = make();
      const constants = optimizer as unknown as { c?: tf.Tensor }; // protected in tfjs's types
      if (constants.c !== undefined) leftover.push(constants.c);
      return optimizer;
    };
    beforeEach(() => {
      leftover = [];
    });

    for (const [name, make] of Object.entries(OPTIMIZERS)) {
      it(name, async () => {
        const free = { inputs: [{ shape: ['batch', 2] }, { shape: ['batch', 1] }] } as const;
        const expected = await trained(tracked(make), null);
        expect(expected[5]).toBeLessThan(expected[0]!);
        expectClose(await trained(tracked(make), {}), expected);
        expectClose(await trained(tracked(make), free), expected);
        tf.dispose(leftover.filter((tensor) => !tensor.isDisposed));
      });
    }

    it('adam, with assignments and reads between calls', async () => {
      const change = ([hidden, out, bias]: tf.Variable[]): void => {
        tf.tidy(() => {
          hidden!.assign(tf.mul(hidden!, 0.5));
          bias!.assign(tf.reshape(tf.sum(out!), [1]));
          out!.assign(tf.reverse(tf.clone(out!), 0));
        });
      };
      const make = OPTIMIZERS.adam!;
      expectClose(await trained(make, {}, change), await trained(make, null, change));
    });
  });

  it('show what the last call left, to every op and as copies', async () => {
    const state = variable([1, 2]);
    const compiled = await compile((x: tf.Tensor) => {
      state.assign(tf.mul(state, x));
      return tf.sum(state);
    }, OPTIONS);
    const two = tf.scalar(2);
    tf.dispose(await compiled(two));
    // What is read is the reader's own.
    (await state.data()).fill(99);
    expect(Array.from(state.dataSync())).toEqual([2, 4]);
    const copy = state.clone();
    const view = tf.reshape(state, [2, 1]);
    const copied = tf.variable(state);
    tf.dispose(await compiled(two));
    tf.dispose(await compiled(two));
    expect(read(copy)).toEqual([2, 4]);
    expect(read(view)).toEqual([2, 4]);
    expect(read(tf.add(state, copied))).toEqual([10, 20]);
    // Data that others hold is not written over.
    const during = Array.from(state.dataSync());
    const held = state.clone();
    tf.dispose([await compiled(two), await compiled(two), await compiled(two)]);
    expect(read(held)).toEqual(during);
    expect(during).toEqual([8, 16]);
    expect(Array.from(state.dataSync())).toEqual([64, 128]);
    await compiled.dispose();
    expect(Array.from(state.dataSync())).toEqual([64, 128]);
    tf.dispose([state, copied, two]);
  });

  it('of every type count', async () => {
    const [float, int, flag, empty] = tf.tidy(() => [
      tf.variable(tf.scalar(0.5)),
      tf.variable(tf.scalar(1, 'int32')),
      tf.variable(tf.tensor1d([true, false], 'bool')),
      tf.variable(tf.zeros([0, 2])),
    ]) as [tf.Variable, tf.Variable, tf.Variable, tf.Variable]; // as many as made
    const start = tfjsState();
    const compiled = await compile(() => {
      float.assign(tf.add(float, 1));
      int.assign(tf.add(int, tf.scalar(1, 'int32')));
      flag.assign(tf.logicalNot(flag));
      empty.assign(tf.neg(empty));
    }, OPTIONS);
    for (let i = 0; i < 3; i++) {
      await compiled();
      const { tensors, bytes, dataBuffers } = tfjsState();
      expect([tensors, bytes, dataBuffers]).toEqual([start.tensors, start.bytes, start.dataBuffers]);
    }
    expect([float, int, flag, empty].map((v) => Array.from(v.dataSync()))).toEqual([[3.5], [4], [0, 1], []]);
    await compiled.dispose();
    tf.dispose([float, int, flag, empty]);
  });

  it('are shared by functions, and by the signatures of one', async () => {
    const state = variable([0]);
    const add = await compile((x: tf.Tensor) => void state.assign(tf.add(state, tf.sum(x))), OPTIONS);
    const double = await compile(() => void state.assign(tf.mul(state, 2)), OPTIONS);
    const [one, three] = [tf.ones([1]), tf.ones([3])];
    const seen: number[] = [];
    for (const call of [() => add(one), () => double(), () => add(three), () => add(one), () => double()]) {
      await call();
      seen.push(state.dataSync()[0]!);
    }
    expect(seen).toEqual([1, 2, 5, 6, 12]);
    await Promise.all([add.dispose(), double.dispose()]);
    tf.dispose([state, one, three]);
  });

  it('that were disposed stop the calls, not the function', async () => {
    const [kept, gone] = [variable([1]), variable([2], `gone-${backend}`)];
    const compiled = await compile(() => {
      kept.assign(tf.add(kept, gone));
      gone.assign(tf.mul(gone, 2));
    }, OPTIONS);
    await compiled();
    gone.dispose();
    await expect(compiled()).rejects.toThrow(
      `compiled function: the variable gone-${backend} was disposed. Dispose of the function first, or compile again.`,
    );
    expect(Array.from(kept.dataSync())).toEqual([3]);
    await compiled.dispose();
    kept.dispose();
  });

  it('are written where the runtime does not write to arrays it is given', async () => {
    const apart: OrtRuntime = {
      Tensor: runtime.Tensor,
      InferenceSession: {
        async create(model, options) {
          const session = await runtime.InferenceSession.create(model, options);
          return {
            run: (feeds, fetches) =>
              session.run(feeds, Object.fromEntries(Object.keys(fetches).map((name) => [name, null]))),
            release: () => session.release(),
          };
        },
      },
    };
    const [a, b] = [variable([1]), variable([2])];
    const compiled = await compile(
      () => {
        const old = tf.clone(a);
        a.assign(tf.add(a, b));
        b.assign(old as tf.Tensor1D);
      },
      { runtime: apart },
    );
    for (let i = 0; i < 5; i++) await compiled();
    expect([a.dataSync()[0], b.dataSync()[0]]).toEqual([18, 11]);
    await compiled.dispose();
    tf.dispose([a, b]);
  });

  it('may be disposed while a call runs', async () => {
    const state = variable([1, 2, 3]);
    const gate = new Gate();
    const compiled = await compile(() => void state.assign(tf.neg(state)), { runtime: await gated(gate) });
    const call = compiled();
    await gate.reached;
    state.dispose();
    gate.open();
    expect(await call).toBeUndefined();
    await compiled.dispose();
  });

  it('may be assigned while a call runs, which does not change what it started from', async () => {
    const state = variable([1, 2, 3]);
    const gate = new Gate();
    const compiled = await compile(
      () => {
        state.assign(tf.neg(state));
        return tf.mul(state, 10);
      },
      { runtime: await gated(gate) },
    );
    const call = compiled();
    await gate.reached;
    tf.tidy(() => state.assign(tf.tensor1d([7, 7, 7])));
    gate.open();
    expect(read(await call)).toEqual([-10, -20, -30]);
    expect(Array.from(state.dataSync())).toEqual([-1, -2, -3]);
    await compiled.dispose();
    state.dispose();
  });
});

describe('functions that share variables', () => {
  it('read what those were when they began, however often another assigns them meanwhile', async () => {
    const [a, b] = [variable([1, 1]), variable([10, 10])];
    const step = await compile(
      () => {
        a.assign(tf.add(a, 1));
        b.assign(tf.add(b, 1));
      },
      { runtime, threads: 1 },
    );
    const gate = new Gate();
    const sum = await compile((x: tf.Tensor) => tf.addN([x, a, b]), {
      runtime: await gated(gate),
      variables: [a, b],
    });
    await step(); // both lie in arrays that change places from now on
    const x = tf.tensor1d([100, 200]);
    const call = sum(x);
    await gate.reached;
    for (let i = 0; i < 3; i++) await step();
    x.dispose();
    gate.open();
    expect(read(await call)).toEqual([113, 213]);
    const again = tf.tensor1d([0, 0]);
    expect(read(await sum(again))).toEqual([19, 19]);
    await Promise.all([step.dispose(), sum.dispose()]);
    tf.dispose([a, b, again]);
  });

  it('say so when an input was disposed while they were compiled', async () => {
    const [opening, gate] = [new Gate(), new Gate()];
    const slow: OrtRuntime = {
      Tensor: runtime.Tensor,
      InferenceSession: {
        async create(model, options) {
          opening.arrive();
          await gate.passed;
          return runtime.InferenceSession.create(model, options);
        },
      },
    };
    const compiled = await compile((x: tf.Tensor) => tf.neg(x), { runtime: slow });
    const x = tf.tensor1d([1]);
    const call = compiled(x);
    await opening.reached;
    x.dispose();
    gate.open();
    await expect(call).rejects.toThrow('compiled function: input 0: expected a tensor, got a disposed one.');
    await compiled.dispose();
  });
});

/** A door that stays shut until it is opened. */
class Gate {
  readonly reached: Promise<void>;
  readonly passed: Promise<void>;
  arrive = (): void => {};
  open = (): void => {};
  constructor() {
    this.reached = new Promise((resolve) => {
      this.arrive = resolve;
    });
    this.passed = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

/** A runtime whose sessions wait at a gate, before they look at what they were given. */
function gated(gate: Gate): Promise<OrtRuntime> {
  return withSessions(async (run) => {
    gate.arrive();
    await gate.passed;
    return run();
  });
}

type Session = Awaited<ReturnType<OrtRuntime['InferenceSession']['create']>>;
type Run = () => ReturnType<Session['run']>;

/** ONNX Runtime with something around each run; `targets` are the arrays that state is written to. */
async function withSessions(
  around: (run: Run, targets: Float32Array[]) => ReturnType<Run>,
): Promise<OrtRuntime> {
  let isTried = false;
  const wrapped: OrtRuntime = {
    Tensor: runtime.Tensor,
    InferenceSession: {
      async create(model, options) {
        const session = await runtime.InferenceSession.create(model, { ...options, intraOpNumThreads: 1 });
        return {
          run(feeds, fetches) {
            const run = (): ReturnType<Run> => session.run(feeds, fetches);
            if (!isTried) return run();
            return around(
              run,
              Object.values(fetches).flatMap((tensor) => (tensor === null ? [] : [tensor.data])),
            );
          },
          release: () => session.release(),
        };
      },
    },
  };
  await writesInPlace(wrapped);
  isTried = true;
  return wrapped;
}

describe('calls', () => {
  it('made at once run in their order', async () => {
    const state = variable([1]);
    const compiled = await compile((x: tf.Tensor) => {
      state.assign(tf.add(tf.mul(state, 10), x));
      return tf.clone(state);
    }, OPTIONS);
    const inputs = [1, 2, 3, 4].map((value) => tf.tensor1d([value]));
    const results = await Promise.all(inputs.map((x) => compiled(x)));
    expect(results.map((result) => read(result))).toEqual([[11], [112], [1123], [11_234]]);
    await compiled.dispose();
    tf.dispose([state, inputs]);
  });

  it('that fail leave variables as they were, and the next one works', async () => {
    let runs = 0;
    const failing = await withSessions(async (run, targets) => {
      if (++runs % 2 === 1) return run();
      for (const target of targets) target.fill(Number.NaN); // half-written
      throw new Error('out of memory');
    });
    const [a, b] = [variable([1]), variable([2])];
    const compiled = await compile(
      () => {
        const sum = tf.add(a, b);
        a.assign(b as tf.Tensor1D);
        b.assign(sum as tf.Tensor1D);
        return sum;
      },
      { runtime: failing },
    );
    const seen: unknown[] = [];
    for (let i = 0; i < 6; i++) {
      const result: unknown = await compiled().catch((error: unknown) => error);
      if (result instanceof tf.Tensor) read(result);
      else {
        expect(result).toBeInstanceOf(BackendError);
        expect((result as Error).message).toBe(
          'compiled function: ONNX Runtime failed: out of memory. The variables are as they were.',
        );
        expect(((result as Error).cause as Error).message).toBe('out of memory');
      }
      seen.push([a.dataSync()[0], b.dataSync()[0]]);
    }
    const [first, second, third] = [
      [2, 3],
      [3, 5],
      [5, 8],
    ];
    expect(seen).toEqual([first, first, second, second, third, third]);
    await compiled.dispose();
    tf.dispose([a, b]);
  });

  it('that fail do not stop those that wait behind them', async () => {
    const counting: CountingRuntime = countingRuntime();
    const state = variable([0]);
    const compiled = await compile(
      (x: tf.Tensor, y?: tf.Tensor) => void state.assign(tf.add(state, y ? tf.zeros([3]) : x)),
      { runtime: counting },
    );
    const x = tf.tensor1d([1]);
    await compiled(x);
    counting.failNext.run = new Error('once');
    const outcomes = await Promise.allSettled([compiled(x), compiled(x), compiled(x, x)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
    expect(Array.from(state.dataSync())).toEqual([2]);
    await compiled.dispose();
    tf.dispose([state, x]);
  });

  it('after a session did not open try again', async () => {
    const counting = countingRuntime();
    counting.failNext.create = new Error('no room');
    const compiled = await compile((x: tf.Tensor) => tf.neg(x), { runtime: counting });
    const x = tf.tensor1d([1]);
    await expect(compiled(x)).rejects.toThrow(
      new BackendError(
        'compile: ONNX Runtime cannot open the graph: no room. exportOnnx writes it to a file to look at.',
      ),
    );
    expect(compiled.reports).toEqual([]);
    expect(read(await compiled(x))).toEqual([-1]);
    expect(compiled.reports).toHaveLength(1);
    await compiled.dispose();
    x.dispose();
  });

  it('with tensors disposed before they run are told so', async () => {
    const compiled = await compile((x: tf.Tensor) => tf.neg(x), OPTIONS);
    const x = tf.tensor1d([1]);
    const call = compiled(x);
    x.dispose();
    await expect(call).rejects.toThrow('compiled function: input 0: expected a tensor, got a disposed one.');
    await compiled.dispose();
  });
});

describe('dispose', () => {
  it('frees the sessions, once, and ends the calls', async () => {
    const counting = countingRuntime();
    const state = variable([1]);
    const compiled = await compile(
      (x: tf.Tensor) => {
        state.assign(tf.add(state, tf.sum(x)));
        return tf.neg(x);
      },
      { runtime: counting },
    );
    const [one, two] = [tf.ones([1]), tf.ones([2])];
    tf.dispose([await compiled(one), await compiled(two)]);
    const opened = counting.opened();
    expect(counting.open()).toBe(2);
    await Promise.all([compiled.dispose(), compiled.dispose()]);
    await compiled.dispose();
    expect([counting.opened(), counting.open()]).toEqual([opened, 0]);
    await expect(compiled(one)).rejects.toThrow(
      new ConfigError('compiled function: it was disposed. Compile it again.'),
    );
    expect(Array.from(state.dataSync())).toEqual([4]);
    tf.dispose([state, one, two]);
  });

  it('waits for the call that runs and ends those that wait', async () => {
    const gate = new Gate();
    const compiled = await compile((x: tf.Tensor) => tf.neg(x), { runtime: await gated(gate) });
    const x = tf.ones([2]);
    const [running, waiting] = [compiled(x), compiled(x)];
    const refused = expect(waiting).rejects.toThrow('it was disposed');
    await gate.reached;
    const disposing = compiled.dispose();
    gate.open();
    expect(read(await running)).toEqual([-1, -1]);
    await refused;
    await disposing;
    x.dispose();
  });

  it('of a function that never ran, or never compiled', async () => {
    const unused = await compile((x: tf.Tensor) => tf.neg(x), OPTIONS);
    await unused.dispose();
    const failing = await compile(() => 5, OPTIONS);
    await expect(failing()).rejects.toThrow(CompileError);
    await failing.dispose();
  });
});

describe('options', () => {
  const fn = (x: tf.Tensor): tf.Tensor => tf.neg(x);
  const inputs = [{ shape: [2] }] as const;
  // biome-ignore lint/suspicious/noExplicitAny: what TypeScript would not let through.
  type Garbage = any;

  it('that compile cannot use are named', async () => {
    const gone = tf.scalar(1);
    gone.dispose();
    const named = 'expected ONNX Runtime';
    const cases: [fn: Garbage, options: Garbage, message: string][] = [
      [undefined, OPTIONS, 'compile: expected a function of tensors, got undefined.'],
      [gone, OPTIONS, 'compile: expected a function of tensors, got Tensor.'],
      [fn, undefined, 'compile: expected an options object, got undefined.'],
      [fn, 'fast', 'compile: expected an options object, got fast.'],
      [
        fn,
        { ...OPTIONS, thread: 2 },
        'compile: unknown option thread. Known: variables, kernels, inputs, precision, runtime, threads, sample.',
      ],
      [fn, {}, `compile: runtime: ${named}, got undefined.`],
      [fn, { runtime: null }, `compile: runtime: ${named}, got null.`],
      [fn, { runtime: 'node' }, `compile: runtime: ${named}, got "node".`],
      [
        fn,
        { runtime: { InferenceSession: {}, Tensor: runtime.Tensor } },
        `compile: runtime: ${named}, got an object.`,
      ],
      [
        fn,
        { runtime: { InferenceSession: runtime.InferenceSession } },
        `compile: runtime: ${named}, got an object.`,
      ],
      ...[0, -1, 1.5, Number.NaN, Infinity, '2', null].map((threads): [Garbage, Garbage, string] => [
        fn,
        { runtime, threads },
        `compile: threads: expected a positive integer, got ${typeof threads === 'string' ? '"2"' : threads}.`,
      ]),
      [fn, { ...OPTIONS, precision: 'fp16' }, "compile: precision: expected 'fp32' or 'int8', got \"fp16\"."],
      [fn, { ...OPTIONS, precision: null }, "compile: precision: expected 'fp32' or 'int8', got null."],
      [
        fn,
        { ...OPTIONS, precision: 'int8', sample: gone },
        'compile: sample: expected an array of tensors, got Tensor.',
      ],
      [
        fn,
        { ...OPTIONS, precision: 'int8', sample: [1] },
        'compile: sample: expected an array of tensors, got an array.',
      ],
      [
        fn,
        { ...OPTIONS, sample: [gone] },
        "compile: sample: measures what precision: 'int8' loses. Leave it out, or ask for that.",
      ],
      [
        fn,
        { ...OPTIONS, variables: new Map([['w', gone]]) },
        'compile: variables: expected tf.Variables, as [...model.parameters().values()], got an array.',
      ],
      [
        fn,
        { ...OPTIONS, variables: gone },
        'compile: variables: expected tf.Variables, as [...model.parameters().values()], got Tensor.',
      ],
      [
        fn,
        { ...OPTIONS, variables: null },
        'compile: variables: expected tf.Variables, as [...model.parameters().values()], got null.',
      ],
      [
        fn,
        { ...OPTIONS, kernels: null },
        'compile: kernels: expected translations by kernel name, got null.',
      ],
      [fn, { ...OPTIONS, kernels: { Exp: 'Exp' } }, 'compile: kernels: Exp: expected a function, got "Exp".'],
      [fn, { ...OPTIONS, inputs: {} }, 'compile: inputs: expected an array, got an object.'],
      [fn, { ...OPTIONS, inputs: null }, 'compile: inputs: expected an array, got null.'],
      [fn, { ...OPTIONS, inputs: [null] }, 'compile: inputs[0]: expected an options object, got null.'],
      [
        fn,
        { ...OPTIONS, inputs: [{ shape: [2], type: 'int32' }] },
        'compile: inputs[0]: unknown option type. Known: shape, dtype, name.',
      ],
      ...(
        [
          [undefined, 'undefined'],
          [2, '2'],
          [[-1], '[-1]'],
          [[1.5], '[1.5]'],
          [[null, 3], '[null, 3]'],
          [['B', 3], '["B", 3]'],
          [[2n], '[2]'],
        ] as const
      ).map(([shape, text]): [Garbage, Garbage, string] => [
        fn,
        { ...OPTIONS, inputs: [{ shape }] },
        `compile: inputs[0]: shape: expected sizes, 'batch' for a free one, got ${text}.`,
      ]),
      [
        fn,
        { ...OPTIONS, inputs: [{ shape: [2], dtype: 'string' }] },
        'compile: inputs[0]: dtype: expected float32, int32 or bool, got "string".',
      ],
      [
        fn,
        { ...OPTIONS, inputs: [{ shape: [2], name: '' }] },
        'compile: inputs[0]: name: expected one of its own, got "".',
      ],
      [
        fn,
        {
          ...OPTIONS,
          inputs: [
            { shape: [2], name: 'x' },
            { shape: [2], name: 'x' },
          ],
        },
        'compile: inputs[1]: name: expected one of its own, got "x".',
      ],
      [
        fn,
        { ...OPTIONS, inputs: [{ shape: [2], name: 'input_1' }, { shape: [2] }] },
        'compile: inputs[1]: name: expected one of its own, got "input_1".',
      ],
    ];
    for (const [given, options, message] of cases) {
      const failure: unknown = await compile(given, options).catch((error: unknown) => error);
      expect(failure, message).toBeInstanceOf(ConfigError);
      if (message.includes(named)) expect((failure as Error).message).toContain(message);
      else expect((failure as Error).message).toBe(message);
    }
  });

  it('that exportOnnx cannot use are named', () => {
    const cases: [fn: Garbage, options: Garbage, message: string][] = [
      [5, { inputs }, 'exportOnnx: expected a function of tensors, got 5.'],
      [fn, undefined, 'exportOnnx: expected an options object, got undefined.'],
      [
        fn,
        {},
        "exportOnnx: inputs: expected a list such as [{ shape: ['batch', 224, 224, 3] }], got undefined.",
      ],
      [
        fn,
        { inputs, runtime },
        'exportOnnx: unknown option runtime. Known: variables, kernels, inputs, precision, externalData.',
      ],
      [fn, { inputs, externalData: {} }, 'encodeOnnx: externalData.location: expected a path'],
      [fn, { inputs, externalData: null }, 'encodeOnnx: externalData: expected an options object, got null.'],
    ];
    for (const [given, options, message] of cases) {
      expect(() => exportOnnx(given, options)).toThrow(ConfigError);
      expect(() => exportOnnx(given, options)).toThrow(message);
    }
  });

  it('reach the runtime: threads over what the runtime brings', async () => {
    const seen: Record<string, unknown>[] = [];
    const recording: OrtRuntime = {
      Tensor: runtime.Tensor,
      sessionOptions: { intraOpNumThreads: 2, executionProviders: ['cpu'] },
      InferenceSession: {
        create(model, options = {}) {
          seen.push(options);
          return runtime.InferenceSession.create(model, options);
        },
      },
    };
    const plain = await compile(fn, { runtime: recording, inputs });
    const single = await compile(fn, { runtime: recording, inputs, threads: 1 });
    expect(seen.map((options) => options.intraOpNumThreads)).toEqual([2, 1]);
    for (const options of seen) {
      expect(options).toMatchObject({ executionProviders: ['cpu'], logSeverityLevel: 3 });
    }
    await Promise.all([plain.dispose(), single.dispose()]);
  });

  it('of a list of variables that can be read once', async () => {
    const weight = variable([1]);
    const once = function* (): Generator<tf.Variable> {
      yield weight;
    };
    const compiled = await compile((x: tf.Tensor) => tf.mul(x, weight), { ...OPTIONS, variables: once() });
    const [x, matrix] = [tf.tensor1d([2]), tf.ones([1, 1])];
    tf.tidy(() => weight.assign(tf.tensor1d([5])));
    expect(read(await compiled(x))).toEqual([10]);
    tf.tidy(() => weight.assign(tf.tensor1d([6])));
    expect([read(await compiled(x)), read(await compiled(matrix))]).toEqual([[12], [6]]);
    await compiled.dispose();
    tf.dispose([weight, x, matrix]);
  });
});
