// Two recordings of one function at two batch sizes → one graph for every batch size. What is equal in both does not
// depend on it; a size that differs is k·batch + c; a scalar that differs is a product with the batch size or a
// quotient by it, as in a mean. Everything is worked out from the shape of the first input while the graph runs.

import { CompileError } from '../errors.ts';
import { sizeOf } from '../shape.ts';
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
 * Two sizes that hardly stand for anything else in a program. One is odd, one even, and a prime lies between them, so
 * that rounded fractions of the batch size do not look like whole multiples.
 */
export const TRIAL_BATCHES = [61, 74] as const;

/** slope·batch + offset */
interface Linear {
  readonly slope: number;
  readonly offset: number;
}

/**
 * @param a - recorded with the batch dimension {@link TRIAL_BATCHES}[0]
 * @param b - recorded with the other one
 * @param dims - per function input, `'batch'` where it is free
 * @throws CompileError when the two differ in more than sizes that follow the batch
 */
export function freeBatch(a: Graph, b: Graph, dims: readonly (readonly (number | 'batch')[])[]): Graph {
  if (a.nodes.length !== b.nodes.length) throw dependsOnBatch('it runs other operations for another size');
  if (namesOf(a.inputs) !== namesOf(b.inputs)) throw dependsOnBatch('it uses other variables in every call');
  const build = createGraphBuilder();
  const source = dims.findIndex((shape) => shape.includes('batch'));
  const batch = batchOf(a.inputs[source]!.value, dims[source]!.indexOf('batch'), build);
  const partner = new Map<Value, Value>();
  a.inputs.forEach((port, i) => void partner.set(port.value, b.inputs[i]!.value));

  const nodes: Node[] = [];
  a.nodes.forEach((node, i) => {
    const other = b.nodes[i]!;
    assertSameNode(node, other);
    const local = createGraphBuilder();
    const inputs = node.inputs.map((input, k) => {
      const twin = other.inputs[k] ?? null;
      if (isConstant(input) && isConstant(twin)) {
        if (node.op !== 'Reshape' || k !== 1)
          return constantFor(input, twin, `${node.op} reads`, batch, local);
        return reshapeTarget(input, twin, batch, local);
      }
      if (input !== null && partner.get(input) !== twin) {
        throw dependsOnBatch(`${node.op} reads something else`);
      }
      return input;
    });
    node.outputs.forEach((output, k) => {
      if (output !== null) partner.set(output, other.outputs[k]!);
    });
    nodes.push(...local.nodes, { ...node, inputs });
  });
  if (namesOf(a.outputs) !== namesOf(b.outputs)) throw dependsOnBatch(RETURNS);
  const local = createGraphBuilder();
  const outputs = a.outputs.map((port, i): Port => {
    const twin = b.outputs[i]!.value;
    const isKnown = isConstant(port.value) && isConstant(twin);
    if (!isKnown && partner.get(port.value) !== twin) throw dependsOnBatch(RETURNS);
    const value = isKnown
      ? constantFor(port.value as Constant, twin, 'it returns', batch, local)
      : port.value;
    return { name: port.name, value, dims: dimsOf(port.value, twin) };
  });
  nodes.push(...local.nodes);
  const isUsed =
    nodes.some((node) => node.inputs.includes(batch)) || outputs.some(({ value }) => value === batch);
  return {
    inputs: a.inputs.map((port, i) => ({ ...port, dims: dimsOf(port.value, b.inputs[i]!.value) })),
    outputs,
    nodes: isUsed ? [...build.nodes, ...nodes] : nodes,
  };
}

const RETURNS = 'it returns something else for another size';

function namesOf(ports: readonly Port[]): string {
  return JSON.stringify(ports.map(({ name }) => name));
}

function dimsOf(a: Value, b: Value): (number | string)[] {
  if (a.shape.length !== b.shape.length) throw dependsOnBatch(RETURNS);
  return linears(a.shape, b.shape).map(dimName);
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
function constantFor(a: Constant, b: Constant, use: string, batch: Value, build: GraphBuilder): Value {
  const sameShape = a.shape.join() === b.shape.join();
  const sameData =
    a.data === b.data || (a.data.length === b.data.length && a.data.every((x, i) => Object.is(x, b.data[i])));
  if (sameShape && sameData) return a;
  if (a.dtype === 'int64' && sameShape && a.shape.length === 1) {
    return sizesFrom(linears(numbersOf(a), numbersOf(b)), batch, build);
  }
  if (isUniform(a) && isUniform(b)) {
    const value = sameData ? { ...a, shape: [] } : scalarFrom(a, b, batch, build);
    if (sameShape && a.shape.length === 0) return value;
    if (a.shape.length !== b.shape.length) throw changes(a, use);
    const shape = sizesFrom(linears(a.shape, b.shape), batch, build);
    return build.node('Expand', [value, shape], a);
  }
  const grown = identityFrom(a, b, batch, build) ?? rangeFrom(a, b, batch, build);
  if (grown !== undefined) return grown;
  throw changes(a, use);
}

function changes({ shape }: Constant, use: string): CompileError {
  return dependsOnBatch(`a constant [${shape.join(', ')}] that ${use} changes with it`);
}

/** With one unknown size ONNX finds it out by itself. */
function reshapeTarget(a: Constant, b: Constant, batch: Value, build: GraphBuilder): Value {
  if (a.shape.join() !== b.shape.join()) throw changes(a, 'Reshape reads');
  const sizes = linears(numbersOf(a), numbersOf(b));
  if (sizes.every(({ slope }) => slope === 0)) return a;
  const free = sizes.filter(({ slope }) => slope !== 0);
  if (free.length !== 1) return sizesFrom(sizes, batch, build);
  return build.ints(sizes.map(({ slope, offset }) => (slope === 0 ? offset : -1)));
}

/** int64 [n] of sizes that follow the batch. */
function sizesFrom(sizes: readonly Linear[], batch: Value, build: GraphBuilder): Value {
  const parts = sizes.map(({ slope, offset }) => {
    if (slope === 0) return build.ints([offset]);
    const scaled = slope === 1 ? batch : build.node('Mul', [batch, build.ints([slope])], batch);
    return offset === 0 ? scaled : build.node('Add', [scaled, build.ints([offset])], batch);
  });
  if (parts.length === 1) return parts[0]!;
  return build.node('Concat', parts, { dtype: 'int64', shape: [parts.length] }, { axis: { int: 0 } });
}

/** A scalar that is α·batch, α/batch or a whole k·batch + c. */
function scalarFrom(a: Constant, b: Constant, batch: Value, build: GraphBuilder): Value {
  const [x, y] = [Number(a.data[0]), Number(b.data[0])];
  const [m, n] = TRIAL_BATCHES;
  const scalar = build.reshape(build.cast(batch, a.dtype), []);
  const near = (p: number, q: number): boolean => Math.abs(p - q) <= 1e-6 * Math.abs(p);
  if (a.dtype === 'float32') {
    if (near(x * m, y * n))
      return build.node('Div', [build.scalar(round((x * m + y * n) / 2)), scalar], scalar);
    if (near(x / m, y / n))
      return build.node('Mul', [build.scalar(round((x / m + y / n) / 2)), scalar], scalar);
  }
  const { slope, offset } = linear(x, y);
  const scaled = build.node('Mul', [scalar, build.scalar(slope, a.dtype)], scalar);
  return build.node('Add', [scaled, build.scalar(offset, a.dtype)], scalar);
}

/** A factor that is whole but for float32 rounding is whole. */
function round(value: number): number {
  const nearest = Math.round(value);
  return Math.abs(value - nearest) <= 1e-6 * Math.abs(value) ? nearest : value;
}

/** The identity matrix of a size that follows the batch, as tf.eye makes it. */
function identityFrom(a: Constant, b: Constant, batch: Value, build: GraphBuilder): Value | undefined {
  if (!isIdentity(a) || !isIdentity(b)) return undefined;
  const [size] = a.shape as [number];
  const numbers = countTo(linear(size, b.shape[0]!), size, batch, build);
  const column = build.node('Unsqueeze', [numbers, build.ints([1])], { dtype: 'int64', shape: [size, 1] });
  return build.cast(build.node('Equal', [numbers, column], { dtype: 'bool', shape: a.shape }), a.dtype);
}

/** first, first + step, … up to a count that follows the batch. */
function rangeFrom(a: Constant, b: Constant, batch: Value, build: GraphBuilder): Value | undefined {
  const step = stepOf(a);
  if (step === undefined || step !== stepOf(b) || a.data[0] !== b.data[0]) return undefined;
  const [size] = a.shape as [number];
  const numbers = build.cast(countTo(linear(size, b.shape[0]!), size, batch, build), a.dtype);
  const scaled = build.node('Mul', [numbers, build.scalar(step, a.dtype)], numbers);
  return build.node('Add', [scaled, build.scalar(Number(a.data[0]), a.dtype)], numbers);
}

/** 0, 1 … count − 1 as int64. */
function countTo(count: Linear, size: number, batch: Value, build: GraphBuilder): Value {
  const end = build.reshape(sizesFrom([count], batch, build), []);
  const [start, step] = [build.scalar(0, 'int64'), build.scalar(1, 'int64')];
  return build.node('Range', [start, end, step], { dtype: 'int64', shape: [size] });
}

function isIdentity({ shape, data }: Constant): boolean {
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows !== columns || data.length !== sizeOf(shape)) return false;
  return data.every((x: number | bigint, i: number) => Number(x) === Number(i % (rows! + 1) === 0));
}

function stepOf({ shape, data }: Constant): number | undefined {
  if (shape.length !== 1 || data.length < 2 || data.length !== shape[0]) return undefined;
  const [first, second] = [Number(data[0]), Number(data[1])];
  const step = second - first;
  return data.every((x: number | bigint, i: number) => Number(x) === first + i * step) ? step : undefined;
}

function linear(x: number, y: number): Linear {
  const [m, n] = TRIAL_BATCHES;
  const slope = (y - x) / (n - m);
  const offset = x - slope * m;
  if (Number.isInteger(slope) && Number.isInteger(offset)) return { slope, offset };
  throw dependsOnBatch(`it uses ${x} where the batch is ${m} and ${y} where it is ${n}`);
}

function linears(a: readonly number[], b: readonly number[]): Linear[] {
  return a.map((x, i) => linear(x, b[i]!));
}

function dimName({ slope, offset }: Linear): number | string {
  if (slope === 0) return offset;
  const scaled = slope === 1 ? 'batch' : `${slope}*batch`;
  return offset === 0 ? scaled : `${scaled}+${offset}`;
}

function assertSameNode(a: Node, b: Node): void {
  if (a.op !== b.op || a.domain !== b.domain || a.inputs.length !== b.inputs.length) {
    throw dependsOnBatch(`it runs ${a.op} for one size and ${b.op} for another`);
  }
  const [left, right] = [JSON.stringify(a.attributes), JSON.stringify(b.attributes)];
  if (left !== right) throw dependsOnBatch(`${a.op} has ${left} for one size and ${right} for another`);
}

function dependsOnBatch(how: string): CompileError {
  return new CompileError(
    `compile: the function cannot be kept free of the batch size: ${how}. Give all sizes of \`inputs\` as numbers to compile for one batch.`,
  );
}

function numbersOf({ data }: Constant): number[] {
  return Array.from<number | bigint, number>(data as ArrayLike<number | bigint>, Number);
}
