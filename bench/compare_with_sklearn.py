"""Compares Baton's holdout metrics with scikit-learn's on the very same splits, as a Markdown table.

  bench/compare_with_sklearn.py RUN_DIR...

From the repository's root, for runs whose three stages are complete. scikit-learn's models, with their defaults where
none is named below, are fitted on the rows of the training split as Baton's load stage wrote them (standardised), and
measured on its holdout split; the validation split is used by neither. Needs numpy and scikit-learn, in an environment
of their own:

  python3 -m venv /tmp/sklearn && /tmp/sklearn/bin/pip install scikit-learn==1.7.2
  /tmp/sklearn/bin/python bench/compare_with_sklearn.py runs/breast_cancer runs/diabetes
"""

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


def classification(model, train, holdout):
    model.fit(train["features"], train["target"])
    predicted = model.predict(holdout["features"])
    return {
        "accuracy": metrics.accuracy_score(holdout["target"], predicted),
        "log_loss": metrics.log_loss(holdout["target"], model.predict_proba(holdout["features"])),
        "macro_f1": metrics.f1_score(holdout["target"], predicted, average="macro"),
    }


def regression(model, train, holdout, scale):
    mean, standard_deviation = scale
    model.fit(train["features"].astype("f8"), train["target"].astype("f8"))
    predicted = model.predict(holdout["features"]) * standard_deviation + mean
    actual = holdout["target"] * standard_deviation + mean
    return {
        "rmse": metrics.root_mean_squared_error(actual, predicted),
        "mae": metrics.mean_absolute_error(actual, predicted),
        "r2": metrics.r2_score(actual, predicted),
    }


def compare(run_dir):
    """Yields the table's rows: one for Baton, one for the baseline, one for each of scikit-learn's models."""
    record = read_record(run_dir)
    folder = run_dir / "load" / record["load"]["stage"]["key"]
    train, holdout = (read_safetensors(folder / f"{split}.safetensors") for split in ("train", "holdout"))
    yield "Baton", record["evaluate"]["holdout_performance"]
    yield "baseline", record["evaluate"]["baseline_performance"]
    if record["load"].get("class_labels"):
        yield "scikit-learn LogisticRegression", classification(
            linear_model.LogisticRegression(max_iter=1000), train, holdout)
        yield "scikit-learn MLPClassifier, one hidden layer of 64", classification(
            neural_network.MLPClassifier(hidden_layer_sizes=[64], max_iter=1000, random_state=0), train, holdout)
    else:
        yield "scikit-learn LinearRegression (ordinary least squares)", regression(
            linear_model.LinearRegression(), train, holdout, target_scale(folder / "dataset.binpb"))


def main(run_dirs):
    columns = ["accuracy", "log_loss", "macro_f1", "rmse", "mae", "r2"]
    print("| run | model |", " | ".join(columns), "|")
    print("|---" * (2 + len(columns)) + "|")
    for run_dir in run_dirs:
        for model, performance in compare(run_dir):
            cells = [f"{performance[column]:.4g}" if column in performance else "" for column in columns]
            print(f"| {run_dir.name} | {model} |", " | ".join(cells), "|")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main([pathlib.Path(argument) for argument in sys.argv[1:]])
