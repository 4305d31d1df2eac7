// `clippo inspect DATA`: what a data set holds, and a sheet of what the model would see of it.

import { sourceName } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { openDiskSource, writePng } from '../node/index.ts';
import { createRenderer } from '../render/index.ts';
import { type DataInspection, inspectSource } from './data-inspection.ts';
import { type DataFlags, describeSource } from './data-source.ts';
import type { Spread } from './histogram.ts';
import { pairSheet } from './pair-sheet.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface InspectDataFlags extends DataFlags {
  /** px */
  readonly size: number;
  /** Rows of 16 px for texts; undefined: as many as the size has. */
  readonly rows?: number;
  readonly limit: number;
  /** PNG to write. */
  readonly sheet?: string;
  readonly json?: boolean;
}

const SAMPLES = 10;

export async function inspectData(name: string, flags: InspectDataFlags, terminal: Terminal): Promise<void> {
  const { size, rows, limit, sheet } = flags;
  const height = rows === undefined ? size : 16 * rows;
  if (height > size) {
    throw new ConfigError(`--rows: ${rows} rows of 16 px are higher than --size ${size}.`);
  }
  const description = await describeSource(name, flags);
  const source = { ...openDiskSource(description), name: sourceName(description) };
  const renderer = await createRenderer({ size: { width: size, height } });
  const { signal } = terminal;
  const { inspection, samples } = await inspectSource(source, {
    renderer,
    limit: limit === 0 ? Number.MAX_SAFE_INTEGER : limit,
    samples: sheet === undefined ? 0 : SAMPLES,
    signal,
    onExample: (done) => terminal.onProgress({ stage: 'inspect', done, unit: 'examples' }),
  });
  terminal.endProgress();
  if (sheet !== undefined) {
    await writePng(sheet, await pairSheet(samples, renderer, size));
    terminal.note(`${sheet}: ${samples.length} pairs as the model sees them.`);
  }
  if (flags.json) await terminal.printJson({ canvas: { width: size, height }, ...inspection });
  else await terminal.print(describe(inspection, { width: size, height }));
}

function describe(
  { source, examples, isCut, imageText, textText, broken, brokenByCause, pictures, texts }: DataInspection,
  canvas: { readonly width: number; readonly height: number },
): string {
  const rows: (readonly [string, string])[] = [['source', source]];
  const kinds = [
    ...(imageText > 0 ? [`${number(imageText)} pictures with text`] : []),
    ...(textText > 0 ? [`${number(textText)} pairs of texts`] : []),
    `${number(broken)} broken (${share(broken, examples)})`,
  ];
  rows.push(['examples', `${isCut ? 'the first ' : ''}${number(examples)}: ${kinds.join(', ')}`]);
  if (pictures.count > 0) {
    rows.push(['pictures', `${number(pictures.count)}, of an example ${spread(pictures.perExample)}`]);
    rows.push(['width', `${spread(pictures.width)} px`]);
    rows.push(['height', `${spread(pictures.height)} px`]);
    rows.push(['bytes', spread(pictures.bytes)]);
    rows.push(['same picture', repeats(pictures.repeated, pictures.count)]);
  }
  if (texts.count > 0) {
    rows.push(['texts', `${number(texts.count)}, of an example ${spread(texts.perExample)}`]);
    rows.push(['characters', spread(texts.characters)]);
    const fit = `do not fit ${canvas.width} x ${canvas.height} px`;
    rows.push(['overflow', `${number(texts.overflowing)} (${share(texts.overflowing, texts.count)}) ${fit}`]);
    if (texts.withMissingGlyphs > 0) {
      rows.push(['no glyph', `${number(texts.withMissingGlyphs)} have characters that the font lacks`]);
    }
    rows.push(['same text', repeats(texts.repeated, texts.count)]);
  }
  const causes = Object.entries(brokenByCause)
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([cause, { count, first }]) => [cause, count, `first: ${first}`] as const);
  const frequent = texts.mostFrequent.map(({ text, count }) => [count, short(text)] as const);
  return [
    table(rows),
    ...(causes.length > 0 ? ['\nbroken\n', table(causes, '  ')] : []),
    ...(frequent.length > 0 ? ['\nmost frequent texts\n', table(frequent, '  ')] : []),
  ].join('');
}

function number(value: number): string {
  return value.toLocaleString('en');
}

function share(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Number(((100 * part) / whole).toFixed(2))} %`;
}

function repeats(count: number, whole: number): string {
  return count === 0 ? 'none twice' : `${number(count)} (${share(count, whole)}) are there more than once`;
}

function spread(value: Spread | undefined): string {
  if (value === undefined) return 'none';
  const { min, median, p95, max } = value;
  if (min === max) return number(min);
  return `${number(min)} … ${number(max)}, median ${number(median)}, 95 % up to ${number(p95)}`;
}

function short(text: string): string {
  const characters = [...text];
  return characters.length <= 60 ? text : `${characters.slice(0, 59).join('')}…`;
}
