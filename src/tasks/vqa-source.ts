// VQA v2 as it is published, questions in one file, what people answered in another and COCO's pictures beside them →
// one example a question. What does not fit together is told as broken, example by example, and never in silence.
// Reference: visualqa.org, "Download"; which picture is meant: `vqa-pictures`.

import {
  assertTree,
  type BrokenRecord,
  type ByteFile,
  broken,
  type Files,
  type FileTree,
  fileList,
  MAX_IMAGE_BYTES,
  readImageAt,
  readJsonDocument,
  recordOrBroken,
} from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import {
  parseVqaAnnotation,
  parseVqaQuestion,
  type VqaAnnotation,
  type VqaAnnotations,
  type VqaQuestion,
  type VqaQuestions,
} from './vqa-json.ts';
import { findPictures, pictureName } from './vqa-pictures.ts';

/** A question, light until its picture is loaded. */
export interface VqaReference {
  /** The number of the question. */
  readonly key: string;
  readonly question: string;
  readonly questionId: number;
  readonly imageId: number;
  /** What people answered; absent where the source has no answers. */
  readonly annotation?: VqaAnnotation;
  /** The encoded picture. Rejects only when aborted. */
  load(signal?: AbortSignal): Promise<Uint8Array | BrokenRecord>;
}

/** Questions in their stored order, and the lists that scoring asks for. Reading twice gives the same. */
export interface VqaSource extends VqaQuestions, VqaAnnotations {
  readonly name: string;
  /** References, broken ones among them. */
  readonly count: number;
  /** All questions, in stored order; what cannot be read is a broken record. */
  references(signal?: AbortSignal): AsyncIterable<VqaReference | BrokenRecord>;
}

/** The files that {@link readVqa} reads. */
export interface ReadVqaOptions {
  /** Where the pictures are. */
  readonly images: FileTree;
  /** Folder of that tree below which they lie, e.g. `'train2014'`. Default: its root. */
  readonly folder?: string;
  /** `v2_mscoco_train2014_annotations.json`, or several such. Absent for test questions. */
  readonly annotations?: Files;
  /** Larger pictures are not read, 1 … 2^31 bytes, default 64 MiB. */
  readonly maxImageBytes?: number;
  readonly signal?: AbortSignal;
}

/**
 * Reads the lists, and finds the pictures, at once: of the training questions, 444,000 with ten answers each, that takes
 * some hundred megabytes. Pictures are read when they are wanted.
 *
 * Counted as broken: questions without annotation or picture, annotations without question, numbers that come again,
 * rows that are not as published.
 *
 * @param questions - `v2_OpenEnded_mscoco_train2014_questions.json`, or several such, read as one
 * @throws ConfigError
 * @throws DataError when a file cannot be read or is another one, or none of the questions is answered
 * @example
 * const train = await readVqa(diskFile('v2_OpenEnded_mscoco_train2014_questions.json'), {
 *   annotations: diskFile('v2_mscoco_train2014_annotations.json'),
 *   images: diskFolder('coco'),
 *   folder: 'train2014',
 * });
 */
export async function readVqa(questions: Files, options: ReadVqaOptions): Promise<VqaSource> {
  const door = 'readVqa';
  refuseUnknown(door, options, ['images', 'folder', 'annotations', 'maxImageBytes', 'signal']);
  const { images, folder = '', maxImageBytes = MAX_IMAGE_BYTES, signal } = options;
  assertTree(door, 'images', images);
  assertNumber(door, 'maxImageBytes', maxImageBytes, 1, 2 ** 31);
  if (typeof folder !== 'string') {
    throw new ConfigError(`${door}: folder: expected a path in the tree, got ${describeValue(folder)}.`);
  }
  const asked = await readRows(door, fileList(door, questions), 'questions', parseVqaQuestion, signal);
  const answered =
    options.annotations &&
    (await readRows(door, fileList(door, options.annotations), 'annotations', parseVqaAnnotation, signal));
  const annotationOf = new Map(answered?.rows.map((row) => [row.question_id, row]));
  const paths = await findPictures(images, folder, asked.subtypes);

  const exampleOf = (question: VqaQuestion): VqaReference | BrokenRecord => {
    const { question_id: questionId, image_id: imageId } = question;
    const key = String(questionId);
    const annotation = annotationOf.get(questionId);
    const path = paths.get(imageId);
    if (answered !== undefined && annotation === undefined) {
      return broken(key, 'no annotation', 'nobody answered this question');
    }
    if (annotation !== undefined && annotation.image_id !== imageId) {
      return broken(key, 'other picture', `asked about ${imageId}, answered about ${annotation.image_id}`);
    }
    if (path === undefined) {
      const place = folder === '' ? 'the tree' : folder;
      return broken(key, 'no image', `${pictureName(imageId, asked.subtypes[0])} is not in ${place}`);
    }
    return {
      key,
      question: question.question,
      questionId,
      imageId,
      ...(annotation && { annotation }),
      load: (abort) =>
        recordOrBroken(key, async () => {
          const bytes = await readImageAt(images, path, maxImageBytes, abort);
          return bytes.length > 0 ? bytes : broken(key, 'empty image', `${path}: has 0 bytes`);
        }),
    };
  };
  const isAsked = new Set(asked.rows.map((row) => row.question_id));
  const joined = answered?.rows.filter((row) => isAsked.has(row.question_id)) ?? [];
  if (answered !== undefined && joined.length === 0) {
    throw new DataError(
      `${door}: none of ${asked.rows.length} questions (${asked.name}) is among ${answered.rows.length} annotations (${answered.name}). Give the files of one split.`,
    );
  }
  const unasked = (answered?.rows ?? [])
    .filter((row) => !isAsked.has(row.question_id))
    .map((row) => broken(String(row.question_id), 'no question', 'an annotation of no question'));
  const rest = [...asked.broken, ...(answered?.broken ?? []), ...unasked];
  return {
    name: asked.name,
    count: asked.rows.length + rest.length,
    questions: asked.rows,
    annotations: joined,
    async *references() {
      for (const question of asked.rows) yield exampleOf(question);
      yield* rest;
    },
  };
}

interface Rows<Row> {
  readonly name: string;
  /** Of what kind of COCO's pictures the files speak, in the words of their names. */
  readonly subtypes: readonly string[];
  readonly rows: readonly Row[];
  readonly broken: readonly BrokenRecord[];
}

/** One list of several files; of rows with one number the first stands. */
async function readRows<Row extends { readonly question_id: number }>(
  door: string,
  files: readonly ByteFile[],
  list: 'questions' | 'annotations',
  parse: (row: unknown) => Row | string,
  signal: AbortSignal | undefined,
): Promise<Rows<Row>> {
  const rows = new Map<number, Row>();
  const wrong: BrokenRecord[] = [];
  const subtypes: string[] = [];
  for (const file of files) {
    const document = await readJsonDocument(file, signal);
    const found = document[list];
    if (!Array.isArray(found)) {
      throw new DataError(
        `${door}: ${file.name}: expected a list called "${list}", got ${describeValue(found)}. The file has ${Object.keys(document).slice(0, 8).join(', ') || 'nothing'}.`,
      );
    }
    // Test-dev questions are about the pictures of test.
    const { data_subtype: subtype } = document;
    if (typeof subtype === 'string') subtypes.push(subtype.replace(/^test-\w+?(?=\d)/, 'test'));
    for (const [i, each] of found.entries()) {
      const row = parse(each);
      if (typeof row === 'string') {
        wrong.push(broken(`${file.name}: ${list}[${i}]`, 'bad row', row));
      } else if (rows.has(row.question_id)) {
        wrong.push(broken(String(row.question_id), 'duplicate', `${file.name}: ${list}[${i}] comes again`));
      } else {
        rows.set(row.question_id, row);
      }
    }
  }
  if (rows.size === 0) {
    const first = wrong[0];
    throw new DataError(
      `${door}: ${files[0]!.name}: no usable ${list}${first === undefined ? ': the list is empty' : `, ${first.key}: ${first.detail}`}.`,
    );
  }
  return { name: files.map(({ name }) => name).join(' '), subtypes, rows: [...rows.values()], broken: wrong };
}
