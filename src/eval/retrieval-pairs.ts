// Embeddings of pictures and texts, and which text is of which picture → the same, checked, with the scores that true
// pairs reach. A score is a dot product.

import type { Embeddings } from '../embeddings.ts';
import { DataError, ShapeError } from '../errors.ts';
import { describeValue } from '../options.ts';

export interface RetrievalPairs {
  readonly images: Embeddings;
  readonly texts: Embeddings;
  /** [texts] */
  readonly imageOfText: Int32Array;
  /** [images] the best score with a text of its own; −Infinity where there is none */
  readonly imageScores: Float64Array;
  /** [texts] the score with its own image */
  readonly textScores: Float64Array;
  /** Scores that differ by no more are equal. */
  readonly tolerance: number;
}

/** The least that counts as a difference, of the largest score that such vectors could have. */
const LEAST_DIFFERENCE = 1e-6;
/** Scores beyond these are no float32, or lose digits as one. */
const [SMALLEST_SCORE, LARGEST_SCORE] = [1e-30, 1e38];

/**
 * @param door - the function that was called, as it stands in the message
 * @throws ShapeError, DataError
 */
export function checkRetrievalPairs(
  door: string,
  images: Embeddings,
  texts: Embeddings,
  imageOfText: ArrayLike<number>,
): RetrievalPairs {
  const [longestImage, longestText] = [longestRow(door, 'images', images), longestRow(door, 'texts', texts)];
  if (images.dim !== texts.dim) {
    throw new ShapeError(
      `${door}: the vectors of images and texts have ${images.dim} and ${texts.dim} numbers. Encode both with the same model.`,
    );
  }
  const largest = longestImage * longestText;
  if (largest > LARGEST_SCORE || (largest > 0 && largest < SMALLEST_SCORE)) {
    throw new DataError(
      `${door}: scores of up to ${largest.toPrecision(2)} do not fit into float32. Scale the vectors to length 1.`,
    );
  }
  const rows = checkImageOfText(door, images.count, texts.count, imageOfText);
  return {
    ...{ images, texts, imageOfText: rows },
    ...ownScores(images, texts, rows),
    // The sum of a product of `dim` numbers is rounded about as often, up or down: its error grows like a random walk.
    tolerance: largest * Math.max(LEAST_DIFFERENCE, Math.sqrt(images.dim) * 2 ** -23),
  };
}

/** @returns the length of the longest vector */
function longestRow(door: string, name: string, rows: Embeddings): number {
  if (!(rows?.data instanceof Float32Array) || rows.data.length !== rows.count * rows.dim) {
    throw new ShapeError(
      `${door}: ${name}: expected embeddings, got ${describeValue(rows)}. Make them with createEmbeddings(data, dim).`,
    );
  }
  const { data, count, dim } = rows;
  if (count === 0) throw new DataError(`${door}: ${name}: got no vectors. Give one at least.`);
  let longest = 0;
  for (let i = 0, at = 0; i < count; i++) {
    let squares = 0;
    for (const end = at + dim; at < end; at++) squares += data[at]! * data[at]!;
    if (!Number.isFinite(squares)) {
      const bad = rows.row(i).findIndex((value) => !Number.isFinite(value));
      throw new DataError(
        `${door}: ${name}: row ${i}: expected finite numbers, got ${rows.row(i)[bad]} at ${bad}. Find out where it comes from, or leave that row out.`,
      );
    }
    longest = Math.max(longest, squares);
  }
  return Math.sqrt(longest);
}

function checkImageOfText(
  door: string,
  images: number,
  texts: number,
  imageOfText: ArrayLike<number>,
): Int32Array {
  if (typeof imageOfText?.length !== 'number' || imageOfText.length !== texts) {
    const got = typeof imageOfText?.length === 'number' ? imageOfText.length : describeValue(imageOfText);
    throw new ShapeError(
      `${door}: imageOfText: expected the row of an image for each of ${texts} texts, got ${got}.`,
    );
  }
  const rows = new Int32Array(texts);
  for (let j = 0; j < texts; j++) {
    const image = imageOfText[j];
    if (!(Number.isInteger(image) && image! >= 0 && image! < images)) {
      throw new DataError(
        `${door}: imageOfText[${j}]: expected a row of the images, 0 to ${images - 1}, got ${describeValue(image)}.`,
      );
    }
    rows[j] = image!;
  }
  return rows;
}

function ownScores(
  images: Embeddings,
  texts: Embeddings,
  imageOfText: Int32Array,
): Pick<RetrievalPairs, 'imageScores' | 'textScores'> {
  const [a, b, dim] = [images.data, texts.data, images.dim];
  const imageScores = new Float64Array(images.count).fill(-Infinity);
  const textScores = new Float64Array(texts.count);
  for (let text = 0, at = 0; text < texts.count; text++) {
    const image = imageOfText[text]!;
    let score = 0;
    for (let k = image * dim, end = k + dim; k < end; k++, at++) score += a[k]! * b[at]!;
    textScores[text] = score;
    if (score > imageScores[image]!) imageScores[image] = score;
  }
  return { imageScores, textScores };
}
