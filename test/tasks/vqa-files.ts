// VQA's files in small: a document of either kind, and an annotation of what people said.

import type { VqaAnnotation } from '../../src/tasks/index.ts';
import { memoryFile } from '../support/memory-files.ts';

export function questionFile(questions: readonly unknown[], subtype = 'train2014') {
  const document = {
    info: {},
    task_type: 'Open-Ended',
    data_type: 'mscoco',
    license: {},
    data_subtype: subtype,
  };
  return memoryFile(
    `v2_OpenEnded_mscoco_${subtype}_questions.json`,
    JSON.stringify({ ...document, questions }),
  );
}

export function annotationFile(annotations: readonly unknown[], subtype = 'train2014') {
  const document = { info: {}, license: {}, data_subtype: subtype, data_type: 'mscoco' };
  return memoryFile(`v2_mscoco_${subtype}_annotations.json`, JSON.stringify({ ...document, annotations }));
}

export function question(question_id: number, image_id: number, text = 'what is it?') {
  return { image_id, question: text, question_id };
}

/** @param said - answers and how many gave each, `'yes × 7, no × 3'` */
export function annotation(
  question_id: number,
  image_id: number,
  said: string,
  answer_type = 'other',
  question_type = 'what is',
): VqaAnnotation & { readonly answers: readonly { readonly answer_confidence: string }[] } {
  const answers = said.split(', ').flatMap((each) => {
    const [answer = '', times] = each.split(' × ');
    return Array.from({ length: Number(times) }, () => answer);
  });
  return {
    question_type,
    multiple_choice_answer: answers[0]!,
    answers: answers.map((answer, i) => ({ answer, answer_confidence: 'yes', answer_id: i + 1 })),
    image_id,
    answer_type,
    question_id,
  };
}
