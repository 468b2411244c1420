# SPDX-License-Identifier: PostgreSQL
#
# Completion of pgjump for bash.  pgjump itself is asked for its commands, its
# options, and the names in the configuration that the line names.

# _pgjump_commands: one a line.
_pgjump_commands()
{
	pgjump --help 2>/dev/null |
	    sed -n '/^Commands:/,/^Options:/s/^  \([a-z]\{1,\}\)\( .*\)\{0,1\}$/\1/p'
}

# _pgjump_options COMMAND: one a line, the short ones as well.
_pgjump_options()
{
	pgjump help "$1" 2>/dev/null |
	    sed -n '/^Options:/,$s/^  \(-.*[^ ]\)  .*/\1/p' | tr ', ' '\n' |
	    sed -n '/^-/p'
}

# _pgjump_takes COMMAND OPTION: whether an argument follows this option.
_pgjump_takes()
{
	pgjump help "$1" 2>/dev/null |
	    grep -Eq -- "^  (.*, )?$2(, --[a-z-]+)? [A-Z]"
}

# _pgjump_names OPTION...: the connections, one a line, of the configuration
# that these options name.
_pgjump_names()
{
	pgjump "$@" config --print 2>/dev/null |
	    sed -n 's/^ *- name: "\{0,1\}\([A-Za-z0-9_-]*\)"\{0,1\}.*/\1/p'
}

_pgjump()
{
	local current=${COMP_WORDS[COMP_CWORD]} command='' word at
	local -a files=() names=()

	for ((at = 1; at < COMP_CWORD; at++)); do
		word=${COMP_WORDS[at]}
		case $word in
		-c|--config) files+=(-c "${COMP_WORDS[++at]}") ;;
		-*) if _pgjump_takes "${command:-serve}" "$word"; then
			((at++))
		    fi ;;
		*) if [[ -z $command ]]; then
			command=$word
		   else
			names+=("$word")
		   fi ;;
		esac
	done
	COMPREPLY=()
	if ((at > COMP_CWORD)); then # the argument of an option
		case ${COMP_WORDS[COMP_CWORD - 1]} in
		-c|--config|-i|-F) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
		esac
	elif [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
		    "$(_pgjump_options "${command:-serve}")" -- "$current")
	elif [[ -z $command || $command == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_pgjump_commands)" -- \
		    "$current")
	elif [[ $command == exec && ${#names[@]} -gt 0 ]]; then
		mapfile -t COMPREPLY < <(compgen -c -f -- "$current")
	elif [[ $command == import ]]; then
		mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
	else
		mapfile -t COMPREPLY < <(compgen -W \
		    "$(_pgjump_names "${files[@]}")" -- "$current")
	fi
}

complete -F _pgjump pgjump
