"""The tests of tests/fuzz."""

load("@rules_cc//cc:defs.bzl", "cc_test")

def fuzz_test(name, deps = []):
    """A fuzz target of NAME_fuzz.cc, with the inputs in corpus/NAME.

    With --config=fuzz libFuzzer runs it, under ASan and UBSan; without, the seeds and some mutations of them."""
    cc_test(
        name = name + "_fuzz",
        size = "medium",
        srcs = [name + "_fuzz.cc"],
        args = ["tests/fuzz/corpus/" + name],
        data = native.glob(["corpus/" + name + "/*"]) + ["leaks_of_libraries.txt"],
        env = {"LSAN_OPTIONS": "suppressions=tests/fuzz/leaks_of_libraries.txt:print_suppressions=0"},
        deps = deps + [
            ":fuzz_main",
            ":fuzz_target",
            "//third_party:absl",
        ],
    )
