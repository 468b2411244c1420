/* SPDX-License-Identifier: PostgreSQL */

/*
 * Two lists of channels.  A user may close its stream at any time.  A closed
 * channel changes lists and is freed only here, between the calls of users.
 */
#include "ssh/channels.h"

#include "base/clock.h"
#include "key/ssh_memory.h"
#include "ssh/transport.h"

/*
 * A session with more zombies, none of which is answered for this long, is not
 * sound.
 */
#define ZOMBIES_MAX     8
#define CLOSE_ANSWER_MS 5000

/*
 * libssh2 searches all packets it holds in every call.  With 900 channels, 2000
 * packets of two blocks each cost about 10 ms a turn.
 */
#define UNREAD_MUCH 1024
#define UNREAD_MAX  4096

/*
 * Blocks that libssh2 holds at most, with an open and a key exchange in flight.
 */
#define BLOCKS_OF_SESSION 128
#define BLOCKS_OF_CHANNEL 2

#define BLOCKS_OF_PACKET 2
/*
 * Bytes that libssh2 holds at most, with the packets that come during a key
 * exchange.  A jump box may have a link for each client, so megabytes would add
 * up.
 */
#define BYTES_OF_SESSION ((size_t)768 << 10)
#define BYTES_OF_CHANNEL 2048

void
ssh_channels_init(struct ssh_channels *channels)
{
	TAILQ_INIT(&channels->live);
	TAILQ_INIT(&channels->zombies);
	channels->live_count = channels->zombie_count = 0;
	channels->zombies_ms = 0;
	channels->at_rest = SIZE_MAX;
}

struct stream *
ssh_channels_add(struct ssh_channels *channels, LIBSSH2_CHANNEL *take,
    struct ssh_channel_host *host)
{
	struct ssh_channel *channel = ssh_channel_new(take, host);

	TAILQ_INSERT_TAIL(&channels->live, channel, entry);
	channels->live_count++;
	return &channel->stream;
}

void
ssh_channels_add_zombie(struct ssh_channels *channels, LIBSSH2_CHANNEL *take,
    struct ssh_channel_host *host)
{
	struct ssh_channel *channel;

	if (take == NULL)
		return;
	channel = ssh_channel_new(take, host);
	TAILQ_INSERT_TAIL(&channels->zombies, channel, entry);
	channels->zombie_count++;
}

void
ssh_channels_measured(struct ssh_channel_host *host, int64_t us)
{
	if (us > 0 && (host->rtt_us == 0 || us < host->rtt_us))
		host->rtt_us = us;
}

LIBSSH2_CHANNEL *
ssh_channels_any(const struct ssh_channels *channels)
{
	const struct ssh_channel *any = TAILQ_FIRST(&channels->live);

	if (any == NULL)
		any = TAILQ_FIRST(&channels->zombies);
	return any != NULL ? any->channel : NULL;
}

void
ssh_channels_grant(struct ssh_channels *channels)
{
	struct ssh_channel *channel;

	TAILQ_FOREACH(channel, &channels->live, entry)
		ssh_channel_grant(channel);
}

static void
bury(struct ssh_channels *channels, struct ssh_channel *channel)
{
	TAILQ_REMOVE(&channels->live, channel, entry);
	TAILQ_INSERT_TAIL(&channels->zombies, channel, entry);
	channels->live_count--;
	channels->zombie_count++;
}

/*
 * As long as one zombie after another is freed, their number does not matter.
 */
static void
note_progress(struct ssh_channels *channels, bool has_freed)
{
	if (channels->zombie_count == 0)
		channels->zombies_ms = 0;
	else if (has_freed || channels->zombies_ms == 0)
		channels->zombies_ms = clock_ms();
}

static bool
are_stuck(const struct ssh_channels *channels)
{
	return channels->zombie_count > ZOMBIES_MAX &&
	    clock_ms() - channels->zombies_ms >= CLOSE_ANSWER_MS;
}

static void
free_zombies(struct ssh_channels *channels)
{
	struct ssh_channel *channel, *next;
	size_t before = channels->zombie_count;

	for (channel = TAILQ_FIRST(&channels->zombies); channel != NULL;
	     channel = next) {
		next = TAILQ_NEXT(channel, entry);
		TAILQ_REMOVE(&channels->zombies, channel, entry);
		if (ssh_channel_free(channel))
			channels->zombie_count--;
		else
			TAILQ_INSERT_HEAD(&channels->zombies, channel, entry);
	}
	note_progress(channels, channels->zombie_count < before);
}

static size_t
count_of(const struct ssh_channels *channels)
{
	return channels->live_count + channels->zombie_count;
}

/*
 * Once every channel has read, a packet more than ever before may be one that
 * no read returns.  A packet that has come in part is a single block.
 */
static bool
may_hold_unread(struct ssh_channels *channels, size_t blocks)
{
	size_t rest = blocks - BLOCKS_OF_CHANNEL * count_of(channels);

	if (rest < channels->at_rest)
		channels->at_rest = rest;
	return rest >= channels->at_rest + BLOCKS_OF_PACKET;
}

void
ssh_channels_pump(struct ssh_channels *channels, struct ssh_channel_host *host)
{
	struct ssh_channel *channel, *next;

	for (channel = TAILQ_FIRST(&channels->live); channel != NULL;
	     channel = next) {
		/* Only the channel's own user may close it in the call. */
		if (!channel->is_closing)
			ssh_channel_pump(channel);
		next = TAILQ_NEXT(channel, entry);
		if (channel->is_closing)
			bury(channels, channel);
	}
	host->holds_unread = may_hold_unread(channels,
	    ssh_transport_memory(host->transport)->blocks);
	free_zombies(channels);
}

enum ssh_channels_verdict
ssh_channels_judge(const struct ssh_channels *channels,
    const struct ssh_memory *memory)
{
	size_t count = count_of(channels);
	size_t in_use = BLOCKS_OF_SESSION + BLOCKS_OF_CHANNEL * count;

	if (memory->blocks > in_use + UNREAD_MAX ||
	    memory->held > BYTES_OF_SESSION + BYTES_OF_CHANNEL * count)
		return SSH_CHANNELS_CUT;
	if (memory->blocks > in_use + UNREAD_MUCH || are_stuck(channels))
		return SSH_CHANNELS_RETIRE;
	return SSH_CHANNELS_FINE;
}

enum ssh_channels_verdict
ssh_channels_enforce(const struct ssh_channels *channels,
    struct ssh_transport *transport)
{
	enum ssh_channels_verdict verdict = ssh_channels_judge(channels,
	    ssh_transport_memory(transport));

	if (verdict == SSH_CHANNELS_CUT)
		ssh_transport_cut(transport);
	return verdict;
}

void
ssh_channels_clear(struct ssh_channels *channels)
{
	struct ssh_channel *channel;

	while ((channel = TAILQ_FIRST(&channels->live)) != NULL)
		bury(channels, channel);
	while ((channel = TAILQ_FIRST(&channels->zombies)) != NULL) {
		TAILQ_REMOVE(&channels->zombies, channel, entry);
		ssh_channel_forget(channel);
	}
}
