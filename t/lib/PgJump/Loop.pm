# SPDX-License-Identifier: PostgreSQL
#
# A select loop for thousands of sockets: bit vectors instead of objects.  Each
# socket has code to call when it can be read, and code to call once when it can
# be written.
package PgJump::Loop;

use v5.36;

sub new($class)
{
	return bless { reads => '', writes => '', on_read => {},
		on_write => {}, count => 0 }, $class;
}

sub on_read($self, $socket, $code)
{
	my $number = fileno $socket;

	vec($self->{reads}, $number, 1) = 1;
	$self->{on_read}{$number} = $code;
}

sub on_write($self, $socket, $code)
{
	my $number = fileno $socket;

	vec($self->{writes}, $number, 1) = 1;
	$self->{on_write}{$number} = $code;
}

sub forget($self, $socket)
{
	my $number = fileno $socket // return;

	for my $way (qw(read write)) {
		vec($self->{"${way}s"}, $number, 1) = 0
		    if delete $self->{"on_$way"}{$number};
	}
}

# The numbers of the bits that are set.
sub _set($bits)
{
	my ($text, $from, @numbers) = (unpack('b*', $bits), -1);

	push @numbers, $from
	    while ($from = index $text, '1', $from + 1) >= 0;
	return @numbers;
}

# Wait at most this long, and call the code of each socket that is ready.
sub turn($self, $seconds)
{
	my ($reads, $writes) = @$self{qw(reads writes)};
	my $found = select $reads, $writes, undef, $seconds;

	return if $found <= 0;
	for my $number (_set($writes)) {
		vec($self->{writes}, $number, 1) = 0;
		my $code = delete $self->{on_write}{$number} // next;
		$code->();
	}
	for my $number (_set($reads)) {
		my $code = $self->{on_read}{$number} // next;
		$code->();
	}
}

1;
