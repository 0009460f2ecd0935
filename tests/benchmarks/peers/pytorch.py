"""The paper's AlexNet in PyTorch: `python pytorch.py BATCH`.

Two towers are `groups=2`, and the update is the fused SGD. Channels last, tried once, was no quicker.
"""

import os
import sys

import torch
from serve import serve
from torch import nn


def dense(inputs: int, units: int) -> list[nn.Module]:
    return [nn.Linear(inputs, units), nn.ReLU(inplace=True), nn.Dropout(0.5)]


def lrn() -> nn.Module:
    # PyTorch divides alpha by the number of maps, the paper does not.
    return nn.LocalResponseNorm(5, alpha=5 * 1e-4, beta=0.75, k=2.0)


batch = int(sys.argv[1])
torch.set_num_threads(len(os.sched_getaffinity(0)))
torch.manual_seed(0)
model = nn.Sequential(
    nn.Conv2d(3, 96, 11, stride=4),
    nn.ReLU(inplace=True),
    lrn(),
    nn.MaxPool2d(3, 2),
    nn.Conv2d(96, 256, 5, padding=2, groups=2),
    nn.ReLU(inplace=True),
    lrn(),
    nn.MaxPool2d(3, 2),
    nn.Conv2d(256, 384, 3, padding=1),
    nn.ReLU(inplace=True),
    nn.Conv2d(384, 384, 3, padding=1, groups=2),
    nn.ReLU(inplace=True),
    nn.Conv2d(384, 256, 3, padding=1, groups=2),
    nn.ReLU(inplace=True),
    nn.MaxPool2d(3, 2),
    nn.Flatten(),
    *dense(9216, 4096),
    *dense(4096, 4096),
    nn.Linear(4096, 1000),
)
images = torch.randn(batch, 3, 227, 227)
labels = torch.randint(1000, (batch,))
kernels = [weight for weight in model.parameters() if weight.dim() > 1]
biases = [weight for weight in model.parameters() if weight.dim() == 1]
optimizer = torch.optim.SGD(
    [{"params": kernels, "weight_decay": 5e-4}, {"params": biases}], lr=0.0, momentum=0.9, fused=True
)


def step() -> tuple[float, float]:
    optimizer.zero_grad(set_to_none=True)
    logits = model(images)
    loss = nn.functional.cross_entropy(logits, labels)
    loss.backward()
    optimizer.step()
    return loss.item(), (logits.argmax(1) == labels).sum().item()


def run(steps: int) -> None:
    for _ in range(steps):
        step()


serve(run, sum(weight.numel() for weight in model.parameters()), {"torch": torch.__version__})
