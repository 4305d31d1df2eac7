// Products of matrices in the forms that ONNX Runtime is fastest at: transposed operands and biases go into them.
// Sums of rows as products with a row of ones, which took half the time, were not worth it: their last digits suffer.

import { type Graph, isConstant, isUniform, type Node, type Value } from './graph.ts';

type Makers = ReadonlyMap<Value, Node>;

/** Puts transposes and biases into the products next to them. */
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
    const kept = gemm?.node ?? withTransposes(node, makers);
    for (const output of kept.outputs) if (output !== null) makers.set(output, kept);
    return kept;
  });
  // A transpose may have other readers; the next pass drops those that have none.
  return { ...graph, nodes: nodes.filter((node) => !absorbed.has(node)) };
}

/** A product of matrices that reads its operands as they lie, where they were transposed for it. */
function withTransposes(node: Node, makers: Makers): Node {
  const [product] = node.outputs;
  if (node.op !== 'MatMul' || product?.dtype !== 'float32' || product.shape.length !== 2) return node;
  const lying = node.inputs.map((operand) => {
    const maker = makers.get(operand!);
    return maker?.op === 'Transpose' && operand!.shape.length === 2 ? maker.inputs[0]! : undefined;
  });
  if (lying.every((operand) => operand === undefined)) return node;
  const [transA, transB] = lying.map((operand) => ({ int: operand === undefined ? 0 : 1 })) as [
    { int: number },
    { int: number },
  ];
  const inputs = node.inputs.map((operand, i) => lying[i] ?? operand);
  return { ...node, op: 'FusedMatMul', domain: 'com.microsoft', inputs, attributes: { transA, transB } };
}

function gemmOf(
  add: Node,
  makers: Makers,
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
    // ONNX Runtime lays out a constant matrix once; for one that changes, Gemm is slower than a product and a sum.
    if (!isConstant(matmul.inputs[1])) continue;
    const bias = isUniform(term) && term.shape.length === 0 ? { ...term, shape: [output.shape[1]!] } : term;
    if (bias.shape.length !== 1 || bias.shape[0] !== output.shape[1]) continue;
    const inputs = [...matmul.inputs, bias];
    return { product, node: { op: 'Gemm', domain: '', inputs, outputs: add.outputs, attributes: {} } };
  }
  return undefined;
}
