"""@libtorch: headers and libraries of the torch wheel, or of $LIBTORCH."""

load("//third_party:find_package.bzl", "find_package")

# Header folders are given as source directories and not as a glob of 9,800 files, which halves the build's time.
_BUILD = """
load("@rules_cc//cc:defs.bzl", "cc_library")

cc_library(
    name = "libtorch",
    hdrs = ["include/ATen", "include/c10", "include/caffe2", "include/torch"],
    defines = ["BATON_LIBTORCH_VERSION=\\\\\\"{version}\\\\\\""],
    includes = ["include", "include/torch/csrc/api/include"],
    linkopts = [
        "-L{lib}",
        "-Wl,-rpath,{lib}",
        "-Wl,--allow-shlib-undefined",
        "-Wl,--push-state,--no-as-needed",
        {libraries}
        "-Wl,--pop-state",
    ],
    visibility = ["//visibility:public"],
)
"""

def _implementation(ctx):
    torch = find_package(ctx, "torch", "LIBTORCH")
    lib = ctx.execute(["readlink", "-f", str(torch.get_child("lib"))]).stdout.strip()
    headers = torch.get_child("include")
    version_file = ctx.path(str(headers) + "/torch/headeronly/version.h")
    version = "unknown"
    for line in (ctx.read(version_file) if version_file.exists else "").split("\n"):
        if line.startswith("#define TORCH_VERSION_MAJOR"):
            version = line.split(" ")[-1]
        elif line.startswith("#define TORCH_VERSION_MINOR") or line.startswith("#define TORCH_VERSION_PATCH"):
            version += "." + line.split(" ")[-1]

    # CUDA registers itself through static initialisers, which the linker drops unless it is told to keep the library.
    names = ["torch", "torch_cpu", "c10", "torch_cuda", "c10_cuda"]
    libraries = ["\"-l%s\"," % name for name in names if ctx.path(lib + "/lib%s.so" % name).exists]
    for folder in ["ATen", "c10", "caffe2", "torch"]:
        # Not the whole of include/: the wheel also carries google/protobuf headers, of another version than ours.
        ctx.symlink(headers.get_child(folder), "include/" + folder)
    ctx.file("BUILD", _BUILD.format(version = version, lib = lib, libraries = " ".join(libraries)))

libtorch_configure = repository_rule(
    implementation = _implementation,
    environ = ["LIBTORCH", "PATH"],
    local = True,
    configure = True,
)
