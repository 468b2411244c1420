/* SPDX-License-Identifier: PostgreSQL */

#include "http/site.h"

#include <stddef.h>

#include "config/config.h"
#include "http/guard.h"

enum http_phase
http_site_phase(struct http_site *site)
{
	return (enum http_phase)atomic_load(&site->phase);
}

/* Call with the mutex. */
static const struct config *
config_of(const struct http_site *site)
{
	return site->view.cfg != NULL ? site->view.cfg : site->setup.cfg;
}

bool
http_site_allows_host(struct http_site *site, const char *host)
{
	const struct config *cfg;
	bool is_allowed;

	pthread_mutex_lock(&site->mutex);
	cfg = config_of(site);
	is_allowed = cfg->http_host_count == 0 ||
	    http_guard_is_listed(host, cfg->http_hosts, cfg->http_host_count);
	pthread_mutex_unlock(&site->mutex);
	return is_allowed;
}

bool
http_site_shows_status(struct http_site *site)
{
	bool shows;

	pthread_mutex_lock(&site->mutex);
	shows = config_of(site)->http_status;
	pthread_mutex_unlock(&site->mutex);
	return shows;
}

const struct http_view *
http_site_lock(struct http_site *site)
{
	pthread_mutex_lock(&site->mutex);
	if (site->view.cfg != NULL)
		return &site->view;
	pthread_mutex_unlock(&site->mutex);
	return NULL;
}

void
http_site_unlock(struct http_site *site)
{
	pthread_mutex_unlock(&site->mutex);
}
