// Arithmetic of two numbers, element by element. Results have the element type of the first operand, as in tfjs,
// which has made the two match before.

import type { GraphBuilder } from '../build.ts';
import { isUniform, type Value } from '../graph.ts';
import { broadcastShape } from './broadcast.ts';
import { refuseBool } from './conversion.ts';
import type { KernelCall, KernelTable, Lowering } from './lowering.ts';

export const arithmeticKernels: KernelTable = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply(call) {
    const { a, b } = call.inputs;
    if (a!.dtype !== 'bool') return binary('Mul')(call);
    return call.build.node('And', [a!, b!], { dtype: 'bool', shape: broadcastShape(a!, b!) });
  },
  RealDiv: binary('Div'), // tf.div gives integers to FloorDiv
  FloorDiv: floorDiv,
  Mod: mod,
  Pow: pow,
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  SquaredDifference(call) {
    const difference = binary('Sub')(call) as Value; // of one output
    return call.build.node('Mul', [difference, difference], difference);
  },
  BitwiseAnd: bitwiseAnd,
  AddN({ inputs, build }) {
    const values = Object.values(inputs);
    refuseBool('AddN', ...values);
    const [first, ...others] = values as [Value, ...Value[]]; // tf.addN refuses empty lists
    // ONNX Runtime's Sum takes any number, of floats.
    if (first.dtype === 'float32' && others.length > 1) return build.node('Sum', values, first);
    return others.reduce((sum, value) => build.node('Add', [sum, value], sum), first);
  },
};

function binary(op: string): Lowering {
  return ({ inputs, build }) => {
    const [a, b] = [inputs.a!, inputs.b!];
    refuseBool(op, a, b);
    return build.node(op, [a, b], { dtype: a.dtype, shape: broadcastShape(a, b) });
  };
}

/** aᵇ. Unlike JavaScript's, ONNX Runtime's 1^NaN, 1^±∞ and (−1)^±∞ are 1, and integers beyond 2³¹ become −2³¹. */
function pow({ inputs, build }: KernelCall): Value {
  const [a, b] = [inputs.a!, inputs.b!];
  refuseBool('Pow', a, b);
  const spec = { dtype: a.dtype, shape: broadcastShape(a, b) };
  // A product runs many times as fast; where b stretches a, it would not.
  if (isUniform(b) && Number(b.data[0]) === 2 && spec.shape.join() === a.shape.join()) {
    return build.node('Mul', [a, a], spec);
  }
  return build.node('Pow', [a, b], spec);
}

/** What a division rounded down leaves. Where |b| is 2⁵³ times |a|, or ∞, the result is a or b and tfjs's 0 or NaN. */
function mod({ inputs, build }: KernelCall): Value {
  const [a, b] = [inputs.a!, inputs.b!];
  refuseBool('Mod', a, b);
  return a.dtype === 'float32' ? floatMod(build, a, b) : divideIntegers(build, a, b).remainder;
}

/** ⌊a / b⌋ as int32, whatever a and b are. Floats divided by 0 give −2³¹, in tfjs 0. */
function floorDiv({ inputs, build }: KernelCall): Value {
  const [a, b] = [inputs.a!, inputs.b!];
  if (a.dtype !== 'float32') return divideIntegers(build, a, b).quotient;
  // The floor of a quotient in single precision would be one too many where the quotient was rounded up.
  const remainder = floatMod(build, a, b);
  const multiple = build.node('Sub', [a, remainder], remainder);
  const quotient = build.node('Div', [multiple, b], remainder);
  return build.cast(build.node('Round', [quotient], quotient), 'int32');
}

/** ONNX's float Mod has the sign of a, tfjs's that of b. */
function floatMod(build: GraphBuilder, a: Value, b: Value): Value {
  const spec = { dtype: 'float32', shape: broadcastShape(a, b) } as const;
  const remainder = build.node('Mod', [a, b], spec, { fmod: { int: 1 } });
  const signs = [build.node('Sign', [remainder], spec), build.node('Sign', [b], b)];
  const product = build.node('Mul', signs, spec);
  const isApart = build.node('Less', [product, build.scalar(0)], { dtype: 'bool', shape: spec.shape });
  return build.node('Where', [isApart, build.node('Add', [remainder, b], spec), remainder], spec);
}

/**
 * ⌊a / b⌋ and what it leaves, both 0 where b is. In int64, where −2³¹ / −1 fits: processors stop at integers that do
 * not fit, and at divisions by zero.
 */
function divideIntegers(build: GraphBuilder, a: Value, b: Value): { quotient: Value; remainder: Value } {
  const spec = { dtype: 'int64', shape: broadcastShape(a, b) } as const;
  const dividend = build.cast(a, 'int64');
  const given = build.cast(b, 'int64');
  const zero = build.scalar(0, 'int64');
  const isZero = build.node('Equal', [given, zero], { dtype: 'bool', shape: b.shape });
  const divisor = build.node('Where', [isZero, build.scalar(1, 'int64'), given], given);
  const remainder = build.node('Mod', [dividend, divisor], spec);
  const multiple = build.node('Sub', [dividend, remainder], spec);
  const quotient = build.node('Div', [multiple, divisor], spec);
  return {
    quotient: build.cast(build.node('Where', [isZero, zero, quotient], spec), 'int32'),
    remainder: build.cast(remainder, 'int32'),
  };
}

/** Bit by bit, because operator set 17 has no such operator: 32 times the memory while it runs. */
function bitwiseAnd({ inputs, build }: KernelCall): Value {
  const { shape } = inputs.a!;
  const spec = { dtype: 'int64', shape: [...shape, 32] } as const;
  const powers = build.constant(
    'int64',
    [32],
    BigInt64Array.from({ length: 32 }, (_, bit) => 1n << BigInt(bit)),
  );
  const bits = [inputs.a!, inputs.b!].map((x) => {
    const column = build.reshape(build.cast(x, 'int64'), [...shape, 1]);
    // From −2³¹ … 2³¹ − 1 to 0 … 2³² − 1, so that divisions round down.
    const natural = build.node('Mod', [column, build.scalar(2 ** 32, 'int64')], column);
    const shifted = build.node('Div', [natural, powers], spec);
    return build.cast(build.node('Mod', [shifted, build.scalar(2, 'int64')], spec), 'bool');
  });
  const both = build.node('And', bits, { dtype: 'bool', shape: spec.shape });
  const digits = build.node('Mul', [build.cast(both, 'int64'), powers], spec);
  const sum = build.node(
    'ReduceSum',
    [digits, build.ints([-1])],
    { dtype: 'int64', shape },
    { keepdims: { int: 0 } },
  );
  return build.cast(sum, 'int32');
}
