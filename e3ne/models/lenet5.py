"""LeNet-5 as E3NE uses it (LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998)."""

import torch
from torch import nn


class LeNet5(nn.Module):
    """LeNet-5 with ReLU and maximum pooling, without biases.

    Takes images (N, 1, 28, 28) in 0..1 and gives scores (N, 10). The first convolution pads the image to the
    32 x 32 pixels of the paper. 61,470 weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2, bias=False)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(6, 16, 5, bias=False)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(2)
        self.conv3 = nn.Conv2d(16, 120, 5, bias=False)
        self.relu3 = nn.ReLU()
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(120, 84, bias=False)
        self.relu4 = nn.ReLU()
        self.fc2 = nn.Linear(84, 10, bias=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.pool1(self.relu1(self.conv1(images)))
        maps = self.pool2(self.relu2(self.conv2(maps)))
        maps = self.relu3(self.conv3(maps))
        return self.fc2(self.relu4(self.fc1(self.flatten(maps))))
