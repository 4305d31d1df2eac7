// `clippo download`, and the verbs that find what it has fetched.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import '@tensorflow/tfjs-backend-cpu';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unreliableServer } from '../support/unreliable-server.ts';
import { clippo } from './run-command.ts';
import { tinyModelFile } from './tiny-model-file.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const NAME = 'clippo_b16_100c4';
const { path, model } = tinyModelFile();
const serve = unreliableServer();

async function start() {
  const { url, requests, files } = await serve({
    [`/${NAME}.npz`]: { bytes: readFileSync(model), etag: '"one"' },
    '/unifont-9.0.06.hex.gz': { bytes: gzipSync(`0061:${'80'.repeat(16)}`), etag: '"b"' },
    '/unifont_upper-9.0.06.hex.gz': { bytes: gzipSync(`01F600:${'80'.repeat(16)}`), etag: '"u"' },
  });
  return { requests, files, flags: ['--mirror', url, '--cache', path('cache')], mirror: url };
}

describe('clippo download', () => {
  it('fetches what is not there, checks what is, and tells what lies where', async () => {
    const { flags, requests } = await start();
    const first = await clippo(['download', NAME, 'unifont-9.0.06', ...flags]);
    const digest = createHash('sha256').update(readFileSync(model)).digest('hex');
    expect([first.code, first.stdout.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(new RegExp(`^${NAME} +[\\d.]+ MiB +sha256 ${digest}$`)),
    ]);
    expect(first.stderr).toBe(`The cache is ${path('cache')}.\n`);
    const second = await clippo(['download', NAME, '--sha256', digest, '--json', ...flags]);
    expect(JSON.parse(second.stdout)).toMatchObject({
      cache: path('cache'),
      items: [{ name: NAME, files: [{ file: `${NAME}.safetensors`, state: 'kept', sha256: digest }] }],
    });
    expect(requests).toHaveLength(3);
    const { stdout } = await clippo(['download', '--list', ...flags]);
    expect(stdout).toMatch(/^clippo_b16_yfcc100m +- +not in the cache$/m);
    expect(stdout).toMatch(/^unifont-9\.0\.06 +0\.0 MiB +sha256 [0-9a-f]{64} [0-9a-f]{64}$/m);
  });

  it('ends with 130 when it is interrupted, and with 1 when it fails', async () => {
    const { flags, files } = await start();
    files[`/${NAME}.npz`]!.behaviours = [{ stallAfter: 1000 }, { status: 403 }];
    const controller = new AbortController();
    const running = clippo(['download', NAME, ...flags], { signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    expect(await running).toMatchObject({ code: 130, stderr: 'clippo: interrupted.\n' });
    const failed = await clippo(['download', NAME, ...flags]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('answered 403 Forbidden. Expected the checkpoint.');
  });
});

describe('a download whose process was killed', () => {
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  it('goes on where it ended', async () => {
    const { flags, files, requests } = await start();
    // More than two of the parts that are kept on the way; it is no checkpoint, which shows at the end.
    const bytes = new Uint8Array(20 * 2 ** 20).fill(60);
    files[`/${NAME}.npz`] = { bytes, etag: '"large"', behaviours: [{ stallAfter: 18 * 2 ** 20 }] };
    child = spawn(process.execPath, ['--import', 'tsx', MAIN, 'download', NAME, ...flags], {
      stdio: 'ignore',
    });
    const partCount = () =>
      existsSync(path('cache'))
        ? readdirSync(path('cache')).filter((name) => /\.part\.\w+\.\d$/.test(name)).length
        : 0;
    while (partCount() < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill('SIGKILL');
    const { stdout } = await clippo(['download', '--list', NAME, ...flags]);
    expect(stdout).toMatch(/16\.0 of 20\.0 MiB so far; goes on there/);
    const { code, stderr } = await clippo(['download', NAME, ...flags]);
    expect(requests[1]).toMatchObject({ range: `bytes=${16 * 2 ** 20}-`, ifRange: '"large"' });
    expect(code).toBe(1);
    expect(stderr).toContain('It came in pieces; trying again from the start.');
    expect(stderr).toContain('got an HTML or XML page');
    expect(readdirSync(path('cache'))).toEqual([]);
  });
});

describe('every verb', () => {
  let before: NodeJS.ProcessEnv;
  beforeEach(() => {
    before = { ...process.env };
  });
  afterEach(() => {
    process.env = before;
  });

  it('finds a published model and its font by name, in the same cache', async () => {
    const { flags, mirror, requests } = await start();
    await clippo(['download', NAME, ...flags]);
    Object.assign(process.env, { CLIPPO_CACHE: path('cache'), CLIPPO_MIRROR: mirror });
    const embed = ['embed', '--text', 'a', '--model', NAME, '--engine', 'cpu'];
    const bundled = await clippo(embed);
    expect(bundled.stderr).toContain(`${NAME} was trained on text drawn with Unifont 9.0.06`);
    const exact = await clippo([...embed, '--font', 'exact']);
    expect(exact.stderr).toMatch(/^Engine: tfjs cpu\.\n1 vectors/);
    expect(exact.stdout).not.toBe(bundled.stdout);
    process.env.CLIPPO_OFFLINE = '1';
    expect(await clippo([...embed, '--font', 'exact'])).toMatchObject({ code: 0, stdout: exact.stdout });
    const { stdout } = await clippo(['inspect', NAME]);
    expect(stdout).toMatch(/^format +safetensors/m);
    expect(await clippo(['convert', NAME, path('out.npz')])).toMatchObject({ code: 0 });
    expect(requests).toHaveLength(3);
    const missing = await clippo(['inspect', 'clippo_b16_yfcc100m']);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('does not have it') });
  });
});
