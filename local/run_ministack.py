"""Runs MiniStack as its own command does, less two things.

With TLS on, that command also takes port 443 of the bind address when it may. One port per
instance is enough here; two instances must not depend on who came first, and port 443 belongs to
the machine's owner.

And it reports one read unit for every read, however large. DynamoDB charges a unit for each 4 KB
of the rows that a read met, whatever part of them was asked for.

Its clock is that of the instance (shifted_clock.py), which `npm run local -- advance` moves.

And it checks requests of SQS by the permissions that AWS asks for: a batch needs that of its single
action, and there is none of its own.

With LETHE_CALLS_FILE it also writes down which calls were made under which role: those that it
checks, and what state machines do, which it does not check against their roles.
"""

import copy
import json
import os

import shifted_clock

# Before anything of MiniStack is imported.
shifted_clock.install(os.environ["LETHE_LOCAL_INSTANCE"])

import clock_endpoints
import s3_gaps
from ministack import app
from ministack.core import iam_evaluator
from ministack.services import dynamodb, stepfunctions, sts

NEEDED = [
    (app, "_port_is_bindable"),
    (dynamodb, "_add_consumed_capacity"),
    (dynamodb, "_get_item_by_key"),
    (dynamodb, "_index_write_view"),
    (dynamodb, "_item_size_bytes"),
    (dynamodb, "_tables"),
    (iam_evaluator, "enforce"),
    (stepfunctions, "_execute_task"),
    (stepfunctions, "_run_distributed_map"),
    (stepfunctions, "_state_machines"),
    (sts, "_sessions"),
]
for module, name in NEEDED:
    if not hasattr(module, name):
        raise SystemExit(
            "run_ministack.py does not fit this version of MiniStack: "
            f"{module.__name__}.{name} is gone"
        )

READ_UNIT_BYTES = 4096
report_capacity = dynamodb._add_consumed_capacity


def bytes_read(result, table, index_name):
    """Size of the whole rows (or index entries) of an answer, before any projection."""
    shown = result.get("Items") or [item for item in [result.get("Item")] if item]
    indexes = table.get("GlobalSecondaryIndexes") or []
    index = next((one for one in indexes if one.get("IndexName") == index_name), None)
    total = 0
    for item in shown:
        whole = dynamodb._get_item_by_key(table, item) or item
        entry = dynamodb._index_write_view(table, index, whole) if index else None
        total += dynamodb._item_size_bytes(entry[1] if entry else whole)
    return total


def report_reads_by_size(result, data, table_name, write=False, **rest):
    report_capacity(result, data, table_name, write=write, **rest)
    capacity = result.get("ConsumedCapacity")
    if write or not capacity:
        return
    table = dynamodb._tables.get(table_name, {})
    size = bytes_read(result, table, rest.get("index_name"))
    factor = max(-(-size // READ_UNIT_BYTES), 1)
    arms = [capacity.get("Table", {}), *capacity.get("GlobalSecondaryIndexes", {}).values()]
    for arm in [capacity, *arms]:
        if "CapacityUnits" in arm:
            arm["CapacityUnits"] *= factor


app._port_is_bindable = lambda host, port: False
dynamodb._add_consumed_capacity = report_reads_by_size


BATCH_ACTIONS = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def check_batches_as_single_actions():
    """Lets the permissions of a batch be those of its single action."""
    enforce = iam_evaluator.enforce

    def by_single_action(access_key_id, iam_action, *more, **named):
        return enforce(access_key_id, BATCH_ACTIONS.get(iam_action, iam_action), *more, **named)

    iam_evaluator.enforce = by_single_action


def keep_streams():
    """Saves the records of streams with the tables, and loads them before the tables."""
    stores = {"stream_records": dynamodb._stream_records, "stream_trimmed": dynamodb._stream_trimmed}
    get_state, load_persisted_state = dynamodb.get_state, dynamodb.load_persisted_state

    def with_streams():
        return {**get_state(), **{name: copy.deepcopy(store) for name, store in stores.items()}}

    def load_with_streams(data):
        for name, store in stores.items():
            store.update((data or {}).get(name, {}))
        return load_persisted_state(data)

    dynamodb.get_state, dynamodb.load_persisted_state = with_streams, load_with_streams


class CallsFile:
    """A line of JSON for each call: who, action, resource, and whether it was allowed. No payload.
    Each once; of the objects below the first part of a key, only the first, because an erasure
    names each of an account's objects.
    """

    def __init__(self, path):
        self._file = open(path, "a", encoding="utf-8", buffering=1)
        self._seen = set()

    def add(self, session, action, resource, allowed):
        below = "/".join(resource.split("/")[:2]) if action.startswith("s3:") else resource
        key = (session, action, below, allowed)
        if key not in self._seen:
            self._seen.add(key)
            call = {"session": session, "action": action, "resource": resource, "allowed": allowed}
            self._file.write(json.dumps(call) + "\n")


def record_checks(calls):
    """Records each check of the permissions of a role's session."""
    enforce = iam_evaluator.enforce

    def recording(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        iam_action = BATCH_ACTIONS.get(iam_action, iam_action)
        denied = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        session = sts._sessions.get(access_key_id)
        if session is not None:
            calls.add(session["Arn"], iam_action, resource_arn, denied is None)
        return denied

    # MiniStack imports it where it calls it, at each request.
    iam_evaluator.enforce = recording


def record_machines(calls):
    """Records which functions a state machine invokes, and that a distributed map starts children."""
    execute_task = stepfunctions._execute_task
    run_distributed_map = stepfunctions._run_distributed_map

    def machine_of(execution):
        # A child is one of `<machine>/<label of the map>`.
        return execution["stateMachineArn"].split("/")[0]

    def add(execution, action, resource):
        role = stepfunctions._state_machines[machine_of(execution)]["roleArn"]
        account, name = role.split(":")[4], role.rsplit("/", 1)[-1]
        session = f"arn:aws:sts::{account}:assumed-role/{name}/StepFunctions"
        calls.add(session, action, resource, True)

    def recording_task(state_def, raw_input, execution, ctx):
        function = state_def.get("Parameters", {}).get("FunctionName")
        if function is not None:
            add(execution, "lambda:InvokeFunction", function)
        return execute_task(state_def, raw_input, execution, ctx)

    def recording_map(state_def, raw_input, effective, iterator, execution, ctx):
        add(execution, "states:StartExecution", machine_of(execution))
        return run_distributed_map(state_def, raw_input, effective, iterator, execution, ctx)

    stepfunctions._execute_task = recording_task
    stepfunctions._run_distributed_map = recording_map


# Taken out, because functions inherit the environment.
calls_file = os.environ.pop("LETHE_CALLS_FILE", None)
check_batches_as_single_actions()
keep_streams()
if calls_file:
    recorded = CallsFile(calls_file)
    record_checks(recorded)
    record_machines(recorded)
clock_endpoints.install(app)
s3_gaps.install()
app.main()
