// Element types: which kernels change them, and how tfjs's rules for them are kept where ONNX Runtime has others.

import { CompileError } from '../../errors.ts';
import type { GraphBuilder } from '../build.ts';
import type { Value } from '../graph.ts';
import type { KernelTable } from './lowering.ts';

export const conversionKernels: KernelTable = {
  Identity: ({ inputs }) => inputs.x!,
  /** As int32, NaN and what does not fit become −2³¹, where JavaScript has 0 and the rest modulo 2³². */
  Cast({ inputs, attributes, build }) {
    const { dtype } = attributes;
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
      throw new CompileError(`compile: cannot cast to ${dtype}. Expected float32, int32 or bool.`);
    }
    return build.cast(inputs.x!, dtype);
  },
};

/**
 * An operator that ONNX Runtime has for floats only, applied to x of either numeric type. tfjs computes in double and
 * then writes to an array of x's type.
 */
export function inFloat(kernel: string, build: GraphBuilder, x: Value, apply: (x: Value) => Value): Value {
  refuseBool(kernel, x);
  return build.cast(apply(build.cast(x, 'float32')), x.dtype);
}

/** x as a type that holds sums: bools count as integers. */
export function counted(build: GraphBuilder, x: Value): Value {
  return x.dtype === 'bool' ? build.cast(x, 'int32') : x;
}

/** Refuses bools where tfjs would count beyond 1 in a byte and still call it bool. */
export function refuseBool(kernel: string, ...values: readonly Value[]): void {
  if (values.every(({ dtype }) => dtype !== 'bool')) return;
  throw new CompileError(
    `compile: ${kernel} got a tensor of bools, which it would count with. Cast it to int32 or float32 first, or use tf.logicalAnd, tf.logicalOr or tf.logicalNot.`,
  );
}
