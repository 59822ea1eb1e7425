/* SPDX-License-Identifier: MIT */
/* What an administrator may ask for by netlink, and what is said to one who asks for nonsense. */
#include <stdio.h>
#include <sys/wait.h>

#include "ctl.h"
#include "load.h"

#define MAX_FAULTS 10000

static void refused(const struct attr *attrs, size_t n, uint8_t cmd, int want, const char *words)
{
	char why[128];
	int err = request(cmd, attrs, n, why);

	if (err != want || !strstr(why, words))
		fail_msg("%s: %s; should be %s with \"%s\"", strerror(err), why, strerror(want),
			 words);
}

#define REFUSED(err, words, ...) do { \
	const struct attr attrs_[] = { __VA_ARGS__ }; \
	refused(attrs_, ARRAY_SIZE(attrs_), UB_CMD_DEV_RESET, err, words); \
} while (0)

static void contexts(void **state)
{
	struct world *w = *state;
	uint32_t tid = tid_of(w->fd);

	REFUSED(EINVAL, "wants its TID", { UB_A_SCOPE, 4, UB_SCOPE_CONTEXT });
	REFUSED(ENOENT, "no such context", { UB_A_SCOPE, 4, UB_SCOPE_CONTEXT },
		{ UB_A_TID, 4, 0xfffff });
	REFUSED(ENOENT, "no such context", { UB_A_SCOPE, 4, UB_SCOPE_CONTEXT },
		{ UB_A_TID, 4, 0 });
	REFUSED(EBUSY, "force", { UB_A_SCOPE, 4, UB_SCOPE_DEVICE });
	REFUSED(EINVAL, "no such scope", { UB_A_SCOPE, 4, UB_SCOPE_QUEUE + 1 });
	works(w->fd);
	/* One that is lost cannot be lost again, and one closed is no more. */
	w->kjfs = (uint32_t)open_device();
	tid = tid_of((int)w->kjfs);
	assert_int_equal(reset_context(tid), 0);
	REFUSED(ENODEV, "lost already", { UB_A_SCOPE, 4, UB_SCOPE_CONTEXT },
		{ UB_A_TID, 4, tid });
	close((int)w->kjfs);
	REFUSED(ENOENT, "no such context", { UB_A_SCOPE, 4, UB_SCOPE_CONTEXT },
		{ UB_A_TID, 4, tid });
	works(w->fd);
}

static void queues(void **state)
{
	struct world *w = *state;
	const struct attr scope = { UB_A_SCOPE, 4, UB_SCOPE_QUEUE };

	REFUSED(EINVAL, "type and id", scope);
	REFUSED(EINVAL, "type and id", scope, { UB_A_QUEUE_TYPE, 4, UB_OBJ_JFS });
	REFUSED(EINVAL, "type and id", scope, { UB_A_QUEUE_ID, 4, w->jfs });
	REFUSED(EINVAL, "JFS or a JFR", scope, { UB_A_QUEUE_TYPE, 4, UB_OBJ_SEG },
		{ UB_A_QUEUE_ID, 4, w->jfs });
	REFUSED(EOPNOTSUPP, "JFC cannot be reset", scope, { UB_A_QUEUE_TYPE, 4, UB_OBJ_JFC },
		{ UB_A_QUEUE_ID, 4, w->jfc });
	REFUSED(ENOENT, "no such queue", scope, { UB_A_QUEUE_TYPE, 4, UB_OBJ_JFS },
		{ UB_A_QUEUE_ID, 4, 0xfffff });
	assert_int_equal(reset_queue(UB_OBJ_JFS, w->jfs), 0);
	REFUSED(EINVAL, "in RESET or ERROR", scope, { UB_A_QUEUE_TYPE, 4, UB_OBJ_JFS },
		{ UB_A_QUEUE_ID, 4, w->jfs });
	assert_int_equal(reset_queue(UB_OBJ_JFR, w->jfr), 0);
	works(w->fd);
}

/* Its owner is told, and what it had posted comes back. */
static void receive_queue(void **state)
{
	struct world *w = *state;
	struct ub_async_event ev;

	assert_int_equal(reset_queue(UB_OBJ_JFR, w->jfr), 0);
	assert_int_equal(read(w->fd, &ev, sizeof(ev)), sizeof(ev));
	assert_int_equal(ev.type, UB_EVENT_JFR_ERR);
	assert_int_equal(ev.id, w->jfr);
	assert_int_equal(ev.info, UB_CR_WR_FLUSH_ERR);
}

static void news_of_resets(void **state)
{
	struct world *w = *state;
	struct news news;
	int sock = listen_news(), fd = open_device();
	uint32_t tid = tid_of(fd);

	assert_int_equal(reset_queue(UB_OBJ_JFS, w->jfs), 0);
	assert_true(await_news(sock, UB_HEALTH_RESET, &news));
	assert_int_equal(news.scope, UB_SCOPE_QUEUE);
	assert_int_equal(news.queue, w->jfs);
	assert_int_equal(news.tid, tid_of(w->fd));
	assert_int_equal(news.pid, getpid());
	assert_int_equal(reset_context(tid), 0);
	assert_true(await_news(sock, UB_HEALTH_RESET, &news));
	assert_int_equal(news.scope, UB_SCOPE_CONTEXT);
	assert_int_equal(news.tid, tid);
	assert_int_equal(news.queue, 0);
	close(fd);
	close(sock);
}

static void counters_agree(void **state)
{
	(void)state;
	assert_int_equal(health("admin_resets"), health_attr(UB_A_ADMIN_RESETS));
	assert_int_equal(health("hangs"), health_attr(UB_A_HANGS));
	assert_int_equal(health("coredumps"), health_attr(UB_A_COREDUMPS));
	assert_int_equal(health("fatals"), health_attr(UB_A_FATALS));
}

static void as_a_user(void *arg)
{
	const struct attr attrs[] = { { UB_A_FORCE, 0, 0 }, { UB_A_FAULT_KIND, 4, 1 } };

	(void)arg;
	check(!setgid(65534) && !setuid(65534));
	check(request(UB_CMD_DEV_RESET, attrs, 1, NULL) == EPERM);
	check(request(UB_CMD_INJECT, attrs, 2, NULL) == EPERM);
	check(request(UB_CMD_INJECT_GET, attrs, 2, NULL) == EPERM);
	(void)health_attr(UB_A_HANGS);
}

static void only_for_administrators(void **state)
{
	(void)state;
	in_child(as_a_user, NULL);
}

static void faults(void **state)
{
	const struct attr kind = { UB_A_FAULT_KIND, 4, UB_FAULT_MAX + 1 };
	const struct attr stall[] = { { UB_A_FAULT_KIND, 4, UB_FAULT_STALL },
				      { UB_A_FAULT_COUNT, 4, 1 }, { UB_A_FAULT_ARG0, 8, 99 } };
	const struct attr other[] = { { UB_A_FAULT_KIND, 4, UB_FAULT_STALL },
				      { UB_A_FAULT_COUNT, 4, 1 },
				      { UB_A_FAULT_ID, 4, 0xfffff } };
	const struct attr late[] = { { UB_A_FAULT_KIND, 4, UB_FAULT_STALL },
				     { UB_A_FAULT_COUNT, 4, 1 },
				     { UB_A_FAULT_ARG0, 8, UB_STALL_TIME },
				     { UB_A_FAULT_ARG1, 8, UB_FAULT_MAX_NS + 1 } };

	(void)state;
	if (!can_inject()) {
		refused(&kind, 1, UB_CMD_INJECT, EOPNOTSUPP, "no faults on demand");
		refused(&kind, 1, UB_CMD_INJECT_GET, EOPNOTSUPP, "no faults on demand");
		return;
	}
	refused(NULL, 0, UB_CMD_INJECT, EINVAL, "");
	refused(&kind, 1, UB_CMD_INJECT, EINVAL, "knows no such fault");
	refused(&kind, 1, UB_CMD_INJECT_GET, EINVAL, "knows no such fault");
	refused(stall, 3, UB_CMD_INJECT, EINVAL, "first argument");
	refused(late, 4, UB_CMD_INJECT, EINVAL, "second argument");
	refused(other, 3, UB_CMD_INJECT, ENOENT, "no such object");
}

/* Each with an object of its own, as those of one are one. */
static void as_many_faults_as_there_is_room_for(void **state)
{
	struct world *w = *state;
	struct attr attrs[] = { { UB_A_FAULT_KIND, 4, UB_FAULT_POISON },
				{ UB_A_FAULT_ID, 4, w->seg }, { UB_A_FAULT_COUNT, 4, 1 },
				{ UB_A_FAULT_ARG0, 8, 0 }, { UB_A_FAULT_ARG1, 8, 1 } };
	unsigned int n;
	int err = 0;
	char why[128];

	for (n = 0; can_inject() && !err && n < MAX_FAULTS; n++) {
		attrs[3].value = n;
		err = request(UB_CMD_INJECT, attrs, ARRAY_SIZE(attrs), why);
	}
	if (can_inject() && (err != ENOSPC || !strstr(why, "remove some")))
		fail_msg("fault %u: %s: %s", n, strerror(err), why);
	attrs[2].value = 0;
	assert_true(!can_inject() || !request(UB_CMD_INJECT, attrs, ARRAY_SIZE(attrs), why));
}

static void no_such_device(void **state)
{
	unsigned int was = device_index;

	(void)state;
	device_index = 99;
	REFUSED(ENODEV, "no such device", { UB_A_SCOPE, 4, UB_SCOPE_DEVICE });
	device_index = was;
}

static bool is_dead(void *unused)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);

	(void)unused;
	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == EIO;
}

/* Nothing is done to it but what makes it work again. */
static void dead_device(void **state)
{
	unsigned int was;

	(void)state;
	if (!can_inject())
		return;
	was = set_param("hang_timeout_ms", 0);
	inject(UB_FAULT_FATAL, 0, 1, 0, 0);
	assert_true(wait_until(is_dead, NULL));
	REFUSED(ENODEV, "as a whole", { UB_A_SCOPE, 4, UB_SCOPE_CONTEXT }, { UB_A_TID, 4, 1 });
	assert_int_equal(reset_device(true), 0);
	set_param("hang_timeout_ms", was);
	assert_false(is_dead(NULL));
}

#define scope_test(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		scope_test(contexts), scope_test(queues), scope_test(receive_queue),
		scope_test(news_of_resets), cmocka_unit_test(counters_agree),
		cmocka_unit_test(only_for_administrators), cmocka_unit_test(faults),
		scope_test(as_many_faults_as_there_is_room_for), cmocka_unit_test(no_such_device),
		cmocka_unit_test(dead_device),
	};

	return run_all(argc, argv, tests);
}
