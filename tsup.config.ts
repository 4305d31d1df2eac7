import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

/** Small libraries that travel inside dist/, so that a page can import a door without a bundler or import map. */
const BUNDLED = ['fflate', 'opentype.js'];

/**
 * Takes out imports of chunks for their effects alone: they have none, and are written only so that a browser asks for
 * files early. esbuild follows them, and a page that draws text would come with tfjs.
 */
function dropBareImports(): void {
  for (const file of readdirSync('dist').filter((name) => name.endsWith('.js'))) {
    const code = readFileSync(`dist/${file}`, 'utf8');
    writeFileSync(`dist/${file}`, code.replaceAll(/^import '\.\/chunk-\w+\.js';\n/gm, ''));
  }
}

// One build with shared chunks, so that `ClippoError` is one class behind every door.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    render: 'src/render/index.ts',
    train: 'src/train/index.ts',
    eval: 'src/eval/index.ts',
    compile: 'src/compile/index.ts',
    node: 'src/node/index.ts',
    tasks: 'src/tasks/index.ts',
    'data-worker': 'src/node/data-worker.ts',
    'platform-node': 'src/node/platform.ts',
    'platform-web': 'src/web/platform.ts',
    cli: 'src/cli/main.ts',
  },
  format: 'esm',
  target: 'es2022',
  splitting: true,
  treeshake: true,
  clean: true,
  dts: {
    entry: {
      index: 'src/index.ts',
      render: 'src/render/index.ts',
      train: 'src/train/index.ts',
      eval: 'src/eval/index.ts',
      compile: 'src/compile/index.ts',
      node: 'src/node/index.ts',
      tasks: 'src/tasks/index.ts',
    },
  },
  noExternal: BUNDLED,
  // `#platform` is resolved by the user's runtime or bundler through package.json "imports".
  external: ['#platform', 'sharp', /^onnxruntime-/, /^@tensorflow\//],
  removeNodeProtocol: false,
  // fflate's Node build looks for worker threads; its browser build is the same code without.
  esbuildOptions: (options) => {
    options.alias = { fflate: 'fflate/browser' };
  },
  onSuccess: async () => {
    dropBareImports();
    const licences = BUNDLED.map(
      (name) => `${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8')}`,
    );
    writeFileSync('dist/THIRD-PARTY-LICENSES.txt', licences.join(`\n${'-'.repeat(80)}\n\n`));
  },
});
