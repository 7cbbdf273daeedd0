"""At the end of every agent its passwords are searched for where they may not show (Passenger.stop()). Here one is put
there on purpose, so that the search is known to find it."""

import os
import subprocess

import pytest

from support.client import basic


def passwords_of(agent):
    group = agent.pool_xml().groups[0].password
    return [agent.admin_password, agent.read_only_password, group,
            basic("admin", agent.admin_password).split()[1]]


def test_the_passwords_of_accounts_and_groups_are_searched_for_and_show_nowhere(python):
    assert set(passwords_of(python)) <= python.passwords.words
    assert python.passwords.shown() == {}


def test_a_password_in_the_log_is_found_and_fails_the_end_of_the_agent(new_agent):
    agent = new_agent("python", workers=1, config={}).ready()
    size = os.path.getsize(agent.log_path)
    for password in passwords_of(agent):
        with open(agent.log_path, "a") as log:
            log.write(f"[ N test ]: [gangway] a line with {password}.\n")
        assert password in agent.passwords.shown()["the log"]
        os.truncate(agent.log_path, size)
    with open(agent.log_path, "a") as log:
        log.write(password)
    with pytest.raises(AssertionError, match="passwords show"):
        agent.forget_log()
    with pytest.raises(AssertionError, match="passwords show"):
        agent.stop()


def test_a_password_on_a_command_line_is_found(python):
    for password in passwords_of(python):
        process = subprocess.Popen(["/bin/sh", "-c", "read wait", password], stdin=subprocess.PIPE)
        try:
            (place,) = python.passwords.shown()
            assert place.startswith(f"/proc/{process.pid}: ")
        finally:
            process.communicate()


def test_a_password_in_a_status_is_found(python):
    # The name of an application is in every status, so it may be looked for in place of a password.
    python.passwords.words.add(python.pool_xml().groups[0].name)
    try:
        assert set(python.passwords.shown()) >= {"/v1/groups", "/v1/processes", "/pool.txt"}
    finally:
        python.passwords.words.remove(python.pool_xml().groups[0].name)
