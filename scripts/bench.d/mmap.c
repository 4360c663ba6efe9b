// SPDX-License-Identifier: GPL-2.0
/* Mapping a buffer of one and so many pages, and touching each; and taking it away. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "bench.h"

#define PAGE 4096
#define TURNS 21

static void *map(int fd, int size, bool each)
{
	const int rw = PROT_READ | PROT_WRITE;
	char *area = mmap(NULL, (1 + size) * PAGE, rw, MAP_SHARED, fd, 0);

	if (area == MAP_FAILED)
		die("mmap");
	for (int i = 0; each && i <= size; i++)
		touch(area + i * PAGE);
	return area;
}

enum { TOUCH = 1, UNMAP = 2 };

static void buffer(const struct path *path, int size)
{
	struct takes maps = {}, unmaps = {};

	for (int i = 0; i < TURNS; i++) {
		int fd = open_event(quiet());
		void *area;

		TAKE(&maps, area = map(fd, size, path->arg & TOUCH));
		TAKE(&unmaps, munmap(area, (1 + size) * PAGE));
		close(fd);
		rest();
	}
	report(path, size, path->arg & UNMAP ? &unmaps : &maps);
}

/* As many pages of a file that keeps them. */
static void unmap_file(const struct path *path, int size)
{
	int fd = must(memfd_create("bench", 0), "memfd_create");
	struct takes takes = {};

	must(ftruncate(fd, (1 + size) * PAGE), "ftruncate");
	for (int i = 0; i < TURNS; i++) {
		void *area = map(fd, size, true);

		TAKE(&takes, munmap(area, (1 + size) * PAGE));
	}
	report(path, size, &takes);
}

/* What new memory takes in any case: as many pages are cleared, with the kernel's instruction. */
static void clear(const struct path *path, int size)
{
	char *area = malloc((1 + size) * PAGE);
	struct takes takes = {};

	memset(area, 1, (1 + size) * PAGE);
	for (int i = 0; i < TURNS; i++) {
		TAKE(&takes, {
			for (int n = 0; n <= size; n++) {
				size_t left = PAGE;
				char *to = area + n * PAGE;

				asm volatile("rep stosb"
					     : "+c" (left), "+D" (to) : "a" (0) : "memory");
			}
		});
	}
	report(path, size, &takes);
}

const struct path mmap_paths[] = {
	{ "clear", clear, { 1, 8, 64, 512 } },
	{ "mmap.touch", buffer, { 1, 8, 64, 512 }, TOUCH },
	{ "mmap.only", buffer, { 1, 8, 64, 512 }, 0 },
	{ "munmap.none", unmap_file, { 1, 8, 64, 512 } },
	{ "munmap.buffer", buffer, { 1, 8, 64, 512 }, TOUCH | UNMAP },
	{}
};
