// Advances → lines and positions. How wide a character is, the caller says; what it looks like, nobody here
// knows. No shaping, no bidi: characters run left to right in the order of the text.

/** Where each character stands. Plain arrays: for the length of a caption they cost less than typed ones. */
export interface Layout {
  /** Line of each character, 0 = first. */
  readonly rows: readonly number[];
  /** px from the left edge of the canvas to each character; -1 = drawn as nothing. */
  readonly lefts: readonly number[];
  /** px each character takes. */
  readonly advances: readonly number[];
}

/** px that a code point takes, integer ≥ 0. */
export type Measure = (codePoint: number) => number;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const IDEOGRAPHIC_SPACE = 0x3000;

/**
 * The reference's rule: row = floor(C / (W − M)), where C is the inclusive cumulative sum of the advances and
 * M the widest of them. Lines break anywhere, `\n` is a character like any other. A canvas no wider than its
 * widest character, where the reference divides by zero, gets one character a line.
 *
 * @param width - W, px
 */
export function layoutByCharacter(codePoints: readonly number[], width: number, measure: Measure): Layout {
  const count = codePoints.length;
  const rows: number[] = [];
  const lefts: number[] = [];
  const advances: number[] = [];
  let widest = 0;
  for (let i = 0; i < count; i++) {
    const advance = measure(codePoints[i]!);
    advances.push(advance);
    if (advance > widest) widest = advance;
  }
  const step = width - widest;
  let sum = 0;
  let left = 0;
  let row = 0;
  for (let i = 0; i < count; i++) {
    sum += advances[i]!;
    const next = step > 0 ? Math.floor(sum / step) : i;
    if (next !== row) {
      row = next;
      left = 0;
    }
    rows.push(row);
    lefts.push(left);
    left += advances[i]!;
  }
  return { rows, lefts, advances };
}

/**
 * Greedy word wrap, an extension of ours: lines break after spaces (U+0020, U+3000); a space that does not
 * fit hangs at the end of its line, drawn as nothing; a word longer than a line is broken by character.
 * `\n` and `\r\n` end a line and are drawn as nothing. There are no breaks between ideographs.
 *
 * @param width - px
 */
export function layoutByWord(codePoints: readonly number[], width: number, measure: Measure): Layout {
  const count = codePoints.length;
  const rows: number[] = [];
  const lefts: number[] = [];
  const advances: number[] = [];
  let row = 0;
  let left = 0;
  let lineStart = 0;
  let wordStart = 0;

  for (let i = 0; i < count; i++) {
    const codePoint = codePoints[i]!;
    if (codePoint === LINE_FEED || (codePoint === CARRIAGE_RETURN && codePoints[i + 1] === LINE_FEED)) {
      rows.push(row);
      lefts.push(-1);
      advances.push(0);
      if (codePoint === LINE_FEED) {
        row++;
        left = 0;
        lineStart = i + 1;
      }
      wordStart = i + 1;
      continue;
    }
    const advance = measure(codePoint);
    const fits = left + advance <= width;
    if (codePoint === SPACE || codePoint === IDEOGRAPHIC_SPACE) {
      rows.push(row);
      lefts.push(fits ? left : -1);
      advances.push(fits ? advance : 0);
      // After a hanging space the line is full, however narrow the next character is.
      left = fits ? left + advance : width;
      wordStart = i + 1;
      continue;
    }
    if (!fits && wordStart > lineStart) {
      // The whole word moves to the next line.
      row++;
      left = 0;
      lineStart = wordStart;
      for (let j = wordStart; j < i; j++) {
        rows[j] = row;
        lefts[j] = left;
        left += advances[j]!;
      }
    }
    if (left > 0 && left + advance > width) {
      row++;
      left = 0;
      lineStart = i;
      wordStart = i;
    }
    rows.push(row);
    lefts.push(left);
    advances.push(advance);
    left += advance;
  }
  return { rows, lefts, advances };
}
