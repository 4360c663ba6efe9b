# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# Breakpoints, of which a CPU has four, and all who take them: perf for a task and for all CPUs, gdb for many threads,
# the kernel for itself (its sample data_breakpoint, a module), ptrace in the kernel's own test; by turns, and together.
packages=(gdb gcc libc6-dev binutils kmod)
on=none

# sample KERNEL: the module, unchanged, in a directory named by what the kernel calls itself
sample()
{
	local tree obj release to

	"$TOP/scripts/kernel" "$1" >/dev/null || return
	if [ "$1" = ours ]; then
		tree=$("$TOP/scripts/overlay")
	else
		tree=$("$TOP/scripts/base")
	fi || return
	obj=$(objdir "$1")
	release=$(cat "$obj/include/config/kernel.release")
	to=$here/$release
	mkdir -p "$to" && cp "$tree"/samples/hw_breakpoint/* "$to" &&
		kmake "$tree" "$obj" -s LOCALVERSION="-${release#*-}" modules_prepare &&
		kmake "$tree" "$obj" -s M="$to" CONFIG_SAMPLE_HW_BREAKPOINT=m KBUILD_EXTRA_SYMBOLS="$obj/vmlinux.symvers" modules
}

# Four threads, each of which reads and writes its own variable ARGUMENT times.  One at a time: gdb tells changes.
host()
{
	cat >"$here/go.py" <<-'P'
		for i in range(200):
		    if not gdb.selected_inferior().pid:
		        break
		    gdb.execute("continue")
	P
	gcc -O0 -g -no-pie -pthread -o "$here/target" -x c - <<-'C' &&
		#include <pthread.h>
		#include <stdlib.h>
		volatile long v[4];
		static long turns;
		static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
		void ready(void) { }
		static void *work(void *arg)
		{
			volatile long *mine = arg;

			for (long i = 0; i < turns; i++) {
				pthread_mutex_lock(&lock);
				*mine = *mine + 1;
				pthread_mutex_unlock(&lock);
			}
			return NULL;
		}
		int main(int argc, char **argv)
		{
			pthread_t t[4];

			turns = atol(argv[1]);
			ready();
			for (int i = 0; i < 4; i++)
				pthread_create(&t[i], NULL, work, (void *)&v[i]);
			for (int i = 0; i < 4; i++)
				pthread_join(t[i], NULL);
			return 0;
		}
	C
	gcc -O0 -o "$here/breakpoint_test" "$("$TOP/scripts/base")/tools/testing/selftests/breakpoints/breakpoint_test.c" &&
		sample stock && sample ours
}

# ---- each alone ----

# of INDEX ACCESS: the event; of_kernel: that of a variable of the kernel, as the module has one of another
of() { printf 'mem:0x%x/8:%s:u' $((0x$(nm "$here/target" | awk '$3 == "v" { print $1 }') + 8 * $1)) "$2"; }
of_kernel() { echo "mem:0x$(awk '$3 == "overflowuid" { print $1 }' /proc/kallsyms)/4:w"; }

# All CPUs write both variables 3 times.  Two, as QEMU 7.2 tells only one of two registers that an access is of.
cpus=$(nproc)
writes()
{
	local cpu

	for ((cpu = 0; cpu < cpus; cpu++)); do
		taskset -c "$cpu" bash -c 'cd /proc/sys/kernel; for i in 1 2 3; do echo -1 >panic; echo 65534 >overflowuid; done'
	done
}

# counted COMMAND OPTION...: what perf stat counts; COMMAND's status
counted()
{
	local out=/tmp/stat.$BASHPID status

	perf stat -x, -o "$out" "${@:2}" -- bash -c "$1" >"$out.log" 2>&1
	status=$?
	cat "$out.log" >&2
	sed -n 's/^\([^,#]*\),.*/\1/p' "$out" | paste -sd ' '
	return $status
}

# count HOW_MANY: as many as there are, of writes or of both
count()
{
	local i events=() want=()

	for ((i = 0; i < $1; i++)); do
		if ((i & 1)); then
			events+=(-e "$(of $i rw)") want+=(200)
		else
			events+=(-e "$(of $i w)") want+=(100)
		fi
	done
	expect [ "$(counted "$here/target 100" "${events[@]}")" = "${want[*]}" ]
}

# record HOW_MANY: each access is a sample, of the thread and the address
record()
{
	local i events=() data=/tmp/data.$BASHPID

	for ((i = 0; i < $1; i++)); do
		events+=(-e "$(of $i rw)")
	done
	perf record -q -d -o "$data" "${events[@]}" -- "$here/target" 100 &&
		perf script -i "$data" -F tid,addr | sort >"$data.txt" || return
	uniq -c "$data.txt"
	expect [ "$(uniq -c "$data.txt" | awk '$1 == 200' | wc -l) $(wc -l <"$data.txt")" = "$1 $((200 * $1))" ]
}

# watch HOW_MANY: gdb sees each change of each, once
watch()
{
	local i watches=() out=/tmp/gdb.$BASHPID

	for ((i = 0; i < $1; i++)); do
		watches+=(-ex "watch v[$i]")
	done
	gdb -nx -batch -ex 'set pagination off' -ex 'set debuginfod enabled off' -ex 'set confirm off' -ex 'break ready' \
		-ex 'run 3' "${watches[@]}" -ex "source $here/go.py" "$here/target" >"$out" 2>&1 </dev/null
	cat "$out"
	awk '/hit Hardware watchpoint/ { of = $NF } /^New value/ { print of, $NF }' "$out" | sort >"$out.seen"
	expect [ "$(uniq "$out.seen" | wc -l) $(wc -l <"$out.seen")" = "$((3 * $1)) $((3 * $1))" ] &&
		expect grep -q 'exited normally' "$out"
}

# ptrace's test; it takes four, one after the other, and keeps them
ptraced()
{
	"$here/breakpoint_test" >/tmp/ptraced
	expect [ "$(grep -cE '^ok .* (break|watch)point' /tmp/ptraced)" = 108 ]
}

# SEEN=NUMBER with_module COMMAND...: while each CPU has one of the kernel's, which sees COMMAND make the kernel write
hits() { dmesg | grep -c 'panic_timeout value is changed'; }
with_module()
{
	local before status

	before=$(hits)
	insmod "$here/$(uname -r)/data_breakpoint.ko" ksym=panic_timeout || return
	"$@"
	status=$?
	rmmod data_breakpoint && expect [ $(($(hits) - before)) = "$SEEN" ] || return
	# And it is gone.
	writes
	expect [ $(($(hits) - before)) = "$SEEN" ] && return $status
}

# ---- together ----

# together 'COMMAND'...: at the same time; all must be right
together()
{
	local i status=0 pids=() commands=("$@")

	for i in "${!commands[@]}"; do
		${commands[i]} >"/tmp/together.$i" 2>&1 &
		pids+=($!)
	done
	for i in "${!commands[@]}"; do
		wait "${pids[i]}" && echo "right: ${commands[i]}" && continue
		status=1
		cat "/tmp/together.$i"
		echo "wrong: ${commands[i]}"
	done
	return $status
}

# Who wants the fourth is told, and has three; it is there again at once when the kernel gives it back.
refused()
{
	watch 4
	expect grep -q 'No space left on device' /tmp/gdb.$BASHPID && watch 3 || return
	! count 4 && count 3 && ! record 4 && record 3 || return
	"$here/breakpoint_test" >/tmp/ptraced
	expect grep -q "Can't set breakpoint addr: No space left on device" /tmp/ptraced
}
fourth() { SEEN=0 with_module refused && count 4 && watch 4; }

four_at_once() { together 'count 4' 'watch 4' 'record 4' ptraced 'count 4' 'record 4'; }

# perf -a has one as well as the module
two() { together 'count 2' 'watch 2' 'record 2' writes 'count 2'; }
two_counted()
{
	local count

	count=$(counted two -a -e "$(of_kernel)") || return
	expect [ "$count" = $((3 * cpus)) ]
}
two_of_the_kernel() { SEEN=$((3 * cpus)) with_module two_counted && four_at_once; }

guest()
{
	limit=100
	line 'perf stat'                                  count 4
	line 'perf record'                                record 4
	line 'gdb, in four threads'                       watch 4
	line 'kselftest'                                  ptraced
	line 'perf stat -a, on a variable of the kernel'  all_cpus
	line 'a module of the kernel, on all CPUs'        eval 'SEEN=$((3 * cpus)) with_module writes'
	line 'who wants the fourth of three'              fourth
	line 'four each, all at once'                     four_at_once
	line 'beside two of the kernel, then four each'   two_of_the_kernel
}
all_cpus() { expect [ "$(counted writes -a -e "$(of_kernel)")" = $((3 * cpus)) ]; }
