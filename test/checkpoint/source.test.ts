// Where bytes come from: every kind of buffer, and downloads whose length is right, wrong, missing or a lie.

import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  parseArrays,
  parseNpy,
  parseNpz,
  parseSafetensors,
  readBigVision,
  readSource,
  safetensorsMetadata,
  writeNpz,
  writeSafetensors,
} from '../../src/checkpoint/index.ts';
import { CheckpointError, ConfigError } from '../../src/errors.ts';
import type { ProgressEvent } from '../../src/progress.ts';

const URL_OF_FILE = 'https://example.org/x.npz';
const values = { x: Float32Array.of(1, 2, 3) };

/** A copy in an ArrayBuffer of its own, in the middle of which the bytes lie. */
function buffers(bytes: Uint8Array): Record<string, ArrayBuffer | ArrayBufferView> {
  const padded = new Uint8Array(bytes.length + 16);
  padded.set(bytes, 8);
  const whole = Uint8Array.from(bytes).buffer;
  return {
    ArrayBuffer: whole,
    DataView: new DataView(padded.buffer, 8, bytes.length),
    Uint8ClampedArray: new Uint8ClampedArray(padded.buffer, 8, bytes.length),
    Buffer: Buffer.from(whole),
    Uint8Array: padded.subarray(8, 8 + bytes.length),
  };
}

describe('the bytes of a file', () => {
  const npz = writeNpz(values);
  const safetensors = writeSafetensors(values, { metadata: { made: 'here' } });
  for (const [kind, bytes] of Object.entries(buffers(npz))) {
    it(`may be a ${kind}`, async () => {
      const read = [parseNpz(bytes), parseArrays(bytes), readBigVision(bytes)];
      const other = buffers(safetensors)[kind]!;
      read.push(parseSafetensors(other), parseArrays(await readSource(other)));
      for (const arrays of read) expect(arrays.get('x')!.data).toEqual(values.x);
      expect(safetensorsMetadata(other)).toEqual({ made: 'here' });
      expect(await readSource({ arrayBuffer: async () => Uint8Array.from(npz).buffer })).toEqual(npz);
    });
  }

  // As JavaScript users may call them.
  const doors = { parseNpz, parseArrays, parseSafetensors, parseNpy, readBigVision } as unknown as Record<
    string,
    (bytes: unknown) => unknown
  >;
  for (const [door, parse] of Object.entries(doors)) {
    it(`are all that ${door} takes`, () => {
      const strangers: [unknown, string][] = [
        [undefined, 'undefined'],
        [null, 'null'],
        [7, '7'],
        ['clippo.npz', '"clippo.npz"'],
        [[1, 2], 'an array'],
        [Object.create(null), 'an object'],
        [Promise.resolve(npz), 'Promise'],
      ];
      for (const [stranger, name] of strangers) {
        const act = () => parse(stranger);
        expect(act, name).toThrow(ConfigError);
        expect(act).toThrow(`${door}: expected the bytes of a file (Uint8Array or ArrayBuffer)`);
        expect(act).toThrow(`got ${name}.`);
      }
    });

    it(`are none in ${door} when their memory was given away`, () => {
      const view = Uint8Array.from(npz);
      structuredClone(view.buffer, { transfer: [view.buffer] });
      expect(() => parse(view)).toThrow(CheckpointError);
      expect(() => parse(view.buffer)).toThrow(CheckpointError);
    });
  }

  it('are asked of a source that has them', async () => {
    const refused: [unknown, RegExp][] = [
      [null, /^source: expected a path, .* got null\.$/],
      [Object.create(null), /got an object\.$/],
      [{ arrayBuffer: async () => 'text' }, /^source\.arrayBuffer\(\): expected the bytes .* got "text"/],
    ];
    for (const [source, message] of refused) {
      // As JavaScript users may call it.
      const reading = readSource(source as ArrayBuffer);
      await expect(reading).rejects.toBeInstanceOf(ConfigError);
      await expect(reading).rejects.toThrow(message);
    }
  });
});

describe('a download', () => {
  afterEach(() => vi.restoreAllMocks());

  /** Answers every request with these chunks, one a read. */
  function serve(chunks: () => Iterable<Uint8Array>, headers: Record<string, string> = {}) {
    const cancel = vi.fn();
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
      const iterator = chunks()[Symbol.iterator]();
      const body = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            const { done, value } = iterator.next();
            if (done) controller.close();
            else controller.enqueue(value);
          },
          cancel,
        },
        { highWaterMark: 0 },
      );
      return new Response(body, { headers });
    });
    return cancel;
  }

  function* counting(count: number, length: number): Generator<Uint8Array> {
    for (let i = 0; i < count; i++) yield new Uint8Array(length).fill(i + 1);
  }

  it('fills one buffer of the stated length', async () => {
    serve(() => counting(3, 5), { 'content-length': '15' });
    const events: ProgressEvent[] = [];
    const bytes = await readSource(URL_OF_FILE, { onProgress: (event) => events.push(event) });
    expect(bytes).toEqual(Uint8Array.from([...counting(3, 5)].flatMap((chunk) => [...chunk])));
    expect(bytes.buffer.byteLength).toBe(15);
    expect(events.map(({ done, total }) => [done, total])).toEqual([
      [5, 15],
      [10, 15],
      [15, 15],
    ]);
  });

  it('grows beyond what is believed at first, up to the stated length', async () => {
    const [count, length] = [5, 14 * 2 ** 20]; // 70 MiB, more than the first 64
    serve(() => counting(count, length), { 'content-length': String(count * length) });
    const bytes = await readSource(URL_OF_FILE);
    expect(bytes.buffer.byteLength).toBe(count * length);
    const ends = Array.from({ length: count }, (_, i) => [bytes[i * length], bytes[(i + 1) * length - 1]]);
    expect(ends).toEqual([1, 2, 3, 4, 5].map((value) => [value, value]));
  });

  it.each([
    ['none', {}],
    ['one that is no number', { 'content-length': 'many' }],
    ['one of the encoded bytes', { 'content-length': '7', 'content-encoding': 'gzip' }],
  ])('needs no length: %s', async (_, headers) => {
    serve(() => counting(40, 5000), headers);
    const events: ProgressEvent[] = [];
    const bytes = await readSource(URL_OF_FILE, { onProgress: (event) => events.push(event) });
    expect(bytes.length).toBe(200_000);
    expect([bytes[0], bytes[4999], bytes[5000], bytes[199_999]]).toEqual([1, 1, 2, 40]);
    expect(events[0]).toEqual({ stage: 'download', done: 5000, unit: 'bytes' });
  });

  it('is refused when more comes than was stated, and ended', async () => {
    const cancel = serve(() => counting(100, 5), { 'content-length': '12' });
    await expect(readSource(URL_OF_FILE)).rejects.toThrow(
      `${URL_OF_FILE}: sent more than the 12 bytes it announced. Load it again.`,
    );
    expect(cancel).toHaveBeenCalledOnce();
  });

  it('is refused when less comes than was stated', async () => {
    serve(() => counting(2, 5), { 'content-length': '12' });
    await expect(readSource(URL_OF_FILE, { pause: 1 })).rejects.toThrow(
      'the connection ended after 10 of 12 bytes.',
    );
  });

  it('takes no memory for a length that lies', async () => {
    serve(() => counting(2, 5), { 'content-length': String(2 ** 50) });
    const reading = readSource(URL_OF_FILE, { pause: 1 });
    await expect(reading).rejects.toBeInstanceOf(CheckpointError);
    await expect(reading).rejects.toThrow(`the connection ended after 10 of ${2 ** 50} bytes.`);
  });

  it.each([{}, { 'content-length': '0' }])('is refused when it is empty (%j)', async (headers) => {
    serve(() => [], headers);
    await expect(readSource(URL_OF_FILE)).rejects.toThrow(`${URL_OF_FILE} answered with nothing.`);
  });

  it('ends with the reason of an abort, and stops asking', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const cancel = serve(() => counting(100, 5), { 'content-length': '500' });
    let chunks = 0;
    const onProgress = () => {
      if (++chunks === 3) controller.abort(reason);
    };
    await expect(readSource(URL_OF_FILE, { signal: controller.signal, onProgress })).rejects.toBe(reason);
    expect([chunks, cancel.mock.calls.length]).toEqual([3, 1]);
  });

  it('says how far it came when the connection breaks', async () => {
    function* breaking(): Generator<Uint8Array> {
      yield new Uint8Array(5);
      throw new TypeError('terminated');
    }
    serve(breaking);
    const reading = readSource(URL_OF_FILE, { pause: 1 });
    await expect(reading).rejects.toBeInstanceOf(CheckpointError);
    await expect(reading).rejects.toThrow('the connection broke after 5 bytes. Load it again.');
  });
});
