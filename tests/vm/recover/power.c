/* SPDX-License-Identifier: MIT */
/*
 * The machine around a device that is at work: sleep of the system, resets of the bus and errors
 * that it reports. Each test is one of the arguments, see the table at the end:
 *
 *   recover_power NODE TEST...
 *
 * It prints "saving", "asleep", "inject fatal" or "inject nonfatal" for somebody else to do what a
 * program in the VM cannot.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "crowd.h"
#include "ctl.h"

#define WAKE_AFTER	"+3"	/* seconds */
#define COMMAND		0x04
#define COMMAND_MEMORY	0x0002
#define BRIDGE_CONTROL	0x3e
#define BRIDGE_RESET	0x0040

/* ---- What is looked at ---- */
static void read_line(const char *path, char *line, int size)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_non_null(fgets(line, size, f));
	fclose(f);
	line[strcspn(line, "\n")] = 0;
}

static void read_device(const char *name, char line[64])
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/class/ubnpu/ub%u/%s", device_index, name);
	read_line(path, line, 64);
}

static unsigned int generation(void)
{
	char line[64];

	read_device("generation", line);
	return (unsigned int)strtoul(line, NULL, 10);
}

static bool state_is(const char *want)
{
	char line[64];

	read_device("state", line);
	return !strcmp(line, want);
}

static bool is_ready(void *arg)
{
	(void)arg;
	return state_is("ready");
}

/* The crowd loses the device by act, and one reset of counter is told of. */
static void lost_and_told(void (*act)(struct crowd *), const char *counter)
{
	uint64_t resets = health(counter);
	unsigned int before = generation();
	int sock = listen_news();
	struct news news;

	lose_by(act, UB_LOST_DEVICE);
	assert_true(await_news(sock, UB_HEALTH_RESET, &news));
	assert_int_equal(news.scope, UB_SCOPE_DEVICE);
	close(sock);
	assert_int_equal(health(counter), resets + 1);
	assert_true(state_is("ready"));
	assert_int_not_equal(generation(), 0);
	assert_int_not_equal(generation(), before);
}

/* ---- Sleep ---- */
static void set_alarm(void)
{
	write_file("/sys/class/rtc/rtc0/wakealarm", "0");
	write_file("/sys/class/rtc/rtc0/wakealarm", WAKE_AFTER);
}

static void act_idle(struct crowd *c)
{
	(void)c;
	puts("asleep");
	write_file("/sys/power/state", "freeze");
}

static void act_ram(struct crowd *c)
{
	(void)c;
	write_file("/sys/power/mem_sleep", "deep");
	set_alarm();
	write_file("/sys/power/state", "mem");
}

/* Devices alone, and back after five seconds. */
static void act_devices(struct crowd *c)
{
	(void)c;
	write_file("/sys/power/pm_test", "devices");
	write_file("/sys/power/state", "freeze");
	write_file("/sys/power/pm_test", "none");
}

/* There is an image, and no disk for it: everybody is woken. */
static void act_disk_fails(struct crowd *c)
{
	int fd = open("/sys/power/state", O_WRONLY | O_CLOEXEC);

	(void)c;
	write_file("/sys/power/image_size", "0");
	assert_int_equal(write(fd, "disk", 4), -1);
	close(fd);
}

/* Power goes off; what follows is in another machine. */
static void act_disk(struct crowd *c)
{
	(void)c;
	puts("saving");
	write_file("/sys/power/image_size", "0");
	write_file("/sys/power/disk", "shutdown");
	write_file("/sys/power/state", "disk");
}

#define SLEEP_TEST(name) \
static void sleep_##name(void **state) \
{ \
	(void)state; \
	lost_and_told(act_##name, "admin_resets"); \
}

SLEEP_TEST(idle)
SLEEP_TEST(ram)
SLEEP_TEST(devices)
SLEEP_TEST(disk)
SLEEP_TEST(disk_fails)

static void twice(void (*act)(struct crowd *))
{
	lost_and_told(act, "admin_resets");
	lost_and_told(act, "admin_resets");
}

static void sleep_ram_twice(void **state)
{
	(void)state;
	twice(act_ram);
}

/* No search for hangs: nothing but resume sees to the device. */
static void sleep_ram_unwatched(void **state)
{
	unsigned int timeout = set_param("hang_timeout_ms", 0);

	(void)state;
	lost_and_told(act_ram, "admin_resets");
	set_param("hang_timeout_ms", timeout);
}

/* Tasks alone stand still and go on: nobody has lost anything, and no wait ended. */
static void sleep_of_tasks_alone(void **state)
{
	struct crowd *c = calloc(1, sizeof(*c));
	uint64_t resets = health("admin_resets");

	(void)state;
	crowd_start(c);
	write_file("/sys/power/pm_test", "freezer");
	write_file("/sys/power/state", "freeze");
	write_file("/sys/power/pm_test", "none");
	assert_int_equal(c->status->lost, UB_LOST_NO);
	for (unsigned int i = 0; i < WAYS; i++)
		assert_int_equal(pthread_tryjoin_np(c->threads[i], NULL), EBUSY);
	works(c->fd);
	assert_int_equal(health("admin_resets"), resets);
	assert_int_equal(reset_device(true), 0);
	crowd_joined(c);
	assert_int_equal(c->reap_err, ENODEV);
	assert_int_equal(c->channel_err, ENODEV);
	crowd_finish(c);
	free(c);
}

static bool stop_resets;

static void *keep_resetting(void *arg)
{
	unsigned long *count = arg;

	while (!__atomic_load_n(&stop_resets, __ATOMIC_ACQUIRE)) {
		if (reset_device(true))
			*count += 1000000;
		*count += 1;
	}
	return NULL;
}

static void sleep_amid_resets(void **state)
{
	unsigned long count = 0;
	pthread_t thread;

	(void)state;
	stop_resets = false;
	assert_int_equal(pthread_create(&thread, NULL, keep_resetting, &count), 0);
	for (unsigned int i = 0; i < 2; i++) {
		usleep(200000);
		act_devices(NULL);
	}
	__atomic_store_n(&stop_resets, true, __ATOMIC_RELEASE);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_in_range(count, 1, 999999);
	works(open_when_there());
}

static void *open_and_close(void *arg)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);

	*(int *)arg = fd < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* Somebody waits for an answer that will not come, longer than the kernel waits for its tasks. */
static void sleep_with_silent_device(void **state)
{
	unsigned int timeout = set_param("admin_timeout_ms", 120000);
	pthread_t thread;
	int err = -1;

	(void)state;
	inject(UB_FAULT_ADMIN_SILENT, UB_ADMIN_CREATE_CTX, 1, 0, 0);
	assert_int_equal(pthread_create(&thread, NULL, open_and_close, &err), 0);
	usleep(300000);
	act_devices(NULL);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(err, EIO);
	set_param("admin_timeout_ms", timeout);
	assert_true(wait_until(is_ready, NULL));
	works(open_when_there());
}

/* A command that nothing but a reset ends. */
static void sleep_with_stuck_queue(void **state)
{
	(void)state;
	inject(UB_FAULT_STALL, 0, 1, UB_STALL_DEVICE, 0);
	lost_and_told(act_devices, "admin_resets");
}

/* It is unplugged meanwhile: nothing of that keeps the system from waking. */
static void sleep_and_lose_it(void **state)
{
	struct crowd *c = calloc(1, sizeof(*c));
	int err;

	(void)state;
	crowd_start(c);
	puts("asleep");
	write_file("/sys/power/mem_sleep", "deep");
	write_file("/sys/power/state", "mem");
	crowd_joined(c);
	assert_int_equal(c->status->lost, UB_LOST_DEVICE);
	assert_int_equal(c->reap_err, ENODEV);
	err = open(device, O_RDWR) < 0 ? errno : 0;
	assert_true(err == ENODEV || err == ENOENT || err == ENXIO);
	crowd_finish(c);
	free(c);
}

/* ---- The bus ---- */
/* A file of the port above the device. */
static void port_path(const char *name, char path[160])
{
	char link[64], *real;

	snprintf(link, sizeof(link), "/sys/class/ubnpu/ub%u/device/..", device_index);
	real = realpath(link, NULL);
	assert_non_null(real);
	snprintf(path, 160, "%.120s/%s", real, name);
	free(real);
}

/* Sets or clears bits of the port's configuration space. */
static void port_config(off_t offset, uint16_t bits, bool set)
{
	char path[160];
	uint16_t word;
	int fd;

	port_path("config", path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &word, sizeof(word), offset), sizeof(word));
	word = (uint16_t)(set ? word | bits : word & ~bits);
	assert_int_equal(pwrite(fd, &word, sizeof(word), offset), sizeof(word));
	close(fd);
}

static void reset_bus(void)
{
	port_config(BRIDGE_CONTROL, BRIDGE_RESET, true);
	usleep(10000);
	port_config(BRIDGE_CONTROL, BRIDGE_RESET, false);
	usleep(100000);
}

static void reset_function(void)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", pci_address());
	write_file(path, "1");
}

/* Nobody was told; the watcher sees it. */
static void act_bus(struct crowd *c)
{
	(void)c;
	reset_bus();
}

static void bus_reset_is_found(void **state)
{
	unsigned int timeout = set_param("hang_timeout_ms", 400);
	uint64_t resets = health("device_resets");

	(void)state;
	lose_by(act_bus, UB_LOST_DEVICE);
	assert_int_equal(health("device_resets"), resets + 1);
	assert_true(state_is("ready"));
	set_param("hang_timeout_ms", timeout);
	free(take_coredump());
}

static void act_bus_and_reset(struct crowd *c)
{
	act_bus(c);
	assert_true(state_is("dead"));
	assert_int_equal(reset_device(true), 0);
}

static void act_bus_and_function(struct crowd *c)
{
	act_bus(c);
	reset_function();
}

/* The device's configuration space is gone when the PCI core saves it. */
static void bus_reset_then_reset(void **state)
{
	unsigned int timeout = set_param("hang_timeout_ms", 0);

	(void)state;
	lost_and_told(act_bus_and_reset, "admin_resets");
	lost_and_told(act_bus_and_function, "admin_resets");
	set_param("hang_timeout_ms", timeout);
}

/* By the bus, where the kernel lets one choose. */
static void act_method_bus(struct crowd *c)
{
	char path[96];

	(void)c;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset_method", pci_address());
	write_file(path, "bus");
	reset_function();
	write_file(path, "default");
}

static void bus_reset_by_pci_core(void **state)
{
	(void)state;
	lost_and_told(act_method_bus, "admin_resets");
}

static void act_subordinate(struct crowd *c)
{
	char path[160];

	(void)c;
	port_path("reset_subordinate", path);
	write_file(path, "1");
}

static void bus_reset_by_port(void **state)
{
	char path[160];

	(void)state;
	port_path("reset_subordinate", path);
	if (access(path, F_OK))
		skip();
	lost_and_told(act_subordinate, "admin_resets");
}

/* The port lets no access to memory through: no reset helps, and none says that it did. */
static void no_answer(void **state)
{
	const struct attr force = { UB_A_FORCE, 0, 0 };
	unsigned int timeout = set_param("hang_timeout_ms", 0);
	unsigned int before = generation();
	char why[128];

	(void)state;
	port_config(COMMAND, COMMAND_MEMORY, false);
	assert_true(state_is("dead"));
	assert_int_equal(request(UB_CMD_DEV_RESET, &force, 1, why), ENXIO);
	assert_non_null(strstr(why, "remove it and scan anew"));
	reset_function();
	assert_true(state_is("dead"));
	assert_int_equal(generation(), before);
	assert_int_equal(open(device, O_RDWR), -1);
	assert_int_equal(errno, EIO);
	port_config(COMMAND, COMMAND_MEMORY, true);
	assert_int_equal(reset_device(true), 0);
	assert_true(state_is("ready"));
	works(open_when_there());
	set_param("hang_timeout_ms", timeout);
}

/* ---- Errors that the bus reports; somebody else injects them ---- */
static void act_fatal(struct crowd *c)
{
	(void)c;
	puts("inject fatal");
}

static void error_is_fatal(void **state)
{
	(void)state;
	lost_and_told(act_fatal, "device_resets");
}

static bool log_has(void *words)
{
	char line[8192];
	bool found = false;
	ssize_t len;
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	assert_true(fd >= 0);
	while (!found && ((len = read(fd, line, sizeof(line) - 1)) > 0 || errno == EPIPE)) {
		line[len > 0 ? len : 0] = 0;
		found = strstr(line, words);
	}
	close(fd);
	return found;
}

static void error_is_not_fatal(void **state)
{
	uint64_t resets = health("device_resets");
	int fd = open_device();
	const volatile struct ub_status_page *status =
		mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, UB_MMAP_STATUS);

	(void)state;
	works(fd);
	puts("inject nonfatal");
	assert_true(wait_until(log_has, "device goes on"));
	assert_true(wait_until(log_has, "device recovery successful"));
	works(fd);
	assert_int_equal(status->lost, UB_LOST_NO);
	assert_int_equal(health("device_resets"), resets);
	munmap((void *)status, PAGE);
	close(fd);
}

static const struct CMUnitTest all[] = {
	cmocka_unit_test(sleep_idle), cmocka_unit_test(sleep_ram),
	cmocka_unit_test(sleep_devices), cmocka_unit_test(sleep_disk_fails),
	cmocka_unit_test(sleep_disk), cmocka_unit_test(sleep_ram_twice),
	cmocka_unit_test(sleep_ram_unwatched), cmocka_unit_test(sleep_of_tasks_alone),
	cmocka_unit_test(sleep_amid_resets), cmocka_unit_test(sleep_with_silent_device),
	cmocka_unit_test(sleep_with_stuck_queue), cmocka_unit_test(sleep_and_lose_it),
	cmocka_unit_test(bus_reset_is_found), cmocka_unit_test(bus_reset_then_reset),
	cmocka_unit_test(bus_reset_by_pci_core), cmocka_unit_test(bus_reset_by_port),
	cmocka_unit_test(no_answer), cmocka_unit_test(error_is_fatal),
	cmocka_unit_test(error_is_not_fatal),
};

int main(int argc, char **argv)
{
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	uapi_args(argc, argv);
	for (int i = 2; i < argc; i++) {
		struct CMUnitTest one[1] = { { 0 } };

		for (unsigned int j = 0; j < ARRAY_SIZE(all); j++)
			if (!strcmp(all[j].name, argv[i]))
				one[0] = all[j];
		if (!one[0].name) {
			fprintf(stderr, "no test %s\n", argv[i]);
			return 2;
		}
		failed += cmocka_run_group_tests_name(argv[i], one, NULL, NULL);
	}
	return failed;
}
