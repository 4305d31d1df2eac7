// A record of GLUE → one picture of its sentence or sentences, and its label. What is special about a task is in the
// table; here they are all alike.

import { createTextDrawer, type DrawTextsOptions } from './draw-texts.ts';
import type { GlueRecord } from './glue-reader.ts';
import { type GlueTask, glueFacts } from './glue-table.ts';
import type { TextTask } from './text-overflow.ts';

/**
 * @param name - as on Hugging Face
 * @param options - `size` in px (default 224), every other render option, and how pairs are drawn
 * @throws ConfigError
 * @example
 * const task = glue('rte', { size: model.config.imageSize });
 * const picture = await task.raster(record);
 */
export function glue(name: GlueTask, options: DrawTextsOptions = {}): TextTask<GlueRecord> {
  const { targets } = glueFacts('glue', name);
  const draw = createTextDrawer('glue', options);
  return {
    name,
    targets,
    draw: ({ texts }) => draw(texts),
    raster: async ({ texts }) => (await draw(texts)).raster,
    target: ({ label }) => label,
  };
}
