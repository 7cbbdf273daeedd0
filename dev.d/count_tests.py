"""Counts the tests of reports in JUnit's format. Says of those that did not pass what they printed last, names them; the
last line is "N passed, N failed".
A skipped test counts as failed, and so does a report that is missing, unreadable or empty."""

import itertools
import sys
import xml.etree.ElementTree as xml


def cases_of(report):
    suites = [xml.parse(report).getroot()]
    if suites[0].tag == "testsuites":
        suites = list(suites[0])
    return [case for suite in suites for case in suite.iter("testcase")]


def verdict_of(case):
    """None of one that passed."""
    bad = [part.tag for part in case if part.tag in ("failure", "error", "skipped")]
    # CTest also says it in `status`: run, fail, notrun, disabled.
    status = case.get("status", "run")
    return bad[0] if bad else None if status == "run" else status


def name_of(case):
    name = case.get("name").split("  # ")[0]  # CTest appends a parametrized test's GetParam().
    return name if case.get("classname") == case.get("name") else f"{case.get('classname')}::{name}"


SHOWN_CASES, SHOWN_LINES = 5, 30  # of output: the end of a log is all that some keep of a run


def output_of(case):
    """Its last lines: of pytest's traceback, of what CTest's case printed."""
    tags = ("failure", "error", "system-out")
    texts = [part.text or part.get("message") or "" for tag in tags for part in case.iter(tag)]
    return next((text.splitlines()[-SHOWN_LINES:] for text in texts if text.strip()), [])


def count(reports):
    """(passed, failed, lines that say why and which)"""
    passed = failed = 0
    lines = []
    shown = []
    for report in reports:
        try:
            cases = cases_of(report)
        except (OSError, xml.ParseError) as error:
            lines.append(f"no result in {report}: {error}")
            cases = []
        verdicts = [(verdict_of(case), case) for case in cases]
        bad = [f"{verdict}: {name_of(case)}" for verdict, case in verdicts if verdict]
        shown += [(name_of(case), output_of(case)) for verdict, case in verdicts if verdict]
        lines += bad
        passed += len(cases) - len(bad)
        failed += len(bad) if cases else 1
    outputs = [[f"--- {name}:", *output] for name, output in shown if output]
    return passed, failed, [*itertools.chain(*outputs[:SHOWN_CASES]), *lines]


def main(reports):
    passed, failed, lines = count(reports)
    print(*lines, f"{passed} passed, {failed} failed", sep="\n")
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
