"""What `npm run local -- advance` asks of MiniStack, besides AWS's own API, on paths of its own:

GET  /_lethe/clock        {"nowMs", "offsetSeconds", "idle", "nextMessageMs"}
POST /_lethe/clock        {"offsetSeconds", "keepSchedules"}: sets the clock; answers as GET does.
                          Schedules that pass run once; none does with "keepSchedules": true.
POST /_lethe/expire-rows  removes rows whose time to live is over: {"rows"}

`idle` is false while a function has yet to see a change of a row or a message; `nextMessageMs` is
when the next message that waits becomes visible to a function, or null.
"""

import asyncio
import json
import os
import time

import shifted_clock
from expire_rows import dynamodb, expire_for_ever, expire_rows
from ministack.core import lambda_runtime, sigv4
from ministack.services import eventbridge, lambda_svc, scheduler, sqs, stepfunctions

_BODY_BYTES_MAX = 1000
# Sleepers look at the clock this often.
_SLICE_SECONDS = 0.1

_tasks = set()


def install(app):
    """Puts the paths above in front of MiniStack, and makes the rest of it follow the clock."""
    _give_functions_the_clock()
    _keep_stream_records_by_real_time()
    _wake_sleepers()
    _accept_both_clocks()
    serve = app.app

    async def served(scope, receive, send):
        if scope["type"] == "lifespan":
            _tasks.add(asyncio.get_running_loop().create_task(expire_for_ever()))
        if scope["type"] == "http" and scope["path"].startswith("/_lethe/"):
            await _answer(scope, receive, send)
        else:
            await serve(scope, receive, send)

    app.app = served


async def _answer(scope, receive, send):
    request = (scope["method"], scope["path"])
    status, answer = 200, None
    try:
        if request == ("POST", "/_lethe/clock"):
            wanted = json.loads(await _body(receive))
            _set_clock(float(wanted["offsetSeconds"]), wanted.get("keepSchedules") is True)
            answer = _clock()
        elif request == ("GET", "/_lethe/clock"):
            answer = _clock()
        elif request == ("POST", "/_lethe/expire-rows"):
            answer = {"rows": expire_rows()}
        else:
            status, answer = 404, {"message": "no such path"}
    except (KeyError, TypeError, ValueError) as error:
        status, answer = 400, {"message": f"{type(error).__name__}: {error}"}
    body = json.dumps(answer).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _body(receive):
    body = b""
    while len(body) <= _BODY_BYTES_MAX:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body
    raise ValueError("the body is too large")


def _set_clock(seconds, keep_schedules):
    delta = seconds - shifted_clock.offset_seconds()
    shifted_clock.set_offset(seconds)
    if delta < 0 or keep_schedules:
        # When a schedule ran last moves along, so that it runs neither at once nor much later.
        for last_runs in (eventbridge._rule_last_fired, scheduler._schedule_last_fired):
            for key in list(last_runs):
                last_runs[key] += delta
    if delta < 0:
        _bring_closer(delta)


def _bring_closer(delta):
    """Lets what waits for a time wait as long as before, when the clock is set back."""
    now = time.time()
    for queue in list(sqs._queues._data.values()):
        for message in list(queue["messages"]):
            if message["visible_at"] > now:
                message["visible_at"] += delta
    for key, until in lambda_svc._esm_backoff_until.all_items():
        lambda_svc._esm_backoff_until._data[key] = min(until, now)


def _clock():
    messages = [visible for esm in _sources("sqs") for visible in _visible_times(esm)]
    now = time.time()
    waiting = [visible for visible in messages if visible > now]
    idle = (
        len(waiting) == len(messages)
        and not any(lambda_svc._esm_inflight.values())
        and all(_has_seen_all(*source) for source in _sources("dynamodb"))
    )
    return {
        "nowMs": round(now * 1000),
        "offsetSeconds": shifted_clock.offset_seconds(),
        "idle": idle,
        "nextMessageMs": round(min(waiting) * 1000) if waiting else None,
    }


def _sources(service):
    """(account, region, event source mapping) of those that are enabled and read this service."""
    return [
        (account, region, esm)
        for account, region, esm in lambda_svc._iter_all_esms()
        if esm.get("Enabled", True) and f":{service}:" in esm.get("EventSourceArn", "")
    ]


def _visible_times(source):
    arn = source[2]["EventSourceArn"]
    for queue in list(sqs._queues._data.values()):
        if queue.get("attributes", {}).get("QueueArn") == arn:
            yield from [message["visible_at"] for message in list(queue["messages"])]


def _has_seen_all(account, region, esm):
    table = esm["EventSourceArn"].split("/stream/")[0].split("/")[-1]
    end = dynamodb.stream_end_position(table, account_id=account, region=region)
    seen = lambda_svc._dynamodb_stream_positions.get_scoped(account, region, esm["UUID"], end)
    return seen >= end


def _give_functions_the_clock():
    # Not by NODE_OPTIONS, which belong to the functions.
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker-clock.mjs")
    script = lambda_runtime._NODEJS_WORKER_SCRIPT
    lambda_runtime._NODEJS_WORKER_SCRIPT = f"require({json.dumps(path)});\n{script}"


def _keep_stream_records_by_real_time():
    """Streams keep records for 24 real hours: a leap must not take away what nobody has read."""
    next_sequence = dynamodb._next_stream_seq
    sequence_digits = len(next_sequence()) - 20  # After the 20 digits of the time in ms.

    def by_real_time():
        return f"{int(shifted_clock.real_time() * 1000):020d}{next_sequence()[-sequence_digits:]}"

    def is_old(record, _cutoff):
        sequence = record.get("dynamodb", {}).get("SequenceNumber", "")
        age = shifted_clock.real_time() - int(sequence[:20] or 0) / 1000
        return sequence != "" and age > dynamodb._STREAM_RETENTION_SECONDS

    dynamodb._next_stream_seq = by_real_time
    dynamodb._record_age_cutoff = is_old


def _wake_sleepers():
    """Lets a waiting state of a state machine end when the clock has passed its end."""
    scale = stepfunctions._SFN_WAIT_SCALE

    def sleep(seconds):
        awake, awake_really = time.time() + seconds * scale, time.monotonic() + seconds * scale
        while (left := min(awake - time.time(), awake_really - time.monotonic())) > 0:
            time.sleep(min(left, _SLICE_SECONDS))

    stepfunctions._scaled_sleep = sleep


def _accept_both_clocks():
    """Clients outside live by the machine's clock, functions by the instance's: both may sign."""
    failure = sigv4.request_time_failure

    def by_either(signature, *, now=None):
        refused = failure(signature, now=now)
        if refused is None or now is not None or shifted_clock.offset_seconds() == 0:
            return refused
        real_now = shifted_clock.ShiftedDateTime.fromtimestamp(
            shifted_clock.real_time(), sigv4.dt.timezone.utc
        )
        return None if failure(signature, now=real_now) is None else refused

    sigv4.request_time_failure = by_either
