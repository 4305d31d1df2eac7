// CIFAR's binary files → labelled pictures of 32 × 32 px. A record is one byte of label (CIFAR-100: two, coarse and
// fine), then 1024 bytes of red, of green and of blue, row by row.
// Reference: www.cs.toronto.edu/~kriz/cifar.html, "binary version".

import { ConfigError, DataError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import type { Raster } from '../raster/index.ts';
import { readWhole } from './byte-file.ts';
import { type Files, fileList } from './file-source.ts';
import { assertClasses, type LabelledReference, type LabelledSource, unknownLabel } from './labelled.ts';
import type { BrokenRecord } from './record.ts';
import { recordOrBroken } from './unreadable.ts';

/** How {@link readCifar} reads the binary files. */
export interface CifarOptions {
  /** Names by label: `batches.meta.txt` of CIFAR-10, `fine_label_names.txt` of CIFAR-100. */
  readonly classes: readonly string[];
  /** Bytes of label before each picture, the last of which counts: 1 for CIFAR-10, 2 for CIFAR-100. Default: by the number of classes. */
  readonly labelBytes?: 1 | 2;
}

const SIDE = 32;
const PLANE = SIDE * SIDE;
const MOST_BYTES = 2 ** 30;

/**
 * @param files - `test_batch.bin`, `data_batch_*.bin`; `test.bin`, `train.bin`; `.gz` is unpacked
 * @throws ConfigError, DataError
 * @example readCifar(diskFile('cifar-100-binary/test.bin'), { classes: names });
 */
export function readCifar(files: Files, options: CifarOptions): LabelledSource {
  const door = 'readCifar';
  refuseUnknown(door, options, ['classes', 'labelBytes']);
  const { classes } = options;
  assertClasses(door, classes);
  const { labelBytes = classes.length > 10 ? 2 : 1 } = options;
  if (labelBytes !== 1 && labelBytes !== 2) {
    throw new ConfigError(`${door}: labelBytes: expected 1 or 2, got ${describeValue(labelBytes)}.`);
  }
  const list = fileList(door, files);
  const size = labelBytes + 3 * PLANE;

  async function* references(signal?: AbortSignal): AsyncGenerator<LabelledReference | BrokenRecord> {
    for (const file of list) {
      const bytes = await recordOrBroken(file.name, () =>
        readWhole(file, { bytes: MOST_BYTES, reason: 'corrupt' }, signal),
      );
      if ('kind' in bytes) {
        yield bytes;
        continue;
      }
      if (bytes.length === 0 || bytes.length % size !== 0) {
        throw new DataError(
          `${door}: ${file.name}: ${bytes.length} bytes are no whole number of records of ${size}. CIFAR-10 has records of 3073 bytes, CIFAR-100 of 3074: see labelBytes.`,
        );
      }
      for (let start = 0; start < bytes.length; start += size) {
        const key = `${file.name}:${start / size}`;
        const label = bytes[start + labelBytes - 1]!;
        if (classes[label] === undefined) yield unknownLabel(key, String(label), classes.length);
        else yield { key, label, load: async () => pictureAt(bytes, start + labelBytes) };
      }
    }
  }

  return { name: list.map(({ name }) => name).join(' '), classes, references };
}

function pictureAt(bytes: Uint8Array, start: number): Raster {
  const data = new Uint8Array(3 * PLANE);
  for (let i = 0; i < PLANE; i++) {
    for (let channel = 0; channel < 3; channel++) data[3 * i + channel] = bytes[start + channel * PLANE + i]!;
  }
  return { width: SIDE, height: SIDE, channels: 3, data };
}
