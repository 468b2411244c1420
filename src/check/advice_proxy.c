/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the proxy cannot reach is looked at on its machine; what the proxy
 * itself says, curl asks in the same way.
 */
#include "check/advice_proxy.h"

#include <stdlib.h>

#include "base/fault.h"
#include "base/shell_word.h"
#include "base/xmalloc.h"
#include "check/blamed.h"
#include "check/report.h"
#include "check/state.h"
#include "config/config.h"
#include "config/options.h"

#define AT_PROXY "on the machine of the proxy"

/* How curl calls a proxy that resolves names itself. */
static const char *
scheme_of(const struct config_proxy *proxy)
{
	return proxy->type == PROXY_SOCKS5
	    ? "socks5h"
	    : config_options_proxy_type(proxy->type);
}

static void
ask_likewise(const struct config_jump *jump, struct check_advice *out)
{
	const struct config_proxy *proxy = &jump->proxy;
	char *word = shell_word(proxy->username != NULL ? proxy->username : "");

	check_report_advice_run(out, CHECK_HERE,
	    "curl -v -m 10 -p -x %s://%s%s%s telnet://%s", scheme_of(proxy),
	    proxy->label, proxy->username != NULL ? " -U " : "",
	    proxy->username != NULL ? word : "", jump->label);
	free(word);
}

void
check_advice_proxy(const struct check_state *state, struct check_advice *out)
{
	const struct config_jump *jump = check_blamed_jump(state);
	const struct config_proxy *proxy = &jump->proxy;

	switch (state->fault.code) {
	case FAIL_PROXY_NAME_UNKNOWN:
	case FAIL_PROXY_NAME_TIMEOUT:
		check_report_advice_run(out, CHECK_HERE, "getent hosts %s",
		    proxy->host);
		break;
	case FAIL_PROXY_REFUSED:
	case FAIL_PROXY_UNREACHABLE:
	case FAIL_PROXY_TIMEOUT:
		check_report_advice_run(out, CHECK_HERE, "nc -vz -w 5 %s %u",
		    proxy->host, proxy->port);
		break;
	case FAIL_PROXY_TLS_FAILED:
	case FAIL_PROXY_TLS_UNTRUSTED:
	case FAIL_PROXY_TLS_OUTDATED:
	case FAIL_PROXY_TLS_NAME:
		check_report_advice_run(out, CHECK_HERE,
		    "openssl s_client -showcerts -connect %s </dev/null",
		    proxy->label);
		break;
	case FAIL_PROXY_JUMP_UNKNOWN:
		check_report_advice_run(out, AT_PROXY, "getent hosts %s",
		    jump->host);
		break;
	case FAIL_PROXY_JUMP_REFUSED:
	case FAIL_PROXY_JUMP_UNREACHABLE:
	case FAIL_PROXY_JUMP_TIMEOUT:
	case FAIL_PROXY_JUMP_UNREACHED:
		check_report_advice_run(out, AT_PROXY, "nc -vz -w 5 %s %u",
		    jump->host, jump->port);
		break;
	case FAIL_PROXY_SETTINGS:
		break;
	default:
		ask_likewise(jump, out);
		break;
	}
}
