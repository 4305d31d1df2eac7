// The ONNX file: field by field with a reader of its own, run by ONNX Runtime, and what is refused.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGraphBuilder } from '../../src/compile/build.ts';
import type { Graph, Node, Value } from '../../src/compile/graph.ts';
import { encodeOnnx } from '../../src/compile/onnx.ts';
import { CASES, floats, graphOf, port, type Tensors, value } from './onnx-cases.ts';
import { readOnnx } from './onnx-file.ts';
import { openSession, runSession } from './onnx-session.ts';

describe('encodeOnnx', () => {
  it('writes the fields that onnx.proto asks for', () => {
    const { nodes, node, constant } = createGraphBuilder();
    const x = value('float32', [2, 3]);
    const kernel = constant('float32', [3, 1], Float32Array.of(1, -2, 0.5));
    const product = node('com.microsoft::FusedMatMul', [x, kernel], value('float32', [2, 1]), {
      alpha: { float: 0.5 },
      transA: { int: 0 },
    });
    const low = constant('int64', [], BigInt64Array.of(-2n));
    const sum = node('ReduceSum', [product, low], value('float32', [1]), { keepdims: { int: 0 } });
    const graph = graphOf([port('x', x, ['batch', 3])], nodes, [port('y', sum, [])]);
    expect(readOnnx(encodeOnnx(graph))).toEqual({
      ir_version: 8,
      producer_name: 'clippo-ts',
      opset_import: [{ version: 17 }, { domain: 'com.microsoft', version: 1 }],
      graph: {
        name: 'clippo-ts',
        node: [
          {
            input: ['x', 'c0'],
            output: ['t0'],
            name: 'FusedMatMul_0',
            op_type: 'FusedMatMul',
            domain: 'com.microsoft',
            attribute: [
              { name: 'alpha', f: 0.5, type: 1 },
              { name: 'transA', i: 0, type: 2 },
            ],
          },
          {
            input: ['t0', 'c1'],
            output: ['y'],
            name: 'ReduceSum_1',
            op_type: 'ReduceSum',
            attribute: [{ name: 'keepdims', i: 0, type: 2 }],
          },
        ],
        initializer: [
          {
            dims: [3, 1],
            data_type: 1,
            name: 'c0',
            raw_data: [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f],
          },
          { data_type: 7, name: 'c1', raw_data: [254, 255, 255, 255, 255, 255, 255, 255] },
        ],
        input: [
          {
            name: 'x',
            type: {
              tensor_type: { elem_type: 1, shape: { dim: [{ dim_param: 'batch' }, { dim_value: 3 }] } },
            },
          },
        ],
        output: [{ name: 'y', type: { tensor_type: { elem_type: 1, shape: {} } } }],
      },
    });
  });

  it('writes attributes with the field and type of their kind', () => {
    const attributes: Node['attributes'] = {
      a: { ints: [-1, 2, 300] },
      b: { string: 'ü' },
      c: { tensor: { dtype: 'bool', shape: [1, 2], data: Uint8Array.of(1, 0) } },
      d: { float: -0 },
      e: { int: -7 },
      f: { ints: [] },
    };
    const node: Node = { op: 'Any', domain: '', inputs: [], outputs: [], attributes };
    expect(readOnnx(encodeOnnx(graphOf([], [node], []))).graph.node).toEqual([
      {
        name: 'Any_0',
        op_type: 'Any',
        attribute: [
          { name: 'a', ints: [-1, 2, 300], type: 7 },
          { name: 'b', s: [0xc3, 0xbc], type: 3 },
          { name: 'c', t: { dims: [1, 2], data_type: 9, raw_data: [1, 0] }, type: 4 },
          { name: 'd', f: -0, type: 1 },
          { name: 'e', i: -7, type: 2 },
          { name: 'f', type: 7 },
        ],
      },
    ]);
  });

  it('declares com.microsoft only where it is used', () => {
    const graph = CASES['a dense layer for any batch']!().graph;
    expect(readOnnx(encodeOnnx(graph)).opset_import).toEqual([{ version: 17 }]);
  });

  it('names what is left out between others, and drops what is left out at the end', () => {
    const x = value('float32', [2]);
    const node: Node = {
      op: 'Any',
      domain: '',
      inputs: [x, null, x, null, null],
      outputs: [null, x, null].map((output) => output && value('float32', [2])),
      attributes: {},
    };
    const [written] = readOnnx(encodeOnnx(graphOf([port('x', x)], [node], []))).graph.node!;
    expect(written).toEqual({ input: ['x', '', 'x'], output: ['', 't0'], name: 'Any_0', op_type: 'Any' });
  });

  it('writes a constant once, however often it is used', () => {
    const { nodes, node, constant } = createGraphBuilder();
    const weight = constant('float32', [2], Float32Array.of(1, 2));
    const same = constant('float32', [2], Float32Array.of(1, 2));
    const sum = node('Add', [node('Add', [weight, weight], weight), same], weight);
    const { graph } = readOnnx(encodeOnnx(graphOf([], nodes, [port('y', sum), port('w', weight)])));
    expect(graph.initializer?.map(({ name }) => name)).toEqual(['c0', 'c1']);
    expect(graph.node?.map(({ op_type, input, output }) => [op_type, input, output])).toEqual([
      ['Add', ['c0', 'c0'], ['t0']],
      ['Add', ['t0', 'c1'], ['y']],
      ['Identity', ['c0'], ['w']],
    ]);
  });

  it('keeps a constant that is the same everywhere at one element, beyond 1,024', () => {
    const { fill, nodes, node } = createGraphBuilder();
    const outputs = [1024, 1025].map((size) => {
      const x = fill([size], 3);
      return port(`of ${size}`, node('Neg', [x], x));
    });
    const huge = fill([2 ** 20, 2 ** 12], 1);
    outputs.push(port('of 16 GiB', node('Neg', [huge], huge)));
    const file = encodeOnnx(graphOf([], nodes, outputs));
    expect(file.length).toBeLessThan(4096 + 700);
    const { graph } = readOnnx(file);
    expect(graph.initializer?.map(({ dims, data_type }) => ({ dims, data_type }))).toEqual([
      { dims: [1024], data_type: 1 },
      { dims: [1], data_type: 7 },
      { dims: [2], data_type: 7 },
    ]);
    expect(graph.node?.[0]?.attribute).toEqual([
      { name: 'value', t: { dims: [1], data_type: 1, raw_data: [0, 0, 0x40, 0x40] }, type: 4 },
    ]);
  });

  it('gives the same bytes for the same graph', () => {
    for (const create of Object.values(CASES))
      expect(encodeOnnx(create().graph)).toEqual(encodeOnnx(create().graph));
  });

  it('reads a constant where it lies, also inside a larger buffer', () => {
    const { nodes, constant } = createGraphBuilder();
    const part = constant('float32', [2], Float32Array.of(9, 1, 2, 9).subarray(1, 3));
    const { graph } = readOnnx(encodeOnnx(graphOf([], nodes, [port('y', part)])));
    expect(graph.initializer?.[0]?.raw_data).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
  });

  it('copies weights once', () => {
    const size = 64 * 2 ** 20;
    const { nodes, node, constant } = createGraphBuilder();
    const weight = constant('uint8', [size], new Uint8Array(size).fill(5));
    const graph = graphOf([], nodes, [port('y', node('Identity', [weight], weight))]);
    const before = process.memoryUsage().arrayBuffers;
    const file = encodeOnnx(graph);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size + 2 ** 20);
    expect(file.length).toBeLessThan(size + 200);
    expect(file.byteLength).toBe(file.buffer.byteLength);
  });
});

describe('encodeOnnx, run by ONNX Runtime', () => {
  it.each(Object.entries(CASES))('%s', async (_, create) => {
    const { graph, calls } = create();
    const session = await openSession(encodeOnnx(graph));
    expect(session.inputNames).toEqual(graph.inputs.map(({ name }) => name));
    expect(session.outputNames).toEqual(graph.outputs.map(({ name }) => name));
    for (const { feeds, expected } of calls) expect(await runSession(session, feeds)).toEqual(expected);
    await session.release();
  });

  it('computes what random programs say', async () => {
    const operations = {
      Add: (a: number, b: number) => a + b,
      Sub: (a: number, b: number) => a - b,
      Max: Math.max,
      Min: Math.min,
    };
    const step = fc.record({
      op: fc.constantFrom(...(Object.keys(operations) as (keyof typeof operations)[])),
      left: fc.nat(),
      right: fc.nat(),
      asOutput: fc.boolean(),
    });
    const whole = fc.integer({ min: -99, max: 99 });
    const program = fc.record({
      rank: fc.nat(3),
      side: fc.nat(3),
      batch: fc.boolean(),
      given: fc.array(whole, { minLength: 1, maxLength: 3 }),
      constants: fc.array(whole, { minLength: 1, maxLength: 3 }),
      steps: fc.array(step, { minLength: 1, maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(program, async ({ rank, side, batch, given, constants, steps }) => {
        const shape = new Array<number>(rank).fill(side);
        const size = side ** rank;
        const dims = batch ? shape.map((dim, axis) => (axis === 0 ? 'batch' : dim)) : shape;
        const elements = (start: number): Float32Array =>
          Float32Array.from({ length: size }, (_, i) => start + i);
        const { nodes, node, fill, constant } = createGraphBuilder();
        const pool: { readonly symbol: Value; readonly numbers: Float32Array }[] = [];
        for (const start of given) {
          pool.push({ symbol: value('float32', shape), numbers: elements(start) });
        }
        const inputs = pool.map(({ symbol }, i) => port(`in${i}`, symbol, dims));
        const feeds = Object.fromEntries(pool.map(({ numbers }, i) => [`in${i}`, tensorOf(numbers)]));
        for (const [i, start] of constants.entries()) {
          const numbers = i === 0 ? new Float32Array(size).fill(start) : elements(start);
          const symbol = i === 0 ? fill(shape, start) : constant('float32', shape, numbers);
          pool.push({ symbol, numbers });
        }
        const outputs = [port('last constant', pool.at(-1)!.symbol)];
        const expected: Record<string, Tensors[string]> = {
          'last constant': tensorOf(pool.at(-1)!.numbers),
        };
        for (const [i, { op, left, right, asOutput }] of steps.entries()) {
          const a = pool[left % pool.length]!;
          const b = pool[right % pool.length]!;
          const symbol = node(op, [a.symbol, b.symbol], a.symbol);
          const numbers = a.numbers.map((x, j) => operations[op](x, b.numbers[j]!));
          pool.push({ symbol, numbers });
          if (!asOutput && i < steps.length - 1) continue;
          outputs.push(port(`out${i}`, symbol));
          expected[`out${i}`] = tensorOf(numbers);
        }
        function tensorOf(data: Float32Array): Tensors[string] {
          return floats(shape, [...data]);
        }

        const session = await openSession(encodeOnnx(graphOf(inputs, nodes, outputs)));
        const results = await runSession(session, feeds);
        await session.release();
        // -0 and 0 may change places in a maximum.
        const plain = (tensors: Tensors): unknown =>
          Object.entries(tensors).map(([name, { dims, data }]) => [
            name,
            [...dims],
            [...data].map((x) => Number(x) + 0),
          ]);
        expect(plain(results)).toEqual(plain(expected));
      }),
      { seed: 7, numRuns: 150 },
    );
  });
});

describe('encodeOnnx refuses', () => {
  const x = value('float32', [2]);
  const oneNode = (attributes: Node['attributes']): Graph =>
    graphOf([port('x', x)], [{ op: 'Any', domain: '', inputs: [x], outputs: [], attributes }], []);

  it.each<[string, Graph, string]>([
    [
      'two ports of one name',
      graphOf([port('x', x)], [], [port('x', x)]),
      'encodeOnnx: inputs and outputs need names of their own, got "x" twice.',
    ],
    [
      'a port without a name',
      graphOf([port('', x)], [], []),
      'encodeOnnx: inputs and outputs need names of their own, got "".',
    ],
    [
      'a fraction for an integer',
      oneNode({ axis: { int: 0.5 } }),
      'encodeOnnx: Any_0.axis: expected an integer, got 0.5.',
    ],
    [
      'an integer that is none',
      oneNode({ perm: { ints: [1, Number.NaN] } }),
      'encodeOnnx: Any_0.perm: expected an integer, got NaN.',
    ],
    [
      'an integer too large to be exact',
      oneNode({ axis: { int: 2 ** 53 } }),
      'encodeOnnx: Any_0.axis: expected an integer, got 9007199254740992.',
    ],
  ])('%s', (_, graph, error) => {
    expect(() => encodeOnnx(graph)).toThrow(
      expect.objectContaining({ name: 'CompileError', message: error }),
    );
  });

  const write = (): void => {};
  const badLocation = 'expected a path below the folder of the model file, such as "model.onnx.data", got';
  it.each<[object, string]>([
    [{ external: {} }, 'encodeOnnx: unknown option external. Known: externalData.'],
    [
      { externalData: { location: 'w', write, size: 1 } },
      'encodeOnnx: externalData: unknown option size. Known: location, write, threshold.',
    ],
    [{ externalData: { write } }, `encodeOnnx: externalData.location: ${badLocation} undefined.`],
    [{ externalData: { location: '', write } }, `encodeOnnx: externalData.location: ${badLocation} "".`],
    [{ externalData: { location: '/w', write } }, `encodeOnnx: externalData.location: ${badLocation} "/w".`],
    [
      { externalData: { location: 'a/../w', write } },
      `encodeOnnx: externalData.location: ${badLocation} "a/../w".`,
    ],
    [
      { externalData: { location: 'w' } },
      'encodeOnnx: externalData.write: expected a function that takes bytes, got undefined.',
    ],
    [
      { externalData: { location: 'w', write, threshold: -1 } },
      'encodeOnnx: externalData.threshold: expected a number of at least 0, got -1.',
    ],
    [
      { externalData: { location: 'w', write, threshold: Number.NaN } },
      'encodeOnnx: externalData.threshold: expected a number of at least 0, got NaN.',
    ],
  ])('options %#', (options, error) => {
    expect(() => encodeOnnx(graphOf([], [], []), options)).toThrow(
      expect.objectContaining({ name: 'ConfigError', message: error }),
    );
  });
});
