// `clippo doctor`: what works on this machine, tried out rather than looked up.

import { createHash } from 'node:crypto';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import type { Command } from 'commander';
import { BackendError, messageOf } from '../errors.ts';
import { encodePng, nodeRuntime, readImage, useWebGpu } from '../node/index.ts';
import { createRenderer, renderText } from '../render/index.ts';
import { BACKENDS, type Backend, startBackend } from './engine.ts';
import { installedVersion, ownPackage } from './installed-package.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
The exit code is 1 only if something is broken that nothing works without.

Examples:
  $ clippo doctor
  $ clippo doctor --json`;

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** Nothing works without it. */
  readonly required: boolean;
  readonly detail: string;
}

/** Case `lang-en` of the golden fixtures, and the SHA-256 of its ink: a byte a pixel, 1 where there is text. */
const SAMPLE = 'All human beings are born free and equal in dignity and rights.';
const SAMPLE_SHA256 = '665c4836decf814199c01710fc19bf38baf37526d056a1ec67e7b3a49a79765b';
/** The planes of Unicode with assigned characters, private use aside. */
const PLANES = [0, 1, 2, 3, 14];

export function addDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .summary('check what works on this machine')
    .description('Checks what works on this machine and says how to get the rest.')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async ({ json }: { json?: boolean }) => {
      const findings = await examine();
      if (json) await terminal.printJson(findings);
      else {
        for (const { name, ok, detail } of findings)
          await terminal.print(`${ok ? '✓' : '✗'} ${name}: ${detail}\n`);
      }
      const broken = findings.filter(({ ok, required }) => required && !ok).map(({ name }) => name);
      if (broken.length > 0) throw new BackendError(`Required, but not working: ${broken.join(', ')}.`);
    });
}

async function examine(): Promise<Finding[]> {
  const backends: Finding[] = [];
  for (const backend of BACKENDS) {
    backends.push(await tryOut(`tfjs ${backend}`, false, () => tryBackend(backend)));
  }
  const webgpu = await tryOut('tfjs webgpu', false, tryWebGpu);
  const onnx = await tryOut('onnxruntime-node', false, tryOnnxRuntime);
  const working = backends.find(({ ok }) => ok);
  const engine: Finding = {
    name: 'engine',
    required: true,
    ok: working !== undefined,
    detail:
      working === undefined
        ? 'none. Run: npm install @tensorflow/tfjs-backend-wasm'
        : (onnx.ok ? onnx : working).name,
  };
  return [
    nodeVersion(),
    ...['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers'].map(peer),
    ...backends,
    webgpu,
    onnx,
    engine,
    await tryOut('bundled font', true, tryFont),
    await tryOut('sharp', false, trySharp),
    machine(),
  ];
}

/** The detail that `attempt` gives, or why it failed. */
async function tryOut(name: string, required: boolean, attempt: () => Promise<string>): Promise<Finding> {
  try {
    return { name, required, ok: true, detail: await attempt() };
  } catch (error) {
    return { name, required, ok: false, detail: messageOf(error) };
  }
}

function nodeVersion(): Finding {
  const { node: range } = ownPackage().engines;
  const wanted = range.replace(/^>=/, '').split('.').map(Number);
  const actual = process.versions.node.split('.').map(Number);
  const first = wanted.findIndex((number, i) => number !== actual[i]);
  const ok = first === -1 || actual[first]! > wanted[first]!;
  return { name: 'Node', required: true, ok, detail: `${process.versions.node}, needs ${range}` };
}

function peer(name: string): Finding {
  const version = installedVersion(name);
  return {
    name,
    required: true,
    ok: version !== undefined,
    detail: version ?? `missing. Run: npm install ${name}`,
  };
}

async function tryBackend(backend: Backend): Promise<string> {
  await startBackend([backend]);
  const tf = await import('@tensorflow/tfjs-core');
  return tryProduct(`@tensorflow/tfjs-backend-${backend}`, tf, async (a, b) => tf.matMul(a, b));
}

async function tryWebGpu(): Promise<string> {
  await useWebGpu();
  const tf = await import('@tensorflow/tfjs-core');
  const works = await tryProduct('@tensorflow/tfjs-backend-webgpu', tf, async (a, b) => tf.matMul(a, b));
  const { currentGpu } = await import('../engines/index.ts');
  return `${works} on ${currentGpu()?.name ?? 'a GPU'}`;
}

async function tryOnnxRuntime(): Promise<string> {
  const runtime = nodeRuntime();
  await startBackend(BACKENDS);
  const tf = await import('@tensorflow/tfjs-core');
  const { compile } = await import('../compile/index.ts');
  const compiled = await compile((a: Matrix, b: Matrix) => tf.matMul(a, b), { runtime });
  try {
    return await tryProduct('onnxruntime-node', tf, compiled);
  } finally {
    await compiled.dispose();
  }
}

type Tfjs = typeof import('@tensorflow/tfjs-core');
type Matrix = ReturnType<Tfjs['tensor2d']>;

async function tryProduct(
  packageName: string,
  tf: Tfjs,
  multiply: (a: Matrix, b: Matrix) => Promise<ReturnType<Tfjs['matMul']>>,
): Promise<string> {
  const factors = [tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])] as const;
  try {
    const product = await multiply(...factors);
    const values = Array.from(await product.data());
    product.dispose();
    if (values.join() !== '19,22,43,50')
      throw new BackendError(`a product of matrices came out as ${values}`);
  } finally {
    tf.dispose([...factors]);
  }
  return `${installedVersion(packageName) ?? 'version unknown'}, multiplies matrices`;
}

async function tryFont(): Promise<string> {
  const { data } = await renderText(SAMPLE);
  const ink = data.map((value) => (value === 0 ? 1 : 0));
  const hash = createHash('sha256').update(ink).digest('hex');
  if (hash !== SAMPLE_SHA256)
    throw new BackendError(`draws other pixels than it should (${hash.slice(0, 12)}).`);
  return `${(await countGlyphs()).toLocaleString('en')} glyphs, pixels as expected`;
}

async function countGlyphs(): Promise<number> {
  let count = 0;
  // A renderer a plane, so that what it remembers of its glyphs is dropped.
  for (const plane of PLANES) {
    const renderer = await createRenderer({ size: 32, maxCharacters: 0 });
    const codes: number[] = [];
    for (let low = 0; low < 0x10000; low++) {
      const isSurrogate = plane === 0 && low >= 0xd800 && low < 0xe000;
      if (!isSurrogate) codes.push(plane * 0x10000 + low);
    }
    const text = codes.map((code) => String.fromCodePoint(code)).join('');
    count += codes.length - renderer.render(text).missingGlyphs;
  }
  return count;
}

async function trySharp(): Promise<string> {
  const dot = { width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) } as const;
  const { data } = await readImage(encodePng(dot));
  if (data.join() !== '1,2,3') throw new BackendError(`a PNG came out as ${data}.`);
  return `${installedVersion('sharp') ?? 'version unknown'}, reads pictures`;
}

function machine(): Finding {
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const detail = `${availableParallelism()} of ${cpus().length} cores usable, ${gib(freemem())} of ${gib(totalmem())} memory free, ${process.platform} ${process.arch}`;
  return { name: 'machine', required: false, ok: true, detail };
}
