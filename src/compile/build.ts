// Where nodes come from: a list that grows at its end while a function is recorded, and the few constants that
// nearly every lowering needs.

import { sizeOf } from '../shape.ts';
import type { Attributes, Constant, ConstantData, DType, Node, Value } from './graph.ts';

/** What a node gives: its element type and shape, known while recording. */
export interface ValueSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** What a translation of a kernel makes ONNX nodes with. */
export interface GraphBuilder {
  readonly nodes: readonly Node[];
  /**
   * Appends a node with one output.
   *
   * @param op - ONNX operator (set 17), or `'com.microsoft::FusedMatMul'` for one of ONNX Runtime's own
   * @param inputs - null for an optional input that is left out
   * @param output - element type and shape of the result
   * @example build.node('Exp', [x], x)
   */
  node(op: string, inputs: readonly (Value | null)[], output: ValueSpec, attributes?: Attributes): Value;
  /** {@link node} for several outputs. */
  multi(
    op: string,
    inputs: readonly (Value | null)[],
    outputs: readonly ValueSpec[],
    attributes?: Attributes,
  ): Value[];
  /** A constant of these elements; one element fills any shape. */
  constant(dtype: DType, shape: readonly number[], data: ConstantData): Constant;
  /** A constant that is `value` everywhere and costs nothing, whatever its shape. */
  fill(shape: readonly number[], value: number, dtype?: DType): Constant;
  /** A 0-d constant. */
  scalar(value: number, dtype?: DType): Constant;
  /** A 1-d int64 constant: shapes, axes, starts and ends, as ONNX wants them. */
  ints(values: readonly number[]): Constant;
  /** x in another element type; x itself where it has that one. */
  cast(x: Value, dtype: DType): Value;
  /** x in another shape of the same size; x itself where it has that one. */
  reshape(x: Value, shape: readonly number[]): Value;
}

export function createGraphBuilder(): GraphBuilder {
  const nodes: Node[] = [];
  const builder: GraphBuilder = {
    nodes,
    node: (op, inputs, output, attributes) => builder.multi(op, inputs, [output], attributes)[0]!,
    multi(name, inputs, specs, attributes = {}) {
      // Fresh objects, because a spec may be another value and values are told apart by identity.
      const outputs = specs.map(({ dtype, shape }): Value => ({ dtype, shape: [...shape] }));
      nodes.push({ ...splitName(name), inputs, outputs, attributes });
      return outputs;
    },
    constant: (dtype, shape, data) => ({ dtype, shape: [...shape], data }),
    fill: (shape, value, dtype = 'float32') => builder.constant(dtype, shape, elementsOf(dtype, [value])),
    scalar: (value, dtype) => builder.fill([], value, dtype),
    ints: (values) => builder.constant('int64', [values.length], elementsOf('int64', values)),
    cast(x, dtype) {
      if (x.dtype === dtype) return x;
      return builder.node('Cast', [x], { dtype, shape: x.shape }, { to: { int: ONNX_TYPE[dtype] } });
    },
    reshape(x, shape) {
      if (x.shape.length === shape.length && x.shape.every((size, axis) => size === shape[axis])) return x;
      // A zero in the target means zero, not "as it was".
      const literal = shape.includes(0) ? { allowzero: { int: 1 } } : {};
      return builder.node('Reshape', [x, builder.ints(shape)], { dtype: x.dtype, shape }, literal);
    },
  };
  return builder;
}

/** TensorProto.DataType of every element type. */
export const ONNX_TYPE: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
};

/** Numbers as the array that holds elements of a type. */
export function elementsOf(dtype: DType, values: readonly number[]): ConstantData {
  if (dtype === 'float32') return Float32Array.from(values);
  if (dtype === 'int32') return Int32Array.from(values);
  if (dtype === 'int64') return BigInt64Array.from(values, (value) => BigInt(value));
  return dtype === 'int8' ? Int8Array.from(values) : Uint8Array.from(values);
}

/** All elements of a constant, also where one stands for many. */
export function denseData({ data, shape }: Constant): ConstantData {
  const size = sizeOf(shape);
  if (data.length === size) return data;
  // Each of the types has this constructor; TypeScript cannot see that slice and fill fit together.
  const dense = new (data.constructor as new (size: number) => Float32Array)(size);
  return dense.fill(data[0] as number);
}

function splitName(name: string): Pick<Node, 'op' | 'domain'> {
  const at = name.indexOf('::');
  if (at < 0) return { op: name, domain: '' };
  return { op: name.slice(at + 2), domain: 'com.microsoft' };
}
