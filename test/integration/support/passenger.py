"""A real Passenger agent for a test: started, watched and ended."""

import fcntl
import grp
import http.client
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from support import system
from support.client import AdminClient, Answer, UnixConnection, basic, exchange
from support.passwords import Passwords
from support.pool_xml import PoolXml
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "dev.d"))

from passenger_watchdog import Failure, Watchdog, number_of, reserve_port  # noqa: E402

APPS = ROOT / "test" / "apps"
RUNTIMES = ("ruby", "python", "nodejs", "generic")
GENERIC_START_COMMAND = "/usr/bin/python3 server.py"
APP_TYPES = {"config.ru": "ruby", "passenger_wsgi.py": "python", "app.js": "nodejs"}
DEBIAN_NODE_MODULES = "/usr/share/nodejs"
EXIT_SECONDS = 50  # Passenger gives its core 30.


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


@contextmanager
def alone_with_generic_processes():
    """Passenger looks for the port of a generic application, from 5000 on, some time before that takes it
    (findFreePort() in Core/SpawningKit/Handshake/Prepare.h), and then takes whoever answers there for it. Of two agents
    at once one would have a process of the other's, or would crash: it removes the directory in which it starts the
    process while that still writes there. It starts processes when it likes, as soon as it sees one dead."""
    with open(Path(tempfile.gettempdir()) / f"gangway-test-ports-{os.geteuid()}", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Passenger:
    """One agent: watchdog, core, the processes of one application or, with apps, of several.

    `runtime` names the application of test/apps to serve; `apps` instead names several groups,
    {group name: Application}, in multi-app mode. `config` is the content of the configuration file
    (a dict, or a text as it stands, or None for no file). `workers` processes are started by ready().
    `run_as`: the name of the user that all of it runs as; only root can say so. Default: who runs the tests.

    Everything lies in a directory of its own below /tmp, with a short name, since Unix sockets'
    paths are limited.
    """

    def __init__(self, runtime=None, workers=1, config=None, options=(), environment=None,
                 apps=None, user_switching=False, max_pool_size=None, run_as=None):
        self.runtime = runtime
        self.workers = workers
        self.apps = apps
        self.user_switching = user_switching
        self.run_as = run_as
        self.directory = Path(tempfile.mkdtemp(prefix="gw-", dir="/tmp"))
        self.registry = self.directory / "r"
        self.log_path = self.directory / "log"
        self.config_path = self.directory / "gangway.json"
        self.config = {} if config is None else config
        self.has_config = config is not None
        self.reservation = reserve_port()
        self.port = number_of(self.reservation)
        self.extra_options = list(options)
        self.extra_environment = environment or {}
        self.max_pool_size = max_pool_size or workers
        self.watchdog = None
        self.core_pid = None
        self.instance_dir = None
        self.is_stopping = False
        self.has_exited = False
        self.shown = {}  # passwords, where they may not be
        self.passwords = Passwords(self)

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
        if self.run_as:
            self.log_path.touch()  # The watchdog opens it before it becomes that user, the core later.
            self.give_to(self.run_as, [self.directory, *self.directory.rglob("*")])
        self.launch()

    @staticmethod
    def give_to(owner, paths):
        account = pwd.getpwnam(owner)
        for path in paths:
            os.chown(path, account.pw_uid, account.pw_gid)

    def install_app(self, runtime, name, owner=None):
        """A copy of a test application of this agent's own, since tests touch tmp/restart.txt in it."""
        root = self.directory / name
        shutil.copytree(APPS / runtime, root, ignore=shutil.ignore_patterns("__pycache__"))
        (root / "public").mkdir(exist_ok=True)
        (root / "tmp").mkdir(exist_ok=True)
        if owner is not None:
            self.give_to(owner, [root, *root.rglob("*")])
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

    def users(self):
        """As whom everything runs: options of the watchdog."""
        if self.user_switching:
            options = ["--default-user", "nobody"]
        else:
            account = pwd.getpwnam(self.run_as) if self.run_as else pwd.getpwuid(os.geteuid())
            options = ["--no-user-switching", "--default-user", account.pw_name,
                       "--default-group", grp.getgrgid(account.pw_gid).gr_name]
        return [*options, "--user", self.run_as] if self.run_as else options

    def core_options(self):
        options = ["--min-instances", self.workers, "--max-pool-size", self.max_pool_size,
                   "--stat-throttle-rate", "0",
                   "--nodejs", self.node, "--python", "/usr/bin/python3",
                   "--ruby", shutil.which("ruby") or "ruby"]
        if self.apps is not None:
            # "-": no password for the headers by which a web server names the application.
            options += ["--multi-app", "--ctl", "controller_secure_headers_password=-"]
        elif self.runtime == "generic":
            options += ["--app-start-command", GENERIC_START_COMMAND]
        options += self.extra_options
        return options if self.apps is not None else [*options, self.app_root]

    def launch(self):
        environment = {"LC_ALL": "C.UTF-8", "GANGWAY_CONFIG": self.config_path if self.has_config else None,
                       **self.extra_environment}
        self.has_exited = False
        try:
            with open(self.directory / "stderr", "ab") as output:
                self.watchdog = Watchdog(
                    passenger_root(), self.registry, self.log_path, self.port, users=self.users(),
                    core_options=self.core_options(), environment=environment, output=output,
                    stop_seconds=EXIT_SECONDS + 10, directory=self.directory)
            self.instance_dir = self.watchdog.wait_until_up()
        except Failure as failure:
            raise AssertionError(f"{failure}\n{self.log}") from None
        self.core_pid = self.find_core()
        self.passwords.add_accounts()

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
        assert not self.watchdog.has_ended(), f"the agent has ended:\n{self.log}"

    def terminate(self):
        """Asks the agent to exit, as an init system does."""
        self.watchdog.terminate()

    def wait_for_exit(self):
        """Waits until every process of this agent has exited by itself; nothing else may be left then either."""
        try:
            self.watchdog.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the agent did not exit within {EXIT_SECONDS} s:\n{self.log}") from None
        assert list(self.registry.iterdir()) == [], "the instance directory is left"
        self.has_exited = True

    def begin_stop(self):
        """Looks for its passwords while it still runs, and asks it to exit."""
        if self.watchdog is None or self.watchdog.has_ended() or self.is_stopping:
            return
        self.is_stopping = True
        self.passwords.add_those_of_processes()
        self.shown = self.passwords.shown()
        self.terminate()

    def stop(self):
        """Ends the agent in order, and asserts that nothing of it is left, that it did not crash, and that none of
        its passwords ever showed."""
        if self.watchdog is None or self.has_exited:
            return
        self.begin_stop()
        self.wait_for_exit()
        self.is_stopping = False
        assert {**self.shown, **self.passwords.of_the_log()} == {"the log": []}, "passwords show"
        assert system.crash_lines(self.log) == []

    def destroy(self):
        """Whatever happened: no process and no file of this agent stays."""
        if self.watchdog is not None:
            self.watchdog.kill()
            self.watchdog.wait(10)
        self.reservation.close()
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

    @property
    def log_level(self):
        """Passenger's own default is 3, notice."""
        options = self.extra_options
        return int(options[options.index("--log-level") + 1]) if "--log-level" in options else 3

    def forget_log(self):
        """For tests that make it say what is a sign of a crash otherwise."""
        assert self.passwords.of_the_log() == {"the log": []}, "passwords show"
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
        xml = PoolXml(answer.body)
        self.passwords.add(*(group.password for group in xml.groups))
        return xml

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
                and all(process.is_alive and not system.is_ending(process.pid)
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

        if not self.is_settled():
            wait_until(visited_and_settled, f"{self.workers} processes, idle", 30, pause=0.1)
        return self

    def detach_dead(self):
        """Passenger notices a dead process only when it next routes a visitor to it."""
        for process in self.pool_xml().processes:
            if process.is_alive and system.is_ending(process.pid):
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
        self.passwords.add_those_of_processes()


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


def python_groups(groups, **options):
    """An agent of several groups of Python processes: {name: workers} or {name: (workers, owner)}."""
    agent = Passenger(apps={}, **options)
    for name, group in groups.items():
        workers, owner = group if isinstance(group, tuple) else (group, None)
        agent.apps[name] = Application("python", agent.install_app("python", name, owner=owner), workers)
    agent.max_pool_size = sum(app.workers for app in agent.apps.values())
    return agent
