/*
 * The thread that tells and hears, with an engine in memory.
 */
#include "tests/cm.h"

#include "base/log.h"
#include "db/news.h"

#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <unistd.h>

#define TELLS 10

struct engine {
	struct db_driver driver;
	struct db_conn conn;
	struct news *news;
	int away; /* so often it cannot be reached; the thread's, as is what follows */
	int told, heard_between;
	bool heard;
	sem_t open, over; /* somebody listens; all is told */
};

static const struct change some_change = { .owner = 4, .kind = CHANGE_MAIL };

static enum errc connect_it(
    struct db_driver *driver, enum db_role role, struct db_conn **conn_out, struct err *err)
{
	struct engine *engine = (struct engine *)driver;

	(void)role;
	if (engine->away > 0) {
		engine->away--;
		return err_set(err, ERR_UNAVAIL, "connection refused");
	}
	*conn_out = &engine->conn;
	return OK;
}

static void disconnect(struct db_conn **connp)
{
	*connp = NULL;
}

static struct engine *engine_of(struct db_conn *conn)
{
	return (struct engine *)((char *)conn - offsetof(struct engine, conn));
}

static enum errc listen_there(struct db_conn *conn, struct err *err)
{
	(void)err;
	(void)sem_post(&engine_of(conn)->open);
	return OK;
}

/* This node is never done: with each thing that it tells the next one is committed. */
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

static struct news *start(struct engine *engine, struct db_pool *pool)
{
	struct news *news = NULL;

	engine->driver.ops = engine->conn.ops = &ops;
	pool->driver = &engine->driver;
	pool->settings.hears_news = true;
	(void)sem_init(&engine->open, 0, 0);
	(void)sem_init(&engine->over, 0, 0);
	assert_int_equal(news_new(pool, &news, NULL), OK);
	return news;
}

static void wait_for(sem_t *what)
{
	while (sem_wait(what) < 0)
		continue;
}

static void a_server_that_is_away_is_said_once(void **state)
{
	struct log_sink sink = { .fd = open("/dev/null", O_WRONLY | O_CLOEXEC),
		.level = LOG_LEVEL_INFO };
	struct log log = { .sink = &sink, .service = "test" };
	struct engine engine = { .away = 3 };
	struct db_pool pool = { .settings = { .log = &log } };
	struct news *news = start(&engine, &pool);

	(void)state;
	wait_for(&engine.open);
	news_free(&news);
	assert_int_equal(engine.away, 0);
	assert_int_equal(counter_read(&sink.warnings), 1);
	(void)close(sink.fd);
}

static void a_node_that_always_has_to_tell_hears_too(void **state)
{
	struct engine engine = { .told = 0 };
	struct db_pool pool = { .is_open = true };
	struct news *news = start(&engine, &pool);

	(void)state;
	engine.news = news;
	news_add(news, &some_change, 1);
	wait_for(&engine.over);
	news_free(&news);
	assert_int_equal(engine.told, TELLS);
	assert_int_equal(engine.heard_between, TELLS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_is_away_is_said_once),
		cmocka_unit_test(a_node_that_always_has_to_tell_hears_too),
	};

	return cmocka_run_group_tests_name("db/news", tests, NULL, NULL);
}
