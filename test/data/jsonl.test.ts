// JSON lines: pictures by path and inside, texts, and lines that are none.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RowOptions, readJsonl } from '../../src/data/index.ts';
import { memoryFile, memoryTree, summaryOf } from '../support/memory-files.ts';

const images = memoryTree({ 'cat.jpg': 'CAT', '../secret': 'no' });
const lines = (text: string, options: RowOptions = { images }): Promise<string[]> =>
  summaryOf(readJsonl(memoryFile('a.jsonl', text, { chunk: 11 }), options));

describe('readJsonl', () => {
  it('reads paths, data: URLs, lists of captions, and keys', async () => {
    const inside = `data:image/png;base64,${btoa('P'.repeat(6000))}`; // longer than what is held
    const text = [
      { image: 'cat.jpg', caption: 'a cat' },
      { key: 'k', image_path: 'cat.jpg', captions: ['one', ' ', 'two'] },
      { id: 3, image: inside, text: 'inside' },
    ];
    expect(await lines(`${text.map((line) => JSON.stringify(line)).join('\n\n')}\n`)).toEqual([
      'a.jsonl:1 [CAT] a cat',
      'k [CAT] one | two',
      `3 [${'P'.repeat(6000)}] inside`,
    ]);
  });

  it('reads two texts', async () => {
    const text = '{"q":"How are you?","a":"Fine."}\n{"q":"x"}\n{"q":" ","a":"y"}';
    expect(await lines(text, { texts: ['q', 'a'] })).toEqual([
      'a.jsonl:1 How are you? | Fine.',
      'a.jsonl:2: no caption',
      'a.jsonl:3: empty caption',
    ]);
  });

  it('counts lines that are none, and failed downloads', async () => {
    const text =
      '{"image":\n[1]\n{"image":"cat.jpg"}\n{"caption":"x","status":"failed_to_download"}\n{"image":7,"caption":"x"}';
    expect(await lines(text)).toEqual([
      'a.jsonl:1: bad JSON',
      'a.jsonl:2: bad row',
      'a.jsonl:3: no caption',
      'a.jsonl:4: failed download',
      'a.jsonl:5: no image',
    ]);
  });

  it('takes a caption of a megabyte for no caption', async () => {
    const text = JSON.stringify({ image: 'cat.jpg', caption: 'x'.repeat(1_000_001) });
    expect(await lines(text)).toEqual(['a.jsonl:1: caption too long']);
  });

  it('survives whatever a line holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.json({ maxDepth: 2 }), { maxLength: 5 }), async (values) => {
        expect(await lines(values.join('\n'))).toHaveLength(
          values.filter((text) => text.trim() !== '').length,
        );
      }),
      { seed: 2, numRuns: 100 },
    );
  });
});
