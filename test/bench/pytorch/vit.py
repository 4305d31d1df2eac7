"""A CLIPPO tower in plain PyTorch: images [B, H, W, 3] in [-1, 1] -> unit embeddings [B, E].

The same network as src/model builds (names and order: big_vision `models/vit.py`, MAP head), written the way one
would for speed on a CPU: one product for q, k and v, attention as two batched matmuls, the patches cut by reshape.
Simplified: MAP head only, no dropout, no masks.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Config:
    width: int  # D
    depth: int
    mlp_dim: int  # M
    num_heads: int  # A
    embedding_dim: int  # E
    patch_size: int = 16  # P, px
    image_size: int = 224  # px


VARIANTS = {
    'Ti/16': Config(width=192, depth=12, mlp_dim=768, num_heads=3, embedding_dim=192),
    'B/16': Config(width=768, depth=12, mlp_dim=3072, num_heads=12, embedding_dim=768),
}


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """softmax(Q K^T / sqrt(d)) V over [B, A, N, d]."""
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
    return scores.softmax(dim=-1) @ value


class Attention(nn.Module):
    def __init__(self, width: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        _, n, d = x.shape
        qkv = self.qkv(x).view(-1, n, 3, self.num_heads, d // self.num_heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind()  # each [B, A, N, D/A]
        return self.out(attend(query, key, value).transpose(1, 2).reshape(-1, n, d))


class Mlp(nn.Module):
    def __init__(self, width: int, mlp_dim: int):
        super().__init__()
        self.dense_0 = nn.Linear(width, mlp_dim)
        self.dense_1 = nn.Linear(mlp_dim, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.dense_1(F.gelu(self.dense_0(x), approximate='tanh'))


class Block(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.norm_0 = nn.LayerNorm(config.width, eps=1e-6)
        self.attention = Attention(config.width, config.num_heads)
        self.norm_1 = nn.LayerNorm(config.width, eps=1e-6)
        self.mlp = Mlp(config.width, config.mlp_dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm_0(x))
        return x + self.mlp(self.norm_1(x))


class MapHead(nn.Module):
    """A learned probe attends to all tokens, p <- p + MLP(LN(p)); no residual from the probe."""

    def __init__(self, config: Config):
        super().__init__()
        self.num_heads = config.num_heads
        self.probe = nn.Parameter(torch.empty(1, 1, config.width))
        self.query = nn.Linear(config.width, config.width)
        self.kv = nn.Linear(config.width, 2 * config.width)
        self.out = nn.Linear(config.width, config.width)
        self.norm = nn.LayerNorm(config.width, eps=1e-6)
        self.mlp = Mlp(config.width, config.mlp_dim)

    def forward(self, x: Tensor) -> Tensor:
        _, n, d = x.shape
        query = self.query(self.probe).view(1, self.num_heads, 1, -1)  # the same for every picture
        kv = self.kv(x).view(-1, n, 2, self.num_heads, d // self.num_heads)
        key, value = kv.permute(2, 0, 3, 1, 4).unbind()  # each [B, A, N, D/A]
        pooled = self.out(attend(query, key, value).reshape(-1, d))
        return pooled + self.mlp(self.norm(pooled))


class Clippo(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        grid = config.image_size // config.patch_size
        self.embedding = nn.Linear(config.patch_size**2 * 3, config.width)
        self.pos_embedding = nn.Parameter(torch.empty(1, grid**2, config.width))
        self.blocks = nn.Sequential(*(Block(config) for _ in range(config.depth)))
        self.encoder_norm = nn.LayerNorm(config.width, eps=1e-6)
        self.map_head = MapHead(config)
        self.head = nn.Linear(config.width, config.embedding_dim)
        self.t = nn.Parameter(torch.tensor([math.log(10)]))  # log temperature; the loss uses it, not the tower
        self.initialise()

    def forward(self, images: Tensor) -> Tensor:
        size, grid = self.config.patch_size, self.config.image_size // self.config.patch_size
        # A patch's pixels lie in P rows of P*3 neighbouring values.
        strips = images.reshape(-1, grid, size, grid, size * 3).transpose(2, 3)
        x = self.embedding(strips.reshape(-1, grid * grid, size * size * 3)) + self.pos_embedding
        x = self.map_head(self.encoder_norm(self.blocks(x)))
        z = self.head(x)
        return z / (z.norm(dim=-1, keepdim=True) + 1e-8)

    @torch.no_grad()
    def initialise(self) -> None:
        """big_vision's start values, but for the biases of the MLPs, which are 0 instead of about 1e-6."""
        for name, parameter in self.named_parameters():
            fan_in = parameter.shape[-1]
            if name.endswith('bias'):
                parameter.zero_()
            elif 'norm' in name:
                parameter.fill_(1)
            elif name == 'pos_embedding':
                parameter.normal_(std=fan_in**-0.5)
            elif name in ('embedding.weight', 'head.weight'):  # lecun normal
                deviation = fan_in**-0.5 / 0.87962566
                nn.init.trunc_normal_(parameter, std=deviation, a=-2 * deviation, b=2 * deviation)
            elif name != 't':  # xavier uniform, where q, k and v are one matrix each
                fan_out = 1 if name.endswith('probe') else fan_in if 'kv' in name else parameter.shape[0]
                limit = math.sqrt(6 / (fan_in + fan_out))
                parameter.uniform_(-limit, limit)


def load_big_vision(model: Clippo, path: str) -> None:
    """Copies the weights of an .npz with big_vision's names (`params/img/...`, as `ClippoModel.save` writes it)."""
    with np.load(path) as arrays:
        weights = {name.removeprefix('params/').removeprefix('img/'): arrays[name] for name in arrays.files}

    def linear(to: nn.Linear, *sources: str) -> None:
        """Kernels are [in, out], in attention with a split axis; several go side by side into one matrix."""
        kernels = [weights.pop(f'{source}/kernel').reshape(to.in_features, -1) for source in sources]
        biases = [weights.pop(f'{source}/bias').reshape(-1) for source in sources]
        copy(to.weight, np.concatenate(kernels, axis=1).T)
        copy(to.bias, np.concatenate(biases))

    def norm(to: nn.LayerNorm, source: str) -> None:
        copy(to.weight, weights.pop(f'{source}/scale'))
        copy(to.bias, weights.pop(f'{source}/bias'))

    def mlp(to: Mlp, source: str) -> None:
        linear(to.dense_0, f'{source}/Dense_0')
        linear(to.dense_1, f'{source}/Dense_1')

    linear(model.embedding, 'embedding')
    copy(model.pos_embedding, weights.pop('pos_embedding'))
    for i, block in enumerate(model.blocks):
        source = f'Transformer/encoderblock_{i}'
        attention = f'{source}/MultiHeadDotProductAttention_0'
        norm(block.norm_0, f'{source}/LayerNorm_0')
        linear(block.attention.qkv, f'{attention}/query', f'{attention}/key', f'{attention}/value')
        linear(block.attention.out, f'{attention}/out')
        norm(block.norm_1, f'{source}/LayerNorm_1')
        mlp(block.mlp, f'{source}/MlpBlock_0')
    norm(model.encoder_norm, 'Transformer/encoder_norm')
    head, attention = model.map_head, 'MAPHead_0/MultiHeadDotProductAttention_0'
    copy(head.probe, weights.pop('MAPHead_0/probe'))
    linear(head.query, f'{attention}/query')
    linear(head.kv, f'{attention}/key', f'{attention}/value')
    linear(head.out, f'{attention}/out')
    norm(head.norm, 'MAPHead_0/LayerNorm_0')
    mlp(head.mlp, 'MAPHead_0/MlpBlock_0')
    linear(model.head, 'head')
    copy(model.t, weights.pop('t'))
    if weights:
        raise ValueError(f'{path}: {len(weights)} arrays have no place in {model.config}: {", ".join(weights)}.')


@torch.no_grad()
def copy(parameter: Tensor, values: np.ndarray) -> None:
    if tuple(parameter.shape) != values.shape:
        raise ValueError(f'weights: expected an array {tuple(parameter.shape)}, got {values.shape}.')
    parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))
