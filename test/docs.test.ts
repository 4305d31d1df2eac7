// The docs as a reader meets them: every code block runs and prints what it says it prints, every link and picture
// is there, the table of doors is package.json's, and the pictures are what docs/make-pictures.ts draws. Those of
// docs/make-evaluation.ts take minutes and are not made anew; their figures have to be of the model that is shipped.
//
// A fence ```js or ```ts is a module of its own; ```js continued goes on from the block above it; ```js no-run: why
// is not run. A line `console.log(x); // text` must print that text. A fence ```console shows one command of `clippo`
// and what it prints. All run in a folder with some small files. A fence that names a file, as ```js src/main.js or
// ```html index.html, is part of a page: test/browser/docs.browser.ts builds those and opens them in Chromium.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import '@tensorflow/tfjs-backend-wasm';
import { headingAnchor } from '../docs/.vitepress/links.ts';
import { DEMO_PICTURES } from '../docs/figures/demo-pictures.ts';
import { EVALUATION_PICTURES, EVALUATIONS, modelDigest } from '../docs/figures/evaluations.ts';
import { cliReference } from '../docs/make-cli-reference.ts';
import { PICTURES } from '../docs/make-pictures.ts';
import { KERNELS } from '../src/compile/kernels/index.ts';
import * as evaluation from '../src/eval/index.ts';
import { ClippoModel } from '../src/index.ts';
import { readImage, writePng } from '../src/node/index.ts';
import { createRaster } from '../src/raster/index.ts';
import * as tasks from '../src/tasks/index.ts';
import { clippo } from './cli/run-command.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(ROOT, 'out/docs');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];
/** The only picture that make-pictures.ts does not draw: a photograph of what the quickstart writes. */
const QUICKSTART = 'quickstart.png';
/** Of these, the folder that examples/paper-in-small writes. */
const PAPER = 'paper-in-small';

/** A specifier of the package → where its source is. */
const SOURCES: Readonly<Record<string, string>> = {
  'clippo-ts': 'src/index.ts',
  'clippo-ts/render': 'src/render/index.ts',
  'clippo-ts/train': 'src/train/index.ts',
  'clippo-ts/eval': 'src/eval/index.ts',
  'clippo-ts/compile': 'src/compile/index.ts',
  'clippo-ts/node': 'src/node/index.ts',
  'clippo-ts/tasks': 'src/tasks/index.ts',
};

interface Snippet {
  /** page and line, as the test is called */
  readonly name: string;
  code: string;
}

interface Block {
  readonly line: number;
  readonly language: string;
  readonly info: string;
  readonly code: string;
}

function blocksOf(page: string): Block[] {
  const text = read(page);
  return [...text.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```/gm)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length,
    language: match[1]!,
    info: match[2]!.trim(),
    code: match[3]!,
  }));
}

/** Whether a block is a file of a page; which one is, docs.browser.ts knows. */
function isFileName(info: string): boolean {
  return /^[\w./-]+\.(js|ts|html)$/.test(info);
}

function snippetsOf(page: string): Snippet[] {
  const snippets: Snippet[] = [];
  for (const { line, language, info, code } of blocksOf(page)) {
    if (!['js', 'ts'].includes(language) || info.startsWith('no-run') || isFileName(info)) continue;
    if (info.startsWith('from ')) continue; // of a project in test/consumers, which is run there
    if (info === '') snippets.push({ name: `${page}:${line}`, code });
    else if (info === 'continued' && snippets.length > 0) snippets.at(-1)!.code += code;
    else throw new Error(`${page}:${line}: a fence cannot be marked '${info}'.`);
  }
  return snippets;
}

/** The block as a module of this repository, with every promised output checked. */
function toModule(code: string): string {
  return code
    .replaceAll(/from '(clippo-ts[^']*)'/g, (_, specifier: string) => {
      const source = SOURCES[specifier];
      if (source === undefined) throw new Error(`There is no door '${specifier}'.`);
      return `from ${JSON.stringify(join(ROOT, source))}`;
    })
    .replaceAll(
      /console\.log\((.*)\); \/\/ (.+)$/gm,
      (_, values: string, text: string) => `globalThis.printed(${JSON.stringify(text)}, ${values});`,
    );
}

/** The small files that blocks find beside them. */
async function writeFiles(): Promise<void> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(join(FOLDER, 'photos'), { recursive: true });
  for (const [name, value] of [
    ['cat.png', 60],
    ['dog.png', 200],
  ] as const) {
    await writePng(join(FOLDER, name), createRaster(48, 32, 3, value));
    copyFileSync(join(FOLDER, name), join(FOLDER, 'photos', name));
    writeFileSync(join(FOLDER, 'photos', name.replace('png', 'txt')), `a photo of a ${name.slice(0, 3)}`);
  }
  const fresh = await ClippoModel.create({ variant: 'mu/16', imageSize: 64, embeddingDim: 32 }, { seed: 1 });
  await fresh.save(join(FOLDER, 'clippo.npz'));
  await fresh.save(join(FOLDER, 'clippo.safetensors'));
  fresh.dispose();
  copyFileSync(join(ROOT, 'fonts/unifont-15.0.01.hex.gz'), join(FOLDER, 'unifont-9.0.06.hex.gz'));
  writeFileSync(join(FOLDER, 'unifont_upper-9.0.06.hex.gz'), `01F415:${'0F'.repeat(16)}\n`);
  copyFileSync(join(ROOT, 'fonts/unifont_upper-15.0.01.otf'), join(FOLDER, 'font.otf'));
}

describe('code blocks', () => {
  const home = process.cwd();
  beforeAll(async () => {
    await writeFiles();
    process.chdir(FOLDER);
    vi.spyOn(console, 'log').mockImplementation(() => {});
    Object.assign(globalThis, {
      // White space apart: long arrays are printed over several lines.
      printed: (expected: string, ...values: unknown[]) =>
        expect(format(...values).split(/\s+/)).toEqual(expected.split(/\s+/)),
    });
  });
  afterAll(() => {
    process.chdir(home);
    vi.restoreAllMocks();
  });

  it.each(PAGES.flatMap(snippetsOf))('$name', async ({ name, code }) => {
    const before = tf.memory().numTensors;
    const file = join(FOLDER, `${name.replaceAll(/\W/g, '-')}.ts`);
    writeFileSync(file, toModule(code));
    await import(file);
    expect(tf.memory().numTensors, 'tensors alive after the block').toBe(before);
  });

  const commands = PAGES.flatMap(blocksOf).flatMap(({ language, code }) => {
    const [, command = '', shown = ''] = /^\$ clippo ([^\n]*)\n([\s\S]*)$/.exec(code) ?? [];
    return language === 'console' ? [{ command, shown }] : [];
  });

  it.each(commands)('clippo $command', async ({ command, shown }) => {
    const argv = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]!);
    const { stdout, stderr } = await clippo(argv);
    // Progress is told when it takes long, and every machine has a version of its own.
    const printed = `${stderr}${stdout}`.replaceAll(/^.*\d+ of \d+.*\n/gm, '');
    const words = (text: string): string[] =>
      text.replace(/ONNX Runtime [\d.]+,/, 'ONNX Runtime,').split(/\s+/);
    expect(words(printed)).toEqual(words(shown));
  });

  it('few are not run, and each says why', () => {
    const idle = PAGES.flatMap((page) => blocksOf(page).filter(({ info }) => info.startsWith('no-run')));
    for (const { info } of idle) expect(info).toMatch(/^no-run: \w+/);
    expect(idle.length).toBeLessThanOrEqual(5);
  });

  it('those of a page are all of the page that the browser test opens', () => {
    const files = PAGES.flatMap((page) =>
      blocksOf(page).flatMap(({ language, info }) =>
        language === 'html' || isFileName(info) ? [{ page, info }] : [],
      ),
    );
    expect(new Set(files.map(({ page }) => page))).toEqual(new Set(['docs/getting-started.md']));
    for (const { info } of files) expect(read('test/browser/docs.browser.ts')).toContain(`'${info}'`);
  });
});

describe('links and pictures', () => {
  /** A page without its code blocks. */
  const proseOf = (page: string): string => read(page).replaceAll(/^```[\s\S]*?^```/gm, '');
  const linksOf = (page: string): string[] =>
    [...proseOf(page).matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)].map((match) => match[1] ?? match[2]!);

  it.each(PAGES)('%s leads nowhere in vain', (page) => {
    const dead = linksOf(page).filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : normalize(join(dirname(page), path));
      if (target === `docs/images/${QUICKSTART}`) return false; // made by `npm run quickstart`
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(dead).toEqual([]);
  });

  function anchorsOf(page: string): string[] {
    return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map((match) => headingAnchor(match[1]!));
  }

  it('every picture is made by a command of docs/, small, and shown somewhere', () => {
    const files = readdirSync(join(ROOT, 'docs/images')).filter(
      (file) => ![QUICKSTART, PAPER].includes(file),
    );
    expect(files.sort()).toEqual([...Object.keys(PICTURES), ...EVALUATION_PICTURES, ...DEMO_PICTURES].sort());
    for (const file of files)
      expect(statSync(join(ROOT, 'docs/images', file)).size, file).toBeLessThan(60_000);
    const shown = PAGES.flatMap(linksOf).map((link) => link.split('/').at(-1));
    expect(files.filter((file) => !shown.includes(file))).toEqual([]);
  });

  it('the pictures of the paper in small are those that its page shows', () => {
    const shown = linksOf(`docs/${PAPER}.md`).filter((link) => link.startsWith('images/'));
    const files = readdirSync(join(ROOT, 'docs/images', PAPER)).map((file) => `images/${PAPER}/${file}`);
    expect(files.sort()).toEqual(shown.sort());
  });

  // SVG and floating-point numbers may differ in a last bit from machine to machine; drawn letters may not.
  const INEXACT = ['two-roads.png', 'question.png', 'first-run.png'];

  it.each(Object.keys(PICTURES))('%s is what it draws today', async (name) => {
    const file = join(ROOT, 'docs/images', name);
    const [kept, drawn] = [await readImage(file), await PICTURES[name]!()];
    expect([kept.width, kept.height]).toEqual([drawn.width, drawn.height]);
    const unlike = kept.data.filter((value, i) => value !== drawn.data[i]).length;
    expect(unlike).toBeLessThanOrEqual(INEXACT.includes(name) ? kept.data.length / 100 : 0);
  });
});

describe('docs/cli.md', () => {
  const page = read('docs/cli.md');
  const flagsIn = (text: string): string[] => [...new Set(text.match(/(?<![\w-])--?[a-z][\w-]*/g))].sort();
  /** Of a verb, a task of `eval`, or a kind of `finetune`. */
  const sectionOf = (verb: string): string =>
    page.split(/^##+ /m).find((part) => part.startsWith(`${verb.replace('eval ', '')}\n`))!;
  const rowsOf = (section: string): string =>
    [...section.matchAll(/^\| `(-[^`]*)`/gm)].map((match) => match[1]!).join(' ');
  const ofModels = ['--model', '--engine', '--precision', '--font', '--batch-size'];
  const ofEvaluations = ['--max-skipped', '--out', '--examples', '--json'];
  const evaluations = [
    ...['zero-shot', 'few-shot', 'retrieval', 'multilingual', 'typographic', 'glue', 'gap', 'loss'],
  ];
  const tasks = [...evaluations, 'tokens', 'explain'];
  const kinds = ['labels', 'glue', 'vqa'];
  const ofNetworks = ['--model', '--engine', '--font'];

  /** Flags that are listed elsewhere. */
  function sharedBy(verb: string): string[] {
    if (verb.startsWith('finetune ')) return [...ofNetworks, ...flagsIn(rowsOf(sectionOf('finetune')))];
    const name = verb.replace('eval ', '');
    if (evaluations.includes(name)) return [...ofModels, ...ofEvaluations];
    return ['search', 'classify', 'explain'].includes(name) ? ofModels : [];
  }

  it.each([
    ...['render', 'embed', 'search', 'classify', 'train', 'convert', 'inspect', 'parity', 'doctor'],
    ...tasks.map((task) => `eval ${task}`),
    ...kinds.map((kind) => `finetune ${kind}`),
  ])('lists every flag of %s, and no other', async (verb) => {
    const { stdout } = await clippo([...verb.split(' '), '--help']);
    const help = stdout.slice(stdout.indexOf('\nOptions:'), stdout.indexOf('\nGlobal Options:'));
    const flags = flagsIn([...help.matchAll(/^ {2}(-.*?)(?: {2}|$)/gm)].map((match) => match[1]!).join(' '));
    const shared = ['-h', '--help', ...sharedBy(verb)];
    expect(flagsIn(rowsOf(sectionOf(verb)))).toEqual(flags.filter((flag) => !shared.includes(flag)));
  });

  it('lists every task of eval, and the flags that they share', async () => {
    const listed = [...sectionOf('eval').matchAll(/^\| \[`([\w-]+)`\]/gm)].map((match) => match[1]!);
    expect(listed).toEqual(tasks);
    const { stdout } = await clippo(['eval', '--help']);
    for (const task of tasks) expect(stdout).toMatch(new RegExp(`^  ${task} `, 'm'));
    expect(flagsIn(rowsOf(sectionOf('eval')))).toEqual(ofEvaluations.sort());
  });

  it('lists every kind of finetune, and no flag that none of them has', async () => {
    const { stdout: menu } = await clippo(['finetune', '--help']);
    for (const kind of kinds) expect(menu).toMatch(new RegExp(`^  ${kind} `, 'm'));
    const listed = [...sectionOf('finetune').matchAll(/^\| `(\w+) </gm)].map((match) => match[1]);
    expect(listed).toEqual(kinds);
    const { stdout } = await clippo(['finetune', 'glue', '--help']);
    for (const flag of flagsIn(rowsOf(sectionOf('finetune')))) expect(stdout).toContain(`${flag} `);
  });
});

describe('docs/cli-reference.md', () => {
  it('is what the command line says of itself', () => {
    expect(read('docs/cli-reference.md'), 'run npm run docs:cli').toBe(cliReference());
  });
});

describe('docs/install.md', () => {
  const blocks = blocksOf('docs/install.md').filter(({ info }) => info.startsWith('from '));
  const linesOf = (code: string): string[] => code.split('\n').map((line) => line.trim());

  it.each(blocks)('line $line is $info, which a test runs', ({ info, code }) => {
    const file = linesOf(read(`test/consumers/${info.replace('from ', '')}`)).join('\n');
    expect(file).toContain(linesOf(code).join('\n').trim());
  });

  it('tells of every project of test/consumers', () => {
    const told = new Set(blocks.map(({ info }) => info.replace(/^from |\/.*$/g, '')));
    expect([...told].sort()).toEqual(readdirSync(join(ROOT, 'test/consumers')).sort());
  });
});

describe('docs/compile.md', () => {
  it('lists every kernel that has a translation, and no other', () => {
    const section = read('docs/compile.md').match(/^## Kernels\n([\s\S]*?)^## /m)![1]!;
    const families = section.match(/^- \*\*[\s\S]*?(?=\n\n)/m)![0];
    const listed = [...families.matchAll(/`(\w+)`/g)].map((match) => match[1]);
    expect(listed.sort()).toEqual(Object.keys(KERNELS).sort());
  });

  it('names the families after their files', () => {
    const named = [...read('docs/compile.md').matchAll(/^- \*\*([\w-]+)\*\*: `/gm)].map(
      (match) => `${match[1]}.ts`,
    );
    const files = readdirSync(join(ROOT, 'src/compile/kernels')).filter((file) =>
      read(`src/compile/kernels/${file}`).includes(': KernelTable = {'),
    );
    expect(named).toEqual(files.filter((file) => file !== 'index.ts').sort());
  });
});

describe('docs/evaluation.md', () => {
  const page = read('docs/evaluation.md');

  it('has the figures that docs/make-evaluation.ts makes, of the model that is shipped', () => {
    const figures = [...page.matchAll(/^<!-- figures: ([\w-]+) -->\n([\s\S]*?)^<!-- \/figures -->$/gm)];
    expect(figures.map((match) => match[1])).toEqual(Object.keys(EVALUATIONS));
    for (const [, name, markdown] of figures) expect(markdown?.trim(), name).not.toBe('');
    expect(page, 'run docs/make-evaluation.ts').toContain(`SHA-256 \`${modelDigest()}`);
  });

  it('names readers that clippo-ts/tasks has', () => {
    const named = new Set(page.match(/\b(?:read[A-Z]\w+|labelledRecords)(?=\()/g));
    expect(named.size).toBeGreaterThan(5);
    const absent = [...named].filter((name) => !(name in tasks) && name !== 'readImage'); // of clippo-ts/node
    expect(absent).toEqual([]);
  });

  it('tells of every function of clippo-ts/eval', () => {
    const names = Object.entries(evaluation).filter(([, value]) => typeof value === 'function');
    expect(names.map(([name]) => name).filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  const page = read('docs/architecture.md');

  it('has the import table that test/architecture.test.ts enforces', () => {
    const enforced = read('test/architecture.test.ts').match(/ROOMS: [^=]*= \{([\s\S]*?)\n\};/)?.[1] ?? '';
    const rows = [
      ...enforced.matchAll(/(\w+): \{\s*mayImport: \[([^\]]*)\],\s*tfjs: '(\w+)',\s*node: (\w+),?\s*\}/g),
    ].map(([, room, imports, tfjs, node]) => [
      room,
      imports!
        .replaceAll("'", '')
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean)
        .join(', '),
      tfjs,
      node === 'true' ? 'yes' : 'no',
    ]);
    const shown = [...page.matchAll(/^\| `(\w+)` +\| ([^|]*?) +\| (\w+) +\| (\w+) +\|$/gm)];
    expect(rows.length).toBeGreaterThan(10);
    expect(shown.map((match) => match.slice(1))).toEqual(rows);
  });

  it('names every file of src/', () => {
    const rooms = page.slice(page.indexOf('**leaf** ·'), page.indexOf('Rules on top'));
    const named = new Set([...rooms.matchAll(/`([\w.-]+)`/g)].map((match) => match[1]));
    const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && basename(file) !== 'index.ts')
      .map((file) => basename(file, '.ts'));
    expect(files.filter((file) => !named.has(file))).toEqual([]);
    expect([...named].filter((name) => !files.includes(name!))).toEqual([]);
  });
});

describe('README', () => {
  const readme = read('README.md');

  it('has the two commands', () => {
    expect(readme).toContain('npm ci && npm run quickstart');
    expect(readme).toContain('npm ci && npm test');
    expect(readme.match(/npm ci/g)).toHaveLength(2);
  });

  it('lists the doors of package.json', () => {
    const { exports } = JSON.parse(read('package.json'));
    const doors = Object.keys(exports)
      .filter((path) => path !== './package.json')
      .map((path) => path.replace('.', 'clippo-ts'));
    for (const text of [readme, read('docs/architecture.md')]) {
      expect([...text.matchAll(/^\| `(clippo-ts[^`]*)` +\|/gm)].map((match) => match[1])).toEqual(doors);
    }
    expect(Object.keys(SOURCES)).toEqual(doors.filter((door) => !door.includes('*')));
  });
});
