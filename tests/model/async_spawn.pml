/* SPDX-License-Identifier: MIT
 *
 * spawn_async() as a model for spin(1): the states of docs/async-spawn.md, with a child, a kernel and a
 * caller that take their steps in every possible order. Two children one after the other use the same
 * memory, as an allocator would have it.
 *
 * What is asserted: nobody uses the memory of a job but its own child, and not after it was given back;
 * a child that executes is never taken for one that failed; each is reaped once. That nobody waits for ever shows as the lack of invalid end states.
 *
 *   LOOKS       the wait ends from time to time, to look whether the process has ended
 *   DUMPS       the kernel may let a child that dumps core go without telling (only with LOOKS)
 * Mistakes:
 *   GIVES_BACK_EARLY   cancel() does not wait for the child to leave
 *   WAITS_ONCE         whoever is woken does not look again
 *   SLEEPS_LATE        the look at the word and falling asleep are two steps
 *   WAKES_FIRST        the kernel wakes before it clears the word
 *   REPORTS_FIRST      the descriptor is hung up before the word is cleared
 *
 * See check.sh:
 * holds
 * holds -DLOOKS
 * holds -DLOOKS -DDUMPS
 * fails -DDUMPS
 * fails -DGIVES_BACK_EARLY
 * fails -DWAITS_ONCE
 * fails -DSLEEPS_LATE
 * fails -DWAKES_FIRST
 * fails -DREPORTS_FIRST
 */
#define JOBS 2

mtype = { not_started, started, failed, executing };

/* The memory that is used again and again. */
byte owner = JOBS; /* whose it is; JOBS: given back */
bit is_inside = 0; /* ChildStack::is_inside */
mtype progress = not_started; /* Job::progress */
bool sleeping = false; /* the caller, on the futex of that address */

/* The processes. */
bool killed[JOBS];
bool executes[JOBS];
bool ended[JOBS]; /* the pidfd is readable */
bool hung_up[JOBS]; /* the pipe of Confirmation::by_descriptor */
byte reaped[JOBS];

inline use_memory(me) { assert(owner == me) }

inline clear_word(me) {
  atomic {
    use_memory(me);
    is_inside = 0
  }
}

/* By address: whoever sleeps there now. */
inline wake() { sleeping = false }

/* mm_release() of the kernel. */
inline leave_memory(me) {
#ifdef REPORTS_FIRST
  hung_up[me] = true;
#endif
#ifdef WAKES_FIRST
  wake();
  clear_word(me);
#else
  clear_word(me);
  wake();
#endif
  hung_up[me] = true
}

/* It may end before each step, by anybody's signal; one that is killed may still take some. */
#define STEP if :: goto dies :: skip fi

proctype child(byte me) {
  STEP;
  use_memory(me);
  progress = started;
  STEP;
  if
  :: use_memory(me); progress = failed; goto dies /* a step of the job */
  :: skip
  fi;
  STEP;
  atomic { use_memory(me); progress = executing };
  STEP;
  if
  :: use_memory(me); progress = failed; goto dies /* execve */
  :: skip
  fi;
  executes[me] = true;
  leave_memory(me);
  /* The program: ends by itself, or not before it is killed. */
  if
  :: killed[me]
  :: skip
  fi;
  ended[me] = true;
  goto gone;
dies:
#ifdef DUMPS
  if
  :: leave_memory(me)
  :: hung_up[me] = true
  fi;
#else
  leave_memory(me);
#endif
  ended[me] = true;
gone:
  skip
}

#define DECIDED (is_inside == 0 || ended[me])

/* FUTEX_WAIT: the kernel looks at the word and puts the caller to sleep in one step. */
inline sleep_while_inside() {
#ifdef SLEEPS_LATE
  if
  :: is_inside == 1 -> sleeping = true
  :: else
  fi;
#else
  atomic {
    if
    :: is_inside == 1 -> sleeping = true
    :: else
    fi
  }
#endif
  if
  :: !sleeping
#ifdef LOOKS
  :: sleeping = false /* the time is up */
#endif
  fi
}

inline await(me) {
#ifdef WAITS_ONCE
  if
  :: is_inside == 0
  :: else -> sleep_while_inside()
  fi
#else
  do
  :: is_inside == 0 -> break
  :: else ->
    sleep_while_inside();
#ifdef LOOKS
    if
    :: ended[me] -> break
    :: else
    fi
#endif
  od
#endif
}

inline reap(me) {
  ended[me];
  reaped[me]++
}

/* A Child that the caller drops at some time. */
proctype dropped(byte me) {
  killed[me] = true;
  reap(me);
  assert(reaped[me] == 1)
}

active proctype caller() {
  byte me = 0;
  bool is_cancelled;
  do
  :: me == JOBS -> break
  :: else ->
    is_cancelled = false;
    /* AsyncStart::start() */
    atomic {
      owner = me;
      is_inside = 1;
      progress = not_started;
      run child(me)
    };
    do
    :: DECIDED -> break /* try_finish() */
    :: skip -> /* try_finish(), finish_until(): not yet */
      skip
    :: true -> /* finish() */
      await(me);
      break
    :: hung_up[me] -> /* an event loop */
#ifndef DUMPS
      assert(DECIDED);
#else
      await(me);
#endif
      break
    :: killed[me] = true; /* cancel(), or dropping it */
      is_cancelled = true;
#ifndef GIVES_BACK_EARLY
      await(me);
#endif
      break
    od;
    if
#ifdef GIVES_BACK_EARLY
    :: is_cancelled -> owner = JOBS; reap(me)
#else
    :: is_cancelled -> reap(me); owner = JOBS
#endif
    :: else ->
      /* AsyncStart::finish() */
      if
      :: progress == executing -> owner = JOBS; run dropped(me)
      :: else ->
        assert(!executes[me]);
        reap(me);
        owner = JOBS
      fi
    fi;
    me++
  od
}
