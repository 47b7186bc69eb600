import itertools
C={}
def c(name,desc,*d): C[name]=(desc,d)
SH="DUPS CLOSES SENDS RECEIVES DISCARDS GETS PUTS"
IM="CLOSES GETS PUTS IMPORTS"
CPU="SYNCS KERNEL_CPU_ACCESS"
def slots(b,f,r,a=0,m=0,v=0,s=0):
  n=["BUFFERS","FDS","REFERENCES","ATTACHMENTS","MAPPINGS","VMAS","MESSAGES"]
  return [f"{k} {x}" for k,x in zip(n,[b,f,r,a,m,v,s]) if x or k in n[:2]]
def conf(name,sl,ops,exp,extra=()): C[name]=(sl,ops.split(),exp,list(extra))
EAGER=["EXPORTS","ALLOCATES_AT_EXPORT YES"]
DEF=["EXPORTS","ALLOCATES_AT_EXPORT NO"]
CACH=["EXPORTS","ALLOCATES_AT_EXPORT YES","CACHES YES"]
REFU=DEF+["REFUSES_AFTER_MAP YES"]
MIG=DEF+["CONSTRAINTS MIGRATES"]
UDM=["CREATES","ALLOCATES_AT_EXPORT YES","END_NEEDS_BEGIN"]
PRIME=["CREATES","HANDLES","OWN_REFERENCES 2","ALLOCATES_AT_EXPORT NO","NO_WRITE_ONLY"]
PC=PRIME+["CACHES YES"]
HEAP=["CREATES","ALLOCATES_AT_EXPORT YES","ONE_MAP","PRIVATE_MMAP MAYBE"]
i=slots(1,1,2,2,2)
conf("sharing",slots(2,3,2,0,0,0,1),SH,EAGER)
conf("sharing-created",slots(2,3,1,0,0,0,1),SH,UDM)
conf("handles",slots(2,2,1,0,0,0,1),SH,PRIME)
conf("importers-eager",i,IM,EAGER)
conf("importers-deferred",i,IM,DEF)
conf("importers-caching",i,IM,CACH)
conf("importers-caching-6.18",i,IM,EAGER)
conf("importers-refusing",i,IM,REFU)
conf("importers-migrating",i,IM,MIG)
conf("importers-strict",i,IM,EAGER+["CONSTRAINTS REFUSED_AT_ATTACH"])
conf("importers-strict-refusing",i,IM,REFU+["CONSTRAINTS REFUSED_AT_ATTACH"])
conf("importers-vgem",i,IM,PC)
conf("importers-heap",i,IM,HEAP)
conf("importers-unknown",i,IM,["CREATES","CACHES MAYBE","REFUSES_AFTER_MAP MAYBE","ALLOCATES_AT_EXPORT MAYBE","ONE_MAP","PRIVATE_MMAP MAYBE"])
conf("everything",slots(2,2,2,1,1,0,1),SH+" IMPORTS",MIG,["TWO_DIRECTIONS 2"])
conf("importers-unguarded",i,IM,DEF+["UNGUARDED"])
conf("importers-refused-at-map",i,IM,DEF+["CONSTRAINTS REFUSED_AT_MAP"])
conf("importers-three",slots(1,1,1,3,4),IM+" DEVICE_ACCESS",EAGER,["TWO_DIRECTIONS 1"])
conf("cpu-access",slots(1,1,1,2,1),IM+" "+CPU,MIG)
conf("cpu-access-unguarded",slots(1,1,2),"CLOSES GETS PUTS "+CPU,DEF+["UNGUARDED"])
conf("cpu-access-udmabuf",slots(2,2,1),"DUPS CLOSES GETS PUTS "+CPU,UDM)
MP="CLOSES SENDS RECEIVES MMAPS"
conf("cpu-mappings",slots(1,2,1,0,0,2,1),MP,DEF,["ACCESS_MODES 1"])
conf("cpu-mappings-two",slots(2,2,1,0,0,2,1),MP,UDM)
conf("cpu-mappings-none",slots(1,1,1,0,0,1),"CLOSES MMAPS",["EXPORTS","ALLOCATES_AT_EXPORT YES","NO_MMAP"])
conf("cpu-mappings-private",slots(1,2,0,0,0,2),"CLOSES MMAPS",HEAP)
conf("cpu-mappings-migrating",slots(1,1,1,1,1,1),IM+" MMAPS",MIG)
CL="SYNCS SEEKS NAMES"
conf("calls",slots(1,2,1),"DUPS CLOSES GETS PUTS "+CL,EAGER)
conf("calls-attached",slots(1,1,1,1),IM+" "+CL,EAGER)
conf("calls-5.10",slots(1,1,1,1),IM+" "+CL,EAGER,["NO_RENAME_WHILE_ATTACHED"])
conf("calls-prime",slots(1,1,1),"CLOSES SEEKS",PRIME,["ACCESS_MODES 2"])

for n,(sl,ops,exp,ex) in C.items():
  with open(f"configurations/{n}.pml","w") as f:
    f.write("/* SPDX-License-Identifier: MIT */\n")
    if n=="everything": f.write("/* Smaller than the program's, which Spin cannot visit: it knows no symmetry. */\n")
    f.write("#ifndef BUFFERS\n"+"".join("#define "+l+"\n" for l in sl)+"#endif\n")
    for l in ops+exp+ex: f.write("#define "+l+"\n")
    f.write('#include "../dmabuf.pml"\n')
