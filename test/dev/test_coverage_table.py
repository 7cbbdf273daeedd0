"""How counts of lines and branches become a table, and which pieces are named as not reached."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dev.d"))

import coverage_table  # noqa: E402


def line(number, count, branches=(), **more):
    return {"line_number": number, "count": count, "branches": [{"count": each} for each in branches], **more}


FILES = [
    {"file": "ext/a/one.cpp", "lines": [line(1, 3, [2, 0]), line(2, 0), line(4, 0), line(9, 1, [1])]},
    {"file": "ext/a/two.hpp", "lines": [line(5, 0), line(6, 0, **{"gcovr/noncode": True}), line(7, 1)]},
    {"file": "ext/b/three.cpp", "lines": [line(1, 1), line(3, 0), line(2, 0), line(8, 0)]},
]


class CoverageTable(unittest.TestCase):
    def test_has_a_row_for_each_folder_and_one_for_all(self):
        self.assertEqual(coverage_table.table(FILES)[2:], [
            "| `ext/a` | 6 | 50.0 % | 3 | 66.6 % |",
            "| `ext/b` | 4 | 25.0 % | 0 | - |",
            "| all | 10 | 40.0 % | 3 | 66.6 % |"])

    def test_rounds_to_no_hundred_what_is_not_all(self):
        self.assertEqual(coverage_table.percent(9999, 10000), "99.9 %")
        self.assertEqual(coverage_table.percent(10000, 10000), "100.0 %")

    def test_names_the_longest_pieces_first_by_where_they_begin(self):
        self.assertEqual(coverage_table.gaps(FILES),
                         [(3, "ext/b/three.cpp:2"), (2, "ext/a/one.cpp:2"), (1, "ext/a/two.hpp:5")])


if __name__ == "__main__":
    unittest.main()
