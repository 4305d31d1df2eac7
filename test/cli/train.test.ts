// `clippo train` on a handful of pictures: it trains, is interrupted, goes on, and says everything that is wrong with its
// config at once.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { encodePng } from '../../src/node/index.ts';
import { trainTokenizer } from '../../src/tokens/index.ts';
import { temporaryFolder } from '../node/temporary-folder.ts';
import { generateImage } from '../support/golden.ts';
import { clippo } from './run-command.ts';

const path = temporaryFolder();
const WORDS = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox'];

const CONFIG = {
  model: { variant: 'mu/16', imageSize: 32, embeddingDim: 16, textRows: 1, seed: 2 },
  data: {
    sources: [{ source: { type: 'image-folder', folder: 'pictures' } }],
    batchSize: 3,
    workers: 0,
    distinct: true,
  },
  optimizer: { learningRate: 3e-3 },
  schedule: { decay: 'cosine', warmup: { percent: 0.2 } },
  steps: 8,
  run: { folder: 'run', checkpointEvery: 3 },
};

async function write(config: object = CONFIG): Promise<string> {
  mkdirSync(path('pictures'), { recursive: true });
  for (const [k, word] of WORDS.entries()) {
    writeFileSync(path('pictures', `${word}.png`), await encodePng(generateImage(k, 40)));
    writeFileSync(path('pictures', `${word}.txt`), word);
  }
  writeFileSync(path('train.json'), JSON.stringify(config));
  return path('train.json');
}

describe('clippo train', () => {
  it('trains a model of tokens, with a tokenizer from a file, which lies in the model then', async () => {
    const tokenizer = trainTokenizer(WORDS, { vocabulary: 24 });
    writeFileSync(path('words.model'), tokenizer.file);
    const { textRows: _, ...model } = CONFIG.model;
    const text = { kind: 'tokens', vocabulary: tokenizer.vocabulary, length: 4, tower: 'shared' };
    const config = await write({ ...CONFIG, model: { ...model, text, tokenizer: 'words.model' }, steps: 2 });
    const { code, stderr } = await clippo(['train', '--config', config, '--json', '--run', path('tokens')]);
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    const trained = await ClippoModel.load(path('tokens', 'model.safetensors'));
    expect(trained.tokenizer!.encode('ant')).toEqual(tokenizer.encode('ant'));
    expect((await trained.encodeText(['ant', 'bee'])).count).toBe(2);
    trained.dispose();
  });

  it('trains in its folder, and has nothing to do the second time', async () => {
    const config = await write();
    const { code, stdout, stderr } = await clippo(['train', '--config', config, '--json']);
    const progress = stderr.split('\n').filter((line) => line.startsWith('step'));
    expect([code, progress.at(-1)]).toEqual([
      0, // a slow machine prints earlier lines too
      expect.stringMatching(
        /^step 8 of 8, loss \d\.\d+ \(chance 1\.10\), recall \d+\.\d %, temperature 10\.\d, /,
      ),
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      step: 8,
      folder: path('run'),
      data: { batches: 8, broken: 0 },
    });
    expect(readdirSync(path('run')).sort()).toEqual([
      'checkpoint-000000006.npz',
      'checkpoint-000000008.npz',
      expect.stringMatching(/^events\.out\.tfevents\.\d+\.clippo$/),
      'metrics.jsonl',
      'model-card.md',
      'model.safetensors',
      'report.html',
    ]);
    const model = await ClippoModel.load(path('run', 'model.safetensors'));
    expect(model.config).toMatchObject({ imageSize: 32, textRows: 1 });
    model.dispose();
    const again = await clippo(['train', '--config', config]);
    expect(again.stdout).toContain('All 8 steps were done before.');
  });

  it('ends with a checkpoint when interrupted, and goes on to the same weights', async () => {
    const config = await write();
    await clippo(['train', '--config', config, '--run', path('whole')]);
    const controller = new AbortController();
    const interrupted = clippo(['train', '--config', config], { signal: controller.signal });
    await expect
      .poll(() => readdirSync(path('.')).includes('run') && readdirSync(path('run')).length > 1, {
        interval: 1,
        timeout: 20_000,
      })
      .toBe(true);
    controller.abort();
    const { code, stderr } = await interrupted;
    expect([0, 130]).toContain(code); // it may have been done by then
    if (code === 130) expect(stderr).toMatch(/Step \d of 8 is in .*run; run the same command to go on/);
    expect((await clippo(['train', '--config', config])).code).toBe(0);
    const models = await Promise.all(
      ['whole', 'run'].map((name) => ClippoModel.load(path(name, 'model.safetensors'))),
    );
    const [a, b] = await Promise.all(models.map((model) => model.encodeText(WORDS)));
    expect(a!.data).toEqual(b!.data);
    for (const model of models) model.dispose();
  });

  it('tries it out without writing anything', async () => {
    const config = await write();
    const { code, stdout } = await clippo(['train', '--config', config, '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /model {4}[\d,]+ parameters, (onnx|tfjs)\ndata {5}1 sources, 3 pairs a step\nsteps {4}8, \d+ ms each: about \d+ s\n/,
    );
    expect(readdirSync(path('.')).sort()).toEqual(['pictures', 'train.json']);
  });

  it('begins with the weights of a checkpoint', async () => {
    await clippo(['train', '--config', await write({ ...CONFIG, card: { title: 'The first' } })]);
    const init = { from: 'run/model.safetensors', leaveOut: ['img/head/.*'] };
    const config = await write({
      ...CONFIG,
      init,
      model: { ...CONFIG.model, embeddingDim: 8 },
      run: { folder: 'fine' },
    });
    const { code, stderr } = await clippo(['train', '--config', config]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^\d+ parameters from .*model\.safetensors, 2 new\./),
    ]);
    expect(readFileSync(path('fine', 'model-card.md'), 'utf8')).toContain('## Began with\n\n## The first\n');
  });

  it('trains against anchors, and on the rows that texts use', async () => {
    const model = { ...CONFIG.model, textRows: 'used' };
    const config = await write({ ...CONFIG, model, anchors: 10, run: { ...CONFIG.run, folder: 'anchored' } });
    const { code, stdout } = await clippo(['train', '--config', config, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).step).toBe(CONFIG.steps);
    const card = readFileSync(path('anchored', 'model-card.md'), 'utf8');
    expect(card).toContain('that find their anchor');
    expect(card).toContain('(chance 2.303)');
  });

  it('says everything that is wrong at once', async () => {
    const config = await write({
      model: { variant: 'mu/16', imageSize: 30, textRows: 'used', depth: 3 },
      anchors: -2,
      data: { sources: [{ source: { type: 'tar' }, weigth: 2 }], batchSize: 0, size: 96 },
      optimizer: { lr: 1 },
      steps: 0,
      chunk: -1,
      card: { limts: 'none' },
      run: { every: 3 },
      epochs: 3,
    });
    const { code, stderr } = await clippo(['train', '--config', config]);
    expect(code).toBe(2);
    for (const part of [
      'unknown epochs; known are model, init, data,',
      'model: ClippoConfig: unknown option depth',
      'steps: expected a positive integer, got 0',
      'chunk: expected a positive integer, got -1',
      'chunk: has no use with anchors',
      'anchors: createAnchors: count: expected an integer from 1 to 1048576, got -2',
      'card: model card: unknown option limts. Known: title, purpose,',
      'run: unknown every; known are folder,',
      'run.folder: expected a path, got undefined',
      'data: size follow from the model and the file',
    ]) {
      expect(stderr).toContain(part);
    }
    const data = await write({ ...CONFIG, data: { ...CONFIG.data, batchSize: 0, batchsize: 3 } });
    const { stderr: second } = await clippo(['train', '--config', data]);
    expect(second).toMatch(
      /data: createWorkerBatches: .*unknown batchsize.*batchSize: expected a whole number/s,
    );
    expect((await clippo(['train', '--config', path('none.json')])).stderr).toContain('Cannot read');
    writeFileSync(path('train.json'), '[1');
    expect((await clippo(['train', '--config', path('train.json')])).stderr).toContain(
      'expected a JSON object',
    );
  });

  it('goes on only with the same settings', async () => {
    await clippo(['train', '--config', await write()]);
    const other = { ...CONFIG, steps: 12, data: { ...CONFIG.data, batchSize: 4, workers: 1 } };
    const { code, stderr } = await clippo(['train', '--config', await write(other)]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('data.batchSize was 3 and is now 4')]);
    expect(stderr).not.toContain('workers');
  });
});
