// Passes over the graph that keep its results: constants are worked out, what is computed twice is computed once,
// what does nothing goes, and what nobody reads goes.

import { ALGEBRA } from './algebra.ts';
import { foldUniform } from './fold.ts';
import {
  type Attribute,
  type Graph,
  isConstant,
  isUniform,
  type Node,
  type Port,
  type Value,
} from './graph.ts';

/** Simplifies until nothing changes; each pass is linear in the number of nodes. */
export function simplify(graph: Graph): Graph {
  let current = removeDead(graph);
  for (;;) {
    const next = removeDead(rewrite(current));
    if (next.nodes.length === current.nodes.length) return next;
    current = next;
  }
}

/** One pass in program order: every input is already as simple as it gets. */
function rewrite(graph: Graph): Graph {
  const replaced = new Map<Value, Value>();
  const resolve = (value: Value): Value => replaced.get(value) ?? value;
  const makers = new Map<Value, Node>();
  const known = new Map<string, Node>();
  const numbers = new Map<unknown, number>();
  const nodes: Node[] = [];

  for (const given of graph.nodes) {
    const resolved = given.inputs.map((input) => input && resolve(input));
    const inputs = resolved.map((input) => input && shrinkUniform(given, resolved, input));
    let node: Node = { ...given, inputs };
    let simpler = foldUniform(node) ?? ALGEBRA[node.op]?.(node, makers);
    // What stands in for a node may itself be simpler still: a reduction that is a reshape of a reshape.
    while (simpler !== undefined && 'op' in simpler) {
      node = simpler;
      simpler = ALGEBRA[node.op]?.(node, makers);
    }
    if (simpler !== undefined) {
      replaced.set(node.outputs[0]!, resolve(simpler));
      continue;
    }
    const key = keyOf(node, numbers);
    const twin = DRAWING.has(node.op) ? undefined : known.get(key);
    if (twin !== undefined) {
      node.outputs.forEach((output, i) => {
        if (output !== null) replaced.set(output, twin.outputs[i]!);
      });
      continue;
    }
    known.set(key, node);
    for (const output of node.outputs) if (output !== null) makers.set(output, node);
    nodes.push(node);
  }
  const outputs = graph.outputs.map((port): Port => ({ ...port, value: resolve(port.value) }));
  return { inputs: graph.inputs, outputs, nodes };
}

function removeDead(graph: Graph): Graph {
  const wanted = new Set<Value | null>(graph.outputs.map(({ value }) => value));
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => output !== null && wanted.has(output))) continue;
    for (const input of node.inputs) wanted.add(input);
    nodes.push(node);
  }
  return { ...graph, nodes: nodes.reverse() };
}

const BROADCASTING = new Set([
  ...['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min', 'Where', 'And', 'Or', 'Xor', 'Mod', 'Sum'],
  ...['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'],
]);

/** Operators that give other numbers each time, as kernels of a caller's own may use: never computed once for two. */
const DRAWING = new Set([
  ...['Bernoulli', 'Dropout', 'Multinomial'],
  ...['RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike'],
]);

/** Where others set the shape, a constant that is the same everywhere needs none. */
function shrinkUniform(node: Node, inputs: readonly (Value | null)[], input: Value): Value {
  if (!isUniform(input) || input.shape.length === 0 || !BROADCASTING.has(node.op)) return input;
  const { shape } = node.outputs[0]!;
  const others = inputs.filter((other): other is Value => other !== null && !isUniform(other));
  const isSet =
    others.some((other) => other.shape.length === shape.length) &&
    shape.every(
      (size, axis) => size === 1 || others.some((other) => other.shape.at(axis - shape.length) === size),
    );
  return isSet ? { ...input, shape: [] } : input;
}

/** The same for nodes that compute the same; constants are told by what they hold, where that is little. */
function keyOf(node: Node, numbers: Map<unknown, number>): string {
  const numberOf = (value: unknown): number => {
    const number = numbers.get(value) ?? numbers.size;
    numbers.set(value, number);
    return number;
  };
  const inputs = node.inputs.map((input) => {
    if (input === null) return '-';
    if (!isConstant(input) || input.data.length > 16) return numberOf(input);
    return `${input.dtype}[${input.shape}]${Array.from(input.data, literal)}`;
  });
  const attributes = Object.entries(node.attributes).map(([name, attribute]) =>
    'tensor' in attribute ? `${name}=${numberOf(attribute.tensor)}` : `${name}=${attributeText(attribute)}`,
  );
  const outputs = node.outputs.map((output) => (output === null ? '-' : `${output.dtype}[${output.shape}]`));
  return [node.domain, node.op, inputs.join(';'), attributes.join(';'), outputs.join(';')].join('|');
}

/** As text; JSON knows neither NaN nor ∞. */
function attributeText(attribute: Attribute): string {
  return 'float' in attribute ? literal(attribute.float) : JSON.stringify(attribute);
}

/** As text that also tells −0 from 0. */
function literal(value: number | bigint): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
