/*
 * The thread that tells and hears, with an engine in memory.
 */
#include "tests/cm.h"

#include "db/news.h"

#include <poll.h>
#include <semaphore.h>

#define TELLS 10

/* A node that is never done: with each thing that it tells the next one is committed. */
struct engine {
	struct db_driver driver;
	struct db_conn conn;
	struct news *news;
	int told, heard_between; /* the thread's, until `over` */
	bool heard;
	sem_t over;
};

static const struct change some_change = { .owner = 4, .kind = CHANGE_MAIL };

static enum errc connect_it(
    struct db_driver *driver, enum db_role role, struct db_conn **conn_out, struct err *err)
{
	(void)role;
	(void)err;
	*conn_out = &((struct engine *)driver)->conn;
	return OK;
}

static void disconnect(struct db_conn **connp)
{
	*connp = NULL;
}

static enum errc listen_there(struct db_conn *conn, struct err *err)
{
	(void)conn;
	(void)err;
	return OK;
}

static struct engine *engine_of(struct db_conn *conn)
{
	return (struct engine *)((char *)conn - offsetof(struct engine, conn));
}

static enum errc tell(struct db_conn *conn, int64_t self, const struct change *changes,
    size_t count, struct err *err)
{
	struct engine *engine = engine_of(conn);

	(void)self;
	(void)changes;
	(void)count;
	(void)err;
	if (engine->told == TELLS)
		return OK;
	engine->heard_between += engine->heard;
	engine->heard = false;
	if (++engine->told == TELLS)
		(void)sem_post(&engine->over);
	else
		news_add(engine->news, &some_change, 1);
	return OK;
}

static enum errc hear(struct db_conn *conn, int64_t self, const struct db_ear *ear,
    int timeout_ms, struct err *err)
{
	struct pollfd wake = { .fd = ear->wake_fd, .events = POLLIN };

	(void)self;
	(void)err;
	engine_of(conn)->heard = true;
	(void)poll(&wake, 1, timeout_ms);
	return OK;
}

static const struct db_ops ops = {
	.engine = DB_PGSQL,
	.connect = connect_it,
	.disconnect = disconnect,
	.listen = listen_there,
	.tell = tell,
	.hear = hear,
};

static void a_node_that_always_has_to_tell_hears_too(void **state)
{
	struct engine engine = { .driver = { .ops = &ops } };
	struct db_pool pool = { .driver = &engine.driver, .settings = { .hears_news = true } };

	(void)state;
	engine.conn.ops = &ops;
	(void)sem_init(&engine.over, 0, 0);
	assert_int_equal(news_new(&pool, &engine.news, NULL), OK);
	news_add(engine.news, &some_change, 1);
	while (sem_wait(&engine.over) < 0)
		continue;
	news_free(&engine.news);
	assert_int_equal(engine.told, TELLS);
	assert_int_equal(engine.heard_between, TELLS);
	(void)sem_destroy(&engine.over);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_that_always_has_to_tell_hears_too),
	};

	return cmocka_run_group_tests_name("db/news", tests, NULL, NULL);
}
