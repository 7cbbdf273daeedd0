"""The sources that a build compiles, a line each, relative to ROOT: those below it, but for what is made in the build.

    compiled_sources.py COMPILE_COMMANDS_JSON ROOT
"""

import json
import pathlib
import sys


def sources(commands, root):
    root = pathlib.Path(root)
    files = {pathlib.Path(command["directory"], command["file"]) for command in commands}
    own = {file.relative_to(root) for file in files if file.is_relative_to(root)}
    return sorted(str(file) for file in own if file.parts[0] != "build")


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        print(*sources(json.load(file), sys.argv[2]), sep="\n")
