// Typographic attacks, published and drawn, on a model that reads nothing but words: what it takes a picture for is known.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { broken, readAttackAnnotations, readAttackFolder } from '../../src/data/index.ts';
import { type AttackItem, attackItems, type DrawnAttacks } from '../../src/eval/attack-items.ts';
import { drawAttack } from '../../src/eval/draw-attack.ts';
import { typographicAttack } from '../../src/eval/typographic.ts';
import { createRandom } from '../../src/random.ts';
import { createRaster, type Raster, resize } from '../../src/raster/index.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { generateImage } from '../support/golden.ts';
import { memoryTree } from '../support/memory-files.ts';
import { countEncoded, createTinyModel, drawn, labelled, memoryParts, WORDS } from './drawn-words.ts';

const templates = 'name-only';
const words = labelled(
  WORDS,
  WORDS.map((word, k) => [word, k] as const),
);
/** One picture is taken for its word, one for its object, one for neither; of two clean ones, one is recognised. */
const FILES = {
  'label=ant_text=bee.png': drawn('bee'),
  'label=ant_text=cat.png': drawn('ant'),
  'label=bee_text=dog.png': drawn('cat'),
  'label=cat_text=.png': drawn('cat'),
  'label=dog_text=.png': drawn('bee'),
};

let model: ClippoModel;
beforeAll(async () => {
  model = await createTinyModel();
});
afterAll(() => model.dispose());

/** What is to be encoded, without encoding it. */
async function itemsOf(attacks: DrawnAttacks, of: ClippoModel = model): Promise<AttackItem[]> {
  const { items } = await attackItems('test', attacks, of, undefined);
  return items.filter((item): item is AttackItem => !('kind' in item));
}

describe('published attacks', () => {
  expectNoLeaks();

  it('are counted by what the pictures are taken for', async () => {
    const attacks = await readAttackFolder(memoryTree(FILES));
    const result = await typographicAttack({ model, attacks, templates });
    expect(result.values).toEqual({
      cleanAccuracy: 1 / 2,
      attackedAccuracy: 1 / 3,
      attackSuccessRate: 1 / 3,
      drop: 1 / 2 - 1 / 3,
    });
    // The clean pictures are not those that are attacked: how far their difference would move is not known.
    expect(Object.keys(result.intervals)).toEqual(['cleanAccuracy', 'attackedAccuracy', 'attackSuccessRate']);
    expect([result.task, result.count, result.skipped]).toEqual(['typographic-attack', 5, {}]);
    expect(result.settings).toMatchObject({ clean: 2, attacked: 3, drawn: null, chance: 0.25, templates });
    expect(result.details).toEqual({
      perClass: [
        {
          class: 'ant',
          clean: { count: 0, accuracy: 0 },
          attacked: { count: 2, accuracy: 0.5, attackSuccessRate: 0.5 },
        },
        {
          class: 'bee',
          clean: { count: 0, accuracy: 0 },
          attacked: { count: 1, accuracy: 0, attackSuccessRate: 0 },
        },
        {
          class: 'cat',
          clean: { count: 1, accuracy: 1 },
          attacked: { count: 0, accuracy: 0, attackSuccessRate: 0 },
        },
        {
          class: 'dog',
          clean: { count: 1, accuracy: 0 },
          attacked: { count: 0, accuracy: 0, attackSuccessRate: 0 },
        },
      ],
    });
  });

  it('are shown with what they were taken for, framed where the word was believed', async () => {
    const attacks = await readAttackFolder(memoryTree(FILES));
    const { report } = await typographicAttack({ model, attacks, templates });
    const figures = [
      ...report.matchAll(/<figure class="([^"]*)"><img [^>]*><figcaption>(.*?)<\/figcaption>/g),
    ];
    expect(figures.map(([, kind, caption]) => `${kind}: ${caption!.replace(/<[^>]*>/g, ' ')}`)).toEqual([
      'wrong deceived:  bee  is ant says bee',
      'right:  ant  says cat',
      'wrong:  cat  is bee says dog',
      'right:  cat ',
      'wrong:  bee  is dog',
    ]);
    const { report: without } = await typographicAttack({ model, attacks, templates, examples: 0 });
    expect(without).not.toContain('<img');
  });

  it('are read from tables too, and may all be attacks', async () => {
    const entry = (object: string, attack: string): object => ({
      'true object': object,
      'typographic attack label': attack,
    });
    const annotations = {
      '1.png': entry('ant', 'bee'),
      '2.png': entry('bee', 'fox'),
      '3.png': entry('bee', 'ant'),
    };
    const attacks = await readAttackAnnotations(
      memoryTree({
        'annotations.json': JSON.stringify(annotations),
        'classes.json': '{"bee":0,"ant":1}',
        'images/1.png': drawn('bee'),
        'images/2.png': drawn('bee'),
        'images/3.png': drawn('bee'),
      }),
    );
    await expect(typographicAttack({ model, attacks, templates })).rejects.toThrow(
      '1 of 3 examples cannot be used: 1 × unknown text (2.png: classes.json has no "fox")',
    );
    const options = { model, attacks, templates: ['{}'], maxSkipped: 0.5 };
    const { values, skipped } = await typographicAttack(options);
    expect(values).toEqual({ attackedAccuracy: 0.5, attackSuccessRate: 0.5 });
    expect(skipped).toMatchObject({ 'unknown text': { count: 1 } });
  });

  it('have no interval where there is one picture', async () => {
    const { 'label=ant_text=cat.png': attacked, 'label=cat_text=.png': clean } = FILES;
    const files = { 'label=ant_text=cat.png': attacked, 'label=cat_text=.png': clean };
    const attacks = await readAttackFolder(memoryTree(files));
    const { values, intervals } = await typographicAttack({ model, attacks, templates });
    expect(values).toEqual({ cleanAccuracy: 1, attackedAccuracy: 1, attackSuccessRate: 0, drop: 0 });
    expect(intervals).toEqual({});
  });

  it('are not counted as withstood by a model that cannot decide', async () => {
    const undecided = await createTinyModel();
    tf.tidy(() => {
      undecided
        .parameters()
        .get('img/head/kernel')!
        .assign(tf.zerosLike(undecided.parameters().get('img/head/kernel')!));
      undecided
        .parameters()
        .get('img/head/bias')!
        .assign(tf.ones([16]));
    });
    const attacks = await readAttackFolder(memoryTree(FILES));
    const { values } = await typographicAttack({ model: undecided, attacks, templates });
    expect(values).toMatchObject({ cleanAccuracy: 0, attackedAccuracy: 0 });
    undecided.dispose();
  });

  it('are encoded once: a rerun finds the parts, and makes them anew when a label has changed', async () => {
    const counted = await createTinyModel();
    const encoded = countEncoded(counted);
    const parts = memoryParts();
    const run = async (files: object) =>
      typographicAttack({
        ...{ model: counted, parts, templates },
        attacks: await readAttackFolder(memoryTree({ ...FILES, ...files })),
      });
    const first = await run({});
    expect(encoded()).toBe(5);
    expect(await run({})).toEqual(first);
    expect(encoded()).toBe(5);
    await run({ 'label=ant_text=gnu.png': drawn('gnu') });
    expect(encoded()).toBe(11);
    counted.dispose();
  });
});

describe('drawn attacks', () => {
  expectNoLeaks();

  it('show each picture clean and with a wrong name, which this model believes', async () => {
    const result = await typographicAttack({ model, attacks: { clean: words }, templates });
    // The word on top hides the one that was there.
    expect(result.values).toEqual({ cleanAccuracy: 1, attackedAccuracy: 0, attackSuccessRate: 1, drop: 1 });
    expect(result.intervals.drop).toEqual({ low: 1, high: 1 });
    expect(result.count).toBe(WORDS.length);
    expect(result.settings).toMatchObject({
      clean: WORDS.length,
      attacked: WORDS.length,
      drawn: { seed: 0, words: WORDS.length, placement: 'top', mode: 'strip' },
    });
    expect(result.report.match(/<figure class="wrong deceived"><img/g)).toHaveLength(WORDS.length);
    expect(result.report.match(/<figure class="right"><img/g)).toHaveLength(WORDS.length);
  });

  it('have an interval for the drop of each picture', async () => {
    const things = WORDS.map((word, k) => [word, k < 4 ? k : (k + 1) % 8] as const); // half are mislabelled
    const attacks = { clean: labelled(WORDS, things) };
    const { values, intervals } = await typographicAttack({ model, attacks, templates });
    expect(values.cleanAccuracy).toBe(0.5);
    expect(values.drop).toBe(0.5 - values.attackedAccuracy!);
    expect(intervals.drop!.low).toBeLessThan(values.drop!);
    expect(intervals.drop!.high).toBeGreaterThan(values.drop!);
  });

  it('are drawn at the size of the model, in its font, at a place that the seed decides', async () => {
    const render = { wrap: 'word', lowercase: false, backgroundBrightness: 200 } as const;
    const own = await ClippoModel.create({ variant: 'mu/16', imageSize: 64, embeddingDim: 8 }, { render });
    const photo = generateImage(4, 90);
    const clean = {
      name: 'photos',
      classes: ['Ant, Formica', 'Bee'],
      async *references() {
        yield { key: 'a', label: 0, load: async () => photo };
      },
    };
    const [item] = await itemsOf({ clean, seed: 7, placement: 'random', textBrightness: 30 }, own);
    const pictures = (await item!.load()) as readonly Raster[];
    expect(item!.written).toEqual([null, 1]);
    expect(pictures[0]).toEqual(resize(photo, 64));
    const random = createRandom(7, 'place of a');
    const drawing = { lowercase: false, backgroundBrightness: 200, textBrightness: 30 };
    expect(pictures[1]).toEqual(
      await drawAttack(resize(photo, 64), 'Bee', { ...drawing, placement: 'random', random }),
    );
    expect(await item!.load(), 'loaded again').toEqual(pictures);
    own.dispose();
  });

  it('never write the right name, take the others alike, and do so in any company', async () => {
    const things = Array.from({ length: 800 }, (_, i) => ['ant', i % 8] as const);
    const items = await itemsOf({ clean: labelled(WORDS, things) });
    const counts = new Array<number>(8).fill(0);
    for (const { label, written } of items) {
      expect(written[1]).not.toBe(label);
      counts[written[1]!]!++;
    }
    // 100 each; the standard deviation is 9
    for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(40);
    const some = labelled(WORDS, things.slice(0, 50));
    const writtenOf = (list: readonly AttackItem[]) => list.map(({ written }) => written[1]);
    expect(writtenOf(await itemsOf({ clean: some }))).toEqual(writtenOf(items).slice(0, 50));
    expect(writtenOf(await itemsOf({ clean: some, seed: 1 }))).not.toEqual(writtenOf(items).slice(0, 50));
  });

  it('write no name that is cut off, has gaps, or belongs to two classes', async () => {
    const classes = ['ant', 'bee', 'rhinoceros', 'dog, spitz', 'Dog, pug', '\u{10fffe}', 'fox'];
    const items = await itemsOf({
      clean: labelled(
        classes,
        Array.from({ length: 70 }, (_, i) => ['ant', i % 7] as const),
      ),
    });
    expect([...new Set(items.map(({ written }) => written[1]))].sort()).toEqual([0, 1, 6]);
    const clean = labelled(['ant', 'rhinoceros', 'hippopotamus'], [['ant', 0]]);
    await expect(itemsOf({ clean })).rejects.toThrow(
      'test: attacks: 1 of 3 class names can be written whole on pictures of 32 px and belong to one class only, expected at least 2. "rhinoceros" cannot.',
    );
  });

  it('go on where they were', async () => {
    const counted = await createTinyModel();
    const encoded = countEncoded(counted);
    const options = { model: counted, parts: memoryParts(), templates } as const;
    const first = await typographicAttack({ ...options, attacks: { clean: words } });
    expect(encoded()).toBe(2 * WORDS.length);
    expect(await typographicAttack({ ...options, attacks: { clean: words } })).toEqual(first);
    expect(encoded()).toBe(2 * WORDS.length);
    await typographicAttack({ ...options, attacks: { clean: words, mode: 'overlay' } });
    expect(encoded()).toBe(4 * WORDS.length);
    counted.dispose();
  });

  it('skip what is no picture, by cause', async () => {
    const clean = {
      ...words,
      async *references() {
        yield* words.references();
        yield { key: 'text', label: 0, load: async () => 'an ant' };
        yield { key: 'noise', label: 0, load: async () => Uint8Array.of(1, 2, 3) };
        yield { key: '0-ant', label: 0, load: async () => createRaster(32, 32) };
        yield broken('gone', 'no image', 'is not there');
      },
    };
    const { skipped, count } = await typographicAttack({
      ...{ model, templates, maxSkipped: 0.5 },
      attacks: { clean },
    });
    expect(count).toBe(8);
    expect(skipped).toMatchObject({
      'no image': { count: 2 },
      'bad image': { count: 1, first: expect.stringContaining('noise') },
      duplicate: { count: 1, first: '0-ant: was there before' },
    });
  });

  it('end when they are aborted', async () => {
    const attacks = { clean: words };
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(typographicAttack({ model, attacks, templates, signal })).rejects.toThrow('enough');
    const controller = new AbortController();
    let loaded = 0;
    const clean = {
      ...words,
      async *references() {
        for await (const reference of words.references()) {
          if ('kind' in reference) continue;
          const load = async () => {
            if (++loaded === 3) controller.abort(new Error('enough'));
            return reference.load();
          };
          yield { ...reference, load };
        }
      },
    };
    await expect(
      typographicAttack({ model, attacks: { clean }, templates, signal: controller.signal }),
    ).rejects.toThrow('enough');
  });
});

describe('typographicAttack', () => {
  expectNoLeaks();

  it.each<[object, string]>([
    [
      { attacks: undefined },
      'attacks: expected pictures with words, as readAttackFolder() gives, or { clean }',
    ],
    [{ attacks: 'rta100' }, 'or { clean } with pictures to draw words on, got "rta100".'],
    [
      { attacks: words },
      'none of 8 pictures has a word on it. To have words drawn on clean pictures, give { clean:',
    ],
    [{ attacks: { clean: 'photos' } }, 'attacks.clean: source: expected labelled things'],
    [{ attacks: { clean: words, seed: 0.5 } }, 'attacks.seed: expected an integer, got 0.5.'],
    [
      { attacks: { clean: words, placement: 'left' } },
      "placement: expected 'top', 'middle', 'bottom' or 'random'",
    ],
    [{ attacks: { clean: words, random: 1 } }, 'typographicAttack: attacks: unknown option random.'],
    [{ attacks: { clean: words, scale: 3 } }, 'has no room for a line of 48 px'],
    [{ attacks: { clean: labelled(['ant', 'ant'], []) } }, '0 of 2 class names can be written whole'],
    [{ attacks: { clean: labelled(WORDS, []) } }, 'the data has no example'],
    [
      {
        attacks: {
          clean: labelled(WORDS, [
            ['ant', 8],
            ['bee', 1],
          ]),
        },
      },
      'label 0: expected a class from 0 to 7, got 8',
    ],
    [{ aliases: 'last' }, "aliases: expected 'first' or 'whole'"],
    [{ templates: [] }, 'templates'],
    [{ source: words }, 'unknown option source'],
    [{ model: {} }, 'model: expected a ClippoModel'],
  ])('refuses what cannot be meant %#', async (wrong, message) => {
    const options = { model, attacks: { clean: words }, templates, ...wrong } as never;
    await expect(typographicAttack(options)).rejects.toThrow(message);
  });
});
