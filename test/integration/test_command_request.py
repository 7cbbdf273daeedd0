"""`gangway request` against a real agent: bounds, what -v shows, many requests, progress, Ctrl-C."""

import base64
import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import termios

import pytest

from support.command import command_environment, gangway
from support.passenger import command_path
from support.terminal import AtTerminal
from support.waiting import wait_until

OK, BAD_ANSWER, USAGE, UNREACHABLE = range(4)
INTERRUPTED = 130
ENDLESS = "/stream?pieces=1000000000&bytes=16064"
LATENCIES = {"min", "mean", "p50", "p90", "p95", "p99", "max"}


def first(agent):
    return agent.admin.processes()[0]["pid"]


def processed(agent, pid):
    return agent.pool_xml().process(pid).number("processed")


def series(agent, pid, path, *arguments, **options):
    """(exit code, figures) of a request that is repeated."""
    result = gangway(agent, "request", pid, path, "--json", *arguments, **options)
    assert result.errors == "", result
    return result.code, json.loads(result.text)


# ---------------------------------------------------------------- bounds

@pytest.mark.parametrize("option, code", [("--timeout", "total_timeout"),
                                          ("--first-byte-timeout", "first_byte_timeout")])
def test_a_bound_ends_a_request_that_takes_longer(nodejs, option, code):
    result = gangway(nodejs, "request", first(nodejs), "/sleep?seconds=5", option, "0.3")
    assert result.code == BAD_ANSWER and result.errors.startswith(f"gangway: {code}: "), result
    assert "The process may be at it still" in result.errors
    assert option in result.errors and "X-Gangway" not in result.errors and "_seconds" not in result.errors


def test_bounds_that_are_long_enough_change_nothing(agent):
    result = gangway(agent, "request", first(agent), "/", "--timeout", 30, "--connect-timeout", 5,
                     "--first-byte-timeout", 20, "--idle-timeout", 10.5, "-v")
    assert result.code == OK and "pid=" in result.text, result
    for header in ("Timeout: 30", "Connect-Timeout: 5", "First-Byte-Timeout: 20", "Idle-Timeout: 10.5"):
        assert f"> X-Gangway-{header}\n" in result.errors


def test_a_bound_for_the_whole_request_breaks_an_endless_answer_visibly(agent):
    pid = first(agent)
    result = gangway(agent, "request", pid, ENDLESS, "-o", "/dev/null", "--timeout", "0.5")
    assert result.code == BAD_ANSWER and "the answer breaks off after" in result.errors, result
    assert gangway(agent, "request", pid, "/").code == OK


@pytest.mark.parametrize("option, value", [
    ("--timeout", "0"), ("--timeout", "90000"), ("--timeout", "soon"), ("--wait", "-1"),
    ("--connect-timeout", "3601"), ("--first-byte-timeout", "nan"), ("--idle-timeout", "0"),
    ("-n", "0"), ("-n", "many"), ("--concurrency", "1000")])
def test_a_value_that_cannot_be_is_a_usage_error_that_says_what_can(option, value):
    result = gangway(None, "request", 1, "/", option, value)
    assert result.code == USAGE and f"'{value}' does not fit; give " in result.errors, result


# ---------------------------------------------------------------- -v

def test_verbose_shows_both_headers_and_times_and_no_password(agent):
    pid = first(agent)
    password = agent.pool_xml().groups[0].password
    result = gangway(agent, "request", pid, "/", "-d", "x=1", "-v", "-H", "Authorization: Bearer hidden",
                     "-H", "Cookie: a=hidden", "-H", "X-Api-Key: hidden", environment={"GANGWAY_PASSWORD": password})
    assert result.code == OK and "body_bytes=3" in result.text, result
    assert "HTTP/1.1" not in result.text
    lines = result.errors.splitlines()
    assert f"> POST /v1/processes/{pid}/request/ HTTP/1.1" in lines
    assert "> X-Passenger-Connect-Password: ***" in lines and "> Authorization: ***" in lines
    assert "> Cookie: ***" in lines and "> X-Api-Key: ***" in lines
    assert password not in result.errors and "hidden" not in result.errors
    assert any(line.startswith("< HTTP/1.1 200") for line in lines)
    assert any(line.startswith(f"< X-Gangway-Process: {pid} ") for line in lines)
    milliseconds = r"\d+\.\d{3} ms"
    agent_times, = [line for line in lines if line.startswith("* agent: ")]
    assert re.fullmatch(rf"\* agent: queue {milliseconds}, connect {milliseconds}, "
                        rf"first byte {milliseconds}, total {milliseconds}", agent_times)
    assert re.fullmatch(rf"\* here: total {milliseconds}", lines[-1])


def test_verbose_shows_how_far_a_broken_answer_came(nodejs):
    result = gangway(nodejs, "request", first(nodejs), "/die", "-v", "-o", "/dev/null")
    assert result.code == BAD_ANSWER, result
    lines = result.errors.splitlines()
    assert any(line.startswith("< HTTP/1.1 200") for line in lines)
    assert lines[-1].startswith("gangway: the answer breaks off after "), result


# ---------------------------------------------------------------- broken answers

@pytest.mark.parametrize("at", ["middle", "stream"])
def test_an_answer_that_breaks_off_is_no_answer(nodejs, tmp_path, at):
    result = gangway(nodejs, "request", first(nodejs), f"/die?at={at}", "-o", tmp_path / "part")
    assert result.code == BAD_ANSWER, result
    assert re.match(r"gangway: the answer breaks off after \d+ bytes of its body: ", result.errors), result


@pytest.mark.parametrize("path, arguments", [(ENDLESS, ["-o", "/dev/null"]), ("/sleep?seconds=30", []),
                                             (ENDLESS, ["-n", "2"]), ("/sleep?seconds=30", ["-n", "2"])], ids=str)
@pytest.mark.parametrize("crashes", [False, True], ids=["exits", "crashes"])
def test_an_agent_that_ends_in_the_middle_is_not_reached(new_agent, path, arguments, crashes):
    agent = new_agent("nodejs", workers=1, config={"drain_timeout_seconds": 0}).ready()
    pid = first(agent)
    command = subprocess.Popen([str(command_path()), "request", str(pid), path, *arguments],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=command_environment(agent))
    try:
        agent.wait_for_sessions(pid, 1)
        if crashes:
            os.kill(agent.core_pid, signal.SIGKILL)
        else:
            agent.terminate()
        _, errors = command.communicate(timeout=30)
    finally:
        command.kill()
        command.communicate()
    assert command.returncode == UNREACHABLE, errors
    if crashes:
        agent.destroy()  # what it leaves is another's affair
        agent.has_exited = True
    else:
        agent.wait_for_exit()


def test_a_series_tells_that_its_agent_has_ended_though_another_took_its_place(new_agent):
    agent = new_agent("nodejs", workers=1).ready()
    pid = first(agent)
    command = subprocess.Popen([str(command_path()), "--socket", agent.socket_path, "request", str(pid), "-n", "2",
                                "/sleep?seconds=30"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=command_environment(agent))
    try:
        agent.wait_for_sessions(pid, 1)
        os.kill(command.pid, signal.SIGSTOP)
        os.kill(agent.core_pid, signal.SIGKILL)
        wait_until(lambda: gangway(agent, "ps").code == OK, "another core is there")
        os.kill(command.pid, signal.SIGCONT)
        text, errors = command.communicate(timeout=30)
    finally:
        command.kill()
        command.communicate()
    assert b"process_not_found" in text, text
    assert command.returncode == UNREACHABLE and b"the agent has ended" in errors, errors
    agent.destroy()
    agent.has_exited = True


# ---------------------------------------------------------------- what is told before anything is sent

@pytest.mark.parametrize("path, meant", [("/a b", "/a%20b"), ("/\u00fc?q=\u00e4 1", "/%C3%BC?q=%C3%A4%201"),
                                         ("/a#b", "/a%23b"), ("/a\tb%20", "/a%09b%20")])
def test_a_path_that_is_not_encoded_is_told_with_the_one_that_is(path, meant):
    result = gangway(None, "request", 1, path)
    assert result.code == USAGE and f"'{meant}'" in result.errors, result


def test_a_header_that_would_not_arrive_is_refused(agent):
    pid = first(agent)
    before = processed(agent, pid)
    result = gangway(agent, "request", pid, "/env", "-H", "client_id: 7")
    if agent.runtime in ("nodejs", "generic"):  # over HTTP it does
        assert result.code == OK and json.loads(result.text)["headers"]["client_id"] == "7", result
    else:
        assert result.code == USAGE and "'client_id' would not reach the application" in result.errors, result
        assert processed(agent, pid) == before


# ---------------------------------------------------------------- answers for programs

def test_an_answer_as_json(agent, tmp_path):
    pid = first(agent)
    result = gangway(agent, "request", pid, "/status?code=404", "--json", "--route", "pool")
    assert result.code == OK and result.errors == "", result
    answer = json.loads(result.text)
    assert answer["status"] == 404 and answer["body"] == "status 404\n" and answer["body_bytes"] == 11
    assert answer["route"] == "pool" and answer["process"].split()[0] == str(pid)
    assert set(answer["timing_ms"]) == {"queue", "connect", "first_byte", "total"}
    assert "x-gangway-process" in [name.lower() for name, _ in answer["headers"]]
    result = gangway(agent, "request", pid, "/status?code=404", "--json", "--fail-with-body")
    assert result.code == BAD_ANSWER and json.loads(result.text)["status"] == 404, result
    assert "404" in json.loads(result.errors)["error"]["message"]
    result = gangway(agent, "request", pid, "/fixed?bytes=20000000", "--json", "-o", tmp_path / "body")
    assert result.code == OK and json.loads(result.text)["body_bytes"] == 20_000_000, result
    assert (tmp_path / "body").stat().st_size == 20_000_000
    result = gangway(agent, "request", pid, "/fixed?bytes=20000000", "--json")
    assert result.code == BAD_ANSWER and result.output == b"" and "-o FILE" in result.errors, result


# ---------------------------------------------------------------- a file for the answer

def test_a_file_that_cannot_be_written_keeps_the_request_from_being_sent(python, tmp_path):
    pid = first(python)
    before = processed(python, pid)
    result = gangway(python, "request", pid, "/", "-X", "DELETE", "-o", tmp_path / "none" / "answer")
    assert result.code == USAGE and f"{tmp_path}/none/answer" in result.errors, result
    assert processed(python, pid) == before


def test_a_file_keeps_what_it_holds_until_an_answer_comes(python, tmp_path):
    pid = first(python)
    (tmp_path / "old").write_text("what was there")
    for path in ("/status?code=500", "/die"):
        gangway(python, "request", pid if path != "/die" else 2 ** 22 + 1, path, "--fail", "-o", tmp_path / "old")
        assert (tmp_path / "old").read_text() == "what was there"
        gangway(python, "request", pid if path != "/die" else 2 ** 22 + 1, path, "--fail", "-o", tmp_path / "new")
        assert not (tmp_path / "new").exists()
    assert gangway(python, "request", pid, "/", "-o", tmp_path / "old").code == OK
    assert (tmp_path / "old").read_text().startswith("pid=")


# ---------------------------------------------------------------- credentials of the application

def test_an_account_of_the_application_that_is_taken_for_one_of_gangway_s_is_told(python):
    credentials = base64.b64encode(b"admin:of-the-application").decode()
    result = gangway(python, "request", first(python), "/", "-H", f"Authorization: Basic {credentials}")
    assert result.code == 4 and "was taken for Gangway's own account 'admin'" in result.errors, result


# ---------------------------------------------------------------- many requests

def test_a_series_makes_so_many_requests_to_that_process_and_shows_figures(agent):
    pid = first(agent)
    before = processed(agent, pid)
    code, figures = series(agent, pid, "/", "-n", 25, "--route", "pool")
    assert code == OK
    assert (figures["planned"], figures["requests"], figures["failed"]) == (25, 25, 0)
    assert figures["statuses"] == {"200": 25} and figures["failures"] == {} and figures["routes"] == {"pool": 25}
    assert figures["seconds"] > 0 and figures["requests_per_second"] > 0
    assert set(figures["latency_ms"]) == LATENCIES
    assert 0 < figures["latency_ms"]["min"] <= figures["latency_ms"]["p50"] <= figures["latency_ms"]["max"]
    assert figures["bytes"]["received"] >= 25 * len("pid=")
    agent.wait_for_no_sessions()
    assert processed(agent, pid) == before + 25


def test_a_series_shows_figures_to_people_instead_of_answers(python):
    result = gangway(python, "request", first(python), "/", "-n", 3)
    assert result.code == OK, result
    lines = result.text.splitlines()
    assert [line.split()[0] for line in lines] == ["requests", "failed", "status", "route", "latency", "bytes"]
    assert lines[3].split() == ["route", "pool:", "3"]
    assert lines[0].split()[1] == "3" and lines[2].split() == ["status", "200:", "3"]


def test_a_series_uses_its_connections_again(nodejs):
    def accepted():
        return nodejs.admin.get("/v1/pool").json["gangway"]["connections"]["accepted"]

    pid = first(nodejs)
    before = accepted()
    series(nodejs, pid, "/", "-n", 40, "--concurrency", 4)
    assert accepted() == before + 4 + 1  # and the one that asked


def test_a_series_sends_so_many_at_once(nodejs):
    pid = first(nodejs)
    with AtTerminal(nodejs, "request", pid, "/sleep?seconds=2", "-n", 5, "--concurrency", 5) as command:
        nodejs.wait_for_sessions(pid, 5)
        assert command.end() == OK
        assert command.process.stdout.read().decode().startswith("requests    5 in ")


def test_a_series_sends_its_body_with_each_request(agent, tmp_path):
    (tmp_path / "body").write_bytes(os.urandom(200_000))
    for arguments in (["--data-binary", f"@{tmp_path}/body"], ["-T", tmp_path / "body"]):
        code, figures = series(agent, first(agent), "/echo", "-n", 4, *arguments)
        assert code == OK and figures["statuses"] == {"200": 4}
        assert figures["bytes"] == {"sent": 800_000, "received": 800_000}


def test_a_series_cannot_send_standard_input(python):
    for arguments in (["-d", "@-"], ["-T", "-"]):
        result = gangway(python, "request", first(python), "/", "-n", 2, *arguments, stdin=b"x")
        assert result.code == USAGE and "save it to a file" in result.errors, result


def test_a_series_counts_bad_statuses_as_failures_only_when_told_to(python):
    pid = first(python)
    code, figures = series(python, pid, "/status?code=500", "-n", 4)
    assert (code, figures["failed"], figures["statuses"]) == (OK, 0, {"500": 4})
    code, figures = series(python, pid, "/status?code=500", "-n", 4, "--fail")
    assert (code, figures["failures"], figures["latency_ms"]) == (BAD_ANSWER, {"HTTP 500": 4}, None)


def test_a_series_counts_errors_of_gangway_by_their_code(python):
    code, figures = series(python, 2 ** 22 + 1, "/", "-n", 3)
    assert code == BAD_ANSWER
    assert figures["failures"] == {"process_not_found": 3} and figures["statuses"] == {"404": 3}
    pid = first(python)
    connection = python.admin.connection()
    try:
        connection.request("GET", f"/v1/processes/{pid}/request/sleep?seconds=2")
        python.wait_for_sessions(pid, 1)
        code, figures = series(python, pid, "/", "-n", 3, "--wait", "0")
        assert code == BAD_ANSWER and figures["failures"] == {"process_busy": 3}
        connection.getresponse().read()
    finally:
        connection.close()


def test_a_series_says_by_which_route_it_went(ruby):
    pid = first(ruby)
    connection = ruby.admin.connection()
    try:
        connection.request("GET", f"/v1/processes/{pid}/request/sleep?seconds=4", headers={"X-Gangway-Route": "pool"})
        ruby.wait_for_sessions(pid, 1)
        code, figures = series(ruby, pid, "/", "-n", 3)
        assert code == OK and figures["routes"] == {"direct": 3}
        connection.getresponse().read()
    finally:
        connection.close()


def test_a_series_counts_an_answer_that_breaks_off(nodejs):
    code, figures = series(nodejs, first(nodejs), "/die", "-n", 2)
    assert code == BAD_ANSWER and figures["failed"] == 2
    assert figures["failures"]["broken off"] == 1


# ---------------------------------------------------------------- progress and Ctrl-C

def test_progress_of_an_answer_is_shown_until_ctrl_c_which_frees_the_process(agent):
    pid = first(agent)
    with AtTerminal(agent, "request", pid, ENDLESS, "-o", "/dev/null") as command:
        command.wait_to_show(", received ")
        agent.wait_for_sessions(pid, 1)
        command.press_ctrl_c()
        assert command.end() == INTERRUPTED
        assert command.last_line == "gangway: interrupted; what has reached the process may be carried out all the same"
        assert command.settings_are_kept
    agent.wait_for_no_sessions()
    answer = gangway(agent, "request", pid, "/", "--wait", 10)
    assert answer.code == OK and f"pid={pid}" in answer.text, answer


def test_progress_of_an_upload_is_shown_until_ctrl_c_which_frees_the_process(agent, tmp_path):
    with open(tmp_path / "large", "wb") as file:
        file.truncate(64 << 30)
    pid = first(agent)
    with AtTerminal(agent, "request", pid, "/", "-T", tmp_path / "large") as command:
        command.wait_to_show(" of 64.0 GiB (")
        command.wait_to_show("waiting for the answer")
        assert ", sent " in command.shown
        command.press_ctrl_c()
        assert command.end() == INTERRUPTED
        assert command.last_line == "gangway: interrupted; what has reached the process may be carried out all the same"
    agent.wait_for_no_sessions()
    answer = gangway(agent, "request", pid, "/", "--wait", 10)
    assert answer.code == OK and f"pid={pid}" in answer.text, answer


def test_progress_of_a_series_is_shown_until_ctrl_c_which_shows_the_figures_so_far(python):
    pid = first(python)
    with AtTerminal(python, "request", pid, "/", "-n", 10_000_000) as command:
        command.wait_to_show(" of 10000000 requests, ")
        command.press_ctrl_c()
        assert command.end() == INTERRUPTED
        figures = command.process.stdout.read().decode()
        assert re.match(r"requests    [1-9]\d* of 10000000 in ", figures), figures
        assert "\nfailed      0\n" in figures and " p99 " in figures
        assert command.last_line == "gangway: interrupted; what has reached the process may be carried out all the same"
        assert command.settings_are_kept


def test_a_series_that_is_ended_says_how_long_it_took(nodejs):
    with AtTerminal(nodejs, "request", first(nodejs), "/sleep?seconds=60", "-n", 5) as command:
        command.wait_to_show("2s, 0 of 5 requests")
        command.press_ctrl_c()
        assert command.end() == INTERRUPTED
        figures = command.process.stdout.read().decode()
        seconds = re.match(r"requests    0 of 5 in (\d+\.\d+) s", figures)
        assert seconds and float(seconds[1]) >= 2, figures
    nodejs.wait_for_no_sessions()


def test_a_request_that_waits_for_a_busy_process_says_so(python):
    pid = first(python)
    connection = python.admin.connection()
    try:
        connection.request("GET", f"/v1/processes/{pid}/request/sleep?seconds=4")
        python.wait_for_sessions(pid, 1)
        with AtTerminal(python, "request", pid, "/sleep?seconds=4", "--wait", 30) as command:
            command.wait_to_show("waiting for the process, which serves another request for ")
            connection.getresponse().read()
            command.wait_to_show("waiting for the answer")
            assert command.end() == OK
    finally:
        connection.close()


def test_progress_is_gone_when_the_answer_has_come(nodejs):
    with AtTerminal(nodejs, "request", first(nodejs), "/sleep?seconds=3") as command:
        command.wait_to_show("s, waiting for the answer")
        assert command.end() == OK
        assert command.shown.endswith("\r\x1b[K")
        assert b"pid=" in command.process.stdout.read()


def test_no_progress_is_shown_where_there_is_no_terminal(nodejs):
    result = gangway(nodejs, "request", first(nodejs), "/sleep?seconds=1.5")
    assert result.code == OK and result.errors == "", result


def test_ctrl_c_ends_it_while_nobody_reads_its_output(python):
    def default_interrupt():
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def unread(pipe):
        return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]

    pid = first(python)
    command = subprocess.Popen(
        [str(command_path()), "request", str(pid), ENDLESS], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=command_environment(python),
        preexec_fn=default_interrupt)
    try:
        capacity = fcntl.fcntl(command.stdout, fcntl.F_GETPIPE_SZ)
        wait_until(lambda: unread(command.stdout) > capacity - 4096, "the pipe is full")
        command.send_signal(signal.SIGINT)
        assert command.wait(20) == INTERRUPTED
        assert command.stderr.read().startswith(b"gangway: interrupted; ")
    finally:
        command.kill()
        command.wait()
        command.stdout.close()
        command.stderr.close()
    python.wait_for_no_sessions()
