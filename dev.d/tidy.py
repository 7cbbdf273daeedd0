"""clang-tidy over the sources that a build compiles, but for those that were clean and have not changed since, nor any
header, nor how they are compiled.

    tidy.py COMPILE_COMMANDS_JSON ROOT STAMPS JOBS

Says "N files", then of each, when it is known, "clean FILE", or what was found and "unclean FILE".

Most of its time clang-tidy reads the headers of Boost and GoogleTest. So the files of a folder that are compiled alike are
read as one that includes them; where that is clean, each of them is. Where it is not, since something was found or two
of them have helpers of one name, those that are named are read apart from the others, and at last each file by itself:
nothing is said to be found in a file but by that.

STAMPS: a folder that remembers what was clean.
"""

import hashlib
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

LARGEST = 12  # files read as one: more save little, and the last ones to be read keep one processor alone
AS_ONE = ["-Wno-shadow"]  # of each other's names; what shadows is GCC's to find, as the build has it


def sources(commands, root):
    """{file: how it is compiled}: our own, not what is made in the build, nor Asio's code."""
    found = {}
    for command in commands:
        for file in compiled(pathlib.Path(command["directory"], command["file"])):
            if file.is_relative_to(root) and file.relative_to(root).parts[0] != "build" and file.name != "asio_impl.cpp":
                found.setdefault(str(file.relative_to(root)), flags(command))
    return dict(sorted(found.items()))


def compiled(file):
    """The file, or those that CMake has the compiler read as one."""
    if file.parent.name != "Unity":
        return [file]
    return [pathlib.Path(name) for name in re.findall('^#include "(.+)"$', file.read_text(), re.MULTILINE)]


def flags(command):
    """All of it but the file and what is made of it, which come last as CMake writes it."""
    return command["command"].partition(" -o ")[0]


def groups(commands):
    """Lists of files that are compiled alike, of one folder and one language."""
    alike = {}
    for file, command in commands.items():
        path = pathlib.Path(file)
        alike.setdefault((path.parent, path.suffix, command), []).append(file)
    for files in alike.values():
        parts = -(-len(files) // LARGEST)
        yield from (files[part::parts] for part in range(parts))


def apart(files, named):
    """Two parts of files, those named in one; halves, where that parts nothing."""
    named = named if 0 < len(named) < len(files) else files[:len(files) // 2]
    return [file for file in files if file not in named], named


class Tidy:
    def __init__(self, root, stamps, commands):
        self.root = pathlib.Path(root)
        self.stamps = pathlib.Path(stamps)
        self.commands = commands
        common = hashlib.sha256(subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout)
        headers = [file for folder in self.root.iterdir() if folder.name not in ("build", ".git")
                   for file in folder.rglob("*.h*")]
        for file in [pathlib.Path(__file__), self.root / ".clang-tidy", *sorted(headers)]:
            common.update(str(file).encode() + b"\0" + file.read_bytes())
        self.common = common.digest()

    def stamp(self, file):
        content = self.common + self.commands[file].encode() + (self.root / file).read_bytes()
        return self.stamps / hashlib.sha256(content).hexdigest()

    def look_at(self, files):
        found = self.found_in(files)
        if not found:
            for file in files:
                self.stamp(file).touch()
                print(f"clean {file}", flush=True)
        elif len(files) == 1:
            print(found, f"unclean {files[0]}", sep="\n", flush=True)
        else:
            for part in apart(files, [file for file in files if f"/{file}:" in found]):
                self.look_at(part)

    def found_in(self, files):
        """What clang-tidy says of them, read as one; nothing where they are clean."""
        with tempfile.TemporaryDirectory() as folder:
            names = [str(self.root / file) for file in files]
            file, command = names[0], shlex.split(self.commands[files[0]])
            if len(files) > 1:
                file = f"{folder}/as_one{pathlib.Path(file).suffix}"
                pathlib.Path(file).write_text("".join(f'#include "{name}" // NOLINT\n' for name in names))
                command += AS_ONE
            pathlib.Path(folder, "compile_commands.json").write_text(json.dumps(
                [{"directory": folder, "file": file, "arguments": [*command, "-c", file]}]))
            run = subprocess.run(["clang-tidy", "--quiet", f"--config-file={self.root}/.clang-tidy", "-p", folder, file],
                                 capture_output=True, text=True, errors="replace")
        return run.stdout + run.stderr if run.returncode != 0 else ""


def main(compile_commands, root, stamps, jobs):
    commands = sources(json.loads(pathlib.Path(compile_commands).read_text()), root)
    tidy = Tidy(root, stamps, commands)
    todo = {file: command for file, command in commands.items() if not tidy.stamp(file).exists()}
    print(f"{len(todo)} files", flush=True)
    with ThreadPoolExecutor(int(jobs)) as pool:
        for _ in pool.map(tidy.look_at, sorted(groups(todo), key=len, reverse=True)):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
