// The door of render/: text → Raster. Needs neither tfjs nor node.

export {
  type ComposedQuestion,
  type ComposeOptions,
  composeQuestion,
  resolveComposeOptions,
} from './compose.ts';
export { fallbackFonts, type Glyph, type GlyphSource } from './glyph.ts';
export { type OutlineFontOptions, parseOutlineFont } from './outline.ts';
export { type RenderOptions, resolveRenderOptions } from './render-options.ts';
export { createRenderer, type RenderedText, type Renderer, renderText, type TextLine } from './renderer.ts';
export { createTextCanvas, type DrawText } from './text-canvas.ts';
export { parseUnifontHex } from './unifont.ts';
