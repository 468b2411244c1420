# SPDX-License-Identifier: PostgreSQL
#
# sshd bans an address that fails too often (PerSourcePenalties, OpenSSH 9.8 and
# later): the error names the ban.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

plan skip_all => 'this sshd (' . PgJump::JumpBox::version()
    . ') knows no PerSourcePenalties'
    unless PgJump::JumpBox::has_penalties();

my $lab = PgJump::Lab->new;
my $box = $lab->new_box(config => {
	PerSourcePenalties => 'authfail:60s noauth:60s min:1s' });
my $bad = $lab->connection('c_hasty', box => $box, port => 5432,
    ssh_tunnel => { private_key => PgJump::Keys::private('stranger') });
my $first = $lab->daemon([$bad]);
like($lab->psql($bad, 'select 1')->{err}, qr/\[jump_auth\]/,
    'a login fails');
$first->down;

my $good = $lab->connection('c_banned', box => $box, port => 5432);
my $daemon = $lab->daemon([$good]);
told($lab, $daemon, $good, { name => 'a ban', side => 'tunnel',
	label => 'jump_handshake',
	says => qr/turned this machine away|closed the connection before/,
	hint => qr/PerSourcePenalties/ });

$lab->done;
