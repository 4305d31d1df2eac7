// The floor plan of docs/architecture.md as data, held against every import line of src/.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

interface Room {
  /** rooms whose door this one may enter; `leaf` are the files of src/ that import nothing but each other */
  readonly mayImport: readonly string[];
  /** `demand`: loaded when it is needed, as optional packages are */
  readonly tfjs: 'no' | 'types' | 'demand' | 'yes';
  readonly node: boolean;
}

const ROOMS: Record<string, Room> = {
  leaf: { mayImport: ['raster', 'tokens', 'compile'], tfjs: 'types', node: false },
  raster: { mayImport: ['leaf'], tfjs: 'no', node: false },
  render: { mayImport: ['leaf', 'raster'], tfjs: 'no', node: false },
  ops: { mayImport: ['leaf'], tfjs: 'yes', node: false },
  model: { mayImport: ['leaf', 'raster', 'ops'], tfjs: 'yes', node: false },
  download: { mayImport: ['leaf', '#platform'], tfjs: 'no', node: false },
  checkpoint: { mayImport: ['leaf', 'model', 'download', '#platform'], tfjs: 'no', node: false },
  compile: { mayImport: ['leaf', 'ops'], tfjs: 'yes', node: false },
  tokens: { mayImport: ['leaf'], tfjs: 'no', node: false },
  data: { mayImport: ['leaf', 'raster', 'render', '#platform'], tfjs: 'no', node: false },
  tasks: { mayImport: ['leaf', 'raster', 'render', 'data'], tfjs: 'no', node: false },
  clippo: {
    mayImport: [
      'leaf',
      'raster',
      'render',
      'tokens',
      'model',
      'download',
      'checkpoint',
      'compile',
      '#platform',
    ],
    tfjs: 'yes',
    node: false,
  },
  train: {
    mayImport: [
      'leaf',
      'raster',
      'render',
      'tokens',
      'ops',
      'model',
      'checkpoint',
      'compile',
      'clippo',
      'data',
      'tasks',
      '#platform',
    ],
    tfjs: 'yes',
    node: false,
  },
  eval: {
    mayImport: [
      'leaf',
      'raster',
      'render',
      'tokens',
      'model',
      'checkpoint',
      'compile',
      'clippo',
      'data',
      'tasks',
    ],
    tfjs: 'yes',
    node: false,
  },
  engines: { mayImport: ['leaf', 'raster', 'compile', 'clippo'], tfjs: 'yes', node: false },
  node: {
    mayImport: ['leaf', 'raster', 'tokens', 'compile', 'data', 'train', 'eval'],
    tfjs: 'demand',
    node: true,
  },
  web: { mayImport: ['leaf', 'raster'], tfjs: 'no', node: false },
  cli: {
    mayImport: [
      'leaf',
      'raster',
      'render',
      'model',
      'download',
      'checkpoint',
      'compile',
      'clippo',
      'data',
      'tasks',
      'train',
      'eval',
      'engines',
      'node',
      'index',
    ],
    tfjs: 'yes',
    node: true,
  },
  index: {
    mayImport: [
      'leaf',
      'raster',
      'render',
      'tokens',
      'model',
      'download',
      'checkpoint',
      'compile',
      'clippo',
      'engines',
    ],
    tfjs: 'no',
    node: false,
  },
};

const LEAVES = [
  ...['embeddings', 'errors', 'options', 'page', 'platform', 'png', 'progress', 'prompts', 'random', 'shape'],
  ...['execution-providers', 'file-cache', 'missing-package', 'protobuf', 'shipped-models', 'text-rows'],
];
const ABOVE: Record<string, string> = {
  ...{ 'clippo-model': 'clippo', 'image-input': 'clippo', 'unifont-release': 'clippo', index: 'index' },
};
/** Files that alone may know a package. */
const KEEPERS: Record<string, string> = {
  'opentype.js': 'render/outline.ts',
  'fast-png': 'png.ts',
  sharp: 'node/image-file.ts',
  webgpu: 'node/webgpu.ts',
};

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
  /** `import('…')` */
  readonly onDemand: boolean;
}

function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.generated.ts'))
    .sort();
}

function importsOf(file: string): Import[] {
  const code = readFileSync(join(SRC, file), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\('([^']+)'\)/g;
  return [...code.matchAll(pattern)].map((match) => ({
    file,
    specifier: match[2] ?? match[3]!,
    typeOnly: match[1] !== undefined,
    onDemand: match[3] !== undefined,
  }));
}

function roomOf(file: string): string {
  const [first = '', ...rest] = file.split('/');
  if (rest.length > 0) return first;
  const name = first.replace(/\.ts$/, '');
  if (LEAVES.includes(name)) return 'leaf';
  return ABOVE[name] ?? `${name} (no room)`;
}

function resolveImport({ file, specifier }: Import): string {
  return relative('.', normalize(join(dirname(file), specifier)));
}

function complaints(line: Import): string[] {
  const { file, specifier, typeOnly, onDemand } = line;
  const name = roomOf(file);
  const room = ROOMS[name];
  if (room === undefined) return [`${file} stands in no room`];
  const complain = (why: string): string[] => [`${file} imports ${specifier}: ${why}`];

  if (specifier.startsWith('.')) {
    const target = resolveImport(line);
    const other = roomOf(target);
    if (other === name) return [];
    if (!room.mayImport.includes(other)) return complain(`${name} may not enter ${other}`);
    const hasDoor = target.includes('/');
    if (hasDoor && !target.endsWith('/index.ts')) return complain(`enter ${other} through its index.ts`);
    if (name === 'leaf' && !typeOnly) return complain('a leaf takes types only from a room');
    return [];
  }
  if (specifier.startsWith('node:')) return room.node ? [] : complain(`${name} must run in a browser`);
  if (specifier.startsWith('@tensorflow/')) {
    const allowed =
      room.tfjs === 'yes' || (room.tfjs === 'types' && typeOnly) || (room.tfjs === 'demand' && onDemand);
    return allowed ? [] : complain(`${name} must not need tfjs`);
  }
  if (specifier.startsWith('#'))
    return room.mayImport.includes(specifier) ? [] : complain('not for this room');
  const keeper = KEEPERS[specifier];
  return keeper === undefined || keeper === file ? [] : complain(`only ${keeper} knows ${specifier}`);
}

describe('architecture', () => {
  const files = sourceFiles();

  it('reads import lines', () => {
    expect(files.length).toBeGreaterThan(20);
    const found = importsOf('index.ts').map((line) => line.specifier);
    expect(found).toContain('./clippo-model.ts');
    expect(
      complaints({ file: 'render/x.ts', specifier: 'node:fs', typeOnly: false, onDemand: false }),
    ).toHaveLength(1);
    expect(
      complaints({ file: 'ops/x.ts', specifier: '../model/vit.ts', typeOnly: false, onDemand: false }),
    ).toHaveLength(1);
    expect(
      complaints({ file: 'model/x.ts', specifier: '../raster/resize.ts', typeOnly: false, onDemand: false }),
    ).toHaveLength(1);
  });

  it.each(files)('%s keeps to the floor plan', (file) => {
    expect(importsOf(file).flatMap(complaints)).toEqual([]);
  });

  it.each(files)('%s is small and says what it is', (file) => {
    const lines = readFileSync(join(SRC, file), 'utf8').split('\n');
    expect(lines.length).toBeLessThanOrEqual(450);
    expect(lines[0]).toMatch(/^(\/\/|#!)/);
  });

  it('has no cycle between files', () => {
    const edges = new Map(
      files.map((file) => [
        file,
        importsOf(file)
          .filter((line) => line.specifier.startsWith('.') && !line.typeOnly)
          .map(resolveImport),
      ]),
    );
    const finished = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      if (finished.has(file)) return;
      expect(path, `cycle: ${[...path, file].join(' → ')}`).not.toContain(file);
      for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
      finished.add(file);
    };
    for (const file of files) visit(file, []);
  });

  it('has no junk drawers', () => {
    expect(files.filter((file) => /(^|\/)(utils?|helpers?|types|common)\.ts$/.test(file))).toEqual([]);
  });
});
