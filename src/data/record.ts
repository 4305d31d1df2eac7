// What every source of examples is read into: records as they lie in the file. Nothing is decoded and nothing is
// drawn here; an example that cannot be read is a value with a cause, so that one bad file never ends a long run.

/** One example as it lies in its source: nothing decoded, nothing drawn. */
export type DataRecord = ImageTextRecord | TextTextRecord;

/** A picture, or several of one thing, and what is said of it. */
export interface ImageTextRecord {
  readonly kind: 'image-text';
  /** Names the example within its source. */
  readonly key: string;
  /** Encoded files: JPEG, PNG, WebP, … At least one, in stored order. */
  readonly images: readonly Uint8Array[];
  /** At least one, trimmed, none of them blank, in stored order. */
  readonly captions: readonly string[];
  /** How often each caption is drawn against the others, at least 0. Absent where all count alike. */
  readonly captionWeights?: readonly number[];
  /** Whatever else the source says of the example. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Two texts that belong together: consecutive sentences, a sentence and its translation. */
export interface TextTextRecord {
  readonly kind: 'text-text';
  /** Names the example within its source. */
  readonly key: string;
  /** Trimmed, neither of them blank. */
  readonly texts: readonly [string, string];
  /** Whatever else the source says of the example. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** An example, or a whole file of them, that could not be read: counted by cause, never thrown. */
export interface BrokenRecord {
  readonly kind: 'broken';
  /** The key of the example, or the name of the file. */
  readonly key: string;
  readonly cause: BrokenCause;
  /** What was found, and where. */
  readonly detail: string;
}

/**
 * Why an example could not be read, in few words that can be counted. The readers use:
 * - `no image`, `empty image`, `image too large`: the picture is not there, has no bytes, is over the limit
 * - `no caption`, `empty caption`, `caption too long`: the same of the text
 * - `failed download`: img2dataset wrote down that it never got the picture
 * - `bad JSON`, `bad row`: a line that does not parse, or is not the kind of thing this format holds
 * - `shard missing`, `truncated`, `corrupt`: a file that cannot be opened, ends too early, is not what it says
 *
 * A pipeline may add its own (`bad image`, say, when decoding fails), hence any string.
 */
export type BrokenCause =
  | 'no image'
  | 'empty image'
  | 'image too large'
  | 'no caption'
  | 'empty caption'
  | 'caption too long'
  | 'failed download'
  | 'bad JSON'
  | 'bad row'
  | 'shard missing'
  | 'truncated'
  | 'corrupt'
  | (string & {}); // keeps the names above in completions

/** A record of the kind `broken`. */
export function broken(key: string, cause: BrokenCause, detail: string): BrokenRecord {
  return { kind: 'broken', key, cause, detail };
}

/** Characters (UTF-16 units). What is longer is no caption but a file in the wrong place. */
const MAX_CAPTION = 1_000_000;

/** What a record may have besides. */
export interface RecordExtras {
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  /** One for each caption; default: all alike. */
  readonly weights?: readonly number[] | undefined;
}

/** Checks what was read, the same way for every source: blank captions go, the others are trimmed. */
export function imageTextRecord(
  key: string,
  image: Uint8Array | readonly Uint8Array[],
  captions: readonly string[],
  { fields, weights }: RecordExtras = {},
): ImageTextRecord | BrokenRecord {
  const images = image instanceof Uint8Array ? [image] : image;
  if (images.length === 0) return broken(key, 'no image', 'the list of pictures is empty');
  if (images.some((one) => one.length === 0)) return broken(key, 'empty image', 'a picture has 0 bytes');
  const kept = keptCaptions(key, captions);
  if (!Array.isArray(kept)) return kept;
  const keptWeights = weights?.filter((_, i) => captions[i]!.trim() !== '');
  const areEqual = keptWeights === undefined || new Set(keptWeights).size === 1;
  return {
    kind: 'image-text',
    key,
    images,
    captions: kept,
    ...(!areEqual && { captionWeights: keptWeights }),
    ...(fields !== undefined && { fields }),
  };
}

/** The same for two texts, of which neither may be blank. */
export function textTextRecord(
  key: string,
  first: string,
  second: string,
  fields?: Readonly<Record<string, unknown>>,
): TextTextRecord | BrokenRecord {
  const kept = keptCaptions(key, [first, second]);
  if (!Array.isArray(kept)) return kept;
  const [a, b] = kept;
  if (b === undefined) return broken(key, 'empty caption', 'one of the two texts is blank');
  return { kind: 'text-text', key, texts: [a!, b], ...(fields !== undefined && { fields }) };
}

function keptCaptions(key: string, captions: readonly string[]): string[] | BrokenRecord {
  if (captions.length === 0) return broken(key, 'no caption', 'the list of captions is empty');
  const longest = captions.reduce((length, caption) => Math.max(length, caption.length), 0);
  if (longest > MAX_CAPTION) return broken(key, 'caption too long', `${longest} characters`);
  const kept = captions.map((caption) => caption.trim()).filter((caption) => caption !== '');
  return kept.length > 0 ? kept : broken(key, 'empty caption', 'nothing but white space');
}
