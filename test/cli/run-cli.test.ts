// The frame around the verbs: help, wrong use, exit codes, what goes to which stream, and how fast it can start.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { clippo } from './run-command.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const VERBS = [
  'render',
  'embed',
  'search',
  'classify',
  'finetune',
  'eval',
  'convert',
  'inspect',
  'download',
  'doctor',
];

describe('help', () => {
  it('lists every verb', async () => {
    const { code, stdout, stderr } = await clippo(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const verb of VERBS) expect(stdout).toMatch(new RegExp(`^  ${verb} `, 'm'));
  });

  it.each(VERBS)('%s shows examples', async (verb) => {
    const { code, stdout } = await clippo([verb, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`$ clippo ${verb}`);
    expect(stdout).toContain('--quiet');
  });

  it('shows the defaults', async () => {
    const { stdout } = await clippo(['render', '--help']);
    expect(stdout).toContain('(default: 224)');
    expect(stdout).toContain('(default: 0,127)');
  });

  it('prints the version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await clippo(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });
});

describe('wrong use ends with 2 and says what is wrong', () => {
  it.each([
    [['rendr'], "unknown command 'rendr'\n(Did you mean render?)"],
    [['render', 'a', '--sice', '3'], "unknown option '--sice'"],
    [
      ['render', 'a', '-o', 'a.png', '--size', 'big'],
      "argument 'big' is invalid. Expected px as in 224 or 320x64.",
    ],
    [['render', 'a', '-o', 'a.png', '--size', '99999'], 'size must be an integer in 1..16384'],
    [['render', 'a', '-o', 'a.png', '--brightness', '3'], 'Expected TEXT,BACKGROUND as in 0,127.'],
    [
      ['render', 'a', '-o', 'a.png', '--brightness', '3,999'],
      'backgroundBrightness must be an integer in 0..255',
    ],
    [['render', 'a', '-o', 'a.png', '--wrap', 'line'], 'Allowed choices are character, word.'],
    [['render', 'a', '-o', 'a.jpg'], 'only PNG is written'],
    [['render', 'a', '-o', '-', '--json'], 'both want stdout'],
    [['render', 'a', '-o', 'a.png', '--font', 'a.bdf'], 'expected a .hex, .hex.gz, .ttf, .otf or .woff file'],
    [['render', 'a', '-o', 'a.png', '--overlay'], 'need --picture'],
    [['render', 'a', '--picture', 'a.png'], '--picture needs -o FILE'],
    [['render', 'a'], 'stdout is no terminal to preview on. Give -o FILE.png'],
    [['embed', '--text', 'a'], "required option '--model <checkpoint>' not specified"],
    [['embed', '--model', 'm.npz'], 'Nothing to embed.'],
    [
      ['embed', '--model', 'm.npz', '--text', 'a', '-o', 'a.csv'],
      'expected a name that ends in .jsonl or .npy',
    ],
    [
      ['embed', '--model', 'm.npz', '--text', 'a', '--batch-size', '0'],
      'Expected a whole number of at least 1.',
    ],
    [
      ['embed', '--model', 'm.npz', '--text', 'a', '--engine', 'gpu'],
      'Allowed choices are auto, onnx, wasm, cpu, onnx-webgpu, webgpu.',
    ],
    [
      ['embed', '--model', 'm.npz', '--text', 'a', '--engine', 'wasm', '--precision', 'int8'],
      '--precision int8 is not for --engine wasm. Leave one of them out.',
    ],
    [['embed', '--model', 'm.npz', '--text', 'a', '--precision', 'fp16'], 'Allowed choices are fp32, int8.'],
    [['search', 'i.jsonl', '--model', 'm.npz'], 'Nothing to search for.'],
    [['search', 'i.txt', 'a', '--model', 'm.npz'], 'expected a name that ends in .jsonl or .npy'],
    [['search', 'i.jsonl', 'a', '--model', 'm.npz', '-k', '0'], 'Expected a whole number of at least 1.'],
    [['classify', 'a.png', '--model', 'm.npz'], 'either as --labels a,b,c or as --labels-file FILE'],
    [['classify', 'a.png', '--model', 'm.npz', '--labels', 'a,,b'], 'one of them is empty'],
    [
      ['classify', 'a.png', '--model', 'm.npz', '--labels', 'a', '--templates', 'photo'],
      'with {} where the label goes',
    ],
    [['convert', 'a.npz'], "missing required argument 'out'"],
    [['convert', 'a.npz', 'b.pt'], 'expected a name that ends in .npz, .safetensors or .onnx'],
    [['convert', 'a.npz', 'b.onnx', '--scan'], 'an .onnx file holds the network'],
    [
      ['convert', 'a.onnx', 'b.npz'],
      'a.onnx: an ONNX file holds a program, its weights without their names.',
    ],
    [['convert', 'a.npz', 'b.npz', '--all', '--scan'], 'exclude each other'],
    [['inspect', 'a.npz', 'b.npz'], 'too many arguments'],
    [['download'], 'Nothing to download. --list tells what there is.'],
    [['download', 'clippo_b32'], '"clippo_b32" is not a pretrained model. Known: emoji, clippo_b16'],
    [['download', 'emoji'], 'emoji is in the package; there is nothing to download.'],
    [['download', 'unifont-9.0.06', '--sha256', 'ab'], '--sha256 is of one checkpoint: give one NAME.'],
    [['download', 'clippo_b16_100c4', '--sha256', 'ab'], 'expected 64 hex digits, got "ab"'],
    [['download', 'clippo_b16_100c4', '--mirror', 'here'], 'mirror: expected an http or https address'],
  ])('%j', async (argv, message) => {
    const { code, stdout, stderr } = await clippo(argv);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^clippo: /);
    expect([code, stdout]).toEqual([2, '']);
  });

  it('without a verb', async () => {
    const { code, stdout, stderr } = await clippo([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: clippo');
  });
});

describe('failures', () => {
  it('end with 1 and one line', async () => {
    const { code, stdout, stderr } = await clippo(['inspect', 'missing.npz']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      'clippo: Cannot read missing.npz: there is no such file or folder. Give the path of a readable file.\n',
    );
  });

  it('show the stack and its cause with --debug', async () => {
    const { code, stderr } = await clippo(['inspect', 'missing.npz', '--debug']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/DataError: Cannot read missing\.npz.*\n\s+at /);
    expect(stderr).toContain('Caused by: Error: ENOENT');
  });

  it('end quietly when the reader of stdout leaves', async () => {
    const closed = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const { code, stderr } = await clippo(['render', 'a', '--json'], { stdout: closed });
    expect([code, stderr]).toEqual([0, '']);
  });

  it('end with 130 after Ctrl-C', async () => {
    const { code, stdout, stderr } = await clippo(['inspect', MAIN], { signal: AbortSignal.abort() });
    expect([code, stdout, stderr]).toEqual([130, '', 'clippo: interrupted.\n']);
  });
});

describe('startup', () => {
  /** Everything that is loaded before a verb asks for more. */
  function staticImports(file: string, seen = new Set<string>()): Set<string> {
    if (seen.has(file)) return seen;
    seen.add(file);
    const code = readFileSync(file, 'utf8');
    for (const [, typeOnly, specifier] of code.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?'([^']+)';/gm)) {
      if (typeOnly !== undefined) continue;
      if (specifier!.startsWith('.')) staticImports(join(dirname(file), specifier!), seen);
      else seen.add(specifier!);
    }
    return seen;
  }

  it('loads neither tfjs nor a font nor sharp', () => {
    const loaded = [...staticImports(MAIN)];
    expect(loaded).toContain('commander');
    expect(
      loaded.filter((name) => /tensorflow|sharp|opentype|generated|clippo-model|checkpoint/.test(name)),
    ).toEqual([]);
  });
});
