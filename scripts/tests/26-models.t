#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tables of x86 microarchitectures: which counters can count an event, by Intel's own lists of events, which the base
# has for perf (tools/perf/pmu-events).  Nothing is booted.
. "$(dirname "$0")/tap.sh"

need "to compare tables" gcc libc6-dev perl
base=$("$TOP/scripts/base")
lists=$base/tools/perf/pmu-events/arch/x86
stub=$work/stub
# Directory, which PMU of it, model.
which='skylake cpu skylake
skylakex cpu skylake
cascadelakex cpu skylake
icelake cpu icelake
icelakex cpu icelake
tigerlake cpu icelake
rocketlake cpu icelake
sapphirerapids cpu sapphire_rapids
emeraldrapids cpu sapphire_rapids
graniterapids cpu granite_rapids
alderlake cpu_core golden_cove
alderlake cpu_atom gracemont
alderlaken cpu gracemont
meteorlake cpu_core redwood_cove
meteorlake cpu_atom crestmont
sierraforest cpu crestmont
grandridge cpu crestmont'

# The kernel's headers that do more than define constants: those only.
headers()
{
	local h

	mkdir -p "$stub/asm" && : >"$stub/asm/cpu_device_id.h" || return
	for h in perf_event intel-family; do
		sed -n '/^# *define/{:a;p;/\\$/{n;ba}}' "$base/arch/x86/include/asm/$h.h" >"$stub/asm/$h.h" || return
	done
}

build()
{
	local dir include=(-I"$stub" -I"$TOP/arch/x86/events/intel")

	for dir in tools/include tools/arch/x86/include tools/include/uapi; do
		include+=(-I"$base/$dir")
	done
	gcc -O1 -Wall -o "$work/models" -D__KERNEL__ -D'VFM_MAKE(v,f,m)=((f)<<8|(m))' \
		-D'FIELD_PREP_CONST(m,v)=((u64)(v)*((m)&-(m)))' "${include[@]}" -I"$TOP/include" "$TOP/scripts/tests/models.c" >&2
}

# Those that are made of others have no number.  Two are left out: on Skylake INST_RETIRED is precise on counter 1 only,
# and it is what cycles:ppp counts there; latencies of stores are on the first four counters, where they are precise.
events()
{
	local dir pmu model

	while read -r dir pmu model; do
		perl -MJSON::PP -e '
			my ($pmu, $model, @files) = @ARGV;
			for my $file (@files) {
				local $/;
				open my $f, "<", $file or die;
				my $list = decode_json(<$f>);
				next if ref $list ne "ARRAY";
				for my $e (@$list) {
					next if $e->{EventName} =~ /^(INST_RETIRED.TOTAL_CYCLES_PS|MEM_UOPS_RETIRED.STORE_LATENCY)$/;
					next if !$e->{EventCode} || !$e->{Counter} || ($e->{Unit} // "cpu") ne $pmu;
					my ($code) = split /,/, $e->{EventCode};
					my $counters = $e->{Counter} =~ s/Fixed counter /fixed/r;
					printf "%s %x %s %s\n", $model, hex($code) | hex($e->{UMask} // 0) << 8 |
						($e->{EdgeDetect} // 0) << 18 | ($e->{AnyThread} // 0) << 21 |
						($e->{Invert} // 0) << 23 | hex(sprintf "%x", $e->{CounterMask} // 0) << 24,
						$counters, $e->{EventName};
				}
			}' "$pmu" "$model" "$lists/$dir"/*.json || return
	done <<<"$which"
}

headers && build;	it "tables compile outside of a kernel"
events >"$work/events";	it "lists of events"
"$work/models" <"$work/events" >"$work/out";	it "each event on the counters that can count it"
cat "$work/out" >&2
plan
