"""How fast PyTorch measures recall both ways on this CPU, as one would write it: one JSON line.

`python3 retrieval.py --folder DIR --dim 768 --runs 3` reads images.f32 and texts.f32 (float32, row-major, rows of
length 1); text j is of image j modulo the number of images.
"""

import argparse
import json
import os
import resource
from time import perf_counter

from requirements import require

require('torch', 'numpy')

import numpy
import torch
from torch import Tensor

THREADS = 2
KS = (1, 5, 10)


@torch.inference_mode()
def recall(images: Tensor, texts: Tensor, image_of_text: Tensor) -> dict:
    similarity = images @ texts.T
    most = max(KS)
    nearest_texts = similarity.topk(min(most, len(texts)), dim=1).indices
    nearest_images = similarity.topk(min(most, len(images)), dim=0).indices
    found = image_of_text[nearest_texts] == torch.arange(len(images))[:, None]
    hits = nearest_images == image_of_text
    return {
        **{f'image_to_text@{k}': found[:, :k].any(1).double().mean().item() for k in KS},
        **{f'text_to_image@{k}': hits[:k].any(0).double().mean().item() for k in KS},
    }


def processor_time() -> float:
    times = os.times()
    return times.user + times.system


def main() -> None:
    parser = argparse.ArgumentParser(description='Times recall at k in PyTorch.')
    parser.add_argument('--folder', required=True)
    parser.add_argument('--dim', type=int, default=768)
    parser.add_argument('--runs', type=int, default=3)
    args = parser.parse_args()

    torch.set_num_threads(THREADS)
    images, texts = (
        torch.from_numpy(numpy.fromfile(f'{args.folder}/{name}.f32', dtype=numpy.float32).reshape(-1, args.dim))
        for name in ('images', 'texts')
    )
    image_of_text = torch.arange(len(texts)) % len(images)
    ms, cpu_ms = [], []
    for _ in range(args.runs):
        start, used = perf_counter(), processor_time()
        result = recall(images, texts, image_of_text)
        ms.append((perf_counter() - start) * 1e3)
        cpu_ms.append((processor_time() - used) * 1e3)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({'ms': ms, 'cpu_ms': cpu_ms, 'peak_mb': peak_mb, 'recall': result}))


if __name__ == '__main__':
    main()
