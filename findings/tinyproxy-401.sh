#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
#
# tinyproxy 1.11.1 answers a wrong password with 401 and WWW-Authenticate, as if
# the web server behind it had asked, and only a missing one with 407.
#
# Guess: a proxy that asks for a password by 407 and Proxy-Authenticate (RFC
# 9110, 15.5.8) answers a wrong one in the same way.  Seen: 407 without
# credentials, 401 Unauthorized with wrong ones, also to CONNECT, where no web
# server was asked yet.  A client that looks for 407 alone takes a typing error
# in the password for an error of the far side.
#
# Needs Debian 12, apt-get, dpkg and curl.  Writes below a temporary directory
# only; listens on 127.0.0.1:29933.
set -eu

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"

apt-get -q -q download tinyproxy-bin=1.11.1-2.1+deb12u1
dpkg -x ./tinyproxy-bin_*.deb root
tinyproxy=$work/root/usr/bin/tinyproxy
"$tinyproxy" -v | grep -q '1\.11\.1' || exit 1
cat >conf <<'END'
Port 29933
Listen 127.0.0.1
Allow 127.0.0.1
BasicAuth app right
END
"$tinyproxy" -d -c conf >log 2>&1 &
server=$!
until curl -s -o /dev/null -m 5 http://127.0.0.1:29933/; do
	kill -0 "$server"
done

# ask [CREDENTIALS]: the status, and what the proxy asks for.
ask()
{
	curl -s -m 20 -o /dev/null -D head -p -x http://127.0.0.1:29933 \
	    ${1:+-U "$1"} http://127.0.0.1:1/ || :
	sed -n 's/^HTTP[^ ]* \(...\).*/\1/p; s/^\(.*-Authenticate:\).*/\1/p' \
	    head | tr '\n' ' '
}

expect()
{
	printf '%-10s %s\n' "$1" "$2"
	[ "$2" = "$3" ] || {
		echo "expected: $3" >&2
		exit 1
	}
}

expect none "$(ask)" '407 Proxy-Authenticate: '
expect wrong "$(ask app:wrong)" '401 WWW-Authenticate: '
expect right "$(ask app:right)" '500 '
