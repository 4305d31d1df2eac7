// Graphs that are easy to get wrong in a file, each with what it must compute: run by ONNX Runtime and read by the
// official checker.

import { createGraphBuilder, elementsOf } from '../../src/compile/build.ts';
import type { ConstantData, DType, Graph, Node, Port, Value } from '../../src/compile/graph.ts';

export interface Tensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: ConstantData;
}

export interface OnnxCase {
  readonly graph: Graph;
  /** a call's inputs and the outputs it must give */
  readonly calls: readonly { readonly feeds: Tensors; readonly expected: Tensors }[];
}

export type Tensors = Readonly<Record<string, Tensor>>;

export const DTYPES: readonly DType[] = ['float32', 'int32', 'bool', 'int64', 'int8', 'uint8'];

export function tensor(dtype: DType, dims: readonly number[], values: readonly number[]): Tensor {
  return { dtype, dims, data: elementsOf(dtype, values) };
}

export function floats(dims: readonly number[], values: readonly number[]): Tensor {
  return tensor('float32', dims, values);
}

export function value(dtype: DType, shape: readonly number[]): Value {
  return { dtype, shape };
}

export function port(name: string, of: Value, dims: Port['dims'] = of.shape): Port {
  return { name, value: of, dims };
}

export function graphOf(inputs: Port[], nodes: readonly Node[], outputs: Port[]): Graph {
  return { inputs, nodes, outputs };
}

const build = createGraphBuilder();
/** A constant that differs from place to place. */
const constant = (dtype: DType, shape: readonly number[], values: readonly number[]): Value =>
  build.constant(dtype, shape, elementsOf(dtype, values));

export const CASES: Readonly<Record<string, () => OnnxCase>> = {
  'a dense layer for any batch': () => {
    const { nodes, node } = createGraphBuilder();
    const x = value('float32', [2, 3]);
    const kernel = constant('float32', [3, 2], [1, 2, 3, 4, 5, 6]);
    const product = node('MatMul', [x, kernel], value('float32', [2, 2]));
    const y = node('Add', [product, constant('float32', [2], [10, 20])], product);
    return {
      graph: graphOf([port('x', x, ['batch', 3])], nodes, [port('y', y, ['batch', 2])]),
      calls: [
        { feeds: { x: floats([1, 3], [1, 0, 1]) }, expected: { y: floats([1, 2], [16, 28]) } },
        {
          feeds: { x: floats([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, -1]) },
          expected: { y: floats([3, 2], [11, 22, 13, 24, 5, 14]) },
        },
        { feeds: { x: floats([0, 3], []) }, expected: { y: floats([0, 2], []) } },
      ],
    };
  },

  'every element type through ports and constants': () => {
    const values: Record<DType, number[]> = {
      float32: [Number.NaN, -0, Infinity, 1e-45],
      int32: [-(2 ** 31), 2 ** 31 - 1, 0, -1],
      bool: [1, 0, 0, 1],
      int64: [-(2 ** 53) + 1, 2 ** 53 - 1, 0, -1],
      int8: [-128, 127, 0, -1],
      uint8: [0, 255, 1, 128],
    };
    const inputs: Port[] = [];
    const outputs: Port[] = [];
    const feeds: Record<string, Tensor> = {};
    const expected: Record<string, Tensor> = {};
    const { nodes, node } = createGraphBuilder();
    for (const dtype of DTYPES) {
      const x = value(dtype, [2, 2]);
      const fed = tensor(dtype, [2, 2], values[dtype]);
      inputs.push(port(dtype, x));
      outputs.push(port(`${dtype} of a port`, node('Identity', [x], x)));
      outputs.push(port(`${dtype} of a constant`, constant(dtype, [2, 2], values[dtype])));
      feeds[dtype] = fed;
      expected[`${dtype} of a port`] = fed;
      expected[`${dtype} of a constant`] = fed;
    }
    return { graph: graphOf(inputs, nodes, outputs), calls: [{ feeds, expected }] };
  },

  'no elements and no axes': () => {
    const { nodes, node, fill, scalar } = createGraphBuilder();
    const x = value('float32', []);
    const none = value('float32', [2, 0]);
    const outputs = [
      port('scalar', node('Add', [x, scalar(2)], x)),
      port('none', node('Concat', [none, fill([3, 0], 1)], value('float32', [5, 0]), { axis: { int: 0 } })),
      port('constant scalar', constant('int32', [], [7])),
      port('constant none', constant('bool', [0, 4], [])),
    ];
    return {
      graph: graphOf([port('x', x), port('n', none)], nodes, outputs),
      calls: [
        {
          feeds: { x: floats([], [3]), n: floats([2, 0], []) },
          expected: {
            scalar: floats([], [5]),
            none: floats([5, 0], []),
            'constant scalar': tensor('int32', [], [7]),
            'constant none': tensor('bool', [0, 4], []),
          },
        },
      ],
    };
  },

  'outputs that no node makes': () => {
    const { nodes, node } = createGraphBuilder();
    const x = value('float32', [2]);
    const doubled = node('Add', [x, x], x);
    const weight = constant('float32', [2], [5, 6]);
    const outputs = [
      port('x again', x),
      port('doubled', doubled),
      port('doubled again', doubled),
      port('weight', weight),
      port('weight again', weight),
    ];
    const given = floats([2], [1, 2]);
    const twice = floats([2], [2, 4]);
    const held = floats([2], [5, 6]);
    return {
      graph: graphOf([port('x', x)], nodes, outputs),
      calls: [
        {
          feeds: { x: given },
          expected: {
            'x again': given,
            doubled: twice,
            'doubled again': twice,
            weight: held,
            'weight again': held,
          },
        },
      ],
    };
  },

  'constants that are the same everywhere': () => {
    const { nodes, fill } = createGraphBuilder();
    const outputs: Port[] = [];
    const expected: Record<string, Tensor> = {};
    for (const dtype of DTYPES) {
      const one = dtype === 'float32' ? -1.5 : 1;
      for (const dims of [[32, 32], [5, 5, 41], [3], []]) {
        const name = `${dtype} ${dims.join('x')}`;
        outputs.push(port(name, fill(dims, one, dtype)));
        const size = dims.reduce((product, dim) => product * dim, 1);
        expected[name] = tensor(dtype, dims, new Array<number>(size).fill(one));
      }
    }
    return { graph: graphOf([], nodes, outputs), calls: [{ feeds: {}, expected }] };
  },

  'optional inputs and outputs left out': () => {
    const builder = createGraphBuilder();
    const x = value('float32', [1, 4]);
    const clipped = builder.node('Clip', [x, null, builder.scalar(2)], x);
    const unclipped = builder.node('Clip', [x, null, null], x);
    const normal = value('float32', [1, 4]);
    const deviation = value('float32', [1, 1]);
    const norm: Node = {
      op: 'LayerNormalization',
      domain: '',
      inputs: [x, builder.fill([4], 1), null],
      outputs: [normal, null, deviation],
      attributes: { epsilon: { float: 0 } },
    };
    const after = createGraphBuilder();
    const rounded = [normal, deviation].map((x) => after.node('Round', [x], x));
    const split: Node = {
      op: 'Split',
      domain: '',
      inputs: [x, builder.ints([1, 3])],
      outputs: [value('float32', [1, 1]), value('float32', [1, 3])],
      attributes: { axis: { int: -1 } },
    };
    const outputs = [
      port('clipped', clipped),
      port('unclipped', unclipped),
      // Rounded, since the runtime's square root is not exact.
      port('normal', rounded[0]!),
      port('deviation', rounded[1]!),
      port('tail', split.outputs[1]!),
      port('head', split.outputs[0]!),
    ];
    return {
      graph: graphOf([port('x', x)], [...builder.nodes, norm, ...after.nodes, split], outputs),
      calls: [
        {
          feeds: { x: floats([1, 4], [1, 1, 3, 3]) },
          expected: {
            clipped: floats([1, 4], [1, 1, 2, 2]),
            unclipped: floats([1, 4], [1, 1, 3, 3]),
            normal: floats([1, 4], [-1, -1, 1, 1]),
            deviation: floats([1, 1], [1]),
            head: floats([1, 1], [1]),
            tail: floats([1, 3], [1, 3, 3]),
          },
        },
      ],
    };
  },

  'attributes of every kind': () => {
    const { nodes, node, ints } = createGraphBuilder();
    const x = value('float32', [2, 3]);
    const literal = { dtype: 'float32', shape: [2, 1], data: Float32Array.of(7, 8) } as const;
    const everywhere = { dtype: 'float32', shape: [2, 2], data: Float32Array.of(9) } as const;
    const outputs = [
      port('int', node('Concat', [x, x], value('float32', [2, 6]), { axis: { int: -1 } })),
      port('ints', node('Transpose', [x], value('float32', [3, 2]), { perm: { ints: [1, 0] } })),
      port('float', node('LeakyRelu', [x], x, { alpha: { float: 0.25 } })),
      port(
        'string',
        node('Pad', [x, ints([0, 1, 0, 0])], value('float32', [2, 4]), { mode: { string: 'edge' } }),
      ),
      port('tensor', node('Constant', [], literal, { value: { tensor: literal } })),
      port('tensor of one', node('Constant', [], everywhere, { value: { tensor: everywhere } })),
    ];
    return {
      graph: graphOf([port('x', x)], nodes, outputs),
      calls: [
        {
          feeds: { x: floats([2, 3], [1, -2, 3, -4, 5, -6]) },
          expected: {
            int: floats([2, 6], [1, -2, 3, 1, -2, 3, -4, 5, -6, -4, 5, -6]),
            ints: floats([3, 2], [1, -4, -2, 5, 3, -6]),
            float: floats([2, 3], [1, -0.5, 3, -1, 5, -1.5]),
            string: floats([2, 4], [1, 1, -2, 3, -4, -4, 5, -6]),
            tensor: floats([2, 1], [7, 8]),
            'tensor of one': floats([2, 2], [9, 9, 9, 9]),
          },
        },
      ],
    };
  },

  'an operator of com.microsoft': () => {
    const { nodes, node } = createGraphBuilder();
    const x = value('float32', [2, 2]);
    const y = node('com.microsoft::FusedMatMul', [x, x], x, { transB: { int: 1 }, alpha: { float: 0.5 } });
    return {
      graph: graphOf([port('x', x)], nodes, [port('y', y)]),
      calls: [
        {
          feeds: { x: floats([2, 2], [1, 2, 3, 4]) },
          expected: { y: floats([2, 2], [2.5, 5.5, 5.5, 12.5]) },
        },
      ],
    };
  },

  'names that look like those of the file': () => {
    const { nodes, node } = createGraphBuilder();
    const x = value('float32', [1]);
    const sum = node('Add', [node('Add', [x, constant('float32', [1], [10])], x), x], x);
    return {
      graph: graphOf([port('t0', x)], nodes, [port('c0', sum), port('日本 語', x)]),
      calls: [
        {
          feeds: { t0: floats([1], [1]) },
          expected: { c0: floats([1], [12]), '日本 語': floats([1], [1]) },
        },
      ],
    };
  },
};
