// Things of one's own, with labels or captions: what becomes their picture and their target.

import { describe, expect, it } from 'vitest';
import { encodePng } from '../../src/node/index.ts';
import { createRaster, resize } from '../../src/raster/index.ts';
import { renderText } from '../../src/render/index.ts';
import { captions, classification } from '../../src/tasks/index.ts';

const picture = { ...createRaster(20, 10, 3, 60) };

describe('classification', () => {
  const task = classification({ labels: ['ham', 'spam'], size: 32 });

  it('draws texts and pairs, resizes pixels and encoded pictures', async () => {
    const data = async (input: Parameters<typeof task.raster>[0]['input']): Promise<Uint8Array> =>
      (await task.raster({ input })).data;
    expect(await data('abc')).toEqual((await renderText('abc', { size: 32 })).data);
    expect(await data(['a', 'b'])).toEqual((await renderText('a [SEP] b', { size: 32 })).data);
    expect(await data(picture)).toEqual(resize(picture, 32).data);
    expect(await data(encodePng(picture))).toEqual(resize(picture, 32).data);
  });

  it('knows labels by name and by index, or not at all', () => {
    const target = (label?: string | number) =>
      task.target({ input: '', ...(label !== undefined && { label }) });
    expect([target('spam'), target(0), target()]).toEqual([1, 0, undefined]);
    const expected = 'classification: label: expected one of ham, spam, or an index from 0 to 1, got';
    expect(() => target('eggs')).toThrow(`${expected} "eggs".`);
    expect(() => target(2)).toThrow(`${expected} 2.`);
    expect(task).toMatchObject({
      name: 'classification',
      targets: { kind: 'classes', labels: ['ham', 'spam'] },
    });
  });

  it('says what is wrong with a picture or a list of labels', async () => {
    await expect(task.raster({ input: new Uint8Array(3) })).rejects.toThrow('classification: bad image');
    expect(() => classification({ labels: ['one'] })).toThrow('labels: expected two names or more, got 1.');
    expect(() => classification({ labels: ['a', 'b', 'a'] })).toThrow('labels: "a" is there twice.');
    expect(() => classification({ labels: 'ab' as unknown as string[] })).toThrow(
      'expected two names or more, got "ab"',
    );
  });
});

describe('captions', () => {
  it('gives the picture and the drawn caption', async () => {
    const task = captions({ size: 32 });
    const record = {
      ...({ kind: 'image-text', key: 'k' } as const),
      images: [encodePng(picture), new Uint8Array(2)],
      captions: ['a cat', 'another'],
    };
    expect((await task.raster(record)).data).toEqual(resize(picture, 32).data);
    expect((await task.target(record)).data).toEqual((await renderText('a cat', { size: 32 })).data);
    await expect(task.raster({ ...record, images: [new Uint8Array(2)] })).rejects.toThrow(
      'captions: k: bad image',
    );
    expect(() => captions({ size: 0 })).toThrow('size must be an integer');
  });
});
