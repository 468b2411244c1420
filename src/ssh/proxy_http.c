/* SPDX-License-Identifier: PostgreSQL */

/*
 * The head of an answer, read line by line.  Proxies say with one status what
 * has many causes; squid tells the cause in a header of its own, others only in
 * their reason phrase, which is quoted.  A body is not waited for: some proxies
 * leave the connection open behind it.
 */
#include "ssh/proxy_http.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "key/base64.h"

/* A piece of the answer; borrowed. */
struct piece {
	const char *at;
	size_t len;
};

struct status {
	unsigned code;
	struct piece line; /* "HTTP/1.1 200 Connection established" */
};

/* --- The request ---------------------------------------------------------- */

/* As xasprintf(), which may leave copies behind where its buffer grew. */
static char *print_once(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

static char *
print_once(const char *format, ...)
{
	va_list args, again;
	char *text;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	text = xmalloc((size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	va_end(args);
	return text;
}

/* RFC 7617: "Proxy-Authorization: Basic ..." and the end of its line. */
static char *
authorization(const struct ssh_proxy_asked *asked)
{
	char *login = print_once("%s:%s", asked->username, asked->password);
	size_t len = strlen(login);
	char *text = xmalloc(BASE64_TEXT_SIZE(len)), *header;

	base64_encode(text, (const unsigned char *)login, len);
	header = print_once("Proxy-Authorization: Basic %s\r\n", text);
	secret_free(text);
	secret_free(login);
	return header;
}

char *
ssh_proxy_http_request(const struct ssh_proxy_asked *asked)
{
	char *target = config_peer_label(asked->host, asked->port);
	char *header = asked->username != NULL ? authorization(asked)
					       : xstrdup("");
	char *request = print_once("CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n",
	    target, target, header);

	secret_free(header);
	free(target);
	return request;
}

/* --- Lines ---------------------------------------------------------------- */

/*
 * Take a line off the front, without its end, which may be a single LF (RFC
 * 9112, 2.2).  False: there is no whole one.
 */
static bool
take_line(struct piece *rest, struct piece *line)
{
	const char *end = memchr(rest->at, '\n', rest->len);

	if (end == NULL)
		return false;
	*line = (struct piece){ rest->at, (size_t)(end - rest->at) };
	rest->len -= line->len + 1;
	rest->at = end + 1;
	if (line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* The value, if this is the line of a header of that name. */
static bool
is_header(struct piece line, const char *name, struct piece *value)
{
	size_t len = strlen(name);

	if (line.len <= len || strncasecmp(line.at, name, len) != 0 ||
	    line.at[len] != ':')
		return false;
	*value = (struct piece){ line.at + len + 1, line.len - len - 1 };
	while (value->len > 0 && (*value->at == ' ' || *value->at == '\t')) {
		value->at++;
		value->len--;
	}
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 Connection established"; the reason may be missing. */
static bool
read_status(struct piece line, struct status *status)
{
	const char *at = line.at;

	if (line.len < 12 || memcmp(at, "HTTP/", 5) != 0 || !is_digit(at[5]) ||
	    at[6] != '.' || !is_digit(at[7]) || at[8] != ' ' ||
	    !is_digit(at[9]) || !is_digit(at[10]) || !is_digit(at[11]) ||
	    (line.len > 12 && at[12] != ' '))
		return false;
	status->code = (unsigned)(at[9] - '0') * 100 +
	    (unsigned)(at[10] - '0') * 10 + (unsigned)(at[11] - '0');
	status->line = line;
	return true;
}

/* Whether an answer of HTTP may begin like this. */
static bool
may_be_http(const unsigned char *bytes, size_t len)
{
	static const char begin[] = "HTTP/";
	size_t known = sizeof begin - 1;

	return memcmp(bytes, begin, len < known ? len : known) == 0;
}

/* --- Who may use the proxy ------------------------------------------------ */

/* The names of the schemes in the challenges of an answer. */
struct schemes {
	char names[100]; /* "Negotiate, NTLM" */
	bool has_basic;
};

static void
add_scheme(struct schemes *schemes, struct piece name)
{
	size_t used = strlen(schemes->names);
	char text[24];

	text_printable(text, sizeof text, name.at, name.len);
	schemes->has_basic |= strcasecmp(text, "Basic") == 0;
	if (text[0] != '\0')
		snprintf(schemes->names + used, sizeof schemes->names - used,
		    "%s%s", used > 0 ? ", " : "", text);
}

/* How far a quoted text reaches, its quotes included. */
static size_t
quoted_len(struct piece value)
{
	size_t len = 1;

	while (len < value.len && value.at[len] != '"')
		len += value.at[len] == '\\' ? 2 : 1;
	return len < value.len ? len + 1 : value.len;
}

/* How far an element of a list with commas reaches. */
static size_t
element_len(struct piece value)
{
	size_t len = 0;

	while (len < value.len && value.at[len] != ',')
		len += value.at[len] == '"'
		    ? quoted_len(
			  (struct piece){ value.at + len, value.len - len })
		    : 1;
	return len;
}

static size_t
word_len(struct piece text)
{
	size_t len = 0;

	while (len < text.len && text.at[len] != ' ' && text.at[len] != '=')
		len++;
	return len;
}

/*
 * RFC 9110, 11.6.1: schemes and their parameters are elements of one list, and
 * an element that begins with "name=" is a parameter of the scheme before.
 */
static void
read_challenge(struct schemes *schemes, struct piece value)
{
	while (value.len > 0) {
		size_t len = element_len(value), skip = 0, word;

		while (skip < len && value.at[skip] == ' ')
			skip++;
		word = word_len((struct piece){ value.at + skip, len - skip });
		if (skip + word == len || value.at[skip + word] == ' ')
			add_scheme(schemes,
			    (struct piece){ value.at + skip, word });
		if (len < value.len)
			len++;
		value.at += len;
		value.len -= len;
	}
}

static void
fail_login(struct piece headers, bool has_login,
    struct ssh_proxy_answer *answer)
{
	struct schemes schemes = { 0 };
	struct piece line, value;

	while (take_line(&headers, &line))
		if (is_header(line, "Proxy-Authenticate", &value) ||
		    is_header(line, "WWW-Authenticate", &value))
			read_challenge(&schemes, value);
	if (schemes.names[0] != '\0' && !schemes.has_basic) {
		ssh_proxy_answer_fail(answer, FAIL_PROXY_AUTH_METHOD);
		snprintf(answer->words, sizeof answer->words, "it offers %s",
		    schemes.names);
	} else {
		ssh_proxy_answer_fail(answer,
		    has_login ? FAIL_PROXY_AUTH_REJECTED
			      : FAIL_PROXY_AUTH_WANTED);
	}
}

/* --- Why not -------------------------------------------------------------- */

/* X-Squid-Error: the beginning of its value, which ends in an errno. */
static const struct {
	const char *error;
	enum failure code;
} squid_errors[] = {
	{ "ERR_CONNECT_FAIL 111", FAIL_PROXY_JUMP_REFUSED },
	{ "ERR_CONNECT_FAIL 110", FAIL_PROXY_JUMP_TIMEOUT },
	{ "ERR_CONNECT_FAIL 113", FAIL_PROXY_JUMP_UNREACHABLE },
	{ "ERR_CONNECT_FAIL 101", FAIL_PROXY_JUMP_UNREACHABLE },
	{ "ERR_CONNECT_FAIL", FAIL_PROXY_JUMP_UNREACHED },
	{ "ERR_CANNOT_FORWARD", FAIL_PROXY_JUMP_UNREACHED },
	{ "ERR_DNS_FAIL", FAIL_PROXY_JUMP_UNKNOWN },
	{ "ERR_ACCESS_DENIED", FAIL_PROXY_FORBIDS },
};

static enum failure
of_squid(struct piece error)
{
	for (size_t i = 0; i < sizeof squid_errors / sizeof *squid_errors;
	     i++) {
		size_t len = strlen(squid_errors[i].error);

		if (error.len >= len &&
		    memcmp(error.at, squid_errors[i].error, len) == 0)
			return squid_errors[i].code;
	}
	return FAIL_NONE;
}

static enum failure
of_status(unsigned code)
{
	switch (code) {
	case 403:
		return FAIL_PROXY_FORBIDS;
	case 500:
	case 502:
	case 503:
		return FAIL_PROXY_JUMP_UNREACHED;
	case 504:
		return FAIL_PROXY_JUMP_TIMEOUT;
	default:
		return FAIL_PROXY_NO_CONNECT;
	}
}

static bool
find_header(struct piece headers, const char *name, struct piece *value)
{
	struct piece line;

	while (take_line(&headers, &line))
		if (is_header(line, name, value))
			return true;
	return false;
}

static void
quote(const struct status *status, struct piece squid,
    struct ssh_proxy_answer *answer)
{
	char error[80] = "";

	text_printable(answer->said, sizeof answer->said / 2, status->line.at,
	    status->line.len);
	text_printable(error, sizeof error, squid.at, squid.len);
	if (error[0] != '\0') {
		size_t used = strlen(answer->said);

		snprintf(answer->said + used, sizeof answer->said - used,
		    ", X-Squid-Error: %s", error);
	}
}

/* tinyproxy 1.11.1 says 401 where 407 is meant. */
static bool
is_about_login(unsigned code)
{
	return code == 407 || code == 401;
}

static void
judge(const struct status *status, struct piece headers, bool has_login,
    struct ssh_proxy_answer *answer)
{
	struct piece squid = { "", 0 };
	enum failure code;

	find_header(headers, "X-Squid-Error", &squid);
	quote(status, squid, answer);
	if (status->code / 100 == 2) {
		answer->progress = SSH_PROXY_OPEN;
		return;
	}
	if (is_about_login(status->code)) {
		fail_login(headers, has_login, answer);
		return;
	}
	code = of_squid(squid);
	ssh_proxy_answer_fail(answer,
	    code != FAIL_NONE ? code : of_status(status->code));
	if (answer->code == FAIL_PROXY_JUMP_TIMEOUT)
		snprintf(answer->words, sizeof answer->words,
		    "in the time that it allows itself");
}

/* --- The answer ----------------------------------------------------------- */

/*
 * Take a whole head off the front: its status line, and its headers up to the
 * empty line.
 */
static bool
take_head(struct piece *rest, struct piece *first, struct piece *headers)
{
	struct piece left = *rest, line;

	if (!take_line(&left, first))
		return false;
	*headers = left;
	while (take_line(&left, &line))
		if (line.len == 0) {
			headers->len = (size_t)(line.at - headers->at);
			*rest = left;
			return true;
		}
	return false;
}

/* A head of 1xx is followed by another one (RFC 9110, 15.2). */
void
ssh_proxy_http_read(const unsigned char *bytes, size_t len, bool is_ended,
    bool has_login, struct ssh_proxy_answer *answer)
{
	struct piece rest = { (const char *)bytes, len }, line, headers;
	struct status status = { 0 };

	*answer = (struct ssh_proxy_answer){ .progress = SSH_PROXY_MORE };
	if (!may_be_http(bytes, len)) {
		ssh_proxy_answer_stranger(answer, bytes, len, is_ended,
		    FAIL_PROXY_NOT_HTTP);
		return;
	}
	while (take_head(&rest, &line, &headers)) {
		if (!read_status(line, &status)) {
			ssh_proxy_answer_stranger(answer, bytes, len, true,
			    FAIL_PROXY_NOT_HTTP);
			return;
		}
		if (status.code / 100 == 1)
			continue;
		answer->used = len - rest.len;
		judge(&status, headers, has_login, answer);
		return;
	}
}
