// Why a run does not learn, as far as its numbers tell: seen while it runs, said once, with what to try.

import type { TextBatch } from '../data/index.ts';
import type { Raster } from '../raster/index.ts';
import type { StepMetrics } from './step-metrics.ts';

export type FindingKind = 'chance' | 'collapsed' | 'temperature' | 'duplicates';

export interface Finding {
  readonly kind: FindingKind;
  /** Step at which it was seen. */
  readonly step: number;
  readonly message: string;
}

export interface Diagnosis {
  /** @returns what shows for the first time */
  observe(
    metrics: Pick<StepMetrics, 'step' | 'loss' | 'chance' | 'gradNorm' | 'temperature'>,
    batch: TextBatch,
  ): Finding[];
}

/** Steps that a run may take to leave chance. */
const PATIENCE = 400;
/** Steps over which means are taken, and for which a state has to last. */
const WINDOW = 100;
/** Of the loss at chance. */
const NEAR_CHANCE = 0.02;
/** Steps between looks at the texts of a batch. */
const LOOK_EVERY = 25;
const MOST_DUPLICATES = 0.05;
/** Temperatures beyond which a loss has nothing to learn from, or too much. */
const RAILS = [1, 100] as const;
const NO_GRADIENT = 1e-6;

/** @param hasAnchors - whether pictures and texts are compared with anchors: then texts may stand in a batch twice */
export function createDiagnosis({ hasAnchors = false } = {}): Diagnosis {
  const said = new Set<FindingKind>();
  const losses: number[] = [];
  let [flat, railed] = [0, 0];
  let [texts, repeated] = [0, 0];

  return {
    observe({ step, loss, chance, gradNorm, temperature }, batch) {
      const pairs = batch.images.length;
      const size = Math.round(Math.exp(chance));
      losses.push(loss);
      if (losses.length > WINDOW) losses.shift();
      const mean = losses.reduce((sum, each) => sum + each, 0) / losses.length;
      const isAtChance = size > 3 && Math.abs(mean - chance) < NEAR_CHANCE * chance;
      flat = gradNorm < NO_GRADIENT && isAtChance ? flat + 1 : 0;
      railed = temperature < RAILS[0] || temperature > RAILS[1] ? railed + 1 : 0;
      if (step % LOOK_EVERY === 1 && !hasAnchors) {
        texts += pairs;
        repeated += countRepeated(batch.texts.map(bytesOf));
      }

      const found: Finding[] = [];
      const say = (kind: FindingKind, isSo: boolean, message: () => string): void => {
        if (!isSo || said.has(kind)) return;
        said.add(kind);
        found.push({ kind, step, message: `step ${step}: ${message()}` });
      };
      say(
        'collapsed',
        flat >= WINDOW,
        () =>
          `the gradient has been zero for ${flat} steps and the loss is ln(${size}): all embeddings have become one. Begin anew with a lower learning rate or a longer warm-up.`,
      );
      say(
        'chance',
        step >= PATIENCE && isAtChance && !said.has('collapsed'),
        () =>
          `the loss is still ${mean.toFixed(2)}, which is ln(${size}) = ${chance.toFixed(2)}, chance. Do pictures and texts belong together (clippo inspect)? Else try fewer kinds of examples at first, no augmentation, a start temperature of 20, pairs of pictures among the batches.`,
      );
      say(
        'temperature',
        railed >= WINDOW,
        () =>
          `the temperature has been ${temperature.toPrecision(3)} for ${railed} steps, out of ${RAILS.join(' to ')}. Give t a lower rate: learningRateMultipliers: [['t', 0.1]].`,
      );
      say(
        'duplicates',
        texts >= 4 * pairs && repeated > MOST_DUPLICATES * texts,
        () =>
          `${((100 * repeated) / texts).toFixed(0)} % of the texts stand in their batch more than once; the loss takes all but one of them for wrong. Set distinct: true in the options of the batches.`,
      );
      return found;
    },
  };
}

/** How many of the arrays equal an earlier one. */
export function countRepeated(arrays: readonly Uint8Array[]): number {
  const seen = new Map<number, Uint8Array[]>();
  let repeated = 0;
  for (const array of arrays) {
    const hash = hashOf(array);
    const alike = seen.get(hash) ?? [];
    if (alike.some((other) => isEqual(other, array))) repeated++;
    else seen.set(hash, [...alike, array]);
  }
  return repeated;
}

/** What tells one text from another. */
function bytesOf(text: Raster | string): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text.data;
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
