/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which prompts may be answered with a password, and that no text is read past
 * its length.
 */
#include "ssh/prompt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* An exact heap copy, without the NUL. */
static enum ssh_prompt
judge(const char *text, bool is_shown)
{
	size_t len = strlen(text);
	char *copy = malloc(len > 0 ? len : 1);
	enum ssh_prompt kind;

	assert_non_null(copy);
	memcpy(copy, text, len);
	kind = ssh_prompt_judge(copy, len, is_shown);
	free(copy);
	return kind;
}

static void
every_one_is(const char *const *texts, enum ssh_prompt kind)
{
	for (; *texts != NULL; texts++)
		if (judge(*texts, false) != kind)
			fail_msg("\"%s\" is %d", *texts, judge(*texts, false));
}

static void
prompts_for_a_password(void **state)
{
	static const char *const texts[] = {
		"Password: ",
		"password for alice: ",
		"alice@token.example's password:",
		"Password for alice@CODE.EXAMPLE: ",
		"Password for pin:",
		"LDAP Password: ",
		"Passwort: ",
		"Mot de passe : ",
		"Contraseña: ",
		"Пароль: ",
		"密码：",
		"パスワード: ",
		"Not the code of your token.\nPassword: ",
		"Warning: your password will expire in 3 days.\nPassword: ",
		"Typing is hidden. Password:",
		NULL,
	};

	(void)state;
	every_one_is(texts, SSH_PROMPT_PASSWORD);
}

static void
prompts_that_do_not_say(void **state)
{
	static const char *const texts[] = {
		"Favourite colour?",
		"Pasahitza: ",
		"> ",
		"",
		" \n",
		NULL,
	};

	(void)state;
	every_one_is(texts, SSH_PROMPT_HIDDEN);
}

static void
prompts_for_a_code(void **state)
{
	static const char *const texts[] = {
		"Verification code: ",
		"Password & verification code: ",
		"One-time password (OATH) for `alice': ",
		"One time password: ",
		"Enter PASSCODE: ",
		"Passcode or option (1-3): ",
		"YubiKey for `alice': ",
		"TOTP:",
		"Enter your PIN:",
		"(PIN)",
		"token",
		"Second factor: ",
		"Welcome.\nVerification code: \n",
		"Password for the token: ",
		"Bestätigungscode: ",
		"Código de verificación: ",
		"Codice di verifica: ",
		"Код подтверждения: ",
		"確認コード: ",
		"请输入验证码: ",
		NULL,
	};

	(void)state;
	every_one_is(texts, SSH_PROMPT_CODE);
}

static void
prompts_for_a_new_password(void **state)
{
	static const char *const texts[] = {
		"You are required to change your password immediately "
		"(administrator enforced).\nCurrent password: ",
		"Changing password for alice.\nCurrent password: ",
		"New password: ",
		"Retype new password: ",
		"Password expired. Change your password now.\nPassword: ",
		NULL,
	};

	(void)state;
	every_one_is(texts, SSH_PROMPT_CHANGE);
}

static void
an_instruction_may_name_a_code(void **state)
{
	static const char text[] = "Enter the code that was sent.\nThank you.";

	(void)state;
	assert_true(ssh_prompt_names_code(text, strlen(text)));
	assert_false(ssh_prompt_names_code(text, strlen("Enter the co")));
	assert_false(ssh_prompt_names_code("", 0));
}

static void
what_is_shown_is_no_password(void **state)
{
	(void)state;
	assert_int_equal(judge("Password: ", true), SSH_PROMPT_OTHER);
	assert_int_equal(judge("login: ", true), SSH_PROMPT_OTHER);
	assert_int_equal(judge("Passcode: ", true), SSH_PROMPT_CODE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prompts_for_a_password),
		cmocka_unit_test(prompts_that_do_not_say),
		cmocka_unit_test(prompts_for_a_code),
		cmocka_unit_test(an_instruction_may_name_a_code),
		cmocka_unit_test(prompts_for_a_new_password),
		cmocka_unit_test(what_is_shown_is_no_password),
	};

	return cmocka_run_group_tests_name("ssh_prompt", tests, NULL, NULL);
}
