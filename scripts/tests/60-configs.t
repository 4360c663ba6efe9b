#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Other configurations and architectures: what calls perf events compiles with ours, and without them.
. "$(dirname "$0")/tap.sh"

frag=$TOP/scripts/config
tree=$("$TOP/scripts/overlay") || exit
need_compiler
core="kernel/events/ kernel/trace/ kernel/bpf/ kernel/fork.o kernel/exit.o kernel/sys.o kernel/sysctl.o"

# build NAME TARGETS, fragments on stdin
build()
{
	local obj=$BUILD/$1

	mkdir -p "$obj"
	# shellcheck disable=SC2046,SC2086
	configure "$tree" "$obj" $(cat) && kmake "$tree" "$obj" -k $2
}

(ARCH=i386 build i386 "$core arch/x86/events/ arch/x86/kernel/" <<<"$frag/quick.config $frag/i386.config")
it "i386: compiles"
(ARCH=i386 build i386-up "$core arch/x86/events/" <<<"$frag/quick.config $frag/i386.config $frag/up.config")
it "i386 with one processor: compiles"
(ARCH=um build um linux <<<"$frag/um.config") && grep -q '# CONFIG_PERF_EVENTS is not set' "$BUILD/um/.config" ||
	! grep -q 'CONFIG_PERF_EVENTS=' "$BUILD/um/.config" && [ -x "$BUILD/um/linux" ]
it "PERF_EVENTS=n: builds (user-mode Linux)"

# Whole directories where our headers are used all over, single files elsewhere.
(ALL=allmodconfig build users "$core arch/x86/events/ arch/x86/kvm/ arch/x86/kernel/hw_breakpoint.o arch/x86/kernel/kgdb.o
	arch/x86/kernel/ptrace.o arch/x86/kernel/cpu/resctrl/ arch/x86/mm/fault.o virt/kvm/ mm/mmap.o mm/mprotect.o mm/memory.o
	fs/exec.o fs/coredump.o kernel/sched/core.o kernel/nsproxy.o kernel/kprobes.o security/security.o
	net/core/filter.o drivers/perf/ drivers/gpu/drm/i915/i915_pmu.o drivers/gpu/drm/amd/amdgpu/amdgpu_pmu.o
	drivers/dma/idxd/perfmon.o drivers/iommu/intel/perfmon.o drivers/powercap/intel_rapl_common.o drivers/fpga/dfl-fme-perf.o
	drivers/acpi/acpi_pad.o drivers/tty/sysrq.o drivers/hwtracing/ samples/hw_breakpoint/" <<<"$frag/users.config")
it "allmodconfig: users of our headers compile"

export ARCH=arm64
image=$("$TOP/scripts/kernel" ours);	it "arm64: builds"
KERNEL=$image "$TOP/scripts/guest" 'perf stat -x, -e cycles,task-clock true 2>&1' >"$work/stat"
it "arm64: boots, and perf stat runs"
cat "$work/stat" >&2
[ "$(awk -F, '$3 == "cycles" { print ($1 > 10000) }' "$work/stat")" = 1 ]
it "arm64: counts on its emulated PMU"

# Breakpoints have registers of two types there: KUnit's, the stock test of ptrace's, and ours.
need "to build arm64's tests of breakpoints" libc6-dev-arm64-cross
mkdir -p "$BUILD/scratch"
aarch64-linux-gnu-gcc -O2 -static -o "$BUILD/scratch/breakpoint_test_arm64" \
	"$("$TOP/scripts/base")/tools/testing/selftests/breakpoints/breakpoint_test_arm64.c"
kmake "$tree" "$BUILD/arm64-headers" -s headers
for t in breakpoint breakpoint_slots; do
	aarch64-linux-gnu-gcc -O2 -static -D_GNU_SOURCE= -isystem "$BUILD/arm64-headers/usr/include" \
		-o "$BUILD/scratch/$t" "$tree/tools/testing/selftests/perf_events/$t.c" -lpthread
done
# shellcheck disable=SC2016 # the guest expands it
KERNEL=$image APPEND='kunit.enable=1 kunit.filter_glob=perf_b* bp_slots_test.steps=10000' "$TOP/scripts/guest" '
	dmesg; echo "# suite breakpoints"; ./breakpoint_test_arm64; echo "# exit $?"
	for t in breakpoint breakpoint_slots; do
		echo "# suite $t"; ./$t; echo "# exit $?"
	done 2>&1' >"$work/breakpoints"
it "arm64: boots with KUnit and the tests of breakpoints"
cat "$work/breakpoints" >&2
"$TOP/scripts/tests/flatten" <"$work/breakpoints" | sed 's/ok - /&arm64: /' >"$work/tap"
[ "$(grep -c '^ok - arm64: breakpoints: ' "$work/tap")" -ge 213 ]
it "arm64: breakpoints, all of the stock test"
pass "$work/tap"
plan
