// A run on the disk, in processes that are killed: nothing half-written, nothing lost, the same losses bit for bit.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors.ts';
import { runFolder } from '../../src/node/index.ts';
import { createRandom } from '../../src/random.ts';
import { lossesIn, startTraining, wholeCheckpoints } from '../support/killed-runs.ts';

const root = mkdtempSync(join(tmpdir(), 'clippo-run-'));
afterAll(() => rmSync(root, { recursive: true }));

describe('a run that is killed', () => {
  it('has the losses of one that was not, and never a checkpoint less', { timeout: 120_000 }, async () => {
    const [whole, killed] = [join(root, 'whole'), join(root, 'killed')];
    const straight = startTraining(whole, 60, 10);
    expect(await straight.ended).toBe(0);

    const random = createRandom(1, 'kills');
    let newest = 0;
    for (const at of [13, 31, 44]) {
      const run = startTraining(killed, 60, 4);
      await run.reached(at);
      await new Promise((resolve) => setTimeout(resolve, random.integer(20)));
      run.process.kill('SIGKILL');
      await run.ended;
      const steps = wholeCheckpoints(killed);
      expect(steps.at(-1)).toBeGreaterThanOrEqual(Math.max(newest, at - (at % 4) - 4));
      newest = steps.at(-1)!;
    }
    expect(await startTraining(killed, 60, 4).ended).toBe(0);
    expect(lossesIn(killed)).toEqual(lossesIn(whole));
    expect(
      readdirSync(killed)
        .filter((name) => !name.startsWith('events.'))
        .sort(),
    ).toEqual([
      'checkpoint-000000052.npz',
      'checkpoint-000000056.npz',
      'checkpoint-000000060.npz',
      'metrics.jsonl',
      'model-card.md',
      'model.safetensors',
      'report.html',
    ]);
  });
});

describe('runFolder', () => {
  it('belongs to one process at a time', async () => {
    const path = join(root, 'locked');
    const folder = runFolder(path);
    await folder.open();
    writeFileSync(join(path, 'run.lock'), String(process.ppid));
    await expect(runFolder(path).open()).rejects.toThrow(`process ${process.ppid} is training in ${path}`);
    writeFileSync(join(path, 'run.lock'), '999999999'); // nobody
    await runFolder(path).open();
    await folder.close();
    expect(readdirSync(path)).toEqual([]);
    await folder.close();
  });

  it('forgets what was not finished, writes all or nothing, and appends', async () => {
    const path = join(root, 'a', 'b');
    const folder = runFolder(path);
    await folder.open();
    await folder.write('x', [Uint8Array.of(1), Uint8Array.of(2)]);
    const failing = function* (): Generator<Uint8Array> {
      yield Uint8Array.of(9);
      throw new DataError('cannot be made');
    };
    await expect(folder.write('x', failing())).rejects.toThrow('cannot be made');
    await folder.append('y', Uint8Array.of(3));
    await folder.append('y', Uint8Array.of(4));
    writeFileSync(join(path, 'x.0123.tmp'), 'half');
    expect(await folder.list()).toEqual(['x', 'y']);
    expect([...(await folder.read('x')), ...(await folder.read('y'))]).toEqual([1, 2, 3, 4]);
    await folder.remove('y');
    await folder.remove('y');
    await folder.close();
    const again = runFolder(path);
    await again.open();
    expect(readdirSync(path).sort()).toEqual(['run.lock', 'x']);
    await again.close();
  });

  it('says why it cannot be used', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    await expect(runFolder(file).open()).rejects.toThrow(DataError);
    await expect(runFolder(join(file, 'below')).open()).rejects.toThrow(
      /Cannot use .* for a run: a part of its path/,
    );
    const gone = runFolder(join(root, 'gone'));
    await expect(gone.append('x', Uint8Array.of(1))).rejects.toThrow(
      /Cannot write .*: there is no such file or folder/,
    );
  });
});
