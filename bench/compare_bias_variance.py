"""Times the bias-variance decomposition beside mlxtend's with scikit-learn's MLPClassifier, both as processes.

  bazel build //pipeline/load //pipeline/train //pipeline/evaluate
  python3 -m venv /tmp/mlxtend && /tmp/mlxtend/bin/pip install mlxtend==0.25.0 safetensors
  /tmp/mlxtend/bin/python bench/compare_bias_variance.py [--rounds=200] [--repeat=3]

breast_cancer, an MLP of 64 units, batches of 32, 30 epochs, no early stopping on either side: the same number of steps
on as many rows. They take turns, and the start of the process counts on both sides; Baton's training, which comes
before, does not. Printed are the seconds of each and the ratios.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
EPOCHS = 30

MLXTEND = """
import sys, warnings
import numpy
from mlxtend.evaluate import bias_variance_decomp
from safetensors.numpy import load_file
from sklearn.neural_network import MLPClassifier
warnings.filterwarnings("ignore")
folder, rounds = sys.argv[1], int(sys.argv[2])
train, holdout = (load_file(f"{folder}/{name}.safetensors") for name in ("train", "holdout"))
model = MLPClassifier(hidden_layer_sizes=(64,), batch_size=32, max_iter=%d, n_iter_no_change=%d, tol=0)
print(*bias_variance_decomp(model, train["features"], train["target"], holdout["features"], holdout["target"],
                            loss="0-1_loss", num_rounds=rounds, random_seed=1))
""" % (EPOCHS, EPOCHS)


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout


def timed(*command):
    start = time.perf_counter()
    run(*command)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    programs = ROOT / "bazel-bin/pipeline"
    arguments = [f"--config={ROOT}/configs/breast_cancer.textproto", "train.model.mlp.hidden_sizes=[64]",
                 "train.micro_batches=1", "train.early_stopping.patience=0", f"train.max_epochs={EPOCHS}",
                 "train.optimizer.learning_rate=0.001"]
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(options.repeat):
            run_dir = pathlib.Path(folder) / str(turn)
            for stage in ("load", "train"):
                run(programs / stage / stage, f"--run_dir={run_dir}", *arguments)
            dataset = next((run_dir / "load").iterdir())
            ours.append(timed(programs / "evaluate/evaluate", f"--run_dir={run_dir}",
                              f"evaluate.bias_variance.rounds={options.rounds}"))
            theirs.append(timed(sys.executable, "-c", MLXTEND, dataset, options.rounds))
            print(f"Baton {ours[-1]:.2f} s, mlxtend {theirs[-1]:.2f} s, ratio {theirs[-1] / ours[-1]:.2f}", flush=True)
    print(json.dumps({"baton_s": statistics.median(ours), "mlxtend_s": statistics.median(theirs),
                      "ratio": statistics.median(t / o for t, o in zip(theirs, ours))}))


if __name__ == "__main__":
    main()
