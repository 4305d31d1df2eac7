// The tasks of GLUE as one table: how their files are called and laid out, which answers they have, what is measured.
// Reference: Wang et al. 2019, "GLUE"; the raw files of gluebenchmark.com and the data set nyu-mll/glue on Hugging Face,
// whose loading script also counts the examples. Files are TSV in which a quote is a character like any other.

import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { SingleTarget } from './task.ts';

/** As the data sets are called on Hugging Face. */
export type GlueTask = 'cola' | 'sst2' | 'mrpc' | 'qqp' | 'stsb' | 'mnli' | 'qnli' | 'rte' | 'wnli' | 'ax';

/** As the files are called. */
export type GlueSplit =
  | 'train'
  | 'dev'
  | 'dev_matched'
  | 'dev_mismatched'
  | 'test'
  | 'test_matched'
  | 'test_mismatched';

/** The functions of that name in `clippo-ts/eval`. */
export type GlueMetric = 'accuracy' | 'f1' | 'matthews' | 'pearson' | 'spearman';

/** What is particular to a task of GLUE. */
export interface GlueFacts {
  /** In print, and the name of its folder and of its file of predictions. */
  readonly title: string;
  /** Columns of each sentence, by the names that they have in raw files and on Hugging Face. */
  readonly texts: readonly (readonly string[])[];
  /** Column of the answer, the same way. */
  readonly label: readonly string[];
  readonly targets: SingleTarget;
  /** The first is the one that the CLIPPO paper and PIXEL report. */
  readonly metrics: readonly GlueMetric[];
  /** How many examples are published of each split. */
  readonly splits: { readonly [split in GlueSplit]?: number };
  /** Columns of raw files that do not name them, and the splits that this is so of. */
  readonly headless?: { readonly splits: readonly GlueSplit[]; readonly columns: readonly string[] };
  /** Whether GLUE wants predictions in words; else as numbers. */
  readonly inWords: boolean;
}

/** QNLI, RTE. Raw files hold the words. */
const ENTAILMENT: SingleTarget = { kind: 'classes', labels: ['entailment', 'not_entailment'] };
/** MNLI, and the diagnostic set. */
const INFERENCE: SingleTarget = { kind: 'classes', labels: ['entailment', 'neutral', 'contradiction'] };
const SENTENCES = [['sentence1'], ['sentence2']];
const PREMISE_HYPOTHESIS = [
  ['sentence1', 'premise'],
  ['sentence2', 'hypothesis'],
];

/** All that differs between the tasks of GLUE. */
export const GLUE: { readonly [task in GlueTask]: GlueFacts } = {
  cola: {
    title: 'CoLA',
    texts: [['sentence']],
    label: ['label'],
    targets: { kind: 'classes', labels: ['unacceptable', 'acceptable'] },
    metrics: ['matthews'],
    splits: { train: 8551, dev: 1043, test: 1063 },
    // The source, the label, the label as the authors marked it, the sentence.
    headless: { splits: ['train', 'dev'], columns: ['source', 'label', 'mark', 'sentence'] },
    inWords: false,
  },
  sst2: {
    title: 'SST-2',
    texts: [['sentence']],
    label: ['label'],
    targets: { kind: 'classes', labels: ['negative', 'positive'] },
    metrics: ['accuracy'],
    splits: { train: 67_349, dev: 872, test: 1821 },
    inWords: false,
  },
  mrpc: {
    title: 'MRPC',
    texts: [
      ['#1 String', 'sentence1'],
      ['#2 String', 'sentence2'],
    ],
    label: ['Quality', 'label'],
    targets: { kind: 'classes', labels: ['not_equivalent', 'equivalent'] },
    metrics: ['f1', 'accuracy'],
    splits: { train: 3668, dev: 408, test: 1725 },
    inWords: false,
  },
  qqp: {
    title: 'QQP',
    texts: [['question1'], ['question2']],
    label: ['is_duplicate', 'label'],
    targets: { kind: 'classes', labels: ['not_duplicate', 'duplicate'] },
    metrics: ['f1', 'accuracy'],
    splits: { train: 363_846, dev: 40_430, test: 390_965 },
    inWords: false,
  },
  stsb: {
    title: 'STS-B',
    texts: SENTENCES,
    label: ['score', 'label'],
    targets: { kind: 'regression', range: [0, 5] },
    metrics: ['spearman', 'pearson'],
    splits: { train: 5749, dev: 1500, test: 1379 },
    inWords: false,
  },
  mnli: {
    title: 'MNLI',
    texts: PREMISE_HYPOTHESIS,
    label: ['gold_label', 'label'],
    targets: INFERENCE,
    metrics: ['accuracy'],
    splits: {
      train: 392_702,
      dev_matched: 9815,
      dev_mismatched: 9832,
      test_matched: 9796,
      test_mismatched: 9847,
    },
    inWords: true,
  },
  qnli: {
    title: 'QNLI',
    texts: [['question'], ['sentence']],
    label: ['label'],
    targets: ENTAILMENT,
    metrics: ['accuracy'],
    splits: { train: 104_743, dev: 5463, test: 5463 },
    inWords: true,
  },
  rte: {
    title: 'RTE',
    texts: SENTENCES,
    label: ['label'],
    targets: ENTAILMENT,
    metrics: ['accuracy'],
    splits: { train: 2490, dev: 277, test: 3000 },
    inWords: true,
  },
  wnli: {
    title: 'WNLI',
    texts: SENTENCES,
    label: ['label'],
    // The other way round than in QNLI and RTE, and raw files hold the numbers.
    targets: { kind: 'classes', labels: ['not_entailment', 'entailment'] },
    metrics: ['accuracy'],
    splits: { train: 635, dev: 71, test: 146 },
    inWords: false,
  },
  ax: {
    title: 'AX',
    texts: PREMISE_HYPOTHESIS,
    label: ['gold_label', 'label'],
    targets: INFERENCE,
    metrics: ['matthews'],
    splits: { test: 1104 },
    inWords: true,
  },
};

/**
 * What the table says of a task.
 *
 * @param door - the function that was called, as it stands in messages
 * @throws ConfigError for a name that is no task of GLUE
 */
export function glueFacts(door: string, task: GlueTask): GlueFacts {
  if (Object.hasOwn(GLUE, task)) return GLUE[task];
  throw new ConfigError(
    `${door}: expected a task of GLUE, one of ${Object.keys(GLUE).join(', ')}, got ${describeValue(task)}.`,
  );
}
