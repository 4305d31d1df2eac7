// The package as its users meet it: packed, installed into an empty project, every door entered from ESM and from
// require, typed, bundled for a browser, run from the command line. Needs `npm run build` (npm test does it).

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PackedPackage, packPackage, ROOT, run as runIn } from './support/consumers.ts';
import { makeTar } from './support/tar-writer.ts';

const MEGABYTE = 2 ** 20;

interface Manifest {
  readonly exports: Record<string, unknown>;
}
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
const DOORS = Object.keys(manifest.exports)
  .filter((door) => !door.includes('*') && !door.endsWith('.json'))
  .map((door) => door.replace(/^\./, 'clippo-ts'));

/** What must be behind each door; the contract names more, these show that the door opens. */
const BEHIND: Record<string, readonly string[]> = {
  'clippo-ts': ['renderText', 'ClippoModel', 'buildVit', 'parseNpz', 'parseSafetensors', 'ClippoError'],
  'clippo-ts/render': [
    'renderText',
    'createRenderer',
    'parseUnifontHex',
    'parseOutlineFont',
    'composeQuestion',
  ],
  'clippo-ts/train': ['contrastiveLoss', 'adafactor', 'schedule', 'trainStep', 'train'],
  'clippo-ts/eval': [
    'zeroShot',
    'retrieval',
    'fewShot',
    'recallAtK',
    'ridgeFewShot',
    'modalityGap',
    'explain',
  ],
  'clippo-ts/compile': ['compile', 'exportOnnx'],
  'clippo-ts/tasks': ['readWebDataset', 'createBatches'],
  'clippo-ts/node': ['readImage', 'writePng', 'nodeRuntime'],
};

let project: string;
let packed: PackedPackage;
let complaints: string;

function run(program: string, args: readonly string[]): string {
  return runIn(program, args, project);
}

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'clippo-package-'));
  packed = packPackage(project);
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'user', private: true, type: 'module' }),
  );
  // The backend alone is named: npm installs the peers that are needed by itself, and must leave the optional ones out.
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  const packages = [packed.tarball, '@tensorflow/tfjs-backend-cpu@4.22.0'];
  const { stderr, status } = spawnSync('npm', ['install', ...quiet, ...packages], {
    cwd: project,
    encoding: 'utf8',
  });
  complaints = stderr;
  if (status !== 0) throw new Error(`npm install: ${stderr}`);
}, 600_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the tarball', () => {
  it('is small and holds what users need and nothing else', () => {
    expect(packed.size).toBeLessThan(12 * MEGABYTE);
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        ...['LICENSE', 'README.md', 'package.json', 'dist/index.d.ts', 'fonts/OFL.txt'],
        ...['models/emoji.safetensors', 'models/emoji.md'],
      ]),
    );
    for (const part of ['fflate', 'opentype.js', 'GNU Unifont']) {
      const files = ['dist/THIRD-PARTY-LICENSES.txt', 'fonts/OFL.txt', 'fonts/README.md'];
      expect(paths).toEqual(expect.arrayContaining(files));
      expect(files.map((path) => readFileSync(join(ROOT, path), 'utf8')).join(), part).toContain(part);
    }
    const foreign = paths.filter(
      (path) => !/^(dist|fonts|models)\/|^(LICENSE|README\.md|CHANGELOG\.md|package\.json)$/.test(path),
    );
    expect(foreign).toEqual([]);
  });

  it('names no path of the machine that built it', () => {
    for (const { path } of packed.files.filter((file) => /\.(js|ts|json|md)$/.test(file.path))) {
      expect(readFileSync(join(ROOT, path), 'utf8').includes(ROOT), path).toBe(false);
    }
  });
});

describe('npm install', () => {
  it('brings the peers that are needed and none that is optional', () => {
    const { peerDependencies, peerDependenciesMeta } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    );
    const folder = join(project, 'node_modules');
    const present = readdirSync(folder).flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(folder, name)).map((part) => `${name}/${part}`) : [name],
    );
    const found = Object.keys(peerDependencies).filter((name) => present.includes(name));
    const needed = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
    expect(found.sort()).toEqual([...needed, '@tensorflow/tfjs-backend-cpu'].sort());
  });

  it('complains of nothing that this package could mend', () => {
    // What is left are notices that packages behind tfjs are old.
    const lines = complaints.split('\n').filter((line) => !/^npm (warn deprecated|notice)/.test(line));
    expect(lines.join('\n').trim()).toBe('');
  });
});

describe('doors', () => {
  it('lets a program end that closes the threads of its batches', () => {
    const sample = [
      { path: 'a.png', content: 'no picture' },
      { path: 'a.txt', content: 'a' },
    ];
    writeFileSync(join(project, 'a.tar'), makeTar(sample));
    const code = `
      import { createWorkerBatches } from 'clippo-ts/node';
      const sources = [{ source: { type: 'webdataset', files: 'a.tar' } }];
      const batches = createWorkerBatches({ sources, batchSize: 1, workers: 2 });
      await batches.close();
      console.log('closed');`;
    expect(run('node', ['--input-type=module', '-e', code])).toBe('closed\n');
  });

  it('are all tested here', () => {
    expect(Object.keys(BEHIND).sort()).toEqual([...DOORS].sort());
  });

  it.each([
    ['import', 'module', (door: string) => `await import('${door}')`],
    ['require', 'commonjs', (door: string) => `require('${door}')`],
  ] as const)('all open with %s', (_, type, open) => {
    // One process for all of them: starting tfjs takes most of the time.
    const entries = DOORS.map((door) => `'${door}': Object.keys(${open(door)})`).join();
    const code = `console.log(JSON.stringify({ ${entries} }))`;
    const names = JSON.parse(run('node', [`--input-type=${type}`, '-e', code])) as Record<string, string[]>;
    for (const door of DOORS) expect(names[door], door).toEqual(expect.arrayContaining([...BEHIND[door]!]));
  });

  it('share one ClippoError', () => {
    const code = `
      import { ClippoError } from 'clippo-ts';
      import { renderText } from 'clippo-ts/render';
      import { schedule } from 'clippo-ts/train';
      import { compile } from 'clippo-ts/compile';
      import { nodeRuntime, readImage } from 'clippo-ts/node';
      const fail = [
        () => renderText('x', { size: -1 }), async () => schedule({}), () => readImage('none.png'),
        () => compile(() => {}, { runtime: {} }), async () => nodeRuntime(),
      ];
      const errors = await Promise.all(fail.map((f) => f().catch((error) => error)));
      console.log(errors.map((error) => error instanceof ClippoError && error.code).join());`;
    expect(run('node', ['--input-type=module', '-e', code]).trim()).toBe('CONFIG,CONFIG,DATA,CONFIG,BACKEND');
  });

  it('lead to the fonts', () => {
    const path = run('node', ['-p', `require.resolve('clippo-ts/fonts/unifont-15.0.01.hex.gz')`]).trim();
    expect(statSync(path).size).toBeGreaterThan(5e5);
  });

  it('draw, encode and train in an empty project, and say what is missing', () => {
    const code = `
      import '@tensorflow/tfjs-backend-cpu';
      import { ClippoModel, renderText } from 'clippo-ts';
      import { train } from 'clippo-ts/train';
      import { readImage, writePng } from 'clippo-ts/node';
      const text = await renderText('a photo of a dog');
      await writePng('dog.png', text);
      const model = await ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 8 });
      const small = await renderText('dog', { size: 32 });
      const { engine } = await train({ model, steps: 2, batches: Array(2).fill({ images: [small, small], texts: [small, small] }) });
      await model.save('model.npz');
      const again = await ClippoModel.load('model.npz');
      const { count, dim } = await again.encodeText(['a', 'b']);
      const error = await readImage('dog.png').catch((error) => error);
      console.log(JSON.stringify([text.lines[0].width, count, dim, engine, error.message]));`;
    const lines = run('node', ['--input-type=module', '-e', code]).trim().split('\n');
    const [width, count, dim, engine, message] = JSON.parse(lines.at(-1)!);
    expect([width, count, dim, engine]).toEqual([98, 2, 8, 'tfjs']);
    expect(message).toBe(
      'Reading pictures needs the package "sharp", which cannot be loaded. Run: npm install sharp',
    );
  });

  it.each([
    ['nodenext', ['es2023', 'dom'], []],
    ['bundler', ['es2023', 'dom'], []],
    ['nodenext', ['es2023'], ['node']],
  ] as const)('are typed for moduleResolution %s and lib %j', (resolution, lib, types) => {
    const code = `
      import * as tf from '@tensorflow/tfjs-core';
      import { ClippoModel, renderText, type Embeddings, type RenderedText } from 'clippo-ts';
      import { createRenderer } from 'clippo-ts/render';
      import { adafactor, schedule } from 'clippo-ts/train';
      import { compile } from 'clippo-ts/compile';
      import { nodeRuntime, readImage } from 'clippo-ts/node';
      export async function main(): Promise<Embeddings> {
        const drawn: RenderedText = await renderText('x', { size: { width: 64, height: 32 } });
        const renderer = await createRenderer({ wrap: 'word' });
        // @ts-expect-error: no such option
        await renderText('x', { sise: 3 });
        adafactor({ schedule: schedule({ decay: 'cosine', total: 10 }) }).dispose();
        const model = await ClippoModel.load(new URL('https://example.org/x.npz'));
        const runtime = nodeRuntime({ threads: 2 });
        await model.compile(runtime, { precision: 'int8' });
        const twice = await compile((x: tf.Tensor2D) => ({ y: tf.mul(x, 2) }), { runtime });
        (await twice(tf.zeros([1, 1]))).y.dispose();
        return model.encode(['text', drawn, renderer.render('y'), await readImage('z.png')]);
      }`;
    const file = join(project, `${resolution}.ts`);
    writeFileSync(file, code);
    const { options, errors } = ts.convertCompilerOptionsFromJson(
      {
        ...{ noEmit: true, strict: true, target: 'es2022', lib, types, skipLibCheck: false },
        ...{ module: resolution === 'nodenext' ? 'nodenext' : 'esnext', moduleResolution: resolution },
        typeRoots: [join(ROOT, 'node_modules/@types')],
      },
      project,
    );
    expect(errors).toEqual([]);
    const program = ts.createProgram([file], options);
    // tfjs's own declarations need other packages' types; ours and the user's must be clean.
    const ours = program
      .getSourceFiles()
      .filter(({ fileName }) => fileName === file || fileName.includes('/clippo-ts/'));
    expect(ours.length).toBeGreaterThan(6);
    const complaints = ours.flatMap((source) => [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]);
    const texts = complaints.map(({ file, messageText }) => [
      file?.fileName,
      ts.flattenDiagnosticMessageText(messageText, ' '),
    ]);
    expect(texts).toEqual([]);
  });
});

describe('a browser bundle', () => {
  async function bundle(contents: string): Promise<{ inputs: string[]; bytes: number }> {
    const result = await build({
      stdin: { contents, resolveDir: project },
      bundle: true,
      splitting: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      outdir: join(project, 'bundle'),
      write: false,
      metafile: true,
      logLevel: 'silent',
    });
    const first = result.outputFiles.reduce((a, b) => (a.path.includes('stdin') ? a : b));
    return { inputs: Object.keys(result.metafile.inputs), bytes: first.contents.length };
  }

  it('of clippo-ts/render pulls no tfjs, nothing of Node, and the font and opentype.js only when asked', async () => {
    const { inputs, bytes } = await bundle(
      `import { renderText } from 'clippo-ts/render'; console.log(await renderText('x'));`,
    );
    expect(inputs.filter((path) => /tensorflow|sharp|node:|fast-png|commander/.test(path))).toEqual([]);
    expect(inputs.some((path) => path.includes('atlas'))).toBe(true);
    expect(bytes).toBeLessThan(200_000); // the atlas and opentype.js are files of their own
  });

  it('of clippo-ts/train loads nothing of Node, and no ONNX Runtime of its own', async () => {
    const { inputs } = await bundle(`import { train } from 'clippo-ts/train'; console.log(train);`);
    expect(inputs.some((path) => path.endsWith('platform-web.js'))).toBe(true);
    expect(inputs.filter((path) => /platform-node|sharp|onnxruntime|node:/.test(path))).toEqual([]);
  });

  it('of clippo-ts takes the browser side of the platform', async () => {
    const { inputs } = await bundle(`import { ClippoModel } from 'clippo-ts'; console.log(ClippoModel);`);
    expect(inputs.some((path) => path.endsWith('platform-web.js'))).toBe(true);
    expect(inputs.filter((path) => /platform-node|sharp|onnxruntime|node:/.test(path))).toEqual([]);
  });
});

describe('the command', () => {
  it('runs from the installed package', () => {
    expect(run('npx', ['--no-install', 'clippo', '--help'])).toContain('Usage: clippo');
    const clippo = join(project, 'node_modules/.bin/clippo');
    expect(run(clippo, ['--version']).trim()).toMatch(/^\d+\.\d+\.\d+$/);
    run(clippo, ['render', 'a photo of a dog', '-o', 'cli.png']);
    expect(readFileSync(join(project, 'cli.png')).subarray(1, 4).toString()).toBe('PNG');
  });
});
