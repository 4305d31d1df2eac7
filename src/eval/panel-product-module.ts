// The bytes of a WebAssembly module with two functions, `float64` and `float32`: the inner loop of the large products of
// few-shot classification. JavaScript has no vectors and is several times as slow; tfjs has no float64, and depends on
// the backend that happens to be set (`npm run bench -- few-shot` compares them).
// Written out here, in place of a binary in the repository, so that it can be read and changed.
// Reference: WebAssembly Core 2.0, chapter "Binary Format"; every engine has had its vectors since 2023.
//
//   (a, panels, b, c, depth, stride) => for each of `panels` panels of a:
//     c[r][j] += Σ_k a[k][r] · b[k][j],  r = 0 … 3, j = 0 … 3 (float64) or 0 … 7 (float32); c moves down four rows
//
// Eight vectors of sums stay in registers over the whole depth: they, two of b, one of a and one product are as many
// as all processors have. a lies as 4 numbers a step of k, b as 32 bytes a step, c as rows of `stride` bytes.

type Code = readonly number[];

const ROWS = 4;
const VECTOR_BYTES = 16;
const SECTION = { types: 1, imports: 2, functions: 3, exports: 7, code: 10 };

/** Indices of parameters and local variables; all stay below 128, so that each is a byte. */
const [A, PANELS, B, C, DEPTH, STRIDE, B_AT, A_END, B_LEFT, B_RIGHT, A_NUMBER, ZERO, SUMS] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
] as const;

const get = (local: number): Code => [0x20, local];
const set = (local: number): Code => [0x21, local];
const tee = (local: number): Code => [0x22, local];
/** i32.const of less than 64. */
const constant = (n: number): Code => [0x41, n];
const [I32_ADD, I32_SUB, I32_MUL, I32_LESS] = [0x6a, 0x6b, 0x6c, 0x49];
/** Runs `body` again as long as it leaves a number other than 0. */
const loop = (...body: Code[]): Code => [0x03, 0x40, ...body.flat(), 0x0d, 0, 0x0b];
// Memory instructions say how addresses are aligned, as a power of two; that is a hint.
const load = (offset: number): Code => [0xfd, 0x00, 2, offset];
const store = (offset: number): Code => [0xfd, 0x0b, 2, offset];

interface Lanes {
  /** bytes of a number */
  readonly size: number;
  /** Loads one number into all lanes. */
  readonly splat: (offset: number) => Code;
  readonly add: Code;
  readonly multiply: Code;
}

const FLOAT64: Lanes = {
  size: 8,
  splat: (offset) => [0xfd, 0x0a, 2, offset],
  add: [0xfd, 0xf0, 0x01],
  multiply: [0xfd, 0xf2, 0x01],
};
const FLOAT32: Lanes = {
  size: 4,
  splat: (offset) => [0xfd, 0x09, 2, offset],
  add: [0xfd, 0xe4, 0x01],
  multiply: [0xfd, 0xe6, 0x01],
};

/** @returns a module that imports `panels.memory` and exports `float64` and `float32`, 900 bytes */
export function panelProductModule(): Uint8Array<ArrayBuffer> {
  const [I32, VECTOR, FUNCTION, MEMORY] = [0x7f, 0x7b, 0x60, 0x02];
  const locals = list([
    [2, I32],
    [SUMS + 2 * ROWS - B_LEFT, VECTOR],
  ]);
  const bodies = [FLOAT64, FLOAT32].map((lanes) => sized([...locals, ...panelLoop(lanes), 0x0b]));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // \0asm, version 1
    ...section(SECTION.types, list([[FUNCTION, ...list(Array.from({ length: 6 }, () => [I32])), 0]])),
    ...section(SECTION.imports, list([[...name('panels'), ...name('memory'), MEMORY, 0, 0]])),
    ...section(SECTION.functions, list([[0], [0]])), // both of type 0
    ...section(
      SECTION.exports,
      list([
        [...name('float64'), 0, 0],
        [...name('float32'), 0, 1],
      ]),
    ),
    ...section(SECTION.code, list(bodies)),
  ]);
}

function panelLoop({ size, splat, add, multiply }: Lanes): Code {
  const rows = Array.from({ length: ROWS }, (_, row) => ({
    row,
    left: SUMS + 2 * row,
    right: SUMS + 2 * row + 1,
  }));
  const addProduct = (sum: number, b: number): Code => [
    ...[...get(sum), ...get(A_NUMBER), ...get(b), ...multiply],
    ...[...add, ...set(sum)],
  ];
  const addToMemory = (sum: number, offset: number): Code => [
    ...[...get(C), ...get(C), ...load(offset)],
    ...[...get(sum), ...add, ...store(offset)],
  ];
  return loop(
    ...rows.flatMap(({ left, right }) => [get(ZERO), set(left), get(ZERO), set(right)]),
    [...get(B), ...set(B_AT)],
    [...get(A), ...get(DEPTH), ...constant(ROWS * size), I32_MUL, I32_ADD, ...set(A_END)],
    loop(
      [...get(B_AT), ...load(0), ...set(B_LEFT)],
      [...get(B_AT), ...load(VECTOR_BYTES), ...set(B_RIGHT)],
      ...rows.flatMap(({ row, left, right }) => [
        [...get(A), ...splat(row * size), ...set(A_NUMBER)],
        addProduct(left, B_LEFT),
        addProduct(right, B_RIGHT),
      ]),
      [...get(B_AT), ...constant(2 * VECTOR_BYTES), I32_ADD, ...set(B_AT)],
      [...get(A), ...constant(ROWS * size), I32_ADD, ...tee(A), ...get(A_END), I32_LESS],
    ),
    ...rows.flatMap(({ left, right }) => [
      addToMemory(left, 0),
      addToMemory(right, VECTOR_BYTES),
      [...get(C), ...get(STRIDE), I32_ADD, ...set(C)],
    ]),
    [...get(PANELS), ...constant(1), I32_SUB, ...tee(PANELS)],
  );
}

function section(id: number, body: Code): Code {
  return [id, ...sized(body)];
}

function list(items: readonly Code[]): Code {
  return [...length(items.length), ...items.flat()];
}

function name(text: string): Code {
  return list(Array.from(text, (character) => [character.charCodeAt(0)]));
}

function sized(body: Code): Code {
  return [...length(body.length), ...body];
}

/** LEB128: seven bits a byte, the lowest first. */
function length(n: number): Code {
  return n < 128 ? [n] : [(n & 127) | 128, ...length(n >>> 7)];
}
