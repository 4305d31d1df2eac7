// The files `embed` writes and `search` reads: JSON lines, {"input", "kind", "embedding"} each, or an .npy matrix
// with a .json beside it that says what its rows are.

import { readFile } from 'node:fs/promises';
import { createEmbeddings, type Embeddings } from '../embeddings.ts';
import { CheckpointError, ConfigError, DataError } from '../errors.ts';
import { readFile as readBytes } from '../node/index.ts';

export interface IndexedInput {
  /** The text itself, or the path of the picture. */
  readonly input: string;
  readonly kind: 'image' | 'text';
}

export interface IndexRow extends IndexedInput {
  readonly embedding: Float32Array;
}

/** The file beside `x.npy`. */
export interface Sidecar {
  readonly model: string;
  readonly normalized: boolean;
  readonly count: number;
  readonly dim: number;
  readonly inputs: readonly IndexedInput[];
}

export interface EmbeddingIndex {
  readonly inputs: readonly IndexedInput[];
  readonly embeddings: Embeddings;
  /** What made it, where the file says so. */
  readonly model?: string;
}

/** @throws ConfigError for a name `embed` would not write */
export function indexFormat(path: string): 'jsonl' | 'npy' {
  const [, format] = /\.(jsonl|npy)$/i.exec(path) ?? [];
  if (format === undefined) throw new ConfigError(`${path}: expected a name that ends in .jsonl or .npy.`);
  return format.toLowerCase() === 'npy' ? 'npy' : 'jsonl';
}

export function sidecarPath(path: string): string {
  return path.replace(/\.npy$/i, '.json');
}

/** One line of JSON. Nine digits bring every float32 back; more would only say how float64 writes it. */
export function formatRow({ input, kind, embedding }: IndexRow): string {
  const numbers = Array.from(embedding, (value) => Number(value.toPrecision(9)));
  return `${JSON.stringify({ input, kind, embedding: numbers })}\n`;
}

/** @throws DataError naming the line that is wrong */
export async function readIndex(path: string, signal: AbortSignal): Promise<EmbeddingIndex> {
  const format = indexFormat(path);
  const bytes = await readBytes(path, { signal });
  return format === 'jsonl' ? parseJsonLines(bytes, path) : readNpyIndex(bytes, path);
}

function parseJsonLines(bytes: Uint8Array, path: string): EmbeddingIndex {
  const decoder = new TextDecoder();
  const rows: IndexRow[] = [];
  // Line by line: the whole file may be longer than a string can be.
  for (let from = 0, number = 1; from < bytes.length; number++) {
    const end = bytes.indexOf(0x0a, from);
    const to = end === -1 ? bytes.length : end;
    const line = decoder.decode(bytes.subarray(from, to)).trim();
    from = to + 1;
    if (line !== '') rows.push(parseRow(line, `${path}, line ${number}`, rows[0]?.embedding.length));
  }
  const first = rows[0];
  if (first === undefined) throw new DataError(`${path}: the index holds nothing.`);
  const dim = first.embedding.length;
  const data = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    data.set(row.embedding, i * dim);
  });
  return {
    inputs: rows.map(({ input, kind }) => ({ input, kind })),
    embeddings: createEmbeddings(data, dim),
  };
}

function parseRow(line: string, what: string, dim: number | undefined): IndexRow {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (cause) {
    throw new DataError(`${what}: not JSON. Was the file cut off? Make it again with clippo embed.`, {
      cause,
    });
  }
  if (!isIndexedInput(row) || !('embedding' in row) || !isVector(row.embedding)) {
    throw new DataError(
      `${what}: expected {"input": text, "kind": "image" or "text", "embedding": [numbers]}.`,
    );
  }
  if (dim !== undefined && row.embedding.length !== dim) {
    throw new DataError(
      `${what}: ${row.embedding.length} numbers, ${dim} in the lines before. Use one model.`,
    );
  }
  return { input: row.input, kind: row.kind, embedding: Float32Array.from(row.embedding) };
}

async function readNpyIndex(bytes: Uint8Array, path: string): Promise<EmbeddingIndex> {
  const beside = sidecarPath(path);
  const { data, dim } = await parseMatrix(bytes, path);
  const sidecar: unknown = await readFile(beside, 'utf8')
    .then((text) => JSON.parse(text))
    .catch((cause: unknown) => {
      throw new DataError(`${beside}: it should say what the rows of ${path} are, but cannot be read.`, {
        cause,
      });
    });
  const count = data.length / dim;
  if (!isSidecar(sidecar) || sidecar.inputs.length !== count) {
    throw new DataError(
      `${beside}: does not describe the ${count} rows of ${path}. Make both again with clippo embed.`,
    );
  }
  return { inputs: sidecar.inputs, embeddings: createEmbeddings(data, dim), model: sidecar.model };
}

/** @throws DataError unless `bytes` is a whole .npy file of a matrix of floats */
async function parseMatrix(bytes: Uint8Array, what: string): Promise<{ data: Float32Array; dim: number }> {
  const { parseNpy, toFloat32 } = await import('../checkpoint/index.ts');
  const refuse = (cause?: unknown): never => {
    throw new DataError(
      `${what}: expected a whole .npy file of a float matrix, as \`clippo embed\` writes it.`,
      { cause },
    );
  };
  try {
    const array = parseNpy(bytes);
    const [, dim = 0] = array.shape;
    if (array.shape.length !== 2 || dim === 0 || !array.dtype.startsWith('float')) return refuse();
    return { data: toFloat32(array), dim };
  } catch (cause) {
    if (!(cause instanceof CheckpointError)) throw cause;
    return refuse(cause);
  }
}

function isIndexedInput(row: unknown): row is IndexedInput {
  if (typeof row !== 'object' || row === null || !('input' in row) || !('kind' in row)) return false;
  return typeof row.input === 'string' && (row.kind === 'image' || row.kind === 'text');
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((number) => Number.isFinite(number));
}

function isSidecar(value: unknown): value is Pick<Sidecar, 'inputs' | 'model'> {
  if (typeof value !== 'object' || value === null || !('inputs' in value) || !('model' in value))
    return false;
  return typeof value.model === 'string' && Array.isArray(value.inputs) && value.inputs.every(isIndexedInput);
}
