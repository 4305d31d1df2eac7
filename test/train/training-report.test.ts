// The page of a run: whole, without outside files, and safe from what stands in names.

import { describe, expect, it } from 'vitest';
import { createRaster } from '../../src/raster/index.ts';
import { pairsOfSheet, retrievalSheet } from '../../src/train/retrieval-sheet.ts';
import { trainingReport } from '../../src/train/training-report.ts';

const metrics = Array.from({ length: 2000 }, (_, i) => ({
  step: i + 1,
  loss: 4 * Math.exp(-i / 500),
  ncorrect: 1 - Math.exp(-i / 500),
  gradNorm: i === 5 ? Number.NaN : 1,
  batchSize: 64,
  chance: Math.log(64),
  stepMs: 90,
  waitMs: 10,
  ...((i + 1) % 1000 === 0 ? { measured: { 'R@1 <noto>': i / 2000 } } : {}),
}));

describe('trainingReport', () => {
  const page = trainingReport({
    title: 'runs/<first> & "best"',
    metrics,
    steps: 3000,
    settings: { model: { variant: 'Ti/16' }, note: '</pre><script>' },
    findings: ['step 7: it is <odd>'],
  });

  it('has a curve for each number, with what it came to', () => {
    const captions = [...page.matchAll(/<figcaption>(.*?)<\/figcaption>/g)].map((match) => match[1]);
    expect(captions).toEqual([
      expect.stringMatching(/^Contrastive loss: <b>0\.07\d+<\/b>$/),
      expect.stringMatching(/^Pictures that find .*: <b>0\.98\d<\/b>$/),
      'Norm of the gradient: <b>1.00</b>',
      'Pairs a second: <b>640</b>',
      'Share of the time spent waiting for data: <b>0.100</b>',
      'R@1 &#60;noto&#62;: <b>1.00</b>',
    ]);
    expect(page).toContain('Step 2000 of 3000');
    for (const [, points] of page.matchAll(/points="([^"]*)"/g)) {
      expect(points).toMatch(/^(\d+\.\d,\d+\.\d ?)+$/);
      expect(points!.split(' ').length).toBeLessThanOrEqual(802);
    }
    expect(page.length).toBeLessThan(300_000);
  });

  it('asks nobody for anything, and takes nothing for markup', () => {
    expect(page).not.toMatch(/src=|href=|url\(|<script/);
    expect(page).toContain('<title>runs/&#60;first&#62; &#38; &#34;best&#34;</title>');
    expect(page).toContain('<li>step 7: it is &#60;odd&#62;</li>');
  });

  it('shows what is found, in the pixels that the model saw', () => {
    const [red, blue] = [createRaster(4, 4, 3, 200), createRaster(4, 4, 3, 20)];
    const [word, other] = [createRaster(4, 2, 1, 0), createRaster(4, 2, 1, 9)];
    // Pictures, then texts: the first text finds its own, the second the wrong one.
    const z = Float32Array.of(1, 0, 0, 1, 1, 0, 0.8, 0.6);
    const sheet = retrievalSheet({ images: [red, blue], texts: [word, other] }, z);
    expect(sheet.among).toBe(2);
    expect(
      sheet.rows.map(({ query, hits }) => [query, ...hits.map(({ picture, isOwn }) => [picture, isOwn])]),
    ).toEqual([
      [word, [red, true], [blue, false]],
      [other, [red, false], [blue, true]],
    ]);
    expect(sheet.rows[1]!.hits.map(({ score }) => score)).toEqual([expect.closeTo(0.8), expect.closeTo(0.6)]);
    const shown = trainingReport({ title: 'x', metrics, steps: 5, settings: {}, findings: [], sheet });
    expect(shown.match(/src="data:image\/png;base64,/g)).toHaveLength(6);
    expect(shown.match(/<figure class="own">/g)).toHaveLength(2);
    expect(shown.replace(/src="data:[^"]*"/g, '')).not.toMatch(/src=|href=|url\(|<script/);
  });

  it('looks at no more than goes through the network together', () => {
    const raster = createRaster(4, 4, 3);
    const batch = { images: Array(300).fill(raster), texts: Array(300).fill(raster) };
    const pairs = (chunk?: number): number[] => {
      const { images, texts } = pairsOfSheet(batch, chunk);
      return [images.length, texts.length];
    };
    expect(pairs()).toEqual([128, 128]);
    expect(pairs(64)).toEqual([32, 32]);
    expect(pairs(1)).toEqual([1, 1]);
    expect(pairs(10_000)).toEqual([128, 128]);
  });

  it('can be made of a run that has only begun', () => {
    const empty = trainingReport({ title: 'x', metrics: [], steps: 5, settings: {}, findings: [] });
    expect(empty).toContain('Step 0 of 5');
    const one = trainingReport({
      title: 'x',
      metrics: [{ step: 1, loss: 0 }],
      steps: 5,
      settings: {},
      findings: [],
    });
    expect(one).toContain('Contrastive loss: <b>0</b>');
    expect(one).not.toContain('NaN');
  });
});
