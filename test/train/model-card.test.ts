// The card that travels with the weights: it says what the run knows, what its owner said, and nothing else.

import { describe, expect, it } from 'vitest';
import { checkModelCard, modelCard } from '../../src/train/model-card.ts';

const config = {
  variant: { width: 32, depth: 2, mlpDim: 64, numHeads: 2, patchSize: 16 },
  imageSize: 48,
  embeddingDim: 16,
  textRows: 2,
} as const;
const metrics = Array.from({ length: 250 }, (_, i) => ({
  step: i + 1,
  loss: i < 150 ? 4 : 1,
  ncorrect: i < 150 ? 0 : 0.75,
  batchSize: 64,
  chance: Math.log(64),
  stepMs: 14_300,
  waitMs: 100,
  ...(i === 249 ? { measured: { 'R@1': 0.5 } } : {}),
}));

describe('modelCard', () => {
  it('tells cost and figures from the metrics, and what people said beside them', () => {
    const card = modelCard({
      text: { title: 'Leaves', purpose: 'Finds leaves.', data: 'My own.', limits: 'Only leaves.' },
      name: 'run-1',
      config,
      settings: { steps: 250 },
      metrics,
    });
    expect(card).toMatch(/^# Leaves\n\nFinds leaves\.\n\n## Model\n/);
    expect(card).toContain(
      'Pictures of 48 × 48 px; text on the first 32 rows of them; vectors of 16 numbers.',
    );
    expect(card).toContain('250 steps, 16,000 pairs, 1.0 hours of computing.');
    expect(card).toContain('loss 1.000 (chance 4.159)');
    expect(card).toContain('find their text in the batch 75.0 %');
    expect(card).toContain('- R@1: 0.5');
    expect(card).toContain('## Limits\n\nOnly leaves.');
    expect(card).not.toContain('## Licence');
    expect(card).toContain('"steps": 250');
  });

  it('carries the card of the model it began with, a level down', () => {
    const first = modelCard({ text: {}, name: 'run-1', config, settings: {}, metrics });
    const second = modelCard({ text: { before: first }, name: 'run-2', config, settings: {}, metrics });
    expect(second.match(/^# /gm)).toHaveLength(1);
    expect(second).toContain('## Began with\n\n## run-1\n');
    expect(second).toContain('### Training\n');
  });

  it('is checked before the training, not at its end', () => {
    expect(() => checkModelCard({ limts: 'x' } as never)).toThrow(
      'model card: unknown option limts. Known: title, purpose, data, limits, licence, before.',
    );
    expect(() => checkModelCard({ data: 5 } as never)).toThrow('model card: data: expected text, got 5.');
    expect(() => checkModelCard(null as never)).toThrow('model card: expected an options object');
    expect(() => checkModelCard({ title: 'x', data: undefined } as never)).not.toThrow();
  });

  it('says nothing of steps that were not written down', () => {
    const card = modelCard({ text: {}, name: 'run-1', config, settings: {}, metrics: [] });
    expect(card).toContain('0 steps, 0 pairs');
    expect(card).not.toContain('Figures');
    expect(card).not.toContain('NaN');
  });
});
