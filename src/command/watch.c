/* SPDX-License-Identifier: PostgreSQL */

/*
 * inotify(7) on directories: a file is replaced more often than it is written,
 * and its name stays.  Each symbolic link on the way is watched in its own
 * directory, since Kubernetes changes a whole volume by one rename of a link
 * that no path names.  Writing alone is no change: only its end is.
 */
#include "command/watch.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/files.h"

/* As many as the kernel follows (path_resolution(7)). */
#define LINKS_MAX 40

#define ENDS_OF_CHANGE (IN_CLOSE_WRITE | IN_MOVED_TO)

/* A name in a watched directory. */
struct watched {
	int dir; /* a watch descriptor */
	char *name;
};

struct watch {
	struct event_base *base;
	void (*on_change)(void *arg);
	void *arg;
	int fd; /* -1: nothing is watched */
	struct event *readable, *quiet;
	struct watched *names;
	size_t count, room;
};

/* --- What is watched ------------------------------------------------------ */

static void
add_name(struct watch *watch, const char *dir, const char *name)
{
	int descriptor = inotify_add_watch(watch->fd, dir,
	    ENDS_OF_CHANGE | IN_CREATE | IN_ONLYDIR);

	if (descriptor < 0) {
		log_warning("cannot watch a directory", log_str("path", dir),
		    log_str("error", strerror(errno)));
		return;
	}
	if (watch->count == watch->room) {
		watch->room = watch->room > 0 ? 2 * watch->room : 16;
		watch->names = xreallocarray(watch->names, watch->room,
		    sizeof *watch->names);
	}
	watch->names[watch->count++] = (struct watched){
		.dir = descriptor,
		.name = xstrdup(name),
	};
}

/* What a symbolic link holds, which the caller frees; NULL: it is none. */
static char *
read_link(const char *path)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof target - 1);

	return len > 0 ? xstrndup(target, (size_t)len) : NULL;
}

/* "dir" and "rest" as one path; an absolute rest stands alone. */
static char *
join(const char *dir, const char *rest)
{
	return rest[0] == '/' ? xstrdup(rest) : xasprintf("%s/%s", dir, rest);
}

/* A path, split before the name at which the walk is. */
struct walk {
	char *path;
	size_t at;
};

/* Paths begin with "/" or "./". */
static void
begin(struct walk *walk, char *take_path)
{
	walk->path = take_path;
	walk->at = take_path[0] == '/' ? 1 : 2;
}

/* The name is a link to `target`: walk on from there. */
static void
follow(struct walk *walk, const char *dir, const char *target)
{
	size_t len = strcspn(walk->path + walk->at, "/");
	char *to = join(dir, target);
	char *path = xasprintf("%s%s", to, walk->path + walk->at + len);

	free(to);
	free(walk->path);
	begin(walk, path);
}

/* Go on by one name; returns whether that was a link. */
static bool
step(struct watch *watch, struct walk *walk)
{
	size_t len = strcspn(walk->path + walk->at, "/");
	char *dir = walk->at > 1 ? xstrndup(walk->path, walk->at - 1)
				 : xstrdup("/");
	char *name = xstrndup(walk->path + walk->at, len);
	char *whole = xstrndup(walk->path, walk->at + len);
	char *target = len > 0 ? read_link(whole) : NULL;
	bool is_last = walk->path[walk->at + len] == '\0';

	if (target != NULL || (is_last && len > 0))
		add_name(watch, dir, name);
	if (target != NULL)
		follow(walk, dir, target);
	else
		walk->at += len + !is_last;
	free(whole);
	free(name);
	free(dir);
	free(target);
	return target != NULL;
}

/* Watch each link on the way, then the file itself. */
static void
add_path(void *arg, const char *path)
{
	struct walk walk;
	unsigned links = 0;

	begin(&walk, join(".", path));
	while (walk.path[walk.at] != '\0' && links < LINKS_MAX)
		links += step(arg, &walk);
	free(walk.path);
}

/* --- Events --------------------------------------------------------------- */

/* A name that appears is whole only if it is a link. */
static bool
is_whole(const struct inotify_event *event)
{
	return (event->mask & ENDS_OF_CHANGE) != 0 ||
	    (event->mask & (IN_CREATE | IN_ISDIR)) == IN_CREATE;
}

static bool
concerns(const struct watch *watch, const struct inotify_event *event)
{
	if ((event->mask & IN_Q_OVERFLOW) != 0)
		return true;
	for (size_t i = 0; event->len > 0 && i < watch->count; i++)
		if (watch->names[i].dir == event->wd &&
		    (strcmp(watch->names[i].name, "*") == 0 ||
			strcmp(watch->names[i].name, event->name) == 0))
			return is_whole(event);
	return false;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	union {
		struct inotify_event first;
		char bytes[4096];
	} buf;
	struct watch *watch = arg;
	struct timeval quiet = clock_timeval(WATCH_QUIET_MS);
	bool has_changed = false;
	ssize_t got;

	(void)what;
	while ((got = read(fd, &buf, sizeof buf)) > 0)
		for (char *at = buf.bytes; at < buf.bytes + got;) {
			const struct inotify_event *event = (void *)at;

			has_changed |= concerns(watch, event);
			at += sizeof *event + event->len;
		}
	if (has_changed)
		event_add(watch->quiet, &quiet);
}

static void
on_quiet(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;

	(void)fd, (void)what;
	watch->on_change(watch->arg);
}

/* --- Life ----------------------------------------------------------------- */

struct watch *
watch_open(struct event_base *base, void (*on_change)(void *arg), void *arg)
{
	struct watch *watch = xcalloc(1, sizeof *watch);

	watch->base = base;
	watch->on_change = on_change;
	watch->arg = arg;
	watch->fd = -1;
	watch->quiet = loop_event(base, -1, 0, on_quiet, watch);
	return watch;
}

static void
forget(struct watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		free(watch->names[i].name);
	watch->count = 0;
	if (watch->fd < 0)
		return;
	event_free(watch->readable);
	close(watch->fd);
	watch->fd = -1;
}

/*
 * A change between the old descriptor and the new one would be missed, so the
 * old one is read last and closed.
 */
void
watch_set(struct watch *watch, const struct config *cfg)
{
	bool is_wanted = cfg->reload == RELOAD_BY_WATCHING;
	struct watch before = *watch;

	watch->fd = -1;
	watch->names = NULL;
	watch->count = watch->room = 0;
	if (is_wanted)
		watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (is_wanted && watch->fd < 0)
		log_error("cannot watch files",
		    log_str("error", strerror(errno)));
	if (watch->fd >= 0) {
		watch->readable = loop_event(watch->base, watch->fd,
		    EV_READ | EV_PERSIST, on_readable, watch);
		event_add(watch->readable, NULL);
		config_files_each(cfg, add_path, watch);
	}
	if (before.fd >= 0)
		on_readable(before.fd, EV_READ, &before);
	forget(&before);
	free(before.names);
}

void
watch_close(struct watch *watch)
{
	if (watch == NULL)
		return;
	forget(watch);
	event_free(watch->quiet);
	free(watch->names);
	free(watch);
}
