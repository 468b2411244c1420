/* SPDX-License-Identifier: PostgreSQL */

/*
 * News for the workers that share a jump box: a dial has ended.  One mutex; any
 * thread.
 */
#ifndef PGJUMP_JUMP_NEWS_H
#define PGJUMP_JUMP_NEWS_H

struct jump_news;
struct mailbox;

struct jump_news *jump_news_new(void);
void jump_news_free(struct jump_news *); /* nobody watches any more */

/* Call `on_news` in the thread of the mailbox after each jump_news_post(). */
void jump_news_watch(struct jump_news *, struct mailbox *,
    void (*on_news)(void *arg), void *arg);

/*
 * End the watch of this `arg`: its callback is not called again, even for news
 * that is under way.  In the thread of its mailbox.
 */
void jump_news_unwatch(struct jump_news *, void *arg);

/* Tell every watcher, the one that posts included. */
void jump_news_post(struct jump_news *);

#endif
