"""The authorization table of docs/api.md ("Who may do what") as data: what each caller may see and do at each
endpoint, computed from the caller's reach alone. Nothing here asks Gangway."""

import json
from dataclasses import dataclass
from typing import Optional
from urllib.parse import quote

from support.callers import NOBODY, swapped

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW")
PROCESS = "X-Passenger-Process"


@dataclass(frozen=True)
class Cell:
    target: str
    subject: object = None  # a Process, a Group; None: nothing, or nothing that exists
    asks_for: str = ""      # the subject as it stands in the target, a header or the body
    headers: tuple = ()
    body: bytes = b""
    secrets: bool = False


@dataclass(frozen=True)
class Expected:
    status: int
    code: Optional[str] = None
    content: object = None


def expected(row, cell, method, sent, reach):
    """The order of these lines is a promise, too: who asks comes before what is asked for."""
    if reach == NOBODY:
        return Expected(401, "unauthorized")
    if sent.is_repeated:
        return Expected(400, "bad_header")
    if row.methods is not ANY and method not in row.methods:
        return Expected(405, "method_not_allowed")
    return row.expected(reach, cell, method)


ANY = None
READ = ("GET", "HEAD")
NO_PROCESS = Expected(404, "process_not_found")
NO_GROUP = Expected(404, "group_not_found")
FORBIDDEN = Expected(403, "forbidden")


def process_cells(site, target, suffixes=("",)):
    """Every process by pid and by gupid, and some that do not exist."""
    pids = [process.pid for process in site.processes]
    absent_pid = next(pid for pid in range(10 ** (len(str(pids[-1])) - 1), 10 ** 7) if pid not in pids)
    subjects = [(process, name) for process in site.processes for name in (str(process.pid), process.gupid)]
    subjects += [(None, str(absent_pid)), (None, swapped(site.beta.processes[0].gupid).replace("`", "a"))]
    for suffix in suffixes:
        for subject, name in subjects:
            yield Cell(target.format(id=name) + suffix, subject, name, secrets="secrets=true" in suffix)


def group_cells(site, target, suffixes=("",)):
    for suffix in suffixes:
        for subject, name in ((site.alpha, site.alpha.name), (site.beta, site.beta.name), (None, "gamma-site")):
            yield Cell(target.format(name=quote(name, safe="")) + suffix, subject, name,
                       secrets="secrets=true" in suffix)


def listed(processes, reach, cell):
    """As read_rows() gives them back."""
    groups = [group.name for group in reach.groups]
    return sorted((process.pid, process.gupid, process.group,
                   process.password if cell.secrets and process.group in groups else "",
                   process.own_password if cell.secrets else "") for process in processes)


def read_rows(rows):
    return sorted((row["pid"], row["gupid"], row["group"], row.get("password", ""), row.get("process_password", ""))
                  for row in rows)


def about_one_process(reach, cell):
    if cell.subject not in reach.processes:
        return NO_PROCESS
    return Expected(200, content=listed([cell.subject], reach, cell))


class Row:
    """One endpoint: path as docs/openapi.yaml writes it (None: not in it), methods."""
    path = None
    methods = READ
    forwarded = False

    def cells(self, site, method):
        raise NotImplementedError

    def expected(self, reach, cell, method):
        raise NotImplementedError

    def content(self, answer):
        """Of an answer 200 what can be compared with the expected content."""
        raise NotImplementedError


class Index(Row):
    path = "/v1"

    def cells(self, site, method):
        return [Cell("/v1")]

    def expected(self, reach, cell, method):
        return Expected(200, content={row.path for row in ROWS if row.path and row.path.startswith("/v1")})

    def content(self, answer):
        return {endpoint["path"] for endpoint in answer.json["endpoints"]}


class OpenApi(Row):
    path = "/v1/openapi.yaml"

    def cells(self, site, method):
        return [Cell("/v1/openapi.yaml")]

    def expected(self, reach, cell, method):
        return Expected(200, content="openapi: 3.1.0")

    def content(self, answer):
        return answer.body.decode().splitlines()[0]


class Pool(Row):
    path = "/v1/pool"

    def cells(self, site, method):
        return [Cell("/v1/pool"), Cell("http://localhost/v1/pool")]

    def expected(self, reach, cell, method):
        return Expected(200, content=(len(reach.groups), len(reach.processes), reach.is_admin, reach.is_admin))

    def content(self, answer):
        pool = answer.json
        return (pool["groups"], pool["processes"], pool["gangway"] is not None,
                pool["get_wait_list_size"] is not None)


class Groups(Row):
    path = "/v1/groups"

    def cells(self, site, method):
        return [Cell("/v1/groups")]

    def expected(self, reach, cell, method):
        return Expected(200, content=sorted(group.name for group in reach.groups))

    def content(self, answer):
        return sorted(group["name"] for group in answer.json["groups"])


class OneGroup(Row):
    path = "/v1/groups/{name}"

    def cells(self, site, method):
        return group_cells(site, "/v1/groups/{name}", ("", "?secrets=true", "?fields=pid,gupid,group"))

    def expected(self, reach, cell, method):
        if cell.secrets and not reach.may_act:
            return FORBIDDEN
        if cell.subject not in reach.groups:
            return NO_GROUP
        processes = [process for process in cell.subject.processes if process in reach.processes]
        return Expected(200, content=(cell.subject.name, listed(processes, reach, cell)))

    def content(self, answer):
        return answer.json["group"]["name"], read_rows(answer.json["processes"])


class Processes(Row):
    path = "/v1/processes"

    def cells(self, site, method):
        return [Cell("/v1/processes"), Cell("/v1/processes?secrets=true", secrets=True),
                *group_cells(site, "/v1/processes?group={name}", ("", "&secrets=true"))]

    def expected(self, reach, cell, method):
        if cell.secrets and not reach.may_act:
            return FORBIDDEN
        processes = [process for process in reach.processes
                     if "group=" not in cell.target or process.group == cell.asks_for]
        return Expected(200, content=listed(processes, reach, cell))

    def content(self, answer):
        return read_rows(answer.json["processes"])


class OneProcess(Row):
    path = "/v1/processes/{id}"

    def cells(self, site, method):
        return process_cells(site, "/v1/processes/{id}", ("", "?secrets=true"))

    def expected(self, reach, cell, method):
        if cell.secrets and not reach.may_act:
            return FORBIDDEN
        return about_one_process(reach, cell)

    def content(self, answer):
        return read_rows([answer.json["process"]])


class Requests(Row):
    """Of visitors none are under way; whose are seen is a test of its own. Gangway's checks come and go."""
    path = "/v1/requests"

    def cells(self, site, method):
        return [Cell("/v1/requests"), Cell("/v1/requests?query=true", secrets=True),
                *process_cells(site, "/v1/requests?process={id}")]

    def expected(self, reach, cell, method):
        if cell.secrets and not reach.may_act:
            return FORBIDDEN
        if cell.asks_for and cell.subject not in reach.processes:
            return NO_PROCESS
        return Expected(200, content=([], reach.is_admin))

    def content(self, answer):
        visitors = [row for row in answer.json["requests"] if row["via"] == "visitor"]
        return visitors, "clients" in answer.json


class Profile(Row):
    """No visitor comes; whose requests are counted is a test of its own."""
    path = "/v1/requests/profile"

    def cells(self, site, method):
        return [Cell("/v1/requests/profile?seconds=0.01"),
                *process_cells(site, "/v1/requests/profile?seconds=0.01&process={id}")]

    def expected(self, reach, cell, method):
        if cell.asks_for and cell.subject not in reach.processes:
            return NO_PROCESS
        return Expected(200, content=[])

    def content(self, answer):
        return answer.json["routes"]


class Routes(Row):
    """They are counted only where that is configured."""
    path = "/v1/requests/routes"

    def cells(self, site, method):
        return [Cell("/v1/requests/routes")]

    def expected(self, reach, cell, method):
        return Expected(404, "not_found")


class ProcessHealth(Row):
    path = "/v1/processes/{id}/health"

    def cells(self, site, method):
        return process_cells(site, "/v1/processes/{id}/health")

    def expected(self, reach, cell, method):
        if not reach.may_act:
            return FORBIDDEN
        return about_one_process(reach, cell)

    def content(self, answer):
        return read_rows([answer.json["result"]])


class Health(Row):
    path, methods = "/v1/health", ("GET", "HEAD", "POST")

    def cells(self, site, method):
        yield Cell("/v1/health")
        if method != "POST":
            yield from group_cells(site, "/v1/health?group={name}")
            return
        for cell in group_cells(site, "/v1/health"):
            yield Cell(cell.target, cell.subject, cell.asks_for, body=json.dumps({"group": cell.asks_for}).encode())
        for cell in process_cells(site, "/v1/health"):
            yield Cell(cell.target, cell.subject, cell.asks_for,
                       body=json.dumps({"processes": [cell.asks_for]}).encode())

    def expected(self, reach, cell, method):
        if method != "POST":
            groups = [group for group in reach.groups if "?" not in cell.target or group == cell.subject]
            processes = [process for process in reach.processes
                         if "?" not in cell.target or process.group == cell.asks_for]
            return Expected(200, content=(sorted(group.name for group in groups), listed(processes, reach, cell)))
        if not reach.may_act:
            return FORBIDDEN
        if not cell.body:
            return Expected(200, content=listed(reach.processes, reach, cell))
        if b'"group"' in cell.body:
            checked = [process for process in reach.processes if process.group == cell.asks_for]
            if not checked:
                return NO_GROUP
            return Expected(200, content=listed(checked, reach, cell))
        return about_one_process(reach, cell)

    def content(self, answer):
        if "results" in answer.json:
            return read_rows(answer.json["results"])
        return sorted(group["name"] for group in answer.json["groups"]), read_rows(answer.json["processes"])


class Live(Row):
    path = "/v1/health/live"

    def cells(self, site, method):
        return group_cells(site, "/v1/health/live?group={name}")

    def expected(self, reach, cell, method):
        if cell.subject not in reach.groups:
            return Expected(404, "health_not_configured")
        return Expected(200, content=(cell.subject.name, len(cell.subject.processes)))

    def content(self, answer):
        return answer.json["group"], answer.json["total"]


class Events(Row):
    """What comes in a stream is a test of its own."""
    path = "/v1/events"

    def cells(self, site, method):
        return [Cell("/v1/events")]

    def expected(self, reach, cell, method):
        return Expected(200, content=["text/event-stream"])

    def content(self, answer):
        return answer.get("Content-Type")


class Forward(Row):
    path = "/v1/processes/{id}/request/{path}"
    methods, forwarded = ANY, True

    def cells(self, site, method):
        return process_cells(site, "/v1/processes/{id}/request/")

    def expected(self, reach, cell, method):
        if not reach.may_act:
            return FORBIDDEN
        if cell.subject not in reach.processes:
            return NO_PROCESS
        return Expected(200, content=([f"{cell.subject.pid} {cell.subject.gupid}"], str(cell.subject.pid), method))

    def content(self, answer):
        said = dict(line.split("=", 1) for line in answer.body.decode().splitlines())
        return answer.get("X-Gangway-Process"), said["pid"], said["method"]


class ForwardByHeader(Forward):
    path = "/{path}"

    def cells(self, site, method):
        for cell in process_cells(site, "/"):
            yield Cell("/", cell.subject, cell.asks_for, headers=((PROCESS, cell.asks_for),))


class NoEndpoint(Row):
    """Every path under /v1 that is none of the above, and any other without X-Passenger-Process."""
    methods = ANY

    def cells(self, site, method):
        process, group = site.beta.processes[0], site.beta
        return [Cell(target) for target in (
            "/v1/", "/v1/nothing", "/v1/pool/", "/v1/groups/", f"/v1/groups/{group.name}/x", "/v1/processes/",
            f"/v1/processes/{process.pid}/x", f"/v1/processes/{process.gupid}/requests", "/v1/health/x",
            "/v1/events/x", "/", "/index.html", "/v2/pool", f"/processes/{process.pid}")]

    def expected(self, reach, cell, method):
        return Expected(404, "not_found")


ROWS = (Index(), OpenApi(), Pool(), Groups(), OneGroup(), Processes(), OneProcess(), Requests(), Profile(), Routes(), ProcessHealth(),
        Health(), Live(), Events(), Forward(), ForwardByHeader(), NoEndpoint())
