// SPDX-License-Identifier: GPL-2.0
/*
 * rdpmc:     reads a counter in user mode, before and after a loop of 1000 times two instructions, and with read(2).
 *            From one RDPMC to the next it is RDPMC, MOV, MOV, 1000 times DEC and JNZ, NOP, NOP: 2005 instructions.
 * rdpmc no:  executes RDPMC without an event of its own, which is not permitted: SIGSEGV.
 */
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t rdpmc(uint32_t counter)
{
	uint32_t low, high;

	asm volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(counter));
	return low | (uint64_t)high << 32;
}

/* What the counter grows by. */
static uint32_t loop(uint32_t counter)
{
	uint32_t before, after, turns;

	asm volatile("rdpmc\n\t"
		     "mov %%eax, %0\n\t"
		     "mov $1000, %2\n"
		     "1: dec %2\n\t"
		     "jnz 1b\n\t"
		     "nop\n\t"
		     "nop\n\t"
		     "rdpmc\n\t"
		     "mov %%eax, %1"
		     : "=&r"(before), "=&r"(after), "=&r"(turns) : "c"(counter) : "eax", "edx", "cc");
	return after - before;
}

/* The count as the first page of the mapping tells it. */
static uint64_t self_count(volatile struct perf_event_mmap_page *page)
{
	uint64_t count, raw;
	uint32_t seq, index;

	do {
		seq = page->lock;
		asm volatile("" ::: "memory");
		index = page->index;
		count = page->offset;
		if (page->cap_user_rdpmc && index) {
			raw = rdpmc(index - 1) << (64 - page->pmc_width);
			count += (int64_t)raw >> (64 - page->pmc_width);
		}
		asm volatile("" ::: "memory");
	} while (page->lock != seq);
	return count;
}

int main(int argc, char **argv)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_HARDWARE,
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1,
	};
	volatile struct perf_event_mmap_page *page;
	uint64_t first, told, second;
	int fd;

	(void)argv;
	if (argc > 1)
		return (int)rdpmc(0);
	fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	if (fd < 0) {
		perror("perf_event_open");
		return 1;
	}
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	printf("loop %u %u\n", loop(page->index - 1), loop(page->index - 1));
	first = self_count(page);
	if (read(fd, &told, sizeof(told)) != sizeof(told))
		return 1;
	second = self_count(page);
	/* The C library's own instructions are a few hundred at most. */
	printf("read %s\n", first < told && told < second && second - first < 1000 ? "between" : "apart");
	return 0;
}
