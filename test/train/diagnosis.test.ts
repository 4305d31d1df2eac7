// What is said of a run that does not learn, and that nothing is said of one that does.

import { describe, expect, it } from 'vitest';
import type { PairBatch } from '../../src/data/index.ts';
import { countRepeated, createDiagnosis, type Finding } from '../../src/train/diagnosis.ts';
import type { TrainStepMetrics } from '../../src/train/step-metrics.ts';

const SIZE = 8;
const chance = Math.log(SIZE);

function batch(kinds: number): PairBatch {
  const rasters = Array.from({ length: SIZE }, (_, i) => ({
    width: 2,
    height: 1,
    channels: 1 as const,
    data: Uint8Array.of(i % kinds, 7),
  }));
  return { images: rasters, texts: rasters };
}

function findings(
  metrics: (step: number) => Partial<TrainStepMetrics>,
  { steps = 1000, kinds = SIZE }: { steps?: number; kinds?: number } = {},
): Finding[] {
  const { observe } = createDiagnosis();
  const usual = { gradNorm: 1, temperature: 12 };
  return Array.from({ length: steps }, (_, i) =>
    observe({ step: i + 1, loss: 2, chance, ...usual, ...metrics(i + 1) }, batch(kinds)),
  ).flat();
}

describe('createDiagnosis', () => {
  it('is silent on runs that learn, also on those that take their time', () => {
    expect(findings((step) => ({ loss: chance * Math.exp(-step / 300) }))).toEqual([]);
    expect(findings((step) => ({ loss: step < 380 ? chance : chance * 0.9 }))).toEqual([]);
    expect(findings((step) => ({ loss: 1, temperature: step % 100 === 0 ? 12 : 150 }))).toEqual([]);
  });

  it.each<[string, Finding['kind'], RegExp, Parameters<typeof findings>]>([
    [
      'at chance',
      'chance',
      /^step 400: the loss is still 2\.08, which is ln\(8\) = 2\.08/,
      [() => ({ loss: chance * 1.001 })],
    ],
    [
      'collapsed',
      'collapsed',
      /^step 100: the gradient has been zero for 100 steps/,
      [() => ({ loss: chance, gradNorm: 0 })],
    ],
    [
      'too hot',
      'temperature',
      /^step 100: the temperature has been 130 for 100 steps/,
      [() => ({ loss: 1, temperature: 130 })],
    ],
    ['too cold', 'temperature', /has been 0\.500 for/, [() => ({ loss: 1, temperature: 0.5 })]],
    ['full of duplicates', 'duplicates', /^step 76: 50 % of the texts/, [() => ({ loss: 1 }), { kinds: 4 }]],
  ])('says once that a run is %s', (_, kind, message, given) => {
    const found = findings(...given);
    expect(found.map((finding) => finding.kind)).toEqual([kind]);
    expect(found[0]!.message).toMatch(message);
  });

  it('counts what equals an earlier one, and not what only hashes alike', () => {
    expect(countRepeated([Uint8Array.of(1), Uint8Array.of(1), Uint8Array.of(1, 0), Uint8Array.of(1)])).toBe(
      2,
    );
    expect(countRepeated([])).toBe(0);
  });
});
