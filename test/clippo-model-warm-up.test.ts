// warmUp: what goes through the network before the first use, so that what comes later finds its graph open.

import { afterEach, describe, expect, it } from 'vitest';
import { ClippoModel } from '../src/clippo-model.ts';
import { ConfigError } from '../src/errors.ts';
import { expectNoLeaks } from './support/backends.ts';
import { type CountingRuntime, countingRuntime } from './support/counting-runtime.ts';
import { tokenizer } from './support/text-roads.ts';

const CONFIG = { variant: 'mu/16', imageSize: 64, embeddingDim: 8, textRows: 'used' } as const;

describe('model.warmUp', () => {
  expectNoLeaks();
  let runtime: CountingRuntime | undefined;
  afterEach(async () => {
    if (runtime !== undefined) await expect.poll(runtime.open, { interval: 5 }).toBe(0);
    runtime = undefined;
  });

  it('opens the graphs of a picture and of texts of one, two and four lines', async () => {
    runtime = countingRuntime();
    const model = await ClippoModel.create(CONFIG);
    await model.compile(runtime);
    await model.warmUp();
    const opened = runtime.opened();
    expect(opened).toBe(3); // 64 px, which is four lines too, 16 px and 32 px
    await model.encode(['a cat', 'twelve dogs', 'm'.repeat(30)], { batchSize: 2 });
    expect(runtime.opened()).toBe(opened);
    model.dispose();
  });

  it('takes as many of each input as will come', async () => {
    const model = await ClippoModel.create(CONFIG);
    const batches: number[] = [];
    const encode = model.encode.bind(model);
    model.encode = (inputs, options) => {
      batches.push(inputs.length);
      expect(options?.batchSize).toBe(inputs.length);
      return encode(inputs, options);
    };
    await model.warmUp({ batchSize: 3, inputs: ['a', 'b'] });
    expect(batches).toEqual([3, 3]);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(model.warmUp({ signal })).rejects.toThrow('enough');
    await model.warmUp({ inputs: [] });
    model.dispose();
    await expect(model.warmUp()).rejects.toThrow('was disposed');
  });

  it('asks a model of tokens for no text that it cannot read', async () => {
    const text = { kind: 'tokens', vocabulary: tokenizer.vocabulary, tower: 'shared' } as const;
    const kinds = async (model: ClippoModel) => {
      const seen: string[] = [];
      const encode = model.encode.bind(model);
      model.encode = (inputs, options) => {
        seen.push(typeof inputs[0]);
        return encode(inputs, options);
      };
      await model.warmUp();
      model.dispose();
      return seen;
    };
    const config = { ...CONFIG, textRows: 'all', text } as const;
    expect(await kinds(await ClippoModel.create(config))).toEqual(['object']);
    expect(await kinds(await ClippoModel.create(config, { tokenizer }))).toEqual(['object', 'string']);
  });

  it.each<[string, object]>([
    ['warmUp: unknown option size. Known: batchSize, inputs, signal.', { size: 2 }],
    ['warmUp: batchSize: expected a positive integer, got 0.', { batchSize: 0 }],
    ['warmUp: inputs: expected a list, got "a".', { inputs: 'a' }],
  ])('says %s', async (message, options) => {
    const model = await ClippoModel.create(CONFIG);
    await expect(model.warmUp(options)).rejects.toThrow(ConfigError);
    await expect(model.warmUp(options)).rejects.toThrow(message);
    model.dispose();
  });
});
