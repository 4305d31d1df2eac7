// Every example is a short file, runs as it stands, and says what it promises. Needs `npm run build`.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EXAMPLES = readdirSync(join(ROOT, 'examples')).filter((file) => /^\d\d-.*\.mjs$/.test(file));

/** What each prints, and the files it leaves in out/. Those that train for minutes have a `--tiny`. */
const PROMISES: Record<string, { prints: RegExp[]; writes?: string[]; tiny?: boolean }> = {
  '01-render-text.mjs': {
    prints: [/224 x 224 px, 41 of 41 characters drawn/, /at y = 16: .* px wide/, /patch row 1, column 4/],
    writes: ['01-render-text.png'],
  },
  '02-compare.mjs': { prints: [/Nearest to "a cat sat on the mat": "a cat sits on the mat"/] },
  '03-load-checkpoint.mjs': {
    prints: [/39 arrays/, /variant: 'mu\/16'/, /51617 parameters, temperature 10\.00/],
    writes: ['03-checkpoint.npz', '03-converted.safetensors'],
  },
  '04-train.mjs': {
    prints: [/Chance is a loss of 1\.386/, /red \(\d+ %\)\ngreen \(\d+ %\)\nblue \(\d+ %\)/],
  },
  '05-stack-layers.mjs': { prints: [/embedding → pos_embedding/, /accuracy 1\n/, / 0 after/] },
  '06-compile.mjs': {
    prints: [
      /tfjs wasm {2}step 50: loss (\d\.\d{2})[\s\S]*compiled {3}step 50: loss \1/,
      /takes 1\/\d+\.\d of the time/,
      /100 % of the points/,
    ],
  },
  '07-evaluate.mjs': {
    prints: [
      /zero-shot, 60 pictures of 60 animals\n {2}accuracy: [3-9]\d % \(\d+ to \d+\)/, // chance: 2 %
      /textToImage@1: [3-9]\d %/,
      /attackSuccessRate: \d+ %/,
    ],
    writes: ['07-zero-shot.html', '07-retrieval.html', '07-typographic-attack.html'],
  },
  '08-sentiment.mjs': {
    tiny: true,
    prints: [/640 reviews to learn from/, /with "not" \d+ %/, /a lovely ending: (un)?kind \(\d+ %\)/],
    writes: ['08-sentiment.html', '08-sentiment.safetensors'],
  },
  '09-duplicate-questions.mjs': {
    tiny: true,
    prints: [/64 pairs to learn from/, /of dev\n/, /same: \d+ taken for different, \d+ taken for same/],
    writes: ['09-pair.png'],
  },
  '10-emoji-category.mjs': {
    tiny: true,
    prints: [
      /twemoji, a style never seen: [4-9]\d\.\d % right/, // from one style; chance is 21 %
      /English names, drawn: \d+\.\d % right/,
      /strawberry: Food & Drink/,
    ],
    writes: ['10-emoji-category.safetensors', '10-emoji-category.md'],
  },
  '11-languages.mjs': {
    tiny: true,
    prints: [
      /256 texts to learn from, 64 to test on, 32 languages/,
      /% of test right, by pixels alone/,
      /% from the words of one emoji alone/,
    ],
    writes: ['11-languages.html', '11-languages.safetensors'],
  },
  '12-visual-questions.mjs': {
    tiny: true,
    prints: [
      /how many\? \d|what is left\? \w+|is there a \w+\? (yes|no)|colour of heart\? \w+/,
      /% of 16 questions answered as people would/,
    ],
    writes: ['12-scene-0.png', '12-visual-questions.html'],
  },
};

function node(file: string, env: Record<string, string> = {}, args: string[] = []): string {
  return execFileSync('node', [file, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

describe('examples', () => {
  it('are numbered in reading order and all tested', () => {
    expect(EXAMPLES).toEqual(Object.keys(PROMISES));
    expect(EXAMPLES.map((file) => Number(file.slice(0, 2)))).toEqual(EXAMPLES.map((_, i) => i + 1));
  });

  it.each(EXAMPLES)('%s', (file) => {
    expect(readFileSync(join(ROOT, 'examples', file), 'utf8').split('\n').length).toBeLessThanOrEqual(81);
    const { prints, writes = [], tiny = false } = PROMISES[file]!;
    for (const name of writes) rmSync(join(ROOT, 'out', name), { force: true });
    const printed = node(join('examples', file), {}, tiny ? ['--tiny'] : []);
    for (const promise of prints) expect(printed).toMatch(promise);
    for (const name of writes) expect(existsSync(join(ROOT, 'out', name)), name).toBe(true);
  });

  it('the paper in small trains, measures and writes a page with every row, here with a few steps', () => {
    const out = join(ROOT, 'out', 'paper-in-small-tiny');
    rmSync(out, { recursive: true, force: true });
    const run = (...args: string[]): string =>
      node('examples/paper-in-small/run.mjs', {}, ['--tiny', ...args]);
    expect(run()).toContain('20 of 20 runs');
    const page = readFileSync(join(out, 'paper-in-small.md'), 'utf8');
    const parts = [
      'Table 1',
      'Table 2',
      'Table 3',
      'Table 9',
      'Table 10',
      'Table 11',
      'Figure 2',
      'Figure 3',
      'Figure 4',
      'Figure 5',
    ];
    for (const part of parts) expect(page).toContain(`## ${part}: `);
    expect(page).not.toMatch(/NaN|undefined|not trained yet/);
    const claims = page.split('## Table 1: ')[0]!.match(/^\| .* \| (Table|Figure) \d+ \| /gm);
    expect(claims).toHaveLength(13);
    for (const [, figure] of page.matchAll(/\]\((images\/[^)]+)\)/g)) {
      expect(readFileSync(join(out, figure!), 'utf8')).toMatch(/^<svg /);
    }
    run('--page'); // from what was kept
    expect(readFileSync(join(out, 'paper-in-small.md'), 'utf8')).toBe(page);
  }, 900_000); // a minute and a half where nothing else is going on

  it.each(['auto', 'tfjs'])('the quickstart searches emoji in many languages, engine %s', (engine) => {
    const out = join(ROOT, 'out', 'quickstart-test');
    rmSync(out, { recursive: true, force: true });
    const printed = node('examples/quickstart/search.mjs', {
      QUICKSTART_OUT: out,
      QUICKSTART_ENGINE: engine,
    });
    expect(printed).toMatch(/1\d{3} emoji searched by (onnx|tfjs):/);
    expect(printed).toContain(engine === 'tfjs' ? 'searched by tfjs' : 'searched by onnx');
    for (const found of [
      ...['sunflower (English) → 🌻', 'Schlüssel (German) → 🔑', 'arc-en-ciel (French) → 🌈'],
      ...['ракета (Russian) → 🚀', '老虎 (Chinese) → 🐅', 'موز (Arabic) → 🍌'],
      ...['🚲 bicycle', '🌳 tree', '🐕 dog'],
    ]) {
      expect(printed).toContain(found);
    }
    const page = readFileSync(join(out, 'quickstart.html'), 'utf8');
    expect(page.match(/<div class="search">/g)).toHaveLength(12);
    expect(page.match(/<div class="search guesses">/g)).toHaveLength(6);
    expect(page).not.toMatch(/src="(?!data:)/);
  });

  it.each([
    ['auto', 'ONNX Runtime'],
    ['tfjs', 'tfjs wasm'],
  ])('the training of the quickstart goes all the way by %s, here with a few steps', (engine, computedBy) => {
    const out = join(ROOT, 'out', 'quickstart-test');
    rmSync(out, { recursive: true, force: true });
    let printed: string;
    try {
      printed = node('examples/quickstart/train.mjs', {
        QUICKSTART_STEPS: '3',
        QUICKSTART_OUT: out,
        QUICKSTART_ENGINE: engine,
      });
    } catch (error) {
      // It fails on purpose when it has learnt too little, after everything else.
      printed = String((error as { stdout?: string }).stdout);
    }
    expect(printed).toMatch(/291 emoji/);
    expect(printed).toMatch(/step 3 of 3 {2}loss \d+\.\d+ \(chance 4\.16\) {2}0:00 left/);
    expect(printed).toContain(` s by ${computedBy}, saved as `);
    expect(printed).toMatch(/red apple +→ /);
    expect(printed).toMatch(/Recall@1 name → picture over the 291 training pairs: \d+\.\d %\./);
    expect(printed).toMatch(/This is memorised/);
    const page = readFileSync(join(out, 'quickstart-train.html'), 'utf8');
    expect(page.match(/<div class="search">/g)).toHaveLength(8);
    expect(page).toContain('<polyline');
    expect(existsSync(join(out, 'quickstart-train.npz'))).toBe(true);
  });
});
