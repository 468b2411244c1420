# SPDX-License-Identifier: PostgreSQL
#
# Tcl's tdbc::postgres.  See t/lib/PgJump/Client.pm.
package require tdbc::postgres

proc answer {what args} {
	set names [list "\\" "\\\\" "\n" "\\n" "\t" "\\t"]
	set line $what
	foreach field $args {
		append line "\t" [string map $names $field]
	}
	puts $line
	flush stdout
}

proc leave {} {
	catch {db close}
}

# It has no option for the certificate of an authority: libpq's variable does.
proc enter {host port user password dbname sslmode root} {
	catch {unset ::env(PGSSLROOTCERT)}
	if {$root ne ""} {
		set ::env(PGSSLROOTCERT) $root
	}
	tdbc::postgres::connection create db -host $host -port $port \
	    -user $user -password $password -db $dbname -sslmode $sslmode
}

proc query {sql} {
	set statement [db prepare $sql]
	set rows [$statement allrows -as lists]
	$statement close
	return [lindex $rows 0 0]
}

proc obey {what args} {
	if {$what eq "query"} {
		return [query {*}$args]
	}
	leave
	if {$what eq "connect"} {
		enter {*}$args
	}
	return ""
}

while {[gets stdin line] >= 0} {
	if {[catch {obey {*}[split $line "\t"]} value how]} {
		set code [dict get $how -errorcode]
		set state [expr {[lindex $code 0] eq "TDBC"
		    ? [lindex $code 2] : ""}]
		answer error $state $value
	} else {
		answer ok $value
	}
}
