/*
 * bench/blast_report.h - what the load generator noted down, and how it says so.
 */
#pragma once

#include "bench/blast_message.h"

/* One slot for each message that may be sent; filled in as messages end, in the order of their ends. */
struct blast_record {
	size_t room;
	size_t ended;	       /* messages with an answer */
	uint64_t deliveries;   /* recipients whose copy was acknowledged */
	uint64_t failures;     /* recipients refused, and those of broken connections */
	uint64_t bytes;	       /* of acknowledged copies */
	uint32_t *latency_us;  /* MAIL written to last answer read, by order of ends */
	uint64_t *ended_us;    /* since the start, by order of ends */
	unsigned char *stored; /* by message number and recipient */
	char first_failure[256];
	double prepare_seconds, seconds, cpu_seconds;
};

void blast_record_init(struct blast_record *record, size_t messages, size_t rcpts);
void blast_record_release(struct blast_record *record);

/*
 * Write one line for people, or an object of JSON, to standard output.
 *
 * block  deliveries a second of each block of so many messages are added; 0: not
 */
void blast_report_line(const struct blast_record *record);
void blast_report_json(const struct blast_record *record, size_t block);
