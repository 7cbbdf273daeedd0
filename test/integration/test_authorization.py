"""Every row of the authorization table that one user alone can show; test_other_users.py has the rest."""

import pytest

from support.client import basic

NOT_A_PASSWORD = "not-the-password"


def groups_of(agent):
    """{group name: (password, pids)} as Passenger has them."""
    return {group.name: (group.password, [process.pid for process in group.processes])
            for group in agent.pool_xml().groups}


def holder(agent, group):
    return agent.admin.as_caller(password=groups_of(agent)[group][0])


def full(agent):
    return agent.admin.as_caller(user="admin", user_password=agent.admin_password)


def read_only(agent):
    return agent.admin.as_caller(user="ro_admin", user_password=agent.read_only_password)


EVERY_LISTING = ["/v1/pool", "/v1/groups", "/v1/groups/alpha", "/v1/processes"]


# ---------------------------------------------------------------- the agent's own user, accounts

def test_the_agent_s_own_user_sees_and_reaches_everything_without_credentials(two_groups):
    groups = groups_of(two_groups)
    rows = two_groups.admin.processes("?secrets=true")
    assert {row["pid"]: row["password"] for row in rows} == {
        pid: password for password, pids in groups.values() for pid in pids}
    for row in rows:
        assert two_groups.admin.forward(row["pid"], "/").fields["pid"] == str(row["pid"])


def test_the_full_administrator_sees_and_reaches_everything(two_groups):
    admin = full(two_groups)
    rows = admin.processes("?secrets=true")
    assert len(rows) == 3 and all(row["password"] for row in rows)
    assert [group["name"] for group in admin.get("/v1/groups").json["groups"]] == [
        group.name for group in two_groups.pool_xml().groups]
    for row in rows:
        assert admin.forward(row["pid"], "/").fields["pid"] == str(row["pid"])


def test_the_read_only_administrator_lists_everything_and_no_more(two_groups):
    viewer = read_only(two_groups)
    rows = viewer.processes()
    assert len(rows) == 3 and not any("password" in row for row in rows)
    assert len(viewer.get("/v1/groups").json["groups"]) == 2
    assert viewer.get("/v1/pool").json["processes"] == 3
    assert viewer.process(rows[0]["gupid"])["pid"] == rows[0]["pid"]
    for target in ("/v1/processes", "/v1/groups/alpha", f"/v1/processes/{rows[0]['pid']}"):
        answer = viewer.get(target + "?secrets=true")
        assert answer.status == 403 and answer.code == "forbidden", answer
        assert groups_of(two_groups)["alpha"][0] not in answer.text
    before = two_groups.pool_xml().process(rows[0]["pid"]).number("processed")
    for method in ("GET", "POST", "HEAD"):
        answer = viewer.forward(rows[0]["pid"], "/", method=method)
        assert answer.status == 403, answer
    assert two_groups.pool_xml().process(rows[0]["pid"]).number("processed") == before


@pytest.mark.parametrize("user", ["admin", "ro_admin", "nobody-of-this-name", ""])
def test_a_wrong_account_is_refused_even_for_the_agent_s_own_user(two_groups, user):
    stranger = two_groups.admin.as_caller(user=user, user_password=NOT_A_PASSWORD)
    for target in EVERY_LISTING:
        answer = stranger.get(target)
        assert answer.status == 401 and answer.code == "unauthorized", answer


def test_the_passwords_of_the_accounts_are_not_interchangeable(two_groups):
    for user, password in (("admin", two_groups.read_only_password),
                           ("ro_admin", two_groups.admin_password),
                           ("admin", ""), ("admin", two_groups.admin_password + "x"),
                           ("admin", two_groups.admin_password[:-1])):
        caller = two_groups.admin.as_caller(user=user, user_password=password)
        assert caller.get("/v1/processes").code == "unauthorized"


@pytest.mark.parametrize("value", ["Basic", "Basic !!!", "Basic YWRtaW4=", "Bearer abc", "", "x"])
def test_an_authorization_that_is_no_account_is_refused(two_groups, value):
    answer = two_groups.admin.get("/v1/processes", {"Authorization": value})
    assert answer.status == 401 and answer.code == "unauthorized", answer


@pytest.mark.parametrize("level, status", [("full", 200), ("readonly", 403)])
def test_a_further_account_of_the_agent_s_api_server_counts_with_its_level(
        new_agent, tmp_path, level, status):
    (tmp_path / "secret").write_text("operator-secret\n")
    agent = new_agent("python", workers=1, config={}, options=[
        "--authorize", f"{level}:operator:{tmp_path}/secret"]).ready()
    operator = agent.admin.as_caller(user="operator", user_password="operator-secret")
    pid = operator.processes()[0]["pid"]
    assert operator.forward(pid, "/").status == status
    wrong = agent.admin.as_caller(user="operator", user_password=agent.admin_password)
    assert wrong.get("/v1/processes").code == "unauthorized"


# ---------------------------------------------------------------- passwords of processes

def test_the_holder_of_a_password_sees_exactly_its_processes(two_groups):
    for name, (password, pids) in groups_of(two_groups).items():
        caller = two_groups.admin.as_caller(password=password)
        assert [row["pid"] for row in caller.processes()] == pids
        assert [row["pid"] for row in caller.processes("?group=" + name)] == pids
        assert {row["password"] for row in caller.processes("?secrets=true")} == {password}
        assert [group["name"] for group in caller.get("/v1/groups").json["groups"]] == [name]
        pool = caller.get("/v1/pool").json
        assert (pool["groups"], pool["processes"], pool["capacity_used"]) == (1, len(pids), len(pids))
        assert pool["get_wait_list_size"] is None
        assert pool["max"] == 3


def test_the_holder_of_a_password_reaches_its_processes(two_groups):
    for password, pids in groups_of(two_groups).values():
        caller = two_groups.admin.as_caller(password=password)
        for pid in pids:
            answer = caller.forward(pid, "/", method="POST", body=b"x=1")
            assert answer.fields["pid"] == str(pid) and answer.fields["body_bytes"] == "3"


def test_what_belongs_to_another_password_answers_like_what_does_not_exist(two_groups):
    groups = groups_of(two_groups)
    beta_pid = groups["beta"][1][0]
    beta_gupid = two_groups.admin.process(beta_pid)["gupid"]
    before = two_groups.pool_xml().process(beta_pid).number("processed")
    caller = holder(two_groups, "alpha")

    def told(answer):
        headers = {name: value for name, value in answer.headers.items() if name != "date"}
        return answer.status, headers, answer.text

    absent = 2 ** 22 + 1
    for real, imagined in ((f"/v1/processes/{beta_pid}", f"/v1/processes/{absent}"),
                           (f"/v1/processes/{beta_gupid}", "/v1/processes/1c89905-aaaaaaaaaa"),
                           (f"/v1/processes/{beta_pid}/request/", f"/v1/processes/{absent}/request/")):
        foreign, none = caller.get(real), caller.get(imagined)
        assert foreign.status == 404 and foreign.code == "process_not_found", foreign
        normal = told(foreign)
        text = normal[2].replace(str(beta_pid), "ID").replace(beta_gupid, "ID")
        other = told(none)
        assert text == other[2].replace(str(absent), "ID").replace("1c89905-aaaaaaaaaa", "ID")
        assert normal[0] == other[0] and set(normal[1]) == set(other[1])
    assert caller.get("/v1/groups/beta").code == "group_not_found"
    assert caller.get("/v1/groups/no-such").code == "group_not_found"
    assert caller.processes("?group=beta") == []
    answer = caller.get("/", {"X-Passenger-Process": str(beta_pid)})
    assert answer.code == "process_not_found"
    assert two_groups.pool_xml().process(beta_pid).number("processed") == before


def test_a_wrong_password_is_refused_and_learns_nothing(two_groups):
    password, pids = groups_of(two_groups)["alpha"]
    for wrong in (NOT_A_PASSWORD, password + "x", password[:-1], password.swapcase(), "",
                  two_groups.admin_password):
        caller = two_groups.admin.as_caller(password=wrong)
        for target in (*EVERY_LISTING, f"/v1/processes/{pids[0]}", f"/v1/processes/{pids[0]}/request/",
                       "/v1/processes/999999999", "/v1/groups/no-such"):
            answer = caller.get(target)
            assert answer.status == 401 and answer.code == "unauthorized", (wrong, answer)
            assert str(pids[0]) not in answer.text and "alpha" not in answer.text


def test_the_password_counts_where_an_account_is_given_too(two_groups):
    password, pids = groups_of(two_groups)["alpha"]
    both = two_groups.admin.as_caller(password=password, user="admin",
                                      user_password=two_groups.admin_password)
    assert [row["pid"] for row in both.processes()] == pids
    wrong = two_groups.admin.as_caller(password=NOT_A_PASSWORD, user="admin",
                                       user_password=two_groups.admin_password)
    assert wrong.get("/v1/processes").code == "unauthorized"


@pytest.mark.parametrize("secrets", ["", "?secrets=true"])
def test_passwords_are_shown_only_where_they_were_asked_for(two_groups, secrets):
    for caller in (two_groups.admin, full(two_groups), holder(two_groups, "alpha")):
        for target in ("/v1/processes", "/v1/groups/alpha"):
            answer = caller.get(target + secrets)
            assert (groups_of(two_groups)["alpha"][0] in answer.text) == bool(secrets)
    assert groups_of(two_groups)["alpha"][0] not in two_groups.admin.get("/v1/groups").text


def test_each_runtime_s_password_opens_its_own_processes(agent):
    password, pids = next(iter(groups_of(agent).values()))
    caller = agent.admin.as_caller(password=password)
    for pid in pids:
        answer = caller.forward(pid, "/hello", method="POST", body=b"x=1")
        assert answer.status == 200 and answer.fields["pid"] == str(pid)
    for pid in pids:
        answer = agent.admin.as_caller(password=NOT_A_PASSWORD).forward(pid, "/hello")
        assert answer.status == 401 and answer.code == "unauthorized"


def test_a_ruby_process_s_password_also_opens_its_debug_socket(ruby):
    password, pids = next(iter(groups_of(ruby).values()))
    answer = ruby.admin.as_caller(password=password).forward(
        pids[0], "/", headers={"X-Gangway-Route": "direct"})
    assert answer.status == 200 and answer.fields["pid"] == str(pids[0])


# ---------------------------------------------------------------- Authorization on forwarded requests

@pytest.mark.parametrize("value", ["Bearer some.token", basic("customer", "secret"), "Digest a=b"])
def test_an_authorization_meant_for_the_application_is_passed_on(agent, value):
    pid = agent.admin.processes()[0]["pid"]
    for caller in (agent.admin, holder(agent, next(iter(groups_of(agent))))):
        answer = caller.forward(pid, "/env", headers={"Authorization": value})
        assert answer.status == 200, answer
        assert answer.json["headers"]["authorization"] == value


def test_an_authorization_of_gangway_s_own_is_not_passed_on(agent):
    pid = agent.admin.processes()[0]["pid"]
    answer = full(agent).forward(pid, "/env")
    assert answer.status == 200 and "authorization" not in answer.json["headers"]


def test_a_wrong_password_for_an_account_is_not_passed_on_to_the_application(agent):
    pid = agent.admin.processes()[0]["pid"]
    before = agent.pool_xml().process(pid).number("processed")
    for user in ("admin", "ro_admin"):
        answer = agent.admin.as_caller(user=user, user_password=NOT_A_PASSWORD).forward(pid, "/env")
        assert answer.status == 401 and answer.code == "unauthorized", answer
    assert agent.pool_xml().process(pid).number("processed") == before


def test_a_request_with_a_password_keeps_its_authorization_unless_it_names_an_account(two_groups):
    password, pids = groups_of(two_groups)["alpha"]
    caller = two_groups.admin.as_caller(password=password)
    answer = caller.forward(pids[0], "/env", headers={
        "Authorization": basic("admin", two_groups.admin_password)})
    assert answer.status == 200 and "authorization" not in answer.json["headers"]


# ---------------------------------------------------------------- secrecy

def test_no_password_stands_in_the_log_or_in_an_error(two_groups):
    groups = groups_of(two_groups)
    pids = groups["alpha"][1]
    secrets = [two_groups.admin_password, two_groups.read_only_password,
               *(secret for secret, _ in groups.values())]
    wrong = "wrong-secret-8d1f"
    errors = []
    for caller in (two_groups.admin.as_caller(password=wrong),
                   two_groups.admin.as_caller(user="admin", user_password=wrong)):
        for target in ("/v1/processes", f"/v1/processes/{pids[0]}/request/x"):
            errors.append(caller.get(target))
    alpha = holder(two_groups, "alpha")
    errors.append(alpha.get(f"/v1/processes/{groups['beta'][1][0]}"))
    errors.append(alpha.get("/v1/nothing"))
    errors.append(alpha.forward(pids[0], "/", headers={"X-Gangway-Route": "direct"}))
    errors.append(full(two_groups).get("/v1/nothing"))
    alpha.forward(pids[0], "/")
    full(two_groups).processes("?secrets=true")
    log = two_groups.log
    for secret in (*secrets, wrong):
        assert secret not in log
    for answer in errors:
        assert answer.status >= 400
        for secret in (*secrets, wrong):
            assert secret not in answer.text and secret not in str(answer.headers)


def test_gangway_s_own_lines_of_the_most_talkative_log_hold_no_password(new_agent):
    """Passenger's own debug lines do; Gangway's are told apart by their mark."""
    agent = new_agent("python", workers=1, config={}, options=["--log-level", "7"]).ready()
    password, pids = next(iter(groups_of(agent).values()))
    secrets = [password, agent.admin_password, agent.read_only_password, "wrong-secret-8d1f"]
    agent.admin.as_caller(password=password).forward(pids[0], "/")
    agent.admin.as_caller(password="wrong-secret-8d1f").forward(pids[0], "/")
    for caller in (full(agent), read_only(agent)):
        caller.get("/v1/processes?secrets=true")
    lines = [line for line in agent.log.splitlines() if "[gangway]" in line]
    assert lines
    for line in lines:
        for secret in secrets:
            assert secret not in line
