// The room's door: functions of tfjs tensors as ONNX graphs.

export type { GraphBuilder, ValueSpec } from './build.ts';
export {
  type CompiledFunction,
  type CompileReport,
  compile,
  exportOnnx,
  type TensorFunction,
} from './compile.ts';
export type { CompileOptions, ExportOptions, InputSpec } from './compile-options.ts';
export type { Attribute, Attributes, Value } from './graph.ts';
export type { KernelCall, KernelTable, Lowering } from './kernels/index.ts';
export type { ExternalData } from './onnx.ts';
export { assertRuntime, type OrtRuntime, type OrtSession, type OrtTensor } from './session.ts';
export { isRecording } from './trace.ts';
export { type OrtWebModule, type WebRuntime, type WebRuntimeOptions, webRuntime } from './web-runtime.ts';
