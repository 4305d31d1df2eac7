"""The few-shot classifier in numpy, written to be fast: says hello, then does a run for every line on stdin.

`python3 few_shot.py FOLDER` reads train.f32 [N, D], labels.i32 [N] and test.f32 [T, D] from the folder, then takes
requests like `{"dtype": "float64", "solver": "solve", "classes": 1000}` and answers `{"ms": 250.1}`; the predictions
lie in predictions.i32 by then. The steps are those of big_vision's fewshot_lsr, which runs in float32 and decomposes
XᵀX ("eigh"), because it tries many values of l2. For one value it is faster to solve the system ("solve").
"""

import json
import sys
from pathlib import Path
from time import perf_counter

try:
    import numpy as np
except ModuleNotFoundError:
    sys.exit(f'{sys.executable} has no numpy: name another interpreter in PYTHON.')

L2 = 1024
BIAS = 100


def whitened(x: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    out = np.empty((len(x), x.shape[1] + 1), mean.dtype)
    np.subtract(x, mean, out=out[:, :-1])
    out[:, :-1] /= deviation
    out[:, -1] = BIAS
    return out


def predict(
    train: np.ndarray, labels: np.ndarray, test: np.ndarray, dtype: str, solver: str, classes: int
) -> np.ndarray:
    train, test = train.astype(dtype, copy=False), test.astype(dtype, copy=False)
    mean = train.mean(0)
    deviation = train.std(0) + train.dtype.type(1e-5)
    x = whitened(train, mean, deviation)
    y = np.full((len(x), classes), -1, x.dtype)
    y[np.arange(len(x)), labels] = 1
    is_dual = len(x) < x.shape[1]
    # Of a product of a matrix with itself, numpy has BLAS compute one half.
    a = x @ x.T if is_dual else x.T @ x
    b = y if is_dual else x.T @ y
    if solver == 'solve':
        a[np.diag_indices(len(a))] += L2
        solution = np.linalg.solve(a, b)
    else:
        values, vectors = np.linalg.eigh(a)
        solution = (vectors / (values + x.dtype.type(L2))) @ (vectors.T @ b)
    weights = x.T @ solution if is_dual else solution
    return (whitened(test, mean, deviation) @ weights).argmax(1)


def main() -> None:
    folder = Path(sys.argv[1])
    labels = np.fromfile(folder / 'labels.i32', np.int32)
    train = np.fromfile(folder / 'train.f32', np.float32).reshape(len(labels), -1)
    test = np.fromfile(folder / 'test.f32', np.float32).reshape(-1, train.shape[1])
    print(json.dumps({'numpy': np.__version__}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        start = perf_counter()
        predictions = predict(train, labels, test, **request)
        ms = (perf_counter() - start) * 1e3
        predictions.astype(np.int32).tofile(folder / 'predictions.i32')
        print(json.dumps({'ms': ms}), flush=True)


main()
