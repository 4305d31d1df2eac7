// A reader of ONNX files for tests, written from onnx.proto alone: plain objects under the names that onnx.proto
// uses. A field that is not in the tables, a wire type that does not fit and bytes left over are errors.

type Kind = 'int' | 'float' | 'bytes' | 'text' | keyof typeof MESSAGES;

/** Field number → name and kind; `*` marks a repeated field. */
const MESSAGES = {
  ModelProto: {
    1: 'ir_version int',
    2: 'producer_name text',
    7: 'graph GraphProto',
    8: 'opset_import *OperatorSetIdProto',
  },
  OperatorSetIdProto: { 1: 'domain text', 2: 'version int' },
  GraphProto: {
    1: 'node *NodeProto',
    2: 'name text',
    5: 'initializer *TensorProto',
    11: 'input *ValueInfoProto',
    12: 'output *ValueInfoProto',
  },
  NodeProto: {
    1: 'input *text',
    2: 'output *text',
    3: 'name text',
    4: 'op_type text',
    5: 'attribute *AttributeProto',
    7: 'domain text',
  },
  AttributeProto: {
    1: 'name text',
    2: 'f float',
    3: 'i int',
    4: 's bytes',
    5: 't TensorProto',
    8: 'ints *int',
    20: 'type int',
  },
  TensorProto: {
    1: 'dims *int',
    2: 'data_type int',
    8: 'name text',
    9: 'raw_data bytes',
    13: 'external_data *StringStringEntryProto',
    14: 'data_location int',
  },
  StringStringEntryProto: { 1: 'key text', 2: 'value text' },
  ValueInfoProto: { 1: 'name text', 2: 'type TypeProto' },
  TypeProto: { 1: 'tensor_type Tensor' },
  Tensor: { 1: 'elem_type int', 2: 'shape TensorShapeProto' },
  TensorShapeProto: { 1: 'dim *Dimension' },
  Dimension: { 1: 'dim_value int', 2: 'dim_param text' },
} as const satisfies Record<string, Record<number, string>>;

export interface TensorProto {
  readonly dims?: number[];
  readonly data_type: number;
  readonly name?: string;
  readonly raw_data?: number[];
  readonly external_data?: { readonly key: string; readonly value: string }[];
}

export interface NodeProto {
  readonly name: string;
  readonly op_type: string;
  readonly input?: string[];
  readonly output?: string[];
  readonly attribute?: { readonly name: string; readonly t?: TensorProto }[];
}

export interface ValueInfoProto {
  readonly name: string;
  readonly type: {
    readonly tensor_type: {
      readonly elem_type: number;
      readonly shape: { readonly dim?: { readonly dim_value?: number; readonly dim_param?: string }[] };
    };
  };
}

/** The parts that tests look into. */
export interface ModelProto {
  readonly opset_import: { readonly domain?: string; readonly version: number }[];
  readonly graph: {
    readonly node?: NodeProto[];
    readonly initializer?: TensorProto[];
    readonly input?: ValueInfoProto[];
    readonly output?: ValueInfoProto[];
  };
}

export function readOnnx(file: Uint8Array): ModelProto {
  return readMessage(file, 'ModelProto') as unknown as ModelProto; // the tables above say the same
}

function readMessage(file: Uint8Array, type: keyof typeof MESSAGES): Record<string, unknown> {
  const table: Record<number, string> = MESSAGES[type];
  const found: Record<string, unknown> = {};
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = file[at++];
      if (byte === undefined || shift > 63n) throw new Error(`${type}: a number runs past its end`);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  while (at < file.length) {
    const key = varint();
    const entry = table[key >> 3];
    if (entry === undefined) throw new Error(`${type} has no field ${key >> 3}`);
    const [name = '', repeatedKind = ''] = entry.split(' ');
    const kind = repeatedKind.replace('*', '') as Kind; // what the tables are made of
    const wireType = kind === 'int' ? 0 : kind === 'float' ? 5 : 2;
    if ((key & 7) !== wireType) throw new Error(`${type}.${name}: wire type ${key & 7}`);
    let value: unknown;
    if (kind === 'int') {
      value = varint();
    } else {
      const length = kind === 'float' ? 4 : varint();
      if (at + length > file.length) throw new Error(`${type}.${name} runs past its end`);
      const payload = file.subarray(at, at + length);
      at += length;
      if (kind === 'float') value = new DataView(payload.slice().buffer).getFloat32(0, true);
      else if (kind === 'bytes') value = [...payload];
      else if (kind === 'text') value = new TextDecoder('utf-8', { fatal: true }).decode(payload);
      else value = readMessage(payload, kind);
    }
    if (!repeatedKind.startsWith('*')) found[name] = value;
    else found[name] = [...((found[name] ?? []) as unknown[]), value]; // an array since its first element
  }
  return found;
}
