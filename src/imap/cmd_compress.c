/*
 * imap/cmd_compress.c - COMPRESS (RFC 4978). The connection does it (net/deflate.h); TLS here never compresses.
 */
#include "imap/imap_int.h"

enum imap_run imap_run_compress(struct imap_session *s)
{
	if (!str_equal_nocase(s->command.mechanism, STR("DEFLATE"))) {
		imap_reply(s, REPLY_BAD, NULL, "DEFLATE is what there is");
		return RUN_DONE;
	}
	if (s->base.compressed) {
		imap_reply(s, REPLY_NO, "COMPRESSIONACTIVE", "COMPRESS is active already");
		return RUN_DONE;
	}
	if (!s->env->conf->compress) {
		imap_reply(s, REPLY_NO, "CANNOT", "compression is switched off");
		return RUN_DONE;
	}
	imap_reply(s, REPLY_OK, NULL, "compressed from here on");
	return RUN_DEFLATE;
}
