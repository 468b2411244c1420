/* SPDX-License-Identifier: PostgreSQL */

/*
 * The policy of host trust.  The files are read before the handshake, because
 * they decide which type of key to ask for.  The verdict judges the bytes of
 * the key that was shown.  A key marked @revoked is refused whatever else would
 * trust it.  We ask for certificates only where a line names an authority, and
 * never for SHA-1 and DSA.  A certificate that does not vouch for the host is
 * dropped, and its key judged as if it had none.
 */
#include "ssh/hostkey_trust.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "key/ssh_certificate.h"
#include "key/ssh_key.h"
#include "key/ssh_wire.h"
#include "ssh/algorithms.h"
#include "ssh/host_certificate.h"
#include "ssh/hostkey_wanted.h"
#include "ssh/known_hosts.h"
#include "ssh/known_name.h"

struct ssh_hostkey_trust {
	const struct config_jump *jump;
	struct known_hosts known;
	char algorithms[SSH_HOSTKEY_WANTED_SIZE];
	const char *at;                   /* as in ssh_hostkey_trust_verify() */
	char trusted_by[FAULT_WORDS_MAX]; /* "is pinned"; "": not trusted */
	/* Why the key's certificate was not taken; FAIL_NONE: no reason. */
	struct ssh_host_certificate_verdict certificate;
};

/* A key that was shown, and its names in messages. */
struct shown {
	const unsigned char *blob;
	size_t len;
	char type[40]; /* "ssh-ed25519" */
	char fingerprint[64];
};

/* --- What is known ----------------------------------------------------- */

/* Pins and `any` leave nothing to lines but to revoke a key. */
static bool
is_judged_by_lines(const struct config_jump *jump)
{
	return jump->trust == TRUST_KNOWN_HOSTS ||
	    jump->trust == TRUST_ACCEPT_NEW;
}

/*
 * Read one file.  An unreadable file is an error only where files can make a
 * key trusted, not where they can only revoke one.
 */
static bool
read_file(struct ssh_hostkey_trust *trust, const char *file,
    struct fault *fault)
{
	const struct config_jump *jump = trust->jump;

	if (ssh_known_name_read(&trust->known, file, jump) ||
	    !is_judged_by_lines(jump))
		return true;
	fault_set(fault, FAIL_HOSTKEY_UNREADABLE, "%s: %s", file,
	    strerror(errno));
	return false;
}

static bool
read_files(struct ssh_hostkey_trust *trust, struct fault *fault)
{
	const struct config_jump *jump = trust->jump;

	for (size_t i = 0; i < jump->known_hosts_count; i++)
		if (!read_file(trust, jump->known_hosts[i], fault))
			return false;
	return jump->trust != TRUST_ACCEPT_NEW ||
	    jump->accept_new_file == NULL ||
	    read_file(trust, jump->accept_new_file, fault);
}

struct ssh_hostkey_trust *
ssh_hostkey_trust_read(const struct config_jump *jump, struct fault *fault)
{
	struct ssh_hostkey_trust *trust = xcalloc(1, sizeof *trust);

	trust->jump = jump;
	if (!read_files(trust, fault)) {
		ssh_hostkey_trust_free(trust);
		return NULL;
	}
	ssh_hostkey_wanted(&trust->known, is_judged_by_lines(jump),
	    trust->algorithms);
	return trust;
}

const char *
ssh_hostkey_trust_algorithms(const struct ssh_hostkey_trust *trust)
{
	return trust->algorithms;
}

enum failure
ssh_hostkey_trust_prepare(const struct config_jump *jump,
    LIBSSH2_SESSION *session, struct ssh_hostkey_trust **out,
    struct fault *fault)
{
	int rc;

	*out = ssh_hostkey_trust_read(jump, fault);
	if (*out == NULL)
		return fault->code;
	rc = libssh2_session_method_pref(session, LIBSSH2_METHOD_HOSTKEY,
	    (*out)->algorithms);
	assert(rc == 0);
	return FAIL_NONE;
}

/* --- The verdict ------------------------------------------------------- */

static const struct known_host *
find_key(const struct known_hosts *known, enum known_host_mark mark,
    const struct shown *shown)
{
	return known_hosts_find_key(known, mark, shown->blob, shown->len);
}

static struct shown
describe(const unsigned char *blob, size_t len)
{
	struct shown shown = { .blob = blob, .len = len };
	struct ssh_wire wire = { blob, len }, name = { blob, 0 };

	ssh_wire_string(&wire, &name);
	text_printable(shown.type, sizeof shown.type, name.at, name.left);
	ssh_key_fingerprint(blob, len, shown.fingerprint);
	return shown;
}

/* The files that were read, "a, b"; the caller frees the text. */
static char *
asked_files(const struct config_jump *jump)
{
	char *list = xstrdup(""), *longer;

	for (size_t i = 0; i < jump->known_hosts_count; i++) {
		longer = xasprintf("%s%s%s", list, i > 0 ? ", " : "",
		    jump->known_hosts[i]);
		free(list);
		list = longer;
	}
	return list;
}

/*
 * The key is not the trusted one: fail with `one` where the name has one
 * address, with `many` where each of its addresses may be another machine.
 */
static enum failure __attribute__((format(printf, 5, 6)))
differs(const struct ssh_hostkey_trust *trust, struct fault *fault,
    enum failure one, enum failure many, const char *words, ...)
{
	char text[FAULT_WORDS_MAX];
	va_list args;

	va_start(args, words);
	vsnprintf(text, sizeof text, words, args);
	va_end(args);
	if (trust->at == NULL)
		return fault_set(fault, one, "it shows %s", text);
	return fault_set(fault, many, "at %s it shows %s", trust->at, text);
}

/* The key is trusted: note by what. */
static enum failure __attribute__((format(printf, 4, 5)))
trusted(struct ssh_hostkey_trust *trust, const struct shown *shown,
    struct fault *fault, const char *by, ...)
{
	va_list args;

	va_start(args, by);
	vsnprintf(trust->trusted_by, sizeof trust->trusted_by, by, args);
	va_end(args);
	fault_note(fault, "host key %s %s %s", shown->type, shown->fingerprint,
	    trust->trusted_by);
	return FAIL_NONE;
}

static enum failure
unknown(const struct ssh_hostkey_trust *trust, const struct shown *shown,
    struct fault *fault)
{
	const char *alias = trust->jump->host_key_alias;
	char *files = asked_files(trust->jump);

	fault_set(fault, FAIL_HOSTKEY_UNKNOWN, "it shows %s %s, not in %s%s%s",
	    shown->type, shown->fingerprint,
	    *files != '\0' ? files : "any known_hosts file, as none is set",
	    alias != NULL ? " under the name " : "",
	    alias != NULL ? alias : "");
	if (trust->known.bad_lines > 0)
		fault_note(fault, "invalid lines in these files: %u",
		    trust->known.bad_lines);
	free(files);
	return fault->code;
}

/*
 * Judge by the files: a line has this key, a line contradicts it, or no line
 * names the host (FAIL_HOSTKEY_UNKNOWN, with no fault set).
 */
static enum failure
ask_files(struct ssh_hostkey_trust *trust, const struct shown *shown,
    struct fault *fault)
{
	const struct known_hosts *known = &trust->known;
	const struct known_host *same = find_key(known, KNOWN_HOST_KEY, shown);
	const struct known_host *line = known_hosts_find(known, KNOWN_HOST_KEY,
	    false, shown->type);

	if (same != NULL && (!same->is_bare || line == NULL))
		return trusted(trust, shown, fault, "is known by %s:%u",
		    same->file, same->line);
	if (line != NULL)
		return differs(trust, fault, FAIL_HOSTKEY_CHANGED,
		    FAIL_HOSTKEY_ONE_OF_MANY,
		    "%s %s but %s:%u has another %s key", shown->type,
		    shown->fingerprint, line->file, line->line, line->type);
	line = known_hosts_find(known, KNOWN_HOST_KEY, false, NULL);
	if (line != NULL)
		return differs(trust, fault, FAIL_HOSTKEY_CHANGED,
		    FAIL_HOSTKEY_ONE_OF_MANY,
		    "%s %s but %s:%u has a key of type %s", shown->type,
		    shown->fingerprint, line->file, line->line, line->type);
	return FAIL_HOSTKEY_UNKNOWN;
}

/* It shows a key alone, where lines name authorities alone. */
static enum failure
uncertified(const struct known_host *line, const struct shown *shown,
    struct fault *fault)
{
	return fault_set(fault,
	    ssh_algorithms_has_certificates ? FAIL_HOSTKEY_UNCERTIFIED
					    : FAIL_HOSTKEY_AUTHORITY,
	    "it shows %s %s, %s:%u names an authority only", shown->type,
	    shown->fingerprint, line->file, line->line);
}

static enum failure
judge_by_files(struct ssh_hostkey_trust *trust, const struct shown *shown,
    struct fault *fault)
{
	enum failure code = ask_files(trust, shown, fault);
	const struct known_host *line;

	if (code != FAIL_HOSTKEY_UNKNOWN)
		return code;
	if (trust->certificate.code != FAIL_NONE)
		return fault_set(fault, trust->certificate.code, "%s",
		    trust->certificate.words);
	line = ssh_hostkey_wanted_authority(&trust->known);
	return line != NULL ? uncertified(line, shown, fault)
			    : unknown(trust, shown, fault);
}

static bool
is_pinned(const struct config_jump *jump, const struct shown *shown)
{
	for (size_t i = 0; i < jump->pin_count; i++)
		if (strcmp(jump->pins[i], shown->fingerprint) == 0)
			return true;
	return false;
}

static enum failure
judge_by_pins(struct ssh_hostkey_trust *trust, const struct shown *shown,
    struct fault *fault)
{
	const struct config_jump *jump = trust->jump;

	if (is_pinned(jump, shown))
		return trusted(trust, shown, fault, "is pinned");
	if (jump->pin_count == 1)
		return differs(trust, fault, FAIL_HOSTKEY_PIN,
		    FAIL_HOSTKEY_PIN_OF_MANY, "%s %s, the pin is %s",
		    shown->type, shown->fingerprint, jump->pins[0]);
	return differs(trust, fault, FAIL_HOSTKEY_PIN, FAIL_HOSTKEY_PIN_OF_MANY,
	    "%s %s, which is none of the %zu pins", shown->type,
	    shown->fingerprint, jump->pin_count);
}

/*
 * Remember a new key.  If that fails, go on as ssh does: the key will be new
 * the next time, too.  False: another process has meanwhile remembered another
 * key.
 */
static bool
remember(const struct config_jump *jump, const struct shown *shown)
{
	const char *file = jump->accept_new_file, *error = "no state directory";

	if (file != NULL &&
	    ssh_known_name_write(file, jump, shown->type, shown->blob,
		shown->len)) {
		log_info("host key remembered", log_str("jump", jump->label),
		    log_str("type", shown->type),
		    log_str("fingerprint", shown->fingerprint),
		    log_str("file", file));
		return true;
	}
	if (file != NULL && errno == EEXIST)
		return false;
	if (file != NULL)
		error = strerror(errno);
	log_warning("host key accepted but not remembered",
	    log_str("jump", jump->label), log_str("type", shown->type),
	    log_str("fingerprint", shown->fingerprint), log_str("file", file),
	    log_str("error", error));
	return true;
}

static enum failure
judge_anew(struct ssh_hostkey_trust *trust, const struct shown *shown,
    struct fault *fault)
{
	struct ssh_hostkey_trust *anew = ssh_hostkey_trust_read(trust->jump,
	    fault);
	enum failure code;

	if (anew == NULL)
		return fault->code;
	anew->at = trust->at;
	anew->certificate = trust->certificate;
	code = judge_by_files(anew, shown, fault);
	memcpy(trust->trusted_by, anew->trusted_by, sizeof trust->trusted_by);
	ssh_hostkey_trust_free(anew);
	return code;
}

static enum failure
judge_by_first_use(struct ssh_hostkey_trust *trust, const struct shown *shown,
    struct fault *fault)
{
	enum failure code = ask_files(trust, shown, fault);

	if (code != FAIL_HOSTKEY_UNKNOWN)
		return code;
	if (!remember(trust->jump, shown))
		return judge_anew(trust, shown, fault);
	return trusted(trust, shown, fault, "is new and was accepted");
}

static enum failure
judge_any(struct ssh_hostkey_trust *trust, const struct shown *shown,
    struct fault *fault)
{
	log_warning("host key is not verified",
	    log_str("jump", trust->jump->label), log_str("type", shown->type),
	    log_str("fingerprint", shown->fingerprint));
	return trusted(trust, shown, fault, "was not verified");
}

static enum failure
judge_key(struct ssh_hostkey_trust *trust, const struct shown *shown,
    struct fault *fault)
{
	static enum failure (*const policies[])(struct ssh_hostkey_trust *,
	    const struct shown *, struct fault *) = {
		[TRUST_KNOWN_HOSTS] = judge_by_files,
		[TRUST_PINS] = judge_by_pins,
		[TRUST_ACCEPT_NEW] = judge_by_first_use,
		[TRUST_ANY] = judge_any,
	};

	return policies[trust->jump->trust](trust, shown, fault);
}

static enum failure
judge_certificate(struct ssh_hostkey_trust *trust, struct ssh_wire bytes,
    const struct shown *key, struct fault *fault)
{
	const struct ssh_host_certificate_case of = { &trust->known,
		ssh_known_name_bare(trust->jump), (uint64_t)time(NULL) };
	struct ssh_host_certificate_verdict *verdict = &trust->certificate;
	enum failure code;

	*verdict = ssh_host_certificate_judge(bytes, &of);
	if (verdict->code == FAIL_NONE)
		return trusted(trust, key, fault, "%s", verdict->words);
	if (verdict->is_final)
		return fault_set(fault, verdict->code, "%s", verdict->words);
	code = judge_key(trust, key, fault);
	if (code != verdict->code)
		fault_note(fault, "its certificate was not taken: %s",
		    verdict->words);
	return code;
}

static enum failure
refuse_revoked(const struct known_host *line, const struct shown *shown,
    struct fault *fault)
{
	return fault_set(fault, FAIL_HOSTKEY_REVOKED,
	    "it shows %s %s, revoked by %s:%u", shown->type, shown->fingerprint,
	    line->file, line->line);
}

enum failure
ssh_hostkey_trust_judge(struct ssh_hostkey_trust *trust,
    const unsigned char *blob, size_t len, struct fault *fault)
{
	const struct ssh_wire bytes = { blob, len };
	const struct known_hosts *known = &trust->known;
	struct shown shown = describe(blob, len);
	const struct known_host *line = find_key(known, KNOWN_HOST_REVOKED,
	    &shown);
	struct ssh_blob key;
	enum failure code;

	if (line == NULL)
		line = ssh_host_certificate_revoked(bytes, known);
	if (line != NULL)
		return refuse_revoked(line, &shown, fault);
	if (!ssh_certificate_key(bytes, &key))
		return judge_key(trust, &shown, fault);
	shown = describe(key.bytes, key.len);
	code = judge_certificate(trust, bytes, &shown, fault);
	free(key.bytes);
	return code;
}

const char *
ssh_hostkey_trust_by(const struct ssh_hostkey_trust *trust)
{
	return trust->trusted_by;
}

enum ssh_hostkey_trust_standing
ssh_hostkey_trust_standing(const struct ssh_hostkey_trust *trust,
    const unsigned char *blob, size_t len, const struct known_host **line)
{
	const struct shown shown = describe(blob, len);
	const struct known_hosts *known = &trust->known;

	*line = find_key(known, KNOWN_HOST_REVOKED, &shown);
	if (*line != NULL)
		return SSH_HOSTKEY_REVOKED;
	if (trust->jump->trust == TRUST_PINS || trust->jump->trust == TRUST_ANY)
		return is_pinned(trust->jump, &shown) ? SSH_HOSTKEY_PINNED
						      : SSH_HOSTKEY_NEW;
	*line = find_key(known, KNOWN_HOST_KEY, &shown);
	if (*line != NULL)
		return SSH_HOSTKEY_KNOWN;
	*line = known_hosts_find(known, KNOWN_HOST_KEY, false, shown.type);
	return *line != NULL ? SSH_HOSTKEY_CHANGED : SSH_HOSTKEY_NEW;
}

enum failure
ssh_hostkey_trust_verify(struct ssh_hostkey_trust *trust,
    LIBSSH2_SESSION *session, const char *at, struct fault *fault)
{
	const char *blob;
	size_t len;
	int type;

	blob = libssh2_session_hostkey(session, &len, &type);
	assert(blob != NULL); /* a handshake ends with one */
	trust->at = at;
	return ssh_hostkey_trust_judge(trust, (const unsigned char *)blob, len,
	    fault);
}

const struct known_host *
ssh_hostkey_trust_authority(const struct ssh_hostkey_trust *trust)
{
	return is_judged_by_lines(trust->jump)
	    ? ssh_hostkey_wanted_authority(&trust->known)
	    : NULL;
}

void
ssh_hostkey_trust_free(struct ssh_hostkey_trust *trust)
{
	if (trust == NULL)
		return;
	known_hosts_clear(&trust->known);
	free(trust);
}
