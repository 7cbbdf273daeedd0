"""The two ways to a process, for tests that hold for both: through Gangway, and through Passenger's front door."""

import socket

import websockets


class GangwayDoor:
    """The admin socket. The process is named in a header, so that targets are the same at both doors."""

    def __init__(self, agent, pid):
        self.agent = agent
        self.pid = pid

    @property
    def headers(self):
        # As visitors' requests go, though a Ruby process may not be done yet with the one before.
        return [("X-Passenger-Process", str(self.pid)), ("X-Gangway-Route", "pool")]

    def connect(self, timeout=10):
        return self.agent.admin.raw(timeout)

    def websocket(self, target, **options):
        return websockets.unix_connect(str(self.agent.socket_path), f"ws://localhost{target}",
                                       extra_headers=self.headers, **options)


class FrontDoor:
    """The port of the agent. In multi-app mode a web server's headers name the application."""

    def __init__(self, agent, group=None, flags=None):
        self.agent = agent
        self.group = group
        self.flags = flags

    @property
    def headers(self):
        if self.group is None:
            return []
        secure = dict(self.agent.apps[self.group].secure_headers(self.group))
        if self.flags:
            secure["FLAGS"] = self.flags
        return [("!~", ""), *((f"!~{name}", value) for name, value in secure.items()), ("!~", "")]

    def connect(self, timeout=10):
        sock = socket.create_connection(("127.0.0.1", self.agent.port), timeout)
        sock.settimeout(timeout)
        return sock

    def websocket(self, target, **options):
        return websockets.connect(f"ws://127.0.0.1:{self.agent.port}{target}", **options)
