/* SPDX-License-Identifier: PostgreSQL */

/*
 * A user or a password that a proxy would read otherwise than it was meant is
 * refused here: with control characters it could end a header of HTTP and begin
 * another one.
 */
#include "config/proxy.h"

#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "config/section.h"
#include "key/tls_pem.h"

/* RFC 1929, 2: one byte has the length.  SOCKS4 servers take no more, either.
 */
#define SOCKS_MAX 255

/* Proxies take 8 KB or more of headers, of which base64 makes a third. */
#define HTTP_MAX 4096

#define WHY_MAX 300

static const unsigned default_ports[] = {
	[PROXY_HTTP] = 3128,
	[PROXY_HTTPS] = 443,
	[PROXY_SOCKS5] = 1080,
	[PROXY_SOCKS4A] = 1080,
};

static bool
is_http(enum proxy_type type)
{
	return type == PROXY_HTTP || type == PROXY_HTTPS;
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

const char *
config_proxy_judge_password(enum proxy_type type, const char *password)
{
	size_t len = strlen(password);

	if (len == 0)
		return "is empty";
	if (has_control(password))
		return "has a control character, which no proxy takes";
	if (!is_http(type) && len > SOCKS_MAX)
		return "is longer than the 255 bytes that SOCKS takes";
	if (len > HTTP_MAX)
		return "is longer than 4096 bytes";
	return NULL;
}

/* --- Users and passwords -------------------------------------------------- */

static void
judge_username(const struct section *section, const struct config_proxy *proxy)
{
	struct place place = config_section_place(section, "proxy_username");

	if (is_http(proxy->type) && strchr(proxy->username, ':') != NULL)
		config_section_error(section, "proxy_username", place,
		    ": has a colon, which HTTP takes for its end");
	if (!is_http(proxy->type) && strlen(proxy->username) > SOCKS_MAX)
		config_section_error(section, "proxy_username", place,
		    ": is longer than the 255 bytes that SOCKS takes");
}

/* A file that cannot be read was reported when the section was filled. */
static void
judge_password(const struct section *section, const struct config_proxy *proxy)
{
	char error[WHY_MAX];
	char *text = secret_load(&proxy->password, error, sizeof error);
	const char *why = NULL;

	if (text != NULL && !secret_is_redacted(&proxy->password))
		why = config_proxy_judge_password(proxy->type, text);
	secret_free(text);
	if (why != NULL)
		config_section_error(section, "proxy_password",
		    config_section_place(section, "proxy_password"), "%s: %s",
		    proxy->password.path != NULL ? "_file" : "", why);
}

/* SOCKS4 has a user without a password; the others have both or none. */
static void
judge_login(const struct section *section, const struct config_proxy *proxy)
{
	bool has_user = config_section_gives(section, "proxy_username");
	bool has_password = config_section_gives(section, "proxy_password");

	if (proxy->type == PROXY_SOCKS4A && has_password)
		config_section_error(section, "proxy_password",
		    config_section_place(section, "proxy_password"),
		    "cannot be given to a proxy of type socks4a");
	else if (proxy->type != PROXY_SOCKS4A && has_user != has_password)
		config_section_error(section,
		    has_user ? "proxy_password" : "proxy_username",
		    config_section_place(section,
			has_user ? "proxy_username" : "proxy_password"),
		    "is required: a proxy takes a user and a password or "
		    "neither");
	if (proxy->username != NULL)
		judge_username(section, proxy);
	if (has_password)
		judge_password(section, proxy);
}

/* --- Trust ---------------------------------------------------------------- */

static void
judge_authorities(const struct section *section,
    const struct config_proxy *proxy)
{
	struct place place = config_section_place(section, "proxy_ca_cert");
	const char *suffix = proxy->ca_cert.path != NULL ? "_file" : "";
	char why[WHY_MAX], *text;

	if (proxy->type != PROXY_HTTPS) {
		config_section_error(section, "proxy_ca_cert", place,
		    "%s: is for a proxy of type https", suffix);
		return;
	}
	text = secret_load(&proxy->ca_cert, why, sizeof why);
	if (text != NULL && strstr(text, "-----BEGIN CERTIFICATE") != NULL &&
	    !tls_pem_judge_authorities(text, why, sizeof why))
		config_section_error(section, "proxy_ca_cert", place,
		    "%s: it %s", suffix, why);
	secret_free(text);
}

/* --- All keys ------------------------------------------------------------- */

/* Without a host the other keys have no effect, which nobody wants. */
static void
refuse_others(const struct section *section)
{
	static const char *const names[] = { "proxy_port", "proxy_type",
		"proxy_username", "proxy_password", "proxy_ca_cert" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (config_section_gives(section, names[i])) {
			config_section_error(section, "proxy_host",
			    config_section_place(section, names[i]),
			    "is required beside %s", names[i]);
			return;
		}
}

/* Nothing follows from a wrong proxy_type, whose error is written once. */
static bool
is_type_wrong(const struct section *section, const struct config_proxy *proxy)
{
	return config_section_gives(section, "proxy_type") &&
	    proxy->type == PROXY_NONE;
}

void
config_proxy_read(const struct section *section, struct config_proxy *proxy)
{
	if (!config_section_gives(section, "proxy_host"))
		refuse_others(section);
	if (proxy->host == NULL || is_type_wrong(section, proxy))
		return;
	if (proxy->type == PROXY_NONE)
		proxy->type = PROXY_HTTP;
	if (proxy->port == 0)
		proxy->port = default_ports[proxy->type];
	proxy->label = config_peer_label(proxy->host, proxy->port);
	judge_login(section, proxy);
	if (config_section_gives(section, "proxy_ca_cert"))
		judge_authorities(section, proxy);
}

bool
config_proxy_equal(const struct config_proxy *a, const struct config_proxy *b)
{
	return text_equal(a->label, b->label) && a->type == b->type &&
	    text_equal(a->username, b->username) &&
	    secret_equal(&a->password, &b->password) &&
	    secret_equal(&a->ca_cert, &b->ca_cert);
}
