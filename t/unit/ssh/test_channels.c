/* SPDX-License-Identifier: PostgreSQL */

/*
 * The lists of a link, with channels that do nothing: when a closed one becomes
 * a zombie, when a zombie goes, and when too many stay for too long.
 */
#include "ssh/channels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "key/ssh_memory.h"
#include "ssh/transport.h"

static int64_t now_ms = 1000;
static size_t answers; /* how many of our closes the peer answers */
static struct ssh_channel *closed_in_call;
static struct ssh_channel_host the_host;
static struct ssh_memory memory = { .blocks = 1000 }; /* libssh2's */
static size_t unread; /* how many of them are kept until their user reads */

int64_t
clock_ms(void)
{
	return now_ms;
}

const struct ssh_memory *
ssh_transport_memory(const struct ssh_transport *transport)
{
	(void)transport;
	return &memory;
}

void
ssh_transport_cut(struct ssh_transport *transport)
{
	(void)transport;
}

struct ssh_channel *
ssh_channel_new(LIBSSH2_CHANNEL *take, struct ssh_channel_host *host)
{
	struct ssh_channel *channel = xcalloc(1, sizeof *channel);

	channel->channel = take;
	channel->host = host;
	return channel;
}

void
ssh_channel_pump(struct ssh_channel *channel)
{
	memory.blocks -= unread;
	unread = 0;
	if (channel == closed_in_call)
		channel->is_closing = true;
}

void
ssh_channel_grant(struct ssh_channel *channel)
{
	(void)channel;
}

bool
ssh_channel_free(struct ssh_channel *channel)
{
	if (answers == 0)
		return false;
	answers--;
	free(channel);
	return true;
}

void
ssh_channel_forget(struct ssh_channel *channel)
{
	free(channel);
}

static struct ssh_channel *
add_live(struct ssh_channels *channels)
{
	/* a channel is a stream, first of all */
	return (
	    struct ssh_channel *)ssh_channels_add(channels, NULL, &the_host);
}

static void
add_closed(struct ssh_channels *channels, int count)
{
	for (int i = 0; i < count; i++)
		add_live(channels)->is_closing = true;
	ssh_channels_pump(channels, &the_host);
}

static void
a_closed_channel_stays_until_its_peer_answers(void **state)
{
	struct ssh_channels channels;

	(void)state;
	answers = 0;
	ssh_channels_init(&channels);
	add_live(&channels);
	add_closed(&channels, 1);
	assert_int_equal(channels.live_count, 1);
	assert_int_equal(channels.zombie_count, 1);
	answers = 1;
	ssh_channels_pump(&channels, &the_host);
	assert_int_equal(channels.live_count, 1);
	assert_int_equal(channels.zombie_count, 0);
	ssh_channels_clear(&channels);
}

static void
a_channel_may_be_closed_in_its_own_call(void **state)
{
	struct ssh_channels channels;

	(void)state;
	answers = 1;
	ssh_channels_init(&channels);
	add_live(&channels);
	closed_in_call = add_live(&channels);
	add_live(&channels);
	ssh_channels_pump(&channels, &the_host);
	assert_int_equal(channels.live_count, 2);
	assert_int_equal(channels.zombie_count, 0);
	closed_in_call = NULL;
	ssh_channels_clear(&channels);
}

static const struct ssh_memory nothing;

static void
eight_zombies_are_no_trouble(void **state)
{
	struct ssh_channels channels;

	(void)state;
	answers = 0;
	ssh_channels_init(&channels);
	add_closed(&channels, 8);
	now_ms += 60000;
	ssh_channels_pump(&channels, &the_host);
	assert_int_equal(ssh_channels_judge(&channels, &nothing),
	    SSH_CHANNELS_FINE);
	ssh_channels_clear(&channels);
}

static void
nine_that_stay_for_five_seconds_are(void **state)
{
	struct ssh_channels channels;

	(void)state;
	answers = 0;
	ssh_channels_init(&channels);
	add_closed(&channels, 9);
	now_ms += 4999;
	ssh_channels_pump(&channels, &the_host);
	assert_int_equal(ssh_channels_judge(&channels, &nothing),
	    SSH_CHANNELS_FINE);
	now_ms += 1;
	ssh_channels_pump(&channels, &the_host);
	assert_int_equal(ssh_channels_judge(&channels, &nothing),
	    SSH_CHANNELS_RETIRE);
	ssh_channels_clear(&channels);
}

static void
many_that_go_one_after_another_are_not(void **state)
{
	struct ssh_channels channels;

	(void)state;
	answers = 0;
	ssh_channels_init(&channels);
	add_closed(&channels, 20);
	for (int i = 0; i < 5; i++) {
		now_ms += 4000;
		answers = 1;
		ssh_channels_pump(&channels, &the_host);
		assert_int_equal(ssh_channels_judge(&channels, &nothing),
		    SSH_CHANNELS_FINE);
	}
	now_ms += 5000;
	assert_int_equal(ssh_channels_judge(&channels, &nothing),
	    SSH_CHANNELS_RETIRE);
	ssh_channels_clear(&channels);
}

/*
 * A session with this many channels and unread packets, which hold this many
 * bytes besides what the session needs.
 */
static enum ssh_channels_verdict
verdict(int channels_in_use, size_t packets, size_t bytes)
{
	struct ssh_channels channels;
	enum ssh_channels_verdict verdict;
	struct ssh_memory holds = {
		.blocks = 100 + 2 * (size_t)channels_in_use + 2 * packets,
		.held = (100 << 10) + 1000 * (size_t)channels_in_use + bytes,
	};

	ssh_channels_init(&channels);
	for (int i = 0; i < channels_in_use; i++)
		add_live(&channels);
	verdict = ssh_channels_judge(&channels, &holds);
	ssh_channels_clear(&channels);
	return verdict;
}

static void
what_nobody_reads_retires_a_session_and_cuts_it(void **state)
{
	static const int counts[] = { 0, 48, 900 };

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		assert_int_equal(verdict(counts[i], 500, 0), SSH_CHANNELS_FINE);
		assert_int_equal(verdict(counts[i], 600, 0),
		    SSH_CHANNELS_RETIRE);
		assert_int_equal(verdict(counts[i], 2000, 0),
		    SSH_CHANNELS_RETIRE);
		assert_int_equal(verdict(counts[i], 2100, 0), SSH_CHANNELS_CUT);
	}
}

static void
a_few_large_packets_cut_a_session(void **state)
{
	static const int counts[] = { 0, 48, 900 };

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		assert_int_equal(verdict(counts[i], 10, 512 << 10),
		    SSH_CHANNELS_FINE);
		assert_int_equal(verdict(counts[i], 60, 2 << 20),
		    SSH_CHANNELS_CUT);
	}
}

/* Two blocks a channel, and those of the session. */
static bool
holds_unread(struct ssh_channels *channels, size_t now)
{
	memory.blocks = now;
	ssh_channels_pump(channels, &the_host);
	return the_host.holds_unread;
}

static void
what_is_left_when_all_have_read_is_noticed(void **state)
{
	struct ssh_channels channels;

	(void)state;
	ssh_channels_init(&channels);
	add_live(&channels);
	assert_false(holds_unread(&channels, 22));
	add_live(&channels);
	assert_false(holds_unread(&channels, 24));
	assert_false(holds_unread(&channels, 25)); /* half of a packet */
	assert_true(holds_unread(&channels, 26));
	assert_false(holds_unread(&channels, 24));
	unread = 4;
	assert_false(holds_unread(&channels, 28));
	ssh_channels_clear(&channels);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_channel_stays_until_its_peer_answers),
		cmocka_unit_test(a_channel_may_be_closed_in_its_own_call),
		cmocka_unit_test(eight_zombies_are_no_trouble),
		cmocka_unit_test(nine_that_stay_for_five_seconds_are),
		cmocka_unit_test(many_that_go_one_after_another_are_not),
		cmocka_unit_test(what_is_left_when_all_have_read_is_noticed),
		cmocka_unit_test(
		    what_nobody_reads_retires_a_session_and_cuts_it),
		cmocka_unit_test(a_few_large_packets_cut_a_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
