// The tally of blocks whose scores are not quite those of the pairs: told apart from wrong ones, or counted again.

import { describe, expect, it } from 'vitest';
import { createEmbeddings } from '../../src/embeddings.ts';
import { blocksOf, createRankTally, type RankTally } from '../../src/eval/rank-tally.ts';
import { checkRetrievalPairs } from '../../src/eval/retrieval-pairs.ts';

const rows = createEmbeddings(new Float32Array(6).fill(1), 2);
const pairs = checkRetrievalPairs('test', rows, rows, [0, 1, 2]);

/** All nine scores are 2; an engine is off by `error` in one of the true ones. */
function tallyOf(error: number): RankTally {
  const tally = createRankTally(pairs, pairs.tolerance);
  const three = [3, 3, 3];
  const nobody = [0, 0, 0];
  const [block] = blocksOf(pairs);
  tally.add(block!, {
    own: [2 + error, 2, 2],
    imagesReached: three,
    imagesExceeded: nobody,
    textsReached: three,
    textsExceeded: nobody,
  });
  return tally;
}

describe('createRankTally', () => {
  it('takes rounding for what it is', () => {
    const tally = tallyOf(pairs.tolerance / 4);
    expect(tally.widerTolerance()).toBeUndefined();
    expect([...tally.ranks().textToImage]).toEqual([2, 2, 2]);
    expect([...tally.ranks().ties.imageToText]).toEqual([2, 2, 2]);
  });

  it('asks to be counted again with room for what the engine loses', () => {
    expect(tallyOf(-1e-3).widerTolerance()).toBeCloseTo(4e-3, 9);
  });

  it.each([Number.NaN, Infinity])('refuses an engine that gives %d', (error) => {
    expect(() => tallyOf(error).widerTolerance()).toThrow(
      `the engine multiplied finite vectors and got ${error}. Try another runtime`,
    );
  });
});
