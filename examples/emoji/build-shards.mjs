// The emoji corpus → webdataset shards, as any trainer reads them, and what to train on them: `node examples/emoji/build-shards.mjs`.
// Two shards of plain emoji and one of emoji with skin tones; a sample is one emoji: a PNG with transparency for each art
// style (`1f600.noto.png`, …) and two files of captions, `name.en`, `keywords.en`, `several.en` and so on: `1f600.json` in the
// languages of the shipped model, `1f600.other.json` in all others. One shard more has the plain emoji by kind: the key of a
// sample is its group of Unicode (`food-drink.noto.png`), and so is its caption, `group.en`. For every language a TSV of names beside English ones. What is held out (one emoji in ten, one art style, one keyword in ten) is in none of them.

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRandom } from 'clippo-ts';
import sharp from 'sharp';
import {
  hasTone,
  isUnseen,
  LANGUAGES,
  loadArt,
  loadGroups,
  loadWords,
  OTHER_LANGUAGES,
  STYLES,
  TRAINED_LANGUAGES,
} from './corpus.mjs';
import { STAGES } from './recipe.mjs';

const SIZE = 64; // px, as the model reads them
const out = process.env.EMOJI_OUT ?? fileURLToPath(new URL('../../out/emoji', import.meta.url));
mkdirSync(out, { recursive: true });

const words = new Map(LANGUAGES.map((language) => [language, loadWords(language)]));
const art = new Map(STYLES.map((style) => [style, loadArt(style, SIZE)]));
const codes = [...new Set(STYLES.flatMap((style) => [...art.get(style).keys()]))].sort();
const trained = codes.filter((code) => words.get('en').has(code) && !isUnseen(code));
const plain = trained.filter((code) => !hasTone(code));
const shuffled = createRandom(3, 'first emoji').permutation(plain.length);
const first = new Set([...shuffled.subarray(0, 400)].map((i) => plain[i])); // the training begins with these
await writeShard(
  'emoji-00.tar',
  plain.filter((code) => first.has(code)),
);
await writeShard(
  'emoji-01.tar',
  plain.filter((code) => !first.has(code)),
);
await writeShard(
  'tones.tar',
  trained.filter((code) => hasTone(code) && isInHalf(code)), // they differ little: half of them will do
);
await writeGroups('groups.tar', plain);

/** One sample an emoji: a picture for each style that has it, and what it is called. */
async function writeShard(name, codes) {
  const samples = codes.map((code) => ({
    ...{ key: code, code },
    captions: { json: captionsOf(code, TRAINED_LANGUAGES), 'other.json': captionsOf(code, OTHER_LANGUAGES) },
  }));
  await writeSamples(name, samples);
}

/** One sample an emoji: the same pictures, and what kind of thing it is. */
async function writeGroups(name, codes) {
  const groups = loadGroups();
  const samples = codes.flatMap((code) => {
    const group = groups.get(code); // 'Food & Drink'
    if (group === undefined) return [];
    const captions = { json: { 'group.en': [group, ...group.split(' & ')] } };
    return [{ key: group.toLowerCase().replaceAll(/[^a-z]+/g, '-'), code, captions }];
  });
  await writeSamples(name, samples);
}

async function writeSamples(name, samples) {
  const members = [];
  let pictures = 0;
  for (const { key, code, captions } of samples) {
    for (const style of STYLES) {
      const svg = art.get(style).get(code);
      if (svg === undefined) continue;
      const picture = await sharp(Buffer.from(svg))
        .resize(SIZE, SIZE, { fit: 'contain', background: '#0000' })
        .png({ compressionLevel: 9 })
        .toBuffer();
      members.push([`${key}.${style}.png`, picture]);
      pictures += 1;
    }
    for (const [extension, content] of Object.entries(captions)) {
      members.push([`${key}.${extension}`, Buffer.from(JSON.stringify(content))]);
    }
  }
  const archive = packTar(members);
  writeFileSync(join(out, name), archive);
  console.log(
    `${name}: ${samples.length} samples, ${pictures} pictures, ${(archive.length / 2 ** 20).toFixed(0)} MiB`,
  );
}

for (const language of LANGUAGES.slice(1)) {
  const pairs = [...words.get('en')]
    .filter(([code]) => !hasTone(code) && !isUnseen(code) && words.get(language).has(code))
    .map(([code, { name }]) => `${name}\t${words.get(language).get(code).name}\n`);
  writeFileSync(join(out, `names-en-${language}.tsv`), `en\t${language}\n${pairs.join('')}`);
}
console.log(`names-en-*.tsv: ${LANGUAGES.length - 1} languages`);

for (const [i, stage] of STAGES.entries()) {
  const name = `train-${i + 1}.json`;
  writeFileSync(join(out, name), `${JSON.stringify(stage, null, 1)}\n`);
  console.log(`${name}: for \`clippo train --config\``);
}

function captionsOf(code, languages) {
  const captions = {};
  for (const language of languages) {
    const { name, keywords = [] } = words.get(language).get(code) ?? {}; // without those that are held out
    if (name !== undefined) captions[`name.${language}`] = name;
    if (keywords.length > 0) captions[`keywords.${language}`] = keywords;
    if (keywords.length > 1) captions[`several.${language}`] = combine(code, language, [name, ...keywords]);
  }
  return captions;
}

/** Words of an emoji by twos and threes, so that a word is met at any place of a line: 'grin, grinning face'. */
function combine(code, language, words) {
  const random = createRandom(5, `several ${code} ${language}`);
  return Array.from({ length: 4 }, (_, i) =>
    [...random.permutation(words.length)]
      .slice(0, 2 + (i % 2))
      .map((k) => words[k])
      .join(', '),
  );
}

function isInHalf(code) {
  return createHash('sha256').update(code).digest()[0] % 2 === 0;
}

/** Names and contents → a tar archive (ustar). */
function packTar(members) {
  const blocks = members.flatMap(([name, content]) => {
    const header = Buffer.alloc(512);
    const field = (text, offset) => header.write(text, offset, 'latin1');
    const octal = (value, digits) => `${value.toString(8).padStart(digits, '0')}\0`;
    field(name, 0);
    field(octal(0o644, 7), 100);
    field(octal(0, 7), 108);
    field(octal(0, 7), 116);
    field(octal(content.length, 11), 124);
    field(octal(0, 11), 136);
    field('        ', 148); // the checksum counts as spaces
    field('0', 156);
    field('ustar\x0000', 257);
    field(
      `${octal(
        header.reduce((sum, byte) => sum + byte),
        6,
      )} `,
      148,
    );
    return [header, content, Buffer.alloc(-content.length & 511)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
