// What engines are compared on: texts in several scripts and of one to many lines, and pictures that are smooth, busy
// and plain. Made here, by seed, so that every machine compares the same.

import { createRandom } from '../random.ts';
import type { Raster } from '../raster/index.ts';

const TEXTS = [
  'a cat',
  'rainbow',
  'Schlüssel',
  'две красные машины',
  '木の上の猫',
  'قوس قزح',
  'a photo of two dogs on a sofa, one of them asleep',
  'A long text fills several lines: the rows that it takes are more, and so are the patches that go through the network, up to the whole picture.',
];

/** @param size - side of the pictures, px */
export function parityInputs(size: number): (string | Raster)[] {
  const random = createRandom(7);
  const picture = (value: (row: number, column: number, channel: number) => number): Raster => {
    const data = new Uint8Array(size * size * 3);
    for (let i = 0; i < data.length; i++) {
      const [pixel, channel] = [Math.floor(i / 3), i % 3];
      data[i] = value(Math.floor(pixel / size), pixel % size, channel);
    }
    return { width: size, height: size, channels: 3, data };
  };
  return [
    ...TEXTS,
    picture((row, column, channel) => (255 * [row, column, size - row][channel]!) / size),
    picture(() => random.integer(256)),
    picture((row, column) => (((row >> 3) + (column >> 3)) % 2 === 0 ? 230 : 40)),
    picture(() => 127),
  ];
}
