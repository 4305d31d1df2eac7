// The door to the disk, to picture decoders, to native engines and to threads.

export { diskFile, diskFiles, diskFolder, openDiskSource } from './data-files.ts';
export { directoryCache } from './directory-cache.ts';
export { type NodeRuntimeOptions, nodeRuntime } from './engines.ts';
export { readFile, writeFile } from './files.ts';
export { encodePng, readImage, writePng } from './image-file.ts';
export { partFolder } from './part-folder.ts';
export { runFolder } from './run-folder.ts';
export { useWebGpu, type WebGpuOptions } from './webgpu.ts';
export { createWorkerBatches, type WorkerBatchesOptions } from './worker-batches.ts';
