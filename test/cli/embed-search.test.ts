// `clippo embed` → an index → `clippo search`, with the small golden model.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { encodePng, nodeRuntime } from '../../src/node/index.ts';
import { temporaryFolder } from '../node/temporary-folder.ts';
import { expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';
import { generateImage } from '../support/golden.ts';
import { clippo, type RunResult } from './run-command.ts';

const MODEL = fileURLToPath(new URL('../golden/vit/mu16_64_map.ckpt.npz', import.meta.url));
const path = temporaryFolder();
const PICTURES = [0, 1, 2].map((k) => generateImage(k, 70));

await useBackend('wasm');
expectNoLeaks();
beforeEach(() => {
  PICTURES.forEach((picture, k) => {
    writeFileSync(path(`${k}.png`), encodePng(picture));
  });
});

interface Row {
  input: string;
  kind: string;
  embedding: number[];
}

function rowsOf(jsonLines: string): Row[] {
  return jsonLines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function withModel(argv: readonly string[], options = {}): Promise<RunResult> {
  return clippo([...argv, '--model', MODEL], options);
}

/** What the library itself gives, row by row. */
async function expected(inputs: Parameters<ClippoModel['encode']>[0], normalize = true): Promise<number[][]> {
  const model = await ClippoModel.load(MODEL);
  await model.compile(nodeRuntime());
  const { row } = await model.encode(inputs, { normalize });
  model.dispose();
  return inputs.map((_, i) => Array.from(row(i)));
}

describe('clippo embed', () => {
  it('gives the vectors of the library to the last bit, pictures first', async () => {
    const files = PICTURES.map((_, k) => path(`${k}.png`));
    const { code, stdout, stderr } = await withModel(['embed', ...files, '--text', 'a dog', 'a cat']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Engine: ONNX Runtime \d+\.\d+\.\d+, fp32\.\n5 vectors of 32\.\n$/);
    const rows = rowsOf(stdout);
    expect(rows.map(({ input, kind }) => [input, kind])).toEqual([
      ...files.map((file) => [file, 'image']),
      ['a dog', 'text'],
      ['a cat', 'text'],
    ]);
    const vectors = await expected([...PICTURES, 'a dog', 'a cat']);
    expect(rows.map(({ embedding }) => embedding.map(Math.fround))).toEqual(vectors);
  });

  it.each(['wasm', 'cpu'])('computes with tfjs %s when asked', async (engine) => {
    const { code, stdout, stderr } = await withModel(['embed', '--text', 'a dog', '--engine', engine]);
    expect([code, stderr]).toEqual([0, `Engine: tfjs ${engine}.\n1 vectors of 32.\n`]);
    const [vector] = await expected(['a dog']);
    expect(maxAbsDifference(rowsOf(stdout)[0]!.embedding, vector!)).toBeLessThan(1e-6);
  });

  it('computes in int8 when asked, and says how near that is', async () => {
    const { code, stdout, stderr } = await withModel(['embed', '--text', 'a dog', '--precision', 'int8']);
    expect(code).toBe(0);
    const [, cosine] = /^Engine: ONNX Runtime \S+, int8 \(cosine to fp32: (0\.\d{4})\)\.$/m.exec(stderr)!;
    expect(Number(cosine)).toBeGreaterThan(0.99);
    const [vector] = await expected(['a dog']);
    const ours = rowsOf(stdout)[0]!.embedding;
    expect(ours.reduce((sum, x, i) => sum + x * vector![i]!, 0)).toBeGreaterThan(0.99);
    expect(ours.map(Math.fround)).not.toEqual(vector);
  });

  it('cuts the work into batches of --batch-size', async () => {
    const texts = ['a', 'b', 'c', 'd', 'e'];
    const argv = ['embed', '--text', ...texts, '--no-normalize', '--batch-size', '2', '-o', path('i.jsonl')];
    const { code, stdout } = await withModel(argv);
    expect([code, stdout]).toEqual([0, '']);
    const rows = rowsOf(readFileSync(path('i.jsonl'), 'utf8'));
    const vectors = await expected(texts, false);
    rows.forEach(({ embedding }, i) => {
      embedding.forEach((value, j) => {
        expect(value).toBeCloseTo(vectors[i]![j]!, 5);
      });
    });
  });

  it('reads texts from a file and from stdin', async () => {
    writeFileSync(path('lines.txt'), 'one\r\n\n two\n');
    const fromFile = await withModel(['embed', '--text-file', path('lines.txt'), '--quiet']);
    expect(rowsOf(fromFile.stdout).map(({ input }) => input)).toEqual(['one', ' two']);
    const fromStdin = await withModel(['embed', '--text-file', '-', '--quiet'], { stdin: 'one\n two' });
    expect(fromStdin.stdout).toBe(fromFile.stdout);
    expect(await withModel(['embed', '--text-file', '-'], { stdin: ' \n' })).toMatchObject({
      code: 1,
      stderr: 'clippo: stdin: expected one text a line, got none.\n',
    });
  });

  it('skips broken pictures, tells them, writes the rest and ends with 1', async () => {
    writeFileSync(path('broken.png'), 'no picture');
    const argv = [
      'embed',
      path('0.png'),
      path('broken.png'),
      path('missing.png'),
      path('1.png'),
      '-o',
      path('i.jsonl'),
    ];
    const { code, stderr } = await withModel(argv);
    expect(code).toBe(1);
    expect(stderr).toMatch(/skipped .*broken\.png: cannot be decoded as a picture/);
    expect(stderr).toMatch(/skipped Cannot read .*missing\.png: there is no such file or folder/);
    expect(stderr).toContain('2 vectors of 32 in');
    expect(stderr).toMatch(
      /clippo: 2 of 4 pictures could not be read \(listed above\); the rest is done\.\n$/,
    );
    const rows = rowsOf(readFileSync(path('i.jsonl'), 'utf8'));
    expect(rows.map(({ input }) => input)).toEqual([path('0.png'), path('1.png')]);
  });

  it.each(['jsonl', 'npy'])('leaves an old .%s alone when no picture could be read', async (format) => {
    const output = path(`i.${format}`);
    const files = ['broken.png', 'missing.png'].map((name) => path(name));
    writeFileSync(path('broken.png'), 'no picture');
    writeFileSync(output, 'old');
    const argv = ['embed', ...files, '--batch-size', '1', '--quiet', '-o', output];
    const { code, stdout, stderr } = await withModel(argv);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/skipped .*broken\.png.*skipped .*missing\.png/s);
    expect(stderr).toContain(
      `clippo: None of the 2 pictures could be read (listed above); ${output} is not written.\n`,
    );
    expect(readFileSync(output, 'utf8')).toBe('old');
    const names = ['0.png', '1.png', '2.png', 'broken.png', `i.${format}`];
    expect(readdirSync(path()).sort()).toEqual(names);
    const toStdout = await withModel(['embed', path('missing.png'), '--quiet']);
    expect([toStdout.code, toStdout.stdout]).toEqual([1, '']);
    expect(toStdout.stderr).toContain(
      'None of the 1 pictures could be read (listed above); nothing is written.',
    );
  });

  it('writes a matrix with a description beside it', async () => {
    const { code } = await withModel(['embed', path('0.png'), '--text', 'a', '-o', path('i.npy')]);
    expect(code).toBe(0);
    expect(JSON.parse(readFileSync(path('i.json'), 'utf8'))).toEqual({
      model: MODEL,
      normalized: true,
      count: 2,
      dim: 32,
      inputs: [
        { input: path('0.png'), kind: 'image' },
        { input: 'a', kind: 'text' },
      ],
    });
    const bytes = readFileSync(path('i.npy'));
    expect(bytes.length).toBe(128 + 2 * 32 * 4);
    expect(bytes.subarray(10, 80).toString()).toContain(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 32), }",
    );
    const vectors = await expected([PICTURES[0]!, 'a']);
    expect(Array.from(new Float32Array(bytes.buffer.slice(bytes.byteOffset + 128)).slice(0, 64))).toEqual(
      vectors.flat(),
    );
  });

  it('leaves the old index and no other file when it is interrupted', async () => {
    writeFileSync(path('i.jsonl'), 'old');
    const controller = new AbortController();
    const texts = Array.from({ length: 100 }, (_, i) => String(i));
    const argv = ['embed', '--text', ...texts, '--batch-size', '1', '-o', path('i.jsonl')];
    // A terminal shows the first progress at once: the first batch is done then, 99 are left.
    const onStderr = (text: string): void => {
      if (text.includes('embed [')) controller.abort();
    };
    const { code, stderr } = await withModel(argv, { signal: controller.signal, columns: 80, onStderr });
    expect(code).toBe(130);
    expect(stderr).toContain('clippo: interrupted.');
    expect(readFileSync(path('i.jsonl'), 'utf8')).toBe('old');
    expect(readdirSync(path()).sort()).toEqual(['0.png', '1.png', '2.png', 'i.jsonl']);
  });

  it('tells a checkpoint that is none', async () => {
    const { code, stderr } = await clippo(['embed', '--text', 'a', '--model', path('0.png')]);
    expect(code).toBe(1);
    expect(stderr).toContain('clippo: checkpoint: expected an npz or a safetensors file');
  });
});

describe('clippo search', () => {
  it.each(['jsonl', 'npy'])('finds a text and a picture in .%s', async (format) => {
    const index = path(`i.${format}`);
    const files = PICTURES.map((_, k) => path(`${k}.png`));
    await withModel(['embed', ...files, '--text', 'a dog', '-o', index]);
    const argv = ['search', index, 'a dog', '--image', path('1.png'), '-k', '2', '--json'];
    const { code, stdout } = await withModel(argv);
    expect(code).toBe(0);
    const results = JSON.parse(stdout);
    expect(results.map(({ input, kind }: Row) => [input, kind])).toEqual([
      ['a dog', 'text'],
      [path('1.png'), 'image'],
    ]);
    expect(results[0].hits).toHaveLength(2);
    expect(results[0].hits[0]).toMatchObject({ rank: 1, row: 3, input: 'a dog', kind: 'text' });
    expect(results[0].hits[0].score).toBeCloseTo(1, 5);
    expect(results[1].hits[0]).toMatchObject({ rank: 1, row: 1, input: path('1.png'), kind: 'image' });
  });

  it('prints a table', async () => {
    await withModel(['embed', '--text', 'a dog', 'cats', '-o', path('i.jsonl')]);
    const one = await withModel(['search', path('i.jsonl'), 'cats', '-k', '9']);
    expect(one.stdout).toMatch(/^1 {2}1\.0000 {2}cats\n2 {2}0\.\d{4} {2}a dog\n$/);
    const two = await withModel(['search', path('i.jsonl'), 'cats', 'a dog', '-k', '1']);
    expect(two.stdout).toBe('cats\n  1  1.0000  cats\na dog\n  1  1.0000  a dog\n');
  });

  it('gives cosines for an index that is not normalised', async () => {
    await withModel(['embed', '--text', 'a dog', 'cats', '--no-normalize', '-o', path('i.jsonl')]);
    const { stdout } = await withModel(['search', path('i.jsonl'), 'cats', '-k', '1']);
    expect(stdout).toBe('1  1.0000  cats\n');
  });

  it('warns when the index names another model', async () => {
    await withModel(['embed', '--text', 'a', '-o', path('i.npy')]);
    writeFileSync(path('other.npz'), readFileSync(MODEL));
    const { code, stderr } = await clippo([
      'search',
      path('i.npy'),
      'a',
      '--model',
      path('other.npz'),
      '--quiet',
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain(`i.npy was made with ${MODEL}; scores against`);
  });

  const good = JSON.stringify({ input: 'a', kind: 'text', embedding: [1, 2] });
  it.each([
    ['', 'i.jsonl: the index holds nothing.'],
    [`${good}\n{"input": "b`, 'i.jsonl, line 2: not JSON. Was the file cut off?'],
    [
      `${good}\n\n${good.replace('2]', '2, 3]')}`,
      'i.jsonl, line 3: 3 numbers, 2 in the lines before. Use one model.',
    ],
    [good.replace('2]', 'null]'), 'i.jsonl, line 1: expected {"input": text'],
    [good.replace('"text"', '"sound"'), 'i.jsonl, line 1: expected {"input": text'],
    ['7', 'i.jsonl, line 1: expected {"input": text'],
    [good, 'holds vectors of 2,'],
  ])('refuses the index %j', async (content, message) => {
    writeFileSync(path('i.jsonl'), content);
    const { code, stdout, stderr } = await withModel(['search', path('i.jsonl'), 'a']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
  });

  it('refuses a matrix that is cut off or that nobody describes', async () => {
    await withModel(['embed', '--text', 'a', 'b', '-o', path('i.npy')]);
    const whole = readFileSync(path('i.npy'));
    writeFileSync(path('i.npy'), whole.subarray(0, -1));
    expect((await withModel(['search', path('i.npy'), 'a'])).stderr).toContain('expected a whole .npy file');
    writeFileSync(path('i.npy'), whole);
    writeFileSync(path('i.json'), '{"model": "m", "inputs": []}');
    expect((await withModel(['search', path('i.npy'), 'a'])).stderr).toContain(
      'does not describe the 2 rows',
    );
    writeFileSync(path('i.json'), 'x');
    expect((await withModel(['search', path('i.npy'), 'a'])).stderr).toContain(
      'it should say what the rows of',
    );
  });

  it('ends with 1 for a picture that cannot be read', async () => {
    await withModel(['embed', '--text', 'a', '-o', path('i.jsonl')]);
    const { code, stderr } = await withModel(['search', path('i.jsonl'), '--image', path('i.jsonl')]);
    expect(code).toBe(1);
    expect(stderr).toContain('cannot be decoded as a picture');
  });
});
