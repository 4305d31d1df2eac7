// A source → what is in it: how many of what kind, sizes, lengths, what would be lost in drawing, what is there twice.
// Read as training reads it, so that what is counted here as broken is what training would skip.

import { createHash } from 'node:crypto';
import { type DataRecord, decodePicture, type RecordReference, type RecordSource } from '../data/index.ts';
import { createRandom } from '../random.ts';
import type { Renderer } from '../render/index.ts';
import { createHistogram, type Histogram, type Spread } from './histogram.ts';

export interface InspectionOptions {
  readonly renderer: Renderer;
  /** Examples that are read, at least 1. */
  readonly limit: number;
  /** Records to keep for a look at them. */
  readonly samples: number;
  readonly signal: AbortSignal;
  /** @param done - examples that have been read */
  readonly onExample: (done: number) => void;
}

export interface DataInspection {
  readonly source: string;
  /** Examples that were looked at, broken ones included. */
  readonly examples: number;
  /** Whether there are more than `limit`. */
  readonly isCut: boolean;
  readonly imageText: number;
  readonly textText: number;
  readonly broken: number;
  readonly brokenByCause: Readonly<Record<string, { readonly count: number; readonly first: string }>>;
  readonly pictures: {
    readonly count: number;
    /** px */
    readonly width: Spread | undefined;
    readonly height: Spread | undefined;
    readonly bytes: Spread | undefined;
    readonly perExample: Spread | undefined;
    /** Pictures of which there is another one with the same bytes. */
    readonly repeated: number;
  };
  readonly texts: {
    readonly count: number;
    /** Code points. */
    readonly characters: Spread | undefined;
    readonly perExample: Spread | undefined;
    /** Texts of which something does not fit the canvas. */
    readonly overflowing: number;
    /** Texts with characters the font has no glyph for. */
    readonly withMissingGlyphs: number;
    /** Texts of which there is another one that is equal. */
    readonly repeated: number;
    /** Those that are there most often. */
    readonly mostFrequent: readonly { readonly text: string; readonly count: number }[];
  };
}

export interface Inspected {
  readonly inspection: DataInspection;
  /** Drawn by chance, each example alike. */
  readonly samples: readonly DataRecord[];
}

/** As batches have them by default. */
const LIMITS = { maxPixels: 100_000_000, minSide: 2 };
/** Examples loaded and decoded at a time. */
const AT_ONCE = 16;

export async function inspectSource(source: RecordSource, options: InspectionOptions): Promise<Inspected> {
  const { limit, signal, onExample } = options;
  const tally = createTally(options);
  let examples = 0;
  let isCut = false;
  let group: RecordReference[] = [];
  async function inspectGroup(): Promise<void> {
    signal.throwIfAborted();
    for (const seen of await Promise.all(group.map((reference) => look(reference, signal)))) tally.add(seen);
    examples += group.length;
    group = [];
    onExample(examples);
  }
  for await (const reference of source.references(signal)) {
    if (examples + group.length === limit) {
      isCut = true;
      break;
    }
    group.push(reference);
    if (group.length === AT_ONCE) await inspectGroup();
  }
  await inspectGroup();
  return {
    inspection: { source: source.name, examples, isCut, ...tally.counts() },
    samples: tally.samples(),
  };
}

interface Seen {
  readonly record: Awaited<ReturnType<RecordReference['load']>>;
  readonly pictures: readonly {
    readonly width: number;
    readonly height: number;
    readonly bytes: Uint8Array;
  }[];
}

async function look(reference: RecordReference, signal: AbortSignal): Promise<Seen> {
  const record = await reference.load(signal);
  if (record.kind !== 'image-text') return { record, pictures: [] };
  const pictures: Seen['pictures'][number][] = [];
  for (const bytes of record.images) {
    const decoded = await decodePicture(record.key, bytes, LIMITS, { maxPixels: LIMITS.maxPixels });
    if ('kind' in decoded) return { record: decoded, pictures: [] };
    pictures.push({ width: decoded.width, height: decoded.height, bytes });
  }
  return { record, pictures };
}

type Counts = Omit<DataInspection, 'source' | 'examples' | 'isCut'>;

function createTally({ renderer, samples: wanted }: InspectionOptions): {
  add(seen: Seen): void;
  counts(): Counts;
  samples(): readonly DataRecord[];
} {
  const kinds = { 'image-text': 0, 'text-text': 0, broken: 0 };
  const brokenByCause: Record<string, { count: number; first: string }> = {};
  const [widths, heights, bytes, perPicture] = histograms();
  const [characters, perText] = histograms();
  const pictures = createRepeats();
  const texts = createRepeats();
  let overflowing = 0;
  let withMissingGlyphs = 0;
  const samples: DataRecord[] = [];
  const random = createRandom(0, 'samples');
  let whole = 0;

  function addTexts(list: readonly string[]): void {
    perText.add(list.length);
    for (const text of list) {
      const { characterCount, droppedCharacters, missingGlyphs } = renderer.render(text);
      characters.add(characterCount);
      texts.add(text, text);
      if (droppedCharacters > 0) overflowing++;
      if (missingGlyphs > 0) withMissingGlyphs++;
    }
  }

  /** Reservoir sampling: each example has the same chance, however many there will be. */
  function keep(record: DataRecord): void {
    whole++;
    const place = samples.length < wanted ? samples.length : random.integer(whole);
    if (place < wanted) samples[place] = record;
  }

  return {
    add({ record, pictures: seen }) {
      kinds[record.kind]++;
      if (record.kind === 'broken') {
        const { key, cause, detail } = record;
        brokenByCause[cause] ??= { count: 0, first: `${key}: ${detail}` };
        brokenByCause[cause].count++;
        return;
      }
      keep(record);
      addTexts(record.kind === 'text-text' ? record.texts : record.captions);
      if (record.kind === 'image-text') perPicture.add(seen.length);
      for (const picture of seen) {
        widths.add(picture.width);
        heights.add(picture.height);
        bytes.add(picture.bytes.length);
        pictures.add(picture.bytes);
      }
    },
    counts: () => ({
      imageText: kinds['image-text'],
      textText: kinds['text-text'],
      broken: kinds.broken,
      brokenByCause,
      pictures: {
        count: widths.count(),
        width: widths.spread(),
        height: heights.spread(),
        bytes: bytes.spread(),
        perExample: perPicture.spread(),
        repeated: pictures.repeated(),
      },
      texts: {
        count: characters.count(),
        characters: characters.spread(),
        perExample: perText.spread(),
        overflowing,
        withMissingGlyphs,
        repeated: texts.repeated(),
        mostFrequent: texts.mostFrequent(3),
      },
    }),
    samples: () => samples,
  };
}

function histograms(): [Histogram, Histogram, Histogram, Histogram] {
  return [createHistogram(), createHistogram(), createHistogram(), createHistogram()];
}

/** Counts equal things by their hash, which takes the same memory for a word and for a photo. */
function createRepeats(): {
  /** @param name - kept when it is there again */
  add(content: string | Uint8Array, name?: string): void;
  repeated(): number;
  mostFrequent(n: number): { text: string; count: number }[];
} {
  const counts = new Map<string, number>();
  const names = new Map<string, string>();
  return {
    add(content, name) {
      const hash = createHash('sha256').update(content).digest('base64').slice(0, 16);
      const count = (counts.get(hash) ?? 0) + 1;
      counts.set(hash, count);
      if (count === 2 && name !== undefined) names.set(hash, name);
    },
    repeated() {
      let sum = 0;
      for (const count of counts.values()) if (count > 1) sum += count;
      return sum;
    },
    mostFrequent: (n) =>
      [...names]
        .map(([hash, text]) => ({ text, count: counts.get(hash)! }))
        .sort((a, b) => b.count - a.count)
        .slice(0, n),
  };
}
