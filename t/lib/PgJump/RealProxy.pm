# SPDX-License-Identifier: PostgreSQL
#
# The proxies of Debian, each on a loopback port with a configuration of its
# own, all started the same way: which port of the far side it permits, and who
# may use it.
package PgJump::RealProxy;

use v5.36;
use Carp qw(croak);
use Exporter qw(import);
use IO::Socket::IP;
use PgJump::Group qw(runs wanted);
use PgJump::Pki ();
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually run slurp spew);

our @EXPORT_OK = qw(proxies);

my $authenticator = '/usr/lib/squid/basic_ncsa_auth';

sub _program(@paths) { (grep { -x } @paths)[0] }

my %program = (
	tinyproxy => _program('/usr/bin/tinyproxy', '/usr/sbin/tinyproxy'),
	squid => _program('/usr/sbin/squid'),
	microsocks => _program('/usr/bin/microsocks'),
	dante => _program('/usr/sbin/danted'),
	stunnel => _program('/usr/bin/stunnel', '/usr/bin/stunnel4'),
);

# What this machine has, by name, and a word for each of the others.
sub proxies
{
	my (@found, %missing);

	return ([], { all => 'needs contrib/test --with=proxies' })
	    unless wanted('proxies');
	for my $name (qw(tinyproxy squid microsocks dante)) {
		if ($program{$name}) {
			runs('proxies');
			push @found, $name;
		} else {
			$missing{$name} = "needs $name";
		}
	}
	return (\@found, \%missing);
}

# dir, name; optional: permits (ports of the far side; any), user and password
# (of a Unix user, for dante), type (https: of squid itself, or stunnel in front
# of tinyproxy), patience (seconds for the far side), external (the addresses
# from which dante connects).
sub new($class, %is)
{
	my $self = bless { port => reserve(), patience => 60,
		external => ['127.0.0.1'], %is }, $class;
	my $start = $self->can("_start_$is{name}");

	$self->{home} = "$is{dir}/$is{name}.$self->{port}";
	mkdir $self->{home}, 0777 or croak "$self->{home}: $!";
	chmod 0777, $self->{home}; # squid gives up its rights
	$self->$start;
	return $self;
}

sub port($self) { $self->{port} }
sub log_text($self) { join '', map { $_->text } @{ $self->{processes} } }

sub _run($self, $name, @argv)
{
	my $process = PgJump::Process->new(name => "$name.$self->{port}",
	    dir => $self->{dir}, argv => \@argv)->start;

	push @{ $self->{processes} }, $process;
	return $process;
}

sub _await($self, $port = $self->{port})
{
	eventually(30, sub {
		IO::Socket::IP->new(PeerHost => '127.0.0.1',
		    PeerPort => $port)
	}) or croak "$self->{name} does not listen: ", $self->log_text;
}

sub _start_tinyproxy($self)
{
	my $port = $self->{type} ? reserve() : $self->{port};
	my @lines = ("Port $port", 'Listen 127.0.0.1', 'Timeout 60',
		'Allow 127.0.0.1', 'LogLevel Info', 'MaxClients 100',
		map { "ConnectPort $_" } @{ $self->{permits} // [] });

	push @lines, "BasicAuth $self->{user} $self->{password}"
	    if defined $self->{user};
	$self->_run('tinyproxy', $program{tinyproxy}, '-d', '-c',
	    spew("$self->{home}/conf", join '', map { "$_\n" } @lines));
	$self->_await($port);
	$self->_start_stunnel($port) if $self->{type};
}

# TLS in front of a proxy that has none.
sub _start_stunnel($self, $to)
{
	my $cert = PgJump::Pki::cert_file('db');
	my $key = PgJump::Pki::key_file('db');

	$self->_run('stunnel', $program{stunnel}, spew("$self->{home}/stunnel",
		"foreground = yes\npid =\n[p]\n"
		. "accept = 127.0.0.1:$self->{port}\n"
		. "connect = 127.0.0.1:$to\ncert = $cert\nkey = $key\n"));
	$self->_await;
}

sub _start_squid($self)
{
	my $home = $self->{home};
	my $listen = $self->{type}
	    ? "https_port 127.0.0.1:$self->{port} tls-cert=$home/crt "
	    . "tls-key=$home/key"
	    : "http_port 127.0.0.1:$self->{port}";
	my @lines = ($listen, 'visible_hostname lab', 'cache deny all',
		'cache_mem 8 MB', 'access_log none', 'pid_filename none',
		"cache_log $home/log", "coredump_dir $home",
		'shutdown_lifetime 0 seconds', 'dns_nameservers 127.0.0.1',
		'dns_timeout 2 seconds', "netdb_filename none",
		"connect_timeout $self->{patience} seconds",
		'forward_max_tries 1', 'max_filedescriptors 1024');

	spew("$home/crt", slurp(PgJump::Pki::cert_file('db')));
	spew("$home/key", slurp(PgJump::Pki::key_file('db')), 0644);
	if (defined $self->{user}) {
		my $hash = run(['openssl', 'passwd', '-apr1', '-stdin'],
		    stdin => $self->{password})->{out};
		spew("$home/users", "$self->{user}:$hash");
		push @lines, "auth_param basic program $authenticator "
		    . "$home/users", 'acl known proxy_auth REQUIRED',
		    'http_access deny !known';
	}
	push @lines, map { ("acl permitted port $_") }
	    @{ $self->{permits} // [] };
	push @lines, 'http_access deny !permitted' if $self->{permits};
	push @lines, 'http_access allow localhost', 'http_access deny all';
	$self->_run('squid', $program{squid}, '-N', '-f',
	    spew("$home/conf", join '', map { "$_\n" } @lines));
	$self->_await;
}

sub _start_microsocks($self)
{
	$self->_run('microsocks', $program{microsocks}, '-i', '127.0.0.1',
	    '-p', $self->{port}, defined $self->{user}
	    ? ('-u', $self->{user}, '-P', $self->{password}) : ());
	$self->_await;
}

# `user` is a Unix user here.
sub _start_dante($self)
{
	my $method = defined $self->{user} ? 'username' : 'none';
	my $versions = defined $self->{user} ? 'socks_v5' : 'socks_v4 socks_v5';
	my @rules = map { "socks pass {\n from: 127.0.0.0/8 to: 0.0.0.0/0"
		. (defined $_ ? " port = $_" : '')
		. "\n protocol: tcp\n proxyprotocol: $versions\n}" }
	    @{ $self->{permits} // [undef] };

	$self->_run('dante', $program{dante}, '-f', spew("$self->{home}/conf",
		join '', map { "$_\n" } 'logoutput: stderr',
		"internal: 127.0.0.1 port = $self->{port}",
		(map { "external: $_" } @{ $self->{external} }),
		@{ $self->{external} } > 1 ? 'external.rotation: route' : (),
		"socksmethod: $method",
		'clientmethod: none', 'user.privileged: root',
		'user.unprivileged: nobody',
		"timeout.connect: $self->{patience}",
		"client pass {\n from: 127.0.0.0/8 to: 0.0.0.0/0\n}", @rules));
	$self->_await;
}

1;
