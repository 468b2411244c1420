// SPDX-License-Identifier: PostgreSQL
//
// A jump box on ssh2 for node.js.  Arguments: port on 127.0.0.1, directory of
// the host keys, file of authorized keys, password of every user, "permit" or
// "deny".  Keys are exchanged anew after each megabyte sent, as far as it can.
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');
const ssh2 = require('ssh2');

const [port, hostKeys, authorized, password, policy] = process.argv.slice(2);
const keys = fs.readFileSync(authorized, 'utf8').trim().split('\n')
	.map((line) => ssh2.utils.parseKey(line));

function isKnown(key) {
	return keys.some((known) => known.getPublicSSH().equals(key.data));
}

// Whether the signature over the session, where there is one, is right.
function isProven(ctx) {
	const known = keys.find((key) => key.getPublicSSH().equals(ctx.key.data));

	return !ctx.signature ||
		known.verify(ctx.blob, ctx.signature, ctx.hashAlgo) === true;
}

function logIn(ctx) {
	if (ctx.method === 'password' && ctx.password === password)
		return ctx.accept();
	if (ctx.method === 'publickey' && isKnown(ctx.key) && isProven(ctx))
		return ctx.accept();
	return ctx.reject(['publickey', 'password']);
}

function forward(client, accept, reject, info) {
	if (policy !== 'permit')
		return reject();
	const target = net.connect({ host: info.destIP, port: info.destPort,
		allowHalfOpen: true });

	target.once('connect', () => {
		const channel = accept();

		target.removeAllListeners('error');
		target.on('error', () => channel.close());
		channel.on('error', () => target.destroy());
		target.on('data', (data) => {
			client.sent = (client.sent ?? 0) + data.length;
			if (client.sent >= 1 << 20) {
				client.sent = 0;
				client.rekey();
			}
		});
		channel.pipe(target).pipe(channel);
	});
	target.once('error', () => reject());
}

const files = fs.readdirSync(hostKeys).filter((name) => /_key$/.test(name));
new ssh2.Server({
	hostKeys: files.map((name) => fs.readFileSync(path.join(hostKeys, name))),
}, (client) => {
	client.on('authentication', logIn);
	client.on('tcpip', forward.bind(null, client));
	client.on('rekey', () => console.log('keys exchanged'));
	client.on('error', () => {});
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));
