/* SPDX-License-Identifier: MIT */
/*
 * The doorbell protocol of docs/hardware.md, section 5, for an exhaustive check that no post is
 * lost: whenever nothing can happen any more, the device has taken every WQE. Stores wait in store
 * buffers: in order (TSO), or with WEAK in any order but that of a release store after what was
 * stored before it. Indices are bytes and begin just before they wrap.
 *
 * Each of these takes away one piece, and the check must fail then:
 *   NO_USER_BARRIER	between the store of PI and the load of event_idx
 *   NO_DEVICE_BARRIER	between the store of event_idx and the load of PI
 *   NO_LAST_LOOK	that load of PI
 *   NO_RELEASE		(WEAK) PI may overtake the WQEs it publishes
 *   LATE_BY_ONE	a doorbell test that is wrong by one
 */
#define N	4
#define START	254
#define END	2		/* START + N as a byte */

#define PI	0
#define EV	1
#define WQE	2

byte mem[6];
chan user_buf = [8] of { byte, byte };
chan device_buf = [4] of { byte, byte };
bool rung;
byte ci = START;

#ifdef LATE_BY_ONE
#define BACK	0
#else
#define BACK	1
#endif

/* Posts batches of any size, each with at most one doorbell. */
proctype user()
{
	byte old = START, new = START, ev, beyond, moved, slot;

	do
	:: old == END -> break
	:: else ->
		do
		:: new != END ->
			slot = new - START;
			user_buf ! WQE + slot, 1;
			new++;
			if
			:: break
			:: new != END -> skip
			fi
		od;
		user_buf ! PI, new;
#ifndef NO_USER_BARRIER
		empty(user_buf);
#endif
		ev = mem[EV];
		beyond = new - ev - BACK;
		moved = new - old;
		if
		:: beyond < moved -> rung = true
		:: else
		fi;
		old = new
	od
}

proctype device()
{
	byte pi, slot;

	do
	:: pi = mem[PI];
		if
		:: pi != ci ->
			slot = ci - START;
			assert(mem[WQE + slot] == 1);
			ci++
		:: pi == ci -> skip	/* polls on, without saying so */
		:: pi == ci ->
			device_buf ! EV, ci;
#ifndef NO_DEVICE_BARRIER
			empty(device_buf);
#endif
#ifndef NO_LAST_LOOK
			pi = mem[PI];
#endif
			if
			:: pi != ci -> skip
			:: else ->
end_sleep:			rung -> rung = false
			fi
		fi
	od
}

proctype user_stores()
{
	byte at, value;
end:
	do
	:: atomic { user_buf ? at, value -> mem[at] = value }
#ifdef WEAK
	:: atomic { user_buf ?? eval(WQE + 0), value -> mem[WQE + 0] = value }
	:: atomic { user_buf ?? eval(WQE + 1), value -> mem[WQE + 1] = value }
	:: atomic { user_buf ?? eval(WQE + 2), value -> mem[WQE + 2] = value }
	:: atomic { user_buf ?? eval(WQE + 3), value -> mem[WQE + 3] = value }
#ifdef NO_RELEASE
	:: atomic { user_buf ?? eval(PI), value -> mem[PI] = value }
#endif
#endif
	od
}

proctype device_stores()
{
	byte at, value;
end:
	do
	:: atomic { device_buf ? at, value -> mem[at] = value }
	od
}

init
{
	atomic {
		mem[PI] = START;
		mem[EV] = START;
		run user();
		run device();
		run user_stores();
		run device_stores()
	}
	timeout -> assert(ci == END)
}
