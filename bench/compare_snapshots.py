"""Saves and loads a State of 500 MB with Baton and with PyTorch, side by side, and prints the ratios of their times.

  bazel build //bench:snapshot_bench
  .venv/bin/python bench/compare_snapshots.py [ROUNDS] [FOLDER]

Both have the same State, 42 M parameters with AdamW's two moments, in F32, and take turns, so that both see the same
machine. Baton writes and reads a snapshot, with digests of every byte; PyTorch uses torch.save to a path, then fsync,
and torch.load with weights_only and without mmap. What is read lies in the page cache. FOLDER, a new temporary one by
default, says which disk is measured. A ratio is the median of the rounds' ratios.
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

PIECES = ("memcpy", "stall", "save", "raw", "load")


class Baton:
    """bench/snapshot_bench.cc, which does one piece of work at a time."""

    def __init__(self, folder):
        self.process = subprocess.Popen(["bazel-bin/bench/snapshot_bench", f"--folder={folder}"], text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == "ready\n"

    def seconds(self, piece):
        self.process.stdin.write(piece + "\n")
        return float(self.process.stdout.readline())


def read_safetensors(path):
    content = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    return {
        name: torch.frombuffer(content, dtype=torch.float32, offset=start + entry["data_offsets"][0],
                               count=(entry["data_offsets"][1] - entry["data_offsets"][0]) // 4
                               ).reshape(entry["shape"]).clone()
        for name, entry in json.loads(content[8:start]).items()
    }


def torch_save(state, path):
    path.unlink(missing_ok=True)
    os.sync()
    start = time.perf_counter()
    torch.save(state, path)
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    return time.perf_counter() - start


def torch_load(path):
    start = time.perf_counter()
    state = torch.load(path, weights_only=True, mmap=False)
    seconds = time.perf_counter() - start
    assert len(state) == 3
    return seconds


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as name:
        folder = pathlib.Path(name)
        baton = Baton(folder)
        baton.seconds("save")
        state = {"model": read_safetensors(folder / "save" / "model.safetensors")}
        optimizer = read_safetensors(folder / "save" / "optimizer.safetensors")
        for slot in ("exp_avg", "exp_avg_sq"):
            state[slot] = {parameter: optimizer.pop(f"{slot}/{parameter}") for parameter in state["model"]}
        times = []
        for turn in range(rounds + 1):
            seconds = {piece: baton.seconds(piece) for piece in PIECES}
            seconds["torch.save"] = torch_save(state, folder / "state.pt")
            seconds["torch.load"] = torch_load(folder / "state.pt")
            if turn > 0:  # the first one warms up
                times.append(seconds)
        baton.process.stdin.close()
        baton.process.wait()

    bytes_ = sum(tensor.nbytes for tensors in state.values() for tensor in tensors.values())
    print(f"{bytes_ / 1e6:.0f} MB, median of {rounds} rounds")
    for piece in times[0]:
        print(f"  {piece:12s}{statistics.median(t[piece] for t in times):8.3f} s")
    for part, whole in (("save", "raw"), ("save", "torch.save"), ("stall", "memcpy"), ("stall", "torch.save"),
                        ("load", "torch.load")):
        ratios = sorted(t[part] / t[whole] for t in times)
        print(f"  {part} / {whole}: {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})")


if __name__ == "__main__":
    main()
