// The door to the disk, to picture decoders and to native engines.

export { type NodeRuntimeOptions, nodeRuntime } from './engines.ts';
export { readFile, writeFile } from './files.ts';
export { encodePng, readImage, writePng } from './image-file.ts';
