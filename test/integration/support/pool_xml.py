"""Passenger's /pool.xml?secrets=true, read into the rows that docs/api.md promises for it."""

import datetime
import xml.etree.ElementTree as ElementTree

# In the order of docs/api.md.
PROCESS_FIELDS = (
    "pid", "gupid", "group", "state", "life_status", "enabled", "concurrency", "sessions",
    "processed", "busyness", "busy_since", "requests", "os_state", "routes", "sticky_session_id",
    "spawner_creation_time", "spawn_start_time", "spawn_end_time", "last_used", "uptime_seconds", "idle_seconds",
    "code_revision", "cpu_percent", "rss_bytes", "pss_bytes", "private_dirty_bytes", "swap_bytes",
    "real_memory_bytes", "vmsize_bytes", "process_group_id", "command", "sockets", "health")
GROUP_FIELDS = (
    "name", "app_root", "app_type", "environment", "uuid", "life_status", "user", "uid",
    "user_group", "gid", "enabled_process_count", "disabling_process_count",
    "disabled_process_count", "detached_process_count", "processes_being_spawned", "spawning",
    "restarting", "capacity_used", "get_wait_list_size", "disable_wait_list_size", "sessions")
# They tell how long ago something was when the list was made, so they are compared by themselves.
AGES = ("uptime_seconds", "idle_seconds")
# Passenger does not tell them.
BEYOND_PASSENGER = ("busy_since", "requests", "os_state")


def rfc3339(microseconds):
    """Exact, without a float on the way."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=microseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def from_rfc3339(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(
        tzinfo=datetime.timezone.utc)


def kib_in_bytes(value):
    return None if value == -1 else value * 1024


class XmlProcess:
    def __init__(self, element, group_name, password):
        self.element = element
        self.group_name = group_name
        self.password = password

    def text(self, name, default=None):
        return self.element.findtext(name, default)

    def number(self, name, default=None):
        value = self.element.findtext(name)
        return default if value is None else int(value)

    @property
    def pid(self):
        return self.number("pid")

    @property
    def is_alive(self):
        return self.text("life_status") == "ALIVE" and self.text("enabled") == "ENABLED"

    @property
    def has_metrics(self):
        return self.text("has_metrics") == "true"

    def sockets(self):
        return [{"address": socket.findtext("address"),
                 "protocol": socket.findtext("protocol"),
                 "description": socket.findtext("description"),
                 "concurrency": int(socket.findtext("concurrency")),
                 "accept_http_requests": bool(int(socket.findtext("accept_http_requests"))),
                 "sessions": int(socket.findtext("sessions"))}
                for socket in self.element.iterfind("sockets/socket")]

    def state(self):
        if self.text("life_status") == "DEAD":
            return "dead"
        if self.text("life_status") == "SHUTDOWN_TRIGGERED":
            return "shutting_down"
        return self.text("enabled").lower()

    def routes(self):
        sockets = self.sockets()
        routes = []
        if self.state() not in ("enabled", "disabling"):
            return routes
        if any(socket["accept_http_requests"] for socket in sockets):
            routes.append("pool")
        if any(socket["protocol"] == "http" and not socket["accept_http_requests"]
               for socket in sockets):
            routes.append("direct")
        return routes

    def row(self):
        """The row of /v1/processes?secrets=true for it, without the ages."""
        row = {
            "pid": self.pid,
            "gupid": self.text("gupid"),
            "group": self.group_name,
            "state": self.state(),
            "life_status": self.text("life_status"),
            "enabled": self.text("enabled"),
            "concurrency": self.number("concurrency"),
            "sessions": self.number("sessions"),
            "processed": self.number("processed"),
            "busyness": self.number("busyness"),
            "routes": self.routes(),
            "sticky_session_id": self.number("sticky_session_id"),
            "code_revision": self.text("code_revision"),
            "cpu_percent": self.number("cpu"),
            "process_group_id": self.number("process_group_id"),
            "command": self.text("command"),
            "sockets": self.sockets(),
            "health": None,
            "password": self.password,
        }
        for name in ("spawner_creation_time", "spawn_start_time", "spawn_end_time", "last_used"):
            row[name] = rfc3339(self.number(name))
        for name in ("rss", "pss", "private_dirty", "swap", "real_memory", "vmsize"):
            row[name + "_bytes"] = kib_in_bytes(self.number(name, -1))
        return row


class XmlGroup:
    def __init__(self, supergroup):
        self.element = supergroup.find("group")
        self.password = self.element.findtext("secret")
        assert self.password == self.element.findtext("api_key") == supergroup.findtext("secret")
        self.name = self.element.findtext("name")
        self.processes = [XmlProcess(process, self.name, self.password)
                          for process in self.element.iterfind("processes/process")]

    def number(self, name):
        return int(self.element.findtext(name))

    @property
    def enabled_count(self):
        return self.number("enabled_process_count")

    @property
    def is_quiet(self):
        return (self.number("processes_being_spawned") == 0
                and self.element.find("restarting") is None
                and self.element.find("spawning") is None
                and self.number("get_wait_list_size") == 0)

    def row(self):
        """The row of /v1/groups for it."""
        text = self.element.findtext
        row = {name: text(name) for name in ("name", "app_root", "environment", "uuid",
                                             "life_status", "user")}
        row["app_type"] = text("app_type") or None
        row["user_group"] = text("group")
        for name in ("uid", "gid", "enabled_process_count", "disabling_process_count",
                     "disabled_process_count", "processes_being_spawned", "capacity_used",
                     "get_wait_list_size", "disable_wait_list_size"):
            row[name] = self.number(name)
        row["spawning"] = self.element.find("spawning") is not None
        row["restarting"] = self.element.find("restarting") is not None
        row["detached_process_count"] = sum(
            process.text("enabled") == "DETACHED" for process in self.processes)
        row["sessions"] = sum(process.number("sessions") for process in self.processes)
        return row


class PoolXml:
    def __init__(self, content):
        self.element = ElementTree.fromstring(content)
        self.groups = [XmlGroup(element) for element in self.element.iterfind(
            "supergroups/supergroup")]

    @property
    def processes(self):
        return [process for group in self.groups for process in group.processes]

    @property
    def sessions(self):
        return sum(process.number("sessions") for process in self.processes)

    def number(self, name):
        return int(self.element.findtext(name))

    def process(self, pid):
        return next((process for process in self.processes if process.pid == pid), None)

    def group(self, name):
        return next(group for group in self.groups if group.name == name)

    def totals(self):
        """What /v1/pool says of it."""
        return {
            "passenger_version": self.element.findtext("passenger_version"),
            "max": self.number("max"),
            "capacity_used": self.number("capacity_used"),
            "groups": self.number("group_count"),
            "processes": self.number("process_count"),
            "sessions": self.sessions,
            "get_wait_list_size": self.number("get_wait_list_size"),
            "group_get_wait_list_size": sum(
                group.number("get_wait_list_size") for group in self.groups),
        }
