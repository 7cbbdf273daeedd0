"""What is counted as passed and as failed of JUnit reports, as CTest and as pytest write them."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dev.d"))

import count_tests  # noqa: E402

CTEST = """<testsuite tests="4">
  <testcase name="Json.Reads" classname="Json.Reads" status="run"/>
  <testcase name="Rows/Json.Writes/3  # GetParam() = 7" classname="Rows/Json.Writes/3" status="fail"><failure/>
    <system-out>first
Expected: 1</system-out></testcase>
  <testcase name="Json.Waits" classname="Json.Waits" status="notrun"><skipped/></testcase>
  <testcase name="Json.Rests" classname="Json.Rests" status="disabled"/>
</testsuite>"""
PYTEST = """<testsuites><testsuite>
  <testcase classname="test_a" name="test_one"/>
  <testcase classname="test_a" name="test_two"><failure message="x">%s
E   AssertionError</failure></testcase>
  <testcase classname="test_a" name="test_three"><error message="no fixture"/></testcase>
  <testcase classname="test_a" name="test_four"><skipped message="x"/></testcase>
</testsuite></testsuites>""" % "\n".join(f"line {number}" for number in range(100))


class CountTests(unittest.TestCase):
    def count(self, *contents):
        with tempfile.TemporaryDirectory() as directory:
            paths = [Path(directory, f"{number}.xml") for number in range(len(contents))]
            for path, content in zip(paths, contents):
                if content is not None:
                    path.write_text(content)
            return count_tests.count(paths)

    def test_ctest(self):
        self.assertEqual(self.count(CTEST), (1, 3, [
            "--- Rows/Json.Writes/3::Rows/Json.Writes/3:", "first", "Expected: 1",
            "failure: Rows/Json.Writes/3::Rows/Json.Writes/3", "skipped: Json.Waits", "disabled: Json.Rests"]))

    def test_pytest(self):
        self.assertEqual(self.count(PYTEST), (1, 3, [
            "--- test_a::test_two:", *(f"line {number}" for number in range(71, 100)), "E   AssertionError",
            "--- test_a::test_three:", "no fixture",
            "failure: test_a::test_two", "error: test_a::test_three", "skipped: test_a::test_four"]))

    def test_of_a_run_that_fails_throughout_the_first_outputs_are_shown(self):
        passed, failed, lines = self.count(*[PYTEST] * 20)
        self.assertEqual((passed, failed), (20, 60))
        self.assertEqual(sum(line.startswith("---") for line in lines), count_tests.SHOWN_CASES)
        self.assertLess(len(lines), 60 + 5 * 31 + 1)

    def test_the_counts_of_all_reports_are_added(self):
        self.assertEqual(self.count(CTEST, PYTEST)[:2], (2, 6))

    def test_a_report_without_tests_is_a_failure(self):
        self.assertEqual(self.count("<testsuites/>"), (0, 1, []))

    def test_a_missing_or_broken_report_is_a_failure_and_named(self):
        for content in (None, "", "<testsuite><testcase"):
            passed, failed, (line,) = self.count(content)
            self.assertEqual((passed, failed), (0, 1))
            self.assertIn("no result in ", line)
            self.assertIn("0.xml", line)

    def test_success_needs_a_test(self):
        self.assertTrue(count_tests.main([]))


if __name__ == "__main__":
    unittest.main()
