"""The documents name the tests that hold what they promise: each of those is there."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"\b((?:unit|component|support)/[a-z0-9_/]*[a-z0-9]|test_[a-z0-9_]+\.py)\b")
FOLDERS = ("test", "test/integration", "test/dev")


def is_there(name):
    return any(list((ROOT / folder).glob(f"{name}{ending}")) for folder in FOLDERS for ending in ("", ".*"))


class DocsNameTests(unittest.TestCase):
    def test_each_test_that_a_document_names_is_there(self):
        named = {(path.relative_to(ROOT).as_posix(), name) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
                 for name in NAMED.findall(path.read_text())}
        self.assertGreater(len(named), 30)
        self.assertEqual([], sorted(where for where in named if not is_there(where[1])))


if __name__ == "__main__":
    unittest.main()
