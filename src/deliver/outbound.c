#include "deliver/outbound.h"

static enum errc none_accept(void *arg, const struct route_target *target, struct err *err)
{
	(void)arg;
	return err_set(err, ERR_UNAVAIL,
	    target->kind == ROUTE_PIPE ? "there is no queue for commands on this server"
				       : "there is no queue for mail to other servers here");
}

static enum errc none_enqueue(void *arg, struct db *db, const struct route_target *target,
    struct str sender, struct str message, struct err *err)
{
	(void)db;
	(void)sender;
	(void)message;
	return none_accept(arg, target, err);
}

const struct outbound outbound_none = { .accept = none_accept, .enqueue = none_enqueue };
