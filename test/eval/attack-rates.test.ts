// Accuracy and success of typographic attacks: counted by hand, as properties, and what is refused.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AttackPredictions, attackRates } from '../../src/eval/attack-rates.ts';

describe('attackRates', () => {
  it('counts what is right and what believes the word', () => {
    const attacked = { predictions: [0, 1, 2, 2, 0], labels: [0, 0, 0, 2, 1], written: [1, 1, 1, 0, 2] };
    expect(attackRates({ classes: 3, attacked })).toEqual({
      attackedAccuracy: 2 / 5,
      attackSuccessRate: 1 / 5,
      counts: { clean: 0, cleanCorrect: 0, attacked: 5, attackedCorrect: 2, deceived: 1 },
    });
    const clean = { predictions: Int32Array.of(0, 1, 2, 2), labels: Int32Array.of(0, 1, 2, 0) };
    const rates = attackRates({ classes: 3, attacked, clean });
    expect(rates.cleanAccuracy).toBe(3 / 4);
    expect(rates.attackedAccuracy).toBe(2 / 5);
    expect(rates.counts).toMatchObject({ clean: 4, cleanCorrect: 3 });
  });

  it('is right, deceived, or neither, and never two of these', () => {
    const picture = fc
      .tuple(fc.nat(4), fc.nat(4), fc.nat(4))
      .filter(([, label, written]) => label !== written);
    fc.assert(
      fc.property(fc.array(picture, { minLength: 1, maxLength: 30 }), (pictures) => {
        const [predictions, labels, written] = [0, 1, 2].map((k) => pictures.map((each) => each[k]!));
        const attacked = { predictions: predictions!, labels: labels!, written: written! };
        const { counts } = attackRates({ classes: 5, attacked });
        const neither = pictures.filter(([guess, label, word]) => guess !== label && guess !== word).length;
        expect(counts.attackedCorrect + counts.deceived + neither).toBe(pictures.length);
        // What is written and what is seen, exchanged, exchange the two rates.
        const exchanged = attackRates({
          classes: 5,
          attacked: { ...attacked, labels: written!, written: labels! },
        });
        expect(exchanged.counts.deceived).toBe(counts.attackedCorrect);
      }),
      { seed: 1 },
    );
  });

  const attacked = { predictions: [0, 1], labels: [0, 0], written: [1, 1] };
  const given = (change: object): AttackPredictions => ({ classes: 2, attacked: { ...attacked, ...change } });

  it.each<[AttackPredictions, string]>([
    [{ classes: 1, attacked }, 'classes: expected their number, at least 2, got 1.'],
    [{ classes: Number.NaN, attacked }, 'classes: expected their number, at least 2, got NaN.'],
    [given({ predictions: [0, 2] }), 'attacked.predictions[1]: expected a class from 0 to 1, got 2.'],
    [
      given({ predictions: [Number.NaN, 0] }),
      'attacked.predictions[0]: expected a class from 0 to 1, got NaN.',
    ],
    [given({ labels: [0, -1] }), 'attacked.labels[1]: expected a class from 0 to 1, got -1.'],
    [given({ written: [1, 0.5] }), 'attacked.written[1]: expected a class from 0 to 1, got 0.5.'],
    [given({ written: [1, undefined] }), 'attacked.written[1]: expected a class from 0 to 1, got undefined.'],
    [given({ written: [1] }), 'attacked.written: expected 2 values, one for each of predictions, got 1.'],
    [given({ labels: undefined }), 'attacked.labels: expected a list of class indices, got undefined.'],
    [given({ written: [1, 0] }), 'attacked picture 1 has its own label written on it, class 0.'],
    [
      given({ predictions: [], labels: [], written: [] }),
      'attacked: expected at least one picture, got none.',
    ],
    [
      { classes: 2, attacked, clean: { predictions: [], labels: [] } },
      'clean: expected at least one picture',
    ],
    [
      { classes: 2, attacked, clean: { predictions: [1], labels: [0, 1] } },
      'clean.labels: expected 1 values',
    ],
    [{ classes: 2, attacked, texts: [] } as never, 'unknown option texts'],
    [null as never, 'expected an options object, got null'],
  ])('refuses %j', (input, message) => {
    expect(() => attackRates(input)).toThrow(message);
  });
});
