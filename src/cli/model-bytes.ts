// What stands on the command line for a checkpoint (a path, a URL, or the name of a pretrained model) → its bytes.

import type { Terminal } from './terminal.ts';

/** @throws DataError, CheckpointError */
export async function readModelBytes(source: string, terminal: Terminal): Promise<Uint8Array> {
  const { isPretrainedName, readPretrained, readSource } = await import('../checkpoint/index.ts');
  const { signal, onProgress } = terminal;
  if (!isPretrainedName(source)) return readSource(source, { signal, onProgress });
  const { resolveDownloads } = await import('../download/index.ts');
  const onWarning = terminal.note;
  return readPretrained(source, resolveDownloads('clippo', { signal, onProgress, onWarning }));
}
