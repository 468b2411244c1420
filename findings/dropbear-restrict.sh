#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
#
# dropbear 2022.83: the line that OpenSSH recommends for a key which may only
# forward, "restrict,port-forwarding,permitopen=...", locks that key out.
#
# Guess: dropbear knows "restrict" (since 2020.79) and "permitopen", so the line
# works there, too.  Seen: "port-forwarding" is no option of dropbear, and one
# unknown option makes the whole line void: "Bad public key options", permission
# denied.  "restrict" alone denies every forward, and with permitopen as well:
# nothing switches forwarding on again.  What works is no-pty and its like with
# permitopen.
#
# Needs Debian 12, apt-get, dpkg, OpenSSH's client, and root (dropbear sets its
# groups).  Writes below a temporary directory only; listens on 127.0.0.1:29922.
set -eu

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"

apt-get -q -q download dropbear-bin=2022.83-1+deb12u3 \
    libnss-wrapper=1.1.12-1 libtomcrypt1=1.18.2-6 libtommath1=1.2.0-6+deb12u1
for package in ./*.deb; do
	dpkg -x "$package" root
done
LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
dropbear=$work/root/usr/sbin/dropbear
"$dropbear" -V 2>&1 | grep -q 'v2022\.83' || exit 1

# A user of this run alone.
mkdir -p home/.ssh
echo "tunnel:x:4711:4711::$work/home:/bin/sh" >passwd
echo 'tunnel:x:4711:' >group
ssh-keygen -q -t ed25519 -N '' -f key
"$work/root/usr/bin/dropbearkey" -t ed25519 -f host >/dev/null 2>&1

# try OPTIONS: what a forward to a port that is closed comes to.
try()
{
	printf '%s%s\n' "$1" "$(cat key.pub)" >home/.ssh/authorized_keys
	chown -R 4711:4711 home
	chmod 755 .
	chmod -R go-rwx home
	LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD=$work/passwd \
	    NSS_WRAPPER_GROUP=$work/group "$dropbear" -F -E \
	    -p 127.0.0.1:29922 -r host -P pid >log 2>&1 &
	server=$!
	until grep -qs 'Not backgrounding' log; do
		kill -0 "$server"
	done
	ssh -F none -i key -p 29922 -o BatchMode=yes \
	    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
	    -W 127.0.0.1:1 tunnel@127.0.0.1 \
	    </dev/null >said 2>&1 || :
	kill "$server"
	wait "$server" || :
	server=
	grep -E 'open failed|Permission denied' said | head -n 1
}

expect()
{
	seen=$(try "$1")
	printf '%-60s %s\n' "\"$1\"" "$seen"
	case $seen in
	*"$2"*) ;;
	*)
		echo "expected: $2" >&2
		exit 1 ;;
	esac
}

to='permitopen="127.0.0.1:1"'
expect '' 'Connection refused'
expect "restrict,port-forwarding,$to " 'Permission denied'
grep -q 'Bad public key options' log
expect "restrict,$to " 'administratively prohibited'
expect "no-pty,no-agent-forwarding,no-X11-forwarding,$to " 'Connection refused'
