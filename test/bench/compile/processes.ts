// What only a fresh process can tell: how long it takes to record and open a training step, how much memory training
// takes at its peak, and whether it stays flat.

import { Absent, runNode, runPython } from './partner.ts';
import { print } from './rows.ts';
import type { StepReport, StepRequest } from './step-process.ts';
import type { Variant } from './tower.ts';
import { median, progress } from './turns.ts';

const stepProcess = async (request: StepRequest): Promise<StepReport> =>
  // The two files are written for each other.
  (await runNode('step-process.ts', request)) as unknown as StepReport;

export async function benchOpening(variant: Variant, pairs: number, rounds: number): Promise<void> {
  const reports: StepReport[] = [];
  for (let round = 0; round < rounds; round++) {
    progress(`opening ${variant}: process ${round + 1} of ${rounds}`);
    reports.push(await stepProcess({ variant, pairs, steps: 0 }));
  }
  const { report, weights } = reports[0]!;
  const compile_ms = median(reports.map((each) => each.compile_ms));
  const row = { row: 'opening a training step', model: variant, pairs };
  print(
    {
      ...row,
      compile_ms,
      min_compile_ms: Math.min(...reports.map((each) => each.compile_ms)),
      record_ms: median(reports.map((each) => each.report.recordMs)),
      open_ms: median(reports.map((each) => each.report.openMs)),
      nodes: report.nodes,
    },
    { of: compile_ms, atMost: 3000 },
  );
  // The weights are inputs of this graph.
  print(
    { ...row, onnx_bytes: report.bytes, weight_bytes: weights },
    { of: report.bytes - weights, atMost: 2e6 },
  );
}

/**
 * Three steps each in processes of their own.
 *
 * @param settings - name → options of the session to compare besides the defaults
 */
export async function benchMemory(
  variant: Variant,
  pairs: number,
  settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Promise<void> {
  const row = { row: 'peak memory of training', model: variant, pairs };
  let pytorch_mb: number | undefined;
  try {
    progress(`memory ${variant}: PyTorch`);
    // Two steps to warm up are its own.
    const args = ['--variant', variant, '--pairs', pairs, '--steps', 1].map(String);
    pytorch_mb = Number((await runPython('train_step.py', args)).peak_mb);
  } catch (error) {
    if (!(error instanceof Absent)) throw error;
    print({ ...row, against: 'PyTorch CPU, AdamW', skipped: error.message });
  }
  for (const [name, sessionOptions] of Object.entries({ default: {}, ...settings })) {
    progress(`memory ${variant}: ours, ${name}`);
    const { peak_mb, step_ms } = await stepProcess({ variant, pairs, steps: 3, sessionOptions });
    const figures = { ...row, session: name, peak_mb, min_ms_per_image: Math.min(...step_ms) / (2 * pairs) };
    if (pytorch_mb === undefined) print(figures);
    else {
      const ratio = peak_mb / pytorch_mb;
      print({ ...figures, pytorch_mb, ratio }, { of: ratio, atMost: 1.2 });
    }
  }
}

export async function benchSteadiness(variant: Variant, pairs: number): Promise<void> {
  progress(`steadiness ${variant}: 1000 steps`);
  const { notes, step_ms, loss } = await stepProcess({ variant, pairs, steps: 1000, notes: [1, 200, 1000] });
  const [first, early, late] = notes;
  const growth = late!.rss_mb / early!.rss_mb - 1;
  const row = { row: '1000 compiled steps', model: variant, pairs };
  print(
    {
      ...row,
      rss_mb_at_200: early!.rss_mb,
      rss_mb_at_1000: late!.rss_mb,
      growth,
      ms_per_step: median(step_ms),
      loss,
    },
    { of: Math.abs(growth), atMost: 0.05 },
  );
  const leaked = late!.tensors - first!.tensors;
  print({ ...row, tensors_leaked: leaked }, { of: leaked, atMost: 0 });
}
