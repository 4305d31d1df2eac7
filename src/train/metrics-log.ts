// What a run writes down as it goes: a line of JSON a step, the same for TensorBoard, and a page to look at.

import { type ModelCardOptions, modelCard } from './model-card.ts';
import type { RetrievalSheet } from './retrieval-sheet.ts';
import type { RunState } from './run-checkpoint.ts';
import type { RunFolder } from './run-folder.ts';
import { tensorboardHeader, tensorboardScalars } from './tensorboard-events.ts';
import { trainingReport } from './training-report.ts';

/** A line of the metrics: numbers, or numbers under a name. */
export type MetricsLine = { readonly step: number } & Readonly<
  Record<string, number | Readonly<Record<string, number>>>
>;

export interface MetricsLog {
  /** Takes up what is there, up to a step: what came after will be logged again. */
  open(step: number): Promise<void>;
  /** All so far, those of earlier starts included. */
  lines(): readonly MetricsLine[];
  /** Adds a line, written with the next {@link flush}. */
  add(line: MetricsLine): void;
  /** Keeps a finding for the page. */
  find(message: string): void;
  flush(): Promise<void>;
  /** Writes the page. */
  report(steps: number, sheet?: RetrievalSheet): Promise<void>;
  /** Writes the model card. */
  card(options: Pick<ModelCardOptions, 'text' | 'config'>): Promise<void>;
}

const METRICS = 'metrics.jsonl';
const REPORT = 'report.html';
const CARD = 'model-card.md';

export function createMetricsLog(folder: RunFolder, settings: RunState['settings']): MetricsLog {
  /** All of them, for the page: some hundred bytes a step. */
  let lines: MetricsLine[] = [];
  let written = 0;
  let eventFile: string | undefined;
  const findings: string[] = [];
  const encoder = new TextEncoder();

  return {
    async open(step) {
      if (!(await folder.list()).includes(METRICS)) return;
      const text = new TextDecoder().decode(await folder.read(METRICS));
      lines = text.split('\n').flatMap((line) => parseLine(line) ?? []);
      lines = lines.filter((line) => line.step <= step);
      written = lines.length;
      await folder.write(METRICS, [encoder.encode(lines.map(toJson).join(''))]);
    },
    lines: () => lines,
    add(line) {
      lines.push(line);
    },
    find(message) {
      findings.push(message);
    },
    async flush() {
      const added = lines.slice(written);
      if (added.length === 0) return;
      written = lines.length;
      await folder.append(METRICS, encoder.encode(added.map(toJson).join('')));
      const seconds = Date.now() / 1000;
      if (eventFile === undefined) {
        eventFile = `events.out.tfevents.${seconds.toFixed(0)}.clippo`; // one for every start, as TensorBoard has it
        await folder.append(eventFile, tensorboardHeader(seconds));
      }
      for (const { step, ...values } of added) {
        await folder.append(eventFile, tensorboardScalars(seconds, step, scalarsOf(values)));
      }
    },
    async report(steps, sheet) {
      const page = trainingReport({ title: folder.name, metrics: lines, steps, settings, findings, sheet });
      await folder.write(REPORT, [encoder.encode(page)]);
    },
    async card(options) {
      const { model: _, ...rest } = settings; // it is told in words
      const page = modelCard({ ...options, name: folder.name, settings: rest, metrics: lines });
      await folder.write(CARD, [encoder.encode(page)]);
    },
  };
}

function toJson(line: MetricsLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** undefined for what is no line of metrics, as the last one of a process that was killed */
function parseLine(line: string): MetricsLine | undefined {
  try {
    const values = JSON.parse(line) as MetricsLine;
    return typeof values?.step === 'number' ? values : undefined;
  } catch {
    return undefined;
  }
}

/** `{ loss: 1, measured: { recall: 2 } }` → `{ loss: 1, 'measured/recall': 2 }` */
function scalarsOf(values: Omit<MetricsLine, 'step'>): Record<string, number> {
  const scalars: Record<string, number> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'number') scalars[name] = value;
    else for (const [inner, each] of Object.entries(value)) scalars[`${name}/${inner}`] = each;
  }
  return scalars;
}
