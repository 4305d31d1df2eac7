// A record → the two things that fill the slots of a batch: which of its pictures, which of its captions, by chance.

import type { Random } from '../random.ts';
import type { SkippedExample } from './data-report.ts';
import { divide, type PairKind } from './mixture.ts';
import type { DataRecord, ImageTextRecord } from './record.ts';

/** What fills one slot: the bytes of a picture, or a text. */
export type PairPart = Uint8Array | string;

export interface PairChoiceOptions {
  /** undefined: what the record holds */
  readonly pair: PairKind | undefined;
  /** Whether one picture, changed by chance twice, makes a pair. */
  readonly isChanged: boolean;
}

export function choosePair(
  record: DataRecord,
  { pair, isChanged }: PairChoiceOptions,
  random: Random,
): readonly [PairPart, PairPart] | SkippedExample {
  const skipped = (cause: SkippedExample['cause']): SkippedExample => ({
    kind: 'skipped',
    key: record.key,
    cause,
  });
  if (record.kind === 'text-text') {
    return pair === undefined || pair === 'text-text' ? record.texts : skipped('no picture');
  }
  const { images, captions } = record;
  switch (pair ?? 'image-text') {
    case 'image-text': {
      const caption = chooseCaption(record, random);
      return [images[random.integer(images.length)]!, caption];
    }
    case 'image-image': {
      if (images.length === 1) return isChanged ? [images[0]!, images[0]!] : skipped('one picture');
      const [first, second] = random.permutation(images.length);
      return [images[first!]!, images[second!]!];
    }
    case 'text-text': {
      const first = chooseCaption(record, random);
      if (captions.every((caption) => caption === first)) return skipped('one caption');
      return [first, chooseCaption(record, random, first)];
    }
  }
}

/** @param other - a caption that is not to be taken again; there are others */
function chooseCaption(
  { captions, captionWeights }: ImageTextRecord,
  random: Random,
  other?: string,
): string {
  const weights = captions.map((caption, i) => (caption === other ? 0 : (captionWeights?.[i] ?? 1)));
  if (weights.some((weight) => weight > 0)) return captions[divide(weights)(random.next())]!;
  // All but the one that was taken may weigh 0; then the others count alike.
  const others = captions.filter((caption) => caption !== other);
  return others[random.integer(others.length)]!;
}
