// What is the same everywhere stays so: nodes whose inputs are uniform constants are worked out while compiling, as
// one number whatever the shape. The zeros, ones and fills of gradients all vanish this way.

import { sizeOf } from '../shape.ts';
import { elementsOf } from './build.ts';
import { type Constant, type DType, isConstant, isUniform, type Node, type Value } from './graph.ts';

type Evaluate = (...inputs: number[]) => number;

/** Element by element; true and false are 1 and 0. */
const ELEMENTWISE: Readonly<Record<string, Evaluate>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Pow: (a, b) => a ** b,
  Max: Math.max,
  Min: Math.min,
  Sum: (...terms) => terms.reduce((a, b) => a + b),
  Neg: (x) => -x,
  Abs: Math.abs,
  Exp: Math.exp,
  Log: Math.log,
  Sqrt: Math.sqrt,
  Reciprocal: (x) => 1 / x,
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Tanh: Math.tanh,
  Relu: (x) => Math.max(x, 0),
  Floor: Math.floor,
  Ceil: Math.ceil,
  Cast: (x) => x,
  Not: (x) => 1 - x,
  And: (a, b) => a & b,
  Or: (a, b) => a | b,
  Equal: (a, b) => Number(a === b),
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
  Where: (condition, a, b) => (condition ? a! : b!),
};

/** Nodes that only move elements; the first input holds them. */
const MOVING = new Set([
  ...['Identity', 'Reshape', 'Expand', 'Transpose', 'Squeeze', 'Unsqueeze', 'Tile', 'Slice', 'Gather'],
  ...['Flatten', 'ReduceMean', 'ReduceMax', 'ReduceMin'],
]);

/** The constant a node gives, where that is the same everywhere and known; undefined otherwise. */
export function foldUniform(node: Node): Constant | undefined {
  const [output] = node.outputs;
  if (node.domain !== '' || node.outputs.length !== 1 || !output) return undefined;
  const [first] = node.inputs;
  // Another shape for the same elements, as weights per head have; so that products see a constant matrix.
  if (node.op === 'Reshape' && isConstant(first)) return { ...first, shape: output.shape };
  // Nothing to reduce: maxima of nothing are for the runtime to decide.
  if (!isUniform(first) || sizeOf(first.shape) === 0) return undefined;
  if (MOVING.has(node.op)) return uniform(output, Number(first.data[0]));
  if (node.op === 'ReduceSum') {
    return uniform(output, (Number(first.data[0]) * sizeOf(first.shape)) / sizeOf(output.shape));
  }
  const evaluate = ELEMENTWISE[node.op];
  if (evaluate === undefined || !node.inputs.every(isUniform)) return undefined;
  let value = evaluate(...node.inputs.map(({ data }) => Number(data[0])));
  if (output.dtype === 'bool') value = Number(value !== 0); // a cast of whatever is not 0, NaN too
  // Integers that overflow, or are divided, follow the rules of the runtime.
  const isExact = output.dtype === 'float32' || (Number.isInteger(value) && Math.abs(value) < 2 ** 31);
  return isExact ? uniform(output, value) : undefined;
}

function uniform({ dtype, shape }: Value, value: number): Constant {
  return { dtype, shape, data: elementsOf(dtype satisfies DType, [value]) };
}
