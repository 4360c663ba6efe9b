// SPDX-License-Identifier: GPL-2.0
/*
 * msr CPU ADDRESS | ADDRESS=VALUE ...: read or write model specific registers through /dev/cpu/CPU/msr, addresses and
 * values in hexadecimal.  A line for each: the value, "ok" or, where the processor answers with #GP, "#GP".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void access_msr(int fd, const char *arg)
{
	uint64_t address = strtoull(arg, NULL, 16), value;
	const char *eq = strchr(arg, '=');
	ssize_t n;

	if (eq) {
		value = strtoull(eq + 1, NULL, 16);
		n = pwrite(fd, &value, sizeof(value), address);
	} else {
		n = pread(fd, &value, sizeof(value), address);
	}
	if (n != sizeof(value))
		printf("%s\n", errno == EIO ? "#GP" : strerror(errno));
	else if (eq)
		printf("ok\n");
	else
		printf("%llx\n", (unsigned long long)value);
}

int main(int argc, char **argv)
{
	char path[64];
	int fd;

	if (argc < 2)
		return 1;
	snprintf(path, sizeof(path), "/dev/cpu/%s/msr", argv[1]);
	fd = open(path, O_RDWR);
	if (fd < 0) {
		perror(path);
		return 1;
	}
	for (int i = 2; i < argc; i++)
		access_msr(fd, argv[i]);
	return 0;
}
