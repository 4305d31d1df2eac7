// The door to the disk and to picture decoders.

export { readFile, writeFile } from './files.ts';
export { encodePng, readImage, writePng } from './image-file.ts';
