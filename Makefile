# SPDX-License-Identifier: GPL-2.0
#
# A front for the scripts in scripts/; each says at its top what it does.  Variables given here reach them by the
# environment.  All that is built stands below build/, or BUILD=DIR.

# The kernel's own make runs as many jobs as there are CPUs; nothing here needs more than one.
.NOTPARALLEL:
.DEFAULT_GOAL := help
export
# Commands are for the shell in the guest: make shall not expand what looks like a variable of its own.
override CMD := $(value CMD)
override ARGS := $(value ARGS)

.PHONY: help run test test-full test-machine test-machine-table bench bench-table compare compare-table torture kernel image stock-image qemu base overlay guest shell perf series docs check clean

help:
	@echo 'make run          everything: install, unpack, overlay, build, boot, and a session of perf'
	@echo 'make test         all tests; the last line is the sum (test-full: also those that take long)'
	@echo 'make test-machine the test machine (scripts/qemu), all of it, judged by the stock kernel, or KERNEL= (20 minutes)'
	@echo 'make test-machine-table   the results of that into the documentation'
	@echo 'make bench        what each path costs, in instructions, beside stock (IMAGE= STOCK_IMAGE=; 2 minutes)'
	@echo 'make bench-table  the results of that into the documentation'
	@echo 'make compare      what uses perf events, on stock and on ours: what passes there must pass here (long; scripts/compare takes parts)'
	@echo 'make compare-table   the results of that into the documentation'
	@echo 'make torture      all operations at random, on debugging kernels (TIME=10m SEED= CONFIG="debug kcsan" MACHINE=)'
	@echo 'make kernel       build our kernel; image, stock-image: the same, and print the path'
	@echo 'make guest CMD=   run a command in a guest (KERNEL= CPU= SMP= MEM= QEMU= APPEND= TIMEOUT= ICOUNT=1 ACCEL=kvm FILES=)'
	@echo 'make qemu         build the QEMU of MACHINE= (below), with a performance monitoring unit; print its path'
	@echo 'make shell        an interactive guest'
	@echo "make perf ARGS=   perf with arguments in a guest: make perf ARGS='stat -a sleep 1'"
	@echo 'make series       our files as a series for git am, in build/series'
	@echo 'make docs         our pages of the kernel documentation, in build/docs'
	@echo 'make check        checkpatch, sparse, W=1 and shellcheck on our files'
	@echo 'make base         print the path of the unpacked base'
	@echo 'make overlay      bring build/linux up to date'
	@echo 'make clean        remove build'
	@echo 'Variables: BASE=DIR BUILD=DIR CONFIG=quick|debug|kcsan ARCH=x86_64|arm64 OVERLAY=full'
	@echo "           MACHINE=$$(awk '/^[a-z]/ { printf "%s%s", sep, $$1; sep = "|" }' scripts/qemu/machines) (for guest, shell, perf)"

run test series docs check base overlay:
	@scripts/$@

# The same with what takes too long for each day.
test-full:
	@FULL=1 scripts/test

test-machine:
	@scripts/test-machine

test-machine-table:
	@scripts/test-machine table

bench:
	@scripts/bench

bench-table:
	@scripts/bench table

torture:
	@scripts/torture

compare:
	@scripts/compare

compare-table:
	@scripts/compare table

kernel image:
	@scripts/kernel ours

stock-image:
	@scripts/kernel stock

qemu:
	@scripts/qemu/build

guest:
	@scripts/guest

shell:
	@scripts/guest -i

perf:
	@CMD="perf $$ARGS" scripts/guest

clean:
	rm -rf -- "$${BUILD:-build}"
