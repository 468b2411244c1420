#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
#
# H2 2.1.214 as a PostgreSQL server: it takes GSSENCRequest for a login.
#
# Guess: a server that knows no GSSAPI answers a request for that encryption
# with N, as it answers one for TLS, or with an error as PostgreSQL did up to
# version 11.
# Seen: SSLRequest is answered N, but GSSENCRequest is answered with
# AuthenticationCleartextPassword (R, length 8, method 3), before any user was
# named.  libpq sends GSSENCRequest first whenever there is a Kerberos ticket,
# and ends the connection at an answer that is neither G, N nor an error.
# gssencmode=disable helps.
#
# Needs Debian 12, apt-get, dpkg, java and perl.  Writes below a temporary directory only;
# listens on 127.0.0.1, port 29933.
set -eu

work=$(mktemp -d)
server=
stop()
{
	[ -z "$server" ] || kill "$server"
	wait
	rm -rf "$work"
}
trap stop EXIT
cd "$work"

apt-get -q -q download libh2-java=2.1.214-1
dpkg -x ./*.deb root
java -Dh2.bindAddress=127.0.0.1 -cp root/usr/share/java/h2.jar \
    org.h2.tools.Server -pg -pgPort 29933 -baseDir "$work" >server.log 2>&1 &
server=$!

# answer CODE: the first bytes that answer a request of this code, in hex
answer()
{
	perl -MIO::Socket::INET -e '
		my $socket = IO::Socket::INET->new("127.0.0.1:29933") or exit 3;
		$socket->timeout(10);
		syswrite $socket, pack "N n n", 8, 1234, $ARGV[0];
		my $got = "";
		vec(my $set = "", fileno $socket, 1) = 1;
		sysread $socket, $got, 64, length $got
		    while length $got < 9 && select my $ready = $set, undef, undef, 2;
		print unpack "H*", $got' "$1"
}
tries=0
until grep -q 'PG server running' server.log; do
	tries=$((tries + 1))
	[ "$tries" -lt 60 ] || { cat server.log; exit 1; }
	sleep 0.5
done

tls=$(answer 5679)
gss=$(answer 5680)
echo "SSLRequest: $tls"
echo "GSSENCRequest: $gss"
[ "$tls" = 4e ] && [ "$gss" = 520000000800000003 ]
