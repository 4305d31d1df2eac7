// The road of text where it is not that of pictures: the same steps, some of them with weights of their own below `txt/`.
// References: big_vision `models/proj/image_text/text_transformer.py` for CLIP*; for 1T-CLIP and weights that are not
// shared the paper's description, as big_vision has neither.

import * as tf from '@tensorflow/tfjs-core';
import { input, type layers, type Shape } from '@tensorflow/tfjs-layers';
import { ShapeError } from '../errors.ts';
import { gatherRows } from '../ops/index.ts';
import type { ResolvedClippoConfig } from './config.ts';
import type { ParameterSource } from './initial-values.ts';
import type { ResolvedText } from './text-input.ts';
import {
  chain,
  encoder,
  patchEmbedding,
  pooling,
  positionEmbedding,
  projection,
  type Road,
  through,
} from './vit.ts';
import { type Inputs, single, singleShape, VitLayer } from './vit-layer.ts';

/** The vector of each token: ids int32 [B, L] → [B, L, D]. */
class TokenEmbedding extends VitLayer<{ vocabulary: number; width: number; length: number }> {
  static readonly className = 'ClippoTokenEmbedding';

  override build(inputShape: Shape | Shape[]): void {
    this.declareWeight('embedding', [this.settings.vocabulary, this.settings.width]);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [singleShape(inputShape)[0] ?? null, this.settings.length, this.settings.width];
  }

  override call(inputs: Inputs): tf.Tensor {
    const ids = single(inputs);
    const { length } = this.settings;
    if (ids.rank !== 2 || ids.shape[1] !== length || ids.dtype !== 'int32') {
      throw new ShapeError(
        `tokens: expected int32 [B, ${length}], got ${ids.dtype} [${ids.shape.join(', ')}].`,
      );
    }
    return tf.tidy(() => gatherRows(this.weight('embedding') as tf.Tensor2D, ids as tf.Tensor2D)); // as declared, as checked
  }
}

/** Grey pixels as the patches of colour pictures have them: [B, H, W, 1] → [B, H, W, 3]. */
class GreyToColour extends VitLayer {
  static readonly className = 'ClippoGreyToColour';

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [...singleShape(inputShape).slice(0, -1), 3];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const grey = single(inputs);
      return tf.concat([grey, grey, grey], -1);
    });
  }
}

for (const layer of [TokenEmbedding, GreyToColour]) {
  tf.serialization.registerClass(layer as tf.serialization.SerializableConstructor<layers.Layer>);
}

/**
 * @param images - the road of pictures, whose steps text shares where it has none of its own
 * @param source - values of the parameters below `txt/`
 * @returns a road of tokens int32 [B, L], or of drawn text [B, H, W, 1]: grey, so that a tensor tells by itself which
 *   road it goes
 */
export function textRoad(images: Road, config: ResolvedClippoConfig, source: ParameterSource): Road {
  const { text } = config;
  return text.kind === 'tokens'
    ? tokenRoad(images, text, config, source)
    : drawnRoad(images, text, config, source);
}

function tokenRoad(
  images: Road,
  text: ResolvedText & { kind: 'tokens' },
  config: ResolvedClippoConfig,
  source: ParameterSource,
): Road {
  const { vocabulary, length } = text;
  const { width } = text.tower === 'own' ? text.shape : config;
  const shared: Road = {
    ...images,
    input: input({ shape: [length], dtype: 'int32', name: 'tokens' }),
    embed: through(new TokenEmbedding({ name: 'Embed_0', settings: { vocabulary, width, length }, source })),
    addPositions: positionEmbedding(length, source),
  };
  if (text.tower === 'shared') return shared;
  return {
    ...shared,
    encode: encoder('Encoder_0', text.shape, source),
    pool: pooling(text.pool, text.shape, source),
    head: projection(config.outputDim, source),
  };
}

function drawnRoad(
  images: Road,
  { separate }: ResolvedText & { kind: 'pixels' },
  config: ResolvedClippoConfig,
  source: ParameterSource,
): Road {
  const colour = through(new GreyToColour({ name: 'colour', settings: {} }));
  const has = (part: (typeof separate)[number]): boolean => separate.includes(part);
  return {
    ...images,
    input: input({ shape: [null, config.imageSize, 1], name: 'texts' }),
    embed: chain([colour, has('embedding') ? patchEmbedding(config, source) : images.embed]),
    pool: has('pool') ? pooling(config.pool, config, source) : images.pool,
    head: has('head') ? projection(config.outputDim, source) : images.head,
  };
}
