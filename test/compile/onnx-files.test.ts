// The ONNX file on disk: weights in a second file, models beyond 2 GiB, and the official checker.

import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGraphBuilder } from '../../src/compile/build.ts';
import type { Graph } from '../../src/compile/graph.ts';
import { encodeOnnx } from '../../src/compile/onnx.ts';
import { CASES, floats, graphOf, port, value } from './onnx-cases.ts';
import { readOnnx } from './onnx-file.ts';
import { openSession, runSession } from './onnx-session.ts';

/** 5,000 random-looking numbers, 20 kB. */
const WEIGHTS = Float32Array.from({ length: 5000 }, (_, i) => Math.fround(Math.sin(i)));

/** y = (x + weights) reshaped, with a constant of 20 kB, one of 4 kB and a shape. */
function weightyGraph(): Graph {
  const builder = createGraphBuilder();
  const x = value('float32', [5000]);
  const sum = builder.node('Add', [x, builder.constant('float32', [5000], WEIGHTS)], x);
  const rows = builder.reshape(sum, [5, 1000]);
  const y = builder.node('Add', [rows, builder.constant('float32', [1000], WEIGHTS.subarray(0, 1000))], rows);
  return graphOf([port('x', x)], builder.nodes, [port('y', y)]);
}

describe('encodeOnnx with files', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'clippo-onnx-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Writes a model and its weights, as `name`.onnx and `name`.data. */
  function writeModel(name: string, graph: Graph, threshold?: number): string {
    const file = openSync(join(folder, `${name}.data`), 'w');
    const model = encodeOnnx(graph, {
      externalData: {
        location: `${name}.data`,
        write: (chunk) => void writeSync(file, chunk),
        ...(threshold === undefined ? {} : { threshold }),
      },
    });
    closeSync(file);
    const path = join(folder, `${name}.onnx`);
    writeFileSync(path, model);
    return path;
  }

  it('puts large tensors outside, each at the start of a page', async () => {
    const path = writeModel('weights', weightyGraph());
    const { graph } = readOnnx(readFileSync(path));
    const at = (offset: number, length: number): unknown[] => [
      { key: 'location', value: 'weights.data' },
      { key: 'offset', value: String(offset) },
      { key: 'length', value: String(length) },
    ];
    expect(graph.initializer).toEqual([
      { dims: [5000], data_type: 1, name: 'c0', external_data: at(0, 20_000), data_location: 1 },
      {
        dims: [2],
        data_type: 7,
        name: 'c1',
        raw_data: [5, ...new Array(7).fill(0), 232, 3, 0, 0, 0, 0, 0, 0],
      },
      { dims: [1000], data_type: 1, name: 'c2', external_data: at(20_480, 4000), data_location: 1 },
    ]);
    const data = readFileSync(join(folder, 'weights.data'));
    expect(data.length).toBe(20_480 + 4000);
    expect(new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + 20_000))).toEqual(WEIGHTS);
    expect(data.subarray(20_000, 20_480).every((byte) => byte === 0)).toBe(true);

    const x = floats([5000], new Array<number>(5000).fill(1));
    const [outside, inside] = await Promise.all([openSession(path), openSession(encodeOnnx(weightyGraph()))]);
    const result = await runSession(outside, { x });
    expect(result).toEqual(await runSession(inside, { x }));
    expect(result.y?.data[0]).toBe(1);
    expect(result.y?.data[1001]).toBeCloseTo(Math.sin(1001) + 1 + Math.sin(1), 6);
  });

  it('keeps to the threshold, and leaves empty tensors inside', async () => {
    const outsideAt = (threshold: number): (string | undefined)[] => {
      const { graph } = readOnnx(
        readFileSync(writeModel(`threshold-${threshold}`, weightyGraph(), threshold)),
      );
      return graph.initializer!.filter((tensor) => tensor.external_data).map(({ name }) => name);
    };
    expect(outsideAt(20_001)).toEqual([]);
    expect(outsideAt(20_000)).toEqual(['c0']);
    expect(outsideAt(17)).toEqual(['c0', 'c2']);
    expect(outsideAt(0)).toEqual(['c0', 'c1', 'c2']);
    const { graph, calls } = CASES['no elements and no axes']!();
    const session = await openSession(writeModel('empty', graph, 0));
    expect(await runSession(session, calls[0]!.feeds)).toEqual(calls[0]!.expected);
  });

  it('reaches beyond 2 GiB only with a second file', () => {
    // One array of 512 MiB whose pages nobody touches stands for five weights.
    const weights = new Float32Array(2 ** 27);
    const { nodes, node, constant } = createGraphBuilder();
    const outputs = Array.from({ length: 5 }, (_, i) => {
      const weight = constant('float32', [2 ** 27], weights);
      return port(`y${i}`, node('Neg', [weight], weight));
    });
    const graph = graphOf([], nodes, outputs);
    expect(() => encodeOnnx(graph)).toThrow(
      /^encodeOnnx: the model takes 26843\d{5} bytes, an ONNX file holds at most 2147483647\. Give externalData, so that the weights go to a second file\.$/,
    );
    let length = 0;
    const write = (chunk: Uint8Array): void => {
      length += chunk.length;
      expect(chunk.buffer).toBe(weights.buffer); // nothing is copied, nothing padded
    };
    const model = encodeOnnx(graph, { externalData: { location: 'w', write } });
    expect(length).toBe(5 * 2 ** 29);
    expect(model.length).toBeLessThan(2000);
    expect(readOnnx(model).graph.initializer?.at(-1)?.external_data?.[1]).toEqual({
      key: 'offset',
      value: String(4 * 2 ** 29),
    });
  });

  it('passes the official checker, which would write the same bytes', (context) => {
    const python = '/usr/bin/python3'; // Debian's own, whose packages `python3-onnx` belongs to
    const installed = spawnSync(python, ['-c', 'import onnx, onnx.checker']);
    context.skip(installed.status !== 0, 'python3-onnx is not installed: the official checker did not run');
    const paths = Object.entries(CASES).map(([name, create], i) => {
      const path = join(folder, `case-${i}.onnx`);
      writeFileSync(path, encodeOnnx(create().graph));
      return { name, path };
    });
    paths.push({ name: 'external data', path: writeModel('checked', weightyGraph()) });
    const script = `
import json, onnx, sys
for path in sys.argv[1:]:
    try:
        onnx.checker.check_model(path, full_check=True)
        ok = onnx.load(path, load_external_data=False).SerializeToString() == open(path, 'rb').read()
        print(json.dumps('ok' if ok else 'other bytes'))
    except Exception as error:
        print(json.dumps(str(error)))`;
    const { stdout, stderr } = spawnSync(python, ['-c', script, ...paths.map(({ path }) => path)], {
      encoding: 'utf8',
    });
    const verdicts = stdout.trim().split('\n');
    expect(stderr).toBe('');
    expect(paths.map(({ name }, i) => [name, JSON.parse(verdicts[i]!)])).toEqual(
      paths.map(({ name }) => [name, 'ok']),
    );
  });

  it('passes on what the writer of the second file throws', () => {
    const full = new Error('disk full');
    const refuse = (): never => {
      throw full;
    };
    expect(() => encodeOnnx(weightyGraph(), { externalData: { location: 'w', write: refuse } })).toThrow(
      full,
    );
  });
});
