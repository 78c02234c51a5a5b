"""Measures how much memory training takes when it is resumed, against training that was never interrupted.

  bazel build //pipeline/load //pipeline/train
  .venv/bin/python bench/resume_memory.py [ROUNDS]

The State has 1 GB: a network of 67 M parameters with AdamW's two moments and an average of the weights, in F32. Both
trainings take steps and write snapshots, with the copy that they are written from; the resumed one goes on from step 6
of 8, and the best snapshot, of step 4, is another than the newest. Memory is the peak of the resident
set of the whole process, as the kernel counts it (ru_maxrss); about 0.3 GB of it are the program and libtorch.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIG = """
name: "resume_memory"
seed: 1
load {{
  raw_filepath: "{table}"
  target_column: "kind"
  task: CLASSIFICATION
  split {{ validation_fraction: 0.25 holdout_fraction: 0.25 }}
}}
train {{
  model {{ mlp {{ hidden_sizes: [8192, 8192] }} }}
  criterion {{ cross_entropy {{}} }}
  optimizer {{ learning_rate: 0.0001 adamw {{}} }}
  ema {{ decay: 0.9 }}
  batch_size: 4
  max_epochs: 2
  snapshots {{ every_seconds: 0 keep_last: 1 }}
}}
"""
INTERRUPTED = 75


def peak(program, *arguments):
    """Runs a program of Baton; its exit code, and its peak memory in MiB."""
    command = [str(ROOT / "bazel-bin/pipeline" / program / program), *arguments]
    pid = subprocess.Popen(command, stderr=subprocess.DEVNULL).pid
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024


def trained(folder, name, config, *arguments):
    run = f"--run_dir={folder / name}"
    if not (folder / name).exists():
        assert peak("load", run, f"--config={config}")[0] == 0
    return peak("train", run, *arguments)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    ratios = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            table = folder / "table.csv"
            table.write_text("x,y,kind\n" + "".join(f"{i % 7},{i % 5},{'ab'[i % 2]}\n" for i in range(32)))
            config = folder / "config.textproto"
            config.write_text(CONFIG.format(table=table))
            code, undisturbed = trained(folder, "undisturbed", config)
            assert code == 0, code
            code, _ = trained(folder, "resumed", config, "--stop_at_step=6")
            assert code == INTERRUPTED, code
            code, resumed = trained(folder, "resumed", config)
            assert code == 0, code
        ratios.append(resumed / undisturbed)
        print(f"undisturbed {undisturbed:.0f} MiB, resumed {resumed:.0f} MiB: {ratios[-1]:.3f}")
    print(f"median {statistics.median(ratios):.3f}")


main()
