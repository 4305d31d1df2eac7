// Seeded random numbers that are the same in every engine and on every machine.
// Generator: sfc32 (Chris Doty-Humphrey's PractRand), seeded by a hash of the seed and a name, so that
// every parameter and every data source has a stream of its own.

/** Numbers drawn by a seed: the same ones on every machine. */
export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number;
  /** Uniform integer in [0, n). */
  integer(n: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
  /** A random permutation of 0 … n-1 (Fisher-Yates). */
  permutation(n: number): Uint32Array;
}

/**
 * Numbers that follow from a seed.
 *
 * @param seed - any integer
 * @param stream - name of the stream; the same seed and name always give the same numbers
 */
export function createRandom(seed: number, stream = ''): Random {
  let a = hash(`${seed}:${stream}:a`);
  let b = hash(`${seed}:${stream}:b`);
  let c = hash(`${seed}:${stream}:c`);
  let counter = 1;

  function next(): number {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 2 ** 32;
  }

  // The first outputs still show the seed; sfc32 asks for about a dozen rounds of warm-up.
  for (let i = 0; i < 12; i++) next();

  function integer(n: number): number {
    return Math.floor(next() * n);
  }

  function normal(): number {
    return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  }

  function permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = integer(i + 1);
      const held = order[i]!;
      order[i] = order[j]!;
      order[j] = held;
    }
    return order;
  }

  return { next, integer, normal, permutation };
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h | 0;
}
