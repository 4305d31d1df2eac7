// The models that travel in the package: name → where the file lies. This file stays at the top of src/, as far from
// models/ as the built files in dist/ are; bundlers know the form of these URLs and take the files along.

export const SHIPPED_MODELS = {
  emoji: new URL('../models/emoji.safetensors', import.meta.url),
} as const;
