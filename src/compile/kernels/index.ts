// Every tfjs kernel that has a translation.

import { activationKernels } from './activation.ts';
import { arithmeticKernels } from './arithmetic.ts';
import { comparisonKernels } from './comparison.ts';
import { conversionKernels } from './conversion.ts';
import { convolutionKernels } from './convolution.ts';
import { creationKernels } from './creation.ts';
import { elementwiseKernels } from './elementwise.ts';
import { indexingKernels } from './indexing.ts';
import type { KernelTable } from './lowering.ts';
import { matmulKernels } from './matmul.ts';
import { pictureKernels } from './picture.ts';
import { poolingKernels } from './pooling.ts';
import { primitiveKernels } from './primitives.ts';
import { reductionKernels } from './reduction.ts';
import { scanKernels } from './scan.ts';
import { shapeKernels } from './shape.ts';
import { slicingKernels } from './slicing.ts';

export type { KernelCall, KernelTable, Lowering } from './lowering.ts';

export const KERNELS: KernelTable = {
  ...activationKernels,
  ...arithmeticKernels,
  ...comparisonKernels,
  ...conversionKernels,
  ...convolutionKernels,
  ...creationKernels,
  ...elementwiseKernels,
  ...indexingKernels,
  ...matmulKernels,
  ...pictureKernels,
  ...poolingKernels,
  ...primitiveKernels,
  ...reductionKernels,
  ...scanKernels,
  ...shapeKernels,
  ...slicingKernels,
};
