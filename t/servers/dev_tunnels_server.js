// SPDX-License-Identifier: PostgreSQL
//
// A jump box on Microsoft's dev-tunnels-ssh for node.js, which connects where it
// reads the session.  Arguments: port on 127.0.0.1, directory of the host keys,
// file of authorized keys, password of every user, "permit" or "deny".  Keys are
// exchanged anew after each megabyte.  It knows no Ed25519.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { utils } = require('ssh2');
const ssh = require('@microsoft/dev-tunnels-ssh');
const tcp = require('@microsoft/dev-tunnels-ssh-tcp');

const [port, hostKeys, authorized, password, policy] = process.argv.slice(2);
const known = fs.readFileSync(authorized, 'utf8').trim().split('\n')
	.map((line) => line.split(' ')[1]);

// A host key as its library wants it, from a file as OpenSSH writes it.
async function loaded(algorithm, type) {
	const file = path.join(hostKeys, `ssh_host_${type}_key`);
	const pem = utils.parseKey(fs.readFileSync(file)).getPrivatePEM();
	const jwk = crypto.createPrivateKey(pem).export({ format: 'jwk' });
	const number = (name) => ssh.BigInt.fromBytes(
		Buffer.from(jwk[name], 'base64url'), { unsigned: true });
	const pair = algorithm.createKeyPair();

	await pair.importParameters(type === 'rsa' ? {
		modulus: number('n'), exponent: number('e'), d: number('d'),
		p: number('p'), q: number('q'), dp: number('dp'),
		dq: number('dq'), qi: number('qi'),
	} : {
		curve: { oid: '1.2.840.10045.3.1.7' }, // P-256
		x: number('x'), y: number('y'), d: number('d'),
	});
	return pair;
}

async function isWelcome(asked) {
	const { clientPassword, clientPublicKey, clientPublicKeyQuery } =
		ssh.SshAuthenticationType;

	switch (asked.authenticationType) {
	case clientPassword:
		return asked.password === password;
	case clientPublicKey:
	case clientPublicKeyQuery:
		return known.includes((await asked.publicKey.getPublicKeyBytes())
			.toString('base64'));
	default:
		return false;
	}
}

async function authenticated(asked) {
	return await isWelcome(asked) ? {} : null;
}

function onChannelOpening(opening) {
	if (policy === 'permit')
		return;
	opening.failureReason =
		ssh.SshChannelOpenFailureReason.administrativelyProhibited;
	opening.failureDescription = 'not permitted here';
}

// Whoever hangs up while it writes makes it end otherwise.
process.on('uncaughtException', (error) => {
	if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET')
		throw error;
});

async function main() {
	const { ecdsaSha2Nistp256, rsaWithSha256, rsaWithSha512 } =
		ssh.SshAlgorithms.publicKey;
	const config = new ssh.SshSessionConfiguration();

	config.addService(tcp.PortForwardingService);
	config.keyRotationThreshold = 1 << 20;
	const server = new tcp.SshServer(config);
	server.credentials.publicKeys = [await loaded(ecdsaSha2Nistp256, 'ecdsa'),
		await loaded(rsaWithSha512, 'rsa')];
	server.trace = (level, id, words) => {
		if (/^Sending .*KeyExchangeInit/.test(words))
			console.log('keys exchanged');
	};
	server.onSessionOpened((session) => {
		session.onAuthenticating((asked) => {
			asked.authenticationPromise = authenticated(asked);
		});
		session.onChannelOpening(onChannelOpening);
	});
	await server.acceptSessions(Number(port), '127.0.0.1');
	console.log('listening');
}

main();
