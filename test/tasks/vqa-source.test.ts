// VQA's questions, annotations and pictures in the published layout, in small, and all that may not fit together.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BrokenRecord } from '../../src/data/index.ts';
import { readVqa, type VqaReference, type VqaSource } from '../../src/tasks/index.ts';
import { memoryFile, memoryTree } from '../support/memory-files.ts';
import { annotation, annotationFile, question, questionFile } from './vqa-files.ts';

const images = memoryTree({
  'train2014/COCO_train2014_000000000042.jpg': 'A',
  'train2014/COCO_train2014_000000000007.jpg': 'B',
  'train2014/COCO_train2014_000000000008.jpg': '',
  'train2014/notes 9.txt': 'no picture',
  'test2015/COCO_test2014_000000000001.jpg': 'OLD',
  'test2015/COCO_test2015_000000000002.jpg': 'NEW',
  'other/000000000002.jpg': 'TWIN',
});

async function referencesOf(source: VqaSource): Promise<(VqaReference | BrokenRecord)[]> {
  const found: (VqaReference | BrokenRecord)[] = [];
  for await (const reference of source.references()) found.push(reference);
  return found;
}

/** A line an example. */
async function summaryOf(source: VqaSource): Promise<string[]> {
  const lines: string[] = [];
  for (const reference of await referencesOf(source)) {
    if ('kind' in reference) {
      lines.push(`${reference.key}: ${reference.cause}`);
      continue;
    }
    const { key, question: text, annotation: said } = reference;
    const picture = await reference.load();
    const shown = 'kind' in picture ? picture.cause : new TextDecoder().decode(picture);
    lines.push(`${key} [${shown}] ${text} ${said?.multiple_choice_answer ?? '–'}`);
  }
  return lines;
}

describe('readVqa', () => {
  it('joins questions, annotations and pictures, in the order of the questions', async () => {
    const questions = questionFile([
      question(42001, 42, 'How many?'),
      question(42000, 42, 'What colour?'),
      question(7000, 7, 'Is it red?'),
    ]);
    const annotations = annotationFile([
      annotation(7000, 7, 'yes × 10', 'yes/no', 'is it'),
      annotation(42000, 42, 'red × 6, blue × 4'),
      annotation(42001, 42, '2 × 10', 'number', 'how many'),
    ]);
    const source = await readVqa(questions, { annotations, images, folder: 'train2014' });
    expect(await summaryOf(source)).toEqual([
      '42001 [A] How many? 2',
      '42000 [A] What colour? red',
      '7000 [B] Is it red? yes',
    ]);
    expect(source.count).toBe(3);
    expect(source.name).toBe('v2_OpenEnded_mscoco_train2014_questions.json');
    expect(source.questions.map(({ question_id }) => question_id)).toEqual([42001, 42000, 7000]);
    const [first] = await referencesOf(source);
    expect(first).toMatchObject({ key: '42001', questionId: 42001, imageId: 42 });
    expect(source.annotations[1]).toEqual({
      question_id: 42000,
      image_id: 42,
      question_type: 'what is',
      answer_type: 'other',
      multiple_choice_answer: 'red',
      answers: [...Array(6).fill({ answer: 'red' }), ...Array(4).fill({ answer: 'blue' })],
    });
  });

  it('finds test pictures of another year, and takes the official one of several', async () => {
    const questions = questionFile([question(1, 1), question(2, 2)], 'test-dev2015');
    expect(await summaryOf(await readVqa(questions, { images }))).toEqual([
      '1 [OLD] what is it? –',
      '2 [NEW] what is it? –',
    ]);
    const inFolder = await readVqa(questions, { images, folder: 'other/' });
    expect(await summaryOf(inFolder)).toEqual(['1: no image', '2 [TWIN] what is it? –']);
  });

  it('reads several files as one', async () => {
    const source = await readVqa(
      [questionFile([question(1, 42)]), questionFile([question(2, 1)], 'test2015')],
      {
        annotations: [
          annotationFile([annotation(1, 42, 'a × 10')]),
          annotationFile([annotation(2, 1, 'b × 10')]),
        ],
        images,
      },
    );
    expect(await summaryOf(source)).toEqual(['1 [A] what is it? a', '2 [OLD] what is it? b']);
  });

  it('names and counts what does not fit together', async () => {
    const questions = questionFile([
      question(1, 42),
      question(2, 42), // without annotation
      question(3, 99), // without picture
      question(1, 7), // again
      question(4, 8), // an empty picture
      question(5, 42), // answered about another
      { question_id: 6, image_id: 42 },
      'seven',
      question(8, 9), // no picture has this number
    ]);
    const annotations = annotationFile([
      ...[1, 3, 4, 8].map((id) => annotation(id, { 1: 42, 3: 99, 4: 8, 8: 9 }[id]!, 'yes × 10')),
      annotation(5, 7, 'yes × 10'),
      annotation(1, 42, 'no × 10'), // again
      annotation(77, 42, 'yes × 10'), // of no question
      { ...annotation(2, 42, 'yes × 10'), answers: [] },
      { ...annotation(2, 42, 'yes × 10'), answers: [{ answer: 5 }] },
    ]);
    const source = await readVqa(questions, { annotations, images });
    const found = await referencesOf(source);
    expect(found).toHaveLength(source.count);
    const details = found.map((each) =>
      'kind' in each ? `${each.key}: ${each.cause}: ${each.detail}` : each.key,
    );
    const file = 'v2_OpenEnded_mscoco_train2014_questions.json';
    const answers = 'v2_mscoco_train2014_annotations.json';
    expect(details).toEqual([
      '1',
      '2: no annotation: nobody answered this question',
      '3: no image: COCO_train2014_000000000099.jpg is not in the tree',
      '4',
      '5: other picture: asked about 42, answered about 7',
      '8: no image: COCO_train2014_000000000009.jpg is not in the tree',
      `1: duplicate: ${file}: questions[3] comes again`,
      `${file}: questions[6]: bad row: question: expected a text, got undefined`,
      `${file}: questions[7]: bad row: expected an object, got "seven"`,
      `1: duplicate: ${answers}: annotations[5] comes again`,
      `${answers}: annotations[7]: bad row: answers: the list is empty`,
      `${answers}: annotations[8]: bad row: answers[0]: expected an object with a text called "answer", got 5`,
      '77: no question: an annotation of no question',
    ]);
    expect(await summaryOf(source)).toContain('4 [empty image] what is it? yes');
    expect(source.annotations.map(({ question_id }) => question_id)).toEqual([1, 3, 4, 8, 5]);
  });

  it('refuses files that are others, and splits that do not belong together', async () => {
    const questions = questionFile([question(1, 42)]);
    const annotations = annotationFile([annotation(2, 42, 'yes × 10')], 'val2014');
    await expect(readVqa(annotations, { images })).rejects.toThrow(
      'readVqa: v2_mscoco_val2014_annotations.json: expected a list called "questions", got undefined. The file has info, license, data_subtype, data_type, annotations.',
    );
    await expect(readVqa(questions, { images, annotations })).rejects.toThrow(
      'readVqa: none of 1 questions (v2_OpenEnded_mscoco_train2014_questions.json) is among 1 annotations (v2_mscoco_val2014_annotations.json). Give the files of one split.',
    );
    await expect(readVqa(questionFile([]), { images })).rejects.toThrow(
      'no usable questions: the list is empty',
    );
    await expect(readVqa(questionFile([{}]), { images })).rejects.toThrow(
      'no usable questions, v2_OpenEnded_mscoco_train2014_questions.json: questions[0]: question_id: expected an integer, got undefined.',
    );
    await expect(readVqa(memoryFile('q.json', '{"questions": [{'), { images })).rejects.toThrow('q.json: ');
    await expect(readVqa(memoryFile('q.json', '[]'), { images })).rejects.toThrow('expected a JSON object');
    const gone = { ...memoryFile('gone.json', ''), slice: () => Promise.reject(new Error('ENOENT')) };
    await expect(readVqa(gone, { images })).rejects.toThrow('gone.json: cannot be opened: ENOENT');
    await expect(readVqa(questions, {} as never)).rejects.toThrow('images: expected a FileTree');
    await expect(readVqa(questions, { images, year: 2014 } as never)).rejects.toThrow('unknown option year');
    await expect(readVqa(questions, { images, folder: 7 as never })).rejects.toThrow(
      'folder: expected a path in the tree, got 7',
    );
    await expect(readVqa(questions, { images, signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });

  it('accounts for every row, whatever the rows hold', async () => {
    const id = fc.integer({ min: 0, max: 5 });
    const row = fc.oneof(
      fc.record({ question_id: id, image_id: fc.constantFrom(42, 7, 99), question: fc.string() }),
      fc.jsonValue(),
    );
    const answer = fc.oneof(fc.record({ answer: fc.string() }), fc.jsonValue());
    const said = fc.record({
      question_id: id,
      image_id: fc.constantFrom(42, 7),
      question_type: fc.string(),
      answer_type: fc.constantFrom('yes/no', 'other'),
      answers: fc.array(answer, { maxLength: 3 }),
    });
    const documents = fc.tuple(
      fc.array(row, { maxLength: 8 }),
      fc.array(fc.oneof(said, fc.jsonValue()), { maxLength: 8 }),
    );
    await fc.assert(
      fc.asyncProperty(documents, async ([questions, annotations]) => {
        const reading = readVqa(questionFile(questions), {
          annotations: annotationFile(annotations),
          images,
        });
        const source = await reading.catch((error: { code?: string }) => {
          expect(error.code).toBe('DATA');
        });
        if (!source) return;
        const found = await referencesOf(source);
        expect(found).toHaveLength(source.count);
        const usable = found.filter((each): each is VqaReference => !('kind' in each));
        expect(new Set(usable.map(({ key }) => key)).size).toBe(usable.length);
        for (const { annotation: one, questionId } of usable) expect(one!.question_id).toBe(questionId);
        // Each row is either part of an example or told of.
        const unjoined = annotations.length - source.annotations.length;
        expect(found.length).toBe(questions.length + unjoined);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
