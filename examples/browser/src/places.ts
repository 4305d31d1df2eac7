// Where the page's data lies, and how large it is: told by the build. Addresses are relative to the page, so it runs from any folder.

import type { Places } from './protocol.ts';

declare const __DATA_FOLDER__: string;
declare const __DATA_SIZES__: Readonly<Record<string, number>>;

/** Address of the data's folder, with a slash at its end. */
export const DATA = new URL(`${__DATA_FOLDER__}/`, document.baseURI).href;

export const PLACES: Places = {
  data: DATA,
  modelBytes: __DATA_SIZES__['model.safetensors']!,
  emojiBytes: __DATA_SIZES__['emoji.safetensors']!,
};
