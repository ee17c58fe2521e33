"""TTL of the embedded AWS's tables. MiniStack's own removes expired rows without a word; here the
streams get the record that DynamoDB writes: a removal by the service, not by a caller.
"""

import asyncio
import contextvars
import threading
import time

from ministack.core.responses import (
    get_account_id,
    get_region,
    set_request_account_id,
    set_request_region,
)

# As often as MiniStack does; DynamoDB promises "within a few days".
PERIOD_SECONDS = 60
# "TTL does not delete items whose expiration time is older than five years."
OLDEST_SECONDS = 5 * 365 * 86_400

_expiring = contextvars.ContextVar("expiring", default=False)
_last_sweep = None


def import_without_reaper():
    """Imports MiniStack's DynamoDB without the thread that expires rows."""
    start, kept_back = threading.Thread.start, []

    def start_others(thread):
        if thread.name == "dynamodb-ttl-reaper":
            kept_back.append(thread)
        else:
            start(thread)

    threading.Thread.start = start_others
    try:
        from ministack.services import dynamodb
    finally:
        threading.Thread.start = start
    if not kept_back or not hasattr(dynamodb, "_build_change_record"):
        raise SystemExit("expire_rows.py does not fit this version of MiniStack")
    return dynamodb


dynamodb = import_without_reaper()
from ministack.services import dynamodb_streams

_build_change_record = dynamodb._build_change_record


def _change_record(*args):
    record = _build_change_record(*args)
    if _expiring.get():
        record["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    return record


dynamodb._build_change_record = _change_record
_cap_page_bytes = dynamodb_streams._cap_page_bytes


def _as_read(record):
    # Functions get the members in small letters, readers of the stream in capitals.
    if "userIdentity" not in record:
        return record
    names = {name[0].upper() + name[1:]: text for name, text in record["userIdentity"].items()}
    return {**record, "userIdentity": names}


dynamodb_streams._cap_page_bytes = lambda page: [_as_read(one) for one in _cap_page_bytes(page)]


def expire_rows():
    """Removes what has expired by now; answers how many rows."""
    global _last_sweep
    now = time.time()
    # What expired between two sweeps was not too old when it did, however far the clock has moved.
    oldest = min(now, _last_sweep or now) - OLDEST_SECONDS
    _last_sweep = now
    account, region = get_account_id(), get_region()
    token = _expiring.set(True)
    removed = 0
    try:
        for (table_account, table_region, name), setting in list(
            dynamodb._ttl_settings.all_items()
        ):
            if setting.get("TimeToLiveStatus") == "ENABLED":
                set_request_account_id(table_account)
                set_request_region(table_region)
                removed += _expire_table(name, setting.get("AttributeName", ""), oldest, now)
    finally:
        _expiring.reset(token)
        set_request_account_id(account)
        set_request_region(region)
    return removed


def _expire_table(name, attribute, oldest, now):
    table = dynamodb._tables.get(name)
    removed = 0
    with dynamodb._lock:
        for pk, rows in list(table["items"].items()) if table else ():
            for sk, row in list(rows.items()):
                if _is_expired(row.get(attribute), oldest, now):
                    old = dynamodb._remove_item(table, pk, sk)
                    dynamodb._emit_stream_event(name, "REMOVE", old, None)
                    removed += 1
    return removed


def _is_expired(value, oldest, now):
    # Only a number of seconds is a time to live.
    text = (value or {}).get("N")
    return text is not None and oldest <= float(text) <= now


async def expire_for_ever():
    while True:
        await asyncio.sleep(PERIOD_SECONDS)
        expire_rows()
