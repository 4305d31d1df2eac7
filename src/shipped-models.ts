// The models that travel in the package: name → where the file lies. This file stays at the top of src/, as far from
// models/ as the built files in dist/ are; bundlers know the form of these URLs and take the files along.

export const SHIPPED_MODELS = {
  emoji: new URL('../models/emoji.safetensors', import.meta.url),
} as const;

/** What the files must be; examples/emoji/ship.mjs writes it anew with the model. */
export const SHIPPED_SHA256: Readonly<Record<keyof typeof SHIPPED_MODELS, string>> = {
  emoji: '9ddedd222626194cee1637b77af5d66c25287e658c0784acee8e9e1aeab263b4',
};
