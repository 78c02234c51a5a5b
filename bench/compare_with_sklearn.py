"""Compares Baton's holdout metrics with scikit-learn's on the very same splits, as Markdown tables.

  bench/compare_with_sklearn.py RUN_DIR...

From the repository's root, for runs whose three stages are complete. The same kind of model of scikit-learn's, with its
defaults, is fitted on the rows of the training split as Baton's load stage wrote them, and measured on its holdout
split. Runs of one name (the same configuration with several seeds, say) give one line: mean and standard deviation.
Needs numpy and scikit-learn, in an environment of their own:

  python3 -m venv /tmp/sklearn && /tmp/sklearn/bin/pip install scikit-learn==1.7.2
  /tmp/sklearn/bin/python bench/compare_with_sklearn.py runs/breast_cancer runs/diabetes
"""

import collections
import json
import pathlib
import re
import subprocess
import sys

try:
    import numpy
    from sklearn import linear_model, metrics, neural_network
except ModuleNotFoundError as error:
    sys.exit(f"{error}. See how to install it at the top of {__file__}.")

_DTYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8"}


def read_safetensors(path):
    """A dictionary of arrays: 8 bytes of header length, a JSON header, and the bytes that it describes."""
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    return {
        name: numpy.frombuffer(content[start:][slice(*entry["data_offsets"])], _DTYPES[entry["dtype"]]).reshape(
            entry["shape"])
        for name, entry in header.items() if name != "__metadata__"
    }


def read_record(run_dir):
    command = ["bazel", "run", "//metadata:inspect", "--", "show", str(run_dir.absolute()), "--format=json"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)


def target_scale(index):
    """Mean and standard deviation of the target, with which load standardised it; 0 and 1 where it did not."""
    text = subprocess.run(["protoc", "--decode=baton.Dataset", "data/dataset.proto"], check=True, capture_output=True,
                          input=index.read_bytes()).stdout.decode()
    target = re.search(r"^target \{(.*?)^\}", text, re.MULTILINE | re.DOTALL)[1]
    values = dict(re.findall(r"(mean|standard_deviation): (\S+)", target))
    return float(values.get("mean", 0)), float(values.get("standard_deviation", 1))


def counterpart(record):
    """scikit-learn's model of the same kind, and what to call it."""
    inputs = {entry["name"]: entry["value"] for entry in record["train"]["stage"]["key_inputs"]}
    if "train.model.linear" in inputs:
        return linear_model.LinearRegression(), "LinearRegression"
    if "train.model.logistic" in inputs:
        return linear_model.LogisticRegression(max_iter=1000), "LogisticRegression"
    sizes = json.loads(inputs["train.model.mlp.hidden_sizes"])
    return neural_network.MLPClassifier(sizes, max_iter=1000, random_state=0), f"MLPClassifier {sizes}"


def measure(model, train, holdout, scale):
    """Fits the model and returns the metrics that Baton's evaluate stage reports, in the target's own units."""
    model.fit(train["features"], train["target"])
    predicted, actual = model.predict(holdout["features"]), holdout["target"]
    if hasattr(model, "predict_proba"):
        return {
            "accuracy": metrics.accuracy_score(actual, predicted),
            "log_loss": metrics.log_loss(actual, model.predict_proba(holdout["features"])),
            "macro_f1": metrics.f1_score(actual, predicted, average="macro"),
        }
    mean, standard_deviation = scale
    predicted, actual = (values.astype("f8") * standard_deviation + mean for values in (predicted, actual))
    return {
        "rmse": metrics.root_mean_squared_error(actual, predicted),
        "mae": metrics.mean_absolute_error(actual, predicted),
        "r2": metrics.r2_score(actual, predicted),
    }


def compare(run_dir, tables):
    """Adds a run's metrics to `tables`: {metrics' names: {(run, model): [a dictionary of metrics for each run]}}."""
    record = read_record(run_dir)
    folder = run_dir / "load" / record["load"]["stage"]["key"]
    train, holdout = (read_safetensors(folder / f"{split}.safetensors") for split in ("train", "holdout"))
    model, model_name = counterpart(record)
    reference = measure(model, train, holdout, target_scale(folder / "dataset.binpb"))
    table = tables[tuple(reference)]
    name = record["run"]["name"]
    table[name, "Baton"].append(record["evaluate"]["holdout_performance"])
    table[name, f"scikit-learn {model_name}"].append(reference)
    table[name, "baseline"].append(record["evaluate"]["baseline_performance"])


def cell(values):
    mean = f"{numpy.mean(values):.4f}"
    return mean if len(values) == 1 else f"{mean} ± {numpy.std(values, ddof=1):.4f}"


def main(run_dirs):
    tables = collections.defaultdict(lambda: collections.defaultdict(list))
    for run_dir in run_dirs:
        compare(run_dir, tables)
    for columns, table in tables.items():
        print("\n| configuration | runs | model |", " | ".join(columns), "|")
        print("|---" * (3 + len(columns)) + "|")
        for (name, model), runs in table.items():
            cells = [cell([run[column] for run in runs]) for column in columns]
            print(f"| {name} | {len(runs)} | {model} |", " | ".join(cells), "|")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main([pathlib.Path(argument) for argument in sys.argv[1:]])
