// What readBigVision finds and mends, on trees made for one rule each; layouts; fitting a model.

import { describe, expect, it } from 'vitest';
import {
  assertWeightsFit,
  type NdArray,
  readBigVision,
  resamplePositionEmbedding,
  toFloat32,
  toScanLayout,
  writeNpz,
  writeSafetensors,
} from '../../src/checkpoint/index.ts';
import { toLoopLayout } from '../../src/checkpoint/scan-layout.ts';
import { readGolden, readGoldenNpz } from '../support/golden.ts';

/** float32 counting up from `first` */
function counting(shape: readonly number[], first = 0): NdArray {
  const length = shape.reduce((product, size) => product * size, 1);
  return { dtype: 'float32', shape, data: Float32Array.from({ length }, (_, i) => first + i) };
}

function tree(...paths: string[]): Map<string, NdArray> {
  return new Map(paths.map((path, i) => [path, counting([1], i)]));
}

const paths = (weights: ReadonlyMap<string, NdArray>) => [...weights.keys()];

describe('the parameters', () => {
  it('are under params/, else opt/target/, else everything', () => {
    expect(paths(readBigVision(tree('opt/target/a', 'params/b', 'chrono/c')))).toEqual(['b']);
    expect(paths(readBigVision(tree('opt/target/a', 'opt/state/b')))).toEqual(['a']);
    expect(paths(readBigVision(tree('a', 'img/b')))).toEqual(['a', 'img/b']);
  });

  it('can be read from either format', () => {
    for (const write of [writeNpz, writeSafetensors]) {
      expect(paths(readBigVision(write(tree('params/img/x', 'params/t'))))).toEqual(['img/x', 't']);
    }
  });

  it('are narrowed by a prefix', () => {
    expect(
      paths(readBigVision(tree('params/img/a/b', 'params/image/c', 'params/t'), { prefix: 'img' })),
    ).toEqual(['a/b']);
    expect(paths(readBigVision(tree('params/img/a/b'), { prefix: 'img/a' }))).toEqual(['b']);
    const read = (prefix: unknown) => () => readBigVision(tree('img/a', 't'), { prefix } as object);
    expect(read('txt')).toThrow('readBigVision: nothing lies under txt/. At the top are img, t.');
    expect(read('img/')).toThrow(
      /prefix: expected a path such as 'img', without \/ at its ends, got "img\/"/,
    );
    expect(read(3)).toThrow(/prefix: expected a path/);
    expect(() => readBigVision(tree('a'), { root: 'img' } as object)).toThrow(/unknown option root/);
    expect(() => readBigVision(new Map())).toThrow(/holds no arrays/);
  });

  it('alone are decoded', () => {
    const arrays = readGoldenNpz('vit/mu16_64_map.ckpt.npz');
    for (const [path, array] of arrays) {
      if (path.startsWith('params/')) continue;
      arrays.set(path, {
        ...array,
        get data(): never {
          throw new Error(`${path} was decoded`);
        },
      });
    }
    for (const array of readBigVision(arrays).values()) expect(array.data.length).toBeGreaterThan(0);
  });

  it('are views of the file, blocks of a stack included', () => {
    const bytes = writeNpz(readGoldenNpz('vit/d2w64_p8_32_gap_scan.ckpt.npz'));
    for (const [path, array] of readBigVision(bytes)) expect(array.data.buffer, path).toBe(bytes.buffer);
  });
});

describe('old checkpoints', () => {
  it('count modules per class, in natural order, at every level', () => {
    const old = tree(
      'embedding/kernel',
      'block_2/Dense_0/x',
      'block_10/Dense_9/x',
      'block_10/Norm_1/x',
      'block_10/Dense_11/Sub_Part_7/x',
    );
    expect(paths(readBigVision(old))).toEqual([
      'embedding/kernel',
      'block_0/Dense_0/x',
      'block_1/Dense_0/x',
      'block_1/Norm_0/x',
      'block_1/Dense_1/Sub_Part_0/x',
    ]);
    expect(() => readBigVision(tree('embedding/kernel', 'Dense_1/x', 'Dense_01/x'))).toThrow(
      /have the same number/,
    );
  });

  for (const place of [
    'Transformer/posembed_input/pos_embedding',
    'Transformer/pos_embedding',
    'pos_embedding',
  ]) {
    it(`lift positions from ${place} and split the class token's off`, () => {
      const positions = counting([1, 5, 3]);
      const old = new Map([...tree('img/embedding/kernel'), [`img/${place}`, positions] as const]);
      const headless = readBigVision(old);
      expect(headless.get('img/pos_embedding')).toEqual(counting([1, 4, 3], 3));
      expect(headless.has('img/cls')).toBe(false);
      const withToken = readBigVision(new Map([...old, ['img/cls', counting([1, 1, 3], 10)]]));
      expect(withToken.get('img/cls')!.data).toEqual(Float32Array.of(10, 12, 14));
      expect(withToken.get('img/cls')!.shape).toEqual([1, 1, 3]);
      // Adding did not write into what was given.
      expect(positions.data[0]).toBe(0);
    });
  }

  it('keep positions that are a square, and those of text towers', () => {
    const square = new Map([
      ...tree('img/embedding/kernel'),
      ['img/pos_embedding', counting([1, 4, 3])] as const,
    ]);
    expect(readBigVision(square).get('img/pos_embedding')!.shape).toEqual([1, 4, 3]);
    const text = new Map([
      ...tree('txt/Embed_0/embedding'),
      ['txt/pos_embedding', counting([1, 17, 3])] as const,
    ]);
    expect(readBigVision(text).get('txt/pos_embedding')!.shape).toEqual([1, 17, 3]);
  });

  it('group the parts of the MAP head', () => {
    const old = tree(
      'embedding/kernel',
      'probe',
      'MlpBlock_0/Dense_0/bias',
      'LayerNorm_0/scale',
      'head/bias',
    );
    expect(paths(readBigVision(old))).toEqual([
      'embedding/kernel',
      'MAPHead_0/probe',
      'MAPHead_0/MlpBlock_0/Dense_0/bias',
      'MAPHead_0/LayerNorm_0/scale',
      'head/bias',
    ]);
  });

  it('are refused when class token and positions disagree', () => {
    const old = new Map([
      ...tree('embedding/kernel'),
      ['pos_embedding', counting([1, 5, 3])] as const,
      ['cls', counting([1, 1, 2])] as const,
    ]);
    expect(() => readBigVision(old)).toThrow('cls [1, 1, 2] does not go with pos_embedding [1, 5, 3].');
  });
});

describe('layouts', () => {
  it('turn into each other and back', () => {
    const loop = readBigVision(readGolden('vit/d2w64_p8_32_gap.ckpt.npz'));
    const scan = toScanLayout(loop);
    expect(scan.get('img/Transformer/encoderblock/LayerNorm_0/scale')!.shape).toEqual([2, 64]);
    const written = readGoldenNpz('vit/d2w64_p8_32_gap_scan.ckpt.npz');
    expect(scan.size).toBe(written.size);
    for (const [path, array] of written)
      expect({ ...scan.get(path.slice('params/'.length)) }, path).toEqual({ ...array });
    for (const [path, array] of toLoopLayout(scan)) expect({ ...loop.get(path) }, path).toEqual({ ...array });
    expect(writeNpz(toLoopLayout(scan)).length).toBe(writeNpz(loop).length);
  });

  it('stack plain arrays, eleven blocks in order', () => {
    const blocks = Array.from(
      { length: 11 },
      (_, i) => [`encoderblock_${i}/x`, counting([2], 2 * i)] as const,
    );
    expect({ ...toScanLayout(new Map(blocks.reverse())).get('encoderblock/x') }).toEqual({
      ...counting([11, 2]),
    });
  });

  it('say what is wrong with a stack', () => {
    const scan =
      (...blocks: [string, NdArray][]) =>
      () =>
        toScanLayout(new Map(blocks));
    const loop =
      (...blocks: [string, NdArray][]) =>
      () =>
        toLoopLayout(new Map(blocks));
    const one = counting([1]);
    expect(scan(['encoderblock_0/x', one], ['encoderblock_2/x', one])).toThrow(
      'encoderblock/x: block 1 of 2 is missing',
    );
    expect(scan(['encoderblock_99999999999999999999/x', one])).toThrow('block 0 of 1 is missing');
    expect(scan(['encoderblock_0/x', one], ['encoderblock_1/x', counting([2])])).toThrow(
      'encoderblock/x: block 1 is float32 [2], block 0 float32 [1]; a stack needs equal blocks.',
    );
    expect(loop(['a/encoderblock/x', counting([2, 1])], ['a/encoderblock/y', counting([3])])).toThrow(
      'a/encoderblock/y: expected the same number of blocks (at most 4096) along the first axis of all of a/encoderblock, got [3].',
    );
    expect(loop(['encoderblock/x', counting([])])).toThrow(/got \[\]/);
    expect(loop(['encoderblock/x', counting([2 ** 40, 0])])).toThrow(/at most 4096/);
    expect(loop(['encoderblock_0/x', one], ['encoderblock/x', one])).toThrow(
      'encoderblock_0/x is there twice',
    );
  });
});

describe('resamplePositionEmbedding', () => {
  const grid = counting([1, 6, 1]); // [[0, 1], [2, 3], [4, 5]]

  it('keeps corners, and interpolates between them on every grid', () => {
    const values = (to: number | [number, number]) => [...resamplePositionEmbedding(grid, [3, 2], to).data];
    expect(values([3, 2])).toEqual([0, 1, 2, 3, 4, 5]);
    expect(values([2, 2])).toEqual([0, 1, 4, 5]);
    expect(values(3)).toEqual([0, 0.5, 1, 2, 2.5, 3, 4, 4.5, 5]);
    expect(values(1)).toEqual([0]);
    expect(values([1, 2])).toEqual([0, 1]);
    expect([...resamplePositionEmbedding(counting([1, 1, 2], 7), 1, 2).data]).toEqual([
      7, 8, 7, 8, 7, 8, 7, 8,
    ]);
  });

  it('takes every dtype and gives float32', () => {
    const resampled = resamplePositionEmbedding({ shape: [1, 1, 1], data: Float64Array.of(0.1) }, 1, 1);
    expect({ ...resampled }).toEqual({ dtype: 'float32', shape: [1, 1, 1], data: Float32Array.of(0.1) });
  });

  it('says what is wrong', () => {
    expect(() => resamplePositionEmbedding(grid, 2, 3)).toThrow(
      'a grid of 2 x 2 patches needs weights [1, 4, D], [4, D] or 4 · D bare values, got [1, 6, 1]',
    );
    expect(() => resamplePositionEmbedding(grid, [3, 2], 0)).toThrow(
      /toGrid: expected a positive integer .* got 0/,
    );
    expect(() => resamplePositionEmbedding(grid, [3, Number.NaN], 1)).toThrow(/fromGrid: expected/);
    expect(() => resamplePositionEmbedding(Float32Array.of(1, 2, 3), 2, 3)).toThrow(
      /4 · D bare values, got \[3\]/,
    );
    expect(() => resamplePositionEmbedding(counting([2, 2, 1]), 2, 3)).toThrow(/got \[2, 2, 1\]/);
    // As JavaScript users may call it.
    const loose = resamplePositionEmbedding as (...values: unknown[]) => unknown;
    for (const [odd, name] of [
      [null, 'null'],
      [[0, 1], 'an array'],
      [{ pos_embedding: grid }, 'an object'],
    ]) {
      expect(() => loose(odd, 2, 3)).toThrow(
        `expected an array { shape, data }, a Float32Array or a Map of arrays by path, got ${name}.`,
      );
    }
    for (const [odd, name] of [
      [null, 'null'],
      [2n, '2'],
      [[2], '[2]'],
      [[3, 2, 1], '[3, 2, 1]'],
    ]) {
      expect(() => loose(grid, odd, 3)).toThrow(
        `fromGrid: expected a positive integer or [rows, columns], got ${name}.`,
      );
    }
  });

  it('takes [N, D] and bare values as well', () => {
    const expected = resamplePositionEmbedding(grid, [3, 2], 3);
    const flat = resamplePositionEmbedding({ ...grid, shape: [6, 1] }, [3, 2], 3);
    expect(flat).toEqual({ ...expected, shape: [9, 1] });
    expect(resamplePositionEmbedding(Float32Array.of(0, 1, 2, 3, 4, 5), [3, 2], 3)).toEqual(expected);
    expect(resamplePositionEmbedding(new Float32Array(24), 2, 3).shape).toEqual([1, 9, 6]);
  });

  it('takes a whole model and resamples what is of that grid', () => {
    const weights = new Map([
      ['img/pos_embedding', grid],
      ['pos_embedding', { ...grid, shape: [6, 1] }],
      ['txt/pos_embedding', counting([1, 4, 1])],
      ['img/old_pos_embedding', grid],
      ['t', counting([1])],
    ]);
    const resampled = resamplePositionEmbedding(weights, [3, 2], 3);
    expect([...resampled].map(([path, { shape }]) => [path, shape])).toEqual([
      ['img/pos_embedding', [1, 9, 1]],
      ['pos_embedding', [9, 1]],
      ['txt/pos_embedding', [1, 4, 1]],
      ['img/old_pos_embedding', [1, 6, 1]],
      ['t', [1]],
    ]);
    expect(resampled.get('img/pos_embedding')).toEqual(resamplePositionEmbedding(grid, [3, 2], 3));
    expect(resampled.get('t')).toBe(weights.get('t'));
    expect(weights.get('img/pos_embedding')).toBe(grid);
    expect(() => resamplePositionEmbedding(weights, 5, 3)).toThrow(
      'expected a pos_embedding of 5 x 5 patches, [1, 25, D], got img/pos_embedding [1, 6, 1], pos_embedding [6, 1], txt/pos_embedding [1, 4, 1].',
    );
    expect(() => resamplePositionEmbedding(new Map([['t', grid]]), 5, 3)).toThrow('got none among 1 arrays.');
  });
});

describe('toFloat32', () => {
  it('converts numbers of every kind, and does not copy float32', () => {
    expect(toFloat32({ dtype: 'int64', shape: [2], data: BigInt64Array.of(-1n, 2n ** 40n) })).toEqual(
      Float32Array.of(-1, 2 ** 40),
    );
    const float32 = counting([2]);
    expect(toFloat32(float32)).toBe(float32.data);
  });
});

describe('assertWeightsFit', () => {
  const fit = (expected: Record<string, number[]>, given: Record<string, number[]>) => () =>
    assertWeightsFit(
      new Map(Object.entries(expected)),
      new Map(Object.entries(given).map(([path, shape]) => [path, { shape }])),
    );

  it('is silent when all fits', () => {
    expect(fit({ t: [1], 'img/x': [] }, { 'img/x': [], t: [1] })).not.toThrow();
  });

  it('lists everything at once', () => {
    expect(fit({ a: [1], b: [2], c: [3] }, { b: [2, 1], c: [3], d: [4] })).toThrow(
      [
        'the checkpoint does not fit the model: 1 missing, 1 extra, 1 of another shape.',
        '  missing: a',
        '  extra: d',
        '  of another shape: b: expected [2], got [2, 1]',
        'Is the model of the variant',
      ].join('\n'),
    );
  });

  it('cuts long lists', () => {
    const many = Object.fromEntries(Array.from({ length: 215 }, (_, i) => [`p${i}`, [i]]));
    expect(fit(many, {})).toThrow(/: p19\n {2}missing: … and 195 more\n/);
  });

  it('knows the usual reasons', () => {
    expect(fit({ 'head/bias': [1] }, { 'img/head/bias': [1] })).toThrow(
      "readBigVision(bytes, { prefix: 'img' })",
    );
    expect(fit({ 'img/head/bias': [1] }, { 'head/bias': [1] })).toThrow(
      'holds a bare ViT; the model expects its names under img/',
    );
    expect(fit({ 'img/pos_embedding': [1, 4, 8] }, { 'img/pos_embedding': [1, 9, 8] })).toThrow(
      /another picture size.*resamplePositionEmbedding/,
    );
  });
});
