// GLUE's folder as it is published, with a few lines of our own in each file, traps among them: no header in CoLA, quotes
// that open and do not close, MRPC's byte order mark and its dev pairs in a list, broken lines in QQP, numbers of labels
// that mean the opposite in WNLI, pairs without a gold label.

const tsv = (...rows: readonly string[][]): string => `${rows.map((row) => row.join('\t')).join('\n')}\n`;

const BOM = '\ufeff';
const MSR = ['Quality', '#1 ID', '#2 ID', '#1 String', '#2 String'];
const PARSES = ['( a )', '( b )', '(ROOT a)', '(ROOT b)'];
const MNLI = [
  ...['index', 'promptID', 'pairID', 'genre'],
  ...['sentence1_binary_parse', 'sentence2_binary_parse', 'sentence1_parse', 'sentence2_parse'],
  ...['sentence1', 'sentence2'],
];
const STSB = [
  'index',
  'genre',
  'filename',
  'year',
  'old_index',
  'source1',
  'source2',
  'sentence1',
  'sentence2',
];
const mnli = (index: number, first: string, second: string, ...labels: string[]): string[] => [
  ...[String(index), '7', '7e', 'fiction', ...PARSES, first, second, ...labels],
];

export const GLUE_FILES: Readonly<Record<string, string>> = {
  'CoLA/train.tsv': tsv(
    ['gj04', '1', '', 'The cat sat "on the mat.'],
    ['gj04', '0', '*', 'Cat the mat sat.'],
    ['bc01', '1', '', 'What did "he" see?'],
  ),
  'CoLA/dev.tsv': tsv(['gj04', '1', '', 'Birds sing.'], ['gj04', '0', '*', 'Sing birds the.']),
  'CoLA/test.tsv': tsv(['index', 'sentence'], ['0', 'A dog barked.'], ['1', 'Barked dog "a.']),
  'SST-2/train.tsv': tsv(['sentence', 'label'], ['a joy to watch ', '1'], ['"dull , dull , dull', '0']),
  'SST-2/dev.tsv': tsv(['sentence', 'label'], ['no fun', '0']),
  'SST-2/test.tsv': tsv(['index', 'sentence'], ['0', 'fine acting']),
  'MRPC/msr_paraphrase_train.txt': `${BOM}${tsv(
    MSR,
    ['1', '11', '12', 'He said "no.', 'He refused.'],
    ['0', '21', '22', 'It rained.', 'It snowed.'],
    ['1', '31', '32', 'They left.', 'They went away.'],
  ).replaceAll('\n', '\r\n')}`,
  'MRPC/mrpc_dev_ids.tsv': tsv(['21', '22']),
  'MRPC/msr_paraphrase_test.txt': `${BOM}${tsv(MSR, ['0', '41', '42', 'One.', 'Two.'])}`,
  'QQP/train.tsv': tsv(
    ['id', 'qid1', 'qid2', 'question1', 'question2', 'is_duplicate'],
    ['133273', '1', '2', 'How do I cook rice?', 'How is "rice cooked?', '1'],
    ['402555', '3', '4', 'Why is the sky blue? And why'], // a line break within a question
    ['is it red?', 'Why is the sky red?', '0'],
    ['360472', '5', '6', 'What is tea?', 'What is coffee?', '0'],
    ['150662', '7', '8', '', 'Is anybody there?', '0'],
  ),
  'QQP/dev.tsv': tsv(
    ['id', 'qid1', 'qid2', 'question1', 'question2', 'is_duplicate'],
    ['201359', '9', '10', 'Who are you?', 'What are you?', '0'],
  ),
  'QQP/test.tsv': tsv(['id', 'question1', 'question2'], ['0', 'Where?', 'When?']),
  'STS-B/train.tsv': tsv(
    [...STSB, 'score'],
    [
      '0',
      'main-captions',
      'MSRvid',
      '2012test',
      '0001',
      'none',
      'none',
      'A man sings.',
      'A man is singing.',
      '5.000',
    ],
    ['1', 'main-news', 'headlines', '2015', '0002', 'none', 'none', 'Rain.', 'Sun.', '0.800', 'a url'],
    ['2', 'main-news', 'headlines', '2015', '0003', 'none', 'none', 'Rain.', 'Snow.', '5.5'],
  ),
  'STS-B/dev.tsv': tsv(
    [...STSB, 'score'],
    [
      '0',
      'main-captions',
      'MSRvid',
      '2012test',
      '0000',
      'none',
      'none',
      'A plane.',
      'An aeroplane.',
      '4.750',
    ],
  ),
  'STS-B/test.tsv': tsv(STSB, ['0', 'a', 'b', 'c', 'd', 'none', 'none', 'A girl.', 'A boy.']),
  'MNLI/train.tsv': tsv(
    [...MNLI, 'label1', 'gold_label'],
    mnli(0, 'He "sleeps.', 'He rests.', 'entailment', 'entailment'),
    mnli(1, 'It is late.', 'It is early.', 'contradiction', 'contradiction'),
  ),
  'MNLI/dev_matched.tsv': tsv(
    [...MNLI, 'label1', 'label2', 'label3', 'label4', 'label5', 'gold_label'],
    mnli(0, 'A.', 'B.', ...['neutral', 'neutral', 'neutral', 'neutral', 'entailment'], 'neutral'),
    mnli(1, 'C.', 'D.', ...['neutral', 'entailment', 'neutral', 'entailment', 'contradiction'], '-'),
  ),
  'MNLI/dev_mismatched.tsv': tsv(
    [...MNLI, 'label1', 'gold_label'],
    mnli(0, 'E.', 'F.', 'entailment', 'entailment'),
  ),
  'MNLI/test_matched.tsv': tsv(MNLI, mnli(0, 'G.', 'H.')),
  'MNLI/test_mismatched.tsv': tsv(MNLI, mnli(0, 'I.', 'J.')),
  'QNLI/train.tsv': tsv(
    ['index', 'question', 'sentence', 'label'],
    ['0', 'Who wrote it?', '"Ann wrote it.', 'entailment'],
    ['1', 'When?', 'It is blue.', 'not_entailment'],
  ),
  'QNLI/dev.tsv': tsv(['index', 'question', 'sentence', 'label'], ['0', 'How?', 'By train.', 'entailment']),
  'QNLI/test.tsv': tsv(['index', 'question', 'sentence'], ['0', 'Why?', 'Because.']),
  'RTE/train.tsv': tsv(
    ['index', 'sentence1', 'sentence2', 'label'],
    ['0', 'No one left.', 'All stayed.', 'entailment'],
    ['1', 'It is "red.', 'It is blue.', 'not_entailment'],
  ),
  'RTE/dev.tsv': tsv(['index', 'sentence1', 'sentence2', 'label'], ['0', 'Up.', 'Down.', 'not_entailment']),
  'RTE/test.tsv': tsv(['index', 'sentence1', 'sentence2'], ['0', 'Left.', 'Right.']),
  'WNLI/train.tsv': tsv(
    ['index', 'sentence1', 'sentence2', 'label'],
    ['0', 'I put the pin in it.', 'The pin is in it.', '1'],
    ['1', 'Tom thanked Tim.', 'Tim thanked.', '0'],
  ),
  'WNLI/dev.tsv': tsv(['index', 'sentence1', 'sentence2', 'label'], ['0', 'A.', 'B.', '0']),
  'WNLI/test.tsv': tsv(['index', 'sentence1', 'sentence2'], ['0', 'C.', 'D.']),
  'AX/AX.tsv': tsv(['index', 'sentence1', 'sentence2'], ['0', 'Not all.', 'Some.']),
};
