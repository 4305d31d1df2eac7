"""The PyTorch tower -> an ONNX file, so that ONNX Runtime can be timed on the graph PyTorch's exporter makes.

`python3 export.py --variant B/16 --batch 8 --out tower.onnx [--weights clippo.npz]`; input `images`
[B, 224, 224, 3], output `embeddings` [B, E]. torch 1.13 writes opset 17, where layer norm is one node; its tanh
GELU comes out as the formula.
"""

import argparse
import json
import os

from requirements import require

require('torch', 'numpy')

import torch

from vit import VARIANTS, Clippo, load_big_vision

OPSET = 17


def batch_size(text: str) -> int | None:
    """A number of images, or None for an axis left free."""
    if text == 'dynamic':
        return None
    if int(text) < 1:
        raise ValueError
    return int(text)


def main() -> None:
    parser = argparse.ArgumentParser(description='Exports a CLIPPO tower to ONNX.')
    parser.add_argument('--variant', choices=VARIANTS, default='Ti/16')
    parser.add_argument('--batch', type=batch_size, default=1, help='images, or "dynamic" (default 1)')
    parser.add_argument('--out', required=True, help='the .onnx file to write')
    parser.add_argument('--weights', help='.npz with big_vision names (default: random weights of seed 0)')
    args = parser.parse_args()

    torch.manual_seed(0)
    model = Clippo(VARIANTS[args.variant]).eval()
    if args.weights:
        load_big_vision(model, args.weights)
    size = model.config.image_size
    torch.onnx.export(
        model,
        torch.zeros(args.batch or 1, size, size, 3),
        args.out,
        opset_version=OPSET,
        input_names=['images'],
        output_names=['embeddings'],
        dynamic_axes=None if args.batch else {'images': {0: 'B'}, 'embeddings': {0: 'B'}},
    )
    print(
        json.dumps(
            {
                'path': args.out,
                'variant': args.variant,
                'batch': args.batch or 'dynamic',
                'opset': OPSET,
                'bytes': os.path.getsize(args.out),
            }
        )
    )


if __name__ == '__main__':
    main()
