// softmax(Q·Kᵀ·s)·V with the splitting into heads before it and the merging after it → ONNX Runtime's
// MultiHeadAttention, one node. Where the gradient needs the probabilities they have a second reader, and all stays.

import { createGraphBuilder } from './build.ts';
import { type Graph, isUniform, type Node, type Value } from './graph.ts';

/** Replaces every attention whose inside nobody else reads. */
export function fuseAttention(graph: Graph): Graph {
  const makers = new Map<Value, Node>();
  const readers = new Map<Value, Node[]>();
  for (const node of graph.nodes) {
    for (const output of node.outputs) if (output !== null) makers.set(output, node);
    for (const input of node.inputs) {
      if (input !== null) readers.set(input, [...(readers.get(input) ?? []), node]);
    }
  }
  const returned = new Set(graph.outputs.map(({ value }) => value));
  const find: Finder = {
    maker: (value, op) => {
      const node = value && makers.get(value);
      return node?.op === op ? node : undefined;
    },
    onlyReader: (value) => {
      const list = readers.get(value) ?? [];
      return list.length === 1 && !returned.has(value) ? list[0] : undefined;
    },
  };
  const replacements = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    const found = node.op === 'Softmax' ? attentionAround(node, find) : undefined;
    if (found !== undefined) replacements.set(found.merge, found.nodes);
  }
  if (replacements.size === 0) return graph;
  // What fed the old nodes is dead now, and removed with the rest that nobody reads.
  return { ...graph, nodes: graph.nodes.flatMap((node) => replacements.get(node) ?? node) };
}

interface Finder {
  maker(value: Value | null | undefined, op: string): Node | undefined;
  /** The node that reads a value, if there is one and the value is no result. */
  onlyReader(value: Value): Node | undefined;
}

const SPLIT_HEADS = '0,2,1,3';

function attentionAround(softmax: Node, find: Finder): { merge: Node; nodes: readonly Node[] } | undefined {
  const weights = softmax.outputs[0]!;
  const axis = softmax.attributes.axis;
  if (weights.shape.length !== 4 || !axis || !('int' in axis) || ![-1, 3].includes(axis.int))
    return undefined;
  const scores = find.maker(softmax.inputs[0], 'FusedMatMul');
  const mix = find.onlyReader(weights);
  if (!scores || !isTransposedOnce(scores) || find.onlyReader(scores.outputs[0]!) !== softmax)
    return undefined;
  if (mix?.op !== 'MatMul' || mix.inputs[0] !== weights) return undefined;
  const merge = find.onlyReader(mix.outputs[0]!);
  if (merge?.op !== 'Transpose' || permOf(merge) !== SPLIT_HEADS) return undefined;

  const [query, key] = scores.inputs as [Value, Value];
  const scaling = find.maker(query, 'Mul');
  const factor = scaling?.inputs.find(isUniform);
  // The operator takes 0 for 1/√d.
  if (factor?.data[0] === 0) return undefined;
  const unscaled = factor === undefined ? query : scaling!.inputs.find((input) => input !== factor)!;
  const tokens = [unscaled, key, mix.inputs[1]!].map((heads) => {
    const split = find.maker(heads, 'Transpose');
    return split !== undefined && permOf(split) === SPLIT_HEADS ? split.inputs[0]! : undefined;
  });
  if (tokens.includes(undefined)) return undefined;
  // The operator stretches nothing: as many examples and heads in all three.
  if (new Set(tokens.map((perHead) => [perHead!.shape[0], perHead!.shape[2]].join())).size > 1)
    return undefined;
  const build = createGraphBuilder();
  const [q, k, v] = tokens.map((perHead) => {
    const [batch, count, heads, width] = perHead!.shape as [number, number, number, number];
    return build.reshape(perHead!, [batch, count, heads * width]);
  }) as [Value, Value, Value];
  const merged = merge.outputs[0]!; // [B, Q, A, d]
  const [batch, count, heads, width] = merged.shape as [number, number, number, number];
  const scale = factor === undefined ? 1 : Number(factor.data[0]);
  const mixed = build.node(
    'com.microsoft::MultiHeadAttention',
    [q, k, v],
    { dtype: 'float32', shape: [batch, count, heads * width] },
    { num_heads: { int: heads }, scale: { float: scale } },
  );
  const shape = build.ints(merged.shape);
  const back: Node = { op: 'Reshape', domain: '', inputs: [mixed, shape], outputs: [merged], attributes: {} };
  return { merge, nodes: [...build.nodes, back] };
}

/** Q·Kᵀ and nothing more. */
function isTransposedOnce({ attributes }: Node): boolean {
  const value = (name: string): number => {
    const attribute = attributes[name];
    if (attribute === undefined) return name === 'alpha' ? 1 : 0;
    return 'int' in attribute ? attribute.int : 'float' in attribute ? attribute.float : Number.NaN;
  };
  const others = ['transA', 'transBatchA', 'transBatchB'].every((name) => value(name) === 0);
  return others && value('transB') === 1 && value('alpha') === 1;
}

function permOf({ attributes: { perm } }: Node): string {
  return perm !== undefined && 'ints' in perm ? perm.ints.join() : '';
}
