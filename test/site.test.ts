// The parts of the documentation site that need no build: which pages it has and under which address, its anchors and
// links, and what the live field says. The built site is opened by test/browser/site.browser.ts.

import { describe, expect, it } from 'vitest';
import { headingAnchor, linkedFile } from '../docs/.vitepress/links.ts';
import { listPages, sidebar, sitePath } from '../docs/.vitepress/pages.ts';
import { describe as describeDrawn, inCodePoints, patchesOf } from '../docs/.vitepress/theme/drawn-text.ts';
import { doors } from '../docs/make-api.ts';
import { renderText } from '../src/render/index.ts';

describe('pages', () => {
  it('are the files of the repository, under addresses of their own', () => {
    const pages = listPages();
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/guides/onnx.md', 'models/emoji.md']));
    expect(new Set(pages.map(sitePath)).size).toBe(pages.length);
    expect(['README.md', 'docs/cli.md', 'examples/emoji/README.md', 'CHANGELOG.md'].map(sitePath)).toEqual([
      'index.md',
      'cli.md',
      'examples/emoji/index.md',
      'changelog.md',
    ]);
  });

  it('are in the menu once, by their headings, the front page first', () => {
    const items = sidebar().flatMap(({ items = [] }) => items);
    expect(items[0]).toEqual({ text: 'What it is', link: '/' });
    expect(items).toContainEqual({ text: 'Your own data', link: '/guides/own-data' });
    expect(new Set(items.map(({ link }) => link)).size).toBe(items.length);
  });

  it('of the API are the doors of package.json', () => {
    expect([...doors()]).toEqual(
      expect.arrayContaining([
        ['clippo-ts', 'src/index.ts'],
        ['clippo-ts/render', 'src/render/index.ts'],
      ]),
    );
    expect(doors().size).toBeGreaterThanOrEqual(7);
  });
});

describe('links', () => {
  it('have the anchors of GitHub', () => {
    expect(
      ['2. The font', 'Memory: who frees what', '`render`', 'Zwei  Lücken', 'When it’s not'].map(
        headingAnchor,
      ),
    ).toEqual(['2-the-font', 'memory-who-frees-what', 'render', 'zwei--lücken', 'when-its-not']);
  });

  it('lead to files of the repository, and leave addresses, anchors and pictures alone', () => {
    expect(linkedFile('docs/guides/onnx.md', '../model.md#inputs')).toBe('docs/model.md');
    expect(linkedFile('docs/tasks.md', '../examples/08-sentiment.mjs')).toBe('examples/08-sentiment.mjs');
    for (const link of ['https://arxiv.org', '#speed', 'images/patches.png', 'nowhere.md', '../examples'])
      expect(linkedFile('docs/tasks.md', link), link).toBeUndefined();
  });
});

describe('the live field', () => {
  it('says what fits and what does not', async () => {
    expect(describeDrawn(await renderText('x'))).toBe('1 character on 1 line.');
    expect(describeDrawn(await renderText('x'.repeat(600)))).toBe(
      '433 characters on 14 lines; 167 do not fit, and the model never sees them.',
    );
    expect(describeDrawn(await renderText('a\u{f0000}b'))).toBe('3 characters on 1 line; 1 without a glyph.');
  });

  it('counts a selection in code points, and gives each patch once', async () => {
    expect(inCodePoints('🐕 a dog', 3, 8)).toEqual([2, 7]);
    const drawn = await renderText('🐕 a dog');
    expect(patchesOf(drawn, [2, 7])).toEqual([
      { row: 0, column: 1 },
      { row: 0, column: 2 },
    ]);
    expect(patchesOf(drawn, [2, 2])).toEqual([]);
  });
});
