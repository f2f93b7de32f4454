/* SPDX-License-Identifier: MIT
 *
 * The writer of id maps (spawn/src/start/id_map_writer.hpp) as a model for spin(1): a second process
 * in the memory that the child is in. The child tells it to write, the caller tells it not to, and
 * each of the three may be killed at any time. Two starts one after the other use the same memory.
 *
 * What is asserted: nobody uses the memory of a start after it was given back; a child executes only
 * with its maps, and fails for want of them only if something has ended the writer; each writer is
 * reaped once. That nobody waits for ever shows as the lack of invalid end states.
 *
 *   DUMPS              the kernel may let a writer that dumps core go without telling
 * Mistakes:
 *   GIVES_BACK_EARLY   the caller does not wait for the end of the writer
 *   LEAVES_UNDECIDED   the caller does not tell a writer to go that no child has told to write
 *   DECIDES_EARLY      the caller does not wait for the child before it tells the writer to go
 *   NEVER_LOOKS        the writer does not look whether the caller is still there
 *   WAITS_ONCE         the child does not look again once it is woken
 *   WAITS_FOREVER      the child waits for the writer without a limit (with DUMPS)
 *   TRUSTS             the child does not look at the writer's answer
 *
 * See check.sh:
 * holds
 * holds -DDUMPS
 * fails -DGIVES_BACK_EARLY
 * fails -DLEAVES_UNDECIDED
 * fails -DDECIDES_EARLY
 * fails -DNEVER_LOOKS
 * fails -DWAITS_ONCE
 * fails -DDUMPS -DWAITS_FOREVER
 * fails -DTRUSTS
 */
#define STARTS 2

mtype = { undecided, wanted, unwanted };

/* The memory that is used again and again. */
byte owner = STARTS; /* whose it is; STARTS: given back */
mtype is_wanted = undecided; /* IdMaps::is_wanted */
bit writer_lives = 0; /* IdMaps::writer_lives */
bool is_written = false; /* IdMaps::error == 0 */
bit is_inside = 0; /* ChildStack::is_inside */
bool writer_sleeps = false; /* on the futex is_wanted */
bool child_sleeps = false; /* on the futex writer_lives */

/* The processes. */
bool caller_is_gone = false;
bool has_maps[STARTS];
bool writer_was_ended[STARTS]; /* by somebody, or by itself as the caller was gone */
bool writer_ended[STARTS]; /* wait4(2) reports it */
byte reaped[STARTS];

inline use_memory(me) { assert(owner == me) }

/* They may be killed before each step. */
#define STEP if :: goto dies :: skip fi

/* The kernel looks at the word and puts the process to sleep in one step. That the time is up changes
 * something only if the caller is gone. */
inline sleep_while_undecided(me) {
  atomic {
    use_memory(me);
    if
    :: is_wanted == undecided -> writer_sleeps = true
    :: else
    fi
  };
  if
  :: !writer_sleeps
#ifndef NEVER_LOOKS
  :: caller_is_gone -> writer_sleeps = false
#endif
  fi
}

proctype writer(byte me) {
  STEP;
  do
  :: atomic { is_wanted != undecided -> use_memory(me) }; break
  :: atomic { is_wanted == undecided -> use_memory(me) };
    STEP;
    sleep_while_undecided(me);
#ifndef NEVER_LOOKS
    if
    :: caller_is_gone -> goto dies
    :: else
    fi
#endif
  od;
  STEP;
  if
  :: is_wanted == wanted ->
    use_memory(me);
    has_maps[me] = true;
    STEP;
    atomic { use_memory(me); is_written = true }
  :: else
  fi;
  goto leaves;
dies:
  writer_was_ended[me] = true;
#ifdef DUMPS
  if
  :: writer_ended[me] = true; goto gone
  :: skip
  fi;
#endif
leaves:
  /* mm_release() of the kernel. */
  atomic { use_memory(me); writer_lives = 0 };
  child_sleeps = false;
  writer_ended[me] = true;
gone:
  skip
}

inline await_writer(me) {
#ifdef WAITS_ONCE
  atomic {
    use_memory(me);
    if
    :: writer_lives == 1 -> child_sleeps = true
    :: else
    fi
  };
  child_sleeps = false
#else
  do
  :: atomic { writer_lives == 0 -> use_memory(me) }; break
  :: atomic { writer_lives == 1 -> use_memory(me); child_sleeps = true };
    if
    :: !child_sleeps
#ifdef DUMPS
#ifndef WAITS_FOREVER
    :: writer_was_ended[me] -> child_sleeps = false; break /* the time is up */
#endif
#endif
    fi
  od
#endif
}

proctype child(byte me) {
  STEP;
  use_memory(me);
  if
  :: goto dies /* a step before */
  :: skip
  fi;
  atomic { use_memory(me); is_wanted = wanted };
  writer_sleeps = false;
  STEP;
  await_writer(me);
  STEP;
  use_memory(me);
#ifndef TRUSTS
  if
  :: !is_written -> assert(writer_was_ended[me]); goto dies
  :: else
  fi;
#endif
  assert(has_maps[me]);
dies:
  child_sleeps = false;
  /* execve(2), or its end. */
  atomic { use_memory(me); is_inside = 0 }
}

active proctype caller() {
  byte me = 0;
  do
  :: me == STARTS -> break
  :: else ->
    atomic {
      owner = me;
      is_wanted = undecided;
      writer_lives = 1;
      is_written = false;
      is_inside = 1;
      run writer(me);
      run child(me)
    };
    if
    :: caller_is_gone = true; goto gone /* the others have the memory for themselves */
    :: skip
    fi;
#ifndef DECIDES_EARLY
    is_inside == 0;
#endif
    /* ~IdMapWriter() */
#ifndef LEAVES_UNDECIDED
    if
    :: is_wanted == undecided -> is_wanted = unwanted; writer_sleeps = false
    :: else
    fi;
#endif
#ifdef GIVES_BACK_EARLY
    owner = STARTS;
#endif
    writer_ended[me];
    reaped[me]++;
    assert(reaped[me] == 1);
    owner = STARTS;
    me++
  od;
gone:
  skip
}
