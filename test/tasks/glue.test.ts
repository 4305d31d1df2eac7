// Sentences and pairs of them as pictures: what is printed, where the second begins, what does not fit.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { broken } from '../../src/data/index.ts';
import type { Raster } from '../../src/raster/index.ts';
import { renderText } from '../../src/render/index.ts';
import {
  type DrawTextsOptions,
  type GlueRecord,
  type GlueTask,
  glue,
  textOverflow,
} from '../../src/tasks/index.ts';

const record = (...texts: [string] | [string, string]): GlueRecord => ({
  key: 'k',
  index: 0,
  texts,
  label: 1,
});
const LINE = 16;

/** Lines `from` to `to` of a picture. */
function linesOf({ width, data }: Raster, from: number, to: number): Uint8Array {
  return data.slice(from * LINE * width, to * LINE * width);
}

const isBlank = (pixels: Uint8Array): boolean => pixels.every((value) => value === 127);

describe('glue', () => {
  it('draws one sentence as text is always drawn, without the space around it', async () => {
    const task = glue('sst2', { size: 64 });
    const drawn = await renderText('a joy', { size: 64 });
    expect((await task.raster(record(' a joy '))).data).toEqual(drawn.data);
    expect(task).toMatchObject({
      name: 'sst2',
      targets: { kind: 'classes', labels: ['negative', 'positive'] },
    });
  });

  it('prints the separator between two, lower-cased as all is', async () => {
    const drawn = await renderText('one two [sep] three', { size: 96 });
    const pair = record('One two', 'three ');
    expect((await glue('rte', { size: 96 }).raster(pair)).data).toEqual(drawn.data);
    const other = await renderText('one two / three', { size: 96 });
    expect((await glue('rte', { size: 96, separator: '/' }).raster(pair)).data).toEqual(other.data);
  });

  it('begins the second block below a blank line', async () => {
    const { raster, droppedCharacters } = await glue('rte', { size: 96, pairs: 'blocks' }).draw(
      record('ab', 'cd'),
    );
    const [first, second] = [await renderText('ab', { size: 96 }), await renderText('cd', { size: 96 })];
    expect(linesOf(raster, 0, 1)).toEqual(linesOf(first, 0, 1));
    expect(isBlank(linesOf(raster, 1, 2))).toBe(true);
    expect(linesOf(raster, 2, 3)).toEqual(linesOf(second, 0, 1));
    expect(isBlank(linesOf(raster, 3, 6))).toBe(true);
    expect(droppedCharacters).toBe(0);
  });

  it('shares the lines where both blocks are long', async () => {
    const size = 96; // 6 lines, of which 5 hold text
    const [many, few] = ['w'.repeat(200), 'w'];
    const used = async (...texts: [string, string]): Promise<boolean[]> => {
      const { raster } = await glue('rte', { size, pairs: 'blocks' }).draw(record(...texts));
      return Array.from({ length: 6 }, (_, i) => !isBlank(linesOf(raster, i, i + 1)));
    };
    expect(await used(many, many)).toEqual([true, true, true, false, true, true]);
    expect(await used(many, few)).toEqual([true, true, true, true, false, true]);
    expect(await used(few, many)).toEqual([true, false, true, true, true, true]);
  });

  it('counts what does not fit as the renderer does', async () => {
    const [first, second] = ['w'.repeat(40), 'w'.repeat(30)];
    const size = 48;
    const joined = await renderText(`${first} [SEP] ${second}`, { size });
    const drawn = await glue('rte', { size }).draw(record(first, second));
    expect(drawn.droppedCharacters).toBe(joined.droppedCharacters);
    expect(drawn.characterCount).toBe(77);
    expect(drawn.droppedCharacters).toBeGreaterThan(0);
    // Three lines: one of the first block, a blank one, one of the second.
    const blocks = await glue('rte', { size, pairs: 'blocks' }).draw(record(first, second));
    const line = (await renderText(first, { size })).lines[0]!.end;
    expect(blocks).toMatchObject({ characterCount: 70, droppedCharacters: 70 - 2 * line });
  });

  it('never loses count in blocks', async () => {
    const text = fc.string({ unit: fc.constantFrom('w', 'i', ' ', '漢'), maxLength: 60 });
    const task = glue('rte', { size: 64, pairs: 'blocks' });
    await fc.assert(
      fc.asyncProperty(text, text, async (a, b) => {
        const { characterCount, droppedCharacters } = await task.draw(record(a, b));
        expect(characterCount).toBe([...a.trim(), ...b.trim()].length);
        expect(droppedCharacters).toBeGreaterThanOrEqual(0);
        expect(droppedCharacters).toBeLessThanOrEqual(characterCount);
        const whole = await Promise.all([a, b].map((each) => renderText(each.trim(), { size: 64 })));
        const fits = whole.reduce((sum, { lines }) => sum + lines.length, 0) <= 3;
        if (fits && whole.every((each) => each.droppedCharacters === 0)) expect(droppedCharacters).toBe(0);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('has the label as its target, and none of a test set', () => {
    const task = glue('stsb');
    expect(task.targets).toEqual({ kind: 'regression', range: [0, 5] });
    expect(task.target({ ...record('a', 'b'), label: 4.2 })).toBe(4.2);
    const { label: _, ...hidden } = record('a', 'b');
    expect(task.target(hidden)).toBeUndefined();
  });

  it('refuses what cannot be meant at once', () => {
    expect(() => glue('x' as GlueTask)).toThrow('glue: expected a task of GLUE');
    expect(() => glue('rte', { pairs: 'rows' as 'blocks' })).toThrow(
      'glue: pairs: expected "separator" or "blocks"',
    );
    expect(() => glue('rte', { separator: ' ' })).toThrow('Without one, use pairs: "blocks".');
    expect(() => glue('rte', { size: 0 })).toThrow('size must be an integer');
    expect(() => glue('rte', { colour: 1 } as DrawTextsOptions)).toThrow('unknown option colour');
  });
});

describe('textOverflow', () => {
  const task = glue('sst2', { size: 32 });

  it('counts examples and characters, and passes over what is broken', async () => {
    const examples = [record('w'), broken('k', 'bad row', 'x'), record('w'.repeat(50)), record('i')];
    const { droppedCharacters } = await renderText('w'.repeat(50), { size: 32 });
    expect(await textOverflow(task, examples)).toEqual({
      examples: 3,
      cut: 1,
      characters: 52,
      dropped: droppedCharacters,
    });
  });

  it('ends when it is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(textOverflow(task, [record('w')], { signal })).rejects.toThrow('enough');
  });
});
