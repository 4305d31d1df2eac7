// Emoji as a corpus: one picture per art style, one name and some keywords per language. Art from @iconify-json/*,
// words from Unicode CLDR; all of it lies in node_modules, nothing is downloaded. Licences are in README.md.

import { createRequire } from 'node:module';
import { createRandom } from 'clippo-ts';

const require = createRequire(import.meta.url);

/** Art styles that are trained on. */
export const STYLES = [
  ...['noto', 'noto-v1', 'fluent-emoji-flat', 'fluent-emoji', 'openmoji', 'emojione', 'emojione-v1'],
];
/** The art style that no training sees. */
export const UNSEEN_STYLE = 'twemoji';

/** Languages that the shipped model is trained in, by CLDR's names: seven scripts. */
export const TRAINED_LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'ru', 'ja', 'zh', 'ko', 'ar', 'el'];
/** Languages that the corpus has besides: ten scripts more. */
export const OTHER_LANGUAGES = [
  ...[
    'nl',
    'he',
    'th',
    'hi',
    'pl',
    'uk',
    'tr',
    'sv',
    'fi',
    'cs',
    'hu',
    'vi',
    'id',
    'fa',
    'bn',
    'ta',
    'ka',
    'hy',
    'am',
    'te',
  ],
];
export const LANGUAGES = [...TRAINED_LANGUAGES, ...OTHER_LANGUAGES];

/** A code: lower-case hexadecimal code points joined by '-', without variation selectors: '1f469-200d-1f680'. */
export const characterOf = (code) =>
  String.fromCodePoint(...code.split('-').map((digits) => Number.parseInt(digits, 16)));

const codeOf = (character) => Array.from(character, (c) => c.codePointAt(0).toString(16)).join('-');
const withoutSelectors = (code) =>
  code
    .toLowerCase()
    .split('-')
    .filter((point) => point !== 'fe0f')
    .join('-');

const TONE = /-?1f3f[b-f]/g;
export const hasTone = (code) => code.search(TONE) >= 0;
/** The same emoji without skin tones. */
const baseOf = (code) => code.replace(TONE, '').replace(/^-/, '');

/** Whether no training sees this emoji, in whatever style, language or skin tone: one in ten. */
export const isUnseen = (code) => createRandom(7, `emoji ${baseOf(code)}`).next() < 0.1;

/** Whether no caption of this language is this keyword, of whatever emoji: one keyword in ten. */
const isUnseenKeyword = (language, keyword) =>
  createRandom(7, `keyword ${language} ${keyword.toLowerCase()}`).next() < 0.1;

/**
 * Words for emoji in a language: code → its name, keywords to train on, keywords that are held out. Keywords that are
 * the name, or belong to the picture alone (emoticons such as ':-)'), are left out.
 */
export function loadWords(language) {
  const words = new Map();
  for (const [part, key] of [
    ['annotations-full/annotations', 'annotations'],
    ['annotations-derived-full/annotationsDerived', 'annotationsDerived'],
  ]) {
    const { annotations } = require(`cldr-${part}/${language}/annotations.json`)[key];
    for (const [character, { tts, default: given = [] }] of Object.entries(annotations)) {
      if (tts === undefined) continue;
      const code = withoutSelectors(codeOf(character));
      const name = tts[0].normalize('NFC');
      const all = given.map((word) => word.normalize('NFC'));
      const keywords = all.filter((word) => word !== name && /[\p{L}\p{N}]/u.test(word));
      words.set(code, { name, keywords });
    }
  }
  // What is the name of some emoji is seen as a caption.
  const names = new Set([...words.values()].map(({ name }) => name.toLowerCase()));
  const isUnseen = (word) => isUnseenKeyword(language, word) && !names.has(word.toLowerCase());
  for (const [code, { name, keywords }] of words) {
    const unseen = keywords.filter(isUnseen);
    words.set(code, { name, keywords: keywords.filter((word) => !unseen.includes(word)), unseen });
  }
  return words;
}

/** Code → group of Unicode: 'Food & Drink', 'Flags' … By the icons of Twemoji, whose package lists them as Unicode does. */
export function loadGroups() {
  const { categories } = require('@iconify-json/twemoji/metadata.json');
  const codes = new Map();
  for (const [code, icon] of Object.entries(require('@iconify-json/twemoji/chars.json'))) {
    codes.set(icon, [...(codes.get(icon) ?? []), withoutSelectors(code)]);
  }
  return new Map(
    Object.entries(categories).flatMap(([group, icons]) =>
      icons.flatMap((icon) => (codes.get(icon) ?? []).map((code) => [code, group])),
    ),
  );
}

/** Pictures of a style: code → SVG of `size` px. */
export function loadArt(style, size) {
  const set = require(`@iconify-json/${style}/icons.json`);
  const names = namesOfArt(style, set);
  return new Map([...names].map(([code, name]) => [code, drawSvg(set, name, size)]));
}

/** Code → name of the icon. Some sets list their characters; others name their icons as CLDR names emoji. */
function namesOfArt(style, set) {
  const listed = Object.entries(require(`@iconify-json/${style}/chars.json`));
  const names = new Map();
  const add = (code, name) => names.has(code) || names.set(code, name);
  for (const [code, name] of listed) add(withoutSelectors(code), name);
  if (listed.length > 0) return names;
  const codes = codesByName();
  for (const name of [...Object.keys(set.icons), ...Object.keys(set.aliases ?? {})]) {
    const spellings = [name, `${name}-face`, name.replace(/-face$/, ''), name.replace(/^flag-for-/, 'flag-')];
    const known = spellings.find((spelling) => codes.has(spelling));
    if (known !== undefined) add(codes.get(known), name);
  }
  return names;
}

let namesToCodes;
/** 'waving-hand' → code, as icons and as CLDR spell it. */
function codesByName() {
  if (namesToCodes !== undefined) return namesToCodes;
  namesToCodes = new Map();
  const add = (name, code) => namesToCodes.has(name) || namesToCodes.set(name, code);
  for (const style of ['noto', 'fluent-emoji-flat', 'openmoji', 'twemoji']) {
    const listed = Object.entries(require(`@iconify-json/${style}/chars.json`));
    for (const [code, name] of listed) add(name, withoutSelectors(code));
  }
  for (const [code, { name }] of loadWords('en')) add(asIconName(name), code);
  return namesToCodes;
}

/** 'flag: Côte d’Ivoire' → 'flag-cote-divoire' */
const asIconName = (name) =>
  name
    .normalize('NFD')
    .toLowerCase()
    .replace(/[\u0300-\u036f’'“”().,!*#]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

function drawSvg(set, name, size) {
  const icon = set.icons[name] ?? set.icons[set.aliases[name].parent];
  const { body, left = 0, top = 0, width = set.width ?? 16, height = set.height ?? 16 } = icon;
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${size}" height="${size}" viewBox="${left} ${top} ${width} ${height}">${body}</svg>`;
}
