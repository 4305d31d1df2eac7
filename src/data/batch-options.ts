// BatchOptions, what a caller may say of batches → ResolvedBatchOptions, what the code relies on. Checked here and
// nowhere else, all complaints at once. All of it but the functions and the signal is JSON: it lies in the
// configuration of a training run as it is.

import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { type AugmentOptions, type ResolvedAugmentOptions, resolveAugmentOptions } from '../raster/index.ts';
import type { RenderOptions } from '../render/index.ts';
import type { TextRows } from '../text-rows.ts';
import { type BatchPosition, parsePosition } from './batch-position.ts';
import type { BrokenExample } from './data-report.ts';
import { firstEmptyBatch, type MixtureOptions, type ResolvedShare } from './mixture.ts';
import type { JsonValue } from './pair-batch.ts';

/** What a batch is, wherever it is made. */
export interface BatchOptions extends Pick<MixtureOptions, 'draw' | 'shuffleBuffer' | 'seed'> {
  /** Pairs in a batch, 1 … 1,048,576. */
  readonly batchSize: number;
  /** Side of the pictures and width of the texts, px, 1 … 4096, default 224. */
  readonly size?: number;
  /**
   * Texts are drawn on their first `16 · textRows` px only, at most `size`; with `'used'` on those rows that hold a line
   * (1, 2, 4 … lines). Default `'all'`: as high as the pictures. As the model has it.
   */
  readonly textRows?: TextRows;
  /** The model's, px, 1 … 4096, default 16: of `'used'` rows there are whole patches. */
  readonly patchSize?: number;
  /** `'squash'` (default, as big_vision) ignores the aspect ratio; `'crop'` takes the largest square in the middle. */
  readonly fit?: 'squash' | 'crop';
  /** How pictures are changed by chance; default: not at all. */
  readonly augment?: AugmentOptions;
  /**
   * Examples of a source over which its changes grow from none to what `augment` says, evenly, 0 … 2^53 − 1; default 0,
   * at full strength from the first one on.
   */
  readonly augmentRamp?: number;
  /**
   * No two examples of a batch with one key, nor with one text (but for case): the second is left out and the next of
   * its source is taken. Where the loss takes every other text of the batch for a wrong one. Default false.
   */
  readonly distinct?: boolean;
  /**
   * Default true. False leaves texts as strings, for models that read them otherwise than as pictures: tokens, or drawn
   * text with weights of its own. `text` and `textRows` then have no use.
   */
  readonly drawTexts?: boolean;
  /** How text is drawn; the canvas follows from `size` and `textRows`. */
  readonly text?: Omit<RenderOptions, 'size'>;
  /** Pictures with more pixels are broken, 1 … 268,402,689, default 100,000,000. */
  readonly maxPixels?: number;
  /** Pictures with a shorter side are broken, px, 1 … 4096, default 2. */
  readonly minSide?: number;
  /** MiB of decoded pictures that every thread keeps for the next epoch, 0 … 65,536, default 256. */
  readonly pictureCache?: number;
  /** Batches made ahead of the consumer, 0 … 64, default 2. */
  readonly prefetch?: number;
  /** Share of broken examples, 0 … 1, above which the run ends; looked at from the 200th example on. Default 0.05. */
  readonly maxBroken?: number;
  /** Where an earlier run stopped, as its `position()` told. Default: at the beginning. */
  readonly position?: JsonValue;
  /** Hears of the first broken example of each cause and of every thousandth. */
  readonly onBroken?: (example: BrokenExample) => void;
  /** Ends the batches: what waits for one is rejected with its reason. */
  readonly signal?: AbortSignal;
}

export interface ResolvedBatchOptions {
  readonly sources: readonly ResolvedShare[];
  readonly draw: 'random' | 'exact' | 'batch';
  readonly shuffleBuffer: number;
  readonly seed: number;
  readonly batchSize: number;
  readonly size: number;
  readonly textRows: TextRows;
  readonly patchSize: number;
  readonly fit: 'squash' | 'crop';
  readonly augment: ResolvedAugmentOptions | undefined;
  readonly augmentRamp: number;
  readonly distinct: boolean;
  readonly drawTexts: boolean;
  readonly text: Omit<RenderOptions, 'size'>;
  readonly maxPixels: number;
  readonly minSide: number;
  readonly pictureCache: number;
  readonly prefetch: number;
  readonly maxBroken: number;
  readonly position: BatchPosition;
  readonly onBroken: ((example: BrokenExample) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Field → whole (true) or any number, low, high, default. */
const NUMBERS = {
  size: [true, 1, 4096, 224],
  patchSize: [true, 1, 4096, 16],
  maxPixels: [true, 1, 268_402_689, 100_000_000],
  minSide: [true, 1, 4096, 2],
  pictureCache: [true, 0, 65_536, 256],
  prefetch: [true, 0, 64, 2],
  maxBroken: [false, 0, 1, 0.05],
  augmentRamp: [true, 0, Number.MAX_SAFE_INTEGER, 0],
  shuffleBuffer: [true, 0, 10_000_000, 50_000],
  seed: [true, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0],
} as const;

const OTHERS = [
  ...[
    'batchSize',
    'textRows',
    'draw',
    'fit',
    'augment',
    'distinct',
    'drawTexts',
    'text',
    'position',
    'onBroken',
    'signal',
  ],
];

/** The options of {@link BatchOptions}; doors may take more. */
const BATCH_OPTIONS: readonly string[] = [...Object.keys(NUMBERS), ...OTHERS];

/**
 * @param door - the function that was called, as it stands in the message
 * @param own - options of that door's own
 * @param problems - what is wrong with those already
 * @throws ConfigError that names everything that is wrong
 */
export function resolveBatchOptions(
  door: string,
  options: BatchOptions,
  own: {
    readonly names: readonly string[];
    readonly sources: readonly ResolvedShare[];
    readonly problems: readonly string[];
  },
): ResolvedBatchOptions {
  const problems = [...own.problems];
  const known = [...own.names, ...BATCH_OPTIONS];
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.map(([name]) => name).filter((name) => !known.includes(name));
  if (unknown.length > 0) problems.push(`unknown ${unknown.join(', ')}; known are ${known.join(', ')}`);

  const numberOf = (name: keyof typeof NUMBERS): number => {
    const [isWhole, low, high, byDefault] = NUMBERS[name];
    const value: unknown = options[name] ?? byDefault;
    const fits = typeof value === 'number' && value >= low && value <= high;
    if (fits && (!isWhole || Number.isSafeInteger(value))) return value;
    const kind = isWhole ? 'a whole number' : 'a number';
    problems.push(`${name}: expected ${kind} from ${low} to ${high}, got ${describeValue(value)}`);
    return byDefault;
  };
  const oneOf = <T extends string>(name: 'draw' | 'fit', choices: readonly [T, ...T[]]): T => {
    const value: unknown = options[name] ?? choices[0];
    const choice = choices.find((each) => each === value);
    if (choice === undefined) {
      problems.push(
        `${name}: expected ${choices.map((each) => `'${each}'`).join(' or ')}, got ${describeValue(value)}`,
      );
    }
    return choice ?? choices[0];
  };
  const attempt = <T>(what: () => T): T | undefined => {
    try {
      return what();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(error.message.replace(/\.$/, ''));
      return undefined;
    }
  };

  const size = numberOf('size');
  const { batchSize, textRows = 'all', augment, distinct = false, drawTexts = true } = options;
  const { text = {}, onBroken, signal } = options;
  if (!(Number.isSafeInteger(batchSize) && batchSize >= 1 && batchSize <= 2 ** 20)) {
    problems.push(`batchSize: expected a whole number from 1 to ${2 ** 20}, got ${describeValue(batchSize)}`);
  }
  const isWord = textRows === 'all' || textRows === 'used';
  if (!isWord && !(Number.isSafeInteger(textRows) && textRows >= 1 && 16 * textRows <= size)) {
    problems.push(
      `textRows: expected 'all', 'used' or a whole number from 1 to ${Math.floor(size / 16)}, as many rows of 16 px as size = ${size} has, got ${describeValue(textRows)}`,
    );
  }
  if (typeof text !== 'object' || text === null || 'size' in text) {
    problems.push(`text: expected render options without a size, got ${describeValue(text)}`);
  }
  if (typeof distinct !== 'boolean') {
    problems.push(`distinct: expected true or false, got ${describeValue(distinct)}`);
  }
  if (typeof drawTexts !== 'boolean') {
    problems.push(`drawTexts: expected true or false, got ${describeValue(drawTexts)}`);
  } else if (!drawTexts && (options.text !== undefined || options.textRows !== undefined)) {
    const idle = options.text === undefined ? 'textRows' : 'text';
    problems.push(
      `${idle}: says how texts are drawn, drawTexts: false that they are not; leave one of them out`,
    );
  }
  if (options.augmentRamp !== undefined && augment === undefined) {
    problems.push('augmentRamp: there is nothing to grow without augment');
  }
  if (onBroken !== undefined && typeof onBroken !== 'function') {
    problems.push(`onBroken: expected a function, got ${describeValue(onBroken)}`);
  }
  const empty = own.problems.length === 0 ? firstEmptyBatch(own.sources) : undefined;
  if (empty !== undefined) {
    problems.push(
      `sources: nothing can be drawn for batch ${empty}: at least one source needs a weight above 0 and a from … until that holds it`,
    );
  }
  const resolved: ResolvedBatchOptions = {
    sources: own.sources,
    draw: oneOf('draw', ['random', 'exact', 'batch']),
    shuffleBuffer: numberOf('shuffleBuffer'),
    seed: numberOf('seed'),
    batchSize,
    size,
    textRows,
    patchSize: numberOf('patchSize'),
    fit: oneOf('fit', ['squash', 'crop']),
    augment: augment === undefined ? undefined : attempt(() => resolveAugmentOptions('augment', augment)),
    augmentRamp: numberOf('augmentRamp'),
    distinct,
    drawTexts,
    text,
    maxPixels: numberOf('maxPixels'),
    minSide: numberOf('minSide'),
    pictureCache: numberOf('pictureCache'),
    prefetch: numberOf('prefetch'),
    maxBroken: numberOf('maxBroken'),
    position: { batches: 0, sources: [] },
    onBroken,
    signal,
  };
  const position = problems.length > 0 ? undefined : attempt(() => parsePosition(options.position, resolved));
  if (position === undefined) throw new ConfigError(`${door}: ${problems.join('; ')}.`);
  return { ...resolved, position };
}
