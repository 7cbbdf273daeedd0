"""What tests came through, of each folder: a table in Markdown made of gcovr's JSON.

coverage_table.py COVERAGE_JSON GAPS: and the GAPS longest pieces that they did not come through.
"""

import json
import sys
from collections import defaultdict


def is_code(line):
    return not line.get("gcovr/noncode", False)


def counts_of(file):
    """Lines in all and reached, branches in all and taken."""
    lines = [line for line in file["lines"] if is_code(line)]
    branches = [branch for line in lines for branch in line["branches"]]
    return (len(lines), sum(line["count"] > 0 for line in lines),
            len(branches), sum(branch["count"] > 0 for branch in branches))


def by_folder(files):
    folders = defaultdict(lambda: (0, 0, 0, 0))
    for file in files:
        folder = file["file"].rpartition("/")[0]
        folders[folder] = tuple(map(sum, zip(folders[folder], counts_of(file))))
    return folders


def percent(part, whole):
    """Rounded down: 100.0 is all of it."""
    return "-" if whole == 0 else f"{part * 1000 // whole / 10:.1f} %"


def row(name, counts):
    lines, reached, branches, taken = counts
    return f"| {name} | {lines} | {percent(reached, lines)} | {branches} | {percent(taken, branches)} |"


def table(files):
    folders = by_folder(files)
    rows = [row(f"`{name}`", folders[name]) for name in sorted(folders)]
    whole = tuple(map(sum, zip((0, 0, 0, 0), *folders.values())))
    return ["| folder | lines | reached | branches | taken |", "| --- | --- | --- | --- | --- |", *rows,
            row("all", whole)]


def gaps(files):
    """(lines, place) of each run of lines with code that none came through, the longest first."""
    found = []
    for file in files:
        begin, length = 0, 0
        for line in sorted(filter(is_code, file["lines"]), key=lambda line: line["line_number"]):
            if line["count"] == 0:
                begin, length = (begin, length + 1) if length else (line["line_number"], 1)
            elif length:
                found.append((length, f"{file['file']}:{begin}"))
                length = 0
        if length:
            found.append((length, f"{file['file']}:{begin}"))
    return sorted(found, key=lambda gap: (-gap[0], gap[1]))


def main(path, count):
    with open(path, encoding="utf-8") as report:
        files = json.load(report)["files"]
    print("\n".join(table(files)))
    for length, place in gaps(files)[:int(count)]:
        print(f"{length:4} lines from {place}")


if __name__ == "__main__":
    main(*sys.argv[1:])
