"""Runs MiniStack as its own command does, less two things.

With TLS on, that command also takes port 443 of the bind address when it may. One port per
instance is enough here; two instances must not depend on who came first, and port 443 belongs to
the machine's owner.

And it reports one read unit for every read, however large. DynamoDB charges a unit for each 4 KB
of the rows that a read met, whatever part of them was asked for.
"""

from ministack import app
from ministack.services import dynamodb

NEEDED = [
    (app, "_port_is_bindable"),
    (dynamodb, "_add_consumed_capacity"),
    (dynamodb, "_get_item_by_key"),
    (dynamodb, "_index_write_view"),
    (dynamodb, "_item_size_bytes"),
    (dynamodb, "_tables"),
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
app.main()
