# SPDX-License-Identifier: PostgreSQL
#
# A name server of our own in a network namespace (PgJump::Netns), so that no
# test asks anybody outside: a table of names, each with its addresses, with
# none ("no such name"), or without an answer.
package PgJump::Names;

use v5.36;
use Carp qw(croak);
use IO::Socket::IP;
use PgJump::Process qw(run spew);
use POSIX ();
use Socket qw(AF_INET AF_INET6 inet_pton);

my %type = (1 => AF_INET, 28 => AF_INET6);

# dir; names => { name => [addresses], or 'silent' }, and any other name is
# unknown; optional: options (of resolv.conf).
sub new($class, %is)
{
	my $self = bless { options => 'timeout:1 attempts:1', %is }, $class;

	_replace('/etc/resolv.conf', spew("$is{dir}/resolv.conf",
	    "nameserver 127.0.0.1\noptions $self->{options}\n"));
	_replace('/etc/nsswitch.conf', spew("$is{dir}/nsswitch.conf",
	    "passwd: files\ngroup: files\nhosts: files dns\n"));
	my $socket = IO::Socket::IP->new(LocalHost => '127.0.0.1',
	    LocalPort => 53, Proto => 'udp') or croak "name server: $@";
	$self->{owner} = $$;
	$self->{pid} = fork // croak "fork: $!";
	if ($self->{pid} == 0) {
		$SIG{TERM} = 'DEFAULT';
		eval { _serve($socket, $is{names}) };
		POSIX::_exit(0);
	}
	return $self;
}

# In the mount namespace of this test program only.
sub _replace($file, $by)
{
	run(['mount', '--make-rprivate', '/']);
	my $done = run(['mount', '--bind', $by, $file]);
	croak "mount: $done->{err}" if $done->{rc} ne '0';
}

sub _serve($socket, $names)
{
	my $parent = getppid;

	while (getppid == $parent) {
		my $from = $socket->recv(my $query, 512) // next;
		my $answer = _answer($query, $names) // next;
		$socket->send($answer, 0, $from);
	}
}

# RFC 1035, 4.1: header, the question again, answers that point to its name.
sub _answer($query, $names)
{
	my $id = substr $query, 0, 2;
	my ($labels, $kind) = substr($query, 12) =~
	    /\A((?:[\x01-\x3f](?:.)+?)+?)\0(..)\0\x01/s or return;
	my $question = "$labels\0$kind\0\x01";
	my $name = join '.', unpack '(C/a)*', $labels;
	my $known = $names->{ lc $name };

	return if defined $known && !ref $known;
	my $family = $type{ unpack 'n', $kind };
	my @found = grep { defined } map {
		defined $family ? inet_pton($family, $_) : undef
	} grep { defined $family && (/:/ xor $family == AF_INET) }
	    @{ $known // [] };
	my $code = defined $known ? 0x8180 : 0x8183;
	return $id . pack('nnnnn', $code, 1, scalar @found, 0, 0)
	    . $question . join '', map {
		pack('nnnNn/a*', 0xc00c, unpack('n', $kind), 1, 0, $_)
	    } @found;
}

sub DESTROY($self)
{
	return if !defined $self->{pid} || $self->{owner} != $$;
	local ($?, $!, $@);
	kill 'TERM', $self->{pid};
	waitpid delete $self->{pid}, 0;
}

1;
