# SPDX-License-Identifier: PostgreSQL
"""A Python client with a connection string, or with none: what a query answers.

python.py psycopg|psycopg2|sqlalchemy|asyncpg SQL [DSN]
"""
import sys


def psycopg(module, sql, dsn):
    driver = __import__(module)
    with driver.connect(dsn) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchone()[0]


def sqlalchemy(sql, dsn):
    from sqlalchemy import create_engine, text

    with create_engine(dsn).connect() as connection:
        return connection.execute(text(sql)).scalar()


def asyncpg(sql, dsn):
    import asyncio
    import asyncpg as driver

    async def ask():
        connection = await driver.connect(dsn or None)
        value = await connection.fetchval(sql)
        await connection.close()
        return value

    return asyncio.run(ask())


module, sql = sys.argv[1:3]
dsn = sys.argv[3] if len(sys.argv) > 3 else ''
if module == 'sqlalchemy':
    print(sqlalchemy(sql, dsn))
elif module == 'asyncpg':
    print(asyncpg(sql, dsn))
else:
    print(psycopg(module, sql, dsn))
