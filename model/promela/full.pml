/* SPDX-License-Identifier: MIT
 * Processes whose limit leaves no number free for another fd: VFS-011. Whatever makes an fd asks for the number where the
 * kernel does. A call that fails there has mostly done nothing yet, or undoes it (INV-006); what it does not undo is
 * said where it is: a message that was read (SHR-008), the buffer of an export up to 6.8 (PRM-019).
 */
#if MESSAGES > 0
#define PROCESSES 2
#define EACH_P(X) X(0) X(1)
#else
#define PROCESSES 1
#define EACH_P(X) X(0)
#endif
byte crowded[PROCESSES];
#define ROOM(p) (crowded[p] == 0)
#define NO_FD(label, p, guard) REFUSE(label, EMFILE, (guard) && !ROOM(p))
#define NO_FD_FOR(label, p, guard, ...) REFUSE_AND(label, EMFILE, (guard) && !ROOM(p), __VA_ARGS__)
#define FILL_P(p) OP("fill_fds p" #p, true, crowded[p] = 1) STEP("free_fds p" #p, true, crowded[p] = 0)
#define FILL_STEPS EACH_P(FILL_P)
