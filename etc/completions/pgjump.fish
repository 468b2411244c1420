# SPDX-License-Identifier: PostgreSQL
#
# Completion of pgjump for fish.  pgjump itself is asked for its commands, its
# options, and the names in the configuration that the line names.

function __pgjump_commands
    pgjump --help 2>/dev/null | sed -n '/^Commands:/,/^Options:/s/^  \([a-z]\{1,\}\)\( .*\)\{0,1\}$/\1/p'
end

function __pgjump_options
    pgjump help $argv[1] 2>/dev/null | sed -n '/^Options:/,$s/^  \(-.*[^ ]\)  .*/\1/p' | tr ', ' '\n' | sed -n '/^-/p'
end

function __pgjump_takes
    pgjump help $argv[1] 2>/dev/null | grep -Eq -- "^  (.*, )?$argv[2](, --[a-z-]+)? [A-Z]"
end

function __pgjump_names
    pgjump $argv config --print 2>/dev/null | sed -n 's/^ *- name: "\{0,1\}\([A-Za-z0-9_-]*\)"\{0,1\}.*/\1/p'
end

function __pgjump_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l command ''
    set -l files
    set -l names
    set -l at 2

    while test $at -le (count $words)
        set -l word $words[$at]
        switch $word
            case -c --config
                set at (math $at + 1)
                if test $at -le (count $words)
                    set files $files -c $words[$at]
                end
            case '-*'
                if __pgjump_takes (test -n "$command"; and echo $command; or echo serve) $word
                    set at (math $at + 1)
                end
            case '*'
                if test -z "$command"
                    set command $word
                else
                    set names $names $word
                end
        end
        set at (math $at + 1)
    end
    if test $at -gt (math (count $words) + 1) # the argument of an option
        if contains -- $words[-1] -c --config -i -F
            __fish_complete_path $current
        end
    else if string match -q -- '-*' $current
        __pgjump_options (test -n "$command"; and echo $command; or echo serve)
    else if test -z "$command" -o "$command" = help
        __pgjump_commands
    else if test "$command" = exec -a (count $names) -gt 0
        complete -C "$current"
    else if test "$command" = import
        __fish_print_hostnames
    else
        __pgjump_names $files
    end
end

complete -c pgjump -f -a '(__pgjump_complete)'
