// The fused primitives of ops/ as single nodes.

import { FUSED_GELU, FUSED_LAYER_NORM } from '../../ops/index.ts';
import type { KernelTable } from './lowering.ts';

export const primitiveKernels: KernelTable = {
  [FUSED_LAYER_NORM]({ inputs, attributes, build }) {
    const { x, scale, bias } = inputs as Required<typeof inputs>;
    const perRow = { dtype: x!.dtype, shape: [...x!.shape.slice(0, -1), 1] };
    return build.multi('LayerNormalization', [x!, scale!, bias!], [x!, perRow, perRow], {
      axis: { int: -1 },
      epsilon: { float: attributes.epsilon },
    });
  },
  [FUSED_GELU]: ({ inputs, build }) => build.node('com.microsoft::FastGelu', [inputs.x!], inputs.x!),
};
