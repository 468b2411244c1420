#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
#
# asyncpg 0.27.0 takes the backslashes of a password file for part of the
# password.
#
# Guess: a password with a colon or a backslash, escaped by a backslash as
# PostgreSQL's documentation demands ("The Password File"), is read by every
# client as libpq reads it.  Seen: asyncpg knows that an escaped colon parts no
# fields, but leaves the backslash where it was, so the server hears another
# password; libpq (psycopg2) logs in with the same file.  An unescaped colon in
# the last field is right for both, though the documentation forbids it.
#
# Needs Debian 12, python3, apt-get, dpkg.  Writes below a temporary directory
# only, and runs no server: what asyncpg makes of the file is asked of the
# function that reads it, what libpq makes of it of a login that is only begun
# with a socket of ours on 127.0.0.1:29941.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get -q -q download python3-asyncpg=0.27.0-1+b2 \
	python3-psycopg2=2.9.5-1+b1
for package in ./*.deb; do
	dpkg -x "$package" root
done
PYTHONPATH=$work/root/usr/lib/python3/dist-packages
export PYTHONPATH

# The password is a:b\c
printf '%s\n' '127.0.0.1:29941:*:me:a\:b\\c' >pgpass
chmod 600 pgpass
cat >seen.py <<'END'
import pathlib
import socket
import struct
import threading

import asyncpg
from asyncpg.connect_utils import _read_password_from_pgpass

assert asyncpg.__version__ == '0.27.0', asyncpg.__version__
file = pathlib.Path('pgpass')
print('asyncpg', _read_password_from_pgpass(passfile=file,
      hosts=['127.0.0.1'], ports=[29941], database='db', user='me'))

# A server that asks for the password in plain text and shows it.
listener = socket.create_server(('127.0.0.1', 29941))
heard = []


def serve():
    peer, _ = listener.accept()
    peer.recv(struct.unpack('!I', peer.recv(4))[0] - 4)
    peer.sendall(b'R' + struct.pack('!II', 8, 3))
    peer.recv(1)
    heard.append(peer.recv(struct.unpack('!I', peer.recv(4))[0] - 4))
    peer.close()


thread = threading.Thread(target=serve)
thread.start()
import psycopg2
try:
    psycopg2.connect('host=127.0.0.1 port=29941 user=me dbname=db '
                     'sslmode=disable gssencmode=disable passfile=pgpass')
except psycopg2.OperationalError:
    pass
thread.join()
print('libpq', heard[0].rstrip(b'\0').decode())
END
/usr/bin/python3 seen.py >seen
cat seen
printf '%s\n' 'asyncpg a\:b\\c' 'libpq a:b\c' >expected
cmp seen expected
