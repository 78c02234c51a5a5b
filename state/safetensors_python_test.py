#!/usr/bin/python3
"""Opens a snapshot's tensor files with the Python library safetensors alone, and compares every bit.

What is expected is worked out here, from what state/test_state.h and state/write_test_snapshot.cc say. The numbers that
`inspect show` prints of the same snapshot are compared with those of the values that Python read.
"""

import json
import math
import os
import pathlib
import struct
import subprocess
import sys

sys.path.insert(0, "../safetensors_wheel")  # from the runfiles of this workspace
import safetensors  # noqa: E402

FOLDER = pathlib.Path(os.environ["TEST_TMPDIR"]) / "snapshot"


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def words(*values):
    return struct.pack(f"<{len(values)}I", *values)


def layers(first, prefix=""):
    """The parameters of TestState, counting up from `first`, and from -first."""
    return {
        f"{prefix}layers.0.weight": ("F32", [2, 3], floats(*range(first, first + 6))),
        f"{prefix}layers.0.bias": ("F32", [2], floats(-first, -first + 1)),
    }


EXPECTED = {
    "model.safetensors": {
        **layers(1), "layers.0.weight": ("F32", [2, 3], floats(8, 16, 24, 32, 40, 48))
    },
    "average.safetensors": {
        **layers(30), "layers.0.weight": ("F32", [2, 3],
                                          words(0x7fc12345, 0x80000000, 1, 0xff800000) + floats(34, 35))
    },
    "buffers.safetensors": {"layers.0.running_mean": ("F32", [3], floats(50, 51, 52))},
    "average_buffers.safetensors": {"layers.0.running_mean": ("F32", [3], floats(60, 61, 62))},
    "criterion.safetensors": {"class_weights": ("F32", [2], floats(1, 2.5))},
    "optimizer.safetensors": {**layers(10, "exp_avg/"), **layers(20, "exp_avg_sq/")},
}


def read(content):
    return {
        name: (tensor["dtype"], tensor["shape"], bytes(tensor["data"]))
        for name, tensor in safetensors.deserialize(content)
    }


def check(is_true, what):
    if not is_true:
        sys.exit(f"FAILED: {what}")


def check_bits(files):
    check(set(files) == set(EXPECTED), f"files {sorted(files)}, expected {sorted(EXPECTED)}")
    for file, content in files.items():
        tensors = read(content)
        check(tensors == EXPECTED[file], f"{file}: {tensors}, expected {EXPECTED[file]}")
    # That a change of one bit is seen.
    changed = bytearray(files["average.safetensors"])
    changed[-24] ^= 1
    check(read(bytes(changed)) != EXPECTED["average.safetensors"], "a changed bit was not seen")


def check_numbers(files, shown):
    """Compares what `inspect show` says of the tensors with what follows from the values."""
    read_files = {file: read(content) for file, content in files.items()}
    check(len(shown) == sum(map(len, read_files.values())), "inspect shows another number of tensors")
    for tensor in shown:
        name = f"{tensor['group']} {tensor['name']}"
        # "optimizer/exp_avg" lies in optimizer.safetensors, as "exp_avg/NAME".
        file, _, slot = tensor["group"].partition("/")
        in_file = f"{slot}/{tensor['name']}" if slot else tensor["name"]
        dtype, shape, data = read_files[f"{file}.safetensors"][in_file]
        check(tensor["dtype"] == dtype and [int(size) for size in tensor["shape"]] == shape, name)
        values = struct.unpack(f"<{len(data) // 4}f", data)
        finite = [value for value in values if math.isfinite(value)]
        check(int(tensor["nan_count"]) == sum(map(math.isnan, values)), f"NaN in {name}")
        check(int(tensor["infinite_count"]) == sum(map(math.isinf, values)), f"infinities in {name}")
        check(tensor["minimum"] == min(finite) and tensor["maximum"] == max(finite), f"range of {name}")
        mean = math.fsum(finite) / len(finite)
        deviation = math.sqrt(math.fsum((value - mean)**2 for value in finite) / len(finite))
        for field, expected in (("mean", mean), ("standard_deviation", deviation), ("norm", math.hypot(*finite))):
            check(math.isclose(tensor[field], expected, rel_tol=1e-14), f"{field} of {name}: {tensor[field]}")


def main():
    subprocess.run(["state/write_test_snapshot", FOLDER], check=True)
    files = {path.name: path.read_bytes() for path in FOLDER.glob("*.safetensors")}
    check_bits(files)
    show = ["state/inspect", "show", FOLDER, "--format=json"]
    check_numbers(files, json.loads(subprocess.run(show, check=True, stdout=subprocess.PIPE).stdout)["tensors"])
    print("ok: every tensor of", ", ".join(sorted(files)))


main()
