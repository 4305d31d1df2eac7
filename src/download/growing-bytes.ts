// Chunks of a download → one buffer. One rather than all chunks and then their sum, which would hold a file twice.
//
// A stated length is believed as far as bytes have come: at first up to 64 MiB, then up to 16 times what is there, so
// that a checkpoint of 1 GiB is moved once, early, and a length that lies costs nothing.

const FIRST_STATED = 64 * 2 ** 20;
const FIRST_UNSTATED = 2 ** 16;

export interface GrowingBytes {
  readonly length: number;
  append(chunk: Uint8Array): void;
  /** The bytes from `start` to `end`, a view that the next {@link append} may leave behind. */
  view(start: number, end: number): Uint8Array;
  /** Everything that was appended; a view. */
  all(): Uint8Array;
}

/**
 * @param total - bytes to come, where they are known
 * @throws RangeError from `append` when there is no room in memory
 */
export function createGrowingBytes(total: number | undefined): GrowingBytes {
  let bytes = new Uint8Array(0);
  let length = 0;

  function capacityFor(needed: number): number {
    if (total === undefined) return Math.max(needed, FIRST_UNSTATED, 2 * bytes.length);
    const believed = length === 0 ? FIRST_STATED : 16 * bytes.length;
    return Math.max(needed, Math.min(total, believed));
  }

  return {
    get length() {
      return length;
    },
    append(chunk) {
      const needed = length + chunk.length;
      if (needed > bytes.length) {
        const larger = new Uint8Array(capacityFor(needed));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(chunk, length);
      length = needed;
    },
    view: (start, end) => bytes.subarray(start, end),
    all: () => bytes.subarray(0, length),
  };
}
