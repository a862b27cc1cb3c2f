/*
 * auth/sasl_int.h - between sasl.c and sasl_scram.c. Messages are decoded.
 */
#pragma once

#include "auth/sasl.h"

/* sasl_cram.c: a challenge that was never sent before, as a message id; on the heap. */
char *sasl_cram_challenge(struct str hostname);

struct sasl_scram *scram_new(const struct sasl_setting *setting);
void scram_free(struct sasl_scram **scramp);

/* The client's first message: who it is. Views into `scram`. ERR_SYNTAX, ERR_DENIED, ERR_UNAVAIL. */
NODISCARD enum errc scram_first(struct sasl_scram *scram, enum sasl_mechanism mechanism,
    struct str message, struct credentials *credentials_out, struct err *err);

/* The answer to it, in `scram` until its next call. */
NODISCARD enum errc scram_answer(struct sasl_scram *scram, const struct scram_keys *keys,
    struct str *answer_out, struct err *err);

/* The client's proof. OK: the server's signature is to be sent. ERR_DENIED, ERR_SYNTAX. */
NODISCARD enum errc scram_proof(
    struct sasl_scram *scram, struct str message, struct str *answer_out, struct err *err);
