// The emoji corpus in memory: pictures as pixels, captions by language, and batches of pairs that depend on seed and step
// alone, so that a run goes on where it was. What is held out is that of ../emoji/corpus.mjs.

import { createRandom } from 'clippo-ts';
import { readImage } from 'clippo-ts/node';
import { trainTokenizer } from 'clippo-ts/train';
import { hasTone, isUnseen, loadArt, loadGroups, loadWords, STYLES, UNSEEN_STYLE } from '../emoji/corpus.mjs';

export async function loadCorpus({ languages, size, emoji: most, vocabulary }) {
  const words = new Map(languages.map((language) => [language, loadWords(language)]));
  const known = [...words.get('en').keys()].filter((code) => !hasTone(code)).sort();
  const svgs = new Map([...STYLES, UNSEEN_STYLE].map((style) => [style, loadArt(style, size)]));
  const isShown = (code) => STYLES.some((style) => svgs.get(style).has(code));
  const codes = known.filter((code) => !isUnseen(code) && isShown(code)).slice(0, most);
  const art = new Map();
  for (const [style, ofStyle] of svgs) art.set(style, await drawn(ofStyle, codes));
  const captions = codes.flatMap((code) =>
    languages.flatMap((language) => captionsOf(words, code, language)),
  );
  const tokenizer = trainTokenizer(captions, { vocabulary, name: 'BPE' });
  return { languages, words, codes, art, groups: loadGroups(), tokenizer };
}

async function drawn(svgs, codes) {
  const pictures = new Map();
  for (const code of codes) {
    const svg = svgs.get(code);
    if (svg !== undefined) pictures.set(code, await readImage(new TextEncoder().encode(svg)));
  }
  return pictures;
}

/** Name and keywords, without those that are held out. */
export function captionsOf(words, code, language) {
  const entry = words.get(language).get(code);
  return entry === undefined ? [] : [entry.name, ...entry.keywords];
}

/**
 * Batches for `train`: `share` of the pairs are two texts, the others a picture and a text, no emoji twice.
 *
 * @param position - what `position()` of an earlier one told
 */
export function pairBatches(corpus, { batchSize, seed, share = 0, pairs = 'any', stage }, position = 0) {
  const { codes } = corpus;
  let step = position;
  const next = () => {
    const random = createRandom(seed, `${stage} batch ${step++}`);
    const order = random.permutation(codes.length);
    const batch = { images: [], texts: [], keys: [] };
    const textPairs = Math.round(share * batchSize);
    for (const i of order) {
      if (batch.keys.length === batchSize) break;
      const code = codes[i];
      const isText = batch.keys.length < textPairs;
      const pair = isText ? textPair(corpus, code, pairs, random) : picturePair(corpus, code, random);
      if (pair === undefined) continue; // not every emoji has every kind of words
      batch.images.push(pair[0]);
      batch.texts.push(pair[1]);
      batch.keys.push(code);
    }
    return batch;
  };
  return {
    *[Symbol.iterator]() {
      for (;;) yield next();
    },
    position: () => step,
  };
}

const pick = (list, random) => list[random.integer(list.length)];

function picturePair({ art, words, languages }, code, random) {
  const pictures = STYLES.map((style) => art.get(style).get(code)).filter(Boolean);
  return [
    pick(pictures, random),
    captionOf(words, code, languageOf(languages, random), random) ?? words.get('en').get(code).name,
  ];
}

/** English every other time. */
const languageOf = ([english, ...others], random) =>
  others.length === 0 || random.next() < 0.5 ? english : pick(others, random);

/** The name two times in three. */
function captionOf(words, code, language, random, other) {
  const [name, ...keywords] = captionsOf(words, code, language).filter((caption) => caption !== other);
  return keywords.length > 0 && random.next() < 1 / 3 ? pick(keywords, random) : name;
}

function textPair({ words, languages }, code, kind, random) {
  const [english, ...others] = languages;
  const language = languageOf(languages, random);
  const entry = (of) => words.get(of).get(code);
  if (kind === 'parallel') {
    const second = entry(pick(others, random));
    return second && [entry(english).name, second.name];
  }
  const { name, keywords = [] } = entry(language) ?? {};
  if (kind === 'neighbours') return keywords.length === 0 ? undefined : [name, pick(keywords, random)];
  if (kind === 'paraphrase') {
    if (keywords.length < 2) return undefined;
    const [a, b] = random.permutation(keywords.length);
    return [`${name}, ${keywords[a]}`, `${keywords[b]}, ${name}`];
  }
  const first = captionOf(words, code, english, random);
  const second = captionOf(words, code, language, random, first);
  return second && [first, second];
}
