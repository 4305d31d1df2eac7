// The part of opentype.js 2.0.0 that outline.ts uses; the package ships no types.
// Node's ESM sees only the default export (the package is CommonJS there), bundlers see only named ones.

declare module 'opentype.js' {
  export interface OpenTypeGlyph {
    readonly advanceWidth: number | undefined;
    readonly path: { readonly commands: readonly import('./rasterize.ts').PathCommand[] };
  }
  export interface OpenTypeFont {
    readonly ascender: number;
    readonly descender: number;
    readonly glyphs: { get: (index: number) => OpenTypeGlyph | undefined };
  }
  export type Parse = (buffer: ArrayBuffer) => OpenTypeFont;
  export const parse: Parse | undefined;
  const opentype: { readonly parse: Parse } | undefined;
  export default opentype;
}
