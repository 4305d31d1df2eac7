// Models by name: the shipped one against its hash, the published ones from a server on this machine that has a small
// training checkpoint under their names, and the font that goes with them.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSafetensors, writeNpz } from '../../src/checkpoint/index.ts';
import {
  CheckpointError,
  ClippoModel,
  ConfigError,
  FontError,
  fetchUnifont,
  renderText,
} from '../../src/index.ts';
import { directoryCache } from '../../src/node/index.ts';
import { SHIPPED_MODELS, SHIPPED_SHA256 } from '../../src/shipped-models.ts';
import { temporaryFolder } from '../node/temporary-folder.ts';
import { expectNoLeaks, maxAbsDifference } from '../support/backends.ts';
import { unreliableServer } from '../support/unreliable-server.ts';

const path = temporaryFolder();
const serve = unreliableServer();
expectNoLeaks();

const NAME = 'clippo_b16_100c4';
const CONFIG = { variant: 'mu/16', imageSize: 64, embeddingDim: 32 };
/** A glyph a plane: A as a block of one column, the smiley of the upper planes as a block of two. */
const GLYPHS = { bmp: `0061:${'80'.repeat(16)}\n`, upper: `01F600:${'C000'.repeat(16)}\n` };
let training: Uint8Array;
let expected: Float32Array;

beforeAll(async () => {
  const model = await ClippoModel.create(CONFIG, { seed: 4 });
  const arrays = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const [name, variable] of model.parameters()) {
    arrays.set(`params/${name}`, { shape: variable.shape, data: (await variable.data()) as Float32Array });
    arrays.set(`opt/0/${name}`, { shape: variable.shape, data: new Float32Array(variable.size) });
  }
  training = writeNpz(arrays);
  expected = (await model.encodeText(['a cat'])).data;
  model.dispose();
});

async function start() {
  const { url, requests, files } = await serve({
    [`/${NAME}.npz`]: { bytes: training, etag: '"one"' },
    '/unifont-9.0.06.hex.gz': { bytes: gzipSync(GLYPHS.bmp), etag: '"b"' },
    '/unifont_upper-9.0.06.hex.gz': { bytes: gzipSync(GLYPHS.upper), etag: '"u"' },
  });
  const warnings: string[] = [];
  const onWarning = (message: string) => warnings.push(message);
  return {
    mirror: url,
    requests,
    files,
    warnings,
    options: { mirror: url, cache: directoryCache(path('cache')), onWarning },
  };
}

describe('a published model', () => {
  it('is fetched once, kept as weights alone, and is there without a network', async () => {
    const { options, requests } = await start();
    for (const more of [{}, {}, { offline: true }]) {
      const model = await ClippoModel.fromPretrained(NAME, { ...options, ...more });
      expect(model.config).toMatchObject(CONFIG);
      expect(maxAbsDifference((await model.encodeText(['a cat'])).data, expected)).toBe(0);
      model.dispose();
    }
    expect(requests).toHaveLength(1);
    expect(readdirSync(path('cache')).sort()).toEqual([`${NAME}.safetensors`, `${NAME}.safetensors.json`]);
    const kept = readFileSync(path('cache', `${NAME}.safetensors`));
    expect(kept.length).toBeLessThan(0.6 * training.length);
    expect([...parseSafetensors(kept).keys()].every((name) => name === 't' || name.startsWith('img/'))).toBe(
      true,
    );
  });

  it('says with which font its text is drawn', async () => {
    const { options, warnings } = await start();
    const bundled = await ClippoModel.fromPretrained(NAME, options);
    expect(warnings).toEqual([
      expect.stringContaining(`${NAME} was trained on text drawn with Unifont 9.0.06`),
    ]);
    const exact = await ClippoModel.fromPretrained(NAME, { ...options, font: 'exact' });
    expect(warnings).toHaveLength(1);
    const { data } = await exact.toRaster('a😀');
    expect([...data.subarray(0, 12)].map((value) => (value === 0 ? 1 : 0))).toEqual([
      1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0,
    ]);
    expect(data).not.toEqual((await bundled.toRaster('a😀')).data);
    for (const model of [bundled, exact]) model.dispose();
  });

  it('is refused and not kept when it is none', async () => {
    const { options, files } = await start();
    const strangers: [Uint8Array, string][] = [
      [new TextEncoder().encode('<!doctype html><title>Sign in</title>'), 'got an HTML or XML page'],
      [writeNpz({ x: Float32Array.of(1) }), 'This is not a CLIPPO checkpoint'],
      [training.subarray(0, training.length / 2), 'is not usable'],
      [training.map((byte, i) => (i === 5000 ? byte ^ 1 : byte)), 'is not usable'],
    ];
    for (const [bytes, message] of strangers) {
      files[`/${NAME}.npz`]!.bytes = bytes;
      const loading = ClippoModel.fromPretrained(NAME, options);
      await expect(loading).rejects.toBeInstanceOf(CheckpointError);
      await expect(loading).rejects.toThrow(message);
      await expect(loading).rejects.toThrow('Nothing of it was kept.');
      expect(existsSync(path('cache')) ? readdirSync(path('cache')) : []).toEqual([]);
    }
  });

  it('is asked of the mirror under its name', async () => {
    const { options, mirror } = await start();
    await expect(
      ClippoModel.fromPretrained('clippo_b16_yfcc100m', { ...options, retries: 0 }),
    ).rejects.toThrow(`${mirror}/clippo_b16_yfcc100m.npz answered 404 Not Found. Expected the checkpoint.`);
  });

  it('can be kept from an address of its own', async () => {
    const { mirror, requests, options } = await start();
    for (let round = 0; round < 2; round++) {
      const model = await ClippoModel.load(`${mirror}/${NAME}.npz`, { cache: options.cache });
      expect(maxAbsDifference((await model.encodeText(['a cat'])).data, expected)).toBe(0);
      model.dispose();
    }
    expect(requests).toHaveLength(1);
    expect(readdirSync(path('cache'))[0]).toMatch(/^url-clippo_b16_100c4-[0-9a-f]{12}\.safetensors$/);
  });

  it('keeps the rows of text it was saved with', async () => {
    const { mirror, files, options } = await start();
    const model = await ClippoModel.create({ ...CONFIG, textRows: 'used' });
    await model.save(path('used.npz'));
    model.dispose();
    files[`/${NAME}.npz`]!.bytes = readFileSync(path('used.npz'));
    const loaded = await ClippoModel.load(`${mirror}/${NAME}.npz`, { cache: options.cache });
    expect(loaded.config.textRows).toBe('used');
    loaded.dispose();
  });
});

describe('the options of fromPretrained', () => {
  it.each<[string, object, string]>([
    ['clippo_b32', {}, '"clippo_b32" is not a pretrained model. Known: emoji, clippo_b16_yfcc100m,'],
    [NAME, { mirrors: 1 }, 'ClippoModel.fromPretrained: unknown option mirrors.'],
    [NAME, { font: 'small' }, `font: expected 'bundled' or 'exact', got "small".`],
    [
      NAME,
      { font: 'exact', render: { font: { lineHeight: 16, glyph: () => undefined } } },
      'contradict each other',
    ],
  ])('%s %j is refused', async (name, options, message) => {
    const loading = ClippoModel.fromPretrained(name as 'emoji', options);
    await expect(loading).rejects.toBeInstanceOf(ConfigError);
    await expect(loading).rejects.toThrow(message);
  });
});

describe('the shipped model', () => {
  it('is the file whose hash the package knows', () => {
    const digest = createHash('sha256')
      .update(readFileSync(fileURLToPath(SHIPPED_MODELS.emoji)))
      .digest('hex');
    expect(SHIPPED_SHA256.emoji, 'put it into src/shipped-models.ts, as examples/emoji/ship.mjs does').toBe(
      digest,
    );
  });

  it('needs neither a cache nor a network, and says nothing', async () => {
    const cache = directoryCache(path('cache'));
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    const model = await ClippoModel.fromPretrained('emoji', {
      cache,
      offline: true,
      font: 'exact',
      onWarning,
    });
    expect([model.config.imageSize, warnings, existsSync(path('cache'))]).toEqual([64, [], false]);
    model.dispose();
  });

  it('is refused when it is another file', async () => {
    const sha256 = '0'.repeat(64);
    await expect(ClippoModel.fromPretrained('emoji', { sha256 })).rejects.toThrow(
      `its SHA-256 is ${SHIPPED_SHA256.emoji}, expected ${sha256}. Install the package again.`,
    );
  });
});

describe('fetchUnifont', () => {
  it('fetches both files once', async () => {
    const { options, requests } = await start();
    for (const more of [{}, { offline: true }]) {
      const { missingGlyphs } = await renderText('a😀b', {
        font: await fetchUnifont({ ...options, ...more }),
      });
      expect(missingGlyphs).toBe(1);
    }
    expect(requests.map((request) => request.path)).toEqual([
      '/unifont-9.0.06.hex.gz',
      '/unifont_upper-9.0.06.hex.gz',
    ]);
  });

  it('refuses what is no font, and another file than it was told', async () => {
    const { options, files } = await start();
    const told = { 'unifont-9.0.06.hex.gz': '0'.repeat(64) };
    await expect(fetchUnifont({ ...options, sha256: told })).rejects.toThrow(`expected ${'0'.repeat(64)}`);
    files['/unifont-9.0.06.hex.gz']!.bytes = new TextEncoder().encode('<html>');
    const loading = fetchUnifont(options);
    await expect(loading).rejects.toBeInstanceOf(FontError);
    await expect(loading).rejects.toThrow('is not usable: parseUnifontHex: line 1');
    expect(existsSync(path('cache')) ? readdirSync(path('cache')) : []).toEqual([]);
  });

  it.each<[object, string]>([
    [{ version: '9' }, `version: expected the number of a release such as '9.0.06', got "9".`],
    [{ version: '../9.0.06' }, 'version: expected the number of a release'],
    [{ sha256: { 'unifont.hex': '0' } }, 'unknown option unifont.hex. Known: unifont-9.0.06.hex.gz'],
    [{ planes: 1 }, 'fetchUnifont: unknown option planes.'],
  ])('refuses %j', async (options, message) => {
    await expect(fetchUnifont(options)).rejects.toThrow(message);
  });
});
