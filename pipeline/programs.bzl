"""Baton's programs with models of the user's own. docs/own_model.md shows it."""

load("@rules_cc//cc:defs.bzl", "cc_binary")

# What reads configurations and computes nothing does not link torch, and so starts at once.
_WITHOUT_MODELS = ["load", "run", "reproduce"]
_WITH_MODELS = ["train", "evaluate"]

def baton_programs(name, configs = [], models = [], visibility = None):
    """Makes the programs load, train, evaluate, run, reproduce and inspect in this package, and a filegroup of them.

    Args:
      name: of the filegroup.
      configs: libraries with the configurations of models and criteria and the checks of them, alwayslink and free of
        torch. Every program that reads a configuration gets them.
      models: libraries with their code, alwayslink. Programs that compute get them.
      visibility: of the programs.
    """
    for program in _WITHOUT_MODELS + _WITH_MODELS:
        cc_binary(
            name = program,
            # Where run and reproduce look for the stages: beside themselves.
            data = [":load", ":train", ":evaluate"] if program in ["run", "reproduce"] else [],
            visibility = visibility,
            deps = ["//pipeline/" + program + ":main"] + configs + (models if program in _WITH_MODELS else []),
        )
    cc_binary(
        name = "inspect",
        visibility = visibility,
        deps = ["//metadata:inspect_main"],
    )
    native.filegroup(
        name = name,
        srcs = [":" + program for program in _WITHOUT_MODELS + _WITH_MODELS + ["inspect"]],
        visibility = visibility,
    )
