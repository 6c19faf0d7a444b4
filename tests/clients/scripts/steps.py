"""What the Python clients' scripts share: one line of JSON a step, and the way in from the PG* variables."""
import json
import os
import sys

HOST = os.environ["PGHOST"]
PORT = os.environ["PGPORT"]
USER = os.environ["PGUSER"]
PASSWORD = os.environ["PGPASSWORD"]
DATABASE = os.environ["PGDATABASE"]
LIFE = sys.argv[1:] == ["life"]


def plain(value):
    return bytes(value).hex() if isinstance(value, memoryview) else repr(value)


def show(name, value):
    print(json.dumps([name, value], default=plain), flush=True)


def told(error):
    """What a person would read of an error, the database's own inside of an ORM's."""
    inner = getattr(error, "orig", None) or getattr(error, "__cause__", None) or error
    if hasattr(inner, "sqlstate") or hasattr(inner, "pgcode"):
        error = inner
    code = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return {"error": [type(error).__name__, code, str(error)]}


def step(name, act):
    try:
        show(name, act())
    except Exception as error:
        show(name, told(error))


async def astep(name, act):
    try:
        show(name, await act())
    except Exception as error:
        show(name, told(error))


def life(ask):
    """Asks, waits until the grant has ended, and asks twice more."""
    step("asked", ask)
    show("ready", None)
    sys.stdin.readline()
    step("ended", ask)
    step("again", ask)
