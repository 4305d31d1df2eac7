import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors.ts';
import { createRaster, type Raster, resize } from '../../src/raster/index.ts';
import { type ComposeOptions, composeQuestion, renderText } from '../../src/render/index.ts';

const question = 'what colour is the dog in the picture?';
/** Rising to the right and downwards, another slope in each channel. */
const picture: Raster = {
  width: 50,
  height: 40,
  channels: 3,
  data: Uint8Array.from(
    { length: 50 * 40 * 3 },
    (_, i) => (Math.floor(i / 150) + (Math.floor(i / 3) % 50) * (i % 3)) % 256,
  ),
};

/** Rows `from` … `to − 1` of an RGB Raster. */
const rows = ({ width, data }: Raster, from: number, to: number) => [
  ...data.subarray(from * width * 3, to * width * 3),
];
const grey = (values: Uint8Array) => [...values].flatMap((value) => [value, value, value]);

async function strip(lines: number) {
  return grey((await renderText(question)).data.subarray(0, 224 * 16 * lines));
}

describe('strip', () => {
  it('top: text, then the picture', async () => {
    const composed = await composeQuestion(question, picture);
    expect([composed.width, composed.height, composed.channels]).toEqual([224, 224, 3]);
    expect(rows(composed, 0, 32)).toEqual(await strip(2));
    expect(rows(composed, 32, 224)).toEqual([...resize(picture, 224, 192).data]);
  });

  it('bottom: the picture, then text', async () => {
    const composed = await composeQuestion(question, picture, { placement: 'bottom' });
    expect(rows(composed, 0, 192)).toEqual([...resize(picture, 224, 192).data]);
    expect(rows(composed, 192, 224)).toEqual(await strip(2));
  });

  it('middle: half the picture, text on a line boundary, the other half', async () => {
    const composed = await composeQuestion(question, picture, { placement: 'middle' });
    const whole = resize(picture, 224, 192);
    expect(rows(composed, 0, 96)).toEqual(rows(whole, 0, 96));
    expect(rows(composed, 96, 128)).toEqual(await strip(2));
    expect(rows(composed, 128, 224)).toEqual(rows(whole, 96, 192));
  });
});

it.each([
  ['top', 0],
  ['middle', 96],
  ['bottom', 192],
] as const)('overlay, %s', async (placement, top) => {
  const composed = await composeQuestion(question, picture, { placement, mode: 'overlay' });
  const whole = resize(picture, 224, 224);
  expect(rows(composed, 0, top)).toEqual(rows(whole, 0, top));
  expect(rows(composed, top, top + 32)).toEqual(await strip(2));
  expect(rows(composed, top + 32, 224)).toEqual(rows(whole, top + 32, 224));
});

it('gives an empty question one blank line, and a grey picture three channels', async () => {
  const composed = await composeQuestion('', createRaster(8, 8, 1, 200), { size: 48 });
  expect(new Set(rows(composed, 0, 16))).toEqual(new Set([127]));
  expect(new Set(rows(composed, 16, 48))).toEqual(new Set([200]));
});

it('leaves 16 px of picture, however long the question is', async () => {
  for (const [size, free] of [
    [224, 16],
    [40, 24],
  ] as const) {
    const composed = await composeQuestion('x'.repeat(2000), createRaster(8, 8, 3, 200), { size });
    expect(new Set(rows(composed, size - free, size))).toEqual(new Set([200]));
    expect(rows(composed, 0, size - free)).not.toContain(200);
  }
});

it.each<[string, number, number]>([
  ['', 48, 2],
  ['is it red?', 48, 2],
  ['is it red or green or blue?', 48, 2],
  ['what is it? '.repeat(30), 48, 2],
  ['what is it? '.repeat(60), 224, 13],
])('counts what did not fit of %j at %i px', async (question, size, room) => {
  const { lines } = await renderText(question, { size: { width: size, height: 1024 } });
  const visible = lines.length > room ? lines[room - 1]!.end : question.length;
  const { characterCount, droppedCharacters } = await composeQuestion(question, picture, { size });
  expect([characterCount, droppedCharacters]).toEqual([question.length, question.length - visible]);
});

it('passes render options on', async () => {
  const composed = await composeQuestion('a', picture, {
    size: { width: 64, height: 48 },
    textBrightness: 255,
  });
  expect([composed.width, composed.height]).toEqual([64, 48]);
  expect(rows(composed, 0, 16)).toContain(255);
});

it.each([
  [{ placement: 'left' }, "composeQuestion: placement must be 'top', 'middle' or 'bottom', got left."],
  [{ mode: 'mix' }, "composeQuestion: mode must be 'strip' or 'overlay', got mix."],
  [
    { size: 31 },
    'a canvas of 31 x 31 has no room for a line of 16 px and 16 px of picture. Use a size of at least 32.',
  ],
  [{ place: 'top' }, 'render options: unknown option place. Known: size, font,'],
  [null, 'composeQuestion: expected an options object, got null.'],
])('refuses %j', async (options, message) => {
  const wrong = options as ComposeOptions; // what a JavaScript caller may pass
  await expect(composeQuestion('a', picture, wrong)).rejects.toThrow(message);
});

it.each([null, undefined, 7])('refuses %s as a picture', async (nothing) => {
  const wrong = nothing as unknown as Raster; // what a JavaScript caller may pass
  const error = await composeQuestion('q', wrong).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  expect(error).toHaveProperty(
    'message',
    `composeQuestion: expected a Raster as the picture, got ${nothing}.`,
  );
});

it('refuses a picture that is not whole', async () => {
  const half = { ...picture, data: picture.data.subarray(1) };
  await expect(composeQuestion('a', half)).rejects.toThrow(
    'composeQuestion: 50 x 40 x 3 needs 6000 bytes, got 5999.',
  );
});
