// SPDX-License-Identifier: PostgreSQL

// node-pg and postgres.js.  See t/lib/PgJump/Client.pm.
//
//	node client.js pg|postgres	(NODE_PATH says where they are)
'use strict';

const fs = require('fs');
const readline = require('readline');

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

async function obey(client, what, ...fields) {
	if (what === 'query')
		return client.query(...fields);
	await client.close();
	if (what === 'connect')
		await client.connect(...fields);
	return '';
}

async function main(name) {
	const client = new { pg: Pg, postgres: Postgres }[name](require(name));
	for await (const line of readline.createInterface(process.stdin)) {
		try {
			const value = await obey(client, ...line.split('\t'));
			answer('ok', String(value ?? ''));
		} catch (error) {
			answer('error', String(error.code ?? ''),
				error.message || String(error));
		}
	}
	process.exit(0);
}

main(process.argv[2]);
