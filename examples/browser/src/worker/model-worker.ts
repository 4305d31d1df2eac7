// The worker that holds the model: what the page asks of it, job by job. Everything slow happens here, so that the page never waits.

import '@tensorflow/tfjs-layers'; // what the network is made of
import { type Embeddings, topK } from 'clippo-ts';
import type { ModelInfo, ModelJobs, NearWord } from '../protocol.ts';
import { type Canvas, canvasOf, drawLines, drawText, SHIPPED_CANVAS } from './draw-text.ts';
import { mapOf, placeOnMap } from './embedding-map.ts';
import { currentPicture, pictureFor, readPicture } from './picture.ts';
import { serveJobs } from './serve-jobs.ts';
import {
  asking,
  candidateList,
  current,
  loaded,
  loadOwn,
  loadShipped,
  SHIPPED_NAME,
  useEngine,
} from './session.ts';
import { wordsOf } from './words.ts';

serveJobs<ModelJobs>({
  draw: async ({ text }) => drawText(text, await currentCanvas()),
  drawLines: ({ texts }) => drawLines(texts),
  load: ({ places, engine }, context) => loadShipped(places, engine, context),
  loadShipped: (_, context) => loadShipped(current().places, current().info.engine, context),
  loadOwn: ({ file, name }, context) => loadOwn(file, name, context),
  useEngine: ({ engine }) => useEngine(engine),
  candidates: () => candidateList(),

  search: ({ text, count }) =>
    asking(async (model, { candidates }) => {
      const started = performance.now();
      const embedded = await model.encodeText([text]);
      const encoded = performance.now();
      const hits = topK(embedded.row(0), candidates, count);
      return { hits, encodeMs: encoded - started, searchMs: performance.now() - encoded };
    }),

  readPicture: ({ picture, name }) => readPicture(picture, name),

  classify: ({ labels }, { signal }) =>
    asking(async (model) => (await model.classify([pictureFor(model)], labels, { signal }))[0]!),

  nearestWords: ({ languages }, { signal }) =>
    asking(async (model, { places, info }) => {
      if (info.name !== SHIPPED_NAME) throw new Error(`Words are kept for ${SHIPPED_NAME} only.`);
      const row = (await model.encodeImages([pictureFor(model)], { signal })).row(0);
      const near = async (language: string): Promise<NearWord> => {
        const { vectors, words } = await wordsOf(places.data, language);
        const [best] = topK(row, vectors, 1);
        return { language, word: words[best!.index]!, score: best!.score };
      };
      return Promise.all(languages.map(near));
    }),

  attend: ({ subject, text, method }, { signal }) =>
    asking(async (model) => {
      const { explain } = await import('clippo-ts/eval');
      const [input, other] =
        subject === 'text' ? [text, currentPictureOr(method)] : [pictureFor(model), text];
      const against =
        method === 'occlusion' && other !== undefined
          ? { against: other, window: 16, stride: 8, batchSize: 64 }
          : {};
      const { overlay, letters, cosine } = await explain(model, input, { method, signal, ...against });
      return {
        overlay,
        raster: await model.toRaster(input),
        ...(letters === undefined ? {} : { letters }),
        ...(cosine === undefined ? {} : { cosine }),
      };
    }),

  map: async () => mapOf(current().candidates, await namesOfCandidates()),
  place: ({ text }) => asking(async (model) => placeOnMap((await model.encodeText([text])).row(0))),
});

let canvas: { readonly of: ModelInfo; readonly value: Canvas } | undefined;

/** The same object for the same model, so that its renderer is kept. */
async function currentCanvas(): Promise<Canvas> {
  const session = loaded();
  if (session === undefined) return SHIPPED_CANVAS;
  const { held, info } = session;
  if (canvas?.of !== info) canvas = { of: info, value: await held.run(async (model) => canvasOf(model)) };
  return canvas.value;
}

/** Attention needs nothing to compare with. */
const currentPictureOr = (method: 'attention' | 'occlusion') =>
  method === 'attention' ? undefined : currentPicture();

/** The English names of all candidates: kept for the shipped model, read by any other. */
async function namesOfCandidates(): Promise<Embeddings> {
  const { places, info } = current();
  if (info.name === SHIPPED_NAME) return (await wordsOf(places.data, 'en')).vectors;
  const names = candidateList().map(({ name }) => name);
  return asking((model) => model.encodeText(names));
}
