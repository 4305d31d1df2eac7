// Recall of COCO's size both ways, from embeddings, against PyTorch: `npm run bench -- retrieval` prints one JSON object a
// line. Every turn is a process of its own, so that its peak of memory is its own; the two take turns. Processor time is
// told beside the time, because others may be busy on the machine.
//
//   BENCH=coco,sync,large              which parts, default all (some minutes)
//   ROUNDS=3 IMAGES=5000 TEXTS=25000   turns each, and sizes of the first two, to try it out with less
//
// PyTorch takes part where Debian's python3-torch is installed; otherwise its row says what is missing. An OpenBLAS older
// than the processor may need to be told which kernels to take (OPENBLAS_CORETYPE=SkylakeX for AVX-512).

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '../../src/random.ts';
import { Absent, runNode, runPython } from './compile/partner.ts';
import { print } from './compile/rows.ts';
import { median, progress } from './compile/turns.ts';
import type { RecallOutcome, RecallRequest } from './retrieval/recall-process.ts';

const rounds = Number(process.env.ROUNDS ?? 3);
const images = Number(process.env.IMAGES ?? 5000);
const texts = Number(process.env.TEXTS ?? 25_000);
const DIM = 768;
/** Runs in a row within a process: the first opens sessions and warms up. */
const RUNS = 3;

const ours = async (request: RecallRequest): Promise<RecallOutcome> =>
  // The two files are written for each other.
  (await runNode('../retrieval/recall-process.ts', request)) as unknown as RecallOutcome;

/** Pictures anywhere, and texts around theirs, far enough away that about half of them are found. */
function writeEmbeddings(folder: string): void {
  const random = createRandom(1, 'retrieval bench');
  const uniform = (): number => random.next() - 0.5;
  const pictures = unitRows(Float32Array.from({ length: images * DIM }, uniform));
  const distance = 7 / Math.sqrt(DIM / 12);
  const captions = Float32Array.from({ length: texts * DIM }, (_, at) => {
    const image = Math.floor(at / DIM) % images;
    return pictures[image * DIM + (at % DIM)]! + distance * uniform();
  });
  writeFileSync(join(folder, 'images.f32'), pictures);
  writeFileSync(join(folder, 'texts.f32'), unitRows(captions));
}

function unitRows(rows: Float32Array): Float32Array {
  for (let at = 0; at < rows.length; at += DIM) {
    const row = rows.subarray(at, at + DIM);
    const norm = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    row.forEach((x, k) => {
      row[k] = x / norm;
    });
  }
  return rows;
}

async function coco(folder: string): Promise<void> {
  const row = { row: 'recall both ways', images, texts, dim: DIM };
  const mine: RecallOutcome[] = [];
  const theirs: RecallOutcome[] = [];
  const args = ['--folder', folder, '--dim', DIM, '--runs', RUNS].map(String);
  let absent: string | undefined;
  for (let round = 1; round <= rounds; round++) {
    progress(`recall: round ${round} of ${rounds}`);
    mine.push(await ours({ folder, dim: DIM, runs: RUNS, engine: 'onnx' }));
    try {
      if (absent === undefined) {
        theirs.push((await runPython('retrieval.py', args)) as unknown as RecallOutcome); // prints the same fields
      }
    } catch (error) {
      if (!(error instanceof Absent)) throw error;
      absent = error.message;
    }
  }
  const [us, them] = [summaryOf(mine), summaryOf(theirs)];
  if (absent !== undefined) print({ ...row, against: 'PyTorch CPU', skipped: absent, ...us });
  else {
    const ratio = them.ms / us.ms;
    print(
      {
        ...row,
        against: 'PyTorch CPU',
        ratio,
        ratio_of_minima: them.min_ms / us.min_ms,
        ratio_of_cpu: them.cpu_ms / us.cpu_ms,
        ours: us,
        theirs: them,
      },
      { of: ratio, atLeast: 1 },
    );
    const difference = Math.max(
      ...Object.entries(mine[0]!.recall).map(([name, value]) => Math.abs(value - theirs[0]!.recall[name]!)),
    );
    print(
      { ...row, recall: mine[0]!.recall, largest_difference: difference },
      { of: difference, atMost: 1e-3 },
    );
  }
  print({ ...row, what: 'peak memory', mb: us.peak_mb }, { of: us.peak_mb, atMost: 1000 });
}

async function sync(folder: string): Promise<void> {
  progress('recallAtK');
  const outcome = await ours({ folder, dim: DIM, runs: 1, engine: 'sync' });
  print({ row: 'recallAtK, which does not wait', images, texts, dim: DIM, ...summaryOf([outcome]) });
}

/** Ended after a column of blocks: the others need no more memory. */
async function large(): Promise<void> {
  const size = { images: 100_000, texts: 500_000 };
  progress('100,000 × 500,000');
  const { peak_mb, ms } = await ours({ size, dim: DIM, runs: 1, engine: 'onnx' });
  const embeddings_mb = ((size.images + size.texts) * DIM * 4) / 1e6;
  const row = { row: 'one column of blocks', ...size, dim: DIM, s: ms[0]! / 1000 };
  print(
    { ...row, peak_mb, embeddings_mb, more_mb: peak_mb - embeddings_mb },
    { of: peak_mb - embeddings_mb, atMost: 1000 },
  );
}

function summaryOf(
  outcomes: readonly RecallOutcome[],
): Record<'ms' | 'min_ms' | 'cpu_ms' | 'peak_mb', number> {
  const [ms, cpu] = [outcomes.flatMap((each) => each.ms), outcomes.flatMap((each) => each.cpu_ms)];
  return {
    ms: median(ms),
    min_ms: Math.min(...ms),
    cpu_ms: Math.min(...cpu),
    peak_mb: Math.max(...outcomes.map((each) => each.peak_mb)),
  };
}

const PARTS: Record<string, (folder: string) => Promise<void>> = { coco, sync, large };
const wanted = process.env.BENCH?.split(',') ?? Object.keys(PARTS);
const folder = mkdtempSync(join(tmpdir(), 'retrieval-'));
try {
  if (wanted.some((name) => name !== 'large')) writeEmbeddings(folder);
  for (const name of wanted) {
    const part = PARTS[name];
    if (part === undefined) throw new Error(`BENCH: expected some of ${Object.keys(PARTS)}, got ${name}.`);
    await part(folder);
  }
} finally {
  rmSync(folder, { recursive: true });
}
