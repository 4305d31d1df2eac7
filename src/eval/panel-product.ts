// Two matrices cut into panels → their product, by the WebAssembly loop of `panel-product-module`, or by a plain one
// where WebAssembly is missing or forbidden (a content security policy without 'wasm-unsafe-eval'): the same results but
// for rounding, many times as slow. Panels are what makes products fast: the inner loop reads memory in order.
// Reference: Goto and van de Geijn 2008, "Anatomy of High-Performance Matrix Multiplication".

import { panelProductModule } from './panel-product-module.ts';

/** Rows of the product that one panel of the left matrix gives. */
export const PANEL_ROWS = 4;
/** Bytes of each row of the product that one panel of the right matrix gives. */
const COLUMN_BYTES = 32;
const PAGE_BYTES = 65_536;
const ALIGNMENT = 32;

type Floats = Float64Array | Float32Array;

/** Addresses and strides count bytes. */
type PanelLoop = (a: number, panels: number, b: number, c: number, depth: number, stride: number) => void;

/** Memory that products can be made in, given away piece by piece and never taken back. */
export interface ProductMemory {
  /** Zeros. */
  float64(length: number): Float64Array<ArrayBuffer>;
  /** Zeros. */
  float32(length: number): Float32Array<ArrayBuffer>;
  /** c += aᵀ·b; all of this memory, and of one type. */
  multiply(product: PanelProduct): void;
}

export interface PanelProduct {
  /** Panels of {@link PANEL_ROWS}, each `depth` long. */
  readonly a: Floats;
  readonly rowPanels: number;
  /** Panels of {@link panelColumns}, each `depth` long. */
  readonly b: Floats;
  readonly columnPanels: number;
  readonly depth: number;
  /** Row-major, with `stride` numbers a row; the product begins at number `at`. */
  readonly c: Floats;
  readonly at: number;
  readonly stride: number;
  /** Leaves out what lies above the diagonal of squares; default false. */
  readonly lower?: boolean;
}

/**
 * Columns of the product that one panel of the right matrix gives.
 *
 * @param type - a typed array or its constructor
 */
export function panelColumns(type: { readonly BYTES_PER_ELEMENT: number }): number {
  return COLUMN_BYTES / type.BYTES_PER_ELEMENT;
}

/** The smallest multiple of `step` that is no smaller. */
export function roundUp(n: number, step: number): number {
  return Math.ceil(n / step) * step;
}

/**
 * @param bytes - for everything that will be asked for, and 32 more for each array
 * @param loops - another choice, to compare with
 */
export function createProductMemory(bytes: number, loops = fastestLoops(bytes)): ProductMemory {
  const { buffer, float64, float32 } = loops;
  let used = 0;
  function take(length: number, size: number): number {
    const start = used;
    used = roundUp(start + length * size, ALIGNMENT);
    return start;
  }
  return {
    float64: (length) => new Float64Array(buffer, take(length, 8), length),
    float32: (length) => new Float32Array(buffer, take(length, 4), length),
    multiply({ a, rowPanels, b, columnPanels, depth, c, at, stride, lower = false }) {
      const size = c.BYTES_PER_ELEMENT;
      const run = size === 8 ? float64 : float32;
      // One panel of b stays in the first cache while all of a passes by.
      for (let j = 0; j < columnPanels; j++) {
        const first = lower ? Math.floor((j * panelColumns(b)) / PANEL_ROWS) : 0;
        if (first >= rowPanels) return;
        run(
          a.byteOffset + first * PANEL_ROWS * depth * size,
          rowPanels - first,
          b.byteOffset + j * COLUMN_BYTES * depth,
          c.byteOffset + (at + first * PANEL_ROWS * stride) * size + j * COLUMN_BYTES,
          depth,
          stride * size,
        );
      }
    },
  };
}

/** Where a matrix lies that is packed: number (k, m) at `start` + k · `depthStride` + m · `stride`. */
export interface Layout {
  readonly start: number;
  readonly depth: number;
  readonly depthStride: number;
  readonly count: number;
  readonly stride: number;
}

/**
 * Cuts a matrix into panels of `width`, the last one filled up with zeros.
 *
 * @param factor - what every number is multiplied by
 */
export function packPanels(
  target: Floats,
  width: number,
  source: Float64Array,
  layout: Layout,
  factor = 1,
): void {
  const { start, depth, depthStride, count, stride } = layout;
  let at = 0;
  for (let m = 0; m < count; m += width) {
    for (let k = 0; k < depth; k++) {
      let from = start + k * depthStride + m * stride;
      for (let j = m; j < m + width; j += 4, at += 4, from += 4 * stride) {
        if (j + 4 <= count) {
          target[at] = source[from]! * factor;
          target[at + 1] = source[from + stride]! * factor;
          target[at + 2] = source[from + 2 * stride]! * factor;
          target[at + 3] = source[from + 3 * stride]! * factor;
        } else {
          for (let i = 0; i < 4; i++)
            target[at + i] = j + i < count ? source[from + i * stride]! * factor : 0;
        }
      }
    }
  }
}

export interface PanelLoops {
  readonly buffer: ArrayBuffer;
  readonly float64: PanelLoop;
  readonly float32: PanelLoop;
}

/** Compiled once; null where that failed. */
let compiled: WebAssembly.Module | null | undefined;

function fastestLoops(bytes: number): PanelLoops {
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(panelProductModule());
    } catch {
      compiled = null; // no WebAssembly, no vectors, or forbidden
    }
  }
  if (compiled === null) return plainLoops(bytes);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
  const { exports } = new WebAssembly.Instance(compiled, { panels: { memory } });
  // What our module exports.
  return { buffer: memory.buffer, ...(exports as { float64: PanelLoop; float32: PanelLoop }) };
}

/** Without WebAssembly. */
export function plainLoops(bytes: number): PanelLoops {
  const buffer = new ArrayBuffer(roundUp(bytes, 8));
  return {
    buffer,
    float64: plainLoop(new Float64Array(buffer)),
    float32: plainLoop(new Float32Array(buffer)),
  };
}

function plainLoop(values: Floats): PanelLoop {
  const size = values.BYTES_PER_ELEMENT;
  const width = COLUMN_BYTES / size;
  return (a, panels, b, c, depth, stride) => {
    for (let row = 0; row < panels * PANEL_ROWS; row++) {
      const panel = Math.floor(row / PANEL_ROWS) * PANEL_ROWS * depth;
      const aStart = a / size + panel + (row % PANEL_ROWS);
      for (let column = 0; column < width; column += 4) {
        let s0 = 0;
        let s1 = 0;
        let s2 = 0;
        let s3 = 0;
        for (let k = 0, i = aStart, j = b / size + column; k < depth; k++, i += PANEL_ROWS, j += width) {
          const x = values[i]!;
          s0 += x * values[j]!;
          s1 += x * values[j + 1]!;
          s2 += x * values[j + 2]!;
          s3 += x * values[j + 3]!;
        }
        const to = (c + row * stride) / size + column;
        values[to]! += s0;
        values[to + 1]! += s1;
        values[to + 2]! += s2;
        values[to + 3]! += s3;
      }
    }
  };
}
