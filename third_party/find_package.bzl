"""Finds the folder of an installed Python package: C++ headers and libraries lie inside the wheels."""

def find_package(ctx, package, variable = None):
    """Returns the path of `package`'s folder, or fails with the list of the places tried.

    Args:
      ctx: the repository context.
      package: the name of the Python package, e.g. "torch".
      variable: the environment variable that overrides the search, if there is one. Where it is set, nothing else is
        tried: a build that silently falls through to another version is worse than one that stops.
    """
    workspace = ctx.path(Label("//:WORKSPACE")).dirname
    override = ctx.os.environ.get(variable) if variable else None
    if override:
        folder = ctx.path(override)
        if not folder.get_child("include").exists:
            fail("$%s is %s, which has no include/ folder. Unset it, or point it at the folder that holds include/ and lib/." % (variable, override))
        return folder

    program = "import importlib.util as u; s = u.find_spec('%s'); print(s.submodule_search_locations[0] if s else '')" % package
    tried = ["$%s (not set)" % variable] if variable else []
    for python in [workspace.get_child(".venv").get_child("bin").get_child("python"), ctx.which("python3")]:
        if python and python.exists:
            result = ctx.execute([python, "-c", program])
            if result.return_code == 0 and result.stdout.strip():
                return ctx.path(result.stdout.strip())
        tried.append("package '%s' of %s" % (package, python))
    fail("%s was not found. Tried: %s. Run third_party/setup.sh." % (package, "; ".join(tried)))
