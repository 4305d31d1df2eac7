// Graph → the bytes of an ONNX file: a ModelProto of IR version 8 that holds weights as raw data, or refers to a
// second file where they would not fit, since protobuf ends at 2 GiB.
// Field numbers and element types: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Left out: subgraphs,
// functions, the shapes of values between nodes (ONNX Runtime infers them), versions and documentation.

import { CompileError, ConfigError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import { bytes, encodeFields, type Field, float, integer, message, sizeOfFields, text } from '../protobuf.ts';
import { sizeOf } from '../shape.ts';
import { denseData, elementsOf, ONNX_TYPE } from './build.ts';
import type { Attribute, Constant, Graph, Node, Port, Value } from './graph.ts';
import { constantsOf, isConstant } from './graph.ts';

/** A second file, for the weights. */
export interface ExternalData {
  /** where it lies as seen from the folder of the model file, parts joined by `/` */
  readonly location: string;
  /** Takes the next bytes of the file; they may be a weight's own memory, so keep no reference to them. */
  write(chunk: Uint8Array): void;
  /** bytes from which a tensor lies there, default 1024: shapes stay where tools look for them */
  readonly threshold?: number;
}

export interface OnnxOptions {
  readonly externalData?: ExternalData;
}

/** A tensor's bytes as fields of its TensorProto. */
type Place = (data: Uint8Array) => Field[];

const MODEL = { irVersion: 1, producerName: 2, graph: 7, opsetImport: 8 } as const;
const OPSET = { domain: 1, version: 2 } as const;
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const;
const NODE = { input: 1, output: 2, name: 3, op: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { name: 1, float: 2, int: 3, string: 4, tensor: 5, ints: 8, type: 20 } as const;
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, tensor: 4, ints: 7 } as const;
const TENSOR = { dims: 1, dtype: 2, name: 8, rawData: 9, externalData: 13, dataLocation: 14 } as const;
const VALUE_INFO = { name: 1, type: 2 } as const;
const TYPE = { tensor: 1 } as const;
const TENSOR_TYPE = { dtype: 1, shape: 2 } as const;
const SHAPE = { dim: 1 } as const;
const DIM = { value: 1, param: 2 } as const;
const ENTRY = { key: 1, value: 2 } as const;

const IR_VERSION = 8;
const OPSET_VERSIONS = { '': 17, 'com.microsoft': 1 } as const;
const EXTERNAL = 1;
/** Offsets in the second file are multiples of a memory page, so that runtimes can map it. */
const PAGE = new Uint8Array(4096);
/** What protobuf's readers accept. */
const LARGEST_FILE = 2 ** 31 - 1;
/** Elements up to which a constant that is the same everywhere is written out. */
const LARGEST_FILL = 1024;

/**
 * The ONNX file of a graph: operator set 17 and, where a node asks for it, com.microsoft 1.
 *
 * Weights are copied once, into the result. A constant that is the same everywhere stays one element.
 *
 * @param options.externalData - writes large tensors to a second file as they come; default: all lie in the model
 * @throws ConfigError for options that cannot be used
 * @throws CompileError for ports whose names clash, fractions where ONNX has integers, and beyond 2 GiB
 * @example const session = await InferenceSession.create(encodeOnnx(graph));
 */
export function encodeOnnx(graph: Graph, options: OnnxOptions = {}): Uint8Array {
  const place = resolvePlace(options);
  const nameOf = nameValues(graph);
  const nodes: Field[] = [];
  const initializers: Field[] = [];
  const addNode = (node: Node, inputs: string[], outputs: string[]): void => {
    nodes.push(message(GRAPH.node, nodeFields(node, `${node.op}_${nodes.length}`, inputs, outputs)));
  };
  const addInitializer = (constant: Constant): void => {
    initializers.push(message(GRAPH.initializer, tensorFields(constant, place, nameOf(constant))));
  };

  for (const constant of constantsOf(graph)) {
    if (isLargeFill(constant)) {
      const shape = shapeOf(constant);
      addInitializer(shape);
      addNode(fillNode(constant), [nameOf(shape)], [nameOf(constant)]);
    } else {
      addInitializer(constant);
    }
  }
  for (const node of graph.nodes) addNode(node, node.inputs.map(nameOf), node.outputs.map(nameOf));
  for (const { name, value } of graph.outputs) {
    // A constant, an input, or what another output is too.
    if (nameOf(value) !== name) addNode(IDENTITY, [nameOf(value)], [name]);
  }

  const usesMicrosoft = graph.nodes.some((node) => node.domain === 'com.microsoft');
  const model = [
    integer(MODEL.irVersion, IR_VERSION),
    text(MODEL.producerName, 'clippo-ts'),
    message(MODEL.graph, [
      ...nodes,
      text(GRAPH.name, 'clippo-ts'),
      ...initializers,
      ...graph.inputs.map((port) => message(GRAPH.input, portFields(port))),
      ...graph.outputs.map((port) => message(GRAPH.output, portFields(port))),
    ]),
    opset(''),
    ...(usesMicrosoft ? [opset('com.microsoft')] : []),
  ];
  const size = sizeOfFields(model);
  if (size > LARGEST_FILE) {
    throw new CompileError(
      `encodeOnnx: the model takes ${size} bytes, an ONNX file holds at most ${LARGEST_FILE}. Give externalData, so that the weights go to a second file.`,
    );
  }
  return encodeFields(model);
}

function resolvePlace(options: OnnxOptions): Place {
  refuseUnknown('encodeOnnx', options, ['externalData']);
  if (options.externalData === undefined) return placeInside;
  refuseUnknown('encodeOnnx: externalData', options.externalData, ['location', 'write', 'threshold']);
  const { externalData } = options;
  const { location, threshold = 1024 } = externalData;
  assertNumber('encodeOnnx', 'externalData.threshold', threshold, 0, Infinity);
  const parts = typeof location === 'string' ? location.split('/') : [''];
  if (parts.includes('') || parts.includes('..')) {
    throw new ConfigError(
      `encodeOnnx: externalData.location: expected a path below the folder of the model file, such as "model.onnx.data", got ${describeValue(location)}.`,
    );
  }
  if (typeof externalData.write !== 'function') {
    throw new ConfigError(
      `encodeOnnx: externalData.write: expected a function that takes bytes, got ${describeValue(externalData.write)}.`,
    );
  }
  return placeOutside(externalData, threshold);
}

function placeInside(data: Uint8Array): Field[] {
  return [bytes(TENSOR.rawData, data)];
}

function placeOutside(file: ExternalData, threshold: number): Place {
  let end = 0;
  return (data) => {
    if (data.length < threshold || data.length === 0) return placeInside(data);
    const padding = (PAGE.length - (end % PAGE.length)) % PAGE.length;
    if (padding > 0) file.write(PAGE.subarray(0, padding));
    file.write(data);
    const offset = end + padding;
    end = offset + data.length;
    const entries = Object.entries({ location: file.location, offset, length: data.length });
    return [
      ...entries.map(([key, value]) =>
        message(TENSOR.externalData, [text(ENTRY.key, key), text(ENTRY.value, String(value))]),
      ),
      integer(TENSOR.dataLocation, EXTERNAL),
    ];
  };
}

/**
 * What every value is called: a port's value like its port, a constant `c0`, anything else `t0`; none is ''.
 *
 * @throws CompileError if a port has no name, or another's
 */
function nameValues({ inputs, outputs }: Graph): (value: Value | null) => string {
  const taken = new Set(['']);
  for (const { name } of [...inputs, ...outputs]) {
    if (taken.has(name)) {
      throw new CompileError(
        `encodeOnnx: inputs and outputs need names of their own, got ${JSON.stringify(name)}${name === '' ? '' : ' twice'}.`,
      );
    }
    taken.add(name);
  }
  const names = new Map<Value, string>();
  for (const { name, value } of inputs) if (!names.has(value)) names.set(value, name);
  for (const { name, value } of outputs) if (!names.has(value) && !isConstant(value)) names.set(value, name);
  const counts = { c: 0, t: 0 };
  const create = (letter: 'c' | 't'): string => {
    const name = `${letter}${counts[letter]++}`;
    return taken.has(name) ? create(letter) : name;
  };
  return (value) => {
    if (value === null) return '';
    const name = names.get(value) ?? create(isConstant(value) ? 'c' : 't');
    names.set(value, name);
    return name;
  };
}

const IDENTITY: Node = { op: 'Identity', domain: '', inputs: [], outputs: [], attributes: {} };

function fillNode({ dtype, data }: Constant): Node {
  const attributes = { value: { tensor: { dtype, shape: [1], data } } };
  return { op: 'ConstantOfShape', domain: '', inputs: [], outputs: [], attributes };
}

function isLargeFill({ shape, data }: Constant): boolean {
  return data.length === 1 && sizeOf(shape) > LARGEST_FILL;
}

function shapeOf({ shape }: Constant): Constant {
  return { dtype: 'int64', shape: [shape.length], data: elementsOf('int64', shape) };
}

function nodeFields(node: Node, name: string, inputs: string[], outputs: string[]): Field[] {
  return [
    ...withoutTail(inputs).map((input) => text(NODE.input, input)),
    ...withoutTail(outputs).map((output) => text(NODE.output, output)),
    text(NODE.name, name),
    text(NODE.op, node.op),
    ...Object.entries(node.attributes).map(([key, attribute]) =>
      message(NODE.attribute, attributeFields(`${name}.${key}`, key, attribute)),
    ),
    ...(node.domain === '' ? [] : [text(NODE.domain, node.domain)]),
  ];
}

/** What is left out at the end is not even named. */
function withoutTail(names: readonly string[]): readonly string[] {
  return names.slice(0, names.findLastIndex((name) => name !== '') + 1);
}

function attributeFields(what: string, name: string, attribute: Attribute): Field[] {
  const [fields, type] = attributeValue(what, attribute);
  return [text(ATTRIBUTE.name, name), ...fields, integer(ATTRIBUTE.type, type)];
}

function attributeValue(what: string, attribute: Attribute): [fields: Field[], type: number] {
  if ('float' in attribute) return [[float(ATTRIBUTE.float, attribute.float)], ATTRIBUTE_TYPE.float];
  if ('int' in attribute) return [[whole(what, ATTRIBUTE.int, attribute.int)], ATTRIBUTE_TYPE.int];
  if ('string' in attribute) return [[text(ATTRIBUTE.string, attribute.string)], ATTRIBUTE_TYPE.string];
  if ('ints' in attribute) {
    return [attribute.ints.map((value) => whole(what, ATTRIBUTE.ints, value)), ATTRIBUTE_TYPE.ints];
  }
  return [[message(ATTRIBUTE.tensor, tensorFields(attribute.tensor, placeInside))], ATTRIBUTE_TYPE.tensor];
}

/** @throws CompileError for what would be another number in the file */
function whole(what: string, number: number, value: number): Field {
  if (Number.isSafeInteger(value)) return integer(number, value);
  throw new CompileError(`encodeOnnx: ${what}: expected an integer, got ${value}.`);
}

function tensorFields(constant: Constant, place: Place, name?: string): Field[] {
  const data = denseData(constant); // its own memory, unless one element stands for many
  return [
    ...constant.shape.map((size) => integer(TENSOR.dims, size)),
    integer(TENSOR.dtype, ONNX_TYPE[constant.dtype]),
    ...(name === undefined ? [] : [text(TENSOR.name, name)]),
    ...place(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ];
}

function portFields({ name, value, dims }: Port): Field[] {
  const shape = dims.map((dim) =>
    message(SHAPE.dim, [typeof dim === 'number' ? integer(DIM.value, dim) : text(DIM.param, dim)]),
  );
  const type = [
    integer(TENSOR_TYPE.dtype, ONNX_TYPE[value.dtype]),
    message(TENSOR_TYPE.shape, shape), // there for rank 0 too: without it the rank were unknown
  ];
  return [text(VALUE_INFO.name, name), message(VALUE_INFO.type, [message(TYPE.tensor, type)])];
}

function opset(domain: Node['domain']): Field {
  const fields = domain === '' ? [] : [text(OPSET.domain, domain)];
  return message(MODEL.opsetImport, [...fields, integer(OPSET.version, OPSET_VERSIONS[domain])]);
}
