// SPDX-License-Identifier: PostgreSQL
//
// One PGlite, a PostgreSQL in this process, and three packages that serve it,
// each on a port of 127.0.0.1.  Arguments: certificate, key and the password of
// every user, for pg-gateway, the only one that knows of them; then the ports.
'use strict';
const fs = require('fs');
const net = require('net');
const { pathToFileURL } = require('url');

const [cert, key, password, ...ports] = process.argv.slice(2);

// `import` does not look where NODE_PATH says.
function load(module) {
	return import(pathToFileURL(require.resolve(module)));
}

function listen(server, port) {
	return new Promise((done) => server.listen(port, '127.0.0.1', done));
}

// It takes one client at a time, and resets one that comes before it has seen
// the last one leave: so it tells how many there are.
async function pgliteSocket(db, port) {
	const { PGLiteSocketServer } = await load('@electric-sql/pglite-socket');
	const server = new PGLiteSocketServer({ db, port, host: '127.0.0.1' });

	await server.start();
	setInterval(() => {
		console.log(`${server.getStats().activeConnections} in socket`);
	}, 50);
}

async function pgliteServer(db, port) {
	return listen((await load('pglite-server')).createServer(db), port);
}

async function pgGateway(db, port) {
	const { PostgresConnection } = await load('pg-gateway');
	const options = {
		authMode: 'cleartextPassword',
		tls: { cert: fs.readFileSync(cert), key: fs.readFileSync(key) },
		validateCredentials: (given) => given.password === password,
	};

	return listen(net.createServer((socket) => {
		const connection = new PostgresConnection(socket, {
			...options,
			async onMessage(message, { isAuthenticated }) {
				if (!isAuthenticated)
					return false;
				connection.sendData(await db.execProtocolRaw(message));
				return true;
			},
		});
		socket.on('error', () => {});
	}), port);
}

async function main() {
	const { PGlite } = await load('@electric-sql/pglite');
	const db = await PGlite.create();

	for (const serve of [pgliteSocket, pgliteServer, pgGateway])
		await serve(db, Number(ports.shift()));
	console.log('listening');
}

main();
