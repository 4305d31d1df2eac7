// The corpus of examples/emoji as evaluations take it: labelled pictures, pictures with captions, pictures with captions
// in many languages. Emoji with skin tones are left out, as they differ in little else. Needs `npm run build`, since
// the corpus is an example of the package.

import type { LabelledSource, MultilingualSource, RecordSource } from '../../src/data/index.ts';
import { encodePng, readImage } from '../../src/node/index.ts';
import { createRandom } from '../../src/random.ts';

/** What is used here of examples/emoji/corpus.mjs; an emoji is known by its code, `'1f600'`. */
interface Corpus {
  readonly STYLES: readonly string[];
  readonly UNSEEN_STYLE: string;
  readonly TRAINED_LANGUAGES: readonly string[];
  readonly LANGUAGES: readonly string[];
  readonly hasTone: (code: string) => boolean;
  readonly isUnseen: (code: string) => boolean;
  readonly loadWords: (language: string) => Map<string, Words>;
  readonly loadArt: (style: string, size: number) => Map<string, string>;
}

interface Words {
  readonly name: string;
  /** Without those that no training sees. */
  readonly keywords: readonly string[];
}

/** The emoji with pictures of one size. */
export interface EmojiSources {
  readonly trainedStyles: readonly string[];
  readonly unseenStyle: string;
  readonly trainedLanguages: readonly string[];
  /** The emoji of {@link COMMON} that were trained on, and all that were not; only such as every style has. */
  readonly common: readonly string[];
  readonly unseen: readonly string[];
  /** The PNG of an emoji. */
  picture(style: string, code: string): Promise<Uint8Array>;
  name(code: string): string;
  /** The classes are the emoji, by their English names. */
  labelled(styles: readonly string[], codes: readonly string[]): LabelledSource;
  /** Captions are the English name and, where it has two keywords, these. @param most - pictures, drawn by seed */
  captioned(style: string, most?: number): RecordSource;
  /** The same in the languages of the training: the name first, then one keyword. */
  multilingual(style: string, most: number): MultilingualSource;
  /** Names by language, also such as no training saw. */
  namesByLanguage(): Record<string, string[]>;
}

/** Plain emoji that many people know; each is one code point. */
const COMMON = [
  '🐶🐱🐭🐰🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🐦🦆🦉🐺🐗🐴🦄🐝🦋🐌🐞🐢🐍🐙🦀🐬🐳🦈🐘🐫🐑🐐🦇🦔',
  '🍎🍌🍇🍓🍒🍍🥝🍅🥕🌽🥔🍞🧀🥚🍕🍔🌭🍟🍦🍩🎂🍫🍭☕🍺🌹🌻🌵🌲🍁🍄🌋🌈⭐🌙⚡🔥🌊',
  '🚗🚌🚲🚂🚀🚁⛵🚢🏠🏰⌚📱💻📷📺🔑🔨🔔🎁🎈📖💡🔋🔬🔭💊🧦👕👖👗👑👓💍⚽🏀🎾🎸🎹🎺🥁🎲🎯🎨',
].flatMap((row) => Array.from(row, (character) => character.codePointAt(0)!.toString(16)));

/** @param size - px, side of the pictures */
export async function loadEmoji(size: number): Promise<EmojiSources> {
  const place = new URL('../../examples/emoji/corpus.mjs', import.meta.url).href;
  const corpus = (await import(place)) as Corpus; // plain JavaScript, which has no types of its own
  const { STYLES, UNSEEN_STYLE, TRAINED_LANGUAGES, LANGUAGES, hasTone, isUnseen } = corpus;
  const words = new Map(LANGUAGES.map((language) => [language, corpus.loadWords(language)]));
  const art = new Map([...STYLES, UNSEEN_STYLE].map((style) => [style, corpus.loadArt(style, size)]));
  const english = words.get('en')!; // it is one of the languages
  const everywhere = [...english.keys()].filter(
    (code) => !hasTone(code) && [...art.values()].every((pictures) => pictures.has(code)),
  );
  const name = (code: string): string => english.get(code)!.name;

  const drawn = new Map<string, Promise<Uint8Array>>();
  const draw = async (svg: string): Promise<Uint8Array> =>
    encodePng(await readImage(new TextEncoder().encode(svg)));
  function picture(style: string, code: string): Promise<Uint8Array> {
    const key = `${style}/${code}`;
    if (!drawn.has(key)) drawn.set(key, draw(art.get(style)!.get(code)!));
    return drawn.get(key)!;
  }

  /** Emoji that a style has; some of them, where that is wanted. */
  function codesOf(style: string, most = Number.POSITIVE_INFINITY): string[] {
    const all = [...art.get(style)!.keys()].filter((code) => english.has(code) && !hasTone(code));
    if (all.length <= most) return all;
    const chosen = createRandom(1, 'emoji of a figure').permutation(all.length).subarray(0, most);
    return [...chosen].sort((a, b) => a - b).map((i) => all[i]!);
  }

  return {
    trainedStyles: STYLES,
    unseenStyle: UNSEEN_STYLE,
    trainedLanguages: TRAINED_LANGUAGES,
    common: everywhere.filter((code) => COMMON.includes(code) && !isUnseen(code)),
    unseen: everywhere.filter(isUnseen),
    picture,
    name,
    labelled: (styles, codes) => ({
      name: styles.join(', '),
      classes: codes.map(name),
      async *references() {
        for (const style of styles) {
          for (const [label, code] of codes.entries()) {
            yield { key: `${style}/${code}`, label, load: () => picture(style, code) };
          }
        }
      },
    }),
    captioned: (style, most) => ({
      name: style,
      async *references() {
        for (const code of codesOf(style, most)) {
          const { keywords } = english.get(code)!; // codesOf() asked for it
          const captions = [name(code), ...(keywords.length > 1 ? [keywords.slice(0, 2).join(', ')] : [])];
          const load = async () =>
            ({ kind: 'image-text', key: code, images: [await picture(style, code)], captions }) as const;
          yield { key: code, load };
        }
      },
    }),
    multilingual: (style, most) => ({
      name: style,
      languages: TRAINED_LANGUAGES,
      async *references() {
        for (const code of codesOf(style, most)) {
          const captions = TRAINED_LANGUAGES.flatMap((language) => {
            const known = words.get(language)!.get(code);
            return known === undefined
              ? []
              : [[language, [known.name, ...known.keywords.slice(0, 1)]] as const];
          });
          yield { key: code, captions: Object.fromEntries(captions), load: () => picture(style, code) };
        }
      },
    }),
    namesByLanguage() {
      const names = (language: string): string[] =>
        [...words.get(language)!].filter(([code]) => !hasTone(code)).map(([, each]) => each.name);
      return Object.fromEntries(LANGUAGES.map((language) => [language, names(language)]));
    },
  };
}
