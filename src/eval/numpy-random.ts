// numpy's `default_rng(seed)`, as far as permutations need it, so that a seed chooses the same examples as in the
// reference: SeedSequence spreads the seed, PCG64 makes 64 bits at a time, and shuffling draws bounded numbers from
// halves of them. References: numpy's `Generator.permutation`; O'Neill 2014, "PCG: A Family of Simple Fast
// Space-Efficient Statistically Good Algorithms for Random Number Generation" (XSL-RR 128/64).

import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';

export interface NumpyRandom {
  /** `rng.integers(0, 2 ** 32, dtype=np.uint32)`: the low half of 64 bits, then the high half. */
  uint32(): number;
  /** `rng.permutation(values)`: the same values in another order; `values` stay as they are. */
  permutation(values: ArrayLike<number>): Int32Array;
}

const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const WORDS = 4;

/**
 * `numpy.random.default_rng(seed)`.
 *
 * @param seed - an integer from 0 to 2⁵³ − 1
 * @param door - the function that was called, as it stands in the message
 * @throws ConfigError
 * @example createNumpyRandom(0).permutation([0, 1, 2, 3, 4]) // Int32Array [2, 4, 3, 0, 1]
 */
export function createNumpyRandom(seed: number, door = 'createNumpyRandom'): NumpyRandom {
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    throw new ConfigError(
      `${door}: seed: expected an integer from 0 to 2^53 - 1, got ${describeValue(seed)}.`,
    );
  }
  const [start, stream] = spreadSeed(seed);
  const increment = BigInt.asUintN(128, (stream << 1n) | 1n);
  let state = 0n;
  let high: number | undefined; // the half that the next call gives

  const step = (): void => {
    state = BigInt.asUintN(128, state * MULTIPLIER + increment);
  };
  step();
  state += start;
  step();

  function uint32(): number {
    if (high !== undefined) {
      const half = high;
      high = undefined;
      return half;
    }
    step();
    // Both halves of the state, exclusive or, rotated right by its highest six bits.
    const mixed = BigInt.asUintN(64, (state >> 64n) ^ state);
    const turn = state >> 122n;
    const bits = BigInt.asUintN(64, (mixed >> turn) | (mixed << (64n - turn)));
    high = Number(bits >> 32n);
    return Number(bits & 0xffffffffn);
  }

  /** Uniform in 0 … last: as many bits as `last` has, drawn again when they make a larger number. */
  function upTo(last: number): number {
    const mask = 0xffffffff >>> Math.clz32(last);
    for (;;) {
      const bits = uint32() & mask; // not negative, since no array has 2³¹ places
      if (bits <= last) return bits;
    }
  }

  function permutation(values: ArrayLike<number>): Int32Array {
    const order = Int32Array.from(values);
    for (let i = order.length - 1; i > 0; i--) {
      const j = upTo(i);
      const held = order[i]!;
      order[i] = order[j]!;
      order[j] = held;
    }
    return order;
  }

  return { uint32, permutation };
}

/** SeedSequence: a seed → two numbers of 128 bits, the generator's start and its stream. */
function spreadSeed(seed: number): [start: bigint, stream: bigint] {
  const words = [seed >>> 0, Math.floor(seed / 2 ** 32), 0, 0];
  const hash = createHash(0x43b0d7e5, 0x931e8875);
  const pool = words.map(hash);
  for (let from = 0; from < WORDS; from++) {
    for (let to = 0; to < WORDS; to++) {
      if (from !== to) pool[to] = mix(pool[to]!, hash(pool[from]!));
    }
  }
  const finish = createHash(0x8b51f9dd, 0x58f38ded);
  const out = Array.from({ length: 2 * WORDS }, (_, i) => BigInt(finish(pool[i % WORDS]!)));
  // Words of 64 bits have their low half first, numbers of 128 bits their high word.
  const number = (i: number): bigint =>
    (out[i + 1]! << 96n) | (out[i]! << 64n) | (out[i + 3]! << 32n) | out[i + 2]!;
  return [number(0), number(4)];
}

/** A hash whose constant moves on with every call. */
function createHash(start: number, multiplier: number): (word: number) => number {
  let constant = start;
  return (word) => {
    const mixed = word ^ constant;
    constant = Math.imul(constant, multiplier);
    return foldDown(Math.imul(mixed, constant));
  };
}

function mix(a: number, b: number): number {
  return foldDown(Math.imul(a, 0xca01f9dd) - Math.imul(b, 0x4973f715));
}

function foldDown(word: number): number {
  return (word ^ (word >>> 16)) >>> 0;
}
