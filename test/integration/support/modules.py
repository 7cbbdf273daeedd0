"""Modules other than gangway.so: that of examples/, and such as a test writes in C."""

import subprocess
from pathlib import Path

from support.passenger import build_dir

INCLUDE = Path(__file__).resolve().parents[3] / "include"


def process_log_path():
    return build_dir() / "examples" / "process_log.so"


def compile_module(source, output):
    subprocess.run(["cc", "-std=c11", "-shared", "-fPIC", f"-I{INCLUDE}", "-xc", "-", "-o", str(output)],
                   input=source.encode(), check=True)
    return output
