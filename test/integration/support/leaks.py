"""What an answer shows of that which is out of its caller's reach."""

import json
import re

TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def strings_and_pids(value, key=None):
    """Every text of a JSON document, and every number that is a pid."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from strings_and_pids(member, name)
    elif isinstance(value, list):
        for member in value:
            yield from strings_and_pids(member, key)
    elif isinstance(value, str):
        yield TIMES.sub("", value)
    elif key in ("pid", "process_group_id"):
        yield str(value)


def shown(answer):
    """All that an answer says, but for its own times and counts, which could be like a pid by chance."""
    texts = [answer.status_line, *(f"{name}: {value}" for name, value in answer.headers
                                   if name not in ("Date", "Content-Length", "Server-Timing"))]
    if answer.body.startswith(b"{"):
        texts += strings_and_pids(json.loads(answer.body))
    else:
        texts.append(answer.body.decode())
    return "\n".join(texts)


def leaks(answer, reach, site):
    """What shows in it of that which is out of reach."""
    text = shown(answer)
    words, pids = reach.out_of_reach(site)
    return [word for word in words if word in text] + [
        pid for pid in pids if re.search(rf"(?<![0-9A-Za-z.]){pid}(?![0-9A-Za-z])", text)]
