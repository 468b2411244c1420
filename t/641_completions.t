# SPDX-License-Identifier: PostgreSQL
#
# Completion in bash, zsh and fish, each asked in its own way: subcommands, the
# options of each, connections of the configuration that the line names, files.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Daemon;
use PgJump::Process qw(run spew);
use File::Temp qw(tempdir);
use Test::More;

my $dir = tempdir(CLEANUP => 1);
my $completions = "$FindBin::Bin/../etc/completions";

mkdir "$dir/bin";
symlink PgJump::Daemon::program(), "$dir/bin/pgjump";
my $config = spew("$dir/fleet.yaml", <<'END', 0600);
connections:
  - { name: orders, host: 10.0.0.1 }
  - { name: billing, host: 10.0.0.2, listen: 7000 }
END

# What begins a line, what TAB makes of it.
my @cases = (
	['a subcommand', 'pgjump hostk', 'hostkey'],
	['a subcommand after a file', "pgjump -c $config conf", 'config'],
	['an option of a subcommand', 'pgjump check --js', '--json'],
	['an option of every subcommand', 'pgjump exec --vers', '--version'],
	['a connection', "pgjump -c $config check ord", 'orders'],
	['a connection after an option with an argument',
		"pgjump --config $config check --timeout 3s bil", 'billing'],
	['a second connection', "pgjump -c $config check orders bil", 'billing'],
	['a file', "pgjump -c $dir/fle", "$dir/fleet.yaml"],
	['a subcommand of help', 'pgjump help shutd', 'shutdown'],
	['a command to run', "pgjump -c $config exec orders printen", 'printenv'],
	['nothing where nothing fits', "pgjump -c $config check zzz", undef],
);

my %ask = (
	bash => <<'END',
source "$1/pgjump.bash"
read -ra COMP_WORDS <<<"$2"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_pgjump
printf '%s\n' "${COMPREPLY[@]}"
END
	fish => <<'END',
source $argv[1]/pgjump.fish
complete -C $argv[2] | string replace -r '\t.*' ''
END
	# zsh completes only where a line is edited.
	zsh => <<'END',
zmodload zsh/zpty
zpty editor zsh -f -i
zpty -w editor "fpath=(${(q)1} \$fpath); autoload -U compinit
compinit -u -D; unset zle_bracketed_paste; PS1='' RPS1=''
show() { print -r -- \"<\$BUFFER>\"; exit; }; zle -N show; bindkey '^X' show
print -r -- read''y"
while zpty -r editor line && [[ $line != *ready* ]]; do :; done
zpty -w -n editor $2$'\t\x18'
while zpty -r editor line; do
	if [[ $line == *'<'*'>'* ]]; then
		line=${${line##*<}%>*}
		print -r -- ${${(z)line}[-1]}
		break
	fi
done
END
);

for my $shell (sort keys %ask) {
	subtest $shell => sub {
		plan skip_all => "$shell is not installed"
		    if run([$shell, '--version'])->{rc} ne '0';
		my $script = spew("$dir/ask.$shell", $ask{$shell});

		for my $case (@cases) {
			my ($name, $line, $wanted) = @$case;
			my $seen = run([$shell, $script, $completions, $line],
			    env => { PATH => "$dir/bin:$ENV{PATH}",
				HOME => $dir, TERM => 'dumb' });
			my %offered = map { s/\s+\z//r => 1 }
			    split /\n/, $seen->{out};

			ok(defined $wanted ? $offered{$wanted}
				: !grep { /^(?:orders|billing)/ } keys %offered,
			    $name) or diag $seen->{out}, $seen->{err};
		}
	};
}

done_testing();
