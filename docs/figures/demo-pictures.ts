// The pictures of the demo page: what docs/make-demo-pictures.ts photographs, and docs/demo.md shows.

export const DEMO_PICTURES = [
  'demo-light.webp',
  'demo-dark.webp',
  'demo-narrow.webp',
  'demo-picture.webp',
  'demo-map.webp',
  'demo-training.webp',
] as const;
