// A glyph of a CFF font → a promise that drawing it ends soon. Nine levels of subroutines that call the next one
// twelve times are 600 bytes and 10⁹ lines. So calls are followed here first, without drawing, and the steps counted;
// a subroutine may take its arguments, even the number of the next one, from its caller, so none has a price of its
// own. The stack is kept as opentype.js keeps it, where that differs from the book.
// Reference: Adobe Technical Note 5177 (Type 2 charstrings).

import { FontError } from '../errors.ts';
import type { Cff } from './cff.ts';

/** Numbers and operators of a glyph, which is some 33 000 points; FreeType draws outlines of no more. */
const MAX_STEPS = 100_000;
/** As the reference says. */
const MAX_DEPTH = 10;
/** CFF 2's limit; CFF 1 has 48. */
const MAX_OPERANDS = 513;
/** Operands of hflex, flex, hflex1 and flex1, by the second byte of the operator. */
const FLEX: ReadonlyMap<number, number> = new Map([
  [34, 7],
  [35, 13],
  [36, 9],
  [37, 11],
]);

/**
 * @returns a check that throws a FontError when a glyph would take too long to draw. A part of an accented letter
 * (the old `endchar` with four operands) must not have parts itself.
 */
export function createCharstringCheck(cff: Cff): (glyph: number, isPart: boolean) => void {
  const { bytes, charStrings, globalSubrs } = cff;
  const globalBias = subrBias(globalSubrs);

  return function check(glyph, isPart) {
    const localSubrs = cff.localSubrs(glyph);
    const localBias = subrBias(localSubrs);
    const stack: number[] = [];
    let steps = 0;
    let stems = 0;
    let hasWidth = false;
    let hasParts = false;

    run(charStrings, glyph, 0);

    function run(list: readonly number[], index: number, depth: number): void {
      const from = list[index];
      const to = list[index + 1];
      // opentype.js skips a call of a subroutine that is not there.
      if (from === undefined || to === undefined) return;
      if (depth > MAX_DEPTH)
        throw tooMuch(glyph, `its subroutines call each other more than ${MAX_DEPTH} deep`);
      for (let p = from; p < to; ) {
        if (++steps > MAX_STEPS) throw tooMuch(glyph, `it takes more than ${MAX_STEPS} steps to draw`);
        const code = bytes[p++]!;
        if (code >= 32 || code === 28) {
          p = pushNumber(code, p, to);
          continue;
        }
        switch (code) {
          case 10: // callsubr
            run(localSubrs, pop() + localBias, depth + 1);
            break;
          case 29: // callgsubr
            run(globalSubrs, pop() + globalBias, depth + 1);
            break;
          case 11: // return
            return;
          case 1: // the stem hints
          case 3:
          case 18:
          case 23:
            countStems();
            break;
          case 19: // hintmask, cntrmask: a bit for every stem follows
          case 20:
            countStems();
            p += (stems + 7) >> 3;
            break;
          case 4: // vmoveto, hmoveto, rmoveto
          case 22:
            takeMove(1);
            break;
          case 21:
            takeMove(2);
            break;
          case 14: // endchar
            endGlyph();
            break;
          case 12: // the operators of two bytes
            stack.splice(0, (p < to ? FLEX.get(bytes[p]!) : undefined) ?? stack.length);
            p++;
            break;
          case 5: // lines and curves take all there is
          case 6:
          case 7:
          case 8:
          case 24:
          case 25:
          case 26:
          case 27:
          case 30:
          case 31:
            stack.length = 0;
        }
      }
    }

    function pushNumber(code: number, p: number, to: number): number {
      const size = code === 28 ? 2 : code < 247 ? 0 : code < 255 ? 1 : 4;
      if (p + size > to) throw tooMuch(glyph, 'a number of it is cut short');
      if (stack.length === MAX_OPERANDS) {
        throw tooMuch(glyph, `an operator of it has more than ${MAX_OPERANDS} operands`);
      }
      const next = bytes[p] ?? 0;
      if (code < 247 && code !== 28) stack.push(code - 139);
      else if (code === 28) stack.push(((next << 24) | (bytes[p + 1]! << 16)) >> 16);
      else if (code < 251) stack.push((code - 247) * 256 + next + 108);
      else if (code < 255) stack.push(-(code - 251) * 256 - next - 108);
      else {
        const fixed = (next << 24) | (bytes[p + 1]! << 16) | (bytes[p + 2]! << 8) | bytes[p + 3]!;
        stack.push(fixed / 65536);
      }
      return p + size;
    }

    /** NaN, the number of no subroutine, when there is nothing. */
    function pop(): number {
      return stack.pop() ?? Number.NaN;
    }

    function countStems(): void {
      stems += stack.length >> 1;
      stack.length = 0;
      hasWidth = true;
    }

    /** The first operand too many of a glyph is its width. */
    function takeWidth(): void {
      stack.shift();
      hasWidth = true;
    }

    function takeMove(count: number): void {
      if (stack.length > count && !hasWidth) takeWidth();
      stack.length = Math.max(stack.length - count, 0);
    }

    function endGlyph(): void {
      if (stack.length < 4) {
        if (stack.length > 0 && !hasWidth) takeWidth();
        return;
      }
      if (isPart || hasParts) throw tooMuch(glyph, 'it is composed of letters that are composed themselves');
      hasParts = true;
      stack.length -= 4;
    }
  };
}

/** Numbers of subroutines are stored less this, so that most of them take one byte. */
function subrBias(bounds: readonly number[]): number {
  const count = Math.max(bounds.length - 1, 0);
  return count < 1240 ? 107 : count < 33_900 ? 1131 : 32_768;
}

function tooMuch(glyph: number, reason: string): FontError {
  return new FontError(
    `parseOutlineFont: glyph ${glyph} cannot be drawn: ${reason}. The font is damaged or hostile.`,
  );
}
