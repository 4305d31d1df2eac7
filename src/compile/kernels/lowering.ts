// The contract between tfjs kernels and ONNX: one lowering a kernel, looked up by the kernel's name.

import type { GraphBuilder } from '../build.ts';
import type { Value } from '../graph.ts';

/** One kernel call, as tfjs makes it. */
export interface KernelCall {
  /** By tfjs's names (`x`, `a`, `b` …; `'0'`, `'1'` … where a kernel takes a list). */
  readonly inputs: Readonly<Record<string, Value>>;
  /** tfjs's attributes, checked by the op that called the kernel; each lowering knows its own. */
  // biome-ignore lint/suspicious/noExplicitAny: tfjs types them one kernel at a time.
  readonly attributes: Readonly<Record<string, any>>;
  readonly build: GraphBuilder;
}

/** Appends the nodes of a kernel and returns what the kernel returns. */
export type Lowering = (call: KernelCall) => Value | readonly Value[];

/** tfjs kernel name → lowering. */
export type KernelTable = Readonly<Record<string, Lowering>>;
