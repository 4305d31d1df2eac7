// What Adafactor may be told, and the refusals by message.

import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { type AdafactorOptions, adafactor } from '../../src/train/adafactor.ts';

describe('options', () => {
  const ranges =
    'learningRate, weightDecay, decayMask, clipNorm, momentum, beta2Cap, decayRate, decayOffset, minDimSizeToFactor, epsilon, schedule, learningRateMultipliers';
  const bad: [message: string, options: unknown][] = [
    ['adafactor: expected an options object, got 0.001.', 0.001],
    [
      'adafactor: learningRateMultipliers: expected a list of [pattern, multiplier] pairs.',
      { learningRateMultipliers: { t: 2 } },
    ],
    [`adafactor: unknown option lr. Known: ${ranges}.`, { lr: 1 }],
    ['adafactor: learningRate: expected a number of at least 0, got -1.', { learningRate: -1 }],
    ['adafactor: learningRate: expected a number of at least 0, got NaN.', { learningRate: Number.NaN }],
    ['adafactor: weightDecay: expected a number of at least 0, got Infinity.', { weightDecay: Infinity }],
    ['adafactor: learningRate: expected a number of at least 0, got "0.1".', { learningRate: '0.1' }],
    ['adafactor: momentum: expected a number from 0 to 0.999999, got 1.', { momentum: 1 }],
    ['adafactor: clipNorm (null for none): expected a number of at least 1e-36, got 0.', { clipNorm: 0 }],
    ['adafactor: epsilon: expected a number from 1e-36 to 1, got 0.', { epsilon: 0 }],
    [
      'adafactor: schedule: expected a function (step) => factor. Make one with schedule().',
      { schedule: 'cosine' },
    ],
    ['adafactor: decayMask: "(" is no regular expression.', { decayMask: '(' }],
    [
      "adafactor: decayMask: expected the source of a regular expression, as in '.*/kernel', got /kernel/.",
      { decayMask: /kernel/ },
    ],
    [
      'adafactor: learningRateMultipliers: "t" (null to freeze): expected a number of at least 1e-36, got 0.',
      { learningRateMultipliers: [['t', 0]] },
    ],
  ];
  it.each(bad)('refuses: %s', (message, options) => {
    // Wrong on purpose, as a caller without types may write it.
    expect(() => adafactor(options as AdafactorOptions)).toThrow(new ConfigError(message));
  });

  it('refuses a schedule that gives no number', () => {
    const optimizer = adafactor({ schedule: () => Number.NaN });
    expect(() => optimizer.stepNumbers()).toThrow(
      'adafactor: schedule(0) gave NaN, expected a finite number.',
    );
  });

  it('keep the default where a field is undefined', () => {
    const config = (options: object): unknown => adafactor(options).getConfig();
    const undefinedFields = {
      learningRate: undefined,
      clipNorm: undefined,
      schedule: undefined,
      lr: undefined,
    };
    expect(config(undefinedFields)).toEqual(config({}));
  });

  it('survive as JSON', () => {
    const options: AdafactorOptions = {
      learningRate: 0.01,
      clipNorm: null,
      learningRateMultipliers: [['t', null]],
    };
    const config = JSON.parse(JSON.stringify(adafactor(options).getConfig()));
    expect(adafactor(config).getConfig()).toEqual(config);
    expect(config).toMatchObject(options);
  });
});
