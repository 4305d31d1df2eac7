// The tensor primitives that deserve a hand-written gradient. Everything else is plain tfjs.

export { addAll } from './add-all.ts';
export { attention } from './attention.ts';
export { FUSED_GELU, FUSED_LAYER_NORM } from './fused.ts';
export { gatherRows } from './gather-rows.ts';
export { gelu } from './gelu.ts';
export { l2Normalize } from './l2-normalize.ts';
export { layerNorm } from './layer-norm.ts';
export { linear } from './linear.ts';
