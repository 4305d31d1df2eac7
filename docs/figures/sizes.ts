// What each door weighs in a page: bundled alone, minified, gzipped, without tfjs and other peers, which are the user's.
// What is loaded at once is told apart from files that wait for the first text or the first outline font.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { table } from './tables.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Bundle {
  /** The code that is loaded at once, as text. */
  readonly first: string;
  /** Its size, minified and gzipped, in bytes. */
  readonly bytes: number;
  /** Name of a file that is loaded when it is needed → its size, minified and gzipped, in bytes. */
  readonly later: Readonly<Record<string, number>>;
  /** Packages that the code loaded at once imports, and that are not in the bundle. */
  readonly imports: readonly string[];
}

/** Code → what it is bundled to alone; this repository's `clippo-ts` is the one that was built last. */
export async function bundleAlone(code: string, platform: 'browser' | 'node' = 'browser'): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: code, resolveDir: ROOT, sourcefile: 'page.js' },
    absWorkingDir: ROOT,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform,
    outdir: 'out/sizes',
    entryNames: 'page',
    chunkNames: '[name]-[hash]',
    packages: 'bundle',
    external: peers(),
    tsconfigRaw: '{}', // this repository's own paths are no user's
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const textOf = (path: string): string => outputFiles.find((file) => file.path.endsWith(path))!.text;
  const atOnce = reached(metafile, 'out/sizes/page.js');
  const sizeOf = (path: string): number => gzipSync(textOf(path), { level: 9 }).length;
  const others = Object.keys(metafile.outputs).filter((path) => !atOnce.includes(path));
  const external = atOnce.flatMap((path) => metafile.outputs[path]!.imports.filter((line) => line.external));
  return {
    first: atOnce.map(textOf).join('\n'),
    bytes: atOnce.reduce((sum, path) => sum + sizeOf(path), 0),
    later: Object.fromEntries(others.map((path) => [path.replace('out/sizes/', ''), sizeOf(path)])),
    imports: [...new Set(external.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path))],
  };
}

function peers(): string[] {
  const { peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return [...Object.keys(peerDependencies), 'hyparquet-compressors'].flatMap((name) => [name, `${name}/*`]);
}

/** The files that a page asks for before any of them runs. */
function reached({ outputs }: Metafile, entry: string): string[] {
  const found = [entry];
  for (const path of found) {
    for (const line of outputs[path]!.imports) {
      const isFile = line.kind === 'import-statement' && !line.external;
      if (isFile && !found.includes(line.path)) found.push(line.path);
    }
  }
  return found;
}

interface Budget {
  readonly what: string;
  readonly measure: () => Promise<number>;
  /** kB of 1000 bytes, which must not be passed */
  readonly budget: number;
}

const door = (what: string, budget: number, platform?: 'node'): Budget => ({
  what: `\`${what}\``,
  measure: async () => (await bundleAlone(`export * from '${what}';`, platform)).bytes,
  budget,
});

const later = (what: string, pattern: RegExp, budget: number): Budget => ({
  what,
  measure: async () => {
    const files = (await bundleAlone(`export * from 'clippo-ts/render';`)).later;
    return Object.entries(files).find(([name]) => pattern.test(name))![1];
  },
  budget,
});

const shipped = (what: string, folder: string, pattern: RegExp, budget: number): Budget => ({
  what,
  measure: async () => {
    const files = readdirSync(join(ROOT, folder)).filter((name) => pattern.test(name));
    return files.reduce((sum, name) => sum + statSync(join(ROOT, folder, name)).size, 0);
  },
  budget,
});

/** A budget has about a quarter to grow; who needs more says why in the commit that raises it. */
export const BUDGETS: readonly Budget[] = [
  door('clippo-ts', 60),
  door('clippo-ts/render', 18),
  door('clippo-ts/train', 130),
  door('clippo-ts/eval', 115),
  door('clippo-ts/compile', 36),
  door('clippo-ts/tasks', 55),
  door('clippo-ts/node', 52, 'node'),
  {
    what: '`renderText` of `clippo-ts/render` alone',
    measure: async () => (await bundleAlone(`export { renderText } from 'clippo-ts/render';`)).bytes,
    budget: 7,
  },
  later('the font, with the first text', /^atlas/, 800),
  later('opentype.js, with the first outline font', /^opentype/, 75),
  shipped('the emoji model, as it is', 'models', /\.safetensors$/, 8000),
];

export interface Size {
  readonly what: string;
  /** kB of 1000 bytes */
  readonly size: number;
  readonly budget: number;
}

export async function measureSizes(): Promise<Size[]> {
  const sizes: Size[] = [];
  for (const { what, measure, budget } of BUDGETS)
    sizes.push({ what, size: (await measure()) / 1000, budget });
  return sizes;
}

export function sizeTable(sizes: readonly Size[]): string {
  const rows = sizes.map(({ what, size, budget }) => [what, shownSize(size), String(budget)]);
  return table(['what', 'kB', 'budget'], rows);
}

function shownSize(size: number): string {
  return size < 100 ? size.toFixed(1) : size.toFixed(0);
}
