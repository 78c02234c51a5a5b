"""Trains classification examples with Baton and with PyTorch, side by side, and prints the ratios of their speeds.

  bazel build //pipeline/load //pipeline/train //metadata:inspect //bench:step_bench
  .venv/bin/python bench/compare_with_pytorch.py [--rounds=5] [--workloads=digits,digits4,mlp,lenet2,convnet2]
      [--programs=before:/path/to/another/bazel-bin]

Both train the same network with the same optimizer on the same rows, for the same number of steps, taking turns so that
both see the same machine. Baton's figure for "digits" and "mlp" is its record's examples a second: all of training, with
validation, snapshots and their fsyncs; for "lenet" and "convnet", with the number of their micro-batches, that of the
steps alone (bench/step_bench). PyTorch's is of the steps alone, in two forms: "loader", the loop of the tutorials
(DataLoader, shuffle), and "tensors", the fastest form that we know of (batches by index_select, fused AdamW); each
with one thread and with as many as there are cores, of which the better one counts. --programs adds other builds of Baton to the comparison, for the pipeline's workloads.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import torch
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass
class Workload:
    build: callable  # (features, classes) -> module
    epochs: int
    overrides: list = None  # of configs/digits.textproto
    step_bench: list = None  # arguments of bench/step_bench, where there is no configuration
    clip_norm: float = 0


def perceptron(hidden, activation, dropout):
    def build(features, classes):
        layers = []
        for inputs, outputs in zip((features, *hidden), hidden):
            layers += [nn.Linear(inputs, outputs), activation()] + ([nn.Dropout(dropout)] if dropout else [])
        return nn.Sequential(*layers, nn.Linear(hidden[-1], classes))

    return build


def lenet(_, classes):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes))


def normalised(_, classes):
    def block(inputs, outputs):
        return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]

    return nn.Sequential(*block(1, 32), *block(32, 64), nn.Flatten(), nn.Linear(64 * 49, 128), nn.ReLU(),
                         nn.Linear(128, classes))


def digits(micro_batches):
    return Workload(perceptron((128, 64), nn.GELU, 0.2), epochs=60, clip_norm=1, overrides=[
        "train.max_epochs=60", "train.model.mlp.hidden_sizes=[128, 64]", f"train.micro_batches={micro_batches}"])


LENET = "channels: [6, 16] kernel: 5 padding: [2, 0] pool: 2 hidden_sizes: [120, 84]"
NORMALISED = "channels: [32, 64] pool: 2 batch_norm: true hidden_sizes: 128"
WORKLOADS = {
    "digits": digits(1),
    "digits4": digits(4),
    "mlp": Workload(perceptron((256, 256), nn.ReLU, 0), epochs=60, overrides=[
        "train.max_epochs=60", "train.model.mlp.hidden_sizes=[256, 256]", "train.model.mlp.activation=RELU",
        "train.model.mlp.dropout=0", "train.clip_norm=0", "train.micro_batches=1"]),
}
for micro_batches in (1, 2, 4):
    for name, build, model in (("lenet", lenet, LENET), ("convnet", normalised, NORMALISED)):
        WORKLOADS[f"{name}{micro_batches}"] = Workload(build, epochs=1, step_bench=[
            f"--model=convnet {{ {model} }}", "--shape=1,28,28", f"--micro_batches={micro_batches}", "--steps=60"])


def read_safetensors(path):
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    types = {"F32": torch.float32, "I64": torch.int64}
    header = json.loads(content[8:start])
    return {
        name: torch.frombuffer(bytearray(content[start:][slice(*entry["data_offsets"])]),
                               dtype=types[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items() if name != "__metadata__"
    }


def run(program, *arguments):
    return subprocess.run([program, *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def baton(workload, programs, folder):
    if workload.step_bench:
        return float(run(programs / "bench/step_bench", *workload.step_bench)), None
    run_dir = pathlib.Path(folder) / str(time.monotonic_ns())
    arguments = [f"--config={ROOT}/configs/digits.textproto", f"--run_dir={run_dir}", *workload.overrides]
    run(programs / "pipeline/load/load", *arguments)
    run(programs / "pipeline/train/train", *arguments)
    record = json.loads(run(programs / "metadata/inspect", "show", str(run_dir), "--format=json"))
    load_folder = run_dir / "load" / record["load"]["stage"]["key"]
    return record["train"]["examples_per_second"], read_safetensors(load_folder / "train.safetensors")


def pytorch(workload, data, form, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    features, target = data["features"], data["target"]
    rows = len(target)
    model = workload.build(features.shape[1], int(target.max()) + 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003, weight_decay=0.01, fused=form == "tensors")
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(features, target), batch_size=64, shuffle=True)

    def batches():
        if form == "loader":
            yield from loader
            return
        for indices in torch.randperm(rows).split(64):
            yield features.index_select(0, indices), target.index_select(0, indices)

    start = time.perf_counter()
    for _ in range(workload.epochs):
        for inputs, labels in batches():
            optimizer.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(model(inputs), labels).backward()
            if workload.clip_norm:
                nn.utils.clip_grad_norm_(model.parameters(), workload.clip_norm)
            optimizer.step()
    return workload.epochs * rows / (time.perf_counter() - start)


def compare(name, workload, programs, rounds):
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for label, path in programs.items():
                if workload.step_bench and label != "Baton":
                    continue
                speed, data = baton(workload, path, folder)
                figures.setdefault(label, []).append(speed)
            if data is None:
                data = {"features": torch.randn(60 * 64, 1, 28, 28), "target": torch.randint(10, (60 * 64,))}
                data["target"][0] = 9
            for form in ("loader", "tensors"):
                speeds = [pytorch(workload, data, form, threads) for threads in sorted({1, os.cpu_count()})]
                figures.setdefault(f"PyTorch, {form}", []).append(max(speeds))
    fastest = [max(values) for values in zip(*(figures[f"PyTorch, {form}"] for form in ("loader", "tensors")))]
    for label, values in figures.items():
        ratio = statistics.median(value / best for value, best in zip(values, fastest))
        print(f"| {name} | {label} | {statistics.median(values):,.0f} | {ratio:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workloads", default="digits,digits4,mlp,lenet2,convnet2")
    parser.add_argument("--programs", default="", help="LABEL:BAZEL_BIN, separated by commas")
    options = parser.parse_args()
    programs = {"Baton": ROOT / "bazel-bin"}
    for program in filter(None, options.programs.split(",")):
        label, _, path = program.partition(":")
        programs[f"Baton, {label}"] = pathlib.Path(path)
    print(f"| workload | | examples a second (median of {options.rounds}) | against the fastest PyTorch |\n|---|---|---|---|")
    for name in options.workloads.split(","):
        compare(name, WORKLOADS[name], programs, options.rounds)


if __name__ == "__main__":
    main()
