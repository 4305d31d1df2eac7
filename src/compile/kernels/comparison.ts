// Questions about elements, and the choice by their answers. Every answer is a bool.

import type { GraphBuilder } from '../build.ts';
import type { Value } from '../graph.ts';
import { broadcastShape } from './broadcast.ts';
import type { KernelCall, KernelTable, Lowering } from './lowering.ts';

export const comparisonKernels: KernelTable = {
  Equal: compare('Equal'),
  NotEqual: (call) => not(call.build, compare('Equal')(call) as Value), // of one output
  Less: compare('Less'),
  LessEqual: compare('LessOrEqual'),
  Greater: compare('Greater'),
  GreaterEqual: compare('GreaterOrEqual'),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
  LogicalXor: logical('Xor'),
  LogicalNot: ({ inputs, build }) => not(build, build.cast(inputs.x!, 'bool')),
  Select: select,
  IsNan({ inputs, build }) {
    const x = inputs.x!;
    if (x.dtype !== 'float32') return build.fill(x.shape, 0, 'bool');
    return build.node('IsNaN', [x], answer(x.shape));
  },
  IsInf({ inputs, build }) {
    const x = inputs.x!;
    if (x.dtype !== 'float32') return build.fill(x.shape, 0, 'bool');
    return build.node('IsInf', [x], answer(x.shape));
  },
  IsFinite({ inputs, build }) {
    const x = inputs.x!;
    if (x.dtype !== 'float32') return build.fill(x.shape, 1, 'bool');
    // Not true of NaN, as no comparison is.
    return build.node('Less', [build.node('Abs', [x], x), build.scalar(Infinity)], answer(x.shape));
  },
};

/** ONNX Runtime orders floats and integers, not bools; it knows equality for all three. */
function compare(op: string): Lowering {
  return ({ inputs, build }) => {
    const [a, b] = [inputs.a!, inputs.b!].map((x) =>
      x.dtype === 'bool' && op !== 'Equal' ? build.cast(x, 'int32') : x,
    ) as [Value, Value]; // two in, two out
    return build.node(op, [a, b], answer(broadcastShape(a, b)));
  };
}

function logical(op: string): Lowering {
  return ({ inputs, build }) => {
    const [a, b] = [build.cast(inputs.a!, 'bool'), build.cast(inputs.b!, 'bool')];
    return build.node(op, [a, b], answer(broadcastShape(a, b)));
  };
}

function not(build: GraphBuilder, x: Value): Value {
  return build.node('Not', [x], x);
}

function select({ inputs, build }: KernelCall): Value {
  const dtype = (['float32', 'int32', 'bool'] as const).find((type) =>
    [inputs.t!.dtype, inputs.e!.dtype].includes(type),
  )!;
  const t = build.cast(inputs.t!, dtype);
  const e = build.cast(inputs.e!, dtype);
  let condition = inputs.condition!;
  if (condition.shape.length === 1 && t.shape.length > 1) {
    // A list of answers chooses whole rows.
    condition = build.reshape(condition, [condition.shape[0]!, ...t.shape.slice(1).fill(1)]);
  }
  if (dtype !== 'bool') return build.node('Where', [condition, t, e], { dtype, shape: t.shape });
  // ONNX Runtime's Where has no bools.
  const yes = build.node('And', [condition, t], t);
  const no = build.node('And', [not(build, condition), e], t);
  return build.node('Or', [yes, no], t);
}

function answer(shape: readonly number[]): Pick<Value, 'dtype' | 'shape'> {
  return { dtype: 'bool', shape };
}
