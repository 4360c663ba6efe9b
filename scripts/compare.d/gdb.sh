# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# gdb: hardware breakpoints and watchpoints, which ptrace makes of events, in one thread and in many.
#
# Nothing here steps over an access that is watched: QEMU 7.2 then delivers a second #DB at the first instruction of the
# handler of the first, on the same stack, and any kernel loops.
packages=(gdb gcc libc6-dev)
quick='watchpoint in 4 threads'

host()
{
	gcc -O0 -g -no-pie -pthread -o "$here/target" -x c - <<-'C'
		#include <pthread.h>
		#include <stdio.h>
		#include <sys/wait.h>
		#include <unistd.h>
		volatile long a, b, c, d, e;
		__thread volatile long own;
		pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
		void called(void) { }
		void *work(void *arg)
		{
			long i;

			own = (long)arg;
			for (i = 0; i < 5; i++) {
				pthread_mutex_lock(&lock);	/* gdb tells changes, not writes: one at a time */
				e++;
				pthread_mutex_unlock(&lock);
			}
			called();
			return NULL;
		}
		int main(int argc, char **argv)
		{
			pthread_t t[4];
			long i;

			for (i = 0; i < 5; i++)
				a = i + 1;
			b = a; c = b; d = c;
			called();
			if (argc > 1 && argv[1][0] == 't') {
				for (i = 0; i < 4; i++)
					pthread_create(&t[i], NULL, work, (void *)(i + 1));
				for (i = 0; i < 4; i++)
					pthread_join(t[i], NULL);
			}
			if (argc > 1 && argv[1][0] == 'f') {
				if (fork() == 0) { d = 77; _exit(0); }
				wait(NULL);
			}
			printf("done %ld %ld\n", d, e);
			return 0;
		}
	C
}

# One gdb for all lines, as it takes long to start: a case is its name, the program's argument, and commands, one a line
# of /tmp/cases; "go" is to continue until the program ends.  What hangs costs those after it.
session()
{
	cat >/tmp/session.py <<-'P'
		import gdb
		def do(command):
		    try:
		        gdb.execute(command)
		    except gdb.error as e:
		        print(e)
		        return False
		    return True
		def go():
		    for i in range(60):
		        if not gdb.selected_inferior().pid or not do("continue"):
		            break
		for case in open("/tmp/cases").read().split("\n=\n")[:-1]:
		    name, argument, *commands = case.split("\n")
		    print("\n=== " + name, flush=True)
		    do("set args " + argument)
		    for command in commands:
		        go() if command == "go" else do(command)
		    print("\n" + ("" if gdb.selected_inferior().pid else "ended"), flush=True)
		    for command in "delete", "kill", "set follow-fork-mode parent":
		        do(command)
		print("\n===", flush=True)
	P
	timeout -k 3 "$1" gdb -nx -batch -ex 'set pagination off' -ex 'set debuginfod enabled off' -ex 'set confirm off' \
		-ex 'source /tmp/session.py' "$here/target" >/tmp/gdb.out 2>&1 </dev/null
}

# judge NAME TIMES PATTERN: of the lines of this case so many are as PATTERN (extended), and the program came to its end
judge()
{
	awk -v name="=== $1" '/^===/ { on = $0 == name; next } on' /tmp/gdb.out >/tmp/case.out
	cat /tmp/case.out
	expect [ "$(grep -cE "$3" /tmp/case.out)" = "$2" ] && expect grep -qx ended /tmp/case.out
}

names=() times=() patterns=()
# add NAME TIMES PATTERN ARGUMENT COMMAND...
add()
{
	wanted "$1" || return 0
	names+=("$1") times+=("$2") patterns+=("$3")
	printf '%s\n' "$1" "${@:4}" = >>/tmp/cases
}

guest()
{
	local main=('break main' run) hit='^(Old value|Value) = ' i

	add 'hardware breakpoint'                 1 'Breakpoint [0-9]+, called' '' "${main[@]}" 'hbreak called' go
	add 'hardware breakpoint, deleted'        0 'Breakpoint [0-9]+, called' '' \
		"${main[@]}" 'hbreak called' 'delete $bpnum' go
	add 'hardware breakpoint in 4 threads'    5 'Breakpoint [0-9]+, called' t  "${main[@]}" 'hbreak called' go
	add 'watchpoint'                          5 "$hit"            ''  "${main[@]}" 'watch a' go
	add 'watchpoint, old and new value'       1 '^New value = 4$' ''  "${main[@]}" 'watch a' go
	add 'watchpoint with a condition'         1 "$hit"            ''  "${main[@]}" 'watch a if a == 3' go
	add 'watchpoint before the program runs'  5 "$hit"            ''  'watch a' run go
	add 'read watchpoint'                     1 "$hit"            ''  "${main[@]}" 'rwatch c' go
	add 'access watchpoint'                   2 "$hit"            ''  "${main[@]}" 'awatch c' go
	add 'four watchpoints'                    8 "$hit"            '' \
		"${main[@]}" 'watch a' 'watch b' 'watch c' 'watch d' go
	add 'a fifth is refused'                  1 'Could not insert hardware watchpoint' '' \
		"${main[@]}" 'watch a' 'watch b' 'watch c' 'watch d' 'watch e' continue 'delete $bpnum' go
	add 'one deleted makes room'              3 "$hit"            '' \
		"${main[@]}" 'watch e' 'watch b' 'watch c' 'watch a' 'delete $bpnum' 'watch d' go
	add 'watchpoint in 4 threads'             20 "$hit"           t   "${main[@]}" 'watch e' go
	add 'watchpoint of one thread'            5 "$hit"            t   'break work if (long)arg == 2' run \
		'python gdb.execute("watch e thread %d" % gdb.selected_thread().num)' go
	add 'watchpoint on a variable of a thread' 1 '^New value = 3$' t  'break work if (long)arg == 3' run 'watch -l own' go
	add 'watchpoint in a child'               1 '^New value = 77$' f \
		'set follow-fork-mode child' "${main[@]}" 'watch d if d == 77' go
	add 'watchpoint, not stopped by a child'  0 '^New value = 77$' f  "${main[@]}" 'watch d if d == 77' go
	[ ${#names[@]} = 0 ] || session 100
	sed 's/^/    /' /tmp/gdb.out
	for i in "${!names[@]}"; do
		line "${names[i]}" judge "${names[i]}" "${times[i]}" "${patterns[i]}"
	done
	line 'record btrace'                      btrace
}
btrace()
{
	[ -n "$MACHINE" ] || skip 'no PMU' || return
	gdb -nx -batch -ex 'break main' -ex run -ex 'record btrace bts' -ex 'break called' -ex continue \
		-ex 'record function-call-history' -ex 'reverse-step' -ex 'info record' "$here/target" >/tmp/gdb.out 2>&1
	cat /tmp/gdb.out
	! grep -qE 'not support|Could not enable' /tmp/gdb.out ||
		skip "$(grep -E 'not support|Could not' /tmp/gdb.out)" || return
	expect grep -qE 'Recorded [1-9][0-9]* instructions' /tmp/gdb.out
}
