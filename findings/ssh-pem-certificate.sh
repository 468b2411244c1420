#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
#
# OpenSSH 9.2: with a key in PEM format, `ssh -i KEY -o CertificateFile=CERT`
# logs in only if KEY.pub is there, too.
#
# Guess: a private key and its certificate are all that a login by certificate
# needs, whatever the format of the key.  Seen: with a key in OpenSSH's format
# they are.  With the same kind of key in PEM (ssh-keygen -m PEM) the server
# accepts the certificate, then ssh finds "no separate private key for
# certificate", tries to read the certificate as a private key ("bad
# permissions"), and is denied.  It compares public halves, and reads that of a
# PEM key from KEY.pub alone.
#
# Needs Debian 12, apt-get, dpkg, the libraries of openssh-server, and root (for
# sshd, which lets root in here).
# Writes below a temporary directory only; listens on 127.0.0.1:29933.
set -eu

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"

apt-get -q -q download openssh-client=1:9.2p1-2+deb12u10 \
    openssh-server=1:9.2p1-2+deb12u10
for package in ./*.deb; do
	dpkg -x "$package" root
done
bin=$work/root/usr/bin
"$bin/ssh" -V 2>&1 | grep -q '^OpenSSH_9\.2p1 ' || exit 1

for key in authority host pem openssh; do
	format=RFC4716
	[ "$key" != pem ] || format=PEM
	"$bin/ssh-keygen" -q -t rsa -b 2048 -m "$format" -N '' -f "$key"
done
for key in pem openssh; do
	"$bin/ssh-keygen" -q -s authority -I test -n root "$key.pub"
	mv "$key-cert.pub" "$key.certificate"
	mv "$key.pub" "$key.half"
done

mkdir -p /run/sshd
cat >config <<END
ListenAddress 127.0.0.1
Port 29933
HostKey $work/host
PidFile none
TrustedUserCAKeys $work/authority.pub
AuthorizedKeysFile none
PermitRootLogin yes
StrictModes no
UsePAM no
END
"$work/root/usr/sbin/sshd" -D -e -f "$work/config" >log 2>&1 &
server=$!
until grep -qs '^Server listening' log; do
	kill -0 "$server"
done

# try KEY: "in" or "denied"
try()
{
	if "$bin/ssh" -F none -i "$1" -o CertificateFile="$1.certificate" \
	    -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes \
	    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
	    -p 29933 root@127.0.0.1 true </dev/null >said 2>&1; then
		echo in
	else
		echo denied
	fi
}

check()
{
	seen=$(try "$1")
	echo "$1, $2: $seen"
	[ "$seen" = "$3" ] || exit 1
}

check openssh 'without its public half' in
check pem 'without its public half' denied
grep -q 'Load key "pem.certificate": bad permissions' said || exit 1
mv pem.half pem.pub
check pem 'with pem.pub' in
