"""gangway health against a real agent: what it prints, and what it ends with."""

import json
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from support.client import forwarded
from support.command import command_environment, gangway
from support.health import document_of, summed_up
from support.passenger import command_path
from support.terminal import TERMINAL, AtTerminal
from support.waiting import wait_until

OK, NOT_ALL, USAGE, UNREACHABLE, UNAUTHORIZED, INTERRUPTED = 0, 1, 2, 3, 4, 130
NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN = range(4)
COLUMNS = ["PID", "STATE", "REASON", "STATUS", "LATENCY", "ROUTE"]
SECONDS = 20


def pids_of(agent):
    return [row["pid"] for row in agent.admin.processes()]


def health(agent, *arguments, **options):
    return gangway(agent, "health", *arguments, **options)


class Table:
    """What is printed for a person: rows, sentences, the sum."""

    def __init__(self, text):
        rows, *details, self.sum = text.removesuffix("\n").split("\n\n")
        self.columns, *rows = [line.split() for line in rows.splitlines()]
        self.rows = {int(row[0]): row for row in rows}
        self.details = "\n".join(details).splitlines()


@contextmanager
def one_busy(agent):
    """The first process serves a request."""
    pid = pids_of(agent)[0]
    connection = agent.admin.connection()
    try:
        connection.request("GET", forwarded(pid, "/sleep?seconds=4"), headers={"X-Gangway-Route": "pool"})
        agent.wait_for_sessions(pid, 1)
        yield pid
    finally:
        connection.close()


# ---------------------------------------------------------------- the table

def test_the_table_has_a_row_for_each_process_and_a_sum(agent):
    result = health(agent, "--all")
    assert result.code == OK and result.errors == "", result
    assert "\x1b" not in result.text, "colours where there is no terminal"
    table = Table(result.text)
    assert table.columns == COLUMNS and table.details == []
    assert list(table.rows) == pids_of(agent), "in the pool's order"
    for pid, (_, state, reason, status, latency, unit, route) in table.rows.items():
        assert (state, reason, status) == ("healthy", "-", "200"), pid
        # The last free Ruby process of those that are checked at once is left to visitors.
        assert route in ("pool", "direct" if agent.runtime == "ruby" else "pool")
        assert float(latency) > 0 and unit in ("us", "µs", "ms", "s")
    assert re.fullmatch(r"3 of 3 healthy, in [0-9.]+ \S+", table.sum), table.sum


def test_the_table_says_what_is_wrong_with_whom(agent):
    result = health(agent, "--all", "/status?code=503")
    assert result.code == NOT_ALL and result.errors == "", result
    table = Table(result.text)
    for pid, row in table.rows.items():
        assert row[1:4] == ["unhealthy", "bad_status", "503"]
        assert any(str(pid) in line.partition(":")[0] and "503" in line for line in table.details)
    assert len(table.details) == 1, "what is said of all is said once"
    assert table.sum.startswith("0 of 3 healthy, 3 unhealthy, in ")


def test_a_busy_process_is_not_healthy_and_no_failure_of_the_agent(python):
    with one_busy(python) as pid:
        result = health(python, "--all", "--wait", "0.6")
        assert result.code == NOT_ALL, result
        table = Table(result.text)
        assert table.columns == [*COLUMNS, "BUSY", "FOR", "WITH"]
        assert table.rows[pid][:6] == [str(pid), "busy", "busy", "-", "-", "-"]
        assert re.fullmatch(r"\d+s GET /sleep through Gangway", " ".join(table.rows[pid][6:])), table.rows
        assert table.sum.startswith("2 of 3 healthy, 1 busy, in ")


def test_a_busy_ruby_process_is_asked_past_the_visitors(ruby):
    with one_busy(ruby) as pid:
        result = health(ruby, pid)
        assert result.code == OK and Table(result.text).rows[pid][6] == "direct", result


def test_processes_are_named_by_pid_and_gupid(agent):
    rows = agent.admin.processes()
    result = health(agent, rows[0]["pid"], rows[2]["gupid"], "/x")
    assert result.code == OK and set(Table(result.text).rows) == {rows[0]["pid"], rows[2]["pid"]}, result


def test_a_group_is_named_and_many_groups_have_a_column(two_groups):
    beta = two_groups.pool_xml().group("beta").processes[0].pid
    result = health(two_groups, "--group", "beta")
    table = Table(result.text)
    assert result.code == OK and list(table.rows) == [beta] and table.columns == COLUMNS, result
    listed = [(row["pid"], row["group"]) for row in two_groups.admin.processes()]
    results = json.loads(health(two_groups, "--all", "--json").text)["results"]
    assert [(row["pid"], row["group"]) for row in results] == listed, "in the pool's order"
    table = Table(health(two_groups, "--all").text)
    assert table.columns == ["PID", "GROUP", *COLUMNS[1:]]
    assert [row[1] for row in table.rows.values()] == [group for _, group in listed]
    assert table.rows[beta][1] == "beta"


@pytest.mark.parametrize("arguments, code", [
    (["/env", "-H", "X-Note: a b", "--json-pointer", "/headers/x-note", "--json-value", "a b"], OK),
    (["/env", "-H", "X-Note: a b", "--json-pointer", "/headers/x-note", "--json-value", "b"], NOT_ALL),
    (["/env", "--header", "X-One: 1", "--header", "X-Two: 2", "--regex", '(?s)"x-one".*"x-two"'], OK),
    (["/env", "-H", "User-Agent: Mine/1", "--body", "Mine/1"], OK),
    (["--path", "/x", "--body", "path=/x\n"], OK), (["/x", "--body", "path=/y\n"], NOT_ALL),
    (["--method", "HEAD"], OK), (["--method", "OPTIONS", "--regex", "method=OPTIONS"], OK),
    (["/status?code=404", "--status", "404"], OK), (["--status", "201-299"], NOT_ALL),
    (["/sleep?seconds=1", "--timeout", "0.2"], NOT_ALL),
    (["/sleep?seconds=0.2", "--timeout", "20", "--wait", "20"], OK),
    (["--route", "direct"], NOT_ALL), (["--concurrency", "1", "--wait", "0"], OK),
    (["--busy-limit", "60", "--deadline", "20"], OK)])
def test_each_option_reaches_the_check(python, arguments, code):
    result = health(python, "--all", *arguments)
    assert result.code == code, result
    python.wait_for_no_sessions()


def test_a_pointer_alone_wants_anything_but_null_and_false(python):
    assert health(python, "--all", "/env", "--json-pointer", "/headers").code == OK
    assert health(python, "--all", "/env", "--json-pointer", "/no-such").code == NOT_ALL


def test_those_that_are_there_are_checked_and_one_that_is_not_is_gone(python):
    live = pids_of(python)[:2]
    result = health(python, live[1], "999999999", live[0], "/")
    assert result.code == NOT_ALL and result.errors == "", result
    table = Table(result.text)
    assert list(table.rows) == [*live, 999999999]
    assert [row[1] for row in table.rows.values()] == ["healthy", "healthy", "unhealthy"]
    assert table.rows[999999999][2] == "gone" and "no process 999999999" in table.details[0]
    assert table.sum.startswith("2 of 3 healthy, 1 unhealthy, in ")
    summary, results = summed_up(*json.loads(health(python, live[0], "gone-0", "--json").text).values())[:2]
    assert summary["unhealthy"] == 1 and results[-1]["reason"] == "gone"
    result = health(python, "999999999", "--nagios")
    assert result.code == NAGIOS_CRITICAL and "999999999 gone" in result.text, result


def test_a_group_that_is_not_there_is_told_with_those_that_are(two_groups):
    for arguments in (("health", "--group", "alhpa"), ("ps", "--group", "alhpa")):
        result = gangway(two_groups, *arguments)
        assert result.code == NOT_ALL and result.output == b"", result
        assert result.errors == ("gangway: group_not_found: There is no group 'alhpa'. Did you mean 'alpha'? "
                                 "There are:\n  alpha\n  beta\n"), result
        result = gangway(two_groups, *arguments, "--json")
        assert result.code == NOT_ALL, result
        error = json.loads(result.errors)["error"]
        assert error["code"] == "group_not_found" and error["exit_code"] == NOT_ALL
        assert error["problem"]["groups"] == ["alpha", "beta"]


def test_a_deadline_ends_it_and_is_told(python):
    result = health(python, "--all", "/sleep?seconds=2", "--deadline", "0.5", "--concurrency", "1")
    assert result.code == NOT_ALL and "deadline" in Table(result.text).sum, result


# ---------------------------------------------------------------- JSON

def test_json_is_one_document(agent):
    result = health(agent, "--all", "--json")
    assert result.code == OK, result
    document = json.loads(result.text)
    assert set(document) == {"summary", "results"}
    summary, results = summed_up(document["summary"], document["results"])
    assert summary["healthy"] == 3
    assert [row["pid"] for row in results] == pids_of(agent)
    assert result.text.count("\n") == 1
    own = {row["gupid"]: row["group"] for row in document_of(agent, {})[1]}
    assert {row["gupid"]: row["group"] for row in results} == own


def test_json_tells_what_is_wrong(python):
    result = health(python, "--all", "/status?code=500", "--json")
    assert result.code == NOT_ALL, result
    document = json.loads(result.text)
    assert document["summary"]["unhealthy"] == 3
    assert {row["reason"] for row in document["results"]} == {"bad_status"}


# ---------------------------------------------------------------- Nagios

PERFORMANCE = (r" \| healthy=(\d+);;1:;0;(\d+) unhealthy=(\d+);;0;0;\2 busy=(\d+);0;;0;\2 skipped=(\d+);0;;0;\2 "
               r"queue=\d+;;;0 time=[0-9]+\.[0-9]{3}s;;;0\n")


def assert_plugin(result, code, begin, counts):
    """counts: healthy, total, unhealthy, busy, skipped."""
    assert result.code == code and result.errors == "", result
    assert result.text.startswith(begin) and result.text.count("\n") == 1, result
    found = re.search(PERFORMANCE + "$", result.text)
    assert found and [int(number) for number in found.groups()] == counts, result


def test_nagios_is_ok_where_all_are_healthy(agent):
    assert_plugin(health(agent, "--all", "--nagios"), NAGIOS_OK, "OK - 3 of 3 healthy | ", [3, 3, 0, 0, 0])


def test_nagios_is_warning_where_some_are_busy(python):
    with one_busy(python) as pid:
        result = health(python, "--all", "--nagios")
    assert_plugin(result, NAGIOS_WARNING, f"WARNING - 2 of 3 healthy, 1 busy: {pid} busy", [2, 3, 0, 1, 0])


def test_nagios_is_critical_where_some_are_busy_for_too_long(python):
    with one_busy(python) as pid:
        result = health(python, "--all", "--nagios", "--busy-limit", "0.2")
    assert_plugin(result, NAGIOS_CRITICAL, f"CRITICAL - 2 of 3 healthy, 1 unhealthy: {pid} busy_too_long",
                  [2, 3, 1, 0, 0])


def test_nagios_is_warning_where_some_are_skipped(python):
    with one_busy(python) as pid:
        python.api("POST", "/pool/detach_process.json", {"pid": pid})
        others = [other for other in pids_of(python) if other != pid]
        result = health(python, pid, *others[:1], "--nagios")
    assert_plugin(result, NAGIOS_WARNING, "WARNING - 1 of 2 healthy, 1 skipped", [1, 2, 0, 0, 1])


def test_nagios_is_critical_where_nobody_is_left_to_serve(python):
    result = health(python, pids_of(python)[0], "--route", "direct", "--nagios")
    assert_plugin(result, NAGIOS_CRITICAL, "CRITICAL - 0 of 1 healthy, 1 skipped", [0, 1, 0, 0, 1])


def test_nagios_counts_the_visitors_who_wait_and_goes_by_the_ranges_given(new_agent):
    agent = new_agent("python", workers=1, config={}, max_pool_size=1).ready()
    pid = pids_of(agent)[0]
    visitors = ThreadPoolExecutor(3)
    visits = [visitors.submit(agent.visit, "/sleep?seconds=3") for _ in range(3)]
    wait_until(lambda: agent.admin.get("/v1/groups").json["groups"][0]["get_wait_list_size"] == 2, "two wait")
    result = health(agent, pid, "--nagios")
    assert result.code == NAGIOS_CRITICAL and " queue=2;;;0 " in result.text, result
    assert result.text.startswith("CRITICAL - 0 of 1 healthy, 1 busy, 2 queued: "), result
    for arguments, code in ((("-c", "healthy=0:"), NAGIOS_WARNING), (("-c", "healthy=0:", "-w", "busy=1"), NAGIOS_OK),
                            (("-c", "healthy=0:", "-c", "queue=1"), NAGIOS_CRITICAL)):
        result = health(agent, "--all", "--nagios", *arguments)
        assert result.code == code, (arguments, result)
    assert [visit.result().status for visit in visits] == [200] * 3


def test_nagios_is_critical_where_some_are_unhealthy(python):
    result = health(python, "--all", "/status?code=500", "--nagios")
    assert_plugin(result, NAGIOS_CRITICAL, "CRITICAL - 0 of 3 healthy, 3 unhealthy: ", [0, 3, 3, 0, 0])


@pytest.mark.parametrize("arguments, said", [
    (["--all", "--password", "wrong"], "unauthorized"), (["--all", "-w", "busy"], "--warning"),
    (["--all", "-c", "queue=x"], "--critical"), (["--all", "-c", ""], "--critical"), (["--group", "no-such"], "group"), ([], "--all"), (["--all", "--timeout", "soon"], "--timeout"),
    (["--all", "--no-such-option"], "--no-such-option"),
    (["--all", "--regex", "("], "--regex"), (["--all", "--json"], "--nagios")])
def test_nagios_is_unknown_where_nothing_can_be_said(python, arguments, said):
    result = health(python, *arguments, "--nagios")
    assert result.code == NAGIOS_UNKNOWN, result
    assert result.text.startswith("UNKNOWN - ") and result.text.count("\n") == 1 and said in result.text, result


def test_nagios_is_unknown_without_an_agent_and_without_a_process(new_agent, tmp_path):
    result = health(None, "--all", "--nagios", "--socket", tmp_path / "none")
    assert result.code == NAGIOS_UNKNOWN and result.text.startswith("UNKNOWN - "), result
    agent = new_agent("python", workers=0, config={}, max_pool_size=1)
    result = health(agent, "--all", "--nagios")
    assert result.code == NAGIOS_UNKNOWN and result.text.startswith("UNKNOWN - there is no process"), result
    result = health(agent, "--all")
    assert result.code == NOT_ALL and "there is no process" in result.errors, result


# ---------------------------------------------------------------- exit codes

@pytest.mark.parametrize("arguments, code, said", [
    (["--group", "no-such"], NOT_ALL, "group_not_found: There is no group 'no-such'"),
    (["--all", "-w", "busy=5"], USAGE, "--nagios"), (["--all", "--status", "20"], USAGE, "--status"),
    (["--all", "--regex", "("], USAGE, "--regex"),
    (["--all", "-H", "Connection: close"], USAGE, "--header"),
    ([], USAGE, "--all"), (["--all", "1"], USAGE, "--all"), (["--all", "--group", "x"], USAGE, "--group"),
    (["--all", "/a", "/b"], USAGE, "/a"), (["--all", "--method", "POST"], USAGE, "--method"),
    (["--all", "--wait", "x"], USAGE, "--wait"), (["--all", "--concurrency", "0"], USAGE, "--concurrency"),
    (["--all", "--json-value", "1"], USAGE, "--json-pointer"),
    (["--all", "--password", "wrong"], UNAUTHORIZED, "unauthorized")])
def test_what_cannot_be_checked_has_an_exit_code_of_its_own(python, arguments, code, said):
    result = health(python, *arguments)
    assert result.code == code and said in result.errors and result.output == b"", result


def test_no_agent_is_unreachable(tmp_path):
    result = health(None, "--all", "--socket", tmp_path / "none")
    assert result.code == UNREACHABLE and result.errors, result


# ---------------------------------------------------------------- again and again

@contextmanager
def watching(agent, *arguments):
    process = subprocess.Popen(
        [str(command_path()), "health", *map(str, arguments)], env=command_environment(agent),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A test run in a shell's background ignores it, and what is ignored is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def is_interrupted(process):
    """It ends, and a shell counts it as 130: between two rounds the signal itself ends it."""
    process.send_signal(signal.SIGINT)
    return process.wait(SECONDS) in (INTERRUPTED, -signal.SIGINT)


def test_watch_goes_on_until_it_is_interrupted(python):
    with watching(python, "--all", "--json", "--watch", "0.1") as process:
        for _ in range(3):
            lines = [json.loads(process.stdout.readline()) for _ in range(4)]
            assert [list(line) for line in lines] == [["result"]] * 3 + [["summary"]]
            summed_up(lines[-1]["summary"], [line["result"] for line in lines[:3]])
        assert is_interrupted(process)
    python.wait_for_no_sessions()


def test_watch_as_tables(python):
    with watching(python, "--all", "--watch", "0.1") as process:
        text = ""
        while text.count("of 3 healthy") < 2:
            line = process.stdout.readline().decode()
            assert line, text
            text += line
        assert is_interrupted(process)
    assert "\x1b" not in text
    assert text.count("PID  STATE") == 2, text
    assert len(re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}$", text, re.M)) == 2, text


def test_watch_ends_while_a_check_is_waited_for(python):
    with watching(python, "--all", "/sleep?seconds=3", "--watch", "0.1") as process:
        wait_until(lambda: python.pool_xml().sessions > 0, "a check is underway")
        assert is_interrupted(process)
        python.wait_for_no_sessions(2)


def test_watch_on_a_terminal_draws_it_anew_until_ctrl_c(python):
    with AtTerminal(python, "health", "--all", "--watch", "0.1", stdout=TERMINAL) as command:
        wait_until(lambda: command.read(0.2) or command.shown.count("\x1b[H\x1b[J") >= 3, "three tables")
        assert len(re.findall(r"\d\d:\d\d:\d\d [+-]\d{4}  3 of 3 healthy", command.shown)) >= 2, "each with its time"
        command.press_ctrl_c()
        assert command.end() in (INTERRUPTED, -signal.SIGINT)
        assert command.settings_are_kept


def test_watch_goes_on_while_a_process_is_replaced(python):
    victim = pids_of(python)[0]
    with watching(python, "--all", "--json", "--watch", "0.1") as process:
        def next_round():
            results = []
            while "summary" not in (line := json.loads(process.stdout.readline())):
                results.append(line["result"])
            return results

        assert victim in [result["pid"] for result in next_round()]
        python.api("POST", "/pool/detach_process.json", {"pid": victim})
        for _ in range(100):
            if victim not in [result["pid"] for result in next_round()]:
                break
        else:
            raise AssertionError("it is still there")
        assert is_interrupted(process)


def test_watch_ends_where_the_first_round_fails(tmp_path):
    result = health(None, "--all", "--watch", "0.1", "--socket", tmp_path / "none")
    assert result.code == UNREACHABLE, result


# ---------------------------------------------------------------- the end of a watch

def test_a_watch_of_a_named_instance_ends_with_it_and_says_why(new_agent):
    agent = new_agent("python", workers=1, config={}).ready()
    (row,) = json.loads(gangway(agent, "instances", "--json").text)["instances"]
    watch = subprocess.Popen(
        [str(command_path()), "health", "--all", "--json", "--instance", row["name"], "--watch", "0.1"],
        env=command_environment(agent), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert watch.stdout.readline().startswith(b'{"result":')
        agent.stop()
        _, errors = watch.communicate(timeout=SECONDS)
        assert watch.returncode == UNREACHABLE, errors
        assert b"Passenger names its instance anew at each start" in errors, errors
    finally:
        watch.kill()
        watch.communicate()


def test_a_watch_that_comes_to_another_instance_says_so(python, nodejs, tmp_path):
    first, second = tmp_path / "passenger.first", tmp_path / "passenger.second"
    first.symlink_to(python.instance_dir)
    watch = subprocess.Popen(
        [str(command_path()), "health", "--all", "--json", "--watch", "0.1"], stdout=subprocess.PIPE,
        env={**command_environment(python), "PASSENGER_INSTANCE_REGISTRY_DIR": str(tmp_path)}, stderr=subprocess.PIPE,
        # A job in the background ignores it, and so would the watch.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        assert watch.stdout.readline().startswith(b'{"result":')
        first.unlink()
        assert b"no running Passenger instance" in watch.stderr.readline()
        second.symlink_to(nodejs.instance_dir)
        said = iter(watch.stderr.readline, b"")
        line = next(line for line in said if b"from now on" in line)
        assert f"{second}/agents.s/gangway".encode() in line
        watch.send_signal(signal.SIGINT)
        watch.communicate(timeout=SECONDS)
        assert watch.returncode == INTERRUPTED
    finally:
        watch.kill()
        watch.communicate()
