"""Runs MiniStack as its own command does, less one thing: with TLS on, that command also takes
port 443 of the bind address when it may. One port per instance is enough here; two instances
must not depend on who came first, and port 443 belongs to the machine's owner.
"""

from ministack import app

if not hasattr(app, "_port_is_bindable"):
    raise SystemExit(
        "run_ministack.py does not fit this version of MiniStack: app._port_is_bindable is gone"
    )
app._port_is_bindable = lambda host, port: False
app.main()
