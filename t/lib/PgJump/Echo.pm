# SPDX-License-Identifier: PostgreSQL
#
# Clients that send and receive at the same time: each asks the database for its
# own random words back, one statement after the other without waiting for
# answers.  What comes back is compared with what was sent, byte by byte and in
# order.
package PgJump::Echo;

use v5.36;
use Digest::MD5;
use Exporter qw(import);
use IO::Select;
use Time::HiRes qw(time);

our @EXPORT_OK = qw(echo);

use constant WORD_MAX => 60_000;

my @letters = ('a' .. 'z', 'A' .. 'Z', 0 .. 9, ' ');
my $pool = join '', map { $letters[rand @letters] } 1 .. 1 << 19;

# Each of the logged-in PgJump::Wire clients sends and gets at least this many
# bytes.  Returns for each { sent, got (digests), bytes, pause (the longest time
# in seconds without a byte for it) }; it ends early after `seconds` without a
# byte for anybody.
sub echo($bytes, $seconds, @wires)
{
	my %clients = map { fileno($_->socket) => _client($_, $bytes) } @wires;
	my $last = time;

	while (my @busy = grep { !$_->{is_done} } values %clients) {
		my ($readable, $writable) = IO::Select::select(
		    IO::Select->new(map { $_->{socket} } @busy),
		    IO::Select->new(map { $_->{socket} } grep { _fill($_) }
			@busy), undef, 1);
		_write($clients{ fileno $_ }) for @{ $writable // [] };
		for my $socket (@{ $readable // [] }) {
			_read($clients{ fileno $socket });
			$last = time;
		}
		last if time > $last + $seconds;
	}
	$_->{socket}->blocking(1) for values %clients;
	return map { _result($clients{ fileno $_->socket }) } @wires;
}

sub _client($wire, $bytes)
{
	$wire->socket->blocking(0);
	return { socket => $wire->socket, to_send => $bytes, owed => 0,
		sent => Digest::MD5->new, got => Digest::MD5->new,
		out => '', in => '', bytes => 0, pause => 0, last => time };
}

# Whether there is something to write.
sub _fill($client)
{
	if (!length $client->{out} && $client->{to_send} > 0) {
		my $word = substr $pool, rand(length($pool) - WORD_MAX),
		    1 + rand WORD_MAX;
		$client->{sent}->add($word);
		$client->{to_send} -= length $word;
		$client->{owed}++;
		$client->{out} = PgJump::Wire::query_packet("select '$word'");
	}
	return length $client->{out} > 0;
}

sub _write($client)
{
	my $put = syswrite $client->{socket}, $client->{out};

	substr $client->{out}, 0, $put, '' if $put;
}

sub _read($client)
{
	my $got = sysread $client->{socket}, $client->{in}, 1 << 18,
	    length $client->{in};

	return if !defined $got && $!{EAGAIN};
	$client->{pause} = time - $client->{last}
	    if time - $client->{last} > $client->{pause};
	$client->{last} = time;
	my $at = 0;
	while (length($client->{in}) >= $at + 5) {
		my ($type, $length) = unpack 'a N', substr $client->{in}, $at, 5;
		last if length($client->{in}) < $at + 1 + $length;
		_take($client, $type, $at + 5, $length - 4);
		$at += 1 + $length;
	}
	substr $client->{in}, 0, $at, '';
	$client->{is_done} = 1 if !$got || $client->{owed} == 0
	    && $client->{to_send} <= 0 && !length $client->{out};
}

# A DataRow of one column: int16 of columns, int32 of length, the word.
sub _take($client, $type, $at, $length)
{
	if ($type eq 'D') {
		$client->{got}->add(substr $client->{in}, $at + 6, $length - 6);
		$client->{bytes} += $length - 6;
	}
	$client->{owed}-- if $type eq 'Z';
}

sub _result($client)
{
	return { bytes => $client->{bytes}, pause => $client->{pause},
		map { $_ => $client->{$_}->hexdigest } qw(sent got) };
}

1;
