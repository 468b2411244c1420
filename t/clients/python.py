# SPDX-License-Identifier: PostgreSQL
"""Drivers and what stands on them.  See t/lib/PgJump/Client.pm.

    python3 python.py psycopg2|psycopg|asyncpg|pg8000|sqlalchemy|psycopg_pool|
        django
"""
import asyncio
import importlib
import ssl
import sys


def answer(what, *fields):
    escaped = (f.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
               for f in fields)
    print(what, *escaped, sep="\t", flush=True)


def state_of(error):
    """Its SQLSTATE, or that of what it was made from."""
    for one in (error, getattr(error, "orig", None), error.__cause__):
        state = getattr(one, "sqlstate", None) or getattr(one, "pgcode", None)
        if state:
            return state
    said = error.args[0] if error.args else None
    return said.get("C", "") if isinstance(said, dict) else ""


def words_of(error):
    said = error.args[0] if error.args else None
    if isinstance(said, dict):  # pg8000: the fields of the ErrorResponse
        return "\n".join(f"{name}: {said[key]}" for key, name in
                         (("M", "message"), ("D", "detail"), ("H", "hint"))
                         if key in said)
    return str(error) or repr(error)


def refused(error):
    answer("error", state_of(error), words_of(error))


class Libpq:
    """psycopg2 and psycopg, which share the interface of DB-API 2.0."""

    def __init__(self, driver):
        self.driver = driver
        self.connection = None

    async def connect(self, host, port, user, password, dbname, sslmode, root):
        more = {"sslrootcert": root} if root else {}
        self.connection = self.driver.connect(
            host=host, port=port, user=user, password=password, dbname=dbname,
            sslmode=sslmode, **more)
        self.connection.autocommit = True

    async def query(self, sql):
        cursor = self.connection.cursor()
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else ""

    async def begin(self):
        self.connection.autocommit = False

    async def commit(self):
        self.connection.commit()

    async def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Asyncpg:
    def __init__(self, driver):
        self.driver = driver
        self.connection = None

    @staticmethod
    def ssl(sslmode, root):
        return ssl.create_default_context(cafile=root) if root else sslmode

    async def connect(self, host, port, user, password, dbname, sslmode, root):
        self.connection = await self.driver.connect(
            host=host, port=int(port), user=user, password=password,
            database=dbname, ssl=self.ssl(sslmode, root))

    async def query(self, sql):
        return await self.connection.fetchval(sql)

    async def close(self):
        if self.connection:
            self.connection.terminate()
        self.connection = None


class Pg8000:
    def __init__(self, driver):
        self.driver = driver
        self.connection = None

    @staticmethod
    def ssl(sslmode, root):
        if sslmode in ("disable", "prefer"):
            return False if sslmode == "disable" else None
        context = ssl.create_default_context(cafile=root or None)
        if not root:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    async def connect(self, host, port, user, password, dbname, sslmode, root):
        self.connection = self.driver.connect(
            host=host, port=int(port), user=user, password=password,
            database=dbname, ssl_context=self.ssl(sslmode, root))
        self.connection.autocommit = True

    async def query(self, sql):
        cursor = self.connection.cursor()
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else ""

    async def close(self):
        try:
            if self.connection:
                self.connection.close()
        except Exception:
            pass  # it was lost before
        self.connection = None


class Sqlalchemy:
    """In autocommit, with psycopg, one connection that is asked first."""

    def __init__(self, driver):
        self.driver = driver
        self.engine = None

    async def connect(self, host, port, user, password, dbname, sslmode, root):
        more = {"sslrootcert": root} if root else {}
        self.engine = self.driver.create_engine(
            "postgresql+psycopg://", isolation_level="AUTOCOMMIT",
            pool_pre_ping=True, pool_size=1, max_overflow=0,
            connect_args=dict(host=host, port=port, user=user,
                              password=password, dbname=dbname,
                              sslmode=sslmode, **more))
        await self.query("select 1")

    async def query(self, sql):
        with self.engine.connect() as connection:
            result = connection.exec_driver_sql(sql)
            return result.fetchone()[0] if result.returns_rows else ""

    async def close(self):
        if self.engine:
            self.engine.dispose()
        self.engine = None


class PsycopgPool:
    """One connection, not asked before it is lent."""

    def __init__(self, driver):
        self.driver = driver
        self.pool = None

    async def connect(self, host, port, user, password, dbname, sslmode, root):
        more = {"sslrootcert": root} if root else {}
        self.pool = self.driver.ConnectionPool(
            min_size=1, max_size=1, open=True, timeout=10,
            kwargs=dict(host=host, port=port, user=user, password=password,
                        dbname=dbname, sslmode=sslmode, autocommit=True,
                        **more))
        self.pool.wait(timeout=10)

    async def query(self, sql):
        with self.pool.connection() as connection:
            cursor = connection.execute(sql)
            return cursor.fetchone()[0] if cursor.description else ""

    async def close(self):
        if self.pool:
            self.pool.close()
        self.pool = None


class Django:
    """A request for each query, over a connection that is kept."""

    def __init__(self, driver):
        self.driver = driver
        self.database = None
        from django.conf import settings
        settings.configure()

    async def connect(self, *where):
        self.database = await asyncio.to_thread(self.enter, *where)

    @staticmethod
    def enter(host, port, user, password, dbname, sslmode, root):
        from django.db import ConnectionHandler
        options = {"sslmode": sslmode}
        if root:
            options["sslrootcert"] = root
        handler = ConnectionHandler({"default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": dbname,
            "USER": user, "PASSWORD": password, "HOST": host, "PORT": port,
            "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options}})
        database = handler["default"]
        database.inc_thread_sharing()
        database.ensure_connection()
        return database

    async def query(self, sql):
        return await asyncio.to_thread(self.request, sql)

    def request(self, sql):
        self.database.close_if_unusable_or_obsolete()
        with self.database.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else ""

    async def close(self):
        if self.database:
            await asyncio.to_thread(self.database.close)
        self.database = None


clients = {"psycopg2": Libpq, "psycopg": Libpq, "asyncpg": Asyncpg,
           "pg8000": Pg8000, "sqlalchemy": Sqlalchemy,
           "psycopg_pool": PsycopgPool, "django": Django}


async def obey(client, what, *arguments):
    if what == "connect":
        await client.close()
    return await getattr(client, what)(*arguments)


async def main(name):
    client = clients[name](importlib.import_module(name))
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        try:
            value = await obey(client, *line.rstrip("\n").split("\t"))
            answer("ok", str("" if value is None else value))
        except Exception as error:
            refused(error)


asyncio.run(main(sys.argv[1]))
