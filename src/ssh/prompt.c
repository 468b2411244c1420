/* SPDX-License-Identifier: PostgreSQL */

/*
 * The words are those of PAM modules, RADIUS servers and appliances:
 * pam_google_authenticator, pam_oath, pam_yubico, pam_duo, SecurID; and those
 * of other languages that say "code" or "password" and nothing else.  A prompt
 * that names both asks for a code.
 */
#include "ssh/prompt.h"

#include <string.h>
#include <strings.h>

/* These also count as a part of a longer word: "Passcode", "TOTP". */
static const char *const code_parts[] = {
	"code",
	"token",
	"otp",
	"one-time",
	"onetime",
	"factor",
	"authenticator",
	"yubikey",
	"challenge",
	"response",
	"código",
	"codigo",
	"codice",
	"kód",
	"код",
	"Код",
	"コード",
	"验证码",
	"驗證碼",
	"인증",
};

/* These count only as a whole word. */
static const char *const code_words[] = {
	"pin", "mfa", "2fa", "duo", "time", /* "one time password" */
};

/* These count as a part of a longer word, or as several words. */
static const char *const password_parts[] = {
	"password",
	"passwd",
	"passphrase",
	"passwort",
	"kennwort",
	"mot de passe",
	"contraseña",
	"senha",
	"wachtwoord",
	"lösenord",
	"salasana",
	"hasło",
	"heslo",
	"parola",
	"пароль",
	"Пароль",
	"密码",
	"密碼",
	"パスワード",
	"비밀번호",
};

/* From pam_unix, pam_sss, pam_ldap and sshd itself. */
static const char *const change_phrases[] = {
	"required to change",
	"must change",
	"change your password",
	"changing password",
	"password has expired",
	"password expired",
	"new password",
	"new unix password",
};

struct words {
	const char *at;
	size_t left;
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Whether a text holds a part, ignoring case. */
static bool
holds(struct words text, const char *part)
{
	size_t len = strlen(part);

	for (; text.left >= len; text.at++, text.left--)
		if (strncasecmp(text.at, part, len) == 0)
			return true;
	return false;
}

static bool
is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	    (byte >= '0' && byte <= '9');
}

/* Whether a word, without punctuation at its ends, is this one: "(PIN):". */
static bool
is_word(struct words word, const char *wanted)
{
	while (word.left > 0 && !is_letter(word.at[0]))
		word.at++, word.left--;
	while (word.left > 0 && !is_letter(word.at[word.left - 1]))
		word.left--;
	return word.left == strlen(wanted) &&
	    strncasecmp(word.at, wanted, word.left) == 0;
}

/* Take the next word off the front. */
static bool
next_word(struct words *text, struct words *word)
{
	while (text->left > 0 && strchr(" \t\r\n", text->at[0]) != NULL)
		text->at++, text->left--;
	word->at = text->at;
	while (text->left > 0 && strchr(" \t\r\n", text->at[0]) == NULL)
		text->at++, text->left--;
	word->left = (size_t)(text->at - word->at);
	return word->left > 0;
}

static bool
names_code(struct words word)
{
	for (size_t i = 0; i < COUNT(code_parts); i++)
		if (holds(word, code_parts[i]))
			return true;
	for (size_t i = 0; i < COUNT(code_words); i++)
		if (is_word(word, code_words[i]))
			return true;
	return false;
}

/* A word behind "for", or one with an @, is the name of a user or a host. */
static bool
asks_code(struct words text)
{
	bool is_name = false;
	struct words word;

	while (next_word(&text, &word)) {
		if (!is_name && !holds(word, "@") && names_code(word))
			return true;
		is_name = is_word(word, "for");
	}
	return false;
}

static bool
names_password(struct words text)
{
	for (size_t i = 0; i < COUNT(password_parts); i++)
		if (holds(text, password_parts[i]))
			return true;
	return false;
}

/* The prompt itself; lines above it are messages. */
static struct words
last_line(struct words text)
{
	size_t start;

	while (text.left > 0 && strchr(" \t\r\n", text.at[text.left - 1]))
		text.left--;
	start = text.left;
	while (start > 0 && text.at[start - 1] != '\n')
		start--;
	return (struct words){ text.at + start, text.left - start };
}

bool
ssh_prompt_is_change(const char *text, size_t len)
{
	for (size_t i = 0; i < COUNT(change_phrases); i++)
		if (holds((struct words){ text, len }, change_phrases[i]))
			return true;
	return false;
}

enum ssh_prompt
ssh_prompt_judge(const char *text, size_t len, bool is_shown)
{
	struct words prompt = last_line((struct words){ text, len });

	if (ssh_prompt_is_change(text, len))
		return SSH_PROMPT_CHANGE;
	if (asks_code(prompt))
		return SSH_PROMPT_CODE;
	if (is_shown)
		return SSH_PROMPT_OTHER;
	return names_password(prompt) ? SSH_PROMPT_PASSWORD : SSH_PROMPT_HIDDEN;
}

bool
ssh_prompt_names_code(const char *text, size_t len)
{
	return asks_code((struct words){ text, len });
}
