/* SPDX-License-Identifier: PostgreSQL */

/*
 * Questions and answers are lines of the terminal.  Only "yes" and the
 * fingerprint itself trust a key, as with ssh.
 */
#include "check/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fault.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "check/board.h"
#include "check/question.h"
#include "check/report.h"
#include "check/talk.h"
#include "config/config.h"
#include "config/hops.h"
#include "config/jump.h"
#include "key/ssh_key.h"
#include "ssh/known_name.h"

#define ANSWER_MAX     256
#define PASSPHRASE_MAX 1024
#define TRIES          3 /* of a passphrase, as with ssh */

bool
check_ask_is_possible(void)
{
	struct check_talk talk;
	bool is_possible;

	check_talk_open(&talk, NULL);
	is_possible = talk.tty >= 0;
	check_talk_close(&talk);
	return is_possible;
}

/* --- A host key ------------------------------------------------------------
 */

static char *
trim(char *line)
{
	size_t len = strlen(line);

	while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
		line[--len] = '\0';
	return line + strspn(line, " \t");
}

static bool
wants_trust(struct check_talk *talk, const struct check_question *question)
{
	const char *file = question->jump->known_hosts[0];
	char line[ANSWER_MAX];

	check_talk_say(talk,
	    "\nThe host key of jump box %s is not known: %s\n%s\n"
	    "Compare the fingerprint by another path first.  Trust this key, "
	    "and add it to\n%s (yes, no or the fingerprint)? ",
	    question->jump->label, question->type, question->fingerprint, file);
	while (check_talk_hear(talk, line, sizeof line)) {
		const char *answer = trim(line);

		if (strcasecmp(answer, "yes") == 0 ||
		    strcmp(answer, question->fingerprint) == 0)
			return true;
		if (strcasecmp(answer, "no") == 0)
			return false;
		check_talk_say(talk,
		    "Please type yes, no or the fingerprint: ");
	}
	check_talk_say(talk, "\n");
	return false;
}

static bool
add(const struct check_talk *talk, const struct check_question *question)
{
	const char *file = question->jump->known_hosts[0];

	if (!ssh_known_name_write(file, question->jump, question->type,
		question->hostkey, question->hostkey_len)) {
		check_talk_say(talk, "It cannot be added to %s: %s.\n", file,
		    errno == EEXIST
			? "another key of this type was added meanwhile"
			: strerror(errno));
		return false;
	}
	check_talk_say(talk, "Added to %s.\n\n", file);
	return true;
}

/* --- A passphrase ----------------------------------------------------------
 */

/* Whether a passphrase opens the key at all. */
static bool
opens(const struct check_question *question, const char *passphrase)
{
	const struct secrets *keys = &question->jump->private_keys;
	char error[FAULT_WORDS_MAX];
	char *text = secret_load(&keys->list[question->key], error,
	    sizeof error);
	struct ssh_key key = { 0 };
	bool is_good = text != NULL &&
	    ssh_key_judge(text, passphrase, &key) == SSH_KEY_GOOD;

	ssh_key_clear(&key);
	secret_free(text);
	return is_good;
}

static void
name_key(const struct check_talk *talk, const struct check_question *question)
{
	const struct config_jump *jump = question->jump;
	const char *path = jump->private_keys.list[question->key].path;

	if (path != NULL)
		check_talk_say(talk, "Passphrase of %s", path);
	else
		check_talk_say(talk, "Passphrase of the private key");
	check_talk_say(talk, " for jump box %s: ", jump->label);
}

/* An empty line gives up. */
static bool
hear_passphrase(struct check_talk *talk, struct config *cfg,
    const struct check_question *question)
{
	const struct secrets *keys = &question->jump->private_keys;
	char line[PASSPHRASE_MAX];
	bool is_good = false;

	for (int i = 0; i < TRIES && !is_good && talk->signal == 0; i++) {
		check_talk_hide(talk);
		name_key(talk, question);
		if (!check_talk_hear_secret(talk, line, sizeof line) ||
		    line[0] == '\0')
			break;
		is_good = opens(question, line);
		if (is_good)
			config_set_passphrase(cfg, &keys->list[question->key],
			    line);
		else
			check_talk_say(talk, "It does not open this key.\n");
	}
	secret_wipe(line, sizeof line);
	return is_good;
}

/* --- Questions -------------------------------------------------------------
 */

static bool
ask(struct check_talk *talk, struct config *cfg,
    const struct check_question *question)
{
	if (talk->tty < 0 || talk->signal != 0)
		return false;
	switch (question->about) {
	case CHECK_QUESTION_NOTHING:
		break;
	case CHECK_QUESTION_HOSTKEY:
		return wants_trust(talk, question) && add(talk, question);
	case CHECK_QUESTION_PASSPHRASE:
		return hear_passphrase(talk, cfg, question);
	}
	return false;
}

/* The same key, wherever it is used. */
static bool
is_same(const struct check_question *a, const struct check_question *b)
{
	if (a->about != b->about)
		return false;
	switch (a->about) {
	case CHECK_QUESTION_NOTHING:
		break;
	case CHECK_QUESTION_HOSTKEY:
		return config_jump_has_same_host_key(a->jump, b->jump);
	case CHECK_QUESTION_PASSPHRASE:
		return secret_equal(&a->jump->private_keys.list[a->key],
		    &b->jump->private_keys.list[b->key]);
	}
	return false;
}

/* The earlier question that was the same one; `index`: there is none. */
static size_t
find_same(const struct check_question questions[], size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (is_same(&questions[i], &questions[index]))
			return i;
	return index;
}

static void
ask_all(struct check_talk *talk, struct config *cfg,
    const struct check_question questions[], size_t count,
    enum check_answer answers[])
{
	for (size_t i = 0; i < count; i++) {
		size_t same = find_same(questions, i);

		if (same < i)
			answers[i] = answers[same];
		else
			answers[i] = ask(talk, cfg, &questions[i])
			    ? CHECK_ANSWER_YES
			    : CHECK_ANSWER_NO;
	}
}

static struct check_question *
read_questions(struct check_board *const boards[], size_t count)
{
	struct check_question *questions = xcalloc(count, sizeof *questions);
	struct check_report *report = xmalloc(sizeof *report);

	for (size_t i = 0; i < count; i++) {
		check_board_look(boards[i], report);
		questions[i] = report->question;
	}
	free(report);
	return questions;
}

int
check_ask_boards(struct config *cfg, struct check_board *const boards[],
    size_t count, const struct check_talk_signals *signals,
    enum check_answer answers[])
{
	struct check_question *questions = read_questions(boards, count);
	struct check_talk talk;

	check_talk_open(&talk, signals);
	ask_all(&talk, cfg, questions, count, answers);
	check_talk_close(&talk);
	free(questions);
	return talk.signal;
}

int
check_ask_keys(struct config *cfg,
    const struct config_connection *const connections[], size_t count,
    const struct check_talk_signals *signals)
{
	struct check_question *questions = xcalloc(count, sizeof *questions);
	enum check_answer *answers = xcalloc(count, sizeof *answers);
	struct check_talk talk;

	check_talk_open(&talk, signals);
	for (unsigned hop = 1; hop <= CONFIG_HOPS_MAX; hop++) {
		for (size_t i = 0; i < count; i++)
			check_question_expect(connections[i], hop,
			    &questions[i]);
		ask_all(&talk, cfg, questions, count, answers);
	}
	check_talk_close(&talk);
	free(questions);
	free(answers);
	return talk.signal;
}
