"""What PyTorch's own modules give for a small convolutional network; convnet_test.cc compares with it.

  .venv/bin/python models/testdata/make_pytorch_reference.py > models/testdata/pytorch_reference.json

A convolution with batch normalisation and pooling, a residual block with a shortcut and one without, a hidden layer.
All values that go in are formulas, which the test repeats. Five steps of plain SGD on one batch.
"""

import json
import math

import torch
from torch import nn

STEPS = 5
LEARNING_RATE = 0.1


class Residual(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.shortcut_conv = nn.Conv2d(inputs, outputs, 1, bias=False) if inputs != outputs else None
        self.shortcut_norm = nn.BatchNorm2d(outputs) if inputs != outputs else None
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x)))))
        return torch.relu(y + (self.shortcut_norm(self.shortcut_conv(x)) if self.shortcut_conv else x))


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(2)

    def forward(self, x):
        return torch.max_pool2d(torch.relu(self.norm(self.conv(x))), 2)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Plain(), Residual(2, 3), Residual(3, 3)])
        self.layers = nn.ModuleList([nn.Linear(27, 5), nn.Linear(5, 3)])

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.layers[1](torch.relu(self.layers[0](x.flatten(1))))


def lists(tensors):
    return {name: tensor.flatten().tolist() for name, tensor in tensors.items()}


def main():
    net = Net()
    i = 0
    for name, parameter in net.named_parameters():
        values = [0.3 * math.cos(0.9 * (i + j)) for j in range(parameter.numel())]
        i += parameter.numel()
        if "norm" in name and name.endswith("weight"):
            values = [1 + value for value in values]
        parameter.data = torch.tensor(values).reshape(parameter.shape)
    features = torch.tensor([math.sin(0.7 * i) for i in range(4 * 36)]).reshape(4, 1, 6, 6)
    target = torch.tensor([0, 2, 1, 2])
    optimizer = torch.optim.SGD(net.parameters(), lr=LEARNING_RATE)
    reference = {"losses": []}
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(features), target)
        loss.backward()
        if step == 0:
            reference["gradients"] = lists({name: p.grad for name, p in net.named_parameters()})
            reference["buffers"] = lists({name: b for name, b in net.named_buffers() if "tracked" not in name})
        reference["losses"].append(loss.item())
        optimizer.step()
    net.eval()
    reference["outputs"] = net(features).flatten().tolist()  # after the steps, with the running statistics
    print(json.dumps(reference))


if __name__ == "__main__":
    main()
