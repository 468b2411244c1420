# SPDX-License-Identifier: PostgreSQL
#
# Clients of a far side that does not work, all at once: each that asks for TLS
# is answered within 4 s (pgjdbc gives up after 5), and each is told the failure
# within 8 s of the first byte of its login.
package PgJump::InTime;

use v5.36;
use Exporter qw(import);
use IO::Socket::SSL;
use PgJump::Wire;
use POSIX ();
use Test::More ();
use Time::HiRes qw(time);

our @EXPORT_OK = qw(in_time);

# In a child: the time of S, the time of the error, and the error.
sub _watch($lab, $connection, $mode)
{
	pipe my $reader, my $writer or die "pipe: $!";
	my $pid = fork // die "fork: $!";

	return { pid => $pid, reader => $reader } if $pid;
	# made beforehand, since it takes time
	my $tls = IO::Socket::SSL::SSL_Context->new(
	    SSL_verify_mode => IO::Socket::SSL::SSL_VERIFY_NONE());
	my $start = time;
	my $wire = $lab->wire($connection, seconds => 30);
	if ($mode eq 'require') {
		$wire->ssl_request;
		printf $writer '%.2f ', time - $start;
		$start = time;
		$wire->start_tls(SSL_reuse_ctx => $tls);
	} else {
		print $writer '0 ';
	}
	my ($error) = @{ $wire->startup->until('E') };
	printf $writer '%.2f %s', time - $start,
	    PgJump::Wire::fields($error->[1] // '')->{M} // '';
	$writer->flush;
	POSIX::_exit(0);
}

# [what is wrong, connection, pattern of its label, sslmodes...], ...
sub in_time($lab, @cases)
{
	my $slack = 0.8 * $PgJump::Process::PATIENCE;
	my @watched = map {
		my ($what, $connection, $label, @modes) = @$_;
		map { { %{ _watch($lab, $connection, $_) }, label => $label,
			case => "$what, sslmode=$_" } } @modes;
	} @cases;

	for my $client (@watched) {
		my $said = readline($client->{reader}) // '';
		my ($answered, $told, $message) = split ' ', $said, 3;

		waitpid $client->{pid}, 0;
		Test::More::cmp_ok($answered // 99, '<', 4 + $slack,
		    "$client->{case}: answered within 4 s");
		Test::More::cmp_ok($told // 99, '<', 8 + $slack,
		    "$client->{case}: told within 8 s");
		Test::More::like($message // '', qr/\[$client->{label}\]$/,
		    "$client->{case}: what");
	}
}

1;
