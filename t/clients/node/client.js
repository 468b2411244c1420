// SPDX-License-Identifier: PostgreSQL

// Drivers and what stands on them.  See t/lib/PgJump/Client.pm.
//
//	node client.js pg|postgres|knex|sequelize|typeorm|slonik|pgwire
//	bun client.js bun
//	deno run --allow-all client.js postgres
//					(NODE_PATH says where they are)
'use strict';

const fs = require('fs');
const readline = require('readline');
const { pathToFileURL } = require('url');

function answer(what, ...fields) {
	const names = { '\\': '\\\\', '\n': '\\n', '\t': '\\t' };
	const escaped = fields.map(
		(field) => field.replace(/[\\\n\t]/g, (c) => names[c]));
	console.log([what, ...escaped].join('\t'));
}

// Neither of them has libpq's modes: this is what their users write for them.
function tls(sslmode, root) {
	if (sslmode === 'disable')
		return false;
	if (sslmode === 'prefer')
		throw new Error('unsupported sslmode');
	if (root)
		return { ca: fs.readFileSync(root, 'utf8') };
	return { rejectUnauthorized: false };
}

// An error of an idle connection comes as an event, before the next query
// fails: a user sees both.
class Pg {
	constructor(driver) {
		this.driver = driver;
	}

	async connect(host, port, user, password, database, sslmode, root) {
		this.heard = [];
		this.client = new this.driver.Client({ host, port: Number(port),
			user, password, database, ssl: tls(sslmode, root) });
		this.client.on('error', (error) => this.heard.push(error));
		await this.client.connect();
	}

	async query(sql) {
		try {
			const result = await this.client.query({ text: sql,
				rowMode: 'array' });
			return result.rows.length ? result.rows[0][0] : '';
		} catch (error) {
			this.heard.push(error);
			throw this.heard[0];
		}
	}

	async close() {
		if (this.client)
			await this.client.end().catch(() => {});
		this.client = null;
	}
}

class Postgres {
	constructor(driver) {
		this.driver = driver;
	}

	async connect(host, port, user, password, database, sslmode, root) {
		const ssl = sslmode === 'prefer' ? 'prefer' : tls(sslmode, root);
		this.sql = this.driver({ host, port: Number(port), user, password,
			database, ssl, max: 1, onnotice: () => {} });
		await this.sql`select 1`;
	}

	async query(sql) {
		const rows = await this.sql.unsafe(sql).values();
		return rows.length ? rows[0][0] : '';
	}

	async close() {
		if (this.sql)
			await this.sql.end({ timeout: 0 });
		this.sql = null;
	}
}

// One connection each, so that a test knows which one a query takes.
class Knex {
	constructor(driver) {
		this.driver = driver;
	}

	async connect(host, port, user, password, database, sslmode, root) {
		const quiet = () => {}; // its log goes to standard output
		this.knex = this.driver({ client: 'pg', pool: { min: 0, max: 1 },
			log: { warn: quiet, error: quiet },
			connection: { host, port: Number(port), user, password,
				database, ssl: tls(sslmode, root) } });
		await this.query('select 1');
	}

	async query(sql) {
		const { rows } = await this.knex.raw(sql);
		return rows.length ? Object.values(rows[0])[0] : '';
	}

	async close() {
		if (this.knex)
			await this.knex.destroy();
		this.knex = null;
	}
}

class OfSequelize {
	constructor(driver) {
		this.driver = driver;
	}

	async connect(host, port, user, password, database, sslmode, root) {
		this.db = new this.driver.Sequelize({ dialect: 'postgres', host,
			port: Number(port), username: user, password, database,
			logging: false, pool: { max: 1 },
			dialectOptions: { ssl: tls(sslmode, root) } });
		await this.db.authenticate();
	}

	async query(sql) {
		const [rows] = await this.db.query(sql);
		return rows.length ? Object.values(rows[0])[0] : '';
	}

	async close() {
		if (this.db)
			await this.db.close();
		this.db = null;
	}
}

class Typeorm {
	constructor(driver) {
		this.driver = driver;
	}

	async connect(host, port, user, password, database, sslmode, root) {
		this.db = new this.driver.DataSource({ type: 'postgres', host,
			port: Number(port), username: user, password, database,
			ssl: tls(sslmode, root), extra: { max: 1 },
			poolErrorHandler: () => {} });
		await this.db.initialize();
	}

	async query(sql) {
		const rows = await this.db.query(sql);
		return rows.length ? Object.values(rows[0])[0] : '';
	}

	async close() {
		if (this.db && this.db.isInitialized)
			await this.db.destroy();
		this.db = null;
	}
}

// It never takes back a connection that was reset: with a pool of one, all
// that follow would wait for it.
class Slonik {
	constructor(driver) {
		this.driver = driver;
	}

	async connect(host, port, user, password, database, sslmode, root) {
		const dsn = this.driver.stringifyDsn({ host, port: Number(port),
			username: user, password, databaseName: database });
		this.pool = await this.driver.createPool(dsn, {
			ssl: tls(sslmode, root) || undefined,
			idleTimeout: 'DISABLE_TIMEOUT' });
		await this.query('select 1');
	}

	// Its queries are templates: this one has no holes.
	async query(sql) {
		const strings = Object.assign([sql],
			{ raw: Object.freeze([sql]) });
		const { rows } = await this.pool.query(
			this.driver.sql.unsafe(strings));
		return rows.length ? Object.values(rows[0])[0] : '';
	}

	async close() {
		if (this.pool)
			await this.pool.end().catch(() => {});
		this.pool = null;
	}
}

// It always verifies, and "prefer" falls back on plain text where it cannot.
// Whoever wants to require TLS without that tells Node.js itself.
class Pgwire {
	constructor(driver) {
		this.driver = driver;
	}

	async connect(host, port, user, password, database, sslmode, root) {
		const trusts = sslmode === 'require' && !root;
		process.env.NODE_TLS_REJECT_UNAUTHORIZED = trusts ? '0' : '1';
		this.pool = this.driver.pgpool({ host, port: Number(port), user,
			password, database, _poolSize: 1,
			sslmode: root ? 'require' : sslmode,
			sslrootcert: root ? fs.readFileSync(root, 'utf8')
				: undefined });
		await this.query('select 1');
	}

	async query(sql) {
		const { rows } = await this.pool.query(sql);
		return rows.length ? rows[0][0] : '';
	}

	async close() {
		if (this.pool)
			await this.pool.end();
		this.pool = null;
	}
}

// What is built into Bun.
class BunSql {
	constructor(driver) {
		this.driver = driver;
	}

	async connect(hostname, port, username, password, database, sslmode, root) {
		this.sql = new this.driver.SQL({ adapter: 'postgres', hostname,
			port: Number(port), username, password, database, max: 1,
			tls: sslmode === 'prefer' ? 'prefer' : tls(sslmode, root) });
		await this.query('select 1');
	}

	async query(sql) {
		const rows = await this.sql.unsafe(sql).values();
		return rows.length ? rows[0][0] : '';
	}

	async close() {
		if (this.sql)
			await this.sql.close();
		this.sql = null;
	}
}

const clients = { pg: Pg, postgres: Postgres, knex: Knex,
	sequelize: OfSequelize, typeorm: Typeorm, slonik: Slonik,
	pgwire: Pgwire, bun: BunSql };

// The SQLSTATE of an error, or of what it was made from.
function stateOf(error) {
	if (error.code === 'ERR_POSTGRES_SERVER_ERROR') // Bun's
		return String(error.errno);
	const from = error.original || error.driverError || error.cause || error;
	return String(error.code ?? from.code ?? '');
}

// As Node.js prints an error: what caused it stands below.
function textOf(error) {
	const text = error.message || String(error);
	return error.cause instanceof Error && !text.includes(error.cause.message)
		? `${text}\nCaused by: ${textOf(error.cause)}` : text;
}

async function obey(client, what, ...fields) {
	if (what === 'query')
		return client.query(...fields);
	await client.close();
	if (what === 'connect')
		await client.connect(...fields);
	return '';
}

// Some are modules of the newer kind, which not every Node.js can require, and
// Deno does not look at NODE_PATH.
async function load(name) {
	const found = require.resolve(name, { paths: [process.env.NODE_PATH] });
	const module = await import(pathToFileURL(found).href);
	return module.default ?? module;
}

async function main(name) {
	const driver = name === 'bun' ? globalThis.Bun : await load(name);
	const client = new clients[name](driver);
	for await (const line of readline.createInterface(process.stdin)) {
		try {
			const value = await obey(client, ...line.split('\t'));
			answer('ok', String(value ?? ''));
		} catch (error) {
			answer('error', stateOf(error), textOf(error));
		}
	}
	process.exit(0);
}

main(process.argv[2]);
