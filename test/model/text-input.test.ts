// How text goes in, as data: parameter counts of the paper's models without allocating one, and configurations that ask
// for what no model is.

import { describe, expect, it } from 'vitest';
import { CheckpointError, ConfigError } from '../../src/errors.ts';
import {
  type ClippoConfig,
  countParameters,
  describeText,
  inferConfig,
  parameterShapes,
  resolveClippoConfig,
  type TextInput,
} from '../../src/model/index.ts';

const VOCABULARY = 32_000;
const CLIP: TextInput = { kind: 'tokens', vocabulary: VOCABULARY };
const ONE_TOWER: TextInput = { ...CLIP, tower: 'shared' };
const SMALL = { variant: 'mu/16', imageSize: 32, embeddingDim: 16 } as const;

describe('parameters of the models that the paper compares', () => {
  it.each<[string, ClippoConfig, number]>([
    ['CLIPPO B/16', { variant: 'B/16' }, 93_474_817],
    ['CLIP* B/16', { variant: 'B/16', text: CLIP }, 203_847_937],
    ['1T-CLIP B/16', { variant: 'B/16', text: ONE_TOWER }, 118_201_345],
    ['CLIPPO L/16', { variant: 'L/16' }, 316_681_985],
    ['1T-CLIP L/16', { variant: 'L/16', text: ONE_TOWER }, 349_650_689],
    // A patch embedding of 16 · 16 · 3 · 768 + 768 more, a head of 768 · 768 + 768 more.
    ['its own embedding', { variant: 'B/16', text: { kind: 'pixels', separate: ['embedding'] } }, 94_065_409],
    ['its own head', { variant: 'B/16', text: { kind: 'pixels', separate: ['head'] } }, 94_065_409],
    [
      'all of its own but the encoder',
      { variant: 'B/16', text: { kind: 'pixels', separate: ['embedding', 'pool', 'head'] } },
      93_474_817 + 2 * 590_592 + 7_087_104,
    ],
    // With a MAP head for text it would be 210.9 M, which is not what is published.
    ['CLIP* with a probe', { variant: 'B/16', text: { ...CLIP, pool: 'map' } }, 203_847_937 + 7_087_104],
  ])('%s', (_, config, count) => {
    expect(countParameters(config)).toBe(count);
  });

  it('names those of text as big_vision does', () => {
    const shapes = parameterShapes({ variant: 'B/16', text: { ...CLIP, length: 16 } });
    expect(shapes.get('txt/Embed_0/embedding')).toEqual([VOCABULARY, 768]);
    expect(shapes.get('txt/pos_embedding')).toEqual([1, 16, 768]);
    expect(shapes.get('txt/Encoder_0/encoderblock_11/MultiHeadDotProductAttention_0/out/kernel')).toEqual([
      ...[12, 64, 768],
    ]);
    expect(shapes.get('txt/Encoder_0/encoder_norm/scale')).toEqual([768]);
    expect(shapes.get('txt/head/kernel')).toEqual([768, 768]);
    expect([...shapes.keys()].filter((path) => path.startsWith('txt/'))).toHaveLength(2 + 12 * 16 + 2 + 2);
    expect([...shapes.keys()].at(-1)).toBe('t');
  });
});

describe('a configuration of text', () => {
  it.each<[string, TextInput]>([
    ['one tower that reads drawn text (CLIPPO)', { kind: 'pixels', separate: [] }],
    [
      'one tower that reads drawn text with its own embedding and head',
      { kind: 'pixels', separate: ['head', 'embedding'] },
    ],
    ['two towers (CLIP*)', CLIP],
    ['one tower with a table of tokens (1T-CLIP)', ONE_TOWER],
  ])('is %s', (words, text) => {
    expect(describeText(resolveClippoConfig({ ...SMALL, text }).text)).toBe(words);
  });

  it('has as many tokens as pictures have patches, and the tower of pictures, by default', () => {
    expect(resolveClippoConfig({ ...SMALL, text: CLIP }).text).toEqual({
      ...{ kind: 'tokens', tower: 'own', vocabulary: VOCABULARY, length: 4, pool: 'last' },
      shape: { width: 32, depth: 1, mlpDim: 128, numHeads: 2 },
    });
    const other = resolveClippoConfig({ ...SMALL, text: { ...CLIP, shape: 'Ti' } }).text;
    expect(other).toMatchObject({ shape: { width: 192, depth: 12 } });
  });

  it.each<[string, ClippoConfig, string]>([
    [
      'tokens with parts of pixels',
      { ...SMALL, text: { ...CLIP, separate: ['head'] } as never },
      "text: kind 'tokens' and separate, which is of 'pixels', are two text inputs at once; a model has one. Leave it out, or set kind: 'pixels'.",
    ],
    [
      'pixels with a vocabulary',
      { ...SMALL, text: { kind: 'pixels', vocabulary: 8, length: 4 } as never },
      "text: kind 'pixels' and vocabulary, length, which is of 'tokens', are two text inputs at once; a model has one. Leave them out",
    ],
    [
      'tokens on rows of a canvas',
      { ...SMALL, textRows: 'used', text: CLIP },
      'textRows: "used" says how drawn text is read, text: { kind: \'tokens\' } that it is not drawn: a model has one text input.',
    ],
    [
      'a shared tower with sizes',
      { ...SMALL, text: { ...ONE_TOWER, shape: 'Ti' } },
      "text: tower 'shared' is that of the pictures, which has its sizes and its pool already. Leave out shape, or set tower: 'own'.",
    ],
    ['a shared tower with a pool', { ...SMALL, text: { ...ONE_TOWER, pool: 'last' } }, 'Leave out pool'],
    [
      'no kind',
      { ...SMALL, text: {} as TextInput },
      "text: expected { kind: 'pixels' } or { kind: 'tokens', … }, got an object.",
    ],
    ['another kind', { ...SMALL, text: { kind: 'sound' } as never }, 'got kind: "sound".'],
    ['a name', { ...SMALL, text: 'tokens' as never }, 'got "tokens".'],
    [
      'no vocabulary',
      { ...SMALL, text: { kind: 'tokens' } as TextInput },
      'text.vocabulary: expected an integer from 1 to 16777216, got undefined.',
    ],
    [
      'no tokens',
      { ...SMALL, text: { ...CLIP, length: 0 } },
      'text.length: expected an integer from 1 to 16384, got 0.',
    ],
    [
      'a third tower',
      { ...SMALL, text: { ...CLIP, tower: 'both' } as never },
      "text.tower: expected 'own' or 'shared', got \"both\".",
    ],
    [
      'another pool',
      { ...SMALL, text: { ...CLIP, pool: 'gap' } as never },
      "text.pool: expected one of 'last', 'first', 'mean', 'max', 'map', got \"gap\".",
    ],
    [
      'a tower with patches',
      { ...SMALL, text: { ...CLIP, shape: 'B/16' } },
      'text.shape: "B/16" is not known.',
    ],
    [
      'heads that do not fit',
      { ...SMALL, text: { ...CLIP, shape: { width: 10, depth: 1, mlpDim: 8, numHeads: 3 } } },
      'text.shape: width 10 cannot be split into 3 heads.',
    ],
    [
      'other parts',
      { ...SMALL, text: { kind: 'pixels', separate: ['tail'] } as never },
      "text.separate: expected a list of 'embedding', 'pool' and 'head', got [\"tail\"].",
    ],
    [
      'the weights of a mean',
      { ...SMALL, pool: 'gap', text: { kind: 'pixels', separate: ['pool'] } },
      "text.separate: 'pool' has no weights of its own where pool is 'gap'.",
    ],
  ])('is not %s', (_, config, words) => {
    expect(() => resolveClippoConfig(config)).toThrow(ConfigError);
    expect(() => resolveClippoConfig(config)).toThrow(words);
  });
});

describe('the configuration of a checkpoint', () => {
  const arraysOf = (config: ClippoConfig) =>
    new Map([...parameterShapes(config)].map(([path, shape]) => [path, { shape }]));

  it.each<TextInput>([
    { ...CLIP, shape: 'Ti', length: 16 },
    { ...CLIP, pool: 'map' },
    ONE_TOWER,
    { kind: 'pixels', separate: ['embedding'] },
    { kind: 'pixels', separate: ['pool', 'head'] },
    { kind: 'pixels' },
  ])('%j is read off the arrays', (text) => {
    const config = { ...SMALL, text };
    expect(resolveClippoConfig(inferConfig(arraysOf(config)))).toEqual(resolveClippoConfig(config));
  });

  it('takes how text pools from what was saved', () => {
    const config = { ...SMALL, text: { ...CLIP, pool: 'mean' } } as const;
    const inferred = inferConfig(arraysOf(config), { textPool: 'mean' });
    expect(resolveClippoConfig(inferred)).toEqual(resolveClippoConfig(config));
  });

  it('refuses a tower of text that is not known', () => {
    const arrays = arraysOf(SMALL).set('txt/BertModel_0/embeddings/kernel', { shape: [3, 4] });
    expect(() => inferConfig(arrays)).toThrow(CheckpointError);
    expect(() => inferConfig(arrays)).toThrow(
      'The checkpoint has weights of its own for text, txt/BertModel_0/embeddings/kernel, of a kind that is not known',
    );
  });
});
