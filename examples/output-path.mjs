// Where the examples put what they make: the folder out/ of this repository.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export function outputPath(name) {
  const folder = new URL('../out/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  return fileURLToPath(new URL(name, folder));
}
