// What the fused kernels of tfjs do after their product: a bias, then an activation.

import { CompileError } from '../../errors.ts';
import type { Value } from '../graph.ts';
import { activationKernels } from './activation.ts';
import { broadcastShape } from './broadcast.ts';
import type { KernelCall } from './lowering.ts';

/** tfjs's names of fused activations → the kernels that do the same on their own. */
const KERNEL_OF: Readonly<Record<string, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  leakyrelu: 'LeakyRelu',
  prelu: 'Prelu',
};

/** `activation(product + bias)`; either may be absent. */
export function fusedTail({ inputs, attributes, build }: KernelCall, product: Value): Value {
  const { bias, preluActivationWeights: alpha } = inputs;
  const { activation, leakyreluAlpha } = attributes;
  let x = product;
  if (bias !== undefined) {
    x = build.node('Add', [x, bias], { dtype: x.dtype, shape: broadcastShape(x, bias) });
  }
  if (!activation || activation === 'linear') return x;
  const lowering = activationKernels[KERNEL_OF[activation] ?? ''];
  if (lowering === undefined) {
    throw new CompileError(
      `compile: the fused activation ${activation} is not known. Apply it after the product as an op of its own.`,
    );
  }
  // Activations have one result.
  return lowering({
    inputs: alpha === undefined ? { x } : { x, alpha },
    attributes: { alpha: leakyreluAlpha },
    build,
  }) as Value;
}
