// What a user of this package has on the disk: the packed tarball, and small projects that depend on it. A project is
// a folder of test/consumers, copied; the package in its node_modules comes from the tarball, every other one is a
// link to what is installed here, so that no test waits for a registry. test/package.test.ts does install.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What every project of test/consumers says when it works: what was drawn, and the nearest word. */
export const ANSWER = 'sonnenblume is sunflower';

export interface PackedPackage {
  /** path of the tarball */
  readonly tarball: string;
  /** bytes */
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Runs a program in `folder` and gives what it prints. @throws with its stderr when it fails */
export function run(program: string, args: readonly string[], folder: string): string {
  return execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The tarball that would be published, of the `dist/` that is there. */
export function packPackage(folder: string): PackedPackage {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], ROOT));
  return { ...packed, tarball: join(folder, packed.filename) };
}

/** @returns the folder of a copy of test/consumers/`name` in `folder`, ready to be built or run */
export function createConsumer(name: string, { tarball }: PackedPackage, folder: string): string {
  const project = join(folder, name);
  cpSync(join(ROOT, 'test/consumers', name), project, { recursive: true });
  const own = join(project, 'node_modules/clippo-ts');
  mkdirSync(own, { recursive: true });
  run('tar', ['-xzf', tarball, '-C', own, '--strip-components=1'], folder);
  const wanted = new Set([
    ...Object.keys(readManifest(own).dependencies ?? {}),
    ...Object.keys(readManifest(project).dependencies ?? {}),
    ...Object.keys(readManifest(project).devDependencies ?? {}),
  ]);
  wanted.delete('clippo-ts');
  for (const dependency of wanted) {
    const link = join(project, 'node_modules', dependency);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', dependency), link, 'dir');
  }
  return project;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}
