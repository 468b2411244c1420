# SPDX-License-Identifier: PostgreSQL
"""psycopg2, psycopg (3) and asyncpg.  See t/lib/PgJump/Client.pm.

    python3 python.py psycopg2|psycopg|asyncpg
"""
import asyncio
import importlib
import ssl
import sys


def answer(what, *fields):
    escaped = (f.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
               for f in fields)
    print(what, *escaped, sep="\t", flush=True)


def refused(error):
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    answer("error", state or "", str(error) or repr(error))


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


async def obey(client, what, *arguments):
    if what == "connect":
        await client.close()
    return await getattr(client, what)(*arguments)


async def main(name):
    driver = importlib.import_module(name)
    client = Asyncpg(driver) if name == "asyncpg" else Libpq(driver)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        try:
            value = await obey(client, *line.rstrip("\n").split("\t"))
            answer("ok", str("" if value is None else value))
        except Exception as error:
            refused(error)


asyncio.run(main(sys.argv[1]))
