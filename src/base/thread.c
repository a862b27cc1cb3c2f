#include "base/thread.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

enum errc thread_start(const char *name, size_t stack_size, void *(*run)(void *), void *arg,
    pthread_t *thread_out, struct err *err)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int rc;

	assert(strlen(name) <= 15);
	(void)pthread_attr_init(&attr);
	/* sanitizers want far more than the system's minimum, so a refused size keeps the default */
	(void)pthread_attr_setstacksize(&attr, stack_size);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(thread_out, &attr, run, arg);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	if (rc != 0)
		return err_set(err, ERR_UNAVAIL, "thread %s: %s", name, strerror(rc));
	(void)pthread_setname_np(*thread_out, name);
	return OK;
}

void thread_join(pthread_t thread)
{
	int rc = pthread_join(thread, NULL);

	assert(rc == 0);
	(void)rc;
}
