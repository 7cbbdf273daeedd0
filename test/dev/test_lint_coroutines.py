"""What is found in coroutines, and what is left alone."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dev.d"))

import lint_coroutines  # noqa: E402

CONDITIONS = """
    const bool done = ready && co_await read(socket);
    const bool known = co_await read(socket) || last;
    const auto size = known ? co_await read(socket) : 0;
"""
CONDITION_OVER_LINES = """
    if (first &&
        co_await read(socket)) {
"""
TEMPORARIES = """
    co_await send(socket, Pieces{head, body});
    co_await send(socket, {head, body});
"""
GOOD = """
    // co_await a() && co_await b() is what this is not.
    const bool read_all = co_await read(socket, first && second);
    const Pieces pieces{head, body};
    co_await send(socket, pieces);
    co_await send(socket, {});
    if (ready && wanted) {
        co_await read(socket);
    }
"""


class LintCoroutines(unittest.TestCase):
    def lines(self, text):
        return sorted(line for line, _ in lint_coroutines.findings(text))

    def test_awaiting_in_a_condition(self):
        self.assertEqual(self.lines(CONDITIONS), [2, 3, 4])
        self.assertEqual(self.lines(CONDITION_OVER_LINES), [3])

    def test_temporaries_in_braces(self):
        self.assertEqual(self.lines(TEMPORARIES), [2, 3])

    def test_what_is_good_is_not_found(self):
        self.assertEqual(self.lines(GOOD), [])


if __name__ == "__main__":
    unittest.main()
