// A checkpoint of the tiny model on the disk for the tests of one file, and a folder that is empty before each of them.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { createTinyModel } from '../eval/drawn-words.ts';
import { temporaryFolder } from '../node/temporary-folder.ts';

/** To be called at the top of a test file, after the backend is there. */
export function tinyModelFile() {
  const path = temporaryFolder();
  const home = mkdtempSync(join(tmpdir(), 'clippo-model-'));
  const model = join(home, 'tiny.npz');
  beforeAll(async () => {
    const tiny = await createTinyModel();
    await tiny.save(model);
    tiny.dispose();
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  /** @returns the path, so that it can be handed on */
  function write(name: string, content: string | Uint8Array): string {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), content);
    return path(name);
  }
  return { path, model, write };
}
