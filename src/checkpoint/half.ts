// 16-bit floats ↔ float32. float16: 5 bits of exponent, 10 of fraction (IEEE 754 binary16); bfloat16: the upper half
// of a float32. Widening is exact; narrowing rounds to nearest, ties to even, and keeps NaN a NaN.

/** Bits of float16 values, little-endian, as float32. */
export function decodeFloat16(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length >>> 1);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0, o = 0; i < bits.length; i++, o += 2) {
    const half = bytes[o]! | (bytes[o + 1]! << 8);
    const sign = (half & 0x8000) << 16;
    const exponent = (half >>> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) {
      values[i] = fraction * 2 ** -24; // zero and subnormals
      bits[i] = bits[i]! | sign;
    } else if (exponent === 31) {
      bits[i] = sign | 0x7f800000 | (fraction << 13); // infinity and NaN
    } else {
      bits[i] = sign | ((exponent + 112) << 23) | (fraction << 13);
    }
  }
  return values;
}

/** Float32 values as the bits of the nearest float16, little-endian; from 65520 on that is infinity. */
export function encodeFloat16(values: Float32Array): Uint8Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bytes = new Uint8Array(values.length * 2);
  for (let i = 0, o = 0; i < bits.length; i++, o += 2) {
    const word = bits[i]!;
    const half = ((word >>> 16) & 0x8000) | magnitudeToFloat16(word & 0x7fffffff);
    bytes[o] = half;
    bytes[o + 1] = half >>> 8;
  }
  return bytes;
}

function magnitudeToFloat16(word: number): number {
  if (word > 0x7f800000) return 0x7e00 | ((word >>> 13) & 0x1ff); // NaN, made quiet
  if (word >= 0x477ff000) return 0x7c00; // 65520, halfway between the largest float16 and the next power of two
  if (word >= 0x38800000) {
    const rebased = word - 0x38000000; // exponent bias 127 → 15
    return (rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13;
  }
  if (word <= 0x33000000) return 0; // up to half of the smallest subnormal: nearest even is zero
  const mantissa = (word & 0x7fffff) | 0x800000;
  const shift = 126 - (word >>> 23); // counts in units of 2^-24, the smallest subnormal
  const kept = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

/** Bits of bfloat16 values, little-endian, as float32. */
export function decodeBfloat16(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length >>> 1);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0, o = 0; i < bits.length; i++, o += 2) {
    bits[i] = (bytes[o]! << 16) | (bytes[o + 1]! << 24);
  }
  return values;
}

/** Float32 values as the bits of the nearest bfloat16, little-endian. */
export function encodeBfloat16(values: Float32Array): Uint8Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bytes = new Uint8Array(values.length * 2);
  for (let i = 0, o = 0; i < bits.length; i++, o += 2) {
    const word = bits[i]!;
    const notANumber = (word & 0x7fffffff) > 0x7f800000;
    // A NaN is cut and made quiet: rounding could carry it into infinity.
    const half = notANumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
    bytes[o] = half;
    bytes[o + 1] = half >>> 8;
  }
  return bytes;
}
