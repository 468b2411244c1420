#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
#
# OpenSSH 9.2: `ssh -G` prints a LocalForward to a Unix socket twice, the second
# time as a DynamicForward, which is a SOCKS proxy and something else.
#
# Guess: what `ssh -G` prints is the configuration in effect, so that a program
# can read it, or it can be used as an ssh_config again.  Seen: besides
# "localforward 5433 /run/postgresql/.s.PGSQL.5432" there is a line
# "dynamicforward 5433".  A forward to a host and port has no such line.
#
# Needs Debian 12, apt-get and dpkg.  Opens no connection.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get -q -q download openssh-client=1:9.2p1-2+deb12u10
dpkg -x ./openssh-client_*.deb root
ssh=$work/root/usr/bin/ssh
"$ssh" -V 2>&1 | grep -q '^OpenSSH_9\.2p1 ' || exit 1

# forwards TARGET: what is printed of a LocalForward to it.
forwards()
{
	printf 'LocalForward 5433 %s\n' "$1" >config
	"$ssh" -T -F config -G example.com |
	    grep -E '^(local|dynamic|remote)forward '
}

cat >expected <<'END'
localforward 5433 [db.example.com]:5432
--
dynamicforward 5433
localforward 5433 /run/postgresql/.s.PGSQL.5432
END
{
	forwards db.example.com:5432
	echo --
	forwards /run/postgresql/.s.PGSQL.5432
} >seen
diff expected seen
echo "as expected: a LocalForward to a socket is printed as a DynamicForward, too"
