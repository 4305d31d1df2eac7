// The GPU behind a tfjs backend: what it is called, whether it is one in software, and whether it has failed. tfjs looks
// at none of this: after a lost device or an allocation that failed it computes on, and what comes out is nothing.

import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.ts';

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
  /** The same as soon as it happens; pending for good where nothing does. */
  readonly failed: Promise<string>;
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
const NO_WATCH: GpuWatch = { fault: () => undefined, failed: new Promise(() => {}), stop: () => {} };

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
  return gl === undefined ? NO_WATCH : watchContext(gl);
}

/**
 * What the work gives, unless the GPU fails first: work on a WebGL context that is lost never ends.
 *
 * @throws BackendError that says what has failed, and what the work throws
 */
export function untilFault<T>({ failed }: GpuWatch, work: Promise<T>): Promise<T> {
  const fault = failed.then((reason): never => {
    throw new BackendError(`${reason}.`);
  });
  return Promise.race([work, fault]);
}

function watchDevice(device: GpuDevice): GpuWatch {
  let fault: string | undefined;
  let stop = (): void => {};
  const failed = new Promise<string>((resolve) => {
    const fail = (reason: string): void => {
      fault ??= reason;
      resolve(fault);
    };
    device.lost.then(({ reason, message }) =>
      fail(`the GPU device was lost (${[reason, message].filter(Boolean).join(': ')})`),
    );
    // Allocations fail in silence otherwise: what was not allocated reads as zeros.
    const listener = ({ error }: GpuErrorEvent): void =>
      fail(`the GPU failed: ${error?.message.split('\n', 1)[0] ?? 'it does not say why'}`);
    device.addEventListener?.('uncapturederror', listener);
    stop = () => device.removeEventListener?.('uncapturederror', listener);
  });
  return { fault: () => fault, failed, stop };
}

const CONTEXT_LOST = 'the WebGL context was lost';

function watchContext(gl: WebGL2RenderingContext): GpuWatch {
  const abort = new AbortController();
  const failed = new Promise<string>((resolve) => {
    if (gl.isContextLost()) resolve(CONTEXT_LOST);
    const listener = (): void => resolve(CONTEXT_LOST);
    gl.canvas.addEventListener('webglcontextlost', listener, { signal: abort.signal });
  });
  const fault = (): string | undefined => {
    if (gl.isContextLost()) return CONTEXT_LOST;
    return gl.getError() === gl.OUT_OF_MEMORY ? 'the GPU ran out of memory' : undefined;
  };
  return { fault, failed, stop: () => abort.abort() };
}

/**
 * Ends what waits for a GPU that is gone: tfjs asks a WebGL context again and again whether it is done, which a lost one
 * never is.
 */
export function endWaiting(backend: unknown): void {
  const { gpgpu } = backend as { gpgpu?: { itemsToPoll?: { resolveFn(): void }[] } };
  for (const { resolveFn } of gpgpu?.itemsToPoll?.splice(0) ?? []) resolveFn();
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
