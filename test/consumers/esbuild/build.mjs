import { build } from 'esbuild';

await build({
  entryPoints: ['main.js'],
  bundle: true,
  format: 'esm',
  splitting: true, // the font is a file of its own, loaded with the first text
  minify: true,
  outdir: 'dist',
  loader: { '.wasm': 'file', '.safetensors': 'file' },
});
