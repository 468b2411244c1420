// SPDX-License-Identifier: PostgreSQL
// node-pg with a connection string, or with none: what a query answers.
const { Client } = require('pg');
const [, , sql, dsn] = process.argv;

(async () => {
	const client = new Client(dsn ? { connectionString: dsn } : {});

	await client.connect();
	console.log((await client.query({ text: sql, rowMode: 'array' }))
	    .rows[0][0]);
	await client.end();
})().catch((error) => {
	console.error(String(error));
	process.exit(1);
});
