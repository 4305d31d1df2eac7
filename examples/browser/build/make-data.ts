// The package's model and the emoji art → what the page loads: the model at a quarter of its size, the vectors of all pictures and
// names, and the pictures on sheets. Done once for a state of the sources: the folder's name is a digest of them.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import {
  ClippoModel,
  type Embeddings,
  type NdArrayLike,
  parseSafetensors,
  writeSafetensors,
} from 'clippo-ts';
import { nodeRuntime, readImage } from 'clippo-ts/node';
import sharp from 'sharp';
import { packArrays, unpackArrays } from '../packed-arrays.ts';
import { PICTURE_SIZE, placeOf, SHEET_SIDE, sheetName } from '../sprite-layout.ts';
import { type Candidate, LANGUAGES, loadCandidates, namesIn } from './candidates.ts';

const ROOT = join(import.meta.dirname, '../../..');
const MODEL = join(ROOT, 'models/emoji.safetensors');
/** What the data depends on: these files, and the packages with art and words. */
const SOURCES = [
  MODEL,
  ...['make-data.ts', 'candidates.ts', '../packed-arrays.ts', '../sprite-layout.ts'].map((file) =>
    join(import.meta.dirname, file),
  ),
  join(ROOT, 'examples/emoji/corpus.mjs'),
  ...['@iconify-json/noto', '@iconify-json/emojione', 'cldr-annotations-full'].map((name) =>
    join(ROOT, 'node_modules', name, 'package.json'),
  ),
];

export interface DemoData {
  /** A folder with nothing in it but the data's own folder. */
  readonly publicFolder: string;
  /** Name of the data's own folder. */
  readonly name: string;
}

/** @param log - told what is being done */
export async function makeData(log: (line: string) => void): Promise<DemoData> {
  const digest = createHash('sha256');
  for (const file of SOURCES) digest.update(readFileSync(file));
  const name = `data-${digest.digest('hex').slice(0, 10)}`;
  const publicFolder = join(ROOT, 'out/demo-data');
  if (existsSync(join(publicFolder, name))) return { publicFolder, name };

  rmSync(publicFolder, { recursive: true, force: true });
  const folder = join(publicFolder, 'unfinished');
  mkdirSync(folder, { recursive: true });
  log('packing the model');
  const packed = packArrays(floatArrays(readFileSync(MODEL)));
  writeFileSync(join(folder, 'model.safetensors'), packed);

  await tf.setBackend('cpu');
  // The vectors are of the packed weights: the ones that the page asks with.
  const model = await ClippoModel.load(writeSafetensors(unpackArrays(packed)));
  await model.compile(nodeRuntime());
  const candidates = loadCandidates(model.config.imageSize!);
  log(`reading ${candidates.length} pictures`);
  const pictures = await Promise.all(candidates.map(({ svg }) => readImage(new TextEncoder().encode(svg))));
  const emoji = candidates.map(({ character, name, style }) => [character, name, style]);
  writeVectors(join(folder, 'emoji.safetensors'), await model.encodeImages(pictures), { emoji });
  for (const language of LANGUAGES) {
    log(`reading their names (${language})`);
    const names = namesIn(language, candidates);
    const known = names.filter((name) => name !== undefined);
    const owners = names.flatMap((name, i) => (name === undefined ? [] : [i]));
    writeVectors(join(folder, `words-${language}.safetensors`), await model.encodeText(known), {
      words: known,
      owners,
    });
  }
  model.dispose();
  log('drawing the sheets');
  await drawSheets(folder, candidates);
  renameSync(folder, join(publicFolder, name)); // only a whole folder has the name
  return { publicFolder, name };
}

/** Size of every file of the data, bytes. */
export function sizesOf({ publicFolder, name }: DemoData): Record<string, number> {
  const folder = join(publicFolder, name);
  return Object.fromEntries(
    readdirSync(folder).map((file) => [file, readFileSync(join(folder, file)).length]),
  );
}

/** float16 arrays lie in a Float32Array anyway; here they are called so. */
export function floatArrays(bytes: Uint8Array): Map<string, NdArrayLike> {
  return new Map(
    [...parseSafetensors(bytes)].map(([name, { dtype, shape, data }]) => [
      name,
      { dtype: dtype === 'float16' ? 'float32' : dtype, shape, data },
    ]),
  );
}

function writeVectors(path: string, { data, count, dim }: Embeddings, lists: Record<string, unknown>): void {
  const metadata = Object.fromEntries(
    Object.entries(lists).map(([key, list]) => [key, JSON.stringify(list)]),
  );
  writeFileSync(path, packArrays(new Map([['vectors', { shape: [count, dim], data }]]), metadata));
}

async function drawSheets(folder: string, candidates: readonly Candidate[]): Promise<void> {
  const drawn = await Promise.all(
    candidates.map(({ svg }) =>
      sharp(Buffer.from(svg), { density: (72 * PICTURE_SIZE) / 64 })
        .resize(PICTURE_SIZE, PICTURE_SIZE, { fit: 'contain', background: { r: 0, g: 0, b: 0, alpha: 0 } })
        .png()
        .toBuffer(),
    ),
  );
  const side = SHEET_SIDE * PICTURE_SIZE;
  for (let first = 0; first < drawn.length; first += SHEET_SIDE ** 2) {
    const layers = drawn.slice(first, first + SHEET_SIDE ** 2).map((input, i) => {
      const { column, row } = placeOf(first + i);
      return { input, left: column * PICTURE_SIZE, top: row * PICTURE_SIZE };
    });
    const sheet = sharp({
      create: { width: side, height: side, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    });
    await sheet
      .composite(layers)
      .webp({ quality: 78, alphaQuality: 80, effort: 5 })
      .toFile(join(folder, sheetName(placeOf(first).sheet)));
  }
}
