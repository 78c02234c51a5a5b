"""Trains one classification example with Baton and with PyTorch, side by side, and prints the ratio of their speeds.

  bazel build //pipeline/load //pipeline/train //metadata:inspect
  .venv/bin/python bench/compare_with_pytorch.py [configs/digits.textproto] [ROUNDS]

Both train the same MLP with dropout, AdamW and clipping on the same rows, for the same number of steps, taking turns so
that both see the same machine. Baton's figure is its record's examples a second: all of training, with validation,
snapshots and their fsyncs. PyTorch's is of the steps alone, in two forms: "loader", the loop of the tutorials
(DataLoader, shuffle), and "tensors", the fastest form that we know of (batches by index_select, fused AdamW); each with
one thread and with as many as there are cores, of which the better one counts.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import torch

EPOCHS = 60


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
    return subprocess.run([f"bazel-bin/{program}", *arguments], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def baton(config, folder, overrides):
    run_dir = pathlib.Path(folder) / str(time.monotonic_ns())
    arguments = [f"--config={config}", f"--run_dir={run_dir}", *overrides]
    run("pipeline/load/load", *arguments)
    run("pipeline/train/train", *arguments)
    record = json.loads(run("metadata/inspect", "show", str(run_dir), "--format=json"))
    load_folder = run_dir / "load" / record["load"]["stage"]["key"]
    return record["train"]["examples_per_second"], read_safetensors(load_folder / "train.safetensors")


def build(features, classes):
    layers = []
    for inputs, outputs in ((features, 128), (128, 64)):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.GELU(), torch.nn.Dropout(0.2)]
    return torch.nn.Sequential(*layers, torch.nn.Linear(64, classes))


def pytorch(data, form, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    features, target = data["features"], data["target"]
    rows = len(target)
    model = build(features.shape[1], int(target.max()) + 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003, weight_decay=0.01, fused=form == "tensors")
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(features, target), batch_size=64, shuffle=True)

    def batches():
        if form == "loader":
            yield from loader
            return
        for indices in torch.randperm(rows).split(64):
            yield features.index_select(0, indices), target.index_select(0, indices)

    start = time.perf_counter()
    for _ in range(EPOCHS):
        for inputs, labels in batches():
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(model(inputs), labels).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    return EPOCHS * rows / (time.perf_counter() - start)


def main():
    config = sys.argv[1] if len(sys.argv) > 1 else "configs/digits.textproto"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    overrides = [f"train.max_epochs={EPOCHS}", "train.model.mlp.hidden_sizes=[128, 64]"]
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for micro_batches in (1, 4):
                speed, data = baton(config, folder, [*overrides, f"train.micro_batches={micro_batches}"])
                figures.setdefault(f"Baton, {micro_batches} micro-batches", []).append(speed)
            for form in ("loader", "tensors"):
                speeds = [pytorch(data, form, threads) for threads in sorted({1, os.cpu_count()})]
                figures.setdefault(f"PyTorch, {form}", []).append(max(speeds))
    medians = {name: statistics.median(values) for name, values in figures.items()}
    print(f"| | examples a second (median of {rounds}) | against PyTorch, tensors |\n|---|---|---|")
    for name, median in medians.items():
        print(f"| {name} | {median:,.0f} | {median / medians['PyTorch, tensors']:.2f} |")


if __name__ == "__main__":
    main()
