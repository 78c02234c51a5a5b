"""@safetensors_wheel: the Python library safetensors, for the tests that open our files with it."""

load("//third_party:find_package.bzl", "find_package")

_BUILD = """
filegroup(
    name = "safetensors_wheel",
    srcs = glob(["safetensors/**"]),
    visibility = ["//visibility:public"],
)
"""

def _implementation(ctx):
    ctx.symlink(find_package(ctx, "safetensors"), "safetensors")
    ctx.file("BUILD", _BUILD)

safetensors_wheel_configure = repository_rule(
    implementation = _implementation,
    environ = ["PATH"],
    local = True,
    configure = True,
)
