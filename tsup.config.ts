import { defineConfig } from 'tsup';

// One build with shared chunks, so that `ClippoError` is one class behind every door.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    render: 'src/render/index.ts',
    train: 'src/train/index.ts',
    node: 'src/node/index.ts',
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
      node: 'src/node/index.ts',
    },
  },
  // Resolved by the user's runtime or bundler through package.json "imports".
  external: ['#platform', 'sharp', /^@tensorflow\//],
  removeNodeProtocol: false,
});
