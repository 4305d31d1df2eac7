// How long rendering takes. `npx tsx test/bench/render.bench.ts` prints one JSON object a line:
//   render        one caption on a 224 px canvas, warm, against allocating and filling the same canvas
//   pil           the same captions drawn by PIL with unifont.otf, if python3 has PIL
//   first-render  wall time of a fresh process that draws one text, against an empty one (needs `npm run build`)

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { createRenderer } from '../../src/render/index.ts';

const captions = {
  'latin-32': [
    'a photo of a dog in the big park',
    'two cats sleeping on a red couch',
    'the movie was received badly, hm',
  ],
  'japanese-32': ['すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利と'],
  'latin-768': ['the quick brown fox jumps over the lazy dog. '.repeat(18).slice(0, 768)],
};
const size = 224;

let sink = 0;

/** Median over 9 rounds of the µs that one call takes, after a warm-up. */
function median(run: (i: number) => Uint8Array): number {
  const calls = 5000;
  const rounds: number[] = [];
  for (let round = 0; round < 12; round++) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) sink += run(i)[0]!;
    if (round >= 3) rounds.push(((performance.now() - start) / calls) * 1000);
  }
  return rounds.sort((a, b) => a - b)[4]!;
}

function print(name: string, figures: Record<string, number | string>): void {
  const rounded = Object.entries(figures).map(([key, value]) => [
    key,
    typeof value === 'number' ? Math.round(value * 100) / 100 : value,
  ]);
  console.log(JSON.stringify({ name, ...Object.fromEntries(rounded) }));
}

const renderer = await createRenderer({ size });
const ours = new Map<string, number>();
for (const [name, texts] of Object.entries(captions)) {
  const fill_us = median(() => new Uint8Array(size * size).fill(127));
  const ours_us = median((i) => renderer.render(texts[i % texts.length]!).data);
  ours.set(name, ours_us);
  print(`render/${name}`, { ours_us, fill_us, ratio: ours_us / fill_us });
}

const folder = mkdtempSync(join(tmpdir(), 'clippo-bench-'));
try {
  benchPil();
  benchFirstRender();
} finally {
  rmSync(folder, { recursive: true });
}
if (sink === -1) console.log(sink);

/** PIL draws a line in one call, which is its fast way: no trimming of glyphs. */
function benchPil(): void {
  const otf = fileURLToPath(new URL('../golden/fonts/unifont-15.0.01.otf.br', import.meta.url));
  const font = join(folder, 'unifont.otf');
  writeFileSync(font, brotliDecompressSync(readFileSync(otf)));
  const script = `
import json, statistics, sys, textwrap, time
try:
    from PIL import Image, ImageDraw, ImageFont
except ImportError:
    sys.exit(3)
font = ImageFont.truetype(${JSON.stringify(font)}, 16)
for name, texts in json.loads(sys.stdin.read()).items():
    lines = [textwrap.wrap(t, 26) if t.isascii() else textwrap.wrap(t, 14) for t in texts]
    def draw(i):
        image = Image.new('L', (${size}, ${size}), 127)
        pen = ImageDraw.Draw(image)
        pen.fontmode = '1'
        for row, line in enumerate(lines[i % len(lines)][:14]):
            pen.text((0, 16 * row), line, fill=0, font=font)
        return image.tobytes()
    rounds = []
    for r in range(9):
        start = time.perf_counter()
        for i in range(200): draw(i)
        rounds.append((time.perf_counter() - start) / 200 * 1e6)
    print(json.dumps([name, statistics.median(rounds)]))
`;
  const python = ['/usr/bin/python3', 'python3'].find(
    (each) => spawnSync(each, ['-c', 'import PIL']).status === 0,
  );
  if (python === undefined) {
    print('pil', { absent: 'no python3 with PIL (Debian: python3-pil); nothing compared' });
    return;
  }
  const { stdout } = spawnSync(python, ['-c', script], { input: JSON.stringify(captions), encoding: 'utf8' });
  for (const line of stdout.trim().split('\n')) {
    const [name, pil_us]: [string, number] = JSON.parse(line);
    const ours_us = ours.get(name)!;
    print(`pil/${name}`, { ours_us, pil_us, times_as_fast: pil_us / ours_us });
  }
}

/** Whole processes, the two kinds by turns, so that a busy machine slows both. */
function benchFirstRender(): void {
  const built = new URL('../../dist/render.js', import.meta.url);
  if (!existsSync(built)) {
    print('first-render', { absent: 'no dist/render.js; run `npm run build` first' });
    return;
  }
  const empty = join(folder, 'empty.mjs');
  const first = join(folder, 'first.mjs');
  writeFileSync(empty, '');
  writeFileSync(
    first,
    `import { renderText } from ${JSON.stringify(built.href)}; await renderText('a photo of a dog');`,
  );
  const wall = (file: string) => {
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return performance.now() - start;
  };
  const pairs = Array.from({ length: 21 }, () => [wall(empty), wall(first)] as const);
  const middle = (values: number[]) => values.sort((a, b) => a - b)[10]!;
  const empty_ms = middle(pairs.map(([time]) => time));
  const first_ms = middle(pairs.map(([, time]) => time));
  print('first-render', { first_ms, empty_ms, beyond_empty_ms: first_ms - empty_ms });
}
