// What every evaluation takes and gives, whatever it measures: a model and where finished parts lie; numbers with
// intervals, what was skipped and why, and a page to look at.

import { ClippoModel } from '../clippo-model.ts';
import type { JsonValue, Skipped } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { assertNumber, describeValue } from '../options.ts';
import { escapeHtml, htmlPage } from '../page.ts';
import type { OnProgress } from '../progress.ts';
import type { PartStore } from './parts.ts';

export { createSkipCounter, type SkipCounter, type Skipped } from '../data/index.ts';

/** What every evaluation takes, whatever it is that answers. */
export interface MeasureOptions {
  /** Inputs that go through the network together, default 32. */
  readonly batchSize?: number;
  /** Where embeddings are kept as they are made, so that a rerun goes on: `partFolder(path)` of clippo-ts/node. */
  readonly parts?: PartStore;
  /** Share of the examples that may be skipped as unreadable, 0 … 1, default 0.1; with more it is an error. */
  readonly maxSkipped?: number;
  /** Examples shown in the report, default 12; 0 for none. */
  readonly examples?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** What all evaluations of a model take. */
export interface EvaluationOptions extends MeasureOptions {
  readonly model: ClippoModel;
}

export const MEASURE_OPTIONS = ['batchSize', 'parts', 'maxSkipped', 'examples', 'signal', 'onProgress'];
export const EVALUATION_OPTIONS = ['model', ...MEASURE_OPTIONS];

/** The options with defaults; what may be missing is undefined. */
export interface ResolvedMeasure {
  readonly batchSize: number;
  readonly parts: PartStore | undefined;
  readonly maxSkipped: number;
  readonly examples: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
}

export interface ResolvedEvaluation extends ResolvedMeasure {
  readonly model: ClippoModel;
}

/** @throws ConfigError */
export function resolveMeasure(door: string, options: MeasureOptions): ResolvedMeasure {
  const { batchSize = 32, parts, maxSkipped = 0.1, examples = 12, signal, onProgress } = options;
  assertNumber(door, 'maxSkipped', maxSkipped, 0, 1);
  assertNumber(door, 'examples', examples, 0, 1000);
  return { batchSize, parts, maxSkipped, examples, signal, onProgress };
}

/** @throws ConfigError */
export function resolveEvaluation(door: string, options: EvaluationOptions): ResolvedEvaluation {
  const { model } = options;
  if (!(model instanceof ClippoModel)) {
    throw new ConfigError(`${door}: model: expected a ClippoModel, got ${describeValue(model)}.`);
  }
  return { model, ...resolveMeasure(door, options) };
}

/** Between these two, the value of 95 % of the bootstrap samples lies. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Plain data but for the page: `JSON.stringify` of it is the result file. */
export interface Evaluation {
  /** Which evaluation this is: `'zero-shot'`, `'retrieval'`, … */
  readonly task: string;
  /** What was measured, by name: fractions from 0 to 1, but for those in `plain`. */
  readonly values: Readonly<Record<string, number>>;
  /** 95 % bootstrap intervals over the examples, of those values that are means over them. */
  readonly intervals: Readonly<Record<string, Interval>>;
  /** Values that are no fractions: a loss, a distance. */
  readonly plain: readonly string[];
  /** Examples that were measured. */
  readonly count: number;
  readonly skipped: Skipped;
  /** What it was measured with. */
  readonly settings: { readonly [name: string]: JsonValue };
  /** More than a few numbers: per class, per language, per example. */
  readonly details?: JsonValue;
  /** A whole HTML page. */
  readonly report: string;
}

export interface EvaluationParts
  extends Omit<Evaluation, 'report' | 'plain'>,
    Partial<Pick<Evaluation, 'plain'>> {
  readonly title: string;
  /** Pieces of HTML under the table of values. */
  readonly sections: readonly string[];
}

/** Adds the page. */
export function createEvaluation({ title, sections, plain = [], ...rest }: EvaluationParts): Evaluation {
  const { values, intervals, count, skipped, settings } = rest;
  const show = (name: string, value: number): string =>
    plain.includes(name) ? value.toFixed(3) : `${(100 * value).toFixed(1)} %`;
  const rows = Object.entries(values).map(([name, value]) => {
    const interval = intervals[name];
    const range = interval && `${show(name, interval.low)} … ${show(name, interval.high)}`;
    return `<tr><td>${escapeHtml(name)}</td><td class="number"><b>${show(name, value)}</b></td><td class="number soft">${range ?? ''}</td></tr>`;
  });
  const causes = Object.entries(skipped).map(
    ([cause, { count: times, first }]) => `<li>${escapeHtml(`${cause}: ${times}, first ${first}`)}</li>`,
  );
  const body = `<p class="soft">${count} examples. Beside each value: where 95 % of bootstrap samples lie.</p>
<table>${rows.join('')}</table>
${causes.length === 0 ? '' : `<h2>Skipped</h2><ul>${causes.join('')}</ul>`}
${sections.join('\n')}
<h2>Measured with</h2>
<pre>${escapeHtml(JSON.stringify(settings, null, 2))}</pre>`;
  return { ...rest, plain, report: htmlPage({ title, body, style: STYLE }) };
}

const STYLE = `
  .examples { display: flex; flex-wrap: wrap; gap: 1.2rem; } .examples figure { max-width: 9rem; } .examples img { image-rendering: pixelated; max-width: 8rem; height: auto; } .wrong b { color: var(--other); } .deceived img { outline: 3px solid var(--other); }
`;
