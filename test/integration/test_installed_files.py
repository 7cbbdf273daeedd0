"""What `cmake --install` puts on a machine: which files, whose, with which rights; and how the module and
the command are linked, so that a mistake in them is hard to use."""

import os
import platform
import re
import shutil
import stat
import subprocess

import pytest
from support.passenger import module_path

MODULE = "usr/local/lib/gangway/gangway.so"
COMMAND = "usr/local/bin/gangway"
SYSTEM_LIBRARIES = {"libjsoncpp.so.25", "libre2.so.9", "libstdc++.so.6", "libgcc_s.so.1", "libm.so.6", "libc.so.6"}
LIBRARIES = {MODULE: SYSTEM_LIBRARIES | {"libcrypto.so.3"}, COMMAND: SYSTEM_LIBRARIES | {"libncursesw.so.6", "libtinfo.so.6"}}
# Of the C library itself.
DYNAMIC_LINKER = re.compile(r"ld-linux.*\.so\.\d")


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True,
                          **options).stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """As somebody installs whose umask takes no right from anybody."""
    root = tmp_path_factory.mktemp("installed")
    build = module_path().parent.parent
    before = os.umask(0)
    try:
        run("cmake", "--install", build, "--prefix", "/usr/local", env={**os.environ, "DESTDIR": str(root)})
    finally:
        os.umask(before)
    yield root
    shutil.rmtree(root)


def test_what_is_installed_is_pinned(installed):
    found = {}
    for path in installed.rglob("*"):
        about = path.lstat()
        kind = "d" if stat.S_ISDIR(about.st_mode) else "-" if stat.S_ISREG(about.st_mode) else "?"
        found[str(path.relative_to(installed))] = (kind, stat.S_IMODE(about.st_mode))
        assert about.st_uid == os.getuid(), path
        assert about.st_gid == os.getgid(), path
    directory = ("d", 0o755)
    assert found == {"usr": directory, "usr/local": directory, "usr/local/bin": directory, "usr/local/lib": directory,
                     "usr/local/lib/gangway": directory, MODULE: ("-", 0o644), COMMAND: ("-", 0o755)}


def test_what_is_installed_is_small(installed):
    """Without what only a debugger reads, which is thirty times as much."""
    for name, most in ((MODULE, 4), (COMMAND, 3)):
        assert (installed / name).stat().st_size < most * 1024 * 1024, name
        assert ".debug_info" not in run("readelf", "--sections", "--wide", installed / name)


def test_the_installed_command_runs(installed):
    assert run(installed / COMMAND, "--version").strip()


def test_the_installed_module_exports_its_entry_point_and_nothing_else(installed):
    symbols = run("nm", "-D", "--defined-only", installed / MODULE).splitlines()
    assert [line.split()[-1] for line in symbols] == ["gangway_module_entry"]


@pytest.mark.parametrize("name", [MODULE, COMMAND])
def test_the_needed_libraries_are_these(installed, name):
    dynamic = run("readelf", "--dynamic", "--wide", installed / name)
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
    assert {library for library in needed if not DYNAMIC_LINKER.fullmatch(library)} == LIBRARIES[name]
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic, "where libraries come from is the system's to say"
    assert "TEXTREL" not in dynamic


@pytest.mark.parametrize("name", [MODULE, COMMAND])
def test_what_the_linker_can_protect_is_protected(installed, name):
    dynamic = run("readelf", "--dynamic", "--wide", installed / name)
    assert re.search(r"\(FLAGS\).*\bBIND_NOW\b", dynamic)
    assert re.search(r"\(FLAGS_1\).*\bNOW\b", dynamic)
    assert (re.search(r"\(FLAGS_1\).*\bPIE\b", dynamic) is not None) == (name == COMMAND)
    header = run("readelf", "--file-header", "--wide", installed / name)
    assert re.search(r"Type:\s+DYN\b", header), "it can be loaded anywhere"
    segments = [line.split() for line in
                run("readelf", "--program-headers", "--wide", installed / name).splitlines()]
    flags = {}
    for words in segments:
        if len(words) > 7 and words[1].startswith("0x"):
            flags.setdefault(words[0], []).append("".join(words[6:-1]))
    assert "GNU_RELRO" in flags
    assert flags["GNU_STACK"] == ["RW"], "no executable stack"
    assert len(flags["LOAD"]) >= 4, "code and data are in pages of their own"
    assert [each for each in flags["LOAD"] if "W" in each and "E" in each] == []


@pytest.mark.parametrize("name", [MODULE, COMMAND])
def test_what_the_compiler_can_protect_is_protected(installed, name):
    undefined = run("nm", "-D", "--undefined-only", installed / name)
    assert "__stack_chk_fail" in undefined, "no stack protector"
    assert re.search(r"\b__\w+_chk\b", undefined), "no FORTIFY"
    assert "__glibcxx_assert_fail" in undefined, "no assertions of the standard library"
    if platform.machine() == "x86_64":
        # Debian's own start-up objects are not marked, so the whole file is not either.
        endbr64 = b"\xf3\x0f\x1e\xfa"
        assert (installed / name).read_bytes().count(endbr64) > 1000, "no control-flow protection"


def test_what_is_compiled_is_what_is_looked_at_here():
    """The same flags for all of our sources: what the tests above see in two files holds for each."""
    commands = (module_path().parent.parent / "compile_commands.json").read_text()
    for line in commands.splitlines():
        if '"command"' in line and ("/ext/" in line or "/tools/" in line):
            for flag in ("-fstack-protector-strong", "-fstack-clash-protection", "-D_GLIBCXX_ASSERTIONS"):
                assert flag in line, line
