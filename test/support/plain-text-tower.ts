// A tower of text on plain arrays, written from the description alone and sharing no code with src/: what tests hold the
// networks of tokens against. Everything in float64, one text at a time, a token is an array of numbers.

import type { TextInput } from '../../src/model/index.ts';

export type PlainWeights = Map<string, { shape: readonly number[]; data: Float64Array }>;
type Vector = number[];

/** Ids of one text → its unit vector. */
export function embedTokens(weights: PlainWeights, ids: Int32Array, text: TextInput): Vector {
  if (text.kind !== 'tokens') throw new Error('made for tokens');
  const isShared = text.tower === 'shared';
  const at = (path: string) => weights.get(path)!;
  const table = at('txt/Embed_0/embedding');
  const positions = at('txt/pos_embedding');
  const D = table.shape[1]!;
  const [blocks, head, probe] = isShared
    ? ['img/Transformer', 'img/head', 'img/MAPHead_0']
    : ['txt/Encoder_0', 'txt/head', 'txt/MAPHead_0'];

  /** x · K + b, K flattened to as many rows as x has numbers. */
  function dense(x: Vector, path: string): Vector {
    const [kernel, bias] = [at(`${path}/kernel`).data, at(`${path}/bias`).data];
    return Array.from(bias, (b, o) =>
      x.reduce((sum, value, i) => sum + value * kernel[i * bias.length + o]!, b),
    );
  }

  function norm(x: Vector, path: string): Vector {
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
    const [scale, bias] = [at(`${path}/scale`).data, at(`${path}/bias`).data];
    return x.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-6)) * scale[i]! + bias[i]!);
  }

  function mlp(x: Vector, path: string): Vector {
    const gelu = (v: number): number =>
      0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
    return dense(dense(x, `${path}/Dense_0`).map(gelu), `${path}/Dense_1`);
  }

  function attend(from: Vector[], to: Vector[], path: string): Vector[] {
    const heads = at(`${path}/query/kernel`).shape[1]!;
    const size = D / heads;
    const [keys, values] = [to.map((x) => dense(x, `${path}/key`)), to.map((x) => dense(x, `${path}/value`))];
    return from.map((x) => {
      const query = dense(x, `${path}/query`);
      const mixed = new Array<number>(D).fill(0);
      for (let h = 0; h < heads; h++) {
        const part = (row: Vector): Vector => row.slice(h * size, (h + 1) * size);
        const logits = keys.map((key) => dot(part(query), part(key)) / Math.sqrt(size));
        const shares = logits.map((logit) => Math.exp(logit));
        const total = shares.reduce((sum, share) => sum + share, 0);
        for (const [n, value] of values.entries()) {
          for (let d = 0; d < size; d++) mixed[h * size + d]! += (shares[n]! / total) * value[h * size + d]!;
        }
      }
      return dense(mixed, `${path}/out`);
    });
  }

  let tokens = Array.from(
    ids,
    (id, n): Vector =>
      Array.from({ length: D }, (_, d) => table.data[id * D + d]! + positions.data[n * D + d]!),
  );
  for (let i = 0; weights.has(`${blocks}/encoderblock_${i}/LayerNorm_0/scale`); i++) {
    const block = `${blocks}/encoderblock_${i}`;
    const before = tokens.map((x) => norm(x, `${block}/LayerNorm_0`));
    tokens = add(tokens, attend(before, before, `${block}/MultiHeadDotProductAttention_0`));
    tokens = add(
      tokens,
      tokens.map((x) => mlp(norm(x, `${block}/LayerNorm_1`), `${block}/MlpBlock_0`)),
    );
  }
  tokens = tokens.map((x) => norm(x, `${blocks}/encoder_norm`));

  const pool = isShared ? 'map' : (text.pool ?? 'last');
  let pooled = tokens.at(-1)!;
  if (pool === 'mean')
    pooled = pooled.map((_, d) => tokens.reduce((sum, x) => sum + x[d]!, 0) / tokens.length);
  if (pool === 'map') {
    const query = Array.from(at(`${probe}/probe`).data);
    const [seen] = attend([query], tokens, `${probe}/MultiHeadDotProductAttention_0`) as [Vector];
    [pooled] = add([seen], [mlp(norm(seen, `${probe}/LayerNorm_0`), `${probe}/MlpBlock_0`)]) as [Vector];
  }
  const logits = dense(pooled, head);
  const length = Math.sqrt(dot(logits, logits)) + 1e-8;
  return logits.map((value) => value / length);
}

function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function add(a: Vector[], b: Vector[]): Vector[] {
  return a.map((row, n) => row.map((value, d) => value + b[n]![d]!));
}
