# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# PAPI: its tools, and its tests, which Debian gives as source.
packages=(papi-tools libpapi-dev papi-examples gcc libc6-dev)
limit=20

host()
{
	local from=/usr/share/doc/papi-examples/examples t name

	[ ! -e "$here/built" ] || return 0
	cp -r $from/{testlib,validation_tests,ctests,components} "$here"
	cd "$here" || return
	find . -name '*.gz' -exec gunzip -f {} +
	mkdir -p bin obj
	t=(-w -O1 -g -pthread -fopenmp -DUSE_PTHREADS -Itestlib -Ivalidation_tests -Ictests)
	for name in testlib/{test_utils,do_loops,clockcore}.c ctests/prof_utils.c \
		validation_tests/{*_testcode,*_validation}.c \
		validation_tests/{busy_work,cache_helper,display_error,matrix_multiply}.c; do
		gcc "${t[@]}" -c -o "obj/$(basename "$name" .c).o" "$name" || echo "not built: $name"
	done
	ar rcs obj/libtests.a obj/*.o
	# What does not build wants MPI, or a header that Debian leaves out.
	for name in ctests/*.c components/perf_event/tests/*.c validation_tests/papi_*.c; do
		gcc "${t[@]}" -o "bin/$(basename "$name" .c)" "$name" obj/libtests.a -lpapi -lm -ldl 2>/dev/null ||
			echo "not built: $name"
	done
	touch built
}

tool() { "$@" >/tmp/papi.out 2>&1 || { tail -n 30 /tmp/papi.out; return 1; }; tail -n 30 /tmp/papi.out; }
told() { tool "${@:2}" && expect grep -qE "$1" /tmp/papi.out; }
# PAPI's tests say in words what came of them.
a_test()
{
	local status=0

	cd "$here/bin" || return
	"./$1" TESTS_QUIET >/tmp/papi.out 2>&1 || status=$?
	tail -n 30 /tmp/papi.out
	! grep -q SKIPPED /tmp/papi.out || return 77
	! grep -q FAILED /tmp/papi.out || return 1
	return $status
}

guest()
{
	local name

	export PATH=$here/bin:$PATH
	line 'papi_component_avail' told 'perf_event' papi_component_avail
	line 'papi_avail'           told 'PAPI_TOT_INS' papi_avail
	line 'papi_native_avail'    told 'PAGE-FAULTS|Total events reported' papi_native_avail
	line 'papi_version'         told 'PAPI Version' papi_version
	line 'papi_mem_info'        tool papi_mem_info
	line 'papi_hardware_avail'  tool papi_hardware_avail
	line 'papi_command_line, software' told 'PAGE-FAULTS.*[0-9]' papi_command_line perf::PAGE-FAULTS perf::CONTEXT-SWITCHES
	line 'papi_cost'            hardware 'min cycles' papi_cost -t 1000
	line 'papi_multiplex_cost'  hardware 'ultiplex' papi_multiplex_cost -m 2 -x 3 -t 100
	line 'papi_command_line, hardware' hardware 'PAPI_TOT_INS.*[0-9]' papi_command_line PAPI_TOT_INS PAPI_TOT_CYC
	line 'papi_event_chooser'   hardware 'PAPI_' papi_event_chooser PRESET PAPI_TOT_CYC
	for name in "$here"/bin/*; do
		name=${name##*/}
		case $name in
		burn|attach_target|memleak_check) ;;	# others run them
		*) line "test $name" a_test "$name" ;;
		esac
	done
}
hardware() { [ -n "$MACHINE" ] || skip 'no PMU' || return; told "$@"; }
