/* SPDX-License-Identifier: MIT
 * A child of p0. It has a copy of each fd and CPU mapping that p0 had, and each holds the file once more (SHR-002,
 * MMU-011). It stays as it was born, whatever p0 does, until it becomes another program or ends. */

#ifdef CLOSE_ON_EXEC
#define COPY_FLAG(f) cfdx[f] = fdx[f]
#define FORGET_FLAG(f) cfdx[f] = 0
#define GOES(f) (cfdx[f] == 1)
#else
#define COPY_FLAG(f) skip
#define FORGET_FLAG(f) skip
#define GOES(f) false
#endif
#ifdef RESHAPES
#define COPY_SHAPE(v) cvmao[v] = vmao[v]; cvmal[v] = vmal[v]
#define FORGET_SHAPE(v) cvmao[v] = 0; cvmal[v] = 0
#define CHILD_LENGTH(v) cvmal[v]
#else
#define COPY_SHAPE(v) skip
#define FORGET_SHAPE(v) skip
#define CHILD_LENGTH(v) 1
#endif
#if MESSAGES > 0
#define IN_P0_VMA(v) (vmap[v] == 0)
#else
#define IN_P0_VMA(v) true
#endif
#define HAND_DOWN_FD(f, ...) \
  if :: fd[f] > 0 && PROCESS(f) == 0 -> TAKE(fd[f] - 1); cfd[f] = fd[f]; COPY_FLAG(f) :: else fi;
#define HAND_DOWN_VMA(v, ...) \
  if :: vma[v] > 0 && IN_P0_VMA(v) -> TAKE(vma[v] - 1); cvma[v] = vma[v]; cvmaw[v] = vmaw[v]; COPY_SHAPE(v) :: else fi;

/* In the child, all of it or what is close-on-exec (SHR-003). Neither exec nor exit leaves a CPU mapping (VFS-007). */
#define LOSE_FD(f) if :: cfd[f] > 0 -> DROP(cfd[f] - 1); cfd[f] = 0; FORGET_FLAG(f) :: else fi;
#define END_FD(f, ...) LOSE_FD(f)
#if PLANT == 13
#define EXEC_FD(f, ...)
#else
#define EXEC_FD(f, ...) if :: GOES(f) -> LOSE_FD(f) :: else fi;
#endif
#define END_VMA(v, ...) \
  if :: cvma[v] > 0 -> DROP(cvma[v] - 1); cvma[v] = 0; cvmaw[v] = 0; FORGET_SHAPE(v) :: else fi;

#define CHILD_LOAD(b, v) OP("child_load k0 v" #v " page=0", child > 0 && cvma[v] == b + 1, ALLOCATE(b))
#ifdef GROWING_PAST
#define CHILD_LOAD_BEHIND(v) \
  REFUSE("child_load k0 v" #v " page=" TEXT(PAGES), EFAULT, cvma[v] > 0 && PAGES < CHILD_LENGTH(v))
#else
#define CHILD_LOAD_BEHIND(v)
#endif
#define CHILD_V(v, ...) EACH_B(CHILD_LOAD, v) CHILD_LOAD_BEHIND(v)
#define CHILD_STEPS \
  OP("fork k0", child == 0, child = 1; ALL_F(HAND_DOWN_FD, 0) ALL_V(HAND_DOWN_VMA, 0) skip) \
  OP("exec k0", child == 1, child = 2; ALL_F(EXEC_FD, 0) ALL_V(END_VMA, 0) skip) \
  STEP("exit k0", child > 0, child = 0; ALL_F(END_FD, 0) ALL_V(END_VMA, 0) skip) \
  EACH_V(CHILD_V, 0)
