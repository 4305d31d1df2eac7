// Numbers that follow the batch size: a line through what two recordings have in one place.

import { CompileError } from '../errors.ts';

/** slope·batch + offset, both whole */
export interface BatchLine {
  readonly slope: number;
  readonly offset: number;
}

/** Two recordings, told apart by their batch sizes, and every line that was drawn through them. */
export interface BatchPair {
  readonly sizes: readonly [number, number];
  readonly lines: BatchLine[];
}

/** The line through x and y, if it is one of whole numbers. */
export function findLine({ sizes: [m, n] }: BatchPair, x: number, y: number): BatchLine | undefined {
  const slope = (y - x) / (n - m);
  const offset = x - slope * m;
  return Number.isInteger(slope) && Number.isInteger(offset) ? { slope, offset } : undefined;
}

/** {@link findLine}, noted down. @throws CompileError where there is none */
export function drawLine(pair: BatchPair, x: number, y: number): BatchLine {
  const line = findLine(pair, x, y);
  if (line === undefined) {
    const [m, n] = pair.sizes;
    throw dependsOnBatch(`it uses ${x} where the batch is ${m} and ${y} where it is ${n}`);
  }
  pair.lines.push(line);
  return line;
}

export function drawLines(pair: BatchPair, a: readonly number[], b: readonly number[]): BatchLine[] {
  return a.map((x, i) => drawLine(pair, x, b[i]!));
}

/**
 * Two points say little: N² lies on a line through any two, only not through the origin.
 *
 * @param more - the first recording of `pair` with a third
 * @throws CompileError where the points of three recordings lie on no line
 */
export function assertStraight(pair: BatchPair, more: BatchPair): void {
  const bend = pair.lines.findIndex(
    ({ slope, offset }, i) => slope !== more.lines[i]?.slope || offset !== more.lines[i].offset,
  );
  const [line, next] = [pair.lines[bend], more.lines[bend]];
  if (line === undefined || next === undefined) return;
  const points = [...pair.sizes.map((size) => [line, size] as const), [next, more.sizes[1]] as const];
  const [one, two, three] = points.map(
    ([{ slope, offset }, size]) => `${slope * size + offset} where the batch is ${size}`,
  );
  throw dependsOnBatch(`it uses ${one}, ${two} and ${three}`);
}

export function dependsOnBatch(how: string): CompileError {
  return new CompileError(
    `compile: the function cannot be kept free of the batch size: ${how}. Give all sizes of \`inputs\` as numbers to compile for one batch.`,
  );
}
