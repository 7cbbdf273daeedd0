"""What GCC 12 miscompiles in coroutines: a co_await that is not always reached in its expression, and a temporary made
in braces for an awaited call, of which it copies the bytes and destroys both. Names each place below the folders."""

import pathlib
import re
import sys

RULES = (
    (r"\bco_await\b[^;{}]*\s(&&|\|\||\?)\s|\s(&&|\|\||\?)\s[^;{}]*\bco_await\b",
     "co_await inside of && or || or ?: is miscompiled by GCC 12; await it in a statement of its own"),
    (r"\bco_await\b[^;{}()]*\([^;{})]*(\w\{|\{(?!\}))",
     "an awaited call's temporary in braces is miscompiled by GCC 12; give it a name before the call"),
)
INNER_PARENTHESES = re.compile(r"\(((?!co_await)[^(){};])*\)")


def blank(match):
    return re.sub(r"[^\n]", "_", match.group())


def findings(text):
    """(line, message)"""
    text = re.sub(r"//.*", blank, text)
    text, before = INNER_PARENTHESES.sub(blank, text), text
    while text != before:
        text, before = INNER_PARENTHESES.sub(blank, text), text
    for pattern, message in RULES:
        for match in re.finditer(pattern, text):
            place = match.start() + match.group().index("co_await")
            yield text.count("\n", 0, place) + 1, message


def main(folders):
    found = [
        f"{path}:{line}: {message}"
        for folder in folders
        for path in sorted(pathlib.Path(folder).rglob("*.[ch]*"))
        for line, message in findings(path.read_text())
    ]
    print(*found, sep="\n", end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
