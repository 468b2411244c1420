#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
#
# ssh2 1.17.0 for node.js: a server that rejects a forward by policy tells the
# client that the connection failed.
#
# Guess: reject() in the 'tcpip' event answers "administratively prohibited"
# (RFC 4254, 5.1, reason 1), as the server does by itself where nobody listens
# to that event.  Seen: reject() answers reason 2, "connect failed", without a
# word, and ignores a reason that it is given; ssh(1) prints "open failed:
# connect failed: ".  So a policy of the application cannot be told from a target
# that is down.
#
# Needs node.js, npm and OpenSSH's client.  Writes below a temporary directory
# only; listens on 127.0.0.1:29941.
set -eu

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"

npm install --silent --no-audit --no-fund --ignore-scripts \
    --prefix "$work" ssh2@1.17.0
ssh-keygen -q -t ed25519 -N '' -f host
cat >server.js <<'END'
const { Server } = require('ssh2');
const [how] = process.argv.slice(2);

new Server({ hostKeys: [require('fs').readFileSync('host')] }, (client) => {
	client.on('authentication', (ctx) => ctx.accept());
	client.on('error', () => {});
	if (how !== 'nobody listens')
		client.on('tcpip', (accept, reject) => reject(
			how === 'reject(1)' ? 1 : undefined));
}).listen(29941, '127.0.0.1', () => console.log('listening'));
END

# expect HOW WORDS
expect()
{
	node server.js "$1" >log 2>&1 &
	server=$!
	until grep -qs listening log; do
		kill -0 "$server"
	done
	ssh -F none -p 29941 -o BatchMode=yes -o StrictHostKeyChecking=no \
	    -o UserKnownHostsFile=/dev/null -W 127.0.0.1:1 any@127.0.0.1 \
	    </dev/null >said 2>&1 || :
	kill "$server"
	wait "$server" || :
	server=
	seen=$(grep 'open failed' said || :)
	printf '%-15s %s\n' "$1" "$seen"
	case $seen in
	*"$2"*) ;;
	*)
		echo "expected: $2" >&2
		exit 1 ;;
	esac
}

expect 'nobody listens' 'open failed: administratively prohibited'
expect 'reject(1)' 'open failed: connect failed'
expect 'reject()' 'open failed: connect failed'
