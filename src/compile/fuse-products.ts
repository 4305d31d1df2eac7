// Neighbouring nodes that ONNX Runtime has one operator for.

import { type Graph, isUniform, type Node, type Value } from './graph.ts';

/** Puts a product of matrices and the bias that follows it into one Gemm. */
export function fuseProducts(graph: Graph): Graph {
  const readers = new Map<Value, number>();
  const count = (value: Value | null): void => {
    if (value !== null) readers.set(value, (readers.get(value) ?? 0) + 1);
  };
  for (const node of graph.nodes) node.inputs.forEach(count);
  for (const { value } of graph.outputs) count(value);
  const makers = new Map<Value, Node>();
  const absorbed = new Set<Node>();
  const nodes = graph.nodes.map((node): Node => {
    const gemm = node.op === 'Add' ? gemmOf(node, makers, readers) : undefined;
    if (gemm !== undefined) absorbed.add(makers.get(gemm.product)!);
    const kept = gemm?.node ?? node;
    for (const output of kept.outputs) if (output !== null) makers.set(output, kept);
    return kept;
  });
  return { ...graph, nodes: nodes.filter((node) => !absorbed.has(node)) };
}

function gemmOf(
  add: Node,
  makers: ReadonlyMap<Value, Node>,
  readers: ReadonlyMap<Value, number>,
): { node: Node; product: Value } | undefined {
  const [output] = add.outputs as [Value];
  if (output.dtype !== 'float32' || output.shape.length !== 2) return undefined;
  for (const [product, term] of [add.inputs, add.inputs.toReversed()] as [Value, Value][]) {
    const matmul = makers.get(product);
    const isWhole = product.shape.join() === output.shape.join();
    if (matmul?.op !== 'MatMul' || readers.get(product) !== 1 || !isWhole) continue;
    // Both operands must be matrices, and the bias one number a column; the same in all of them may have lost its shape.
    if (matmul.inputs.some((input) => input!.shape.length !== 2)) continue;
    const bias = isUniform(term) && term.shape.length === 0 ? { ...term, shape: [output.shape[1]!] } : term;
    if (bias.shape.length !== 1 || bias.shape[0] !== output.shape[1]) continue;
    const inputs = [...matmul.inputs, bias];
    return { product, node: { op: 'Gemm', domain: '', inputs, outputs: add.outputs, attributes: {} } };
  }
  return undefined;
}
