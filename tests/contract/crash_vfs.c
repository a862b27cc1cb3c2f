#include "tests/cm.h"

#include "tests/contract/crash_vfs.h"

#include "base/heap.h"
#include "base/str.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define SECTOR ((size_t)512)
#define FILES_MAX 8

enum event_kind { EVENT_WRITE, EVENT_TRUNCATE, EVENT_SYNC, EVENT_CREATE, EVENT_REMOVE };

struct event {
	enum event_kind kind;
	size_t file;
	bool of_folder; /* SYNC: of a new log, REMOVE: at once */
	int64_t offset; /* TRUNCATE: the new length */
	size_t n;
	char *bytes;
};

struct content {
	char *p;
	size_t n;
};

/* A file as the replay has it. */
struct disk_file {
	struct content safe, now;
	bool is_safe, is_there; /* in its folder: for certain, at present */
	size_t *pending;	/* events since the last sync */
	size_t pending_count;
};

struct crash_vfs {
	sqlite3_vfs base;
	sqlite3_vfs *real;
	pthread_mutex_t lock; /* guards what follows up to the replay */
	struct event *events;
	size_t count, room;
	char *names[FILES_MAX];
	bool is_log[FILES_MAX], is_new[FILES_MAX];
	size_t file_count;
	_Atomic int failing_syncs;
	_Atomic int64_t bytes_left;

	struct disk_file files[FILES_MAX];
	size_t replayed;
};

struct crash_file {
	sqlite3_file base;
	struct crash_vfs *vfs;
	size_t index;
	bool is_recorded;
	sqlite3_file *real;
};

static struct crash_vfs *vfs_of(sqlite3_vfs *base)
{
	return (struct crash_vfs *)base;
}

static struct crash_file *file_of(sqlite3_file *base)
{
	return (struct crash_file *)base;
}

/* ---- recording ---- */

static void record(struct crash_vfs *vfs, struct event event)
{
	pthread_mutex_lock(&vfs->lock);
	if (vfs->count == vfs->room) {
		vfs->room = vfs->room > 0 ? vfs->room * 2 : 1024;
		vfs->events = xrealloc(vfs->events, vfs->room * sizeof(struct event));
	}
	vfs->events[vfs->count++] = event;
	pthread_mutex_unlock(&vfs->lock);
}

static size_t index_of(struct crash_vfs *vfs, const char *name)
{
	size_t i;

	pthread_mutex_lock(&vfs->lock);
	for (i = 0; i < vfs->file_count; i++) {
		if (str_equal(str_from(vfs->names[i]), str_from(name)))
			break;
	}
	assert_true(i < FILES_MAX);
	if (i == vfs->file_count)
		vfs->names[vfs->file_count++] = xstrdup(name);
	pthread_mutex_unlock(&vfs->lock);
	return i;
}

static int crash_close(sqlite3_file *base)
{
	struct crash_file *file = file_of(base);

	return file->real->pMethods->xClose(file->real);
}

static int crash_read(sqlite3_file *base, void *bytes, int n, sqlite3_int64 offset)
{
	struct crash_file *file = file_of(base);

	return file->real->pMethods->xRead(file->real, bytes, n, offset);
}

static int crash_size(sqlite3_file *base, sqlite3_int64 *size_out)
{
	struct crash_file *file = file_of(base);

	return file->real->pMethods->xFileSize(file->real, size_out);
}

/* Takes what the write makes the file grow from what is left; false: the disk is full. */
static bool take_room(struct crash_file *file, int n, sqlite3_int64 offset)
{
	int64_t left = atomic_load(&file->vfs->bytes_left), grows;
	sqlite3_int64 size = 0;

	if (left < 0)
		return true;
	if (crash_size(&file->base, &size) != SQLITE_OK)
		return false;
	grows = offset + n > size ? offset + n - size : 0;
	if (grows > left)
		return false;
	atomic_store(&file->vfs->bytes_left, left - grows);
	return true;
}

static int crash_write(sqlite3_file *base, const void *bytes, int n, sqlite3_int64 offset)
{
	struct crash_file *file = file_of(base);
	struct event event = { .kind = EVENT_WRITE, .file = file->index, .offset = offset };
	int code;

	if (!take_room(file, n, offset))
		return SQLITE_FULL;
	code = file->real->pMethods->xWrite(file->real, bytes, n, offset);
	if (code != SQLITE_OK || !file->is_recorded)
		return code;
	event.n = (size_t)n;
	event.bytes = xmalloc(event.n);
	memcpy(event.bytes, bytes, event.n);
	record(file->vfs, event);
	return code;
}

static int crash_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct crash_file *file = file_of(base);
	int code = file->real->pMethods->xTruncate(file->real, size);

	if (code == SQLITE_OK && file->is_recorded)
		record(file->vfs,
		    (struct event){
			.kind = EVENT_TRUNCATE, .file = file->index, .offset = size });
	return code;
}

static int crash_sync(sqlite3_file *base, int flags)
{
	struct crash_file *file = file_of(base);
	struct crash_vfs *vfs = file->vfs;
	bool is_new = vfs->is_new[file->index];

	/* the real sync would only cost time: the files live as long as the test */
	(void)flags;
	if (vfs->is_log[file->index] && atomic_load(&vfs->failing_syncs) > 0) {
		(void)atomic_fetch_sub(&vfs->failing_syncs, 1);
		return SQLITE_IOERR_FSYNC;
	}
	vfs->is_new[file->index] = false;
	record(vfs,
	    (struct event){ .kind = EVENT_SYNC, .file = file->index, .of_folder = is_new });
	return SQLITE_OK;
}

static int crash_lock(sqlite3_file *base, int level)
{
	return file_of(base)->real->pMethods->xLock(file_of(base)->real, level);
}

static int crash_unlock(sqlite3_file *base, int level)
{
	return file_of(base)->real->pMethods->xUnlock(file_of(base)->real, level);
}

static int crash_check_lock(sqlite3_file *base, int *locked_out)
{
	return file_of(base)->real->pMethods->xCheckReservedLock(
	    file_of(base)->real, locked_out);
}

static int crash_control(sqlite3_file *base, int what, void *arg)
{
	return file_of(base)->real->pMethods->xFileControl(file_of(base)->real, what, arg);
}

static int crash_sector(sqlite3_file *base)
{
	return file_of(base)->real->pMethods->xSectorSize(file_of(base)->real);
}

static int crash_device(sqlite3_file *base)
{
	return file_of(base)->real->pMethods->xDeviceCharacteristics(file_of(base)->real);
}

static int crash_shm_map(
    sqlite3_file *base, int page, int size, int extend, void volatile **p_out)
{
	return file_of(base)->real->pMethods->xShmMap(
	    file_of(base)->real, page, size, extend, p_out);
}

static int crash_shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
	return file_of(base)->real->pMethods->xShmLock(file_of(base)->real, offset, n, flags);
}

static void crash_shm_barrier(sqlite3_file *base)
{
	file_of(base)->real->pMethods->xShmBarrier(file_of(base)->real);
}

static int crash_shm_unmap(sqlite3_file *base, int remove)
{
	return file_of(base)->real->pMethods->xShmUnmap(file_of(base)->real, remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = crash_close,
	.xRead = crash_read,
	.xWrite = crash_write,
	.xTruncate = crash_truncate,
	.xSync = crash_sync,
	.xFileSize = crash_size,
	.xLock = crash_lock,
	.xUnlock = crash_unlock,
	.xCheckReservedLock = crash_check_lock,
	.xFileControl = crash_control,
	.xSectorSize = crash_sector,
	.xDeviceCharacteristics = crash_device,
	.xShmMap = crash_shm_map,
	.xShmLock = crash_shm_lock,
	.xShmBarrier = crash_shm_barrier,
	.xShmUnmap = crash_shm_unmap,
};

static int crash_open(
    sqlite3_vfs *base, sqlite3_filename name, sqlite3_file *out, int flags, int *flags_out)
{
	struct crash_vfs *vfs = vfs_of(base);
	struct crash_file *file = file_of(out);
	int kinds = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;
	int code, was_there = 0;

	memset(file, 0, sizeof(*file));
	file->vfs = vfs;
	file->real = (sqlite3_file *)(file + 1);
	file->is_recorded = name && (flags & kinds);
	if (file->is_recorded)
		(void)vfs->real->xAccess(vfs->real, name, SQLITE_ACCESS_EXISTS, &was_there);
	code = vfs->real->xOpen(vfs->real, name, file->real, flags, flags_out);
	if (!file->real->pMethods)
		return code;
	file->base.pMethods = &methods;
	if (code != SQLITE_OK || !file->is_recorded)
		return code;
	file->index = index_of(vfs, name);
	if (!was_there) {
		vfs->is_log[file->index] = !(flags & SQLITE_OPEN_MAIN_DB);
		vfs->is_new[file->index] = vfs->is_log[file->index];
		record(vfs, (struct event){ .kind = EVENT_CREATE, .file = file->index });
	}
	return code;
}

static int crash_delete(sqlite3_vfs *base, const char *name, int sync_folder)
{
	struct crash_vfs *vfs = vfs_of(base);
	int code = vfs->real->xDelete(vfs->real, name, 0);

	if (code == SQLITE_OK)
		record(vfs,
		    (struct event){ .kind = EVENT_REMOVE,
			.file = index_of(vfs, name),
			.of_folder = sync_folder != 0 });
	return code;
}

static int crash_access(sqlite3_vfs *base, const char *name, int flags, int *found_out)
{
	return vfs_of(base)->real->xAccess(vfs_of(base)->real, name, flags, found_out);
}

static int crash_full_path(sqlite3_vfs *base, const char *name, int n, char *path_out)
{
	return vfs_of(base)->real->xFullPathname(vfs_of(base)->real, name, n, path_out);
}

struct crash_vfs *crash_vfs_new(const char *name)
{
	struct crash_vfs *vfs = xcalloc(1, sizeof(*vfs));

	(void)sqlite3_initialize();
	vfs->real = sqlite3_vfs_find("unix");
	assert_non_null(vfs->real);
	vfs->base = *vfs->real;
	vfs->base.zName = name;
	vfs->base.pNext = NULL;
	vfs->base.szOsFile = (int)sizeof(struct crash_file) + vfs->real->szOsFile;
	vfs->base.xOpen = crash_open;
	vfs->base.xDelete = crash_delete;
	vfs->base.xAccess = crash_access;
	vfs->base.xFullPathname = crash_full_path;
	(void)pthread_mutex_init(&vfs->lock, NULL);
	atomic_store(&vfs->bytes_left, -1);
	assert_int_equal(sqlite3_vfs_register(&vfs->base, 0), SQLITE_OK);
	return vfs;
}

void crash_vfs_free(struct crash_vfs **vfsp)
{
	struct crash_vfs *vfs = *vfsp;

	(void)sqlite3_vfs_unregister(&vfs->base);
	for (size_t i = 0; i < vfs->count; i++)
		xfree(vfs->events[i].bytes);
	xfree(vfs->events);
	for (size_t i = 0; i < FILES_MAX; i++) {
		xfree(vfs->names[i]);
		xfree(vfs->files[i].safe.p);
		xfree(vfs->files[i].now.p);
		xfree(vfs->files[i].pending);
	}
	(void)pthread_mutex_destroy(&vfs->lock);
	xfree(vfs);
	*vfsp = NULL;
}

void crash_vfs_fail_syncs(struct crash_vfs *vfs, int count)
{
	atomic_store(&vfs->failing_syncs, count);
}

void crash_vfs_fill_disk(struct crash_vfs *vfs, int64_t bytes_left)
{
	atomic_store(&vfs->bytes_left, bytes_left);
}

size_t crash_vfs_events(struct crash_vfs *vfs)
{
	size_t count;

	pthread_mutex_lock(&vfs->lock);
	count = vfs->count;
	pthread_mutex_unlock(&vfs->lock);
	return count;
}

bool crash_vfs_is_sync(struct crash_vfs *vfs, size_t at)
{
	return at < vfs->count && vfs->events[at].kind == EVENT_SYNC;
}

/* ---- replaying ---- */

static void set_length(struct content *content, size_t n)
{
	if (n > content->n) {
		content->p = xrealloc(content->p, n);
		memset(content->p + content->n, 0, n - content->n);
	}
	content->n = n;
}

static void write_part(
    struct content *content, const struct event *event, size_t from, size_t n)
{
	size_t at = (size_t)event->offset + from;

	if (at + n > content->n)
		set_length(content, at + n);
	if (n > 0 && content->p)
		memcpy(content->p + at, event->bytes + from, n);
}

static void copy_content(struct content *to, const struct content *from)
{
	to->p = xrealloc(to->p, from->n + 1);
	if (from->n > 0)
		memcpy(to->p, from->p, from->n);
	to->n = from->n;
}

static void make_safe(struct disk_file *file)
{
	copy_content(&file->safe, &file->now);
	file->is_safe = file->is_there;
	file->pending_count = 0;
}

static void folder_synced(struct crash_vfs *vfs)
{
	for (size_t i = 0; i < FILES_MAX; i++) {
		if (!vfs->files[i].is_there)
			vfs->files[i].is_safe = false;
	}
}

static void replay(struct crash_vfs *vfs, size_t at)
{
	struct event *event = &vfs->events[at];
	struct disk_file *file = &vfs->files[event->file];

	switch (event->kind) {
	case EVENT_CREATE:
		set_length(&file->now, 0);
		file->is_there = true;
		file->pending_count = 0;
		return;
	case EVENT_REMOVE:
		file->is_there = false;
		file->pending_count = 0;
		if (event->of_folder)
			folder_synced(vfs);
		return;
	case EVENT_SYNC:
		make_safe(file);
		if (event->of_folder)
			folder_synced(vfs);
		return;
	case EVENT_WRITE:
		write_part(&file->now, event, 0, event->n);
		break;
	case EVENT_TRUNCATE:
		set_length(&file->now, (size_t)event->offset);
		break;
	}
	file->pending =
	    xrealloc(file->pending, (file->pending_count + 1) * sizeof(file->pending[0]));
	file->pending[file->pending_count++] = at;
}

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245U + 12345U;
	return *seed >> 16;
}

/* Sectors of what is pending, each with an even chance. */
static void apply_some(struct crash_vfs *vfs, const struct disk_file *file, unsigned *seed,
    struct content *content)
{
	for (size_t i = 0; i < file->pending_count; i++) {
		const struct event *event = &vfs->events[file->pending[i]];
		size_t from = 0;

		if (event->kind == EVENT_TRUNCATE && next_random(seed) % 2 == 0)
			set_length(content, (size_t)event->offset);
		while (event->kind == EVENT_WRITE && from < event->n) {
			size_t sector_end = SECTOR - ((size_t)event->offset + from) % SECTOR;
			size_t n = event->n - from < sector_end ? event->n - from : sector_end;

			if (next_random(seed) % 2 == 0)
				write_part(content, event, from, n);
			from += n;
		}
	}
}

static void put_file(const char *folder, const char *name, const struct content *content)
{
	char path[512];
	size_t slash = str_rfind_char(str_from(name), '/');
	int fd;

	(void)snprintf(path, sizeof(path), "%s%s", folder, name + slash);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content->p, content->n), (ssize_t)content->n);
	(void)close(fd);
}

void crash_vfs_image(struct crash_vfs *vfs, size_t at, enum crash_variant variant,
    unsigned seed, const char *folder)
{
	assert_true(at >= vfs->replayed && at <= vfs->count);
	for (; vfs->replayed < at; vfs->replayed++)
		replay(vfs, vfs->replayed);
	for (size_t i = 0; i < vfs->file_count; i++) {
		const struct disk_file *file = &vfs->files[i];
		struct content content = { NULL, 0 };
		bool is_there = file->is_safe;

		if (variant == CRASH_ALL)
			is_there = file->is_there;
		else if (variant == CRASH_SOME && file->is_safe != file->is_there)
			is_there = next_random(&seed) % 2 == 0;
		if (!is_there)
			continue;
		/* a removed file that comes back has what was safe of it, a new one may be empty */
		if (file->is_safe)
			copy_content(&content, &file->safe);
		if (variant == CRASH_ALL)
			copy_content(&content, &file->now);
		else if (variant == CRASH_SOME && file->is_there)
			apply_some(vfs, file, &seed, &content);
		put_file(folder, vfs->names[i], &content);
		xfree(content.p);
	}
}
