// Functions of one number (and of the two of a point), element by element.

import type { GraphBuilder } from '../build.ts';
import type { Value } from '../graph.ts';
import { broadcastShape } from './broadcast.ts';
import { inFloat, refuseBool } from './conversion.ts';
import type { KernelCall, KernelTable, Lowering } from './lowering.ts';

export const elementwiseKernels: KernelTable = {
  Atan2: atan2,
  Abs: unary('Abs'),
  Neg: unary('Neg'),
  Square({ inputs, build }) {
    refuseBool('Square', inputs.x!);
    return build.node('Mul', [inputs.x!, inputs.x!], inputs.x!);
  },
  /** tfjs's sign of NaN is 0, ONNX Runtime's NaN. */
  Sign({ inputs, build }) {
    const x = inputs.x!;
    refuseBool('Sign', x);
    const sign = build.node('Sign', [x], x);
    if (x.dtype === 'int32') return sign;
    const isNan = build.node('IsNaN', [x], { dtype: 'bool', shape: x.shape });
    return build.node('Where', [isNan, build.scalar(0), sign], x);
  },
  /** The one function that tfjs gives as float32 of integers too. */
  Exp({ inputs, build }) {
    const x = build.cast(inputs.x!, 'float32');
    return build.node('Exp', [x], x);
  },
  Rsqrt: floatUnary('Rsqrt', (x, build) => build.node('Reciprocal', [build.node('Sqrt', [x], x)], x)),
  Expm1: floatUnary('Expm1', expm1),
  Log1p: floatUnary('Log1p', log1p),
  ...Object.fromEntries(
    'Sqrt Reciprocal Log Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh Atanh Erf Floor Ceil Round'
      .split(' ')
      .map((op) => [op, floatUnary(op, (x, build) => build.node(op, [x], x))]),
  ),
};

/** For operators that ONNX Runtime has for int32 too. */
function unary(op: string): Lowering {
  return ({ inputs, build }) => {
    refuseBool(op, inputs.x!);
    return build.node(op, [inputs.x!], inputs.x!);
  };
}

function floatUnary(kernel: string, apply: (x: Value, build: GraphBuilder) => Value): Lowering {
  return ({ inputs, build }) => inFloat(kernel, build, inputs.x!, (x) => apply(x, build));
}

/** eˣ − 1, which near 0 is 2t / (1 − t) with t = tanh(x / 2): the difference would lose most digits there. */
function expm1(x: Value, build: GraphBuilder): Value {
  const half = build.node('Mul', [x, build.scalar(0.5)], x);
  const t = build.node('Tanh', [half], x);
  const one = build.scalar(1);
  const ratio = build.node('Div', [t, build.node('Sub', [one, t], x)], x);
  const near = build.node('Add', [ratio, ratio], x);
  const far = build.node('Sub', [build.node('Exp', [x], x), one], x);
  return build.node('Where', [isNear(half, build), near, far], x);
}

/** log(1 + x), which near 0 is 2 artanh(x / (x + 2)). */
function log1p(x: Value, build: GraphBuilder): Value {
  const ratio = build.node('Div', [x, build.node('Add', [x, build.scalar(2)], x)], x);
  const half = build.node('Atanh', [ratio], x);
  const near = build.node('Add', [half, half], x);
  const far = build.node('Log', [build.node('Add', [x, build.scalar(1)], x)], x);
  return build.node('Where', [isNear(x, build), near, far], x);
}

function isNear(x: Value, build: GraphBuilder): Value {
  return build.node('Less', [build.node('Abs', [x], x), build.scalar(0.5)], {
    dtype: 'bool',
    shape: x.shape,
  });
}

/**
 * The angle of the point (b, a): arctan(a / |b|), mirrored where b < 0. Zeros have no sign here, and two infinities
 * give NaN.
 */
function atan2({ inputs, build }: KernelCall): Value {
  refuseBool('Atan2', inputs.a!, inputs.b!);
  const a = build.cast(inputs.a!, 'float32');
  const b = build.cast(inputs.b!, 'float32');
  const spec = { dtype: 'float32', shape: broadcastShape(a, b) } as const;
  const zero = build.scalar(0);
  const ask = (op: string, x: Value, y: Value): Value =>
    build.node(op, [x, y], { dtype: 'bool', shape: broadcastShape(x, y) });
  const slope = build.node('Div', [a, build.node('Abs', [b], b)], spec);
  // 0 / 0
  const isOrigin = ask('And', ask('Equal', a, zero), ask('Equal', b, zero));
  const angle = build.node('Atan', [build.node('Where', [isOrigin, zero, slope], spec)], spec);
  const turns = [ask('Less', a, zero), build.scalar(-Math.PI), build.scalar(Math.PI)];
  const mirrored = build.node('Sub', [build.node('Where', turns, a), angle], spec);
  const whole = build.node('Where', [ask('Less', b, zero), mirrored, angle], spec);
  return build.cast(whole, inputs.a!.dtype);
}
