"""The command against a real agent: what it finds by itself, prints, and ends with."""

import ctypes
import hashlib
import json
import os
import re
import socket
import subprocess

import pytest

from support.client import pattern_sha256
from support.command import command_environment, gangway
from support.passenger import command_path
from support.pool_xml import PROCESS_FIELDS

OK, BAD_ANSWER, USAGE, UNREACHABLE, UNAUTHORIZED = range(5)


def first(agent):
    return agent.admin.processes()[0]


def drop_override():
    """Root keeps to the modes of files: it loses CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, data) == 0
    for index in (0, 1):  # effective, permitted
        data[index] &= ~0b110
    assert libc.capset(header, data) == 0
    assert libc.prctl(24, 1, 0, 0, 0) == 0 and libc.prctl(24, 2, 0, 0, 0) == 0  # nor by execve()


def fields_of(result):
    return dict(line.split("=", 1) for line in result.text.splitlines())


# ---------------------------------------------------------------- listing

def test_ps_lists_every_process(agent):
    result = gangway(agent, "ps")
    assert result.code == OK, result
    assert "\x1b" not in result.text, "colours where there is no terminal"
    lines = result.text.splitlines()
    name = agent.pool_xml().groups[0].name
    assert lines[0].startswith(f"{name}   3 of 3 workers   queue 0   pool 3/"), lines
    assert lines[1].split() == "PID STATE HEALTH SESS BUSY DONE REQ/S CPU MEM UP NOW".split()
    pids = [row["pid"] for row in agent.admin.processes()]
    assert [int(line.split()[0]) for line in lines[2:]] == pids
    assert gangway(agent, "ps", "-q").text.split() == [str(pid) for pid in pids]
    rows = gangway(agent, "ps", "--no-headers", "-o", "pid,os_state,mem,up", "--sort=-pid").text.splitlines()
    assert [int(row.split()[0]) for row in rows] == sorted(pids, reverse=True)
    assert all(len(row.split()) == 4 for row in rows), rows


def test_ps_as_json_is_what_the_socket_says(agent):
    result = gangway(agent, "ps", "--json")
    assert result.code == OK, result
    rows = json.loads(result.text)["processes"]
    assert [row["gupid"] for row in rows] == [row["gupid"] for row in agent.admin.processes()]
    assert all(set(row) == set(PROCESS_FIELDS) for row in rows)


def test_ps_narrows_by_group_and_state(two_groups):
    beta = two_groups.pool_xml().group("beta").processes[0].pid
    rows = json.loads(gangway(two_groups, "ps", "--group", "beta", "--json").text)["processes"]
    assert [row["pid"] for row in rows] == [beta]
    assert json.loads(gangway(two_groups, "ps", "--state", "dead", "--json").text)["processes"] == []


def test_ps_shows_passwords_only_when_told_to(python):
    password = python.pool_xml().groups[0].password
    assert password not in gangway(python, "ps").text
    assert password in gangway(python, "ps", "--secrets").text


def test_show_shows_one_process_by_pid_and_by_gupid(agent):
    row = first(agent)
    for identity in (row["pid"], row["gupid"]):
        result = gangway(agent, "show", identity)
        assert result.code == OK, result
        assert row["gupid"] in result.text and str(row["pid"]) in result.text
        assert row["sockets"][0]["address"] in result.text
        shown = json.loads(gangway(agent, "show", identity, "--json").text)["process"]
        assert shown["gupid"] == row["gupid"]


def test_show_of_a_process_that_does_not_exist_says_so(python):
    result = gangway(python, "show", 2 ** 22 + 1)
    assert result.code == BAD_ANSWER and "process_not_found" in result.errors, result
    assert str(2 ** 22 + 1) in result.errors and "/v1/" not in result.errors
    assert result.output == b""


@pytest.mark.parametrize("arguments, code, word", [
    (("show", "4194305"), BAD_ANSWER, "process_not_found"), (("request", "4194305", "/"), BAD_ANSWER, "process_not_found"),
    (("ps", "--frobnicate"), USAGE, "usage"), (("ps", "--socket", "/nowhere"), UNREACHABLE, "unreachable"),
    (("check-config", "/nowhere"), BAD_ANSWER, "bad_answer"), (("health", "1", "/a", "/b"), USAGE, "usage"),
    (("ps", "--password", "wrong"), UNAUTHORIZED, "unauthorized")])
def test_errors_are_json_for_programs(python, arguments, code, word):
    result = gangway(python, *arguments, "--json")
    assert result.code == code and result.output == b"", result
    error = json.loads(result.errors)["error"]
    assert set(error) == {"code", "exit_code", "message", "problem"}
    assert (error["code"], error["exit_code"]) == (word, code) and error["message"]
    assert (error["problem"] or {"code": word})["code"] == word


def test_each_document_is_one_line(python, tmp_path):
    pid = first(python)["pid"]
    (tmp_path / "c.json").write_text("{}")
    for arguments in (["ps"], ["show", pid], ["request", pid, "/"], ["request", pid, "/", "-n", 2], ["instances"],
                      ["health", "--all"], ["check-config", tmp_path / "c.json"]):
        result = gangway(python, *arguments, "--json")
        assert result.code == OK and result.text.count("\n") == 1 and json.loads(result.text), (arguments, result)


def test_an_instance_that_is_named_and_does_not_run_is_told(python):
    for arguments in (["instances", "--instance", "no-such"], ["instances", "--instance", "no-such", "--json"]):
        result = gangway(python, *arguments)
        assert result.code == UNREACHABLE and "no-such" in result.errors and result.output == b"", result
        assert instance_name(python) in result.errors


def test_ps_of_a_group_without_processes_is_an_empty_list(new_agent):
    agent = new_agent("python", workers=1, config={}).ready()
    name = first(agent)["group"]
    result = gangway(agent, "ps", "--group", name, "--state", "dead")
    assert result.code == OK and "no process matches" in result.errors, result


def test_instances_lists_the_agent_with_its_socket(python):
    result = gangway(python, "instances")
    assert result.code == OK and str(python.socket_path) in result.text, result
    listed = json.loads(gangway(python, "instances", "--json").text)["instances"]
    assert [row["socket"] for row in listed] == [str(python.socket_path)]
    assert listed[0]["core_pid"] == python.core_pid


# ---------------------------------------------------------------- requests

def test_request_sends_a_get_and_prints_the_body(agent):
    row = first(agent)
    for identity in (row["pid"], row["gupid"]):
        result = gangway(agent, "request", identity, "/some/page?q=1&r=%20")
        assert result.code == OK, result
        seen = fields_of(result)
        assert seen["pid"] == str(row["pid"]) and seen["method"] == "GET"
        assert (seen["path"], seen["query"]) == ("/some/page", "q=1&r=%20")


def test_request_sends_data_as_curl_does(agent):
    pid = first(agent)["pid"]
    result = gangway(agent, "request", pid, "/", "-d", "a=1", "-d", "b=2")
    seen = fields_of(result)
    assert seen["method"] == "POST" and seen["body_bytes"] == "7"
    assert seen["body_sha256"] == hashlib.sha256(b"a=1&b=2").hexdigest()
    result = gangway(agent, "request", pid, "/", "-X", "PUT", "-d", "x")
    assert fields_of(result)["method"] == "PUT"


def test_request_sends_a_file_and_standard_input(agent, tmp_path):
    pid = first(agent)["pid"]
    body = os.urandom(3_000_000).replace(b"\n", b"x").replace(b"\r", b"x").replace(b"\0", b"x")
    (tmp_path / "body").write_bytes(body)
    for arguments, stdin in ((["-d", f"@{tmp_path}/body"], b""), (["-d", "@-"], body),
                             (["-T", "-"], body), (["--data-binary", "@-"], body)):
        result = gangway(agent, "request", pid, "/", *arguments, stdin=stdin)
        assert result.code == OK, result
        assert fields_of(result)["body_sha256"] == hashlib.sha256(body).hexdigest(), arguments


def test_request_sends_headers_and_shows_those_of_the_answer(agent):
    row = first(agent)
    result = gangway(agent, "request", row["pid"], "/env", "-H", "X-Note: a b", "-i")
    assert result.code == OK, result
    head, _, body = result.text.replace("\r\n", "\n").partition("\n\n")
    assert head.startswith("HTTP/1.1 200")
    assert f"x-gangway-process: {row['pid']} {row['gupid']}".lower() in head.lower()
    seen = json.loads(body)["headers"]
    assert seen["x-note"] == "a b"
    assert "authorization" not in seen and "x-passenger-connect-password" not in seen


def test_request_passes_an_authorization_of_the_application_on(agent):
    result = gangway(agent, "request", first(agent)["pid"], "/env", "-H", "Authorization: Bearer t")
    assert json.loads(result.text)["headers"]["authorization"] == "Bearer t"


def test_request_writes_a_large_answer_to_a_file(agent, tmp_path):
    result = gangway(agent, "request", first(agent)["pid"], "/fixed?bytes=10000000", "-o",
                     tmp_path / "answer")
    assert result.code == OK and result.output == b"", result
    content = (tmp_path / "answer").read_bytes()
    assert hashlib.sha256(content).hexdigest() == pattern_sha256(10_000_000)


def test_request_fails_for_a_bad_status_only_when_told_to(agent):
    pid = first(agent)["pid"]
    lenient = gangway(agent, "request", pid, "/status?code=404")
    assert lenient.code == OK and lenient.text == "status 404\n"
    strict = gangway(agent, "request", pid, "/status?code=404", "--fail")
    assert strict.code == BAD_ANSWER and "404" in strict.errors and strict.output == b""
    told = gangway(agent, "request", pid, "/status?code=404", "--fail-with-body")
    assert told.code == BAD_ANSWER and "404" in told.errors and told.text == "status 404\n"
    assert gangway(agent, "request", pid, "/", "--fail-with-body").code == OK
    assert gangway(agent, "request", pid, "/", "--fail", "--fail-with-body").code == USAGE
    assert gangway(agent, "request", pid, "/", "--fail").code == OK


def test_request_that_breaks_in_the_middle_is_a_bad_answer(agent):
    result = gangway(agent, "request", first(agent)["pid"], "/die")
    assert result.code == BAD_ANSWER and result.errors, result


def test_request_to_a_busy_process_says_so(python):
    pid = first(python)["pid"]
    connection = python.admin.connection()
    try:
        connection.request("GET", f"/v1/processes/{pid}/request/sleep?seconds=2")
        python.wait_for_sessions(pid, 1)
        result = gangway(python, "request", pid, "/", "--wait", "0.1")
        assert result.code == BAD_ANSWER and "process_busy" in result.errors, result
        said = rf"Process {pid} still serves another request, for \d+s \(since \S+Z\): GET /sleep through Gangway\."
        assert re.search(said, result.errors), result
        assert "--wait" in result.errors and "X-Gangway" not in result.errors
        error = json.loads(gangway(python, "request", pid, "/", "--wait", "0", "--json").errors)["error"]
        assert error["problem"]["requests"][0]["path"] == "/sleep" and error["problem"]["sessions"] == 1
        connection.getresponse().read()
    finally:
        connection.close()


def test_request_takes_the_direct_route_when_told_to(ruby):
    result = gangway(ruby, "request", first(ruby)["pid"], "/", "--route", "direct", "-i")
    assert result.code == OK and "x-gangway-route: direct" in result.text.lower(), result


# ---------------------------------------------------------------- whom it is, whom it reaches

def test_a_password_given_counts_alone(two_groups):
    xml = two_groups.pool_xml()
    alpha, beta = xml.group("alpha"), xml.group("beta")
    for given in ({"GANGWAY_PASSWORD": alpha.password}, None):
        arguments = [] if given else ["--password", alpha.password]
        result = gangway(two_groups, "ps", "--json", *arguments, environment=given)
        assert [row["pid"] for row in json.loads(result.text)["processes"]] == [
            process.pid for process in alpha.processes]
        result = gangway(two_groups, "request", beta.processes[0].pid, "/", *arguments,
                         environment=given)
        assert result.code == BAD_ANSWER and "process_not_found" in result.errors, result


@pytest.mark.parametrize("arguments", [("ps",), ("show", "1"), ("request", "1", "/")])
def test_a_wrong_password_is_not_authorized(python, arguments):
    result = gangway(python, *arguments, environment={"GANGWAY_PASSWORD": "wrong"})
    assert result.code == UNAUTHORIZED and "unauthorized" in result.errors, result
    assert "wrong" not in result.errors
    assert result.output == b""


@pytest.mark.parametrize("arguments", [
    (), ("frobnicate",), ("ps", "--frobnicate"), ("show",), ("request",), ("request", "1"),
    ("show", "1", "2"), ("ps", "--state"), ("health",), ("health", "1", "--all")])
def test_a_wrong_command_line_is_a_usage_error(python, arguments):
    result = gangway(python, *arguments)
    assert result.code == USAGE and result.errors, result


@pytest.mark.parametrize("arguments", [("ps",), ("show", "1"), ("request", "1", "/"),
                                       ("health", "--all")])
def test_no_agent_is_unreachable(tmp_path, arguments):
    result = gangway(None, *arguments, environment={"PASSENGER_INSTANCE_REGISTRY_DIR": str(tmp_path)})
    assert result.code == UNREACHABLE and result.errors, result
    result = gangway(None, *arguments, "--socket", tmp_path / "none")
    assert result.code == UNREACHABLE and str(tmp_path / "none") in result.errors, result
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stale:
        stale.bind(str(tmp_path / "stale"))
    result = gangway(None, *arguments, "--socket", tmp_path / "stale")
    assert result.code == UNREACHABLE, result


def test_an_agent_without_gangway_is_unreachable(new_agent):
    agent = new_agent("python", config={"enabled": False})
    result = gangway(agent, "ps")
    assert result.code == UNREACHABLE and result.errors, result
    listed = json.loads(gangway(agent, "instances", "--json").text)["instances"]
    assert [row["gangway"] for row in listed] == [False]


def test_a_named_socket_and_a_named_instance_are_used(python):
    expected = [row["gupid"] for row in python.admin.processes()]
    name = json.loads(gangway(python, "instances", "--json").text)["instances"][0]["name"]
    for arguments in (["--socket", python.socket_path], ["--instance", name], ["--instance", name[:3]]):
        result = gangway(python, "ps", "--json", *arguments)
        assert [row["gupid"] for row in json.loads(result.text)["processes"]] == expected, result
    assert gangway(python, "ps", "--instance", "no-such").code == UNREACHABLE


def test_a_configured_socket_is_found(new_agent, tmp_path):
    path = tmp_path / "s"
    agent = new_agent("python", workers=1, config={"socket_path": str(path)}).ready()
    result = gangway(agent, "ps", "--json", environment={"GANGWAY_CONFIG": str(agent.config_path)})
    assert result.code == OK and len(json.loads(result.text)["processes"]) == 1, result


def configuration(path, **content):
    path.write_text(json.dumps(content))
    return {"GANGWAY_CONFIG": str(path)}


def instance_name(agent):
    (row,) = json.loads(gangway(agent, "instances", "--json").text)["instances"]
    return row["name"]


ASKING = [("ps",), ("show", "1"), ("request", "1", "/"), ("health", "--all"), ("health", "--all", "--nagios")]


def test_the_configured_socket_of_another_instance_is_not_asked_for_the_named_one(new_agent, tmp_path):
    path = tmp_path / "s"
    here = new_agent("python", workers=1, config={"socket_path": str(path), "access_log": "text"}).ready()
    other = new_agent("python", workers=1, config={"enabled": False})
    environment = configuration(tmp_path / "c", socket_path=str(path))
    for arguments in ASKING:
        result = gangway(other, *arguments, "--instance", instance_name(other), environment=environment)
        told = result.text if "--nagios" in arguments else result.errors
        assert result.code == UNREACHABLE and "runs without Gangway" in told, result
        assert str(path) in told or "--nagios" in arguments
    assert "[gangway] access" not in here.log
    assert gangway(here, "ps", "--instance", instance_name(here), environment=environment).code == OK


def test_no_other_instance_is_asked_where_the_configured_socket_is_missing(python, tmp_path):
    environment = configuration(tmp_path / "c", socket_path=str(tmp_path / "none"))
    for arguments in ASKING:
        result = gangway(python, *arguments, environment=environment)
        told = result.text if "--nagios" in arguments else result.errors
        assert result.code == UNREACHABLE and f"{tmp_path}/none" in told, result
    assert gangway(python, "ps", "--instance", instance_name(python), environment=environment).code == OK


@pytest.mark.parametrize("named", [False, True])
def test_a_configured_socket_that_may_not_be_looked_for_is_not_authorized(new_agent, tmp_path, named):
    agent = new_agent("python", config={"enabled": False})
    (tmp_path / "closed").mkdir()
    environment = configuration(tmp_path / "c", socket_path=str(tmp_path / "closed" / "s"))
    (tmp_path / "closed").chmod(0)
    as_nobody = {} if os.geteuid() else {"preexec_fn": drop_override}
    arguments = ("--instance", instance_name(agent)) if named else ()
    result = gangway(agent, "ps", *arguments, environment=environment, **as_nobody)
    (tmp_path / "closed").chmod(0o700)
    assert result.code == UNAUTHORIZED and "may not be looked for by you" in result.errors, result


def test_a_configuration_that_is_named_and_cannot_be_used_is_wrong_usage(python, tmp_path):
    (tmp_path / "broken").write_text('{"socket_path": ')
    for path, words in ((tmp_path / "none", "No such file"), (tmp_path / "broken", "is no JSON"),
                        (tmp_path, "Is a directory")):
        for command in ("ps", "instances"):
            result = gangway(python, command, environment={"GANGWAY_CONFIG": str(path)})
            assert result.code == USAGE and str(path) in result.errors and words in result.errors, result


def test_a_configuration_that_may_not_be_read_is_told_where_nothing_is_found(new_agent, tmp_path):
    agent = new_agent("python", config={"enabled": False})
    path = tmp_path / "c"
    environment = configuration(path, socket_path="/nowhere")
    path.chmod(0)
    as_nobody = {} if os.geteuid() else {"preexec_fn": drop_override}
    result = gangway(agent, "ps", environment=environment, **as_nobody)
    assert result.code == UNREACHABLE and f"{path} may not be read by you" in result.errors, result


@pytest.mark.parametrize("arguments", [["--help"], ["ps", "--help"], ["show", "--help"],
                                       ["request", "--help"], ["health", "--help"],
                                       ["instances", "--help"],
                                       ["check-config", "--help"]])
def test_help_has_examples(arguments):
    result = gangway(None, *arguments)
    assert result.code == OK and "Example" in result.text, result


# ---------------------------------------------------------------- values that are empty

COMMANDS = {"ps": (), "show": ("1",), "request": ("1", "/"), "health": ("1",), "instances": (), "check-config": ()}
MAY_BE_EMPTY = {"--data", "--data-binary", "--json-pointer"}


def options_with_values(*command):
    """The long names of those that a help text shows with the kind of their value."""
    shown = re.findall(r"^  (?:-\w,)?(--[\w-]+)(?: (\S.*?))?(?:  |$)", gangway(None, *command, "--help").text, re.M)
    return {name for name, kind in shown if kind and not kind.startswith(("Excludes:", "Needs:"))}


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_value_is_refused_by_each_option_that_is_or_will_be(command, tmp_path):
    environment = {"PASSENGER_INSTANCE_REGISTRY_DIR": str(tmp_path)}
    options = options_with_values() | options_with_values(command)
    assert {"--socket", "--instance", "--core-user", "--password"} <= options
    assert command != "health" or {"--group", "--watch", "--status", "--header"} <= options
    assert command != "request" or {"--request", "--header", "--output", "--upload-file"} <= options
    for option in sorted(options):
        others = ("--json-value", "1") if option == "--json-pointer" else ()
        result = gangway(None, command, *COMMANDS[command], option, "", *others, environment=environment)
        if option in MAY_BE_EMPTY:
            assert result.code == UNREACHABLE, (option, result)
        else:
            assert result.code == USAGE and option in result.errors, (option, result)
    for at in range(len(COMMANDS[command])):
        arguments = [*COMMANDS[command][:at], "", *COMMANDS[command][at + 1:]]
        assert gangway(None, command, *arguments, environment=environment).code == USAGE, arguments


def test_empty_values_that_stand_elsewhere_are_refused_too(tmp_path):
    environment = {"PASSENGER_INSTANCE_REGISTRY_DIR": str(tmp_path)}
    for arguments, words in ((("check-config", ""), "FILE"), (("request", "1", "/", "-d", "@"), "--data"),
                             (("request", "1", "/", "--data-binary", "@"), "--data-binary"),
                             (("request", "1", "/", "-X", "A B"), "--request")):
        result = gangway(None, *arguments, environment=environment)
        assert result.code == USAGE and words in result.errors, result
    environment["GANGWAY_PASSWORD"] = ""
    result = gangway(None, "ps", environment=environment)
    assert result.code == USAGE and "GANGWAY_PASSWORD" in result.errors, result
    result = gangway(None, "health", "--all", "--nagios", environment=environment)
    assert result.code == 3 and "GANGWAY_PASSWORD" in result.text, result


@pytest.mark.parametrize("arguments", [("health", "--all", "--status", "20"), ("health", "--all", "--regex", "("),
                                       ("health", "--all", "--json-pointer", "a"), ("ps", "--state", "well"),
                                       ("health", "--all", "--header", "Connection: close"), ("ps", "--state", "dead,"),
                                       ("request", "1", "/", "--route", "x"), ("request", "1", "/", "--wait", "x"),
                                       ("request", "1", "/", "--request", "A B"), ("ps", "--core-user", "no-such-user")])
def test_a_value_that_the_agent_refuses_is_wrong_usage(tmp_path, arguments):
    """Before it is looked for, in the words of the command line."""
    result = gangway(None, *arguments, environment={"PASSENGER_INSTANCE_REGISTRY_DIR": str(tmp_path)})
    assert result.code == USAGE and result.output == b"", result
    option = next(argument for argument in arguments[::-1] if argument.startswith("-"))
    assert f"{option} " in result.errors or f"{option}: " in result.errors, result


# ---------------------------------------------------------------- output that cannot be written

@pytest.mark.parametrize("arguments, code", [
    (("ps",), 5), (("show", "PID"), 5), (("request", "PID", "/"), 5), (("instances",), 5), (("health", "--all"), 5),
    (("health", "--all", "--json"), 5), (("health", "--all", "--nagios"), 3), (("--help",), 5), (("--version",), 5),
    (("ps", "--help"), 5)], ids=str)
def test_output_that_cannot_be_written_has_an_exit_code_of_its_own(python, arguments, code):
    pid = str(first(python)["pid"])
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [str(command_path()), *(pid if text == "PID" else text for text in arguments)], stdout=full,
            stderr=subprocess.PIPE, env=command_environment(python), timeout=60)
    assert result.returncode == code and b"cannot write standard output" in result.stderr, result


def test_a_transcript_that_cannot_be_written_ends_it_before_anything_is_sent(python):
    row = first(python)
    with open("/dev/full", "wb") as full:
        result = subprocess.run([str(command_path()), "request", str(row["pid"]), "/", "-v"], stderr=full,
                                stdout=subprocess.PIPE, env=command_environment(python), timeout=60)
    assert result.returncode == 5 and result.stdout == b"", result
    assert first(python)["processed"] == row["processed"]


# ---------------------------------------------------------------- check-config

def test_check_config_says_what_the_agent_would(new_agent, tmp_path):
    for config, code, named in (({}, OK, "ok"), ({"wait_seconds": 0.5}, OK, "ok"),
                                ({"sokcet_mode": "0600"}, BAD_ANSWER, "sokcet_mode"),
                                ({"max_connections": 0}, BAD_ANSWER, "max_connections")):
        path = tmp_path / "c.json"
        path.write_text(json.dumps(config))
        result = gangway(None, "check-config", path)
        assert result.code == code and named in result.text + result.errors, result
        result = gangway(None, "check-config", environment={"GANGWAY_CONFIG": str(path)})
        assert result.code == code, result
        if code != OK:
            agent = new_agent("python", config=config)
            line = next(line for line in agent.log.splitlines() if "[gangway]" in line)
            told = (result.text + result.errors).strip().split(": ", 1)[1]
            assert told in line


def test_check_config_tells_all_that_is_wrong(new_agent, tmp_path):
    config = {"max_connections": 0, "nope": 1, "wait_seconds": "x",
              "health": [{"group": "a", "path": "up", "expect": {"status": "no", "regex": "("}}, {"rise": 0}]}
    keys = ["health[0].expect.regex", "health[0].expect.status", "health[0].path", "health[1].rise",
            "health[1].group", "max_connections", "nope", "wait_seconds"]
    path = tmp_path / "c.json"
    path.write_text(json.dumps(config))
    result = gangway(None, "check-config", path)
    assert result.code == BAD_ANSWER, result
    lines = result.text.splitlines()
    assert len(lines) == len(keys) and all(f'"{key}"' in line for key, line in zip(keys, lines)), result
    document = json.loads(gangway(None, "check-config", path, "--json").text)
    assert [row["key"] for row in document["errors"]] == keys and document["ok"] is False
    agent = new_agent("python", config=config)
    line = next(line for line in agent.log.splitlines() if "[gangway]" in line)
    assert "health[0].expect.regex" in line and "and 7 more" in line


def test_check_config_of_a_file_that_is_missing_or_no_json_fails(tmp_path):
    assert gangway(None, "check-config", tmp_path / "none").code == BAD_ANSWER
    (tmp_path / "bad").write_text("{")
    assert gangway(None, "check-config", tmp_path / "bad").code == BAD_ANSWER
