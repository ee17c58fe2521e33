"""The clock of the embedded AWS: the machine's clock plus an offset that `npm run local -- advance`
sets, and that is kept in clock.json of the instance's directory, where the functions' own clock
(worker-clock.mjs) finds it too.

To be installed before anything else is imported, because modules keep `from time import time`.
Monotonic time, sleeping and the time of files stay as they are.
"""

import datetime
import json
import os
import time

real_time = time.time
real_time_ns = time.time_ns
_real_gmtime, _real_localtime, _real_strftime = time.gmtime, time.localtime, time.strftime
_RealDateTime = datetime.datetime

_path = None
_offset_seconds = 0.0


def offset_seconds():
    return _offset_seconds


def set_offset(seconds):
    """Sets the clock, for good: whole or not at all."""
    global _offset_seconds
    staging = _path + ".new"
    with open(staging, "w", encoding="utf-8") as out:
        json.dump({"offsetSeconds": seconds}, out)
    os.replace(staging, _path)
    _offset_seconds = seconds


def now():
    return real_time() + _offset_seconds


class _Meta(type):
    # What was made by code that knows only the real class is a time as well.
    def __instancecheck__(cls, instance):
        return isinstance(instance, _RealDateTime)

    def __subclasscheck__(cls, subclass):
        return issubclass(subclass, _RealDateTime)


class ShiftedDateTime(_RealDateTime, metaclass=_Meta):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(now(), tz)

    @classmethod
    def utcnow(cls):
        return cls.fromtimestamp(now(), datetime.timezone.utc).replace(tzinfo=None)

    @classmethod
    def today(cls):
        return cls.now()


class _NowByDefault:
    # An object: a function in a class (logging.Formatter.converter) would become a method.
    def __init__(self, convert):
        self._convert = convert

    def __call__(self, seconds=None):
        return self._convert(now() if seconds is None else seconds)


def install(directory):
    """Replaces the clock of this process by that of the instance."""
    global _path, _offset_seconds
    _path = os.path.join(directory, "clock.json")
    if os.path.exists(_path):
        with open(_path, encoding="utf-8") as file:
            _offset_seconds = float(json.load(file)["offsetSeconds"])
    time.time = now
    time.time_ns = lambda: real_time_ns() + int(_offset_seconds * 1_000_000_000)
    time.gmtime = _NowByDefault(_real_gmtime)
    time.localtime = _NowByDefault(_real_localtime)
    time.strftime = lambda form, moment=None: _real_strftime(
        form, time.localtime() if moment is None else moment
    )
    datetime.datetime = ShiftedDateTime
