// A configuration → path and shape of every parameter, without allocating any. Names and shapes follow big_vision:
// `models/vit.py` below `img/`, `models/proj/image_text/text_transformer.py` below `txt/`.

import { sizeOf } from '../shape.ts';
import { type ClippoConfig, type ResolvedVitConfig, resolveClippoConfig } from './config.ts';
import type { ResolvedText } from './text-input.ts';
import type { VitShape } from './vit-shape.ts';

/** Path → shape, gathered part by part. */
interface ShapeList {
  readonly shapes: Map<string, readonly number[]>;
  dense(path: string, inputs: number, outputs: number): void;
  patches(config: ResolvedVitConfig): void;
  /** `encoderblock_0` … and `encoder_norm` below `path`. */
  encoder(path: string, shape: VitShape): void;
  mapHead(shape: VitShape): void;
}

function createShapeList(): ShapeList {
  const shapes = new Map<string, readonly number[]>();
  const layerNorm = (path: string, D: number): void => {
    shapes.set(`${path}/scale`, [D]).set(`${path}/bias`, [D]);
  };
  const dense = (path: string, inputs: number, outputs: number): void => {
    shapes.set(`${path}/kernel`, [inputs, outputs]).set(`${path}/bias`, [outputs]);
  };
  const attention = (path: string, { width: D, numHeads: A }: VitShape): void => {
    for (const name of ['query', 'key', 'value']) {
      shapes.set(`${path}/${name}/kernel`, [D, A, D / A]).set(`${path}/${name}/bias`, [A, D / A]);
    }
    shapes.set(`${path}/out/kernel`, [A, D / A, D]).set(`${path}/out/bias`, [D]);
  };
  const mlp = (path: string, { width: D, mlpDim: M }: VitShape): void => {
    dense(`${path}/Dense_0`, D, M);
    dense(`${path}/Dense_1`, M, D);
  };
  return {
    shapes,
    dense,
    patches({ width: D, patchSize: P }) {
      shapes.set('embedding/kernel', [P, P, 3, D]).set('embedding/bias', [D]);
    },
    encoder(path, shape) {
      for (let i = 0; i < shape.depth; i++) {
        const block = `${path}/encoderblock_${i}`;
        layerNorm(`${block}/LayerNorm_0`, shape.width);
        attention(`${block}/MultiHeadDotProductAttention_0`, shape);
        layerNorm(`${block}/LayerNorm_1`, shape.width);
        mlp(`${block}/MlpBlock_0`, shape);
      }
      layerNorm(`${path}/encoder_norm`, shape.width);
    },
    mapHead(shape) {
      shapes.set('MAPHead_0/probe', [1, 1, shape.width]);
      attention('MAPHead_0/MultiHeadDotProductAttention_0', shape);
      layerNorm('MAPHead_0/LayerNorm_0', shape.width);
      mlp('MAPHead_0/MlpBlock_0', shape);
    },
  };
}

/** Path → shape of every parameter of a ViT, without the `img/` of CLIPPO. */
export function vitParameterShapes(config: ResolvedVitConfig): Map<string, readonly number[]> {
  const { width: D, patchSize, imageSize, pool, outputDim } = config;
  const list = createShapeList();
  list.patches(config);
  list.shapes.set('pos_embedding', [1, (imageSize / patchSize) ** 2, D]);
  if (pool === 'tok') list.shapes.set('cls', [1, 1, D]);
  list.encoder('Transformer', config);
  if (pool === 'map') list.mapHead(config);
  if (outputDim > 0) list.dense('head', D, outputDim);
  return list.shapes;
}

/** Path → shape of what text does not share with pictures, without the `txt/`; nothing for CLIPPO. */
function textParameterShapes(text: ResolvedText, config: ResolvedVitConfig): Map<string, readonly number[]> {
  const list = createShapeList();
  if (text.kind === 'pixels') {
    if (text.separate.includes('embedding')) list.patches(config);
    if (text.separate.includes('pool')) list.mapHead(config);
    if (text.separate.includes('head')) list.dense('head', config.width, config.outputDim);
    return list.shapes;
  }
  const { width: D } = text.tower === 'own' ? text.shape : config;
  list.shapes.set('Embed_0/embedding', [text.vocabulary, D]).set('pos_embedding', [1, text.length, D]);
  if (text.tower === 'shared') return list.shapes;
  list.encoder('Encoder_0', text.shape);
  if (text.pool === 'map') list.mapHead(text.shape);
  list.dense('head', D, config.outputDim);
  return list.shapes;
}

/**
 * Path → shape of every parameter of a model, as a published checkpoint names them: `img/…` and `t`, and `txt/…` for
 * what text has of its own.
 *
 * @example parameterShapes({ variant: 'B/16' }).get('img/head/kernel') // [768, 768]
 */
export function parameterShapes(config: ClippoConfig): Map<string, readonly number[]> {
  const resolved = resolveClippoConfig(config);
  const shapes = new Map<string, readonly number[]>();
  for (const [path, shape] of vitParameterShapes(resolved)) shapes.set(`img/${path}`, shape);
  for (const [path, shape] of textParameterShapes(resolved.text, resolved)) shapes.set(`txt/${path}`, shape);
  return shapes.set('t', [1]);
}

/**
 * How many parameters a model has, without allocating any.
 *
 * @example countParameters({ variant: 'B/16' }) // 93474817
 */
export function countParameters(config: ClippoConfig): number {
  let count = 0;
  for (const shape of parameterShapes(config).values()) count += sizeOf(shape);
  return count;
}
