// Files that visitors bring to the demo page, good and bad, made here. Each as playwright's setInputFiles takes it.

import { deflateSync } from 'node:zlib';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadCandidates } from '../../examples/browser/build/candidates.ts';
import { crc32 } from '../../src/checkpoint/crc32.ts';
import { writeNpz, writeSafetensors } from '../../src/checkpoint/index.ts';
import { ClippoModel } from '../../src/clippo-model.ts';
import { encodePng, readImage } from '../../src/node/index.ts';

export interface Upload {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

const upload = (name: string, mimeType: string, bytes: Uint8Array | string): Upload => ({
  name,
  mimeType,
  buffer: Buffer.from(bytes as Uint8Array), // a string will do as well
});

/** An emoji that the page searches, as a PNG of 200 px. */
export async function emojiPicture(name: string): Promise<Upload> {
  const { svg } = loadCandidates(200).find((candidate) => candidate.name === name)!;
  const raster = await readImage(new TextEncoder().encode(svg));
  return upload(`${name}.png`, 'image/png', encodePng(raster));
}

/** A whole PNG of 10 000 × 10 000 pixels, one bit each: small as a file, 400 MB when decoded. */
export function hugePicture(): Upload {
  const side = 10_000;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, side);
  view.setUint32(4, side);
  header[8] = 1; // bits, grey
  const rows = deflateSync(new Uint8Array((1 + side / 8) * side), { level: 9 });
  const chunks = [chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', new Uint8Array())];
  return upload(
    'huge.png',
    'image/png',
    Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]),
  );
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

export const brokenPicture = (): Upload =>
  upload('broken.png', 'image/png', Buffer.from('\x89PNG\r\n\x1a\nand then nothing of the kind', 'latin1'));

/** An SVG that would say so if a part of it ran, and that asks for a file of another host. */
export const scriptedSvg = (name: string, embedded = ''): Upload =>
  upload(
    name,
    'image/svg+xml',
    `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" onload="parent.hacked = 1">
      <script>window.hacked = 1; top.hacked = 1; document.title = 'hacked';</script>
      <image href="http://127.0.0.1:1/spy.png" width="1" height="1" onerror="top.hacked = 1"/>
      ${embedded}
      <circle cx="32" cy="32" r="30" fill="#f6c915" onclick="top.hacked = 1"/>
    </svg>`,
  );

/** A part of a web page, for an SVG. */
export const WEB_PART =
  '<foreignObject width="9" height="9"><iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:top.hacked=1"/></foreignObject>';

/** What is no model, and what the page has to say of it. */
export const wrongModels = (): { file: Upload; says: RegExp }[] => [
  {
    file: upload('notes.txt', 'text/plain', 'Dear diary, today I trained nothing.'),
    says: /expected an npz or a safetensors file, got 36 bytes beginning with "Dear diary/,
  },
  { file: upload('empty.npz', 'application/zip', ''), says: /the file is empty/ },
  {
    file: upload(
      'other.npz',
      'application/zip',
      writeNpz({ weights: { shape: [2], data: Float32Array.of(1, 2) } }),
    ),
    says: /not a CLIPPO checkpoint: it has no img/,
  },
  {
    file: upload(
      'half.safetensors',
      'application/octet-stream',
      writeSafetensors({ a: { shape: [64], data: new Float32Array(64) } }).subarray(0, 150),
    ),
    says: /safetensors: its arrays need 256 bytes, 78 follow/,
  },
];

/** A CLIPPO with weights that nobody has trained: a whole file, quickly read. */
export async function ownModel(): Promise<Upload> {
  await tf.setBackend('cpu');
  const model = await ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 16 }, { seed: 3 });
  const chunks: Uint8Array[] = [];
  await model.save(new WritableStream({ write: (part: Uint8Array) => void chunks.push(part.slice()) }));
  model.dispose();
  return upload('mine.npz', 'application/zip', Buffer.concat(chunks));
}
