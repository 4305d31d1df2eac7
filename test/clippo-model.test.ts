// The object users hold: encode, compare, classify, save, load; what it frees, and what it says when misused.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseNpz, writeNpz } from '../src/checkpoint/index.ts';
import { ClippoModel } from '../src/clippo-model.ts';
import { similarityMatrix, topK } from '../src/embeddings.ts';
import type { ImageLike } from '../src/image-input.ts';
import { encodePng } from '../src/node/index.ts';
import { renderText } from '../src/render/index.ts';
import { expectNoLeaks, maxAbsDifference } from './support/backends.ts';
import { generateImage, readGolden } from './support/golden.ts';

const CONFIG = { variant: 'mu/16', imageSize: 64, embeddingDim: 32 } as const;
const GOLDEN = 'vit/mu16_64_map.ckpt.npz';

const folder = mkdtempSync(join(tmpdir(), 'clippo-model-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('encoding', () => {
  let model: ClippoModel;
  beforeAll(async () => {
    model = await ClippoModel.load(readGolden(GOLDEN));
  });
  afterAll(() => model.dispose());
  expectNoLeaks();

  it('gives unit vectors, in order, whatever the batch size', async () => {
    const inputs = ['a photo of a dog', generateImage(1, 64), 'two red cars', generateImage(2, 200)];
    const one = await model.encode(inputs, { batchSize: 1 });
    const all = await model.encode(inputs);
    expect([all.count, all.dim]).toEqual([4, 32]);
    expect(maxAbsDifference(one.data, all.data)).toBeLessThan(1e-6);
    for (let i = 0; i < 4; i++) expect(Math.hypot(...all.row(i))).toBeCloseTo(1, 5);
    const texts = await model.encodeText(['a photo of a dog', 'two red cars']);
    expect(maxAbsDifference(texts.row(1), all.row(2))).toBeLessThan(1e-6);
  });

  it('draws a string as renderText does', async () => {
    const drawn = await renderText('a photo of a dog', { size: 64 });
    const { data } = await model.encode(['a photo of a dog', drawn]);
    expect(maxAbsDifference(data.subarray(0, 32), data.subarray(32))).toBe(0);
  });

  it('can leave the vectors as the head gives them', async () => {
    const raw = await model.encodeText(['two red cars'], { normalize: false });
    const unit = await model.encodeText(['two red cars']);
    const norm = Math.hypot(...raw.row(0));
    expect(Math.abs(norm - 1)).toBeGreaterThan(0.01);
    expect(
      maxAbsDifference(
        raw.row(0).map((v) => v / norm),
        unit.row(0),
      ),
    ).toBeLessThan(1e-6);
  });

  it('takes encoded files, blobs and addresses', async () => {
    const raster = generateImage(3, 64);
    const png = encodePng(raster);
    const path = join(folder, 'picture.png');
    const { writePng } = await import('../src/node/index.ts');
    await writePng(path, raster);
    const inputs: ImageLike[] = [raster, png, new Blob([png.slice()]), pathToFileURL(path)];
    const { data } = await model.encodeImages(inputs);
    for (let i = 1; i < 4; i++)
      expect(maxAbsDifference(data.subarray(0, 32), data.subarray(32 * i, 32 * i + 32))).toBe(0);
  });

  it('takes RGBA pixels as a canvas holds them, and an ArrayBuffer', async () => {
    const { data: rgb } = generateImage(3, 64);
    const rgba = Uint8ClampedArray.from({ length: 64 * 64 * 4 }, (_, i) =>
      i % 4 === 3 ? 255 : rgb[(i >> 2) * 3 + (i % 4)]!,
    );
    const png = encodePng(generateImage(3, 64)).slice().buffer;
    const { data } = await model.encode([generateImage(3, 64), { width: 64, height: 64, data: rgba }, png]);
    expect(maxAbsDifference(data.subarray(0, 32), data.subarray(32, 64))).toBe(0);
    expect(maxAbsDifference(data.subarray(0, 32), data.subarray(64))).toBe(0);
  });

  it('takes nothing and gives nothing, but looks at the signal', async () => {
    expect(await model.encode([])).toMatchObject({ count: 0, dim: 32 });
    await expect(model.encode([], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it('wants lists, and options it knows', async () => {
    const text = 'abc' as unknown as string[];
    await expect(model.encodeText(text)).rejects.toThrow(
      'encode: expected a list, got the string "abc". Put it into brackets: ["abc"].',
    );
    await expect(model.encode(undefined as unknown as string[])).rejects.toThrow(
      'expected a list, got undefined',
    );
    await expect(model.classify(['x'], 'cat' as unknown as string[])).rejects.toThrow(
      'classify: labels: expected a list',
    );
    const options = { normalize: false } as unknown as { batchSize: number };
    await expect(model.classify(['x'], ['cat'], options)).rejects.toThrow(
      'classify: unknown option normalize',
    );
    expect((await model.encode(['x'], { batchSize: undefined } as object)).count).toBe(1);
  });

  it('reports progress, and stops when aborted', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const run = model.encodeText(['a', 'b', 'c', 'd', 'e'], {
      batchSize: 2,
      signal: controller.signal,
      onProgress: ({ done, total, unit }) => {
        seen.push(done);
        expect([total, unit]).toEqual([5, 'inputs']);
        if (done === 4) controller.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
    expect(seen).toEqual([2, 4]);
    await expect(model.encodeText(['a'], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it.each<[string, unknown, string]>([
    [
      'null',
      null,
      'inputs[0]: expected a Raster, an encoded picture (Uint8Array, Blob), a URL or an image element, got null',
    ],
    ['a number', 7, 'got number'],
    [
      'four channels',
      { width: 1, height: 1, channels: 4, data: new Uint8Array(4) },
      'expected 1 channel (grey) or 3 (RGB), got 4',
    ],
    ['bytes that are no picture', Uint8Array.of(1, 2, 3), 'cannot be decoded as a picture'],
    ['an empty file', new Uint8Array(0), 'the file is empty'],
    ['a file that is not there', pathToFileURL(join(tmpdir(), 'no', 'such.png')), 'there is no such file'],
    ['an object of another kind', { pixels: [] }, 'In Node give a Raster, a URL, or the bytes'],
    [
      'half an ImageData',
      { width: 2, height: 2, data: new Uint8ClampedArray(8) },
      '2 x 2 RGBA pixels need 16 values, got 8',
    ],
  ])('refuses %s', async (_, input, message) => {
    await expect(model.encode([input as ImageLike])).rejects.toThrow(message);
  });

  it('refuses a batch size of 0', async () => {
    await expect(model.encodeText(['a'], { batchSize: 0 })).rejects.toThrow(
      'batchSize: expected a positive integer, got 0',
    );
  });

  it('compares and searches', async () => {
    const pictures = await model.encodeImages([0, 1, 2].map((k) => generateImage(k, 64)));
    const { data, shape } = model.similarity(pictures, pictures);
    expect(shape).toEqual([3, 3]);
    for (const i of [0, 4, 8]) expect(data[i]).toBeCloseTo(1, 5);
    expect(topK(pictures.row(2), pictures, 2)[0]).toMatchObject({ index: 2 });
    const other = await ClippoModel.create({ ...CONFIG, embeddingDim: 8 });
    const short = await other.encodeText(['a']);
    expect(() => similarityMatrix(pictures, short)).toThrow('the vectors have 32 and 8 numbers');
    expect(() => topK(short.row(0), pictures, 1)).toThrow('the query has 8 numbers, the corpus 32');
    expect(() => pictures.row(3)).toThrow('expected an index from 0 to 2, got 3');
    other.dispose();
  });

  it('classifies with softmax over the labels', async () => {
    const labels = ['dog', 'cat', 'big_red car'];
    const images = [generateImage(0, 64), generateImage(5, 64)];
    for (const templates of [undefined, 'clip-best', 'clip-81', ['a {}', 'the {}']] as const) {
      const results = await model.classify(images, labels, templates === undefined ? {} : { templates });
      expect(results).toHaveLength(2);
      for (const scores of results) {
        expect(scores.map(({ label }) => label).sort()).toEqual([...labels].sort());
        expect(scores.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 6);
        expect(scores.every(({ score }, i) => i === 0 || score <= scores[i - 1]!.score)).toBe(true);
      }
    }
    // The default is the label as it is: the scores are the cosines' softmax.
    const [scores] = await model.classify([images[0]!], labels);
    const cosines = model.similarity(
      await model.encodeImages([images[0]!]),
      await model.encodeText(labels),
    ).data;
    const weights = [...cosines].map((cosine) => Math.exp(model.temperature * cosine));
    const expected = weights[1]! / weights.reduce((a, b) => a + b, 0);
    expect(scores!.find(({ label }) => label === 'cat')!.score).toBeCloseTo(expected, 5);
  });

  it('refuses labels and templates that cannot work', async () => {
    await expect(model.classify([], [])).rejects.toThrow('got no labels');
    await expect(model.classify([], ['a'], { templates: ['a photo'] })).rejects.toThrow('must hold {}');
    await expect(model.classify([], ['a'], { templates: 'clip-80' as 'clip-81' })).rejects.toThrow(
      `got "clip-80"`,
    );
  });
});

describe('loading and saving', () => {
  expectNoLeaks();
  afterEach(() => vi.restoreAllMocks());

  it.each(['npz', 'safetensors'] as const)('%s keeps every bit', async (format) => {
    const model = await ClippoModel.create(CONFIG, { seed: 3 });
    const path = join(folder, `model.${format}`);
    await model.save(path);
    const copy = await ClippoModel.load(path);
    expect(copy.config).toMatchObject({ variant: 'mu/16', imageSize: 64, pool: 'map', embeddingDim: 32 });
    expect(copy.temperature).toBeCloseTo(10, 5);
    const theirs = copy.parameters();
    for (const [name, variable] of model.parameters()) {
      expect(new Uint8Array(theirs.get(name)!.dataSync().buffer.slice(0))).toEqual(
        new Uint8Array(variable.dataSync().buffer.slice(0)),
      );
    }
    expect(readdirSync(folder).filter((file) => file.endsWith('.tmp'))).toEqual([]);
    model.dispose();
    copy.dispose();
  });

  it.each(['npz', 'safetensors'] as const)('%s of float16 is half as large and as near', async (format) => {
    const model = await ClippoModel.create(CONFIG, { seed: 3 });
    const [full, half] = [join(folder, `full.${format}`), join(folder, `half.${format}`)];
    await model.save(full);
    await model.save(half, { dtype: 'float16' });
    expect(statSync(half).size / statSync(full).size).toBeLessThan(0.7); // the names stay as long
    const copy = await ClippoModel.load(half);
    const [a, b] = [await model.encodeText(['a cat']), await copy.encodeText(['a cat'])];
    expect(maxAbsDifference(a.data, b.data)).toBeLessThan(2e-3);
    const text = 'float64' as 'float32';
    await expect(model.save(half, { dtype: text })).rejects.toThrow(`dtype: expected 'float32' or 'float16'`);
    model.dispose();
    copy.dispose();
  });

  it('saves in the layout of the published files, whatever the target', async () => {
    const model = await ClippoModel.create(CONFIG);
    const chunks: Uint8Array[] = [];
    await model.save(new WritableStream({ write: (chunk: Uint8Array) => void chunks.push(chunk) }));
    const arrays = parseNpz(new Uint8Array(Buffer.concat(chunks)));
    expect(arrays.get('params/img/MAPHead_0/probe')?.shape).toEqual([1, 1, 32]);
    expect(arrays.get('params/t')?.shape).toEqual([1]);
    await model.save(pathToFileURL(join(folder, 'by-url.npz')), { format: 'npz' });
    await expect(model.save(join(folder, 'x'), { format: 'onnx' as 'npz' })).rejects.toThrow(`got "onnx"`);
    model.dispose();
  });

  it('keeps the old file when saving is interrupted', async () => {
    const path = join(folder, 'kept.npz');
    const model = await ClippoModel.create(CONFIG);
    await model.save(path);
    const before = readFileSync(path);
    await expect(model.save(path, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    expect(readFileSync(path)).toEqual(before);
    await expect(model.save(join(folder, 'no', 'such', 'folder.npz'))).rejects.toThrow(
      'there is no such file or folder',
    );
    expect(readdirSync(folder).filter((file) => file.endsWith('.tmp'))).toEqual([]);
    model.dispose();
  });

  it('loads from a path, a URL, bytes, a Blob, and over http', async () => {
    const path = join(folder, 'source.npz');
    const model = await ClippoModel.create(CONFIG, { seed: 9 });
    await model.save(path);
    const expected = (await model.encodeText(['x'])).data;
    model.dispose();
    const bytes = new Uint8Array(readFileSync(path));
    vi.spyOn(globalThis, 'fetch').mockImplementation(
      async () => new Response(bytes.slice(), { headers: { 'content-length': String(bytes.length) } }),
    );
    const progress: string[] = [];
    for (const source of [
      path,
      pathToFileURL(path),
      bytes,
      new Blob([bytes]),
      'https://example.org/model.npz',
    ]) {
      const copy = await ClippoModel.load(source, { onProgress: ({ stage }) => void progress.push(stage) });
      expect(maxAbsDifference((await copy.encodeText(['x'])).data, expected)).toBe(0);
      copy.dispose();
    }
    expect(progress).toContain('read');
    expect(progress).toContain('download');
  });

  it('says what went wrong on the way', async () => {
    await expect(ClippoModel.load(join(folder, 'none.npz'))).rejects.toThrow(
      'there is no such file or folder',
    );
    await expect(ClippoModel.load(folder)).rejects.toThrow('it is a folder');
    await expect(ClippoModel.load(7 as unknown as string)).rejects.toThrow(
      'expected a path, a URL, a Uint8Array',
    );
    const fetching = vi.spyOn(globalThis, 'fetch');
    fetching.mockResolvedValueOnce(new Response('gone', { status: 404, statusText: 'Not Found' }));
    await expect(ClippoModel.load('https://example.org/x.npz')).rejects.toThrow(
      'https://example.org/x.npz answered 404 Not Found',
    );
    fetching.mockRejectedValue(new TypeError('fetch failed')); // it is tried again
    await expect(ClippoModel.load('https://example.org/x.npz')).rejects.toThrow(
      'Cannot reach https://example.org/x.npz',
    );
    fetching.mockResolvedValueOnce(new Response('too long', { headers: { 'content-length': '5' } }));
    await expect(ClippoModel.load('https://example.org/x.npz')).rejects.toThrow(
      'sent more than the 5 bytes it announced',
    );
    await expect(ClippoModel.fromPretrained('clippo_b16_yfcc' as 'clippo_b16_100c4')).rejects.toThrow(
      '"clippo_b16_yfcc" is not a pretrained model. Known: emoji, clippo_b16_yfcc100m',
    );
    await expect(ClippoModel.load(readGolden(GOLDEN), { signal: AbortSignal.abort() })).rejects.toThrow(
      /abort/i,
    );
  });

  it('has one model at hand, without a network', async () => {
    const fetching = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('no network'));
    const model = await ClippoModel.fromPretrained('emoji');
    expect(model.config).toMatchObject({ imageSize: 64, textRows: 'used' });
    const words = await model.encodeText(['sunflower', 'arc-en-ciel', '老虎', 'ракета']);
    const queries = await model.encodeText(['Sonnenblume', 'rainbow', 'tiger', 'rocket']);
    model.dispose();
    expect(fetching).not.toHaveBeenCalled();
    const nearest = [0, 1, 2, 3].map((i) => topK(queries.row(i), words, 1)[0]!.index);
    expect(nearest).toEqual([0, 1, 2, 3]);
  });

  it('asks the published address for a published name', async () => {
    const fetching = vi
      .spyOn(globalThis, 'fetch')
      .mockImplementation(async () => new Response(readGolden(GOLDEN).slice()));
    const model = await ClippoModel.fromPretrained('clippo_b16_100c4', { cache: false });
    expect(fetching.mock.calls[0]![0]).toBe(
      'https://storage.googleapis.com/big_vision/clippo/clippo_b16_100c4.npz',
    );
    model.dispose();
  });

  it('lists all that is missing, extra or wrong at once, and leaves the model as it was', async () => {
    const arrays = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    for (const [path, array] of parseNpz(readGolden(GOLDEN))) {
      if (path.startsWith('params/'))
        arrays.set(path, { shape: array.shape, data: array.data as Float32Array });
    }
    arrays.delete('params/img/MAPHead_0/LayerNorm_0/bias');
    arrays.delete('params/t');
    arrays.set('params/img/extra/kernel', { shape: [1], data: new Float32Array(1) });
    arrays.set('params/img/embedding/bias', { shape: [31], data: new Float32Array(31) });
    const broken = writeNpz(arrays);
    const complaints = ['img/MAPHead_0/LayerNorm_0/bias', 'img/extra/kernel', 'img/embedding/bias', '31'];
    const model = await ClippoModel.create(CONFIG);
    const before = (await model.encodeText(['x'])).data;
    for (const attempt of [() => ClippoModel.load(broken), () => model.loadWeights(broken)]) {
      const message = await attempt().then(
        () => 'no error',
        (error: Error) => error.message,
      );
      for (const complaint of complaints) expect(message).toContain(complaint);
    }
    expect((await model.encodeText(['x'])).data).toEqual(before);
    await model.loadWeights(readGolden(GOLDEN));
    expect(maxAbsDifference((await model.encodeText(['x'])).data, before)).toBeGreaterThan(1e-3);
    model.dispose();
  });

  it('says when a checkpoint is of another kind', async () => {
    const other = writeNpz(new Map([['conv1/weights', { shape: [1], data: new Float32Array(1) }]]));
    await expect(ClippoModel.load(other)).rejects.toThrow(
      'This is not a CLIPPO checkpoint: it has no img/embedding/kernel. It holds 1 arrays',
    );
    await expect(ClippoModel.load(new TextEncoder().encode('<!doctype html>'))).rejects.toThrow(/HTML/i);
  });

  it('resamples the position embedding for another picture size', async () => {
    const model = await ClippoModel.load(readGolden(GOLDEN), { imageSize: 96 });
    expect(model.config.imageSize).toBe(96);
    expect(model.parameters().get('img/pos_embedding')!.shape).toEqual([1, 36, 32]);
    expect((await model.encode([generateImage(0, 96), 'text'])).count).toBe(2);
    model.dispose();
    await expect(ClippoModel.load(readGolden(GOLDEN), { imageSize: 100 })).rejects.toThrow(
      'not a multiple of the patch size',
    );
  });

  it('does not change with the bytes it was loaded from', async () => {
    const bytes = readGolden(GOLDEN).slice();
    const model = await ClippoModel.load(bytes);
    const before = (await model.encodeText(['x'])).data;
    bytes.fill(0);
    expect((await model.encodeText(['x'])).data).toEqual(before);
    model.dispose();
  });

  it('frees everything, also when disposed twice', async () => {
    const before = tf.memory().numTensors;
    const model = await ClippoModel.create(CONFIG);
    expect(tf.memory().numTensors).toBeGreaterThan(before);
    model.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leaves no tensor behind when a late array is damaged', async () => {
    const bytes = readGolden(GOLDEN).slice();
    const name = new TextEncoder().encode('params/t.npy');
    const at = bytes.findIndex((_, i) => name.every((byte, k) => bytes[i + k] === byte));
    const before = tf.memory().numTensors;
    for (let damaged = 0, i = at + name.length; damaged < 1; i++) {
      // The last four bytes of the entry are the temperature itself; its npy header is 128 bytes long.
      if (bytes[i] === 0x93 && bytes[i + 1] === 0x4e) {
        bytes[i + 128]! ^= 0xff;
        damaged++;
      }
    }
    await expect(ClippoModel.load(bytes)).rejects.toThrow(/t.*(damaged|CRC|checksum)/is);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says that it was disposed', async () => {
    const model = await ClippoModel.create(CONFIG);
    model.dispose();
    await expect(model.encodeText(['a'])).rejects.toThrow('This ClippoModel was disposed');
    expect(() => model.temperature).toThrow('This ClippoModel was disposed');
    await expect(model.save(join(folder, 'gone.npz'))).rejects.toThrow('This ClippoModel was disposed');
  });

  it('reads a temperature that is stored as a scalar', async () => {
    const model = await ClippoModel.create({ ...CONFIG, temperatureInit: 20 });
    const chunks = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    for (const [path, variable] of model.parameters()) {
      chunks.set(path, {
        shape: path === 't' ? [] : variable.shape,
        data: (await variable.data()) as Float32Array,
      });
    }
    model.dispose();
    const loaded = await ClippoModel.load(writeNpz(chunks));
    expect(loaded.temperature).toBeCloseTo(20, 4);
    loaded.dispose();
  });

  it('refuses a seed that is no integer', async () => {
    await expect(ClippoModel.create(CONFIG, { seed: 0.5 })).rejects.toThrow(
      'seed: expected an integer, got 0.5',
    );
  });
});
