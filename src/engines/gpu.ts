// The GPU behind a tfjs backend: what it is called, whether it is one in software, and whether it has failed. tfjs looks
// at none of this: after a lost device or an allocation that failed it computes on, and what comes out is nothing.

import * as tf from '@tensorflow/tfjs-core';

/** The GPU behind a backend of tfjs. */
export interface Gpu {
  /** As the driver calls it; a browser may say less. */
  readonly name: string;
  /** Played by the processor: slower than wasm. */
  readonly isSoftware: boolean;
}

export interface GpuWatch {
  /** What has gone wrong with the GPU since the watch began, if anything has. */
  fault(): string | undefined;
  stop(): void;
}

// WebGPU as far as it is used, because not every TypeScript knows it.
interface GpuAdapterInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}
interface GpuErrorEvent extends Event {
  readonly error?: { readonly message: string };
}
interface GpuDevice extends Partial<Pick<EventTarget, 'addEventListener' | 'removeEventListener'>> {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  readonly adapterInfo?: GpuAdapterInfo;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software/i;
const NO_WATCH: GpuWatch = { fault: () => undefined, stop: () => {} };

/** The GPU of the current tfjs backend, undefined where it has none. */
export function currentGpu(): Gpu | undefined {
  const { device, gl, adapterInfo } = insides();
  if (device !== undefined) {
    const { vendor, architecture, description, isFallbackAdapter } = device.adapterInfo ?? adapterInfo ?? {};
    const parts = description ? [description] : [vendor, architecture].filter(Boolean);
    const name = parts.join(' ') || 'unnamed';
    return { name, isSoftware: isFallbackAdapter === true || SOFTWARE.test(`${name} ${architecture}`) };
  }
  if (gl === undefined || gl.isContextLost()) return undefined;
  const extension = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(extension?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  return { name, isSoftware: SOFTWARE.test(name) };
}

/** Watches the GPU of the current tfjs backend. */
export function watchGpu(): GpuWatch {
  const { device, gl } = insides();
  if (device !== undefined) return watchDevice(device);
  return gl === undefined ? NO_WATCH : { ...NO_WATCH, fault: () => faultOfContext(gl) };
}

function watchDevice(device: GpuDevice): GpuWatch {
  let fault: string | undefined;
  device.lost.then(({ reason, message }) => {
    fault ??= `the GPU device was lost (${[reason, message].filter(Boolean).join(': ')})`;
  });
  // Allocations fail in silence otherwise: what was not allocated reads as zeros.
  const listener = ({ error }: GpuErrorEvent): void => {
    fault ??= `the GPU failed: ${error?.message.split('\n', 1)[0] ?? 'it does not say why'}`;
  };
  device.addEventListener?.('uncapturederror', listener);
  return {
    fault: () => fault,
    stop: () => device.removeEventListener?.('uncapturederror', listener),
  };
}

function faultOfContext(gl: WebGL2RenderingContext): string | undefined {
  if (gl.isContextLost()) return 'the WebGL context was lost';
  return gl.getError() === gl.OUT_OF_MEMORY ? 'the GPU ran out of memory' : undefined;
}

interface Insides {
  readonly device: GpuDevice | undefined;
  readonly adapterInfo: GpuAdapterInfo | undefined;
  readonly gl: WebGL2RenderingContext | undefined;
}

/** Where tfjs's backends keep what they compute with. */
function insides(): Insides {
  const { device, adapterInfo, gpgpu } = tf.backend() as {
    device?: GpuDevice;
    adapterInfo?: GpuAdapterInfo;
    gpgpu?: { gl?: WebGL2RenderingContext };
  };
  const isDevice = typeof device?.lost?.then === 'function';
  return {
    device: isDevice ? device : undefined,
    adapterInfo,
    gl: typeof gpgpu?.gl?.isContextLost === 'function' ? gpgpu.gl : undefined,
  };
}
