"""A real Passenger agent for a test: started, watched and ended."""

import ctypes
import grp
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from support import system
from support.client import AdminClient, Answer, UnixConnection, basic, exchange
from support.pool_xml import PoolXml
from support.waiting import wait_until

APPS = Path(__file__).resolve().parents[2] / "apps"
RUNTIMES = ("ruby", "python", "nodejs", "generic")
GENERIC_START_COMMAND = "/usr/bin/python3 server.py"
APP_TYPES = {"config.ru": "ruby", "passenger_wsgi.py": "python", "app.js": "nodejs"}
DEBIAN_NODE_MODULES = "/usr/share/nodejs"
PR_SET_PDEATHSIG = 1


def required_directory(variable):
    value = os.environ.get(variable)
    if not value or not Path(value).is_dir():
        raise RuntimeError(f"{variable} must name a directory; see test/integration/README.md")
    return Path(value).resolve()


def build_dir():
    return required_directory("GANGWAY_BUILD")


def passenger_root():
    return required_directory("GANGWAY_PASSENGER_ROOT")


def module_path():
    return build_dir() / "ext" / "gangway.so"


def command_path():
    return build_dir() / "bin" / "gangway"


def agent_path():
    return passenger_root() / "buildout" / "support-binaries" / "PassengerAgent"


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def end_with_parent():
    """In the child: a killed test run takes its watchdog, and so all below it, along."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Passenger:
    """One agent: watchdog, core, the processes of one application or, with apps, of several.

    `runtime` names the application of test/apps to serve; `apps` instead names several groups,
    {group name: Application}, in multi-app mode. `config` is the content of the configuration file
    (a dict, or a text as it stands, or None for no file). `workers` processes are started by ready().

    Everything lies in a directory of its own below /tmp, with a short name, since Unix sockets'
    paths are limited.
    """

    def __init__(self, runtime=None, workers=1, config=None, options=(), environment=None,
                 apps=None, user_switching=False, max_pool_size=None):
        self.runtime = runtime
        self.workers = workers
        self.apps = apps
        self.user_switching = user_switching
        self.directory = Path(tempfile.mkdtemp(prefix="gw-", dir="/tmp"))
        self.mark = f"GANGWAY_TEST_DIRECTORY={self.directory}"
        self.registry = self.directory / "r"
        self.log_path = self.directory / "log"
        self.config_path = self.directory / "gangway.json"
        self.config = {} if config is None else config
        self.has_config = config is not None
        self.port = free_port()
        self.extra_options = list(options)
        self.extra_environment = environment or {}
        self.max_pool_size = max_pool_size or workers
        self.watchdog = None
        self.core_pid = None
        self.instance_dir = None

    # ------------------------------------------------------------ start and end

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.destroy()
            raise
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.stop()
        finally:
            self.destroy()

    def start(self):
        self.directory.chmod(0o755)
        self.registry.mkdir()
        if self.runtime:
            self.app_root = self.install_app(self.runtime, "app")
        self.node = self.install_node()
        self.write_config()
        self.launch()

    def install_app(self, runtime, name, owner=None):
        """A copy of a test application of this agent's own, since tests touch tmp/restart.txt in it."""
        root = self.directory / name
        shutil.copytree(APPS / runtime, root, ignore=shutil.ignore_patterns("__pycache__"))
        (root / "public").mkdir(exist_ok=True)
        (root / "tmp").mkdir(exist_ok=True)
        if owner is not None:
            account = pwd.getpwnam(owner)
            for path in [root, *root.rglob("*")]:
                os.chown(path, account.pw_uid, account.pw_gid)
        return root

    def install_node(self):
        """Node.js that finds Debian's modules, whoever made it. Passenger sets NODE_PATH for its processes,
        so this adds to it later than that."""
        node = shutil.which("node") or "node"
        script = self.directory / "node.sh"
        script.write_text(f'#!/bin/sh\nNODE_PATH="$NODE_PATH:{DEBIAN_NODE_MODULES}" exec {node} "$@"\n')
        script.chmod(0o755)
        return script

    def write_config(self):
        if not self.has_config:
            return
        text = self.config
        if not isinstance(text, str):
            settings = {"module": str(module_path()), **self.config}
            text = json.dumps({key: value for key, value in settings.items() if value is not None})
        self.config_path.write_text(text)
        self.config_path.chmod(0o644)

    def command_line(self):
        user = pwd.getpwuid(os.geteuid()).pw_name
        group = grp.getgrgid(os.getegid()).gr_name
        core = ["--listen", f"tcp://127.0.0.1:{self.port}",
                "--min-instances", str(self.workers), "--max-pool-size", str(self.max_pool_size),
                "--disable-security-update-check", "--disable-anonymous-telemetry",
                "--stat-throttle-rate", "0",
                "--nodejs", str(self.node), "--python", "/usr/bin/python3",
                "--ruby", shutil.which("ruby") or "ruby"]
        if self.apps is not None:
            # "-": no password for the headers by which a web server names the application.
            core += ["--multi-app", "--ctl", "controller_secure_headers_password=-"]
        elif self.runtime == "generic":
            core += ["--app-start-command", GENERIC_START_COMMAND]
        core += self.extra_options
        if self.apps is None:
            core += [str(self.app_root)]
        switching = ["--default-user", "nobody"] if self.user_switching else [
            "--no-user-switching", "--default-user", user, "--default-group", group]
        return [str(agent_path()), "watchdog", "--passenger-root", str(passenger_root()),
                "--instance-registry-dir", str(self.registry), *switching,
                "--log-file", str(self.log_path), "--BC", *core, "--EC"]

    def launch(self):
        name, _, value = self.mark.partition("=")
        environment = {**os.environ, name: value, "LC_ALL": "C.UTF-8",
                       "PASSENGER_COMPILE_NATIVE_SUPPORT_BINARY": "0", **self.extra_environment}
        environment.pop("GANGWAY_CONFIG", None)
        if self.has_config:
            environment["GANGWAY_CONFIG"] = str(self.config_path)
        with open(self.directory / "stderr", "ab") as output:
            self.watchdog = subprocess.Popen(
                self.command_line(), cwd=self.directory, env=environment, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True, preexec_fn=end_with_parent)
        self.instance_dir = wait_until(self.find_instance, "the instance directory", 30)
        # Passenger's watchdog handles SIGTERM last of all; before, it would die and leave everything behind.
        wait_until(lambda: system.catches(self.watchdog.pid, signal.SIGTERM), "the watchdog is ready", 30)
        wait_until(self.serves, "the front door is open", 30)
        self.core_pid = self.find_core()

    def find_instance(self):
        self.check_alive()
        found = [path for path in self.registry.iterdir() if (path / "properties.json").exists()]
        if found and (found[0] / "creation_finalized").exists():
            return found[0]
        return None

    def serves(self):
        self.check_alive()
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        except ConnectionRefusedError:
            return False
        return (self.instance_dir / "agents.s" / "core_api").exists()

    def find_core(self):
        return wait_until(lambda: next(filter(self.is_core, system.descendants(self.watchdog.pid)), None),
                          "the core process")

    @staticmethod
    def is_core(pid):
        try:
            command = system.command_of(pid)
        except (FileNotFoundError, ProcessLookupError):  # It has ended since it was listed.
            return False
        return "PassengerAgent core" in command or "Passenger core" in command

    def check_alive(self):
        if self.watchdog.poll() is not None:
            raise AssertionError(f"the watchdog ended with {self.watchdog.returncode}:\n{self.log}")

    def terminate(self):
        """Asks the agent to exit, as an init system does."""
        self.watchdog.send_signal(signal.SIGTERM)

    def wait_for_exit(self, seconds=30):
        """Waits for the watchdog's exit; nothing of this agent may be left then."""
        try:
            self.watchdog.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the agent did not exit within {seconds} s:\n{self.log}") from None
        # The watchdog leaves the last of the cleaning up to a child of its own, whose new title may have
        # overwritten the environment that marks it.
        wait_until(lambda: not list(self.registry.iterdir()), "the instance directory is gone", 20)
        wait_until(lambda: not system.marked_with(self.mark), "no process of the agent is left", 20)

    def stop(self):
        """Ends the agent in order, and asserts that nothing of it is left and that it did not crash."""
        if self.watchdog is None or self.watchdog.returncode is not None:
            return
        self.terminate()
        self.wait_for_exit()
        assert system.crash_lines(self.log) == []

    def destroy(self):
        """Whatever happened: no process and no file of this agent stays."""
        if self.watchdog is not None:
            for pid in system.marked_with(self.mark):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if self.watchdog.poll() is None:
                self.watchdog.kill()
            self.watchdog.wait(10)
        for report in system.crash_reports(self.log):
            shutil.rmtree(report, ignore_errors=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    # ------------------------------------------------------------ what there is to see

    @property
    def log(self):
        text = ""
        for path in (self.directory / "stderr", self.log_path):
            if path.exists():
                text += path.read_text(errors="replace")
        return text

    def forget_log(self):
        """For tests that make it say what is a sign of a crash otherwise."""
        for path in (self.directory / "stderr", self.log_path):
            if path.exists():
                os.truncate(path, 0)

    @property
    def socket_path(self):
        configured = self.config.get("socket_path") if isinstance(self.config, dict) else None
        return Path(configured) if configured else self.instance_dir / "agents.s" / "gangway"

    @property
    def admin(self):
        """The admin socket, without credentials: the caller is who runs the tests."""
        return AdminClient(self.socket_path)

    @property
    def admin_password(self):
        return (self.instance_dir / "full_admin_password.txt").read_text().strip()

    @property
    def read_only_password(self):
        return (self.instance_dir / "read_only_admin_password.txt").read_text().strip()

    def api(self, method, target, body=None):
        """Passenger's own API."""
        connection = UnixConnection(self.instance_dir / "agents.s" / "core_api")
        headers = {"Authorization": basic("admin", self.admin_password), "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        try:
            return exchange(connection, method, target, headers, body)
        finally:
            connection.close()

    def pool_xml(self):
        answer = self.api("GET", "/pool.xml?secrets=true")
        assert answer.status == 200, answer
        return PoolXml(answer.body)

    # ------------------------------------------------------------ the front door

    def visit(self, target="/", group=None, method="GET", headers=(), timeout=30):
        """A visitor's request. In multi-app mode `group` names the application."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.putrequest(method, target)
            if self.apps is not None:
                self.put_secure_headers(connection, group)
            for name, value in dict(headers).items():
                connection.putheader(name, value)
            connection.endheaders()
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def put_secure_headers(self, connection, group):
        """What a web server tells Passenger about the application that a request is for."""
        connection._buffer.append(b"!~: ")
        for name, value in self.apps[group].secure_headers(group).items():
            connection._buffer.append(f"!~{name}: {value}".encode())
        connection._buffer.append(b"!~: ")

    # ------------------------------------------------------------ the pool's state

    def groups(self):
        return [None] if self.apps is None else list(self.apps)

    def is_settled(self):
        """True when every group has its processes, all alive and enabled, and nothing is under way."""
        xml = self.pool_xml()
        counts = [self.workers] if self.apps is None else [app.workers for app in self.apps.values()]
        return (len(xml.groups) == len(counts)
                and sorted(group.enabled_count for group in xml.groups) == sorted(counts)
                and all(group.is_quiet for group in xml.groups)
                and all(process.is_alive and system.is_alive(process.pid)
                        for process in xml.processes)
                and len(xml.processes) == sum(counts)
                and xml.sessions == 0)

    def ready(self):
        """Visits until the processes are there (Passenger spawns on a request) and nothing is under way."""
        def visited_and_settled():
            self.check_alive()
            if self.is_settled():
                return True
            self.detach_dead()
            for group in self.groups():
                self.visit(group=group)
            return self.is_settled()

        wait_until(visited_and_settled, f"{self.workers} processes, idle", 30, pause=0.1)
        return self

    def detach_dead(self):
        """Passenger notices a dead process only when it next routes a visitor to it."""
        for process in self.pool_xml().processes:
            if process.is_alive and not system.is_alive(process.pid):
                self.api("POST", "/pool/detach_process.json", {"pid": process.pid})

    def restart_group(self, name):
        answer = self.api("POST", "/pool/restart_app_group.json", {"name": name})
        assert answer.json == {"restarted": True}, answer

    def wait_for_no_sessions(self, seconds=20):
        wait_until(lambda: self.pool_xml().sessions == 0, "no session is open in the pool", seconds)

    def wait_for_sessions(self, pid, count):
        """Waits until the process serves that many requests."""
        wait_until(lambda: self.pool_xml().process(pid).number("sessions") == count,
                   f"{count} sessions of process {pid}")

    def assert_unharmed(self):
        """What holds after every test: no session left, the same core."""
        assert system.crash_lines(self.log) == [], self.log[:4000]
        assert self.find_core() == self.core_pid, f"the core was restarted:\n{self.log[:4000]}"
        self.wait_for_no_sessions()


class Application:
    """One group of an agent in multi-app mode."""

    def __init__(self, runtime, root, workers=1, user=None, base_uri=None):
        self.runtime = runtime
        self.root = root
        self.workers = workers
        self.user = user
        self.base_uri = base_uri

    @property
    def app_type(self):
        """As Passenger names it; None for one with a start command."""
        return next((kind for file, kind in APP_TYPES.items() if (self.root / file).exists()), None)

    def secure_headers(self, group):
        headers = {"PASSENGER_APP_ROOT": str(self.root), "PASSENGER_APP_GROUP_NAME": group,
                   "PASSENGER_APP_ENV": "production", "PASSENGER_MIN_PROCESSES": str(self.workers)}
        if self.app_type is None:
            headers["PASSENGER_APP_START_COMMAND"] = GENERIC_START_COMMAND
        else:
            headers["PASSENGER_APP_TYPE"] = self.app_type
        if self.base_uri:
            headers["SCRIPT_NAME"] = self.base_uri
        if self.user:
            headers["PASSENGER_USER"] = self.user
        return headers
