// Damaged, forged and foreign files: each is refused with a CheckpointError that says what is wrong, and none makes
// the reader crash, hang or reserve memory that the file's own length does not justify.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type NdArray,
  parseArrays,
  parseNpz,
  parseSafetensors,
  readBigVision,
  toScanLayout,
  writeNpz,
  writeSafetensors,
} from '../../src/checkpoint/index.ts';
import { CheckpointError } from '../../src/errors.ts';
import { readGolden } from '../support/golden.ts';
import { everyDtype, npyFile, safetensorsFile, zipOf } from './files.ts';

const decodeAll = (arrays: ReadonlyMap<string, NdArray>) => [...arrays.values()].map((array) => array.data);
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe('parseArrays names what it was given instead', () => {
  const strangers: Record<string, RegExp> = {
    '': /^checkpoint: the file is empty. Fetch it again.$/,
    '<!DOCTYPE html><html>':
      /got an HTML or XML page beginning with "<!DOCTYPE html><".*check it in a browser/,
    '\n <?xml version="1.0"?><Error>': /got an HTML or XML page/,
    '{"error": {"code": 404}}': /got JSON beginning with/,
    'version https://git-lfs.github.com/spec/v1\n': /got a git-lfs pointer .*git lfs pull/,
    '\x1f\x8b\x08\x00': /got gzip beginning .*gunzip/,
    '\x93NUMPY\x01\x00': /got a single .npy array .*numpy.savez/,
    '\x80\x02\x8a\x0al\xfc': /got a Python pickle \(old PyTorch\).*Load it in Python/,
    '\x89HDF\r\n': /got HDF5/,
    GGUF: /got GGUF/,
    'hello world':
      /expected an npz or a safetensors file, got 11 bytes beginning with "hello world". Is it the right file\?/,
  };
  for (const [start, message] of Object.entries(strangers)) {
    it(JSON.stringify(start), () => {
      expect(() => parseArrays(latin1(start))).toThrow(message);
      expect(() => parseArrays(latin1(start))).toThrow(CheckpointError);
    });
  }

  it('a PyTorch file, which is a zip archive too', () => {
    expect(() => parseArrays(zipOf({ 'model/data.pkl': Uint8Array.of(0x80) }))).toThrow(
      /npz entry "model\/data.pkl": an npz file holds only .npy entries. This is a PyTorch file/,
    );
  });
});

/** An archive of one entry, and where its two descriptions stand. */
function oneEntry(compress = false) {
  const contents = npyFile(
    "{'descr': '|u1', 'fortran_order': False, 'shape': (1000,)}",
    new Uint8Array(1000),
  );
  const bytes = zipOf({ 'x.npy': contents }, compress);
  const view = new DataView(bytes.buffer);
  const end = bytes.length - 22;
  return { bytes, view, central: view.getUint32(end + 16, true), end, size: contents.length };
}

describe('a zip archive is refused for', () => {
  type Entry = ReturnType<typeof oneEntry>;
  const damages: readonly (readonly [string, (entry: Entry) => void, RegExp, compress?: boolean])[] = [
    ['encryption', ({ view, central }) => view.setUint16(central + 8, 1, true), /entry "x.npy" is encrypted/],
    [
      'a strange method',
      ({ view, central }) => view.setUint16(central + 10, 93, true),
      /is compressed by method 93; only stored \(0\) and deflated \(8\)/,
    ],
    [
      'an offset outside',
      ({ view, central }) => view.setUint32(central + 42, 0x7fffffff, true),
      /"x.npy" is not where its table of contents says \(offset 2147483647\)/,
    ],
    [
      'an offset at no header',
      ({ view, central }) => view.setUint32(central + 42, 1, true),
      /is not where its table of contents says \(offset 1\)/,
    ],
    [
      'a length outside',
      ({ view, central }) => {
        view.setUint32(central + 20, 5000, true);
        view.setUint32(central + 24, 5000, true);
      },
      /"x.npy" should have 5000 bytes at offset \d+, but the file has only/,
    ],
    [
      'two sizes of a stored entry',
      ({ view, central }) => view.setUint32(central + 24, 5000, true),
      /is stored, but its sizes differ \(5000 and \d+ bytes\)/,
    ],
    [
      'two names',
      ({ bytes }) => {
        bytes[30] = 0x79;
      },
      /"x.npy" is described differently in the table of contents and at its offset 0/,
    ],
    ['two methods', ({ view }) => view.setUint16(8, 8, true), /is described differently/],
    [
      'a name that is not UTF-8',
      ({ bytes, central }) => {
        bytes[30] = 0xff;
        bytes[central + 46] = 0xff;
      },
      /a name that is not UTF-8/,
    ],
    ['several volumes', ({ view, end }) => view.setUint16(end + 4, 1, true), /one of several volumes/],
    [
      'a count too large',
      ({ view, end }) => view.setUint16(end + 10, 60000, true),
      /its table of contents \(60000 entries in \d+ bytes at \d+\) does not fit/,
    ],
    [
      'a table elsewhere',
      ({ view, end }) => view.setUint32(end + 16, 0, true),
      /entry 1 of 1 is missing from its table of contents/,
    ],
    [
      'a missing zip64 record',
      ({ view, end }) => view.setUint32(end + 16, 0xffffffff, true),
      /its table of contents .* does not fit/,
    ],
    [
      'a name beyond the table',
      ({ view, central }) => view.setUint16(central + 28, 60000, true),
      /entry 1 of 1 reaches beyond its table of contents/,
    ],
    [
      'an impossible ratio',
      ({ view, central }) => view.setUint32(central + 24, 0x7fffffff, true),
      /claims to be 2147483647 bytes out of \d+, which deflate cannot do/,
      true,
    ],
  ];
  for (const [what, damage, message, compress] of damages) {
    it(what, () => {
      const entry = oneEntry(compress);
      damage(entry);
      expect(() => parseNpz(entry.bytes)).toThrow(message);
    });
  }

  it('being cut off anywhere', () => {
    const { bytes } = oneEntry();
    for (let length = 4; length < bytes.length; length++) {
      expect(() => parseNpz(bytes.subarray(0, length))).toThrow(
        /no table of contents at the end of its \d+ bytes: the file was probably cut off/,
      );
    }
  });

  it('two entries of one name, and entries that overlap', () => {
    const twice = zipOf({ 'a.npy': new Uint8Array(1), 'b.npy': new Uint8Array(1) });
    const renamed = twice.map((byte, i) => (byte === 0x62 && twice[i + 1] === 0x2e ? 0x61 : byte));
    expect(() => parseNpz(renamed)).toThrow(/two entries are called "a.npy"/);
    const nested = zipOf({ 'a.npy': oneEntry().bytes, 'b.npy': new Uint8Array(1) });
    const view = new DataView(nested.buffer);
    const table = view.getUint32(nested.length - 6, true);
    const inner = nested.findIndex(
      (_, i) => i > 0 && i + 4 < nested.length && view.getUint32(i, true) === 0x04034b50,
    );
    // b.npy now points at the archive inside a.npy.
    view.setUint32(table + 51 + 42, inner, true);
    nested[inner + 30] = 0x62;
    view.setUint32(table + 51 + 20, 1, true);
    expect(() => parseNpz(nested)).toThrow(/entries "a.npy" and "b.npy" overlap/);
  });

  it('a wrong checksum, when the array is read and every time', () => {
    for (const compress of [false, true]) {
      const { bytes, view, central } = oneEntry(compress);
      view.setUint32(central + 16, 1234, true);
      const array = parseNpz(bytes).get('x')!;
      expect(array.shape).toEqual([1000]);
      for (let time = 0; time < 2; time++) {
        expect(() => array.data).toThrow(/the checksum of entry "x.npy" does not match its bytes/);
      }
    }
  });

  it('deflated bytes that are none, or too few', () => {
    const { bytes, view, central, size } = oneEntry(true);
    const start = central - view.getUint32(central + 20, true);
    expect(() => parseNpz(bytes.map((byte, i) => (i === start ? 0xff : byte)))).toThrow(
      /"x.npy" cannot be inflated: invalid block type/,
    );
    const longer = npyFile("{'descr': '|u1', 'fortran_order': False, 'shape': (1000,)}", new Uint8Array(999));
    const short = zipOf({ 'x.npy': longer }, true);
    const shortView = new DataView(short.buffer);
    const shortCentral = shortView.getUint32(short.length - 6, true);
    shortView.setUint32(shortCentral + 24, size, true);
    expect(() => parseNpz(short).get('x')!.data).toThrow(
      `entry "x.npy" should be ${size} bytes, but holds ${size - 1}`,
    );
  });
});

describe('forged lengths reserve nothing', () => {
  const forged: Record<string, () => unknown> = {
    'a huge .npy shape': () =>
      decodeAll(
        parseNpz(
          zipOf({
            'x.npy': npyFile(
              "{'descr': '<f4', 'fortran_order': True, 'shape': (1000000, 1000000)}",
              new Uint8Array(64),
            ),
          }),
        ),
      ),
    'a huge .npy shape, deflated': () =>
      decodeAll(
        parseNpz(
          zipOf(
            {
              'x.npy': npyFile(
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000,)}",
                new Uint8Array(4096),
              ),
            },
            true,
          ),
        ),
      ),
    'a huge safetensors shape': () =>
      parseSafetensors(
        safetensorsFile(
          '{"a":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4000000000]}}',
          new Uint8Array(8),
        ),
      ),
    'a huge scan depth': () =>
      readBigVision(
        writeSafetensors([['encoderblock/x', { shape: [2 ** 50, 0], data: new Float32Array(0) }]]),
      ),
  };
  for (const [what, read] of Object.entries(forged)) {
    it(what, () => {
      const before = process.memoryUsage().arrayBuffers;
      expect(read).toThrow(CheckpointError);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
    });
  }
});

describe('fuzzing', () => {
  const files = {
    stored: writeNpz(everyDtype),
    deflated: writeNpz(everyDtype, { compress: true }),
    safetensors: writeSafetensors(everyDtype, { metadata: { a: 'b' } }),
    scan: writeNpz([...parseNpz(readGolden('vit/d2w64_p8_32_gap_scan.ckpt.npz'))].slice(0, 6)),
  };

  /** Everything a loader does; a CheckpointError is a fine answer, any other error is a bug. */
  function load(bytes: Uint8Array): void {
    try {
      const arrays = parseArrays(bytes);
      for (const array of arrays.values()) {
        const size = array.shape.reduce((product, length) => product * length, 1);
        expect(array.data.length).toBe(size);
      }
      decodeAll(toScanLayout(readBigVision(arrays)));
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
    }
  }

  for (const [name, file] of Object.entries(files)) {
    const position = fc.integer({ min: 0, max: file.length - 1 });
    // Half of the changes fall where the structure is: the first and last bytes.
    const structural = fc
      .integer({ min: -Math.min(2000, file.length), max: Math.min(600, file.length) - 1 })
      .map((at) => (at + file.length) % file.length);
    const change = fc.tuple(
      fc.oneof(position, structural),
      fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
    );

    it(`${name}: changed bytes`, () => {
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
          const bytes = Uint8Array.from(file);
          for (const [at, value] of changes) bytes[at] = value;
          load(bytes);
        }),
        { seed: 7, numRuns: 1500 },
      );
    });

    it(`${name}: cut off, and with a piece cut out`, () => {
      fc.assert(
        fc.property(position, position, (a, b) => {
          load(file.subarray(0, a));
          load(file.subarray(b));
          load(Uint8Array.from([...file.subarray(0, Math.min(a, b)), ...file.subarray(Math.max(a, b))]));
        }),
        { seed: 8, numRuns: 200 },
      );
    });
  }

  it('random bytes after a true beginning', () => {
    const starts = ['', 'PK\x03\x04', 'PK\x05\x06', '\x10\0\0\0\0\0\0\0{', '\x93NUMPY\x01\0'].map(latin1);
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), (start, rest) => {
        load(Uint8Array.from([...start, ...rest]));
      }),
      { seed: 9, numRuns: 1500 },
    );
  });

  it('random .npy headers', () => {
    const word = fc.constantFrom(
      "'descr'",
      "'<f4'",
      "'|V2'",
      ':',
      ',',
      '{',
      '}',
      '(',
      ')',
      '1',
      '0',
      '4294967296',
      'True',
      "'shape'",
      "'fortran_order'",
      '[',
      ' ',
      "'",
      '\n',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 24 }), (words) => {
        load(zipOf({ 'x.npy': npyFile(words.join(''), new Uint8Array(4)) }));
      }),
      { seed: 10, numRuns: 1500 },
    );
  });
});
