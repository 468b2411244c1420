#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
#
# stunnel 5.68 (client = yes, protocol = pgsql) in front of PostgreSQL 15: a
# client in the clear before it cannot log in with a SCRAM password.
#
# Guess: stunnel speaks SSLRequest and TLS with the server on behalf of a client
# that knows neither, and whoever could log in without it can log in through it.
# Seen: over TLS the server offers SCRAM-SHA-256-PLUS, and libpq, whose own
# connection has no TLS, takes that offer for an attack: "server offered
# SCRAM-SHA-256-PLUS authentication over a non-SSL connection".  Neither
# sslmode=disable nor channel_binding=disable helps.  A client that asks for TLS
# is told "server sent an error response during SSL exchange", since its
# SSLRequest reaches the server inside TLS.  Logins without SCRAM work.
#
# Needs Debian 12, apt-get, dpkg, openssl and setpriv; root, which hands
# PostgreSQL to the user nobody, or another user.  Writes below a temporary
# directory only; listens on 127.0.0.1, ports 29931 and 29932.
set -eu

work=$(mktemp -d)
postmaster=
front=
stop()
{
	[ -z "$front" ] || kill "$front"
	[ -z "$postmaster" ] || kill -INT "$postmaster"
	wait
	rm -rf "$work"
}
trap stop EXIT
cd "$work"

for package in stunnel4=3:5.68-2+deb12u1 postgresql-15=15.18-0+deb12u1 \
    postgresql-client-15=15.18-0+deb12u1 libpq5=15.18-0+deb12u1; do
	apt-get -q -q download "$package"
done
for package in ./*.deb; do
	dpkg -x "$package" root
done
bin=$work/root/usr/lib/postgresql/15/bin
LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
"$work/root/usr/bin/stunnel" -version 2>&1 | grep -q 'stunnel 5\.68' || exit 1

as_owner=
if [ "$(id -u)" = 0 ]; then
	as_owner='setpriv --reuid=nobody --regid=nogroup --clear-groups --'
	chmod 755 .
	mkdir home
	chown nobody home
else
	mkdir home
fi
$as_owner "$bin/initdb" -D home/data -U postgres -A trust --no-sync \
    >initdb.log
$as_owner openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=db \
    -keyout home/data/server.key -out home/data/server.crt 2>/dev/null
$as_owner chmod 600 home/data/server.key
echo 'local all all trust
host all scram all scram-sha-256
host all all all trust' | $as_owner tee home/data/pg_hba.conf >/dev/null
# shellcheck disable=SC2086 # a prefix, split on purpose
$as_owner "$bin/postgres" -D home/data -p 29931 -k "$work/home" -c ssl=on \
    -c listen_addresses=127.0.0.1 >postgres.log 2>&1 &
postmaster=$!
psql="$bin/psql -XAtq"
until $psql -h "$work/home" -p 29931 -U postgres -d postgres -c 'select 1' >ready 2>&1; do
	kill -0 "$postmaster"
done
$psql -h "$work/home" -p 29931 -U postgres -d postgres \
    -c "create role scram login password 'correct-horse'" \
    -c 'create role trusted login'

cat >stunnel.conf <<-END
	foreground = yes
	pid =
	[pg]
	client = yes
	protocol = pgsql
	accept = 127.0.0.1:29932
	connect = 127.0.0.1:29931
END
"$work/root/usr/bin/stunnel" stunnel.conf >stunnel.log 2>&1 &
front=$!
until grep -qs 'Configuration successful' stunnel.log; do
	kill -0 "$front"
done

PGPASSWORD=correct-horse
export PGPASSWORD

# expect PORT USER SSLMODE CHANNEL_BINDING WORDS
expect()
{
	seen=$($psql -d "host=127.0.0.1 port=$1 dbname=postgres user=$2 sslmode=$3
	    channel_binding=$4" -c "select 'served'" 2>&1 | tail -n 1) || :
	printf '%-5s %-7s %-7s %-7s %s\n' "$1" "$2" "$3" "$4" "$seen"
	case $seen in
	*"$5"*) ;;
	*)
		echo "expected: $5" >&2
		exit 1 ;;
	esac
}

expect 29931 scram disable prefer served
expect 29931 scram require prefer served
expect 29932 trusted disable prefer served
expect 29932 scram disable prefer \
    'server offered SCRAM-SHA-256-PLUS authentication over a non-SSL connection'
expect 29932 scram disable disable \
    'server offered SCRAM-SHA-256-PLUS authentication over a non-SSL connection'
expect 29932 trusted require prefer \
    'server sent an error response during SSL exchange'
