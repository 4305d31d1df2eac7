"""How fast PyTorch trains, and embeds with, the same tower on this CPU: one JSON line.

`python3 train_step.py --variant Ti/16 --pairs 8 --steps 10` times steps of contrastive training with AdamW;
`--forward 8` times the forward pass of 8 images instead. Pictures and texts go through the tower in two calls, as in
the paper's code: with two threads that took a few per cent less time than one call on both, and copies no pixels.

glibc gives every large activation back to the system and fetches it again. With its limits lifted
(`MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=68719476736` in the environment) a forward pass takes less
time, by a third for Ti/16 and a tenth for B/16, and a training step as much as before.
"""

import argparse
import json
import re
import resource
import statistics
import sys
from pathlib import Path
from time import perf_counter

from requirements import require

require('torch', 'numpy')

import torch
import torch.nn.functional as F
from torch import Tensor

from vit import VARIANTS, Clippo

THREADS = 2
WARM_UP = 2


def blas() -> str:
    """Which library multiplies matrices: 'mkl', or the folder of the libblas this process has loaded."""
    if torch.backends.mkl.is_available():
        return 'mkl'
    loaded = re.search(r'/([^/\n]+)/libblas\.so', Path('/proc/self/maps').read_text())
    return loaded[1] if loaded else 'unknown'


def contrastive_loss(images: Tensor, texts: Tensor, t: Tensor) -> Tensor:
    """Mean of the softmax cross-entropies over rows and columns of exp(t) Zimg Ztxt^T."""
    logits = (images * t.exp()) @ texts.T
    labels = torch.arange(len(images))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


def time_training(model: Clippo, pairs: int, steps: int) -> dict:
    images, texts = noise(model, pairs), noise(model, pairs)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    model.train()
    marks = []
    for _ in range(WARM_UP + steps):
        start = perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss = contrastive_loss(model(images), model(texts), model.t)
        forward = perf_counter()
        loss.backward()
        backward = perf_counter()
        optimizer.step()
        end = perf_counter()
        marks.append((end - start, forward - start, backward - forward, end - backward))
    step, forward, backward, update = zip(*marks[WARM_UP:])
    return {
        'pairs': pairs,
        **timings(step, 2 * pairs),
        'forward_ms': milliseconds(statistics.median(forward)),
        'backward_ms': milliseconds(statistics.median(backward)),
        'optimizer_ms': milliseconds(statistics.median(update)),
        'loss': round(loss.item(), 4),
    }


@torch.inference_mode()
def time_forward(model: Clippo, batch: int, steps: int) -> dict:
    images = noise(model, batch)
    model.eval()
    times = []
    for _ in range(WARM_UP + steps):
        start = perf_counter()
        model(images)
        times.append(perf_counter() - start)
    return {'batch': batch, **timings(times[WARM_UP:], batch)}


def noise(model: Clippo, count: int) -> Tensor:
    size = model.config.image_size
    return torch.rand(count, size, size, 3) * 2 - 1


def timings(seconds: list[float], images: int) -> dict:
    """A pair is two images."""
    median = statistics.median(seconds)
    return {
        'steps': len(seconds),
        'ms_per_step': milliseconds(median),
        'min_ms_per_step': milliseconds(min(seconds)),
        'ms_per_image': milliseconds(median / images),
        'min_ms_per_image': milliseconds(min(seconds) / images),
    }


def milliseconds(seconds: float) -> float:
    return round(seconds * 1e3, 2)


def positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError
    return int(text)


def main() -> None:
    parser = argparse.ArgumentParser(description='Times training steps of a CLIPPO tower in PyTorch.')
    parser.add_argument('--variant', choices=VARIANTS, default='Ti/16')
    work = parser.add_mutually_exclusive_group()
    work.add_argument('--pairs', type=positive, default=8, help='pairs of a step (default 8)')
    work.add_argument('--forward', type=positive, metavar='IMAGES', help='time the forward pass of so many images')
    parser.add_argument('--steps', type=positive, default=10, help=f'timed steps, after {WARM_UP} (default 10)')
    args = parser.parse_args()

    if blas() == 'blas':
        print(
            'This torch multiplies with the reference BLAS, dozens of times slower than it could: '
            "install Debian's libopenblas0-openmp.",
            file=sys.stderr,
        )
        sys.exit(3)
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    model = Clippo(VARIANTS[args.variant])
    if args.forward:
        result = time_forward(model, args.forward, args.steps)
    else:
        result = time_training(model, args.pairs, args.steps)
    print(
        json.dumps(
            {
                'bench': 'pytorch forward' if args.forward else 'pytorch training step',
                'variant': args.variant,
                **result,
                'peak_mb': round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6),
                'threads': THREADS,
                'torch': torch.__version__,
                'blas': blas(),
            }
        )
    )


if __name__ == '__main__':
    main()
