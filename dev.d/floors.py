"""Folders of the sources are floors: a file includes from its own folder and from lower ones. Names each include that
is against that, each of Asio where there is no I/O, and each folder without a floor."""
import os
import pathlib
import re
import sys

ROOTS = ("tools", "ext", "include")  # of includes, as the compiler has them
FLOORS = {  # from the ground up; folders on the same one do not know each other
    "ext": ("text", "base problem message pool", "wire check requests", "worker watch visits", "config", "health forward", "admin",
            "endpoints", "server"),
    "tools/gangway": ("base", "client", "agent view", "commands", "commands/health commands/request commands/top", "."),
}
WITHOUT_ASIO = [f"ext/{name}" for name in "text problem message pool check watch config".split()]
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)')


def folder_of(included, including):
    places = (os.path.normpath(os.path.join(root, included)) for root in (including.parent, *ROOTS))
    return next((os.path.dirname(place) for place in places if os.path.exists(place)), None)


def findings(tree, floors):
    floor_of = {
        os.path.normpath(f"{tree}/{name}"): floor for floor, names in enumerate(floors) for name in names.split()
    }
    for path in sorted(pathlib.Path(tree).rglob("*.[ch]pp")):
        own = str(path.parent)
        if own not in floor_of:
            yield f"{path}: its folder has no floor in dev.d/floors.py"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if match and "asio" in match[1] and own in WITHOUT_ASIO:
                yield f"{path}:{number}: {own} does no I/O: dev.d/floors.py"
            other = folder_of(match[1], path) if match else own
            if other in floor_of and other != own and floor_of[other] >= floor_of[own]:
                yield f"{path}:{number}: {own} may not know {other}: floors in dev.d/floors.py"


found = [finding for tree, floors in FLOORS.items() for finding in findings(tree, floors)]
print(*found, sep="\n", end="\n" if found else "")
sys.exit(bool(found))
