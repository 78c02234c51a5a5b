"""@arrow: Arrow C++ as it lies inside the pyarrow wheel, or in $ARROW_HOME."""

load("//third_party:find_package.bzl", "find_package")

_BUILD = """
load("@rules_cc//cc:defs.bzl", "cc_library")

cc_library(
    name = "arrow",
    hdrs = ["include/arrow", "include/parquet"],
    includes = ["include"],
    linkopts = ["-L{lib}", "-Wl,-rpath,{lib}", {libraries}],
    visibility = ["//visibility:public"],
)
"""

def _implementation(ctx):
    arrow = find_package(ctx, "pyarrow", "ARROW_HOME")
    lib = arrow
    if arrow.get_child("lib").exists:
        lib = arrow.get_child("lib")
    lib = ctx.execute(["readlink", "-f", str(lib)]).stdout.strip()
    found = [path.basename for path in ctx.path(lib).readdir()]
    libraries = []
    for name in ["parquet", "arrow_compute", "arrow"]:
        # The wheel has libarrow.so.2500 and no libarrow.so.
        matches = sorted([f for f in found if f.startswith("lib%s.so" % name)])
        if not matches:
            fail("lib%s.so was not found in %s. Run third_party/setup.sh." % (name, lib))
        libraries.append("\"-l:%s\"" % matches[0])
    ctx.symlink(arrow.get_child("include"), "include")
    ctx.file("BUILD", _BUILD.format(lib = lib, libraries = ", ".join(libraries)))

arrow_configure = repository_rule(
    implementation = _implementation,
    environ = ["ARROW_HOME", "PATH"],
    local = True,
    configure = True,
)
