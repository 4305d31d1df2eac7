// The non-linear functions of networks. ONNX Runtime has most of them as one operator, for floats.

import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../graph.ts';
import { broadcastShape } from './broadcast.ts';
import { inFloat, refuseBool } from './conversion.ts';
import type { KernelCall, KernelTable, Lowering } from './lowering.ts';

export const activationKernels: KernelTable = {
  Relu: ({ inputs, build }) => {
    refuseBool('Relu', inputs.x!);
    return build.node('Relu', [inputs.x!], inputs.x!);
  },
  Relu6: (call) => clip(call, 0, 6),
  ClipByValue: (call) => clip(call, call.attributes.clipValueMin, call.attributes.clipValueMax),
  Step: step,
  LeakyRelu({ inputs, attributes, build }) {
    const x = build.cast(inputs.x!, 'float32');
    return build.node('LeakyRelu', [x], x, { alpha: { float: attributes.alpha } });
  },
  Prelu: prelu,
  Elu: ({ inputs, build }) => build.node('Elu', [inputs.x!], inputs.x!),
  /** dy where y ≥ 0, else dy·(y + 1), which is one formula: dy·(min(y, 0) + 1). */
  EluGrad({ inputs, build }) {
    const [dy, y] = [inputs.dy!, inputs.y!];
    const below = build.node('Min', [y, build.scalar(0)], y);
    const slope = build.node('Add', [below, build.scalar(1)], y);
    return build.node('Mul', [dy, slope], y);
  },
  Selu: ({ inputs, build }) =>
    inFloat('Selu', build, inputs.x!, (x) =>
      build.node('Selu', [x], x, {
        alpha: { float: tf.backend_util.SELU_SCALEALPHA / tf.backend_util.SELU_SCALE },
        gamma: { float: tf.backend_util.SELU_SCALE },
      }),
    ),
  Sigmoid: ({ inputs, build }) => inFloat('Sigmoid', build, inputs.x!, (x) => build.node('Sigmoid', [x], x)),
  Softplus: ({ inputs, build }) =>
    inFloat('Softplus', build, inputs.x!, (x) => build.node('Softplus', [x], x)),
  Softmax: alongLast('Softmax'),
  LogSoftmax: alongLast('LogSoftmax'),
};

/** tfjs has both for the last axis only. */
function alongLast(op: string): Lowering {
  return ({ inputs, build }) => {
    const logits = build.cast(inputs.logits!, 'float32');
    return build.node(op, [logits], logits, { axis: { int: -1 } });
  };
}

/** x between two numbers; for int32 they lose their fractions, which changes no result. */
function clip({ inputs, build }: KernelCall, low: number, high: number): Value {
  const x = inputs.x!;
  refuseBool('ClipByValue', x);
  const bounds = [low, high].map((bound) => {
    const limit =
      x.dtype === 'int32' ? Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(bound))) : bound;
    return build.scalar(limit, x.dtype);
  });
  return build.node('Clip', [x, ...bounds], x);
}

/** 1 above 0, else alpha; NaN stays NaN. */
function step({ inputs, attributes, build }: KernelCall): Value {
  const x = inputs.x!;
  const { alpha } = attributes;
  refuseBool('Step', x);
  const unit = build.node('Sign', [build.node('Relu', [x], x)], x);
  if (alpha === 0) return unit;
  // alpha + (1 − alpha)·unit would round.
  const isAbove = build.node('Greater', [x, build.scalar(0, x.dtype)], { dtype: 'bool', shape: x.shape });
  const chosen = build.node('Where', [isAbove, build.scalar(1, x.dtype), build.scalar(alpha, x.dtype)], x);
  if (x.dtype === 'int32') return chosen;
  const isNan = build.node('IsNaN', [x], { dtype: 'bool', shape: x.shape });
  return build.node('Where', [isNan, x, chosen], x);
}

function prelu({ inputs, build }: KernelCall): Value {
  const x = build.cast(inputs.x!, 'float32');
  const alpha = build.cast(inputs.alpha!, 'float32');
  const spec = { dtype: 'float32', shape: broadcastShape(x, alpha) } as const;
  // ONNX Runtime's PRelu stretches alpha to x, not x to alpha.
  if (spec.shape.length === x.shape.length && spec.shape.every((size, axis) => size === x.shape[axis])) {
    return build.node('PRelu', [x, alpha], spec);
  }
  const isBelow = build.node('Less', [x, build.scalar(0)], { dtype: 'bool', shape: x.shape });
  return build.node('Where', [isBelow, build.node('Mul', [alpha, x], spec), x], spec);
}
