// A trained model → its figures: finding pictures by words and words by pictures, what is in the vectors of texts, how it
// takes writing on pictures, and how far its pictures lie from its texts. Everything is a share from 0 to 1 but `gap`.

import { ClippoModel, createRandom } from 'clippo-ts';
import { accuracy, drawAttack, modalityGap, recallAtK, ridgeFewShot, spearman } from 'clippo-ts/eval';
import { nodeRuntime } from 'clippo-ts/node';
import { STYLES, UNSEEN_STYLE } from '../emoji/corpus.mjs';

export async function measureRun(file, corpus) {
  const model = await ClippoModel.load(file);
  await model.compile(nodeRuntime());
  try {
    const words = await wordFigures(model, corpus);
    const found = await pictureFigures(model, corpus);
    const parameters = [...model.parameters().values()].reduce((sum, { size }) => sum + size, 0);
    return { parameters, ...found, ...words, language: mean([words.sts, words.languageId, words.category]) };
  } finally {
    model.dispose();
  }
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const names = ({ words }, codes, language) => codes.map((code) => words.get(language).get(code).name);

async function pictureFigures(model, corpus) {
  const { art, codes, languages, words } = corpus;
  const trained = art.get(STYLES[0]);
  const seen = codes.filter((code) => trained.has(code));
  const pictures = await model.encodeImages(seen.map((code) => trained.get(code)));
  const own = Int32Array.from(seen, (_, i) => i);
  const english = await model.encodeText(names(corpus, seen, 'en'));
  const both = recallAtK(pictures, english, own, [1, 5]);
  const perLanguage = {};
  for (const language of languages) {
    const named = seen.flatMap((code, i) => (words.get(language).has(code) ? [i] : []));
    const texts = await model.encodeText(
      names(
        corpus,
        named.map((i) => seen[i]),
        language,
      ),
    );
    const { imageToText, textToImage } = recallAtK(pictures, texts, Int32Array.from(named), [5]);
    perLanguage[language] = (imageToText[5] + textToImage[5]) / 2;
  }
  const unseenStyle = art.get(UNSEEN_STYLE);
  const shown = codes.filter((code) => unseenStyle.has(code));
  const unseen = shown.map((code) => unseenStyle.get(code));
  const labels = await model.encodeText(names(corpus, shown, 'en'));
  const rows = await model.encodeImages(unseen);
  const zeroShot = recallAtK(
    rows,
    labels,
    Int32Array.from(shown, (_, i) => i),
    [1],
  ).imageToText[1];
  const gap = modalityGap(pictures, english);
  return {
    zeroShot,
    tenShot: await tenShot(model, corpus, shown, unseen),
    ...{ imageToText: both.imageToText[1], textToImage: both.textToImage[1], perLanguage },
    ...{ gap: gap.distance, scatter: scatterOf(gap) },
    ...(await attackFigures(model, names(corpus, shown, 'en'), unseen, labels)),
  };
}

/** Few points will do for a figure. */
function scatterOf({ distance, pca }) {
  const some = (points) => Array.from(points.slice(0, 1000), (value) => Number(value.toFixed(4)));
  return { distance, explained: [...pca.explained], a: some(pca.a), b: some(pca.b) };
}

/** Group of an emoji in a style never seen, from ten pictures a group in the styles that were. */
async function tenShot(model, { art, groups, codes }, shown, unseen) {
  const kinds = [...new Set(codes.map((code) => groups.get(code)).filter(Boolean))].sort();
  const style = art.get(STYLES[0]);
  const taken = kinds.flatMap((kind) =>
    codes.filter((code) => groups.get(code) === kind && style.has(code)).slice(0, 10),
  );
  const isTaken = new Set(taken);
  const asked = shown.flatMap((code, i) => (groups.has(code) && !isTaken.has(code) ? [i] : []));
  const layer = { layer: 'pre_logits', normalize: false };
  const train = await model.encodeImages(
    taken.map((code) => style.get(code)),
    layer,
  );
  const test = await model.encodeImages(
    asked.map((i) => unseen[i]),
    layer,
  );
  const kindOf = (code) => kinds.indexOf(groups.get(code));
  return classified(
    train,
    taken.map(kindOf),
    test,
    asked.map((i) => kindOf(shown[i])),
    kinds.length,
  );
}

function classified(train, labels, test, targets, classes) {
  const indices = labels.map((_, i) => i);
  const { predictions } = ridgeFewShot(train, labels, test, { indices, classes });
  return accuracy(predictions, Int32Array.from(targets));
}

/** A wrong name, drawn on a strip at the top, and over the middle of each picture. */
async function attackFigures(model, words, pictures, labels) {
  const random = createRandom(1, 'attacks');
  const victims = [...random.permutation(words.length)].slice(0, 200);
  const wrong = victims.map((i) => (i + 1 + random.integer(words.length - 1)) % words.length);
  const figures = {};
  for (const [mode, placement] of [
    ['strip', 'top'],
    ['overlay', 'middle'],
  ]) {
    const attacked = [];
    for (const [k, i] of victims.entries()) {
      attacked.push(await drawAttack(pictures[i], words[wrong[k]], { mode, placement, scale: 1 }));
    }
    const taken = nearest(await model.encodeImages(attacked), labels);
    const share = (of) => taken.filter((label, k) => label === of[k]).length / victims.length;
    figures[mode] = { right: share(victims), misled: share(wrong) };
  }
  return {
    ...{ attackedStrip: figures.strip.right, misledStrip: figures.strip.misled },
    ...{ attackedOverlay: figures.overlay.right, misledOverlay: figures.overlay.misled },
    attackSuccess: (figures.strip.misled + figures.overlay.misled) / 2,
  };
}

function nearest(rows, labels) {
  return Array.from({ length: rows.count }, (_, i) => {
    const row = rows.row(i);
    let best = -Infinity;
    let found = -1;
    for (let k = 0; k < labels.count; k++) {
      const label = labels.row(k);
      let cosine = 0;
      for (let d = 0; d < row.length; d++) cosine += row[d] * label[d];
      if (cosine > best) [best, found] = [cosine, k];
    }
    return found;
  });
}

/** What can be told from a text alone: whether two are of one thing, its language, its group. */
async function wordFigures(model, corpus) {
  const { codes, words, groups, languages } = corpus;
  const random = createRandom(1, 'words');
  const keyworded = codes.filter((code) => words.get('en').get(code).keywords.length > 0);
  const keywordOf = (code) => words.get('en').get(code).keywords[0];
  const others = [...random.permutation(keyworded.length)];
  const firsts = await model.encodeText(keyworded.map((code) => words.get('en').get(code).name));
  const seconds = await model.encodeText(keyworded.map(keywordOf));
  const cosine = (i, k) => firsts.row(i).reduce((sum, value, d) => sum + value * seconds.row(k)[d], 0);
  const scores = keyworded.flatMap((_, i) => [cosine(i, i), cosine(i, others[i])]);
  const gold = keyworded.flatMap((code, i) => [
    1,
    keywordOf(code) === keywordOf(keyworded[others[i]]) ? 1 : 0,
  ]);

  const layer = { layer: 'pre_logits', normalize: false };
  /** Half of the examples teach a linear head, the other half is asked. */
  const halves = async (examples, classes) => {
    const order = [...random.permutation(examples.length)].slice(0, 3000).map((i) => examples[i]);
    const middle = Math.floor(order.length / 2);
    const [train, test] = [order.slice(0, middle), order.slice(middle)];
    const rows = (of) =>
      model.encodeText(
        of.map(([text]) => text),
        layer,
      );
    const labels = (of) => of.map(([, label]) => label);
    return classified(await rows(train), labels(train), await rows(test), labels(test), classes);
  };
  const spoken = languages.flatMap((language, k) => {
    return codes.flatMap((code) =>
      words.get(language).has(code) ? [[words.get(language).get(code).name, k]] : [],
    );
  });
  const kinds = [...new Set(groups.values())].sort();
  const grouped = codes
    .filter((code) => groups.has(code))
    .map((code) => [words.get('en').get(code).name, kinds.indexOf(groups.get(code))]);
  return {
    sts: spearman(scores, gold),
    languageId: await halves(spoken, languages.length),
    category: await halves(grouped, kinds.length),
  };
}
