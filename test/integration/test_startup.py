"""Whatever is wrong with the module or its configuration, Passenger serves on, and the log says why."""

import json
import os
import shutil
import socket
import stat
from pathlib import Path

import pytest

from support.modules import compile_module
from support.passenger import module_path
from support.waiting import wait_until

OF_ANOTHER_ABI = """
#include <gangway/agent_abi.h>
static const gangway_host *host;
static gangway_status start(const gangway_host *agent, void **instance, gangway_module_str *error) {
    host = agent;
    host->log(host->context, GANGWAY_LOG_NOTICE, (gangway_module_str)GANGWAY_STR("started"));
    return GANGWAY_OK;
}
static void stop(void *instance) {
    host->log(host->context, GANGWAY_LOG_NOTICE, (gangway_module_str)GANGWAY_STR("stopped"));
}
static const struct { gangway_module known; void (*appended[2])(void); } module = {{
    .abi_version = %s, .struct_size = %s, .host_struct_size = %s, .name = GANGWAY_STR("other"),
    .start = start, .stop = stop}};
const gangway_module *gangway_module_entry(void) { return &module.known; }
"""
VERSION, SIZE, HOST_SIZE = "GANGWAY_ABI_VERSION", "sizeof(gangway_module)", "sizeof(gangway_host)"


def serves_without_gangway(agent, *named):
    """Passenger answers visitors; one line of the log says what is wrong, with these words in it."""
    assert agent.visit("/").status == 200
    assert not agent.socket_path.is_socket()
    lines = [line for line in agent.log.splitlines() if "[gangway]" in line]
    assert len(lines) == 1, agent.log
    for word in named:
        assert word in lines[0]
    agent.assert_unharmed()
    return lines[0]


def serves_with_gangway(agent):
    assert agent.visit("/").status == 200
    assert agent.admin.get("/v1/pool").status == 200


# ---------------------------------------------------------------- the shared object

def test_a_missing_module_is_reported(new_agent, tmp_path):
    missing = str(tmp_path / "none.so")
    serves_without_gangway(new_agent("python", config={"module": missing}), missing)


def test_a_module_that_is_no_shared_object_is_reported(new_agent):
    agent = new_agent("python", config={})
    agent.stop()
    wrong = agent.directory / "text.so"
    wrong.write_text("this is no shared object\n")
    agent.config["module"] = str(wrong)
    start_again(agent)
    serves_without_gangway(agent, str(wrong))


def test_a_shared_object_that_is_no_module_is_reported(new_agent):
    agent = new_agent("python", config={"module": "/nonexistent"})
    wrong = with_module(agent, lambda path: compile_module("int something;", path))
    serves_without_gangway(agent, str(wrong), "gangway_module_entry")


@pytest.mark.parametrize("version, size, host_size, complaint", [
    ("999", SIZE, HOST_SIZE, "has ABI version 999, this agent has "),
    ("0", SIZE, HOST_SIZE, "has ABI version 0, this agent has "),
    (VERSION, SIZE, HOST_SIZE + " + 8", "needs functions that this agent lacks"),
    (VERSION, "8", HOST_SIZE, "its struct_size is 8"),
    (VERSION, SIZE, "0", "its host_struct_size is 0"),
    (VERSION, SIZE, "0xfffffff8u", "its host_struct_size is 4294967288")])
def test_a_module_that_does_not_fit_is_refused(new_agent, version, size, host_size, complaint):
    agent = new_agent("python", config={"module": "/nonexistent"})
    source = OF_ANOTHER_ABI % (version, size, host_size)
    wrong = with_module(agent, lambda path: compile_module(source, path))
    serves_without_gangway(agent, str(wrong), "ABI version", complaint)


def test_a_younger_module_that_can_do_without_what_is_new_is_loaded(new_agent):
    agent = new_agent("python", config={"module": "/nonexistent"})
    source = OF_ANOTHER_ABI % (VERSION, "sizeof(module)", HOST_SIZE)
    with_module(agent, lambda path: compile_module(source, path))
    assert "[other] started" in agent.log
    agent.stop()
    assert "[other] stopped" in agent.log


def test_a_reason_not_to_start_is_one_line_of_the_log(new_agent):
    agent = new_agent("python", config={"module": "/nonexistent"})
    source = OF_ANOTHER_ABI.replace("return GANGWAY_OK;", """
        *error = (gangway_module_str)GANGWAY_STR("no\\nline \\x1b[2J");
        return GANGWAY_FAILED;""").replace('"started"', '"starts\\nsoon"') % (VERSION, SIZE, HOST_SIZE)
    with_module(agent, lambda path: compile_module(source, path))
    assert "[other] starts\\x0Asoon\n" in agent.log
    assert "[gangway] not started: no\\x0Aline \\x1B[2J\n" in agent.log
    agent.stop()
    assert "[other] stopped" not in agent.log


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o757])
def test_a_module_that_others_may_write_is_refused(new_agent, mode):
    agent = new_agent("python", config={"module": "/nonexistent"})
    wrong = with_module(agent, lambda path: shutil.copy(module_path(), path), mode)
    serves_without_gangway(agent, str(wrong), "writable")


def test_a_copy_of_the_module_that_only_its_owner_may_write_is_loaded(new_agent):
    agent = new_agent("python", config={"module": "/nonexistent"})
    with_module(agent, lambda path: shutil.copy(module_path(), path), 0o755)
    serves_with_gangway(agent)


def with_module(agent, make, mode=0o755):
    """Makes a module in the agent's directory and starts the agent anew with it."""
    agent.stop()
    path = agent.directory / "other.so"
    make(path)
    path.chmod(mode)
    agent.config["module"] = str(path)
    start_again(agent)
    return path


def start_again(agent):
    agent.forget_log()
    agent.write_config()
    agent.launch()


# ---------------------------------------------------------------- the configuration

@pytest.mark.parametrize("config, key", [
    ({"sokcet_mode": "0600"}, "sokcet_mode"), ({"max_connections": 0}, "max_connections"),
    ({"max_connections": "many"}, "max_connections"), ({"max_connections": 1.5}, "max_connections"),
    ({"max_header_bytes": 10}, "max_header_bytes"), ({"wait_seconds": -1}, "wait_seconds"),
    ({"idle_timeout_seconds": 0}, "idle_timeout_seconds"), ({"enabled": "yes"}, "enabled"),
    ({"socket_mode": "rw"}, "socket_mode"), ({"socket_mode": 600}, "socket_mode"),
    ({"socket_path": "relative/path"}, "socket_path"), ({"module": "gangway.so"}, "module"),
    ({"socket_owner": "no-such-user-here"}, "socket_owner"),
    ({"socket_group": "no-such-group-here"}, "socket_group"),
    ({"drain_timeout_seconds": 61}, "drain_timeout_seconds")])
def test_a_bad_key_or_value_is_named(new_agent, config, key):
    agent = new_agent("python", config=config)
    assert not (agent.instance_dir / "agents.s" / "gangway").exists()
    serves_without_gangway(agent, f'"{key}"')


@pytest.mark.parametrize("text", ["{", "", "[]", "42", '{"enabled": true,}', "{'enabled': true}",
                                  '{"module": MODULE} x', "\0\1\2"])
def test_a_file_that_is_no_json_object_is_named(new_agent, text):
    agent = new_agent("python", config=text.replace("MODULE", json.dumps(str(module_path()))))
    serves_without_gangway(agent, str(agent.config_path))


def test_a_configuration_file_that_is_named_and_missing_is_reported(new_agent):
    agent = new_agent("python", config={})
    agent.stop()
    agent.config_path.unlink()
    agent.write_config = lambda: None
    start_again(agent)
    serves_without_gangway(agent, str(agent.config_path))


def test_enabled_false_leaves_the_module_out(new_agent):
    agent = new_agent("python", config={"enabled": False})
    assert agent.visit("/").status == 200
    assert not agent.socket_path.exists()
    assert "gangway.so" not in Path(f"/proc/{agent.core_pid}/maps").read_text()


def test_the_log_names_the_socket_once_it_serves(new_agent):
    agent = new_agent("python", config={})
    wait_until(lambda: str(agent.socket_path) in agent.log, "the log names the socket")


# ---------------------------------------------------------------- the socket

def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_socket_lies_beside_passenger_s_own_and_anyone_may_connect(new_agent):
    agent = new_agent("python", config={})
    assert agent.socket_path == agent.instance_dir / "agents.s" / "gangway"
    assert agent.socket_path.is_socket() and mode_of(agent.socket_path) == 0o666
    status = agent.socket_path.stat()
    assert (status.st_uid, status.st_gid) == (os.geteuid(), os.getegid())


@pytest.mark.parametrize("mode", ["0600", "0660", "0777", "0000"])
def test_the_socket_s_mode_is_that_of_the_configuration(new_agent, mode):
    agent = new_agent("python", config={"socket_mode": mode})
    assert mode_of(agent.socket_path) == int(mode, 8)


def test_a_path_of_107_bytes_is_served_and_removed_at_exit(new_agent, tmp_path):
    path = short_directory(tmp_path) / "s"
    path = path.with_name("s" * (107 - len(str(path)) + 1))
    assert len(str(path)) == 107
    agent = new_agent("python", config={"socket_path": str(path)})
    serves_with_gangway(agent)
    agent.stop()
    assert not path.exists()


def test_a_path_that_is_too_long_is_refused_with_the_limit_named(new_agent, tmp_path):
    path = short_directory(tmp_path) / "s"
    path = path.with_name("s" * (108 - len(str(path)) + 1))
    assert len(str(path)) == 108
    agent = new_agent("python", config={"socket_path": str(path)})
    serves_without_gangway(agent, "107")
    assert not path.exists()


def short_directory(tmp_path):
    """pytest's own directory may be too deep for a socket: that is what is measured here."""
    assert len(str(tmp_path)) < 100, "start pytest with a shorter --basetemp"
    return tmp_path


def test_a_file_that_is_no_socket_is_refused_and_left_alone(new_agent, tmp_path):
    path = tmp_path / "s"
    path.write_text("important\n")
    agent = new_agent("python", config={"socket_path": str(path)})
    serves_without_gangway(agent, str(path))
    agent.stop()
    assert path.read_text() == "important\n"


def test_a_directory_in_place_of_the_socket_is_refused(new_agent, tmp_path):
    path = tmp_path / "s"
    path.mkdir()
    agent = new_agent("python", config={"socket_path": str(path)})
    serves_without_gangway(agent, str(path))
    assert path.is_dir()


def test_a_link_in_place_of_the_socket_is_not_followed(new_agent, tmp_path):
    target = tmp_path / "target"
    target.write_text("important\n")
    path = tmp_path / "s"
    path.symlink_to(target)
    agent = new_agent("python", config={"socket_path": str(path)})
    serves_without_gangway(agent, str(path))
    assert target.read_text() == "important\n" and path.is_symlink()


def test_a_socket_that_somebody_serves_is_refused_and_left_alone(new_agent, tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(path))
        other.listen(8)
        agent = new_agent("python", config={"socket_path": str(path)})
        assert agent.visit("/").status == 200
        lines = [line for line in agent.log.splitlines() if "[gangway]" in line]
        assert len(lines) == 1 and str(path) in lines[0], agent.log
        agent.stop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(str(path))


def test_a_stale_socket_is_replaced(new_agent, tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(path))
    assert path.is_socket()
    agent = new_agent("python", config={"socket_path": str(path)})
    serves_with_gangway(agent)


def test_a_directory_that_does_not_exist_is_reported(new_agent, tmp_path):
    path = tmp_path / "none" / "s"
    agent = new_agent("python", config={"socket_path": str(path)})
    serves_without_gangway(agent, str(path))


def test_two_agents_do_not_take_each_other_s_socket(new_agent, tmp_path):
    path = tmp_path / "s"
    one = new_agent("python", workers=1, config={"socket_path": str(path)}).ready()
    two = new_agent("python", workers=1, config={"socket_path": str(path)})
    assert two.visit("/").status == 200
    assert [row["pid"] for row in one.admin.processes()] == [
        process.pid for process in one.pool_xml().processes]
    two.stop()
    assert one.admin.get("/v1/pool").status == 200


def test_a_core_that_is_restarted_by_the_watchdog_serves_its_socket_again(new_agent):
    agent = new_agent("python", workers=1, config={}).ready()
    before = agent.core_pid
    os.kill(before, 9)
    wait_until(lambda: agent.find_core() != before, "the watchdog has started another core", 30)
    agent.core_pid = agent.find_core()

    def answers():
        try:
            return agent.admin.get("/v1/pool").status == 200
        except (ConnectionRefusedError, FileNotFoundError):
            return False

    wait_until(answers, "Gangway answers again", 30)
    agent.forget_log()
    agent.ready()
    assert len(json.loads(agent.admin.get("/v1/processes").body)["processes"]) == 1


def test_a_directory_that_everybody_may_write_to_is_refused_but_for_a_sticky_one(new_agent, tmp_path):
    path = tmp_path / "open" / "s"
    path.parent.mkdir()
    path.parent.chmod(0o777)
    agent = new_agent("python", config={"socket_path": str(path)})
    serves_without_gangway(agent, "everybody may write to its directory")
    assert list(path.parent.iterdir()) == []
    path.parent.chmod(0o1777)
    serves_with_gangway(new_agent("python", config={"socket_path": str(path)}))
