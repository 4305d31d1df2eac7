// Nodes that do nothing, or do it in two steps where one will do. Only rewrites that keep every bit: sums and products
// are never regrouped, because a rounding trick such as Veltkamp's splitting lives from their order.

import { sizeOf } from '../shape.ts';
import { type Constant, isConstant, isUniform, type Node, type Value } from './graph.ts';

/** A value to use instead, a node to put in its place, or undefined where nothing is to be gained. */
export type Rewrite = (node: Node, makers: ReadonlyMap<Value, Node>) => Value | Node | undefined;

export const ALGEBRA: Readonly<Record<string, Rewrite>> = {
  Identity: (node) => input(node),
  Add: (node) => withoutNeutral(node, -0, true),
  Sub: (node) => withoutNeutral(node, 0, false),
  Mul: (node) => withoutNeutral(node, 1, true),
  Div: (node) => withoutNeutral(node, 1, false),
  Cast: sameAs,
  Expand: sameAs,
  Tile: sameAs,
  Slice: (node) => (stepsForward(node) ? sameAs(node) : undefined),
  Pad: (node) => (isZero(node.inputs[1]) ? sameAs(node) : undefined),
  Reshape: (node, makers) => {
    const inner = makers.get(input(node));
    if (inner?.op !== 'Reshape') return sameAs(node);
    const source = input(inner);
    return sameShape(source, output(node)) ? source : { ...node, inputs: [source, node.inputs[1]!] };
  },
  Transpose: (node, makers) => {
    const inner = makers.get(input(node));
    const perm = permutation(node);
    if (inner?.op === 'Transpose') {
      const first = permutation(inner);
      const both = perm.map((axis) => first[axis]!);
      if (isSorted(both)) return input(inner);
      return { ...node, inputs: [input(inner)], attributes: { perm: { ints: both } } };
    }
    if (isSorted(perm)) return input(node);
    // Where only axes of size 1 move, nothing moves.
    const { shape } = input(node);
    if (!isSorted(perm.filter((axis) => shape[axis] !== 1))) return undefined;
    if (shape.includes(0)) return undefined; // to Reshape a 0 means something else
    return { ...node, op: 'Reshape', inputs: [input(node), ints(output(node).shape)], attributes: {} };
  },
  Concat: (node) => (node.inputs.length === 1 ? input(node) : undefined),
  Sum: (node) => {
    const terms = node.inputs.filter((term) => !isNeutral(term, -0));
    if (terms.length === node.inputs.length) return terms.length === 1 ? sameAs(node) : undefined;
    if (terms.length === 1 && sameShape(terms[0]!, output(node))) return terms[0]!;
    return terms.some((term) => sameShape(term!, output(node))) ? { ...node, inputs: terms } : undefined;
  },
  ReduceSum: onOne,
  ReduceMean: onOne,
  ReduceMax: onOne,
  ReduceMin: onOne,
  Where: (node) => {
    const [condition, yes, no] = node.inputs as [Value, Value, Value];
    if (!isUniform(condition)) return undefined;
    const chosen = Number(condition.data[0]) ? yes : no;
    return sameShape(chosen, output(node)) ? chosen : undefined;
  },
};

// Every node these rules are for has a first input and one output.
function input(node: Node): Value {
  return node.inputs[0]!;
}

function output(node: Node): Value {
  return node.outputs[0]!;
}

function sameShape(a: Value, b: Value): boolean {
  return a.shape.length === b.shape.length && a.shape.every((size, axis) => size === b.shape[axis]);
}

/** The input, where the node gives the very same shape and type and can only have passed it on. */
function sameAs(node: Node): Value | undefined {
  const from = input(node);
  const to = output(node);
  return from.dtype === to.dtype && sameShape(from, to) ? from : undefined;
}

/** A reduction over axes of size 1 is a reshape. Of −0 alone ONNX Runtime's sum is 0 or −0, by the axis; here −0. */
function onOne(node: Node): Value | Node | undefined {
  const from = input(node);
  const to = output(node);
  const isTrivial = sizeOf(from.shape) === sizeOf(to.shape) && sizeOf(to.shape) > 0;
  if (!isTrivial) return undefined;
  if (sameShape(from, to)) return from;
  return { ...node, op: 'Reshape', inputs: [from, ints(to.shape)], attributes: {} };
}

function withoutNeutral(node: Node, neutral: number, commutes: boolean): Value | undefined {
  const [a, b] = node.inputs as [Value, Value];
  if (isNeutral(b, neutral) && sameShape(a, output(node))) return a;
  if (commutes && isNeutral(a, neutral) && sameShape(b, output(node))) return b;
  return undefined;
}

/** Whether a constant is this number everywhere. Floats have two zeros: −0 + 0 is 0, so only −0 changes no sum. */
function isNeutral(value: Value | null | undefined, neutral: number): boolean {
  if (!isUniform(value)) return false;
  const element = value.data[0];
  return value.dtype === 'float32' ? Object.is(element, neutral) : Number(element) === neutral;
}

/** Steps of a Slice; only a slice without a step backwards may be the whole in its order. */
function stepsForward(node: Node): boolean {
  const steps = node.inputs[4];
  return !steps || (isConstant(steps) && Array.from(steps.data, Number).every((step) => step > 0));
}

/** Whether every element of a constant is 0; pads of both signs may cancel in the shape. */
function isZero(value: Value | null | undefined): boolean {
  return (
    isConstant(value) && Array.from(value.data as ArrayLike<number | bigint>).every((x) => Number(x) === 0)
  );
}

function permutation(node: Node): readonly number[] {
  const { perm } = node.attributes;
  if (perm !== undefined && 'ints' in perm) return perm.ints;
  return output(node)
    .shape.map((_, axis) => axis)
    .reverse();
}

function isSorted(axes: readonly number[]): boolean {
  return axes.every((axis, i) => i === 0 || axes[i - 1]! < axis);
}

function ints(values: readonly number[]): Constant {
  return { dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}
