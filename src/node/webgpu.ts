// tfjs on the GPU in Node, through WebGPU: the package webgpu (Dawn) is the driver's side, tfjs's WebGPU backend computes.
// Both are optional. tfjs expects a browser's `navigator.gpu`; it gets one for the moment in which a device is opened, so
// that no other package takes this process for a browser.

import { BackendError, ConfigError, messageOf } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { importOptional } from './optional.ts';

/** How {@link useWebGpu} finds a GPU. */
export interface WebGpuOptions {
  /** Which of several GPUs. Default `'high-performance'`. */
  readonly powerPreference?: 'high-performance' | 'low-power';
  /** Settings of Dawn, such as `'backend=vulkan'` or `'adapter=NVIDIA H100'`; a wrong name makes it list what there is. */
  readonly dawn?: readonly string[];
}

/** Kept for good: once one is collected, every device that came of it is dead. By the settings it was opened with. */
const opened = new Map<string, { readonly gpu: GPU; isLost: boolean }>();

/** tfjs sizes its shaders and buffers by these, and the defaults of WebGPU are those of a phone. */
const LIMITS = [
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
] as const;

/**
 * Makes WebGPU tfjs's backend in Node: models loaded from then on compute on the GPU. Read tensors with `data()`; their
 * `dataSync()` does not work there.
 *
 * @throws ConfigError, and BackendError that says what to install, or what to do when there is no GPU
 * @example
 * await useWebGpu();
 * const model = await ClippoModel.fromPretrained('emoji');
 */
export async function useWebGpu(options: WebGpuOptions = {}): Promise<void> {
  const { powerPreference, dawn } = resolve(options);
  const purpose = 'Computing on the GPU';
  const tf = await importOptional(() => import('@tensorflow/tfjs-core'), '@tensorflow/tfjs-core', purpose);
  const { WebGPUBackend } = await importOptional(
    () => import('@tensorflow/tfjs-backend-webgpu'),
    '@tensorflow/tfjs-backend-webgpu',
    purpose,
  );
  const { create, globals } = await importOptional(() => import('webgpu'), 'webgpu', purpose);
  // Constants such as GPUBufferUsage, under the names that they have in a browser.
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  const settings = JSON.stringify([powerPreference, dawn]);
  const isUsable = opened.get(settings)?.isLost === false && tf.engine().backendNames().includes('webgpu');
  if (!isUsable) {
    const state = { gpu: openDawn(create, dawn), isLost: false };
    await requireAdapter(state.gpu, powerPreference);
    opened.clear();
    opened.set(settings, state);
    // One that is there computes on another device, or on one that is lost.
    if (tf.engine().backendNames().includes('webgpu')) tf.removeBackend('webgpu');
    tf.registerBackend('webgpu', async () => {
      const adapter = await requireAdapter(state.gpu, powerPreference);
      const requiredFeatures = (['timestamp-query'] as const).filter((name) => adapter.features.has(name));
      const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
      const device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
      state.isLost = false;
      void device.lost.then(() => {
        state.isLost = true;
      });
      return withNavigator(state.gpu, () => new WebGPUBackend(device, adapter.info));
    });
  }
  if (!(await tf.setBackend('webgpu'))) {
    throw new BackendError(
      "useWebGpu: a GPU was found, but the backend does not start; tfjs has said why on the console. Update the driver, or choose another GPU with dawn: ['adapter=…'].",
    );
  }
}

function resolve(options: WebGpuOptions): Required<WebGpuOptions> {
  refuseUnknown('useWebGpu', options, ['powerPreference', 'dawn']);
  const { powerPreference = 'high-performance', dawn = [] } = options;
  if (powerPreference !== 'high-performance' && powerPreference !== 'low-power') {
    throw new ConfigError(
      `useWebGpu: powerPreference: expected 'high-performance' or 'low-power', got ${describeValue(powerPreference)}.`,
    );
  }
  if (!Array.isArray(dawn) || dawn.some((setting) => typeof setting !== 'string')) {
    throw new ConfigError(
      `useWebGpu: dawn: expected a list such as ['backend=vulkan'], got ${describeValue(dawn)}.`,
    );
  }
  return { powerPreference, dawn };
}

function openDawn(create: (settings: string[]) => GPU, dawn: readonly string[]): GPU {
  try {
    return create([...dawn]);
  } catch (cause) {
    throw new BackendError(`useWebGpu: Dawn does not start: ${messageOf(cause).trim()}`, { cause });
  }
}

/** @throws BackendError that says what was tried, and how to come by one */
async function requireAdapter(gpu: GPU, powerPreference: GPUPowerPreference): Promise<GPUAdapter> {
  let adapter: GPUAdapter | null;
  try {
    adapter = await gpu.requestAdapter({ powerPreference });
  } catch (cause) {
    throw new BackendError(`useWebGpu: Dawn gives no GPU: ${messageOf(cause).trim()}`, { cause });
  }
  if (adapter !== null) return adapter;
  const { asked, remedy } = DRIVERS[process.platform] ?? { asked: 'its driver', remedy: 'Install that.' };
  throw new BackendError(
    `useWebGpu: no GPU: Dawn asked ${asked} and found no adapter. ${remedy} Without a GPU use tfjs's wasm backend, or nodeRuntime().`,
  );
}

const DRIVERS: Partial<Record<NodeJS.Platform, { readonly asked: string; readonly remedy: string }>> = {
  linux: {
    asked: 'Vulkan',
    remedy:
      "Install the GPU's driver and the loader libvulkan.so.1 (Debian: libvulkan1) until vulkaninfo lists the GPU; a container needs the GPU passed in. For tests a GPU in software will do: VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json.",
  },
  win32: { asked: 'Direct3D 12', remedy: "Install the GPU's driver." },
  darwin: { asked: 'Metal', remedy: 'It takes a Mac with a GPU that Metal supports.' },
};

/** Runs `make` where `navigator.gpu` exists, as it does in a browser. */
function withNavigator<T>(gpu: GPU, make: () => T): T {
  const hadNavigator = 'navigator' in globalThis; // Node 21 has one, without gpu
  if (!hadNavigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  const before = Object.getOwnPropertyDescriptor(globalThis.navigator, 'gpu');
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  try {
    return make();
  } finally {
    if (!hadNavigator) Reflect.deleteProperty(globalThis, 'navigator');
    else if (before === undefined) Reflect.deleteProperty(globalThis.navigator, 'gpu');
    else Object.defineProperty(globalThis.navigator, 'gpu', before);
  }
}
