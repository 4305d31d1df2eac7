// Text → the code points that will be drawn. Reference: render_unifont lowers ASCII only (TF's StringLower
// with its default encoding), decodes UTF-8 and keeps the first `max_chars` code points.

export interface CodePoints {
  /** The code points that are drawn, in order. A caption has some thirty; for so few a plain array is cheaper. */
  readonly kept: readonly number[];
  /** How many code points the whole text has. */
  readonly count: number;
}

const REPLACEMENT = 0xfffd;

/**
 * @param lowercase - turn A-Z into a-z and nothing else: Ä, Ж and Α stay as they are
 * @param maxCharacters - how many code points to keep; 0 = all
 */
export function toCodePoints(text: string, lowercase: boolean, maxCharacters: number): CodePoints {
  const units = text.length;
  const limit = maxCharacters === 0 ? units : Math.min(units, maxCharacters);
  const kept: number[] = [];
  let count = 0;
  for (let i = 0; i < units; i++) {
    let codePoint = text.charCodeAt(i);
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) {
      const next = i + 1 < units ? text.charCodeAt(i + 1) : 0;
      if (codePoint <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) {
        codePoint = 0x10000 + ((codePoint - 0xd800) << 10) + (next - 0xdc00);
        i++;
      } else {
        codePoint = REPLACEMENT;
      }
    } else if (lowercase && codePoint >= 0x41 && codePoint <= 0x5a) {
      codePoint += 0x20;
    }
    if (count < limit) kept.push(codePoint);
    count++;
  }
  return { kept, count };
}
