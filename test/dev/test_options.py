"""How the command lines of ./dev are read (options.sh), and how its steps are numbered (messages.sh)."""

import subprocess
import unittest
from pathlib import Path

DEV_D = Path(__file__).resolve().parents[2] / "dev.d"
SHOW = """
for name in "${!OPTIONS[@]}"; do echo "$name=${OPTIONS[$name]}"; done | sort
printf 'operand %s\\n' "${OPERANDS[@]}"
printf 'rest %s\\n' "${REST[@]}"
echo "preset $PRESET"
"""


def bash(script, *arguments):
    """(exit code, lines of output, lines of errors)"""
    start = f"set -euo pipefail; PRESET=release; source {DEV_D}/messages.sh; source {DEV_D}/options.sh; some_usage() {{ echo usage; }}\n"
    run = subprocess.run(["bash", "-c", start + script, "bash", *arguments], capture_output=True, text=True)
    return run.returncode, [line for line in run.stdout.splitlines() if line not in ("operand ", "rest ")], run.stderr.splitlines()


class ReadOptions(unittest.TestCase):
    def read(self, known, *arguments):
        return bash(f"read_options some '{known}' \"$@\"" + SHOW, *arguments)

    def test_options_with_and_without_a_value_and_operands(self):
        self.assertEqual(self.read("--port= --fast", "a", "--port", "1", "b", "--fast"), (
            0, ["--fast=yes", "--port=1", "operand a", "operand b", "preset release"], []))

    def test_nothing_at_all(self):
        self.assertEqual(self.read("--port=",), (0, ["preset release"], []))

    def test_a_preset(self):
        self.assertEqual(self.read("--preset=", "--preset", "asan")[1][-1], "preset asan")

    def test_what_is_not_known(self):
        for known, word in (("--fast", "--port"), ("--fast", "-x"), ("--fast=", "--fas"), ("--fast", "--")):
            code, output, (line,) = self.read(known, word)
            self.assertEqual((code, output), (2, []))
            self.assertEqual(line, f"dev: some does not know '{word}'. Try: ./dev some --help")

    def test_a_value_is_missing(self):
        self.assertEqual(self.read("--port=", "--port"), (2, [], ["dev: --port needs a value. Try: ./dev some --help"]))

    def test_help(self):
        for word in ("--help", "-h"):
            self.assertEqual(self.read("--port=", "a", word), (0, ["usage"], []))

    def test_words_for_somebody_else(self):
        self.assertEqual(self.read("--port= --", "a", "--", "--port", "b c"), (
            0, ["operand a", "rest --port", "rest b c", "preset release"], []))
        self.assertEqual(self.read("--port= …", "--port", "1", "a", "--port", "--help"), (
            0, ["--port=1", "rest a", "rest --port", "rest --help", "preset release"], []))

    def test_a_command_without_operands(self):
        self.assertEqual(bash("read_options some '' \"$@\"; no_operands some", "a")[2],
                         ["dev: some does not know 'a'. Try: ./dev some --help"])


class Steps(unittest.TestCase):
    def test_a_step_has_the_number_of_its_place(self):
        self.assertEqual(bash("plan_steps packages build serve; step packages a; step serve b")[2], ["[1/3] a", "[3/3] b"])


if __name__ == "__main__":
    unittest.main()
