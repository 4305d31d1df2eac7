// What a run knows of itself, and what its owner says of it → a model card, the page that travels with the weights.
// Reference: Mitchell et al. 2019, "Model Cards for Model Reporting", whose sections a training can fill in.

import type { JsonValue } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { type ClippoConfig, countParameters } from '../model/index.ts';
import { describeValue, givenOptions, refuseUnknown } from '../options.ts';
import type { MetricsLine } from './metrics-log.ts';

/** What only people can say; each a piece of Markdown. */
export interface ModelCardText {
  /** Default: the name of the run's folder. */
  readonly title?: string;
  /** What the model is for. */
  readonly purpose?: string;
  /** What it was trained on, where that came from and under which licences. */
  readonly data?: string;
  /** What it cannot do and should not be used for. */
  readonly limits?: string;
  readonly licence?: string;
  /** The card of the model it began with. */
  readonly before?: string;
}

export interface ModelCardOptions {
  readonly text: ModelCardText;
  readonly name: string;
  readonly config: ClippoConfig;
  /** What the run was made with, but for the model. */
  readonly settings: { readonly [name: string]: JsonValue };
  /** In the order of the steps. */
  readonly metrics: readonly MetricsLine[];
}

const FIELDS: readonly string[] = ['title', 'purpose', 'data', 'limits', 'licence', 'before'];

/** @throws ConfigError for fields that a card does not have, and for what is no text */
export function checkModelCard(card: ModelCardText): void {
  refuseUnknown('model card', card, FIELDS);
  for (const [field, text] of Object.entries(givenOptions(card))) {
    if (typeof text !== 'string') {
      throw new ConfigError(`model card: ${field}: expected text, got ${describeValue(text)}.`);
    }
  }
}

/** Steps whose mean is given as how the training ended. */
const LAST = 100;

/** @returns Markdown */
export function modelCard({ text, name, config, settings, metrics }: ModelCardOptions): string {
  const steps = metrics.filter((line) => typeof line.loss === 'number');
  const before = text.before?.trim().replace(/^(#+) /gm, '$1# '); // its headings, one level down
  return `${[
    `# ${text.title ?? name}`,
    ...(text.purpose === undefined ? [] : [text.purpose.trim()]),
    ...section('Model', describeModel(config)),
    ...section('Data', text.data),
    ...section('Training', describeTraining(steps)),
    ...section('Figures', describeFigures({ metrics, settings }, steps)),
    ...section('Limits', text.limits),
    ...section('Licence', text.licence),
    ...section('Settings', fence(JSON.stringify(settings, null, 1))),
    ...section('Began with', before),
  ].join('\n\n')}\n`;
}

/** A heading and what stands under it; nothing where nothing is said. */
export function section(title: string, body: string | undefined): string[] {
  return body === undefined ? [] : [`## ${title}\n\n${body.trim()}`];
}

export function describeModel(config: ClippoConfig): string {
  const { variant, imageSize, embeddingDim, textRows } = config;
  const network = typeof variant === 'string' ? `ViT-${variant}` : `a ViT (${JSON.stringify(variant)})`;
  const text = typeof textRows === 'number' ? `; text on the first ${16 * textRows} rows of them` : '';
  return `CLIPPO: one tower for pictures and text, ${network}, ${countParameters(config).toLocaleString('en')} parameters. Pictures of ${imageSize} × ${imageSize} px${text}; vectors of ${embeddingDim} numbers.`;
}

function describeTraining(steps: readonly MetricsLine[]): string {
  const sum = (pick: (line: MetricsLine) => number): number =>
    steps.reduce((total, line) => total + pick(line), 0);
  const hours = sum((line) => numberOf(line.stepMs) + numberOf(line.waitMs)) / 3.6e6;
  const pairs = sum((line) => numberOf(line.batchSize));
  return `${steps.length.toLocaleString('en')} steps, ${pairs.toLocaleString('en')} pairs, ${hours < 0.1 ? hours.toPrecision(1) : hours.toFixed(1)} hours of computing.`;
}

/** undefined where no step was written down */
function describeFigures(
  { metrics, settings }: Pick<ModelCardOptions, 'metrics' | 'settings'>,
  steps: readonly MetricsLine[],
): string | undefined {
  if (steps.length === 0) return undefined;
  const last = steps.slice(-LAST);
  const mean = (name: string): number =>
    last.reduce((total, line) => total + numberOf(line[name]), 0) / last.length;
  const chance = numberOf(last.at(-1)?.chance);
  const found =
    settings.anchors === undefined
      ? 'pictures that find their text in the batch'
      : 'pictures and texts that find their anchor';
  const lines = [
    `Means of the last ${last.length} steps: loss ${mean('loss').toFixed(3)} (chance ${chance.toFixed(3)}), ${found} ${(100 * mean('ncorrect')).toFixed(1)} %.`,
  ];
  const measured = metrics.findLast((line) => typeof line.measured === 'object');
  for (const [name, value] of Object.entries(measured?.measured ?? {})) lines.push(`- ${name}: ${value}`);
  return lines.join('\n\n');
}

function numberOf(value: MetricsLine[string] | undefined): number {
  return typeof value === 'number' ? value : 0;
}

/** JSON within Markdown. */
export function fence(code: string): string {
  return `\`\`\`json\n${code}\n\`\`\``;
}
