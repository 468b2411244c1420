#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
#
# dante-server 1.4.2 has no SOCKS4a: it takes the address that stands for "a
# name follows" for an address, and connects to it.
#
# Guess: a server that speaks SOCKS4 and SOCKS5 also knows 4a, by which the
# proxy resolves the name; or it refuses such a request as malformed.  Seen: it
# reads the request as plain SOCKS4, tries 0.0.0.1, and answers 91, which is
# also its answer to everything else that fails.  Nothing in the answer tells
# that the name was never looked at.  The same port by SOCKS4 with an address,
# and by SOCKS5 with the name, works.
#
# Needs Debian 12, apt-get, dpkg, curl, python3, and root (danted sets its
# user).  Writes below a temporary directory only; listens on 127.0.0.1:29931
# (a web server) and 29932 (dante).
set -eu

work=$(mktemp -d)
web=
dante=
trap 'kill $web $dante 2>/dev/null || :; rm -rf "$work"' EXIT
cd "$work"

apt-get -q -q download dante-server=1.4.2+dfsg-7+b8 libwrap0=7.6.q-32
for package in ./*.deb; do
	dpkg -x "$package" root
done
LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu
LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$work/root/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
danted=$work/root/usr/sbin/danted
"$danted" -v | grep -q 'v1\.4\.2' || exit 1

mkdir www
echo hello >www/file
python3 -m http.server -b 127.0.0.1 -d www 29931 >web.log 2>&1 &
web=$!
cat >conf <<'END'
logoutput: stderr
internal: 127.0.0.1 port = 29932
external: 127.0.0.1
socksmethod: none
clientmethod: none
user.privileged: root
user.unprivileged: nobody
client pass {
	from: 127.0.0.0/8 to: 0.0.0.0/0
}
socks pass {
	from: 127.0.0.0/8 to: 0.0.0.0/0
	protocol: tcp
	proxyprotocol: socks_v4 socks_v5
	log: connect error
}
END
"$danted" -f conf >dante.log 2>&1 &
dante=$!
until curl -s -o /dev/null http://127.0.0.1:29931/file &&
    grep -qs running dante.log; do
	kill -0 "$web" && kill -0 "$dante"
done

# fetch SCHEME HOST: what curl gets, or why it gets nothing.
fetch()
{
	curl -sS --noproxy '' -m 20 -x "$1://127.0.0.1:29932" \
	    "http://$2:29931/file" 2>&1 || :
}

expect()
{
	printf '%-8s %-10s %s\n' "$1" "$2" "$3"
	case $3 in
	*"$4"*) ;;
	*)
		echo "expected: $4" >&2
		exit 1 ;;
	esac
}

expect socks4 127.0.0.1 "$(fetch socks4 127.0.0.1)" hello
expect socks5h localhost "$(fetch socks5h localhost)" hello
expect socks4a localhost "$(fetch socks4a localhost)" '(91)'
grep -o 'tcp/connect.* 0\.0\.0\.1\.29931.*' dante.log | tail -n 1
grep -q ' 0\.0\.0\.1\.29931' dante.log
