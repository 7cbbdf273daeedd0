"""What is looked at with clang-tidy, and what together."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dev.d"))

import tidy  # noqa: E402


def command(file, flags="c++ -O2"):
    return {"directory": "/src/build", "command": f"{flags} -o x.o -c {file}", "file": file}


class Sources(unittest.TestCase):
    def test_only_what_lies_below_the_root_and_not_in_the_build(self):
        files = ["/src/ext/b.cpp", "/src/ext/a.cpp", "/src/build/x/made.cpp", "/srcs/c.cpp", "/usr/src/gtest.cc",
                 "/src/ext/asio_impl.cpp"]
        found = tidy.sources([command(file) for file in [*files, files[0]]], "/src")
        self.assertEqual(list(found.items()), [("ext/a.cpp", "c++ -O2"), ("ext/b.cpp", "c++ -O2")])

    def test_a_file_that_is_compiled_twice_is_looked_at_as_it_is_first(self):
        commands = [command("/src/a.cpp"), command("/src/a.cpp", "c++ -funsigned-char")]
        self.assertEqual(tidy.sources(commands, "/src"), {"a.cpp": "c++ -O2"})

    def test_files_that_are_compiled_as_one(self):
        with tempfile.TemporaryDirectory() as folder:
            unity = Path(folder, "Unity", "unity_0_cxx.cxx")
            unity.parent.mkdir()
            unity.write_text('/* made */\n\n#include "/src/a.cpp"\n\n#include "/src/b.cpp"\n')
            self.assertEqual(list(tidy.sources([command(str(unity))], "/src")), ["a.cpp", "b.cpp"])


class Groups(unittest.TestCase):
    def test_files_of_one_folder_language_and_command_come_together(self):
        files = {"a/1.cpp": "x", "a/2.cpp": "x", "a/3.cpp": "y", "a/4.c": "x", "b/5.cpp": "x", "a/b/6.cpp": "x"}
        self.assertEqual(sorted(tidy.groups(files)),
                         [["a/1.cpp", "a/2.cpp"], ["a/3.cpp"], ["a/4.c"], ["a/b/6.cpp"], ["b/5.cpp"]])

    def test_no_more_than_are_read_as_one_and_about_as_many_each(self):
        files = {f"a/{number:02}.cpp": "x" for number in range(2 * tidy.LARGEST + 1)}
        found = list(tidy.groups(files))
        self.assertEqual(sorted(file for group in found for file in group), sorted(files))
        self.assertEqual(sorted(map(len, found)), [8, 8, 9])

    def test_what_is_named_is_parted_from_the_rest(self):
        self.assertEqual(tidy.apart(["a", "b", "c", "d"], ["b"]), (["a", "c", "d"], ["b"]))
        self.assertEqual(tidy.apart(["a", "b", "c", "d"], []), (["c", "d"], ["a", "b"]))
        self.assertEqual(tidy.apart(["a", "b"], ["a", "b"]), (["b"], ["a"]))


if __name__ == "__main__":
    unittest.main()
