// Two recordings of one function at two batch sizes → one graph for every batch size. What is equal in both does not
// depend on it; a size that differs is k·batch + c; a scalar that differs is a product with the batch size or a
// quotient by it, as in a mean. Everything is worked out from the shape of the first input while the graph runs.

import type { CompileError } from '../errors.ts';
import {
  type BatchLine,
  type BatchPair,
  dependsOnBatch,
  drawLine,
  drawLines,
  findLine,
} from './batch-line.ts';
import { createGraphBuilder, type GraphBuilder } from './build.ts';
import {
  type Constant,
  type Graph,
  isConstant,
  isUniform,
  type Node,
  type Port,
  type Value,
} from './graph.ts';

/**
 * Sizes that hardly stand for anything else in a program. One of the first two is odd and one even, and a prime lies
 * between them, so that rounded fractions of the batch size do not look like whole multiples. The third is for what
 * two cannot tell apart: with some offset, squares lie on a line through two points.
 */
export const TRIAL_BATCHES = [61, 74, 103] as const;

/** A function recorded at one batch size. */
export interface BatchTrial {
  readonly batch: number;
  readonly graph: Graph;
}

/** A graph for every batch size, and the recordings it was made of. */
export interface FreeGraph {
  readonly graph: Graph;
  readonly pair: BatchPair;
}

/** What everything is worked out from. */
interface Free {
  /** The batch size as int64 [1], known while the graph runs. */
  readonly batch: Value;
  readonly pair: BatchPair;
}

/**
 * @param one - recorded at one batch size
 * @param other - and at another
 * @param dims - per function input, `'batch'` where it is free
 * @throws CompileError when the two differ in more than sizes that follow the batch
 */
export function freeBatch(
  one: BatchTrial,
  other: BatchTrial,
  dims: readonly (readonly (number | 'batch')[])[],
): FreeGraph {
  const [a, b] = [one.graph, other.graph];
  if (a.nodes.length !== b.nodes.length) throw dependsOnBatch('it runs other operations for another size');
  if (namesOf(a.inputs) !== namesOf(b.inputs)) throw dependsOnBatch('it uses other variables in every call');
  const build = createGraphBuilder();
  const source = dims.findIndex((shape) => shape.includes('batch'));
  const batch = batchOf(a.inputs[source]!.value, dims[source]!.indexOf('batch'), build);
  const pair: BatchPair = { sizes: [one.batch, other.batch], lines: [] };
  const free: Free = { batch, pair };
  const partner = new Map<Value, Value>();
  a.inputs.forEach((port, i) => void partner.set(port.value, b.inputs[i]!.value));

  const nodes: Node[] = [];
  a.nodes.forEach((node, i) => {
    const twinNode = b.nodes[i]!;
    assertSameNode(node, twinNode);
    const local = createGraphBuilder();
    const inputs = node.inputs.map((input, k) => {
      const twin = twinNode.inputs[k] ?? null;
      if (isConstant(input) && isConstant(twin)) {
        if (node.op !== 'Reshape' || k !== 1)
          return constantFor(input, twin, `${node.op} reads`, free, local);
        return reshapeTarget(input, twin, free, local);
      }
      if (input !== null && partner.get(input) !== twin) {
        throw dependsOnBatch(`${node.op} reads something else`);
      }
      return input;
    });
    node.outputs.forEach((output, k) => {
      if (output !== null) partner.set(output, twinNode.outputs[k]!);
    });
    nodes.push(...local.nodes, { ...node, inputs });
  });
  if (namesOf(a.outputs) !== namesOf(b.outputs)) throw dependsOnBatch(RETURNS);
  const local = createGraphBuilder();
  const outputs = a.outputs.map((port, i): Port => {
    const twin = b.outputs[i]!.value;
    const isKnown = isConstant(port.value) && isConstant(twin);
    if (!isKnown && partner.get(port.value) !== twin) throw dependsOnBatch(RETURNS);
    const value = isKnown ? constantFor(port.value as Constant, twin, 'it returns', free, local) : port.value;
    return { name: port.name, value, dims: dimsOf(pair, port.value, twin) };
  });
  nodes.push(...local.nodes);
  const isUsed =
    nodes.some((node) => node.inputs.includes(batch)) || outputs.some(({ value }) => value === batch);
  const inputs = a.inputs.map((port, i) => ({ ...port, dims: dimsOf(pair, port.value, b.inputs[i]!.value) }));
  return { pair, graph: { inputs, outputs, nodes: isUsed ? [...build.nodes, ...nodes] : nodes } };
}

const RETURNS = 'it returns something else for another size';

function namesOf(ports: readonly Port[]): string {
  return JSON.stringify(ports.map(({ name }) => name));
}

function dimsOf(pair: BatchPair, a: Value, b: Value): (number | string)[] {
  if (a.shape.length !== b.shape.length) throw dependsOnBatch(RETURNS);
  return drawLines(pair, a.shape, b.shape).map(dimName);
}

/** The batch size as int64 [1]. */
function batchOf(input: Value, axis: number, build: GraphBuilder): Value {
  const shape = build.node('Shape', [input], { dtype: 'int64', shape: [input.shape.length] });
  return build.node('Slice', [shape, build.ints([axis]), build.ints([axis + 1])], {
    dtype: 'int64',
    shape: [1],
  });
}

/** @param use - who needs the constant, for messages */
function constantFor(a: Constant, b: Constant, use: string, free: Free, build: GraphBuilder): Value {
  const sameShape = a.shape.join() === b.shape.join();
  const sameData =
    a.data === b.data || (a.data.length === b.data.length && a.data.every((x, i) => Object.is(x, b.data[i])));
  if (sameShape && sameData) return a;
  if (a.dtype === 'int64' && sameShape && a.shape.length === 1) {
    return sizesFrom(drawLines(free.pair, numbersOf(a), numbersOf(b)), free, build);
  }
  if (isUniform(a) && isUniform(b)) {
    const value = sameData ? { ...a, shape: [] } : scalarFrom(a, b, free, build);
    if (sameShape && a.shape.length === 0) return value;
    if (a.shape.length !== b.shape.length) throw changes(a, use);
    const shape = sizesFrom(drawLines(free.pair, a.shape, b.shape), free, build);
    return build.node('Expand', [value, shape], a);
  }
  const grown = identityFrom(a, b, free, build) ?? rangeFrom(a, b, free, build);
  if (grown !== undefined) return grown;
  throw changes(a, use);
}

function changes({ shape }: Constant, use: string): CompileError {
  return dependsOnBatch(`a constant [${shape.join(', ')}] that ${use} changes with it`);
}

/** With one unknown size ONNX finds it out by itself, but where there is nothing to divide by the others. */
function reshapeTarget(a: Constant, b: Constant, free: Free, build: GraphBuilder): Value {
  if (a.shape.join() !== b.shape.join()) throw changes(a, 'Reshape reads');
  const sizes = drawLines(free.pair, numbersOf(a), numbersOf(b));
  const unknown = sizes.filter(({ slope }) => slope !== 0);
  if (unknown.length === 0) return a;
  const isEmpty = sizes.some(({ slope, offset }) => slope === 0 && offset === 0);
  if (unknown.length > 1 || isEmpty) return sizesFrom(sizes, free, build);
  return build.ints(sizes.map(({ slope, offset }) => (slope === 0 ? offset : -1)));
}

/** int64 [n] of sizes that follow the batch. */
function sizesFrom(sizes: readonly BatchLine[], { batch }: Free, build: GraphBuilder): Value {
  const parts = sizes.map(({ slope, offset }) => {
    if (slope === 0) return build.ints([offset]);
    const scaled = slope === 1 ? batch : build.node('Mul', [batch, build.ints([slope])], batch);
    return offset === 0 ? scaled : build.node('Add', [scaled, build.ints([offset])], batch);
  });
  if (parts.length === 1) return parts[0]!;
  return build.node('Concat', parts, { dtype: 'int64', shape: [parts.length] }, { axis: { int: 0 } });
}

/** A scalar that is α·batch, α/batch, or k·batch + c or its reciprocal with whole k and c, as in means. */
function scalarFrom(a: Constant, b: Constant, { batch, pair }: Free, build: GraphBuilder): Value {
  const [x, y] = [Number(a.data[0]), Number(b.data[0])];
  const [m, n] = pair.sizes;
  const size = build.reshape(build.cast(batch, a.dtype), []);
  const scalar = (value: number): Constant => build.scalar(value, a.dtype);
  const along = ({ slope, offset }: BatchLine): Value => {
    return build.node('Add', [build.node('Mul', [size, scalar(slope)], size), scalar(offset)], size);
  };
  if (a.dtype === 'float32') {
    if (isNear(x * m, y * n)) return build.node('Div', [scalar(round((x * m + y * n) / 2)), size], size);
    if (isNear(x / m, y / n)) return build.node('Mul', [scalar(round((x / m + y / n) / 2)), size], size);
    const [p, q] = [round(1 / x), round(1 / y)];
    if (findLine(pair, p, q)) return build.node('Div', [scalar(1), along(drawLine(pair, p, q))], size);
  }
  return along(drawLine(pair, x, y));
}

function isNear(p: number, q: number): boolean {
  return Math.abs(p - q) <= 1e-6 * Math.abs(p);
}

/** A factor that is whole but for float32 rounding is whole. */
function round(value: number): number {
  const nearest = Math.round(value);
  return isNear(value, nearest) ? nearest : value;
}

/** The identity matrix of a size that follows the batch, as tf.eye makes it, with axes of size 1 at will. */
function identityFrom(a: Constant, b: Constant, free: Free, build: GraphBuilder): Value | undefined {
  const [size, other] = [identitySize(a), identitySize(b)];
  if (size === undefined || other === undefined) return undefined;
  const numbers = countTo(drawLine(free.pair, size, other), size, free, build);
  const column = build.node('Unsqueeze', [numbers, build.ints([1])], { dtype: 'int64', shape: [size, 1] });
  const isOn = build.node('Equal', [numbers, column], { dtype: 'bool', shape: [size, size] });
  return reshapeTo(build.cast(isOn, a.dtype), a, b, free, build);
}

/** first, first + step, … up to a count that follows the batch, in any shape. */
function rangeFrom(a: Constant, b: Constant, free: Free, build: GraphBuilder): Value | undefined {
  const step = stepOf(a);
  if (step === undefined || step !== stepOf(b) || a.data[0] !== b.data[0]) return undefined;
  const count = drawLine(free.pair, a.data.length, b.data.length);
  const numbers = build.cast(countTo(count, a.data.length, free, build), a.dtype);
  const scaled = build.node('Mul', [numbers, build.scalar(step, a.dtype)], numbers);
  const shifted = build.node('Add', [scaled, build.scalar(Number(a.data[0]), a.dtype)], numbers);
  return reshapeTo(shifted, a, b, free, build);
}

/** x in the shape that a constant has in both recordings. */
function reshapeTo(x: Value, a: Constant, b: Constant, free: Free, build: GraphBuilder): Value {
  if (x.shape.length === a.shape.length) return x;
  return build.node('Reshape', [x, sizesFrom(drawLines(free.pair, a.shape, b.shape), free, build)], a);
}

/** 0, 1 … count − 1 as int64. */
function countTo(count: BatchLine, size: number, free: Free, build: GraphBuilder): Value {
  const end = build.reshape(sizesFrom([count], free, build), []);
  const [start, step] = [build.scalar(0, 'int64'), build.scalar(1, 'int64')];
  return build.node('Range', [start, end, step], { dtype: 'int64', shape: [size] });
}

function identitySize({ shape, data }: Constant): number | undefined {
  const [rows, columns, ...others] = shape.filter((size) => size !== 1);
  if (rows === undefined || rows !== columns || others.length > 0 || data.length !== rows ** 2)
    return undefined;
  const isOne = (x: number | bigint, i: number): boolean => Number(x) === Number(i % (rows + 1) === 0);
  return data.every(isOne) ? rows : undefined;
}

function stepOf({ data }: Constant): number | undefined {
  if (data.length < 2) return undefined;
  const [first, second] = [Number(data[0]), Number(data[1])];
  const step = second - first;
  return data.every((x: number | bigint, i: number) => Number(x) === first + i * step) ? step : undefined;
}

function dimName({ slope, offset }: BatchLine): number | string {
  if (slope === 0) return offset;
  const scaled = slope === 1 ? 'batch' : `${slope}*batch`;
  return offset === 0 ? scaled : `${scaled}+${offset}`;
}

function assertSameNode(a: Node, b: Node): void {
  if (a.op !== b.op || a.domain !== b.domain || a.inputs.length !== b.inputs.length) {
    throw dependsOnBatch(`it runs ${a.op} for one size and ${b.op} for another`);
  }
  // As tf.unstack along the batch has.
  if (a.outputs.length !== b.outputs.length) {
    throw dependsOnBatch(
      `${a.op} has ${a.outputs.length} results for one size and ${b.outputs.length} for another`,
    );
  }
  const [left, right] = [JSON.stringify(a.attributes), JSON.stringify(b.attributes)];
  if (left !== right) throw dependsOnBatch(`${a.op} has ${left} for one size and ${right} for another`);
}

function numbersOf({ data }: Constant): number[] {
  return Array.from<number | bigint, number>(data as ArrayLike<number | bigint>, Number);
}
