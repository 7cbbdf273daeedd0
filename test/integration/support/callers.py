"""Who asks, in the terms of the authorization table of docs/api.md ("Who may do what"): callers, what each of them
reaches, and all that they may send along. Nothing here asks who may do what."""

import base64
from dataclasses import dataclass
from typing import Optional

from support.client import basic

PASSWORD, ACCOUNT = "X-Passenger-Connect-Password", "Authorization"


# ---------------------------------------------------------------- what there is

@dataclass(frozen=True)
class Process:
    pid: int
    gupid: str
    group: str
    password: str      # its group's
    own_password: str  # Gangway's, of this process alone
    words: tuple       # that tell of it: none may show to whom it is out of reach


@dataclass(frozen=True)
class Group:
    name: str
    uid: int
    password: str
    processes: tuple
    words: tuple


class Site:
    """Two groups of two users as Passenger itself lists them, and the accounts. Processes' own passwords only Gangway
    can tell."""

    def __init__(self, agent):
        xml = agent.pool_xml()
        own = {row["gupid"]: row["process_password"] for row in agent.admin.processes("?secrets=true")}
        self.groups = tuple(self.group(group, own) for group in sorted(xml.groups, key=lambda group: group.name))
        self.alpha, self.beta = self.groups
        self.admin_password = agent.admin_password
        self.read_only_password = agent.read_only_password

    @staticmethod
    def group(xml, own_passwords):
        processes = tuple(Process(process.pid, process.text("gupid"), xml.name, xml.password,
                                  own_passwords[process.text("gupid")],
                                  (process.text("gupid"), *(socket["address"] for socket in process.sockets())))
                          for process in xml.processes)
        row = xml.row()
        words = (xml.name, row["uuid"], row["app_root"], xml.password)
        return Group(xml.name, row["uid"], xml.password, processes, words)

    @property
    def processes(self):
        return tuple(process for group in self.groups for process in group.processes)


# ---------------------------------------------------------------- who asks

@dataclass(frozen=True)
class Reach:
    """What a caller sees. Whoever has none is nobody, and gets 401."""
    groups: tuple
    processes: tuple
    is_admin: bool = False
    may_act: bool = True

    def out_of_reach(self, site):
        """(words, pids) that may not show."""
        processes = [process for process in site.processes if process not in self.processes]
        words = [word for process in processes for word in (*process.words, process.own_password)]
        # Whoever sees a process sees the name of its group, and nothing else of that.
        names = [process.group for process in self.processes]
        words += [word for group in site.groups if group not in self.groups for word in group.words
                  if word not in names]
        if not self.may_act:
            words += [password for process in site.processes for password in (process.password, process.own_password)]
        return words + [site.admin_password, site.read_only_password], [process.pid for process in processes]


NOBODY = Reach((), (), may_act=False)


def everything(site):
    return Reach(site.groups, site.processes, is_admin=True)


def read_only(site):
    return Reach(site.groups, site.processes, is_admin=True, may_act=False)


def all_of(*groups):
    return Reach(groups, tuple(process for group in groups for process in group.processes))


def only(process):
    """Its group does not exist for this caller."""
    return Reach((), (process,))


def reach_of_user(site, uid):
    """Of a peer without credentials, where the agent is root's."""
    if uid == 0:
        return everything(site)
    groups = [group for group in site.groups if group.uid == uid]
    return all_of(*groups) if groups else NOBODY


@dataclass(frozen=True)
class Sent:
    """Credentials as they are sent, and whose reach they give. `reach` None: they do not count, the peer's uid does."""
    headers: tuple
    reach: Optional[Reach]
    # On a forwarded request an Authorization that names no account of Gangway's is the application's.
    is_the_application_s: bool = False
    is_repeated: bool = False

    def reach_at(self, forwarded, peer):
        return peer if self.reach is None or (forwarded and self.is_the_application_s) else self.reach


def password(value, reach=NOBODY):
    return Sent(((PASSWORD, value),), reach)


def account(value, reach=NOBODY, is_the_application_s=False):
    return Sent(((ACCOUNT, value),), reach, is_the_application_s)


def swapped(text):
    """Of the same length, and each character another."""
    return "".join(chr(ord(character) ^ 1) for character in text)


def wrong_passwords(site):
    right = site.alpha.password
    yield from map(password, ("", "x", "not-the-password", right[:-1], right[1:], right + "x", "x" + right,
                              right.swapcase(), swapped(right), right + right, right + " " + site.beta.password,
                              "null", "*", basic("x", right), site.alpha.name, site.alpha.processes[0].gupid,
                              str(site.alpha.processes[0].pid), "x" * 8000))
    own, other = site.alpha.processes[0].own_password, site.beta.processes[0].own_password
    yield from map(password, (own[:-1], own + "x", own.swapcase(), own + own, own.replace(".", ""), own.split(".")[1],
                              own.split(".")[0] + ".", "." + own.split(".")[1], ".",
                              own.split(".")[0] + "." + other.split(".")[1],
                              other.split(".")[0] + "." + own.split(".")[1],
                              own.split(".")[0] + "." + right, "." + right, right + "." + own.split(".")[1],
                              own.split(".")[0] + "." + swapped(own.split(".")[1])))


def wrong_accounts(site):
    right = site.admin_password
    for user in ("admin", "ro_admin"):
        for value in ("", "x", right[:-1], right + "x", right.swapcase(), swapped(right), ":" + right, "x" * 5000):
            yield account(basic(user, value))
    for user in ("", "root", "Admin", "admin ", " admin", "nobody-of-this-name", "api"):
        yield account(basic(user, right), is_the_application_s=True)
    for value in ("", "Basic", "Basic ", "Bearer " + right, "Digest username=admin", right, "admin:" + right,
                  "Basic admin:" + right, "Basic " + base64.b64encode(b"admin").decode(), "Basic ====", "Basic :"):
        yield account(value, is_the_application_s=True)


def foreign(site):
    """Right passwords, each where it is not right."""
    for value in (site.admin_password, site.read_only_password):
        yield password(value)
    for user, value in (("admin", site.read_only_password), ("ro_admin", site.admin_password),
                        ("admin", site.alpha.password), ("ro_admin", site.beta.password),
                        ("admin", site.alpha.processes[0].own_password)):
        yield account(basic(user, value))
    for user in (site.alpha.name, site.beta.name, "daemon", "www-data"):
        yield account(basic(user, site.alpha.password), is_the_application_s=True)


def both(site):
    """A password and an account: the password counts."""
    full, wrong = basic("admin", site.admin_password), basic("admin", "x")
    for order in (1, -1):
        yield Sent(((PASSWORD, site.alpha.password), (ACCOUNT, full))[::order], all_of(site.alpha))
        yield Sent(((PASSWORD, site.beta.password), (ACCOUNT, wrong))[::order], all_of(site.beta))
        yield Sent(((PASSWORD, site.alpha.processes[1].own_password), (ACCOUNT, full))[::order],
                   only(site.alpha.processes[1]))
        yield Sent(((PASSWORD, "x"), (ACCOUNT, full))[::order], NOBODY)
        yield Sent(((PASSWORD, ""), (ACCOUNT, full))[::order], NOBODY)


def repeated(site):
    """What is given twice opens nothing, though both are right: 400 for whom the first opens something."""
    full = basic("admin", site.admin_password)
    alpha, beta = all_of(site.alpha), all_of(site.beta)
    own = site.alpha.processes[0].own_password
    for header, first, second, reach in (
            (PASSWORD, site.alpha.password, site.alpha.password, alpha), (PASSWORD, site.alpha.password, "x", alpha),
            (PASSWORD, site.beta.password, site.alpha.password, beta), (PASSWORD, "x", site.alpha.password, NOBODY),
            (PASSWORD, "", site.alpha.password, NOBODY), (PASSWORD, site.alpha.password, own, alpha),
            (PASSWORD, own, site.alpha.password, only(site.alpha.processes[0])),
            (ACCOUNT, full, full, everything(site)), (ACCOUNT, full, "Bearer x", everything(site)),
            (ACCOUNT, basic("admin", "x"), full, NOBODY)):
        yield Sent(((header, first), (header.lower(), second)), reach, is_repeated=True)


CREDENTIALS = {
    "no credentials": lambda site: [Sent((), None)],
    "full account": lambda site: [account(value, everything(site)) for value in (
        basic("admin", site.admin_password), basic("admin", site.admin_password).replace("Basic", "bASIC"))],
    "read-only account": lambda site: [account(basic("ro_admin", site.read_only_password), read_only(site))],
    "alpha's password": lambda site: [password(site.alpha.password, all_of(site.alpha)),
                                      password(f" {site.alpha.password}\t", all_of(site.alpha))],
    "beta's password": lambda site: [password(site.beta.password, all_of(site.beta))],
    "a process's own password": lambda site: [password(process.own_password, only(process))
                                              for process in (site.alpha.processes[1], site.beta.processes[0])],
    "a wrong password": wrong_passwords,
    "a wrong account": wrong_accounts,
    "another's password": foreign,
    "password and account": both,
    "a repeated credential": repeated,
}
