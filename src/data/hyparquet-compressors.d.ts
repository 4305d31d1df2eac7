// The part of hyparquet-compressors that parquet.ts uses; the package is optional and not needed to build this one.

declare module 'hyparquet-compressors' {
  export const compressors: import('hyparquet').Compressors;
}
