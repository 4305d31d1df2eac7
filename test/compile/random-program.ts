// A list of numbers → a tfjs program. Every decision follows from the list and from shapes, never from values, so the
// same list is the same program in the hands of tfjs cpu and while it is recorded; a shorter list is a smaller
// program, which lets fast-check shrink. Numbers stay of moderate size, so that differences mean something.

import * as tf from '@tensorflow/tfjs-core';

export interface ProgramRules {
  /** The first axis of every tensor is a batch that stays whole: no decision depends on its size. */
  readonly keepFirst: boolean;
  /** Leave out what tfjs cannot differentiate. */
  readonly differentiable: boolean;
}

/** Elements of a tensor, of one row of it where the first axis is a batch. */
const LARGEST = 500;

/** Number `i` of a program, below a bound. */
type Draw = (bound: number) => number;

interface Context extends ProgramRules {
  readonly draw: Draw;
  readonly pool: tf.Tensor[];
}

/** Makes a tensor out of the pool, or undefined where the one it drew does not fit. */
type Op = (context: Context) => tf.Tensor | undefined;

/**
 * Runs the program of a list.
 *
 * @param inputs - the first tensors of the pool: float32, and int32 and bool where wanted; all of one first size
 * @returns up to four tensors, the last made first
 */
export function runProgram(
  choices: readonly number[],
  inputs: readonly tf.Tensor[],
  rules: ProgramRules,
): tf.Tensor[] {
  let at = 0;
  const draw: Draw = (bound) => choices[at++ % choices.length]! % bound;
  const context: Context = { ...rules, draw, pool: [...inputs] };
  const ops = Object.entries(OPS).filter(([name]) => !(rules.differentiable && NOT_DIFFERENTIABLE.has(name)));
  const steps = 5 + draw(26);
  for (let step = 0; step < steps; step++) {
    const [, op] = ops[draw(ops.length)]!;
    const result = op(context);
    if (result !== undefined && sizeOf(result, rules) <= LARGEST && result.rank <= 5)
      context.pool.push(result);
  }
  const made = context.pool.slice(inputs.length).reverse().slice(0, 4);
  return made.length > 0 ? made : [tf.neg(inputs[0]!)];
}

/** How many elements, for one of a batch. */
function sizeOf({ shape }: tf.Tensor, { keepFirst }: ProgramRules): number {
  return (keepFirst ? shape.slice(1) : shape).reduce((a, b) => a * b, 1);
}

/** What of a program's results a gradient can start from. */
export function floatsOf(tensors: readonly tf.Tensor[]): tf.Tensor[] {
  return tensors.filter(({ dtype }) => dtype === 'float32');
}

function pick({ pool, draw }: Context, dtype: tf.DataType): tf.Tensor | undefined {
  const fitting = pool.filter((tensor) => tensor.dtype === dtype);
  if (fitting.length === 0) return undefined;
  // Of two, the later: programs are deep rather than wide.
  return fitting[Math.max(draw(fitting.length), draw(fitting.length))];
}

function float(context: Context): tf.Tensor {
  return pick(context, 'float32')!; // the first input is one
}

/** A tensor that can be broadcast with `x`; a constant where there is none. */
function partner(context: Context, x: tf.Tensor): tf.Tensor {
  const { pool, draw } = context;
  const others = pool.filter((y) => y.dtype === x.dtype && y !== x && fits(x.shape, y.shape, context));
  if (others.length > 0 && draw(4) > 0) return others[draw(others.length)]!;
  if (x.dtype === 'float32') return tf.scalar(constants[draw(constants.length)]!);
  return x.dtype === 'int32' ? tf.scalar(draw(5) + 1, 'int32') : tf.scalar(draw(2), 'bool');
}

const constants = [0, 1, -1, 0.5, 2, -0.75];

/** Whether two shapes can be broadcast; a batch is only ever put with a batch. */
function fits(a: readonly number[], b: readonly number[], { keepFirst }: ProgramRules): boolean {
  if (keepFirst)
    return a.length === b.length && fits(a.slice(1), b.slice(1), { keepFirst: false, differentiable: false });
  for (let i = 1; i <= Math.min(a.length, b.length); i++) {
    const [x, y] = [a[a.length - i]!, b[b.length - i]!];
    if (x !== y && x !== 1 && y !== 1) return false;
  }
  return true;
}

/** An axis that may be taken apart; −1 for none. */
function axisOf({ draw, keepFirst }: Context, x: tf.Tensor): number {
  const first = keepFirst ? 1 : 0;
  return x.rank > first ? first + draw(x.rank - first) : -1;
}

function unary(apply: (x: tf.Tensor) => tf.Tensor): Op {
  return (context) => apply(float(context));
}

function binary(apply: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, dtype: tf.DataType = 'float32'): Op {
  return (context) => {
    const x = pick(context, dtype);
    if (x === undefined) return undefined;
    const y = partner(context, x);
    return context.draw(2) === 0 ? apply(x, y) : apply(y, x);
  };
}

/** Along an axis; `reduce` gets the axis and whether to keep it. */
function along(
  apply: (x: tf.Tensor, axis: number, context: Context) => tf.Tensor | undefined,
  dtype: tf.DataType = 'float32',
): Op {
  return (context) => {
    const x = pick(context, dtype);
    const axis = x === undefined ? -1 : axisOf(context, x);
    return x === undefined || axis < 0 ? undefined : apply(x, axis, context);
  };
}

/** A constant with the numbers a program would be drawn: uneven, of both signs. */
function weights(shape: number[]): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(3 * i + size)),
    shape,
  );
}

/** x with something uneven added, because rounding decides between numbers that are equal but for it. */
function withoutTies(x: tf.Tensor): tf.Tensor {
  return tf.add(x, weights([1, ...x.shape.slice(1)]));
}

/** Sizes in another order and grouping with the same product. */
function regroup(shape: number[], draw: Draw): number[] {
  const size = shape.reduce((a, b) => a * b, 1);
  const divisors = [1, 2, 3, 4, 5, 6].filter((divisor) => size % divisor === 0);
  const first = divisors[draw(divisors.length)]!;
  const rest = size / first;
  const more = [1, 2, 3].filter((divisor) => rest % divisor === 0);
  const second = more[draw(more.length)]!;
  return [[size], [first, rest], [rest, first], [first, second, rest / second], shape.toReversed()][draw(5)]!;
}

function shuffled(count: number, draw: Draw): number[] {
  const order: number[] = [];
  const left = Array.from({ length: count }, (_, i) => i);
  while (left.length > 0) order.push(...left.splice(draw(left.length), 1));
  return order;
}

/** Without a gradient in tfjs, or with one that fails there: prod asks for chained ops, cumsum transposes the wrong way round. */
const NOT_DIFFERENTIABLE = new Set([
  ...['toInt', 'toBool', 'greater', 'less', 'argMax', 'argMin', 'topk', 'isNaN', 'mirrorPad'],
  ...['prod', 'cumsum', 'stridedSlice'],
]);

const OPS: Readonly<Record<string, Op>> = {
  neg: unary(tf.neg),
  abs: unary(tf.abs),
  exp: unary((x) => tf.exp(tf.clipByValue(x, -3, 1))),
  expm1: unary((x) => tf.expm1(tf.tanh(x))),
  log: unary((x) => tf.log(tf.add(tf.abs(x), 0.5))),
  log1p: unary((x) => tf.log1p(tf.abs(x))),
  sqrt: unary((x) => tf.sqrt(tf.add(tf.abs(x), 0.25))),
  rsqrt: unary((x) => tf.rsqrt(tf.add(tf.square(x), 0.5))),
  reciprocal: unary((x) => tf.reciprocal(tf.add(tf.square(x), 1))),
  square: unary((x) => tf.square(tf.tanh(x))),
  tanh: unary(tf.tanh),
  sigmoid: unary(tf.sigmoid),
  softplus: unary(tf.softplus),
  relu: unary(tf.relu),
  relu6: unary((x) => tf.relu6(tf.mul(x, 4))),
  leakyRelu: unary((x) => tf.leakyRelu(x, 0.1)),
  elu: unary(tf.elu),
  selu: unary(tf.selu),
  sin: unary(tf.sin),
  cos: unary(tf.cos),
  erf: unary(tf.erf),
  atan: unary(tf.atan),
  sign: unary((x) => tf.sign(tf.add(x, 0.0371))),
  step: unary((x) => tf.step(tf.sub(x, 0.1371))),
  floor: unary((x) => tf.mul(tf.floor(tf.add(tf.mul(x, 3.3), 0.137)), 0.2)),
  round: unary((x) => tf.mul(tf.round(tf.add(tf.mul(x, 2.7), 0.137)), 0.3)),
  isNaN: unary((x) => tf.cast(tf.isNaN(x), 'float32')),
  clone: unary((x) => tf.clone(x)),
  zerosLike: unary((x) => tf.add(tf.zerosLike(x), x)),
  onesLike: unary((x) => tf.sub(tf.onesLike(x), x)),
  custom: unary((x) =>
    tf.customGrad((...args) => {
      const [y, save] = args as [tf.Tensor, tf.GradSaveFunc];
      save([y]);
      return {
        value: tf.mul(y, 0.5),
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, tf.cos(saved[0]!)),
      };
    })(x),
  ),

  add: binary((a, b) => tf.mul(tf.add(a, b), 0.6)),
  sub: binary((a, b) => tf.mul(tf.sub(a, b), 0.6)),
  mul: binary((a, b) => tf.mul(a, tf.tanh(b))),
  div: binary((a, b) => tf.div(a, tf.add(tf.square(b), 1))),
  pow: binary((a, b) => tf.pow(tf.add(tf.abs(tf.tanh(a)), 0.5), tf.tanh(b))),
  maximum: binary(tf.maximum),
  minimum: binary(tf.minimum),
  squaredDifference: binary((a, b) => tf.tanh(tf.squaredDifference(a, b))),
  atan2: binary((a, b) => tf.atan2(a, tf.add(tf.abs(b), 0.5))),
  prelu: binary((a, b) => tf.prelu(a, tf.tanh(b))),
  addN: (context) => {
    const x = float(context);
    return tf.mul(tf.addN([x, tf.neg(tf.square(tf.tanh(x))), tf.zerosLike(x), x]), 0.4);
  },

  mean: along((x, axis, { draw }) => tf.mean(x, axis, draw(2) === 0)),
  sum: along((x, axis, { draw }) => tf.tanh(tf.sum(x, axis, draw(2) === 0))),
  max: along((x, axis, { draw }) => tf.max(x, axis, draw(2) === 0)),
  min: along((x, axis, { draw }) => tf.min(x, axis, draw(2) === 0)),
  prod: along((x, axis) => tf.prod(tf.tanh(x), axis)),
  logSumExp: along((x, axis) => tf.logSumExp(x, axis)),
  norm: along((x, axis) => tf.norm(tf.add(x, 0.5), 'euclidean', axis, true)),
  cumsum: along((x, axis, { draw }) => tf.tanh(tf.cumsum(x, axis, draw(2) === 0, draw(2) === 0))),
  softmax: along((x) => tf.softmax(x)),
  logSoftmax: along((x) => tf.logSoftmax(x)),
  wholeMean: (context) => (context.keepFirst ? undefined : tf.mean(float(context))),
  batchMean: (context) => {
    const x = float(context);
    return x.rank === 0 ? undefined : tf.sub(x, tf.mean(x, 0, true));
  },
  batchMax: (context) => {
    const x = float(context);
    return x.rank === 0 ? undefined : tf.mul(tf.max(x, 0, true), tf.onesLike(x));
  },
  batchReverse: (context) => {
    const x = float(context);
    return x.rank === 0 ? undefined : tf.reverse(x, 0);
  },

  matMul: (context) => {
    const x = float(context);
    if (x.rank < 2) return undefined;
    const inner = x.shape.at(-1)!;
    const [columns, flip] = [1 + context.draw(4), context.draw(2) === 1];
    const kernel = weights(flip ? [columns, inner] : [inner, columns]) as tf.Tensor2D;
    return tf.tanh(tf.matMul(x.rank > 2 ? x : (x as tf.Tensor2D), broadcastKernel(x, kernel), false, flip));
  },
  gram: (context) => {
    const x = float(context);
    if (x.rank < (context.keepFirst ? 3 : 2)) return undefined;
    const flip = context.draw(2) === 1;
    return tf.tanh(tf.matMul(x, x, flip, !flip));
  },

  reshape: (context) => {
    const x = float(context);
    if (!context.keepFirst) return tf.reshape(x, regroup(x.shape, context.draw));
    return x.rank === 0
      ? undefined
      : tf.reshape(x, [x.shape[0]!, ...regroup(x.shape.slice(1), context.draw)]);
  },
  transpose: (context) => {
    const x = float(context);
    if (x.rank === 0) return undefined;
    if (!context.keepFirst) return tf.transpose(x, shuffled(x.rank, context.draw));
    return tf.transpose(x, [0, ...shuffled(x.rank - 1, context.draw).map((axis) => axis + 1)]);
  },
  expandDims: along((x, axis) => tf.expandDims(x, axis)),
  squeeze: (context) => {
    const x = float(context);
    const axes = [...x.shape.keys()].filter(
      (axis) => x.shape[axis] === 1 && !(context.keepFirst && axis === 0),
    );
    return axes.length === 0 ? undefined : tf.squeeze(x, axes);
  },
  slice: along((x, axis, { draw }) => {
    const size = x.shape[axis]!;
    const from = draw(size);
    const begin = x.shape.map((_, i) => (i === axis ? from : 0));
    return tf.slice(
      x,
      begin,
      x.shape.map((_, i) => (i === axis ? 1 + draw(size - from) : -1)),
    );
  }),
  stridedSlice: along((x, axis, { draw }) => {
    const only = (value: number, other: number): number[] =>
      x.shape.map((_, i) => (i === axis ? value : other));
    const others = [...x.shape.keys()].reduce((mask, i) => (i === axis ? mask : mask | (1 << i)), 0);
    return tf.stridedSlice(
      x,
      only(draw(x.shape[axis]!), 0),
      only(x.shape[axis]!, 0),
      only(1 + draw(2), 1),
      others,
      others,
    );
  }),
  reverse: along((x, axis) => tf.reverse(x, axis)),
  concat: along((x, axis) => tf.concat([x, tf.sin(x), tf.zerosLike(x)], axis)),
  stack: along((x, axis) => tf.stack([x, tf.neg(x)], axis)),
  unstack: along((x, axis, { draw }) => {
    if (x.shape[axis]! < 2) return undefined; // one part alone cannot be differentiated by tfjs
    const parts = tf.unstack(x, axis);
    return parts[draw(parts.length)];
  }),
  split: along((x, axis, { draw }) => {
    const size = x.shape[axis]!;
    if (size < 2) return undefined;
    const first = 1 + draw(size - 1);
    const [left, right] = tf.split(x, [first, size - first], axis);
    return draw(2) === 0 ? left : right;
  }),
  pad: along((x, axis, { draw }) => {
    const pads = x.shape.map((_, i): [number, number] => (i === axis ? [draw(3), draw(2)] : [0, 0]));
    return tf.pad(x, pads, constants[draw(constants.length)]);
  }),
  mirrorPad: along((x, axis, { draw }) => {
    if (x.shape[axis]! < 2) return undefined;
    const pads = x.shape.map((_, i): [number, number] => (i === axis ? [1, draw(2)] : [0, 0]));
    return tf.mirrorPad(x, pads, draw(2) === 0 ? 'reflect' : 'symmetric');
  }),
  tile: along((x, axis, { draw }) =>
    tf.tile(
      x,
      x.shape.map((_, i) => (i === axis ? 1 + draw(3) : 1)),
    ),
  ),
  broadcastTo: along((x) => tf.broadcastTo(tf.mean(x, -1, true), x.shape)),
  gather: along((x, axis, { draw }) => {
    const size = x.shape[axis]!;
    const indices = tf.tensor1d([draw(size), draw(size), draw(size)], 'int32');
    return tf.gather(x, indices, axis);
  }),
  where: (context) => {
    const condition = pick(context, 'bool');
    const x = float(context);
    return condition !== undefined && fits(condition.shape, x.shape, context)
      ? tf.where(condition, x, tf.neg(x))
      : undefined;
  },
  greaterEqualWhere: binary((a, b) => tf.where(tf.greaterEqual(a, tf.add(b, 0.123)), a, tf.mul(b, 0.5))),
  topk: (context) => {
    const x = float(context);
    const size = x.rank > (context.keepFirst ? 1 : 0) ? x.shape.at(-1)! : 0;
    return size < 1 ? undefined : tf.topk(x, 1 + context.draw(size)).values;
  },

  greater: binary((a, b) => tf.greater(a, tf.add(b, 0.0717))),
  less: binary((a, b) => tf.less(a, tf.add(b, 0.0717))),
  argMax: along((x, axis) => tf.argMax(withoutTies(x), axis)),
  argMin: along((x, axis) => tf.argMin(withoutTies(x), axis)),
  toInt: unary((x) => tf.cast(tf.add(tf.mul(tf.tanh(x), 7.3), 0.137), 'int32')),
  toBool: unary((x) => tf.cast(tf.relu(tf.sub(x, 0.0717)), 'bool')),

  intAdd: binary(tf.add, 'int32'),
  intMul: binary((a, b) => tf.mod(tf.mul(a, b), tf.scalar(11, 'int32')), 'int32'),
  intSub: binary((a, b) => tf.mod(tf.sub(a, b), tf.scalar(7, 'int32')), 'int32'),
  intMax: binary(tf.maximum, 'int32'),
  intDiv: binary((a, b) => tf.floorDiv(a, tf.add(tf.abs(b), tf.scalar(1, 'int32'))), 'int32'),
  intEqual: binary(tf.equal, 'int32'),
  intLess: binary(tf.lessEqual, 'int32'),
  intSum: along((x, axis) => tf.mod(tf.sum(x, axis), tf.scalar(13, 'int32')), 'int32'),
  intToFloat: (context) => {
    const x = pick(context, 'int32');
    return x === undefined ? undefined : tf.mul(tf.cast(x, 'float32'), 0.1);
  },
  oneHot: (context) => {
    const x = pick(context, 'int32');
    return x === undefined
      ? undefined
      : tf.oneHot(tf.mod(tf.abs(x), tf.scalar(4, 'int32')), 4, 0.9, -0.1, 'float32');
  },
  and: binary(tf.logicalAnd, 'bool'),
  or: binary(tf.logicalOr, 'bool'),
  xor: binary(tf.logicalXor, 'bool'),
  not: (context) => {
    const x = pick(context, 'bool');
    return x === undefined ? undefined : tf.logicalNot(x);
  },
  any: along((x, axis) => tf.any(x, axis), 'bool'),
  all: along((x, axis) => tf.all(x, axis, true), 'bool'),
  boolToFloat: (context) => {
    const x = pick(context, 'bool');
    return x === undefined ? undefined : tf.cast(x, 'float32');
  },
};

/** tfjs's cpu backend broadcasts a matrix over batches only where it has their rank. */
function broadcastKernel(x: tf.Tensor, kernel: tf.Tensor2D): tf.Tensor {
  if (x.rank === 2) return kernel;
  return tf.reshape(kernel, [...new Array<number>(x.rank - 2).fill(1), ...kernel.shape]);
}
