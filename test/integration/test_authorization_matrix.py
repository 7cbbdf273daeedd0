"""Every endpoint, method, peer and kind of credentials against the authorization table. Collected for root only
(conftest.py). What is expected is computed in support/authorization_table.py, which asks nobody."""

import contextlib
import json
import pwd
import re
from pathlib import Path

import pytest
import yaml

from support import system
from support.authorization_table import ANY, METHODS, ROWS, Cell, expected
from support.callers import CREDENTIALS, NOBODY, PASSWORD, Site, everything, reach_of_user
from support.leaks import leaks
from support.passenger import python_groups
from support.user_process import Request, UserProcess
from support.waiting import wait_until
from support.watching import health, plan

REPOSITORY = Path(__file__).resolve().parents[2]
# Users of every Debian system; what they are for does not matter here.
ALPHA_USER, BETA_USER, STRANGER = "daemon", "www-data", "games"
FEW = 3
PEERS = {"root": "root", "alpha's user": ALPHA_USER, "beta's user": BETA_USER, "a stranger": STRANGER}


def make_agent(**options):
    config = {"access_log": "json", "health": [plan(path="/", interval_seconds=0.5)]}
    return python_groups({"alpha-site": (2, ALPHA_USER), "beta-site": (1, BETA_USER)}, config=config, **options)


def known_to_health(agent):
    return sorted(row["pid"] for row in health(agent)["processes"]) == sorted(
        process.pid for process in agent.pool_xml().processes)


@pytest.fixture(scope="module")
def agent(module_fleet):
    """An agent of root that runs alpha as one user and beta as another, with checks all the time."""
    agent = module_fleet.get("switching", lambda: make_agent(user_switching=True))
    wait_until(lambda: known_to_health(agent), "each process is checked")
    yield agent
    agent.assert_unharmed()


@contextlib.contextmanager
def asking_as_each(agent):
    """{peer: a process of that user}"""
    with contextlib.ExitStack() as ends:
        processes = {}
        for peer, user in PEERS.items():
            processes[peer] = UserProcess(user, agent.socket_path)
            ends.callback(processes[peer].close)
        yield processes


@pytest.fixture(scope="module")
def peers(agent):
    with asking_as_each(agent) as processes:
        yield processes


@pytest.fixture(scope="module")
def site(agent):
    return Site(agent)


@pytest.fixture(scope="module")
def unprivileged(module_fleet):
    """(site, peers) of an agent that alpha's user runs."""
    agent = module_fleet.get("unprivileged", lambda: make_agent(run_as=ALPHA_USER))
    assert system.owner_of(agent.core_pid) == pwd.getpwnam(ALPHA_USER).pw_uid
    wait_until(lambda: known_to_health(agent), "each process is checked")
    with asking_as_each(agent) as processes:
        yield Site(agent), processes
    agent.assert_unharmed()


def refusals_of(peer):
    """{method: what whoever is nobody gets, whatever was asked for}"""
    answers = peer.ask(Request(method, "/v1/pool") for method in METHODS)
    assert {answer.status for answer in answers} == {401}
    return {method: told(answer) for method, answer in zip(METHODS, answers)}


@pytest.fixture(scope="module")
def refusals(peers):
    return refusals_of(peers["a stranger"])


def told(answer, cell=Cell("")):
    """All that an answer says, but for the moment it was made at; and that a body that nobody read, or the third
    refusal in a row, ends the connection."""
    of_no_interest = [("Connection", "close")] if cell.body or answer.status == 401 else []
    headers = [(name, value) for name, value in answer.headers
               if name != "Date" and (name, value) not in of_no_interest]
    return answer.status_line, headers, answer.body


def request(method, cell, sent=None):
    headers = (*cell.headers, *(sent.headers if sent else ()))
    return Request(method, cell.target, headers, cell.body)


# ---------------------------------------------------------------- the table itself

def test_each_route_of_the_documentation_has_a_row():
    paths = yaml.safe_load((REPOSITORY / "docs" / "openapi.yaml").read_text())["paths"]
    documented = {(path, method.upper()) for path, item in paths.items() for method in item
                  if method.upper() in METHODS}
    covered = {(row.path, method) for row in ROWS if row.path
               for method in (METHODS if row.methods is ANY else row.methods)}
    # What is implied there: HEAD wherever GET is; and no word of OpenAPI stands for any method.
    documented |= {(path, "HEAD") for path, method in documented if method == "GET"}
    documented |= {(row.path, "BREW") for row in ROWS if row.methods is ANY and row.path in paths}
    assert documented == covered


def test_each_route_of_the_manual_has_a_row():
    text = (REPOSITORY / "docs" / "api.md").read_text()
    rows = re.findall(r"^\| (?:`([A-Z]+) |any method `)(/v1[^`]*)` \|", text, re.MULTILINE)
    documented = {(method or "any", path) for method, path in rows}
    assert documented == {("any" if row.methods is ANY else method, row.path) for row in ROWS
                          if row.path and row.path.startswith("/v1")
                          for method in (["any"] if row.methods is ANY else row.methods) if method != "HEAD"}


def test_each_endpoint_of_the_module_has_a_row(agent):
    served = {(endpoint["method"], endpoint["path"]) for endpoint in agent.admin.get("/v1").json["endpoints"]}
    assert served == {("any" if row.methods is ANY else method, row.path) for row in ROWS
                      if row.path and row.path.startswith("/v1")
                      for method in (["any"] if row.methods is ANY else row.methods) if method != "HEAD"}


# ---------------------------------------------------------------- the matrix

@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path or "no endpoint")
@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("peer", PEERS)
def test_who_may_do_what(peers, site, refusals, peer, credentials, row):
    reach = reach_of_user(site, peers[peer].uid)
    assert_table_holds(peers[peer], reach, list(CREDENTIALS[credentials](site)), row, site, refusals)


def assert_table_holds(peer, reach_without_credentials, credentials, row, site, refusals):
    asked = list(questions(row, credentials, site))
    assert asked
    answers = peer.ask(request(*what) for what in asked)
    unseen = {}  # what was told of each thing that is out of reach or does not exist
    for (method, cell, sent), answer in zip(asked, answers):
        reach = sent.reach_at(row.forwarded, reach_without_credentials)
        try:
            check_answer(row, method, answer, expected(row, cell, method, sent, reach))
            assert leaks(answer, reach, site) == []
            if reach == NOBODY:
                assert told(answer, cell) == refusals[method]
        except AssertionError as failure:
            raise AssertionError(f"uid {peer.uid}, {sent.headers}: {method} {cell}: {answer}: {failure}") from None
        if reach != NOBODY and answer.status == 404:
            # Where there is no endpoint, what was probably meant is told: it lies in the target alone.
            target = cell.target if answer.code == "not_found" else None
            unseen.setdefault((method, sent, answer.code, target), []).append(told(answer, cell))
    for everything_told in unseen.values():
        assert everything_told == everything_told[:1] * len(everything_told)


def questions(row, credentials, site):
    """(method, cell, credentials): all of them; but of many credentials each goes to every method, and to the cells by
    turns."""
    for method in METHODS:
        cells = list(row.cells(site, method))
        for number, sent in enumerate(credentials):
            for cell in cells if len(credentials) <= FEW else [cells[number % len(cells)]]:
                yield method, cell, sent


def check_answer(row, method, answer, wanted):
    assert (answer.status, answer.code) == (wanted.status, wanted.code)
    if wanted.code is not None:
        assert answer.get("Content-Type") == ["application/problem+json"]
        assert method == "HEAD" or set(answer.json) == {"title", "status", "code", "detail"}
    elif method != "HEAD":
        assert row.content(answer) == wanted.content
    if wanted.status == 405:
        assert answer.get("Allow") == [", ".join(row.methods)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path or "no endpoint")
def test_where_the_agent_is_not_root_its_own_user_and_root_see_and_reach_everything(unprivileged, row):
    site, peers = unprivileged
    (nothing_sent,) = CREDENTIALS["no credentials"](site)
    refusals = refusals_of(peers["a stranger"])
    for peer, process in peers.items():
        reach = everything(site) if peer in ("root", "alpha's user") else NOBODY
        assert_table_holds(process, reach, [nothing_sent], row, site, refusals)


@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("peer", PEERS)
def test_what_is_wrong_with_a_request_is_told_to_nobody(peers, site, refusals, peer, credentials):
    """A bad parameter, a body where none may be, a target that is none: for the others 400, by its code."""
    asked = [(Cell("/v1/pool?nonsense=1"), "bad_parameter"), (Cell("/v1/processes?secrets=x"), "bad_parameter"),
             (Cell("/v1/groups?%zz"), "bad_parameter"), (Cell("/v1/events?x"), "bad_parameter"),
             (Cell("/v1/pool", body=b"{}"), "body_not_allowed"), (Cell("no-path"), "bad_request")]
    asked = [(cell, code, sent) for cell, code in asked for sent in CREDENTIALS[credentials](site)]
    answers = peers[peer].ask(request("GET", cell, sent) for cell, _, sent in asked)
    for (cell, code, sent), answer in zip(asked, answers):
        reach = sent.reach_at(False, reach_of_user(site, peers[peer].uid))
        if reach == NOBODY:
            assert (answer.status, answer.code, answer.body) == (401, "unauthorized", refusals["GET"][2]), answer
        else:
            assert (answer.status, answer.code) == (400, "bad_header" if sent.is_repeated else code), (sent, answer)


# ---------------------------------------------------------------- events, the log

LEFT = b"event: process_detached\n"


def test_each_caller_hears_of_exactly_what_it_reaches(agent):
    """Alpha and beta lose a process by turns, so that each caller's own last event comes after a foreign one."""
    site = Site(agent)
    callers = {}
    for peer, user in PEERS.items():
        for credentials in ("no credentials", "full account", "read-only account", "alpha's password",
                            "beta's password", "a process's own password"):
            sent = CREDENTIALS[credentials](site)[0]
            reach = sent.reach_at(False, reach_of_user(site, pwd.getpwnam(user).pw_uid))
            if reach != NOBODY:
                process = UserProcess(user, agent.socket_path)
                process.listen(request("GET", Cell("/v1/events"), sent), LEFT, 2 * len(reach.groups) or 1)
                callers[peer, credentials] = process, reach
    assert len(callers) == 4 * 5 + 3

    gone = []
    for name in ("alpha-site", "beta-site", "alpha-site", "beta-site"):
        pid = agent.pool_xml().group(name).processes[0].pid
        gone.append((name, pid))
        agent.api("POST", "/pool/detach_process.json", {"pid": pid})
        wait_until(lambda: pid not in [row["pid"] for row in health(agent)["processes"]], "it has left")
        agent.ready()
        wait_until(lambda: known_to_health(agent), "the next one is checked")
    everybody = {process.pid: process.group for process in Site(agent).processes}
    everybody.update({pid: name for name, pid in gone})

    for caller, (process, reach) in callers.items():
        text = process.heard()
        process.close()
        names = [group.name for group in reach.groups]
        pids = [process.pid for process in reach.processes]
        left = re.findall(r'event: process_detached\ndata: .*"pid":(\d+)', text)
        assert [int(pid) for pid in left] == [pid for name, pid in gone if name in names or pid in pids], (caller, text)
        assert set(re.findall(r'"group":"([^"]*)"', text)) == {process.group for process in reach.processes}
        for pid, name in everybody.items():
            assert name in names or pid in pids or not re.search(rf'"pid":{pid}\b', text), (caller, text)


def test_a_process_s_own_password_opens_nothing_once_it_has_gone(agent, peers, refusals):
    process = Site(agent).beta.processes[0]
    sent = [(PASSWORD, process.own_password)]
    (answer,) = peers["a stranger"].ask([Request("GET", "/v1/pool", sent)])
    assert answer.status == 200
    agent.api("POST", "/pool/detach_process.json", {"pid": process.pid})
    wait_until(lambda: process.gupid not in [row["gupid"] for row in agent.admin.processes()], "it has gone")
    agent.ready()
    wait_until(lambda: known_to_health(agent), "the next one is checked")
    site = Site(agent)
    assert site.beta.processes[0].gupid != process.gupid
    for row in ROWS:
        for peer in peers.values():
            asked = [(method, cell) for method in METHODS for cell in row.cells(site, method)]
            answers = peer.ask(Request(method, cell.target, (*cell.headers, *sent), cell.body)
                               for method, cell in asked)
            for (method, cell), answer in zip(asked, answers):
                assert told(answer, cell) == refusals[method], (method, cell, answer)


def test_the_log_names_whom_a_request_was_refused_to_and_not_what_it_would_have_reached(agent, peers):
    site = Site(agent)
    words = {"no credentials": None, "full account": "full", "read-only account": "readonly",
             "alpha's password": "password", "a process's own password": "process", "a wrong password": "none"}
    wanted = []
    position = agent.log_path.stat().st_size
    for peer, process in peers.items():
        for credentials, word in words.items():
            for sent in CREDENTIALS[credentials](site)[:1] if word != "none" else [
                    sent for sent in CREDENTIALS[credentials](site) if sent.headers[0][1]][:3]:
                reach = sent.reach_at(True, reach_of_user(site, process.uid))
                word_of_peer = "none" if reach == NOBODY else "root" if process.uid == 0 else "user"
                for target in site.processes:
                    process.ask([Request("GET", f"/v1/processes/{target.gupid}/request/", sent.headers)])
                    reached = reach.may_act and target in reach.processes
                    wanted.append((process.uid, word or word_of_peer, target.gupid, target.pid if reached else None))

    def lines():
        text = text_from(agent.log_path, position)
        return [json.loads(line) for line in re.findall(r"\[gangway\] access (\{.*\})$", text, re.MULTILINE)]

    def forwarded_lines():
        return [(line["uid"], line["as"], line["path"].split("/")[3], line["process"]) for line in lines()
                if line.get("path", "").endswith("/request/")]

    def admitted(rows):
        return [row for row in rows if row[1] != "none"]

    wait_until(lambda: len(admitted(forwarded_lines())) == len(admitted(wanted)), "a line for each that was let in")
    assert admitted(forwarded_lines()) == admitted(wanted)
    assert set(forwarded_lines()) <= set(wanted) # Of refusals so many are written a second, and no more.
    text = text_from(agent.log_path, 0)
    secrets = [site.admin_password, site.read_only_password, site.alpha.password, site.beta.password,
               *(process.own_password for process in site.processes)]
    for credentials in CREDENTIALS:
        for sent in CREDENTIALS[credentials](site):
            secrets += [value.strip() for _, value in sent.headers if len(value) > 30]
    assert [secret for secret in secrets if secret in text] == []


def text_from(path, position):
    with open(path, "rb") as file:
        file.seek(position)
        return file.read().decode(errors="replace")
