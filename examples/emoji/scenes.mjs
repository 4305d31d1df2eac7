// Scenes of emoji with questions about them, in the layout of VQA v2: how many, what is on the left, is there a, which colour …

import { createRandom, createRaster, pasteRaster } from 'clippo-ts';
import { readImage } from 'clippo-ts/node';
import { loadArt } from './corpus.mjs';

const THINGS = {
  ...{
    cat: '1f431',
    dog: '1f436',
    apple: '1f34e',
    car: '1f697',
    tree: '1f333',
    star: '2b50',
    house: '1f3e0',
  },
};
/** Hearts are what has a colour to be asked for; those of one scene have the same. */
const HEARTS = { red: '2764', yellow: '1f49b', green: '1f49a', blue: '1f499' };
const COLOURS = Object.keys(HEARTS);
const OTHERS = Object.keys(THINGS);
const NAMES = [...OTHERS, 'heart'];
const SLOT = 32; // px

/** All that is ever answered. */
export const ANSWERS = ['1', '2', '3', 'yes', 'no', ...COLOURS, ...NAMES];

/**
 * One to three emoji in a row on a picture of `size` px, and a question.
 *
 * @param first - the id of the first question; scenes of other ids are other scenes
 */
export async function composeScenes(first, count, size) {
  const art = loadArt('noto', SLOT - 2);
  const icons = new Map();
  for (const [name, code] of Object.entries({ ...THINGS, ...HEARTS })) {
    icons.set(name, await readImage(new TextEncoder().encode(art.get(code))));
  }
  const random = createRandom(1, `scenes from ${first}`);
  const pick = (list) => list[random.integer(list.length)];
  return Array.from({ length: count }, (_, i) => {
    const aThing = () => (random.next() < 0.3 ? 'heart' : pick(OTHERS));
    const shown = Array.from({ length: 1 + random.integer(3) }, aThing);
    const colour = pick(COLOURS);
    const picture = createRaster(size, size, 3, 255);
    const left = random.integer(size - SLOT * shown.length + 1);
    for (const [k, name] of shown.entries()) {
      pasteRaster(
        picture,
        icons.get(name === 'heart' ? colour : name),
        left + SLOT * k,
        random.integer(size - SLOT),
      );
    }
    const thing = random.next() < 0.5 ? pick(shown) : pick(NAMES);
    const { question, kind, type, answer } = pick([
      { question: 'how many?', kind: 'how many', type: 'number', answer: String(shown.length) },
      { question: 'what is left?', kind: 'what is', type: 'other', answer: shown[0] },
      {
        ...{ question: `is there a ${thing}?`, kind: 'is there', type: 'yes/no' },
        answer: shown.includes(thing) ? 'yes' : 'no',
      },
      ...(shown.includes('heart')
        ? [{ question: 'colour of heart?', kind: 'which colour', type: 'other', answer: colour }]
        : []),
    ]);
    const id = first + i;
    const annotation = {
      ...{ question_id: id, image_id: id, question_type: kind, answer_type: type },
      answers: Array.from({ length: 10 }, () => ({ answer })), // ten people who agree
    };
    return { key: String(id), question, annotation, picture };
  });
}
