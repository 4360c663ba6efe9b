# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# The base's BPF kselftests that open perf events, or attach to what is one, built one by one: its own Makefile builds
# all of them, which takes a clang newer than Debian's.  libbpf is the base's.
packages=(clang llvm bpftool gcc make libc6-dev libelf-dev zlib1g-dev)
on='none skylake'
limit=60

# These call perf_event_open, or are of perf buffers, links and probes.
tests='perf_branches perf_buffer perf_event_stackmap perf_link perf_skip send_signal send_signal_sched_switch
	stacktrace_build_id stacktrace_build_id_nmi stacktrace_map stacktrace_map_raw_tp stacktrace_map_skip get_stack_raw_tp
	get_stackid_cannot_attach task_fd_query_rawtp task_fd_query_tp tp_attach_query attach_probe bpf_cookie uprobe
	find_vma fill_link_info get_branch_snapshot'
# Functions of these are called by others.
beside='test_lsm uprobe_multi_test'

host()
{
	local base self tools name flags

	[ ! -x "$here/test_progs" ] || return 0
	base=$("$TOP/scripts/base") || return
	self=$base/tools/testing/selftests/bpf tools=$base/tools
	mkdir -p "$here"/{libbpf,obj,inc/prog_tests}
	cd "$here" || return
	make -s -C "$tools/lib/bpf" OUTPUT="$here/libbpf/" DESTDIR="$here/libbpf" prefix= \
		"$here/libbpf/libbpf.a" install_headers || return

	# The types of the kernel that is traced; what differs in ours is relocated at run time.
	KERNEL=${image[stock]} SCRATCH=$here "$TOP/scripts/guest" 'cat /sys/kernel/btf/vmlinux >/mnt/btf' || return
	bpftool btf dump file btf format c >inc/vmlinux.h || return
	flags=(-Iinc "-I$self" -Ilibbpf/include "-I$tools/include/uapi" -idirafter "$(clang -print-resource-dir)/include"
		-idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include)
	for name in $(for t in $tests $beside; do grep -ohE '[a-z_0-9]+\.(skel\.h|bpf\.o)' "$self/prog_tests/$t.c"; done |
		sed 's/\..*//' | sort -u); do
		clang -g -w -O2 -mcpu=v3 -mlittle-endian --target=bpf -D__TARGET_ARCH_x86 "${flags[@]}" -c -o "$name.bpf.o" \
			"$self/progs/$name.c" && bpftool gen object "obj/$name.o" "$name.bpf.o" >/dev/null &&
			bpftool gen skeleton "obj/$name.o" name "$name" >"inc/$name.skel.h" || echo "not built: progs/$name.c"
		rm -f "obj/$name.o"
	done

	flags=(-g -O1 -w -D_GNU_SOURCE= -U_FORTIFY_SOURCE -Iinc "-I$self" -Ilibbpf/include "-I$tools/include"
		"-I$tools/include/uapi" "-I$tools/lib")
	for name in $tests $beside; do
		sed -nE 's/^void (serial_)?test_([a-zA-Z0-9_]+)\((void)?\).*/DEFINE_TEST(\2)/p' "$self/prog_tests/$name.c"
	done >inc/prog_tests/tests.h
	for name in $tests $beside; do
		gcc "${flags[@]}" -c -o "obj/$name.o" "$self/prog_tests/$name.c" || echo "not built: $name"
	done
	for name in test_progs test_loader json_writer disasm \
		{testing,trace,network,cgroup,cap,btf,unpriv,disasm,jit_disasm,netlink}_helpers; do
		gcc "${flags[@]}" -c -o "obj/lib-$name.o" "$self/$name.c" || return
	done
	gcc -o test_progs obj/*.o libbpf/libbpf.a -lelf -lz -lrt -lpthread -lm
}

a_test()
{
	cd "$here" || return
	./test_progs -a "$1" >/tmp/progs.out 2>&1
	local status=$?

	tail -n 40 /tmp/progs.out
	# "1/0 PASSED, 1 SKIPPED"; nothing done is no success
	! grep -qE '^Summary: .*[1-9][0-9]* SKIPPED, 0 FAILED' /tmp/progs.out || return 77
	expect grep -qE '^Summary: [1-9].* 0 FAILED' /tmp/progs.out || return
	return $status
}

guest()
{
	local t

	for t in $tests; do
		line "$t" a_test "$t"
	done
}
