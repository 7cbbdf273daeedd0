"""./dev serve: what README's two commands say, and that nothing is left of it."""

import json
import os
import re
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

from support import system
from support.passenger import APPS, ROOT, build_dir, module_path, passenger_root
from support.waiting import wait_until

DEV = ROOT / "dev"
READY = re.compile(r"ready http=(\S+) socket=(.+) instance=(\S+)")


def environment(**added):
    """Of a user's shell."""
    names = ("GANGWAY_CONFIG", "GANGWAY_PASSWORD", "PASSENGER_INSTANCE_REGISTRY_DIR", "TMPDIR")
    return {**{name: value for name, value in os.environ.items() if name not in names},
            "GANGWAY_PRESET": build_dir().name, "PASSENGER_SOURCE_DIR": str(passenger_root()), **added}


class Serve:
    def __init__(self, directory, *options, app="python", **added):
        self.temporary = set(Path("/tmp").glob("gw.*"))
        config = directory / "gangway.json"
        config.write_text(json.dumps({"module": str(module_path())}))
        self.errors = directory / "errors"
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                [DEV, "serve", APPS / app, "--no-build", "--workers", "1", *options], text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                env=environment(GANGWAY_CONFIG=str(config), **added),
                # Ignored in what a shell runs in the background, and so in its children.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def read_ready(self):
        """(URL, socket, instance), and the line below it."""
        ready = READY.fullmatch(self.process.stdout.readline().rstrip("\n"))
        assert ready, self.errors.read_text()
        return ready.groups(), self.process.stdout.readline()

    def own_directories(self):
        """That were made meanwhile; another one's may be among them."""
        return set(Path("/tmp").glob("gw.*")) - self.temporary

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def serving(*arguments, **options):
    serve = Serve(*arguments, **options)
    try:
        yield serve
    finally:
        serve.end()
        serve.process.stdout.close()


def dev_gangway(*arguments, **added):
    return subprocess.run([DEV, "gangway", *arguments], env=environment(**added), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)


def pids_in(listing):
    return [int(pid) for pid in re.findall(r"^ *(\d+)\b", listing, re.M)]


def test_the_command_finds_in_another_shell_what_is_served(tmp_path):
    with serving(tmp_path) as serve:
        (_, _, instance), _ = serve.read_ready()
        found = json.loads(dev_gangway("instances", "--json").stdout)["instances"]
        assert instance in [row["name"] for row in found], found
        result = dev_gangway("ps", "--instance", instance)  # Others may run on this machine.
        assert result.returncode == 0 and len(pids_in(result.stdout)) == 1, result


def test_the_command_finds_it_in_the_registry_that_the_environment_names(tmp_path):
    registry = Path(f"/tmp/gw-reg-{os.getpid()}")
    named = {"PASSENGER_INSTANCE_REGISTRY_DIR": str(registry)}
    with serving(tmp_path, **named) as serve:
        serve.read_ready()
        result = dev_gangway("ps", **named)
        assert result.returncode == 0 and len(pids_in(result.stdout)) == 1, result
        serve.end()
        assert not registry.exists()


def test_the_last_line_can_be_pasted(tmp_path):
    with serving(tmp_path, "--registry", f"/tmp/gw reg {os.getpid()}") as serve:
        _, line = serve.read_ready()
        result = subprocess.run(line, shell=True, cwd="/", env=environment(), capture_output=True, text=True, timeout=60)
        assert result.returncode == 0 and len(pids_in(result.stdout)) == 1, (line, result)


def test_ctrl_c_ends_everything(tmp_path):
    with serving(tmp_path) as serve:
        (_, socket, _), _ = serve.read_ready()
        processes = system.descendants(serve.process.pid)
        (directory,) = [path for path in serve.own_directories()
                        if any(f"TMPDIR={path}/tmp".encode() in system.environment_of(pid) for pid in processes)]
        instance = Path(socket).parents[1]
        assert instance.is_dir() and len(processes) > 3
        assert serve.end(signal.SIGINT) == 0
        assert not any(map(system.is_alive, processes))
        assert not instance.exists() and not directory.exists()


def test_what_fails_is_told_with_the_log_and_leaves_nothing(tmp_path):
    with serving(tmp_path, "--", "--no-such-option") as serve:
        assert serve.process.wait(60) == 1
        errors = serve.errors.read_text()
        assert "dev: Passenger did not start. (--log FILE keeps the whole log)" in errors
        assert "no-such-option" in errors
        assert serve.process.stdout.read() == ""


def test_the_end_of_passenger_itself_is_told(tmp_path):
    with serving(tmp_path) as serve:
        (_, socket, _), _ = serve.read_ready()
        instance = Path(socket).parents[1]
        os.kill(int((instance / "watchdog.pid").read_text()), signal.SIGKILL)
        wait_until(lambda: serve.process.poll() is not None, "serve ends", 60)
        assert serve.process.returncode == 1
        assert "dev: Passenger has ended by itself." in serve.errors.read_text()
        assert not instance.exists()
