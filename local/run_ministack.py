"""Runs MiniStack as its own command does, less one thing: with TLS on, that command also takes
port 443 of the bind address when it may. One port per instance is enough here; two instances
must not depend on who came first, and port 443 belongs to the machine's owner.

With LETHE_CALLS_FILE it also writes down which calls were made under which role.
"""

import json
import os

from ministack import app
from ministack.core import iam_evaluator
from ministack.services import sts

if not hasattr(app, "_port_is_bindable"):
    raise SystemExit(
        "run_ministack.py does not fit this version of MiniStack: app._port_is_bindable is gone"
    )
app._port_is_bindable = lambda host, port: False


def record_calls(path):
    """Appends a line of JSON for each check of a role session's permissions: who, action, resource,
    and whether it was allowed. No payload. Once for each of them; of the objects below the first
    part of a key, only the first, because an erasure names each of an account's objects.
    """
    enforce = iam_evaluator.enforce
    seen = set()
    calls = open(path, "a", encoding="utf-8", buffering=1)

    def recording(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        denied = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        session = sts._sessions.get(access_key_id)
        if session is not None:
            allowed = denied is None
            below = "/".join(resource_arn.split("/")[:2]) if service == "s3" else resource_arn
            key = (session["Arn"], iam_action, below, allowed)
            if key not in seen:
                seen.add(key)
                call = {"session": session["Arn"], "action": iam_action, "resource": resource_arn}
                calls.write(json.dumps({**call, "allowed": allowed}) + "\n")
        return denied

    # MiniStack imports it where it calls it, at each request.
    iam_evaluator.enforce = recording


# Taken out, because functions inherit the environment.
calls_file = os.environ.pop("LETHE_CALLS_FILE", None)
if calls_file:
    record_calls(calls_file)
app.main()
