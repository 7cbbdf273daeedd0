"""Which files of compile_commands.json are ours."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dev.d"))

import compiled_sources  # noqa: E402


class CompiledSources(unittest.TestCase):
    def test_only_what_lies_below_the_root_and_not_in_the_build(self):
        files = ["/src/ext/b.cpp", "/src/ext/a.cpp", "/src/build/x/made.cpp", "/srcs/c.cpp", "/usr/src/gtest.cc"]
        commands = [{"directory": "/src/build", "command": "c++", "file": file} for file in [*files, files[0]]]
        self.assertEqual(compiled_sources.sources(commands, "/src"), ["ext/a.cpp", "ext/b.cpp"])


if __name__ == "__main__":
    unittest.main()
