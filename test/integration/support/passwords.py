"""The passwords that lived in an agent, and where they may not show."""

import http.client
import socket
import struct

from support import system
from support.client import basic

# From this level on Passenger itself logs them: P_DEBUG "[App spawn arg]" (Core/SpawningKit/Handshake/Prepare.h) and
# SKC_TRACE "Header data" (Core/Controller/SendRequest.cpp). Gangway's own lines are told apart by their mark.
PASSENGER_S_DEBUG_LEVEL = 5
STATUSES = ("/v1/pool", "/v1/groups", "/v1/processes", "/v1/health")
PASSENGER_S_STATUSES = ("/server.json", "/pool.txt", "/backtraces.txt")


class Passwords:
    """Of one agent: `add` each when it is seen. A password's Basic credentials count as the password."""

    def __init__(self, agent):
        self.agent = agent
        self.words = set()

    def add(self, *passwords):
        for password in passwords:
            assert len(password) >= 16, "too short to be searched for"
            self.words.add(password)

    def add_accounts(self):
        passwords = self.agent.admin_password, self.agent.read_only_password
        self.add(*passwords)
        for user, password in zip(("admin", "ro_admin"), passwords):
            self.words.add(basic(user, password).split()[1])

    def add_those_of_processes(self):
        """What Gangway knows of them, where it answers."""
        answer = self.ask_gangway("/v1/processes?secrets=true")
        if answer is not None and answer.status == 200:
            for row in answer.json["processes"]:
                self.add(*(value for name, value in row.items() if name.endswith("password")))

    def ask_gangway(self, target):
        """None where it is not there: its module need not be loaded, its socket may be somebody else's."""
        try:
            with self.agent.admin.raw() as sock:
                pid, _, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            return self.agent.admin.get(target, timeout=5) if pid in self.processes() else None
        except (OSError, http.client.HTTPException):
            return None

    def processes(self):
        return [self.agent.watchdog.pid, *system.descendants(self.agent.watchdog.pid)]

    def shown_in(self, text):
        return [word for word in self.words if word in text]

    # ------------------------------------------------------------ where they may not be

    def shown(self):
        """{place: passwords that show there}, while the agent runs."""
        places = {**self.of_the_log(), **self.of_command_lines(), **self.of_statuses()}
        return {place: words for place, words in places.items() if words}

    def of_the_log(self):
        text = self.agent.log
        if self.agent.log_level >= PASSENGER_S_DEBUG_LEVEL:
            text = "\n".join(line for line in text.splitlines() if "[gangway]" in line)
        return {"the log": self.shown_in(text)}

    def of_command_lines(self):
        """Of every process of the machine; and the environment of those of the agent."""
        of_the_agent = self.processes()
        places = {}
        for pid in system.all_pids():
            try:
                text = system.command_of(pid)
                if pid in of_the_agent:
                    text += "\n" + b"\n".join(system.environment_of(pid)).decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError, PermissionError):  # It has ended, or is another user's.
                continue
            places[f"/proc/{pid}: {text[:200]}"] = self.shown_in(text)
        return places

    def of_statuses(self):
        """What shows to whoever asks for no secrets: of Gangway, and Passenger's own, of which Gangway is a part."""
        places = {}
        for target in STATUSES:
            answer = self.ask_gangway(target)
            places[target] = self.shown_in(answer.body.decode()) if answer else []
        for target in PASSENGER_S_STATUSES:
            places[target] = self.shown_in(self.agent.api("GET", target).body.decode(errors="replace"))
        return places
