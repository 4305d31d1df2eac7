// Parquet files for tests: required columns of text, bytes, numbers and structs, PLAIN, unpacked, one page a column and row
// group. After the format's parquet.thrift, in Thrift's compact protocol.

import { bytesOf } from './memory-files.ts';
import { join } from './tar-writer.ts';

/** `bytes` has no logical type, as Hugging Face's pictures; `int64` and `float` are its labels; an object is a struct. */
export type ColumnType = LeafType | { readonly [name: string]: ColumnType };
type LeafType = 'text' | 'bytes' | 'int64' | 'float';

type Cell = string | Uint8Array | number | { readonly [name: string]: Cell };

/** Parquet's numbers of the types. */
const PHYSICAL = { text: 6, bytes: 6, int64: 2, float: 4 };

export interface ParquetTable {
  readonly columns: { readonly [name: string]: ColumnType };
  /** Row groups of rows. */
  readonly groups: readonly (readonly { readonly [name: string]: Cell }[])[];
  /** What the file says of how pages are packed, true or not. Default 0, not at all. */
  readonly codec?: number;
  /** What the file says of the rows of a group, where it is not the truth. */
  readonly rows?: number;
}

interface Leaf {
  readonly path: readonly string[];
  readonly type: LeafType;
}

export function makeParquet({ columns, groups, codec = 0, rows }: ParquetTable): Uint8Array {
  const leaves = leavesOf(columns, []);
  const parts = [bytesOf('PAR1')];
  let offset = 4;
  const rowGroups = groups.map((group) => {
    const chunks = leaves.map(({ path, type }) => {
      const cells = group.map((row) => path.reduce<Cell>((cell, name) => (cell as typeof row)[name]!, row));
      const data = join(cells.map((cell) => plain(cell as string | Uint8Array | number, type)));
      const page = join([pageHeader(data.length, group.length), data]);
      parts.push(page);
      const column = { path, type, offset, size: page.length, values: group.length };
      offset += page.length;
      return column;
    });
    return { chunks, rows: rows ?? group.length };
  });

  const total = rowGroups.reduce((sum, group) => sum + group.rows, 0);
  const footer = struct([
    [1, i32(1)],
    [2, list(12, schemaOf('schema', columns, true))],
    [3, i64(total)],
    [
      4,
      list(
        12,
        rowGroups.map(
          (group) =>
            struct([
              [
                1,
                list(
                  12,
                  group.chunks.map((chunk) => columnChunk(chunk, codec)),
                ),
              ],
              [2, i64(group.chunks.reduce((sum, chunk) => sum + chunk.size, 0))],
              [3, i64(group.rows)],
            ]).bytes,
        ),
      ),
    ],
  ]).bytes;
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, footer.length, true);
  return join([...parts, footer, length, bytesOf('PAR1')]);
}

function leavesOf(columns: ParquetTable['columns'], above: readonly string[]): Leaf[] {
  return Object.entries(columns).flatMap(([name, type]) =>
    typeof type === 'string' ? [{ path: [...above, name], type }] : leavesOf(type, [...above, name]),
  );
}

function plain(cell: string | Uint8Array | number, type: LeafType): Uint8Array {
  if (typeof cell === 'number') {
    const view = new DataView(new ArrayBuffer(type === 'int64' ? 8 : 4));
    if (type === 'int64') view.setBigInt64(0, BigInt(cell), true);
    else view.setFloat32(0, cell, true);
    return new Uint8Array(view.buffer);
  }
  const bytes = bytesOf(cell);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length, true);
  return join([length, bytes]);
}

function schemaOf(name: string, type: ColumnType, isRoot = false): Uint8Array[] {
  const required: Field[] = isRoot ? [] : [[3, i32(0)]];
  if (typeof type === 'string') {
    const utf8: Field[] = type === 'text' ? [[6, i32(0)]] : [];
    return [struct([[1, i32(PHYSICAL[type])], ...required, [4, text(name)], ...utf8]).bytes];
  }
  const children = Object.entries(type);
  const self = struct([...required, [4, text(name)], [5, i32(children.length)]]).bytes;
  return [self, ...children.flatMap(([child, its]) => schemaOf(child, its))];
}

function pageHeader(size: number, values: number): Uint8Array {
  const data = struct([
    [1, i32(values)],
    [2, i32(0)],
    [3, i32(3)],
    [4, i32(3)],
  ]);
  return struct([
    [1, i32(0)],
    [2, i32(size)],
    [3, i32(size)],
    [5, data],
  ]).bytes;
}

interface Chunk extends Leaf {
  readonly offset: number;
  readonly size: number;
  readonly values: number;
}

function columnChunk({ path, type, offset, size, values }: Chunk, codec: number): Uint8Array {
  const metadata = struct([
    [1, i32(PHYSICAL[type])],
    [2, list(5, [zigzag(0)])],
    [
      3,
      list(
        8,
        path.map((name) => text(name).bytes),
      ),
    ],
    [4, i32(codec)],
    [5, i64(values)],
    [6, i64(size)],
    [7, i64(size)],
    [9, i64(offset)],
  ]);
  return struct([
    [2, i64(offset)],
    [3, metadata],
  ]).bytes;
}

/** A value of Thrift's compact protocol, with the number of its type. */
interface Value {
  readonly type: number;
  readonly bytes: Uint8Array;
}
type Field = readonly [id: number, value: Value];

function struct(fields: readonly Field[]): Value {
  let last = 0;
  const parts = fields.flatMap(([id, { type, bytes }]) => {
    const header = Uint8Array.of(((id - last) << 4) | type);
    last = id;
    return [header, bytes];
  });
  return { type: 12, bytes: join([...parts, Uint8Array.of(0)]) };
}

function list(type: number, items: readonly Uint8Array[]): Value {
  const isShort = items.length < 15;
  const head = isShort
    ? Uint8Array.of((items.length << 4) | type)
    : join([Uint8Array.of(0xf0 | type), varint(items.length)]);
  return { type: 9, bytes: join([head, ...items]) };
}

function i32(value: number): Value {
  return { type: 5, bytes: zigzag(value) };
}

function i64(value: number): Value {
  return { type: 6, bytes: zigzag(value) };
}

function text(value: string): Value {
  const bytes = bytesOf(value);
  return { type: 8, bytes: join([varint(bytes.length), bytes]) };
}

/** For numbers that are not negative. */
function zigzag(value: number): Uint8Array {
  return varint(2 * value);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Uint8Array.of(...bytes, value);
}
