// The program between tracing and ONNX: values in single assignment and the nodes that make them. Nodes already
// speak ONNX (operator set 17 and ONNX Runtime's com.microsoft), so that what is simplified is what runs.

/** Element types that occur: those of tfjs, int64 for the shapes and indices ONNX wants so, int8 for weights. */
export type DType = 'float32' | 'int32' | 'bool' | 'int64' | 'int8' | 'uint8';

/** Elements row by row; a bool takes one byte. */
export type ConstantData = Float32Array | Int32Array | Uint8Array | Int8Array | BigInt64Array;

/** A tensor of the program. Values are told apart by identity. */
export interface Value {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Present for constants. One element stands for a constant that is the same everywhere. */
  readonly data?: ConstantData;
}

/** A value that is known before the program runs. */
export type Constant = Value & { readonly data: ConstantData };

/** One attribute of an ONNX node. */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly tensor: Constant };

/** The attributes of an ONNX node by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

export interface Node {
  readonly op: string;
  /** `''` for ONNX's own operators */
  readonly domain: '' | 'com.microsoft';
  /** null for an optional input that is left out */
  readonly inputs: readonly (Value | null)[];
  /** null for an optional output nobody asked for */
  readonly outputs: readonly (Value | null)[];
  readonly attributes: Attributes;
}

/** Where the program meets its caller. */
export interface Port {
  readonly name: string;
  readonly value: Value;
  /** As `value.shape`, with a name for what is only known when the program runs: `'batch'`, `'batch*196'`. */
  readonly dims: readonly (number | string)[];
}

/** Nodes stand in an order in which each follows the makers of its inputs. */
export interface Graph {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodes: readonly Node[];
}

export function isConstant(value: Value | null | undefined): value is Constant {
  return value?.data !== undefined;
}

/** Whether a constant is the same everywhere. */
export function isUniform(value: Value | null | undefined): value is Constant {
  return value?.data?.length === 1;
}

/** Every constant that nodes or outputs use, once. */
export function constantsOf(graph: Graph): Set<Constant> {
  const found = new Set<Constant>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) if (isConstant(input)) found.add(input);
  }
  for (const { value } of graph.outputs) if (isConstant(value)) found.add(value);
  return found;
}
