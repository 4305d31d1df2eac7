// What is installed: this package's own description, and the versions of those it can use.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

export interface PackageDescription {
  readonly version: string;
  readonly engines: { readonly node: string };
}

/** package.json of clippo-ts, by its own name: the path from here differs between src/ and dist/. */
export function ownPackage(): PackageDescription {
  return require('clippo-ts/package.json') as PackageDescription; // the file is ours
}

/** The version of a package this one would load, undefined when there is none. */
export function installedVersion(name: string): string | undefined {
  try {
    // Not require(`${name}/package.json`): a package may not export it.
    for (let folder = dirname(require.resolve(name)); folder !== dirname(folder); folder = dirname(folder)) {
      const description = readDescription(join(folder, 'package.json'));
      if (description?.name === name) return description.version;
    }
  } catch {
    // Not installed.
  }
  return undefined;
}

function readDescription(path: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // no package.json in this folder; the next one up may have it
  }
}
