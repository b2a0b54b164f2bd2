"""The convolutional network of Fang et al. as E3NE uses it.

Encoding, Model, and Architecture: Systematic Optimization for Spiking Neural Network in FPGAs, ICCAD 2020.
"""

import torch
from torch import nn


class Fang(nn.Module):
    """Two convolutions of 32 channels and two linear layers, without padding and without biases.

    Takes images (N, 1, 28, 28) in 0..1 and gives scores (N, 10). 216,864 weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, bias=False)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(32, 32, 3, bias=False)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(2)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(800, 256, bias=False)
        self.relu3 = nn.ReLU()
        self.fc2 = nn.Linear(256, 10, bias=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.pool1(self.relu1(self.conv1(images)))
        maps = self.pool2(self.relu2(self.conv2(maps)))
        return self.fc2(self.relu3(self.fc1(self.flatten(maps))))
