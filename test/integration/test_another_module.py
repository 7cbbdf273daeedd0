"""The agent with a module that is not gangway.so: agent_abi.h is all that one needs."""

import os
import re
import signal

import pytest

from support import system
from support.modules import compile_module, process_log_path
from support.waiting import wait_until

# What the real host answers to a module in C; said while the agent drains, when there is a process.
ASKING = """
#include <gangway/agent_abi.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

static const gangway_host *host;
static alignas(max_align_t) char buffer[1 << 16];

static void say(const char *what, long number) {
    char line[200];
    snprintf(line, sizeof(line), "%s %ld", what, number);
    host->log(host->context, GANGWAY_LOG_NOTICE, (gangway_module_str){line, strlen(line)});
}

static gangway_status start(const gangway_host *agent, void **instance, gangway_module_str *error) {
    host = agent;
    return GANGWAY_OK;
}

static void begin_drain(void *instance) {
    gangway_snapshot pool;
    size_t size = 0;
    say("snapshot", host->snapshot(host->context, NULL, &size, &pool));
    say("fits", size < sizeof(buffer));
    say("snapshot", host->snapshot(host->context, buffer, &size, &pool));
    say("processes", pool.process_count);

    gangway_process_id id = {.pid = pool.processes[0].pid};
    gangway_process_ref *process;
    gangway_process_state state;
    gangway_session *session = NULL;
    say("find", host->process_find(host->context, &id, &process));
    const gangway_process_identity *identity = host->process_identity(host->context, process);
    say("same gupid", identity->gupid.size == pool.processes[0].gupid.size
        && memcmp(identity->gupid.data, pool.processes[0].gupid.data, identity->gupid.size) == 0);
    say("state", host->process_state(host->context, process, &state));
    say("unknown flag", host->session_open(host->context, process, 1u << 31, &session));
    say("with a known one", host->session_open(host->context, process,
        1u << 31 | GANGWAY_SESSION_LEAVE_A_SLOT, &session));
    say("opened", session != NULL);
    host->process_release(host->context, process);
}

static void stop(void *instance) {}

const gangway_module *gangway_module_entry(void) {
    static const gangway_module module = {
        .abi_version = GANGWAY_ABI_VERSION, .struct_size = sizeof(gangway_module),
        .host_struct_size = sizeof(gangway_host), .name = GANGWAY_STR("asking"),
        .version = GANGWAY_STR("1"), .start = start, .begin_drain = begin_drain, .stop = stop};
    return &module;
}
"""


# Of a minor version that had two functions fewer: what lies behind its table is not called.
OLDER = ASKING.replace(".struct_size = sizeof(gangway_module)", """
        .struct_size = offsetof(gangway_module, spawn_ended),
        .spawn_ended = (void (*)(void *, const gangway_spawn *)) 1""")
# Of today's, which tells how the process was started.
TOLD = ASKING.replace("static void begin_drain(", """
static void spawn_ended(void *instance, const gangway_spawn *spawn) {
    say("spawned in a group of some name", spawn->group_name.size > 0);
    say("error", spawn->error.size);
    say("took time", spawn->ended_at_usec > spawn->began_at_usec);
}

static void begin_drain(""").replace(".start = start", ".start = start, .spawn_ended = spawn_ended")


def said(agent, module):
    """The lines of the module, in their order."""
    return re.findall(rf" \[{module}\] (.*)", agent.log)


def test_the_example_tells_of_processes_that_come_are_killed_and_are_detached(new_agent):
    agent = new_agent("python", workers=1, config={"module": str(process_log_path())}).ready()
    group = agent.pool_xml().groups[0].name

    def tells(pid, what):
        wait_until(lambda: f"process {pid} has {what}: {group}" in said(agent, "process_log"),
                   f"process {pid} has {what}")

    killed = agent.pool_xml().processes[0].pid
    tells(killed, "come")
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: not system.is_alive(killed), "the process is dead")
    agent.detach_dead()  # as a visitor's request would
    tells(killed, "gone")

    detached = agent.ready().pool_xml().processes[0].pid
    tells(detached, "come")
    agent.api("POST", "/pool/detach_process.json", {"pid": detached})
    tells(detached, "gone")
    agent.ready().assert_unharmed()


def test_the_example_s_thread_takes_no_signals_but_those_of_a_crash(new_agent):
    without = new_agent("python", workers=1, config={"enabled": False}).ready()
    agent = new_agent("python", workers=1, config={"module": str(process_log_path())}).ready()

    def blocking(one):
        threads = system.threads_named(one.core_pid, "").values()
        return [blocked for blocked in map(system.blocked_signals, threads) if signal.SIGTERM in blocked]

    # The C library blocks them for a moment, where a thread or a process is just being started.
    wait_until(lambda: blocking(without) == [], "no thread of Passenger blocks signals")
    [blocked] = wait_until(lambda: len(found := blocking(agent)) == 1 and found, "but the example's")
    assert signal.SIGHUP in blocked and signal.SIGSEGV not in blocked


@pytest.mark.parametrize("source, told", [
    (ASKING, []), (OLDER, []), (TOLD, ["spawned in a group of some name 1", "error 0", "took time 1"])],
    ids=["told nothing", "older", "told"])
def test_a_module_in_c_is_answered_by_the_host_as_the_header_says(new_agent, source, told):
    agent = new_agent("python", workers=1, config={"module": "/nonexistent"})
    agent.stop()
    path = compile_module(source, agent.directory / "asking.so")
    path.chmod(0o755)
    agent.config["module"] = str(path)
    agent.forget_log()
    agent.write_config()
    agent.launch()
    agent.ready().stop()
    ok, no_space, unsupported = 0, 1, 10
    assert said(agent, "asking") == told + [
        f"snapshot {no_space}", "fits 1", f"snapshot {ok}", "processes 1", f"find {ok}", "same gupid 1",
        f"state {ok}", f"unknown flag {unsupported}", f"with a known one {unsupported}", "opened 0"]
