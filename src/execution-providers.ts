// What ONNX Runtime has run its graphs, as it is told: names, or names with settings.

/** `'cpu'`, `'wasm'`, `'webgpu'`, or with settings `{ name: 'webgpu' }`. */
export type ExecutionProvider = string | { readonly name: string };

export function providerName(provider: ExecutionProvider): string {
  return typeof provider === 'string' ? provider : provider.name;
}

/** Whether a value is a list of them with at least one in it. */
export function isProviderList(value: unknown): value is readonly ExecutionProvider[] {
  const isProvider = (item: unknown): boolean =>
    typeof item === 'string' || typeof Object(item).name === 'string';
  return Array.isArray(value) && value.length > 0 && value.every(isProvider);
}
