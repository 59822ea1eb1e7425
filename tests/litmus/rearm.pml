/* SPDX-License-Identifier: MIT */
/*
 * Re-arm and moderation of a JFC, as docs/hardware.md, section 5, has it, for an exhaustive check
 * that no wake-up is lost: whenever nothing can happen any more, the user has every CQE. The
 * device's stores wait in a store buffer, so that an event may overtake the CQE it is for; what is
 * atomic here, the device does under the JFC's lock. There are two CQEs to an event, or a timer.
 *
 * Each of these takes away one piece, and the check must fail then:
 *   NO_LOOK_BACK	a re-arm does not look for CQEs that are there
 *   NO_LOCK		the device looks whether the JFC is armed before it counts the CQE
 *   NO_TIMER		nothing ends the time that the last CQE is held back
 *   NO_STALE_CHECK	a re-arm that comes late, of a serial that has fired, arms once more
 */
#define N	4
#define BATCH	2

byte pi, seen;			/* CQEs written by the device; those of them in memory */
chan cqes = [8] of { bit };	/* the device's store buffer */
byte ci;			/* the user's */
bool armed, held;
byte armed_ci, armed_sn, fired_sn, sn;
chan events = [4] of { byte };

inline fire()
{
	armed = false;
	held = false;
	fired_sn = armed_sn;
	events ! armed_sn
}

/* The JFC is armed and has CQEs beyond armed_ci. */
inline look()
{
	if
	:: pi - armed_ci >= BATCH -> fire()
	:: else -> held = true
	fi
}

inline rearm(at, serial)
{
	atomic {
		if
#ifndef NO_STALE_CHECK
		:: serial == fired_sn -> skip
#endif
		:: else ->
			armed = true;
			held = false;
			armed_ci = at;
			armed_sn = serial;
#ifndef NO_LOOK_BACK
			if
			:: pi != armed_ci -> look()
			:: else
			fi
#endif
		fi
	}
}

active proctype device()
{
	bool was_armed;

	do
	:: pi == N -> break
	:: pi != N ->
#ifdef NO_LOCK
		was_armed = armed;
		atomic {
			cqes ! 1;
			pi++;
			if
			:: was_armed && armed -> look()
			:: else
			fi
		}
#else
		atomic {
			cqes ! 1;
			pi++;
			if
			:: armed -> look()
			:: else
			fi
		}
#endif
	od
}

#ifndef NO_TIMER
active proctype timer()
{
end:
	do
	:: atomic { armed && held -> fire() }
	od
}
#endif

active proctype stores()
{
end:
	do
	:: atomic { cqes ? _ -> seen++ }
	od
}

/* Takes what it sees, re-arms with the CI it has come to, sleeps. A store to the doorbell page may
 * be repeated, as a process that was interrupted in between may do: it must change nothing. */
active proctype user()
{
	byte got;

	do
	:: ci < seen -> ci++
	:: ci == N && ci == seen -> break
	:: ci == seen && ci != N ->
		sn = (sn + 1) & 3;
		rearm(ci, sn);
end_sleep:
		events ? got;
		assert(got == sn);
		if
		:: rearm(ci, sn)
		:: skip
		fi;
		assert(!armed)
	od
}

active proctype referee()
{
	timeout -> assert(ci == N && !armed)
}
