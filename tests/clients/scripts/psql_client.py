"""psql, pg_dump and pgbench as a person would call them, each call one step: its exit code and what it printed."""
import os
import re
import subprocess
import tempfile

from steps import LIFE, life, step


def run(*command, stdin=""):
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60)
    return [done.returncode, done.stdout, done.stderr]


def psql(*commands):
    return run("psql", "-X", "-P", "pager=off", *(part for one in commands for part in ("-c", one)))


def script(text):
    return run("psql", "-X", "-At", stdin=text)


COMPLETIONS = [
    # What psql 15 asks when TAB is pressed: after FROM, after a table's name and a dot, after SET, after a schema.
    """SELECT c.relname, NULL::pg_catalog.text FROM pg_catalog.pg_class c WHERE (c.relname) LIKE 'it%'
       AND c.relkind IN ('r', 'S', 'v', 'm', 'f', 'p') AND pg_catalog.pg_table_is_visible(c.oid)
       AND c.relnamespace <> (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')
       UNION ALL SELECT NULL::pg_catalog.text, n.nspname FROM pg_catalog.pg_namespace n
       WHERE n.nspname LIKE 'it%' AND n.nspname NOT LIKE E'pg\\\\_%' LIMIT 1000""",
    """SELECT a.attname, NULL::pg_catalog.text FROM pg_catalog.pg_attribute a, pg_catalog.pg_class c
       WHERE (a.attname) LIKE 'pr%' AND a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       AND c.relname = 'item' AND pg_catalog.pg_table_is_visible(c.oid) LIMIT 1000""",
]


def complete():
    """What TAB asks for has no order of its own."""
    code, out, err = psql(*COMPLETIONS)
    return [code, sorted(out.splitlines()), err]


EVERY = """a A Ac Af Ao Ap c C d D ddp E des det deu dew f F Fd Fp Ft g i l L m n o O p P Rp s t T u v x X y""".split()
# Settings, subscriptions and the server's layout: what can hold secrets.
SECRETIVE = ["b", "config", "rds", "Rs"]


def describe(names):
    """Each backslash-d command, plain, with all details, and with what belongs to the system."""
    return {name + more: psql(f"\\d{name}{more}") for name in names for more in ("", "+", "S")}


def pgbench():
    with tempfile.NamedTemporaryFile("w", suffix=".sql", delete=False) as file:
        file.write("\\set id random(1, 2)\nselect sku from item where id = :id;\n")
    seen = []
    for protocol in ("simple", "extended", "prepared"):
        code, out, err = run("pgbench", "-n", "-c", "2", "-t", "20", "-M", protocol, "-f", file.name)
        seen.append([code, re.findall(r"number of transactions actually processed: \S+|failed transactions: \S+", out), err])
    os.unlink(file.name)
    return seen


def work():
    step("-c", lambda: psql("select 1 as one", "select sku, price from item order by id"))
    step("a script", lambda: script(
        "begin;\nsavepoint one;\ninsert into item (sku) values ('pan');\nrollback to one;\n"
        "insert into item (sku) values ('cup') returning sku;\nrollback;\nselect count(*) from item;\n"
    ))
    step("\\gdesc, \\gset, \\gexec", lambda: script(
        "select sku, price from item \\gdesc\nselect 1 as one \\gset\n\\echo :one\nselect 'select 2' \\gexec\n"))
    step("\\copy", lambda: script(
        "\\copy item (sku) from stdin\njug\n\\.\n\\copy (select sku from item order by sku) to stdout csv\ndelete from item where sku = 'jug';\n"))
    step("copy with an error", lambda: script("copy item (sku, price) from stdin;\nx\tnot a number\n\\.\nselect 1;\n"))
    step("FETCH_COUNT", lambda: script("\\set FETCH_COUNT 1\nselect sku from item order by id;\n"))
    step("\\bind", lambda: script("select :'HOST' = '' as no_host;\nprepare p (int) as select sku from item where id = $1;\nexecute p (1);\n")[0])
    step("\\errverbose", lambda: re.sub(r":\d+", "", script("select 1 / 0;\n\\errverbose\n")[2]))
    step("\\encoding, \\timing, \\set", lambda: script("\\encoding\n\\set AUTOCOMMIT off\nselect 1;\ncommit;\n"))
    step("\\dt", lambda: psql("\\dt"))
    step("\\d", lambda: psql("\\d"))
    step("\\d item", lambda: psql("\\d item"))
    step("\\d+ item", lambda: psql("\\d+ item"))
    step("\\dn", lambda: psql("\\dn"))
    step("\\df", lambda: psql("\\df"))
    step("\\dT", lambda: psql("\\dT+ mood"))
    step("\\di, \\ds, \\dv", lambda: psql("\\di", "\\ds", "\\dv"))
    step("\\dp", lambda: psql("\\dp item"))
    step("\\du", lambda: psql("\\du"))
    step("\\l", lambda: psql("\\l"))
    step("completion", complete)
    step("every other \\d command", lambda: describe(EVERY))
    step("\\db, \\dconfig, \\drds, \\dRs", lambda: describe(SECRETIVE))
    step("pgbench -S", pgbench)


if LIFE:
    life(lambda: psql("select 1")[2] or "fine")
else:
    work()
