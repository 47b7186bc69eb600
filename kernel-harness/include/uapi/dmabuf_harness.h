/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * dmabuf_harness: drives the in-kernel side of dma-buf from user space.
 *
 * /dev/dmabuf_harness is root only. Every open file is a context of its own,
 * with its own handles; closing it unmaps, detaches and puts whatever is left.
 * A context may be shared by fork: its ioctls then run one after the other.
 * Open the device several times to have operations run at the same time.
 *
 * One ioctl is one operation, and what the kernel answered is what the ioctl
 * answers. The module judges nothing. It has a few answers of its own, chosen
 * so that they cannot be mistaken for the operation's:
 *
 *   -ENOTTY      no such ioctl, or a struct of another size
 *   -EINVAL      padding or an unknown bit that is not zero
 *   -ENOENT      no such handle (handles are never used twice in a context)
 *   -ENOSPC      the context's table of such handles is full
 *   -EDQUOT      EXPORT: the context would exceed what it may export
 *   -EPERM       needs the module parameter allow_defects or allow_violations;
 *                PIN of an attachment that is not dynamic
 *   -EBUSY       PUT, FD, DETACH: see there. They cannot answer it themselves
 *   -EOPNOTSUPP  this kernel or this exporter has no such thing
 *   -ERANGE      PAGE_READ, PAGE_WRITE: no such page
 *
 * Fields marked "in" are read, fields marked "out" are written on success and
 * ignored on entry. Fields named pad or reserved must be zero on entry.
 *
 * The last put of a buffer is completed when the ioctl returns to user space,
 * not before: read INFO, COUNTERS and GLOBAL in a later call.
 */
#ifndef _UAPI_DMABUF_HARNESS_H
#define _UAPI_DMABUF_HARNESS_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DBH_DEVICE_PATH		"/dev/dmabuf_harness"
#define DBH_ABI_VERSION		7

/* Limits of one context. */
#define DBH_MAX_HANDLES		256		/* of each kind */
#define DBH_MAX_EXPORT_BYTES	(64 << 20)	/* not yet released; see EXPORT */
#define DBH_MAX_RECORDS		4096		/* oldest released ones go first */
#define DBH_MAX_SURVEYED	64		/* of each kind */

#define DBH_NAME_LEN		32

/* struct dbh_version.features */
#define DBH_FEATURE_CACHING	(1 << 0)  /* DBH_POLICY_CACHING works */
#define DBH_FEATURE_VMAP	(1 << 1)  /* VMAP and VUNMAP work */
#define DBH_FEATURE_INJECT	(1 << 2)  /* INJECT works */
#define DBH_FEATURE_DYNAMIC	(1 << 3)  /* dynamic attachments, pin, unpin */
#define DBH_FEATURE_FENCES	(1 << 4)  /* fences */
#define DBH_FEATURE_DEFECTS	(1 << 8)  /* loaded with allow_defects=1 */
#define DBH_FEATURE_VIOLATIONS	(1 << 9)  /* loaded with allow_violations=1 */
#define DBH_FEATURE_MAP_LOCKED	(1 << 16) /* MAP and UNMAP lock the reservation */
#define DBH_FEATURE_SGT_PAGELESS (1 << 17) /* CONFIG_DMABUF_DEBUG: no sg_page() */
#define DBH_FEATURE_MOVE_NOTIFY	(1 << 18) /* the core lets dynamic importers map unpinned */

/**
 * struct dbh_version - what is on the other side
 * @abi: out: DBH_ABI_VERSION of the module
 * @page_size: out: bytes in a page of this kernel
 * @features: out: DBH_FEATURE_*
 * @devices: out: number of importing devices, ATTACH takes 0 .. devices - 1
 * @max_handles: out: handles of each kind in one context
 * @max_export_bytes: out: bytes one context may have exported at a time
 * @kernel: out: version the module was built for, as in LINUX_VERSION_CODE
 * @pad: zero
 */
struct dbh_version {
	__u32 abi;
	__u32 page_size;
	__u64 features;
	__u32 devices;
	__u32 max_handles;
	__u64 max_export_bytes;
	__u32 kernel;
	__u32 pad;
};

/* The importing devices. There may be more one day: see dbh_version.devices. */
#define DBH_DEVICE_ANY		0	/* 64-bit DMA, any segments */
#define DBH_DEVICE_STRICT	1	/* 32-bit DMA, one segment */
#define DBH_DEVICE_DMA32	2	/* 32-bit DMA, any segments */
#define DBH_DEVICE_PAGEWISE	3	/* 64-bit DMA, segments of one page */

/**
 * struct dbh_device - the constraints of one importing device
 * @device: in: 0 .. devices - 1, else -ENOENT
 * @max_segments: out: segments it can take in one mapping, 0 for any number;
 *	the DMA API cannot say this, so only this module's exporter knows of it
 * @dma_mask: out: highest address it can reach
 * @max_segment_size: out: bytes
 * @pad: zero
 * @name: out: its name as in debugfs dma_buf/bufinfo
 */
struct dbh_device {
	__u32 device;
	__u32 max_segments;
	__u64 dma_mask;
	__u32 max_segment_size;
	__u32 pad;
	char name[DBH_NAME_LEN];
};

/**
 * struct dbh_reset - drop everything this context has, as close() does
 * @flags: in: zero
 * @pad: zero
 *
 * Unmaps, vunmaps, detaches and puts, in this order, and forgets the records
 * of buffers. Handles are not used again.
 */
struct dbh_reset {
	__u32 flags;
	__u32 pad;
};

/**
 * struct dbh_global - what there is over all contexts
 * @contexts: out: open contexts, this one included
 * @buffers: out: buffers exported by this module and not yet released
 * @refs: out: references held by handles
 * @attachments: out: attachments held by handles
 * @mappings: out: mappings held by handles
 * @vmaps: out: kernel mappings held by handles
 * @exporter_attachments: out: attachments on this module's buffers, anybody's
 * @exporter_mappings: out: mappings of this module's buffers, anybody's
 * @storage_pages: out: pages this module's buffers have as backing storage
 * @kept_pages: out: pages of backing storage that somebody still had a
 *	reference to when it was freed, since the module was loaded
 * @caller_dmabuf_fds: out: descriptors of the calling process that are open on
 *	a dma-buf, anybody's
 * @peer_fds: out: descriptors of the process that enrolled, open on anything
 * @reserved: zero
 */
struct dbh_global {
	__u64 contexts;
	__u64 buffers;
	__u64 refs;
	__u64 attachments;
	__u64 mappings;
	__u64 vmaps;
	__u64 exporter_attachments;
	__u64 exporter_mappings;
	__u64 storage_pages;
	__u64 kept_pages;
	__u64 caller_dmabuf_fds;
	__u64 peer_fds;
	__u64 reserved[2];
};

/**
 * struct dbh_get - dma_buf_get() of a descriptor of the calling process
 * @fd: in: any descriptor
 * @ref: out: handle of the new reference
 */
struct dbh_get {
	__s32 fd;
	__u32 ref;
};

/**
 * struct dbh_dup - get_dma_buf()
 * @ref: in: a reference
 * @new_ref: out: handle of one more reference on the same buffer
 */
struct dbh_dup {
	__u32 ref;
	__u32 new_ref;
};

/**
 * struct dbh_put - dma_buf_put()
 * @ref: in: the reference, gone on success
 * @pad: zero
 *
 * -EBUSY if it is the context's last reference on a buffer that the context is
 * still attached to: an importer that does this leaves the kernel a dangling
 * attachment. With allow_violations it is done all the same; the attachments
 * and their mappings are then lost, and their handles gone. A kernel mapping
 * (VMAP) keeps the -EBUSY even so: the kernel would BUG.
 */
struct dbh_put {
	__u32 ref;
	__u32 pad;
};

/**
 * struct dbh_fd - dma_buf_fd()
 * @ref: in: the reference; on success it belongs to the descriptor and the
 *	handle is gone. Untouched on failure. DUP first to keep one
 * @flags: in: handed to the kernel as they are; O_CLOEXEC is what it knows
 * @fd: out: new descriptor in the calling process
 * @pad: zero
 *
 * -EBUSY as in PUT, whatever the module parameters.
 */
struct dbh_fd {
	__u32 ref;
	__u32 flags;
	__s32 fd;
	__u32 pad;
};

/* struct dbh_info.caps: which operations the exporter has */
#define DBH_CAP_OURS		(1 << 0)  /* exported by this module */
#define DBH_CAP_ATTACH		(1 << 1)
#define DBH_CAP_DETACH		(1 << 2)
#define DBH_CAP_PIN		(1 << 3)  /* a dynamic exporter */
#define DBH_CAP_BEGIN_CPU	(1 << 4)
#define DBH_CAP_END_CPU		(1 << 5)
#define DBH_CAP_MMAP		(1 << 6)
#define DBH_CAP_VMAP		(1 << 7)
#define DBH_CAP_CACHING		(1 << 8)  /* cache_sgt_mapping */

/**
 * struct dbh_info - readings of a buffer, none of which has a side effect
 * @ref: in: a reference
 * @caps: out: DBH_CAP_*
 * @serial: out: serial of a buffer exported by this module, else 0
 * @ino: out: inode number, as in fstat(), fdinfo and bufinfo
 * @size: out: dma_buf.size
 * @file_count: out: true count of references to the dma-buf's file, those of
 *	handles included, with none added for the reading
 * @file_flags: out: file flags (O_ACCMODE, O_NONBLOCK, ...)
 * @attachments: out: attachments listed on the buffer, anybody's
 * @vmap_count: out: kernel mappings of the buffer, anybody's
 * @own_refs: out: this context's references on the buffer
 * @own_attachments: out: this context's attachments to it
 * @own_mappings: out: this context's mappings of it
 * @own_vmaps: out: this context's kernel mappings of it
 * @pad: zero
 * @name: out: as set by DMA_BUF_SET_NAME, empty if never set
 * @exp_name: out: name of the exporter
 */
struct dbh_info {
	__u32 ref;
	__u32 caps;
	__u64 serial;
	__u64 ino;
	__u64 size;
	__u64 file_count;
	__u32 file_flags;
	__u32 attachments;
	__u32 vmap_count;
	__u32 own_refs;
	__u32 own_attachments;
	__u32 own_mappings;
	__u32 own_vmaps;
	__u32 pad;
	char name[DBH_NAME_LEN];
	char exp_name[DBH_NAME_LEN];
};

/* struct dbh_attach.flags */
#define DBH_ATTACH_DYNAMIC	(1 << 0)  /* the importer is told of moves */

/**
 * struct dbh_attach - dma_buf_attach(), dma_buf_dynamic_attach()
 * @ref: in: a reference
 * @device: in: an importing device, else -ENOENT
 * @flags: in: DBH_ATTACH_DYNAMIC or zero
 * @attachment: out: handle of the attachment
 *
 * The attachment belongs to the buffer and to the context, not to @ref.
 */
struct dbh_attach {
	__u32 ref;
	__u32 device;
	__u32 flags;
	__u32 attachment;
};

/**
 * struct dbh_detach - dma_buf_detach()
 * @attachment: in: the attachment, gone on success
 * @pad: zero
 *
 * -EBUSY while the context has mappings of it. With allow_violations it is
 * done all the same; the mappings are then lost, and their handles gone.
 * -EBUSY while the context has pinned it, whatever the module parameters.
 */
struct dbh_detach {
	__u32 attachment;
	__u32 pad;
};

/**
 * struct dbh_pin - dma_buf_pin(), dma_buf_unpin(), the reservation locked
 * @attachment: in: a dynamic attachment, else -EPERM; UNPIN: -ENOENT if the
 *	context has no pin of it
 * @pad: zero
 */
struct dbh_pin {
	__u32 attachment;
	__u32 pad;
};

/**
 * struct dbh_move - the exporter moves the storage of a buffer
 * @ref: in: a reference on a buffer that was exported with DBH_POLICY_DYNAMIC,
 *	else -EOPNOTSUPP
 * @pad: zero
 *
 * To another place of the same kind, contents and all; a buffer without
 * storage has nothing to move. Dynamic importers are told before. -EBUSY while
 * somebody has pinned it, or has a kernel mapping. Who has mapped it and was
 * told keeps the old pages until unmap.
 */
struct dbh_move {
	__u32 ref;
	__u32 pad;
};

/* Directions: those of enum dma_data_direction. */
#define DBH_DIR_BIDIRECTIONAL	0
#define DBH_DIR_TO_DEVICE	1
#define DBH_DIR_FROM_DEVICE	2
#define DBH_DIR_NONE		3
#define DBH_DIRECTIONS		3	/* those that say anything */

/* struct dbh_map.layout */
#define DBH_LAYOUT_CONTIGUOUS	(1 << 0)  /* DMA addresses without a gap */
#define DBH_LAYOUT_UNALIGNED	(1 << 1)  /* some segment not page aligned */

/**
 * struct dbh_map - dma_buf_map_attachment()
 * @attachment: in: an attachment
 * @direction: in: DBH_DIR_*, more is -EINVAL. Some exporters BUG on NONE, so
 *	it reaches other exporters than this module's only with
 *	allow_violations, and is -EINVAL otherwise
 * @mapping: out: handle of the mapping
 * @nents: out: segments as the device sees them
 * @orig_nents: out: segments as the CPU sees them
 * @layout: out: DBH_LAYOUT_*
 * @bytes: out: sum over the device's segments
 * @max_segment: out: bytes in the longest of them
 * @dma_end: out: highest DMA address in the mapping
 *
 * With an exporter that caches, two mappings may well be one sg_table.
 */
struct dbh_map {
	__u32 attachment;
	__u32 direction;
	__u32 mapping;
	__u32 nents;
	__u32 orig_nents;
	__u32 layout;
	__u64 bytes;
	__u64 max_segment;
	__u64 dma_end;
};

/**
 * struct dbh_unmap - dma_buf_unmap_attachment(), in the direction of the map
 * @mapping: in: the mapping, gone on success
 * @pad: zero
 */
struct dbh_unmap {
	__u32 mapping;
	__u32 pad;
};

/**
 * struct dbh_cpu_access - dma_buf_begin_cpu_access(), dma_buf_end_cpu_access()
 * @ref: in: a reference
 * @direction: in: as in MAP
 */
struct dbh_cpu_access {
	__u32 ref;
	__u32 direction;
};

/**
 * struct dbh_vmap - dma_buf_vmap()
 * @ref: in: a reference
 * @vmap: out: handle of the kernel mapping
 * @is_iomem: out: 1 if it is I/O memory
 * @same: out: how many kernel mappings of the buffer the context has at this
 *	address, this one included
 *
 * The kernel WARNs, once in a boot, of an exporter whose vmap fails.
 */
struct dbh_vmap {
	__u32 ref;
	__u32 vmap;
	__u32 is_iomem;
	__u32 same;
};

/**
 * struct dbh_vunmap - dma_buf_vunmap()
 * @vmap: in: the kernel mapping, gone on success
 * @pad: zero
 */
struct dbh_vunmap {
	__u32 vmap;
	__u32 pad;
};

/* struct dbh_page.via */
#define DBH_VIA_MAPPING		0	/* handle is a mapping */
#define DBH_VIA_VMAP		1	/* handle is a kernel mapping */

/* struct dbh_page.source */
#define DBH_SOURCE_PAGES	1	/* the pages of the sg_table */
#define DBH_SOURCE_VMAP		2	/* a kernel mapping of the buffer */

/**
 * struct dbh_page - reads or fills a page as the device would
 * @handle: in: a mapping or a kernel mapping
 * @via: in: DBH_VIA_*
 * @page: in: which page, counted in the sg_table or the kernel mapping; beyond
 *	the end is -ERANGE
 * @seed: in: PAGE_WRITE: the page becomes dbh_pattern() of it. PAGE_READ does
 *	not look at it
 * @word: out: PAGE_READ: the first eight bytes, little endian
 * @hash: out: dbh_fnv1a() of the page (of @bytes bytes), in both ioctls as the
 *	page is found afterwards
 * @bytes: out: bytes of this page there were; fewer than a page only in the
 *	tail of a buffer, or of a mapping that is too short
 * @source: out: DBH_SOURCE_*
 *
 * An sg_table without pages is read through a short-lived vmap if the exporter
 * has one (its callbacks are then counted), else the answer is -EOPNOTSUPP.
 * No CPU access is begun or ended here. A write through a mapping made
 * TO_DEVICE is done like any other: that it must not happen is for the caller
 * to know.
 */
struct dbh_page {
	__u32 handle;
	__u32 via;
	__u64 page;
	__u64 seed;
	__u64 word;
	__u64 hash;
	__u32 bytes;
	__u32 source;
};

/*
 * struct dbh_export.policy
 *
 * Backing storage is always below 4 GiB. It is scattered unless someone needs
 * it otherwise: CONTIGUOUS asks for it, or a STRICT device was attached when
 * storage was first needed. Scattered storage of more than one page does not
 * suit a STRICT device: its attach is refused with -EBUSY, or, with MIGRATE,
 * accepted, and its map moves the storage; with DYNAMIC its pin does so, too.
 */
#define DBH_POLICY_EAGER	(1 << 0)  /* allocate at export */
#define DBH_POLICY_DEFERRED	(1 << 1)  /* at first map, fault, CPU access or vmap */
#define DBH_POLICY_REFUSE_AFTER_MAP (1 << 2) /* once mapped, every attach is -EBUSY */
#define DBH_POLICY_CACHING	(1 << 3)  /* cache_sgt_mapping */
#define DBH_POLICY_NO_MMAP	(1 << 4)  /* no mmap operation */
#define DBH_POLICY_NO_CPU_ACCESS (1 << 5) /* no begin and end operations */
#define DBH_POLICY_NO_VMAP	(1 << 6)  /* no vmap and vunmap operations */
#define DBH_POLICY_MIGRATE	(1 << 7)  /* moves for stricter devices; -EBUSY if in use */
#define DBH_POLICY_CONTIGUOUS	(1 << 8)  /* contiguous whoever is attached */
#define DBH_POLICY_DYNAMIC	(1 << 9)  /* pin and unpin operations; implies MIGRATE */
#define DBH_POLICY_ALL		((1 << 10) - 1)

/* struct dbh_export.defect: what the exporter gets wrong. Needs allow_defects. */
#define DBH_DEFECT_NONE			0
#define DBH_DEFECT_LEAK_MAPPING		1  /* unmap neither unmaps, frees nor counts */
#define DBH_DEFECT_LEAK_REFERENCE	2  /* a refused attach or failed FD keeps a reference */
#define DBH_DEFECT_WRONG_SIZE		3  /* dma_buf.size is a page more than asked */
#define DBH_DEFECT_DROP_CLOEXEC		4  /* FD ignores O_CLOEXEC */
#define DBH_DEFECT_STALE_PAGES		5  /* map hands out a copy of the storage */
#define DBH_DEFECT_SKIP_DETACH		6  /* detach does and counts nothing */
#define DBH_DEFECT_MMAP_IGNORES_OFFSET	7  /* mmap shows the buffer from byte 0 */
#define DBH_DEFECT_WRONG_ERRNO		8  /* attach refused with -EINVAL for -EBUSY */
#define DBH_DEFECT_DOUBLE_RELEASE	9  /* release does its accounts twice */
#define DBH_DEFECT_EXTRA_REFERENCE	10 /* export keeps a second reference */
#define DBH_DEFECT_SHORT_MAP		11 /* the sg_table lacks the last page */
#define DBH_DEFECT_DIRTY_STORAGE	12 /* new storage is not zeroed (0xa5) */
#define DBH_DEFECT_LOSE_CONTENTS	13 /* migration does not copy */
#define DBH_DEFECT_MOVE_WHILE_MAPPED	14 /* migration in spite of mappings */
#define DBH_DEFECT_NO_ZAP		15 /* migration leaves mmaps on old pages */
#define DBH_DEFECT_MMAP_PRIVATE		16 /* MAP_PRIVATE is accepted */
#define DBH_DEFECT_FORGET_REFUSAL	17 /* attach accepted where it must be -EBUSY */
#define DBH_DEFECT_LEAK_PAGE_REFERENCE	18 /* map keeps a reference to the first page */
#define DBH_DEFECT_MOVE_SILENTLY	19 /* a dynamic exporter moves, and tells nobody */
#define DBH_DEFECT_SKIP_UNPIN		20 /* unpin does and counts nothing */
#define DBH_DEFECT_LEAK_PIN		21 /* a pin that fails holds all the same */
#define DBH_DEFECT_WARN			22 /* map does all it should, and warns */
#define DBH_DEFECT_COUNT		23 /* more are -EINVAL */

/*
 * struct dbh_export.violation: arguments the core must refuse, with a WARN.
 * Needs allow_violations.
 */
#define DBH_VIOLATION_NONE		0
#define DBH_VIOLATION_NO_PRIV		1
#define DBH_VIOLATION_NO_OPS		2
#define DBH_VIOLATION_NO_MAP_OP		3
#define DBH_VIOLATION_NO_UNMAP_OP	4
#define DBH_VIOLATION_NO_RELEASE_OP	5
#define DBH_VIOLATION_PIN_ONLY		6  /* pin without unpin */
#define DBH_VIOLATION_COUNT		7  /* more are -EINVAL */

/**
 * struct dbh_export - dma_buf_export()
 * @size: in: bytes, any number; the core does not care for whole pages, and
 *	the storage has as many as it takes
 * @flags: in: handed to the kernel as they are (O_ACCMODE, O_NONBLOCK, ...)
 * @policy: in: DBH_POLICY_*, with exactly one of EAGER and DEFERRED, else
 *	-EINVAL. CACHING is -EOPNOTSUPP on a kernel without it, and -EINVAL with
 *	DYNAMIC
 * @defect: in: DBH_DEFECT_*
 * @violation: in: DBH_VIOLATION_*
 * @ref: out: handle of the new buffer's one reference
 * @pad: zero
 * @serial: out: names the buffer's counters, also after its release
 * @ino: out: inode number of the new buffer
 *
 * A buffer counts for its whole pages and one page more, until its release.
 *
 * mmap of the exporter: shared only (MAP_PRIVATE is -EINVAL), and cannot grow.
 *
 * A buffer of no pages can be exported and attached to; map and vmap of it are
 * -EINVAL.
 */
struct dbh_export {
	__u64 size;
	__u32 flags;
	__u32 policy;
	__u32 defect;
	__u32 violation;
	__u32 ref;
	__u32 pad;
	__u64 serial;
	__u64 ino;
};

/* The exporter's callbacks: bits in dbh_counters.locked, index of INJECT. */
#define DBH_CALLBACK_ATTACH	0
#define DBH_CALLBACK_DETACH	1
#define DBH_CALLBACK_MAP	2
#define DBH_CALLBACK_UNMAP	3
#define DBH_CALLBACK_PIN	4
#define DBH_CALLBACK_UNPIN	5
#define DBH_CALLBACK_RELEASE	6
#define DBH_CALLBACK_BEGIN_CPU	7
#define DBH_CALLBACK_END_CPU	8
#define DBH_CALLBACK_MMAP	9
#define DBH_CALLBACK_VMAP	10
#define DBH_CALLBACK_VUNMAP	11
#define DBH_CALLBACK_ALLOCATE	12	/* not a callback: storage is allocated */
#define DBH_CALLBACK_COUNT	13

/* struct dbh_counters.placement */
#define DBH_PLACEMENT_NONE	0
#define DBH_PLACEMENT_SCATTERED	1
#define DBH_PLACEMENT_CONTIGUOUS 2

/**
 * struct dbh_counters - what an exported buffer has seen
 * @serial: in: serial of a buffer exported by this context (released ones are
 *	kept, see DBH_MAX_RECORDS), else -ENOENT; or 0. out: the serial
 * @ref: in: if @serial is 0, a reference on a buffer of this module, any
 *	context's, else -EOPNOTSUPP. -EINVAL if both or neither is given
 * @pad: zero
 * @attach: out: attach callbacks that accepted
 * @attach_refused: out: attach callbacks that did not
 * @detach: out: detach callbacks
 * @map: out: map callbacks that succeeded
 * @map_failed: out: map callbacks that did not
 * @unmap: out: unmap callbacks
 * @release: out: release callbacks
 * @mmap: out: mmap callbacks that succeeded
 * @mmap_failed: out: mmap callbacks that did not
 * @begin_cpu_access: out: begin callbacks that succeeded
 * @begin_failed: out: begin callbacks that did not
 * @end_cpu_access: out: end callbacks that succeeded
 * @end_failed: out: end callbacks that did not
 * @vmap: out: vmap callbacks that succeeded
 * @vmap_failed: out: vmap callbacks that did not
 * @vunmap: out: vunmap callbacks
 * @pin: out: pin callbacks that succeeded
 * @unpin: out: unpin callbacks
 * @fault: out: page faults in mmaps that were given a page
 * @stray_unmap: out: unmap callbacks with an sg_table that is not mapped
 * @injected: out: failures made by INJECT
 * @notified: out: move_notify calls of this module's importers
 * @live_attachments: out: attach - detach
 * @live_mappings: out: map - unmap
 * @allocated: out: 1 if there is storage now
 * @placement: out: DBH_PLACEMENT_*
 * @generation: out: times the storage has moved
 * @locked: out: callbacks (bits) that have run with the reservation locked,
 *	by whomsoever: meaningful with one thread only
 * @unlocked: out: callbacks (bits) that have run with it not locked
 * @policy: out: as exported
 * @size: out: as asked of EXPORT
 * @ino: out: inode number
 * @map_directions: out: @map by direction, DBH_DIR_*
 * @unmap_directions: out: @unmap by the direction it was given
 * @begin_directions: out: @begin_cpu_access by direction
 * @end_directions: out: @end_cpu_access by direction
 * @reserved: zero
 */
struct dbh_counters {
	__u64 serial;
	__u32 ref;
	__u32 pad;
	__u64 attach;
	__u64 attach_refused;
	__u64 detach;
	__u64 map;
	__u64 map_failed;
	__u64 unmap;
	__u64 release;
	__u64 mmap;
	__u64 mmap_failed;
	__u64 begin_cpu_access;
	__u64 begin_failed;
	__u64 end_cpu_access;
	__u64 end_failed;
	__u64 vmap;
	__u64 vmap_failed;
	__u64 vunmap;
	__u64 pin;
	__u64 unpin;
	__u64 fault;
	__u64 stray_unmap;
	__u64 injected;
	__u64 notified;
	__u32 live_attachments;
	__u32 live_mappings;
	__u32 allocated;
	__u32 placement;
	__u32 generation;
	__u32 locked;
	__u32 unlocked;
	__u32 policy;
	__u64 size;
	__u64 ino;
	__u32 map_directions[DBH_DIRECTIONS];
	__u32 unmap_directions[DBH_DIRECTIONS];
	__u32 begin_directions[DBH_DIRECTIONS];
	__u32 end_directions[DBH_DIRECTIONS];
	__u64 reserved[3];
};

/* Whose descriptors: the caller's, or those of the process that enrolled. */
#define DBH_PROCESS_CALLER	0
#define DBH_PROCESS_PEER	1

/**
 * struct dbh_enrol - lets SURVEY look at the descriptors of the calling process
 * @flags: in: zero
 * @pad: zero
 *
 * It is the context's peer from then on, until another enrols.
 */
struct dbh_enrol {
	__u32 flags;
	__u32 pad;
};

/* struct dbh_fd_seen.state */
#define DBH_FD_OPEN		(1 << 0)
#define DBH_FD_CLOSE_ON_EXEC	(1 << 1)

/**
 * struct dbh_fd_seen - a descriptor, as SURVEY finds it
 * @process: in: DBH_PROCESS_*
 * @fd: in: any number
 * @state: out: DBH_FD_*; nothing is open in a process that is gone
 * @pad: zero
 * @device: out: st_dev of the file, as in fstat()
 * @ino: out: its inode number
 */
struct dbh_fd_seen {
	__u32 process;
	__s32 fd;
	__u32 state;
	__u32 pad;
	__u64 device;
	__u64 ino;
};

/* struct dbh_buffer_seen.seen */
#define DBH_SEEN_INFO		(1 << 0)
#define DBH_SEEN_COUNTERS	(1 << 1)

/**
 * struct dbh_buffer_seen - a buffer, as SURVEY finds it
 * @serial: in: of a buffer exported by this context, or 0
 * @ref: in: a reference, or 0
 * @process: in: DBH_PROCESS_*
 * @fd: in: if @ref is 0, a descriptor of that process, or -1
 * @seen: out: DBH_SEEN_*: what of the following is true
 * @size: out: with INFO, as struct dbh_info has it, and so the next ones
 * @file_count: out: the reference is not counted that the survey takes on the
 *	file of a descriptor
 * @file_flags: out
 * @attachments: out
 * @own_mappings: out
 * @vmap_count: out
 * @attach: out: with COUNTERS, as struct dbh_counters has it, and so the next
 * @attach_refused: out
 * @detach: out
 * @map: out
 * @unmap: out
 * @begin_cpu_access: out
 * @end_cpu_access: out
 * @release: out
 * @vmap: out
 * @vunmap: out
 * @pin: out
 * @unpin: out
 * @notified: out
 * @injected: out
 * @map_directions: out
 * @unmap_directions: out
 * @begin_directions: out
 * @end_directions: out
 * @name: out: with INFO
 */
struct dbh_buffer_seen {
	__u64 serial;
	__u32 ref;
	__u32 process;
	__s32 fd;
	__u32 seen;
	__u64 size;
	__u64 file_count;
	__u32 file_flags;
	__u32 attachments;
	__u32 own_mappings;
	__u32 vmap_count;
	__u32 attach;
	__u32 attach_refused;
	__u32 detach;
	__u32 map;
	__u32 unmap;
	__u32 begin_cpu_access;
	__u32 end_cpu_access;
	__u32 release;
	__u32 vmap;
	__u32 vunmap;
	__u32 pin;
	__u32 unpin;
	__u32 notified;
	__u32 injected;
	__u32 map_directions[DBH_DIRECTIONS];
	__u32 unmap_directions[DBH_DIRECTIONS];
	__u32 begin_directions[DBH_DIRECTIONS];
	__u32 end_directions[DBH_DIRECTIONS];
	char name[DBH_NAME_LEN];
};

/**
 * struct dbh_survey - all there is to see between two operations, at once
 * @fds: in, out: address of struct dbh_fd_seen[nr_fds]
 * @buffers: in, out: address of struct dbh_buffer_seen[nr_buffers]
 * @nr_fds: in: at most DBH_MAX_SURVEYED, else -EINVAL
 * @nr_buffers: in: likewise
 *
 * What is not to be had is not seen, and no error.
 */
struct dbh_survey {
	__u64 fds;
	__u64 buffers;
	__u32 nr_fds;
	__u32 nr_buffers;
};

/**
 * struct dbh_inject - makes callbacks of a buffer fail
 * @serial: in: serial of a buffer exported by this context and not released,
 *	else -ENOENT
 * @callback: in: ATTACH, MAP, PIN, MMAP, BEGIN_CPU, END_CPU, ALLOCATE, or VMAP
 *	(needs allow_violations: the core WARNs); others are -EINVAL
 * @nth: in: 1 for the next call, 2 for the one after it, ...; 0 disarms
 * @count: in: how many calls in a row fail, at least 1 unless @nth is 0
 * @error: in: errno they fail with, 1 .. 4095 (0 if @nth is 0)
 *
 * One of each callback can be armed at a time; the later one counts.
 */
struct dbh_inject {
	__u64 serial;
	__u32 callback;
	__u32 nth;
	__u32 count;
	__u32 error;
};

#define DBH_IOC_MAGIC		0xdb

#define DBH_IOC_VERSION		_IOR(DBH_IOC_MAGIC, 0x00, struct dbh_version)
#define DBH_IOC_DEVICE		_IOWR(DBH_IOC_MAGIC, 0x01, struct dbh_device)
#define DBH_IOC_RESET		_IOW(DBH_IOC_MAGIC, 0x02, struct dbh_reset)
#define DBH_IOC_GLOBAL		_IOR(DBH_IOC_MAGIC, 0x03, struct dbh_global)

#define DBH_IOC_GET		_IOWR(DBH_IOC_MAGIC, 0x10, struct dbh_get)
#define DBH_IOC_DUP		_IOWR(DBH_IOC_MAGIC, 0x11, struct dbh_dup)
#define DBH_IOC_PUT		_IOW(DBH_IOC_MAGIC, 0x12, struct dbh_put)
#define DBH_IOC_FD		_IOWR(DBH_IOC_MAGIC, 0x13, struct dbh_fd)
#define DBH_IOC_INFO		_IOWR(DBH_IOC_MAGIC, 0x14, struct dbh_info)
#define DBH_IOC_ENROL		_IOW(DBH_IOC_MAGIC, 0x15, struct dbh_enrol)
#define DBH_IOC_SURVEY		_IOW(DBH_IOC_MAGIC, 0x16, struct dbh_survey)

#define DBH_IOC_ATTACH		_IOWR(DBH_IOC_MAGIC, 0x20, struct dbh_attach)
#define DBH_IOC_DETACH		_IOW(DBH_IOC_MAGIC, 0x21, struct dbh_detach)
#define DBH_IOC_MAP		_IOWR(DBH_IOC_MAGIC, 0x22, struct dbh_map)
#define DBH_IOC_UNMAP		_IOW(DBH_IOC_MAGIC, 0x23, struct dbh_unmap)
#define DBH_IOC_PIN		_IOW(DBH_IOC_MAGIC, 0x24, struct dbh_pin)
#define DBH_IOC_UNPIN		_IOW(DBH_IOC_MAGIC, 0x25, struct dbh_pin)

#define DBH_IOC_BEGIN_CPU	_IOW(DBH_IOC_MAGIC, 0x30, struct dbh_cpu_access)
#define DBH_IOC_END_CPU		_IOW(DBH_IOC_MAGIC, 0x31, struct dbh_cpu_access)
#define DBH_IOC_VMAP		_IOWR(DBH_IOC_MAGIC, 0x32, struct dbh_vmap)
#define DBH_IOC_VUNMAP		_IOW(DBH_IOC_MAGIC, 0x33, struct dbh_vunmap)
#define DBH_IOC_PAGE_READ	_IOWR(DBH_IOC_MAGIC, 0x34, struct dbh_page)
#define DBH_IOC_PAGE_WRITE	_IOWR(DBH_IOC_MAGIC, 0x35, struct dbh_page)

#define DBH_IOC_EXPORT		_IOWR(DBH_IOC_MAGIC, 0x40, struct dbh_export)
#define DBH_IOC_COUNTERS	_IOWR(DBH_IOC_MAGIC, 0x41, struct dbh_counters)
#define DBH_IOC_INJECT		_IOW(DBH_IOC_MAGIC, 0x42, struct dbh_inject)
#define DBH_IOC_MOVE		_IOW(DBH_IOC_MAGIC, 0x43, struct dbh_move)
/* 0x50 .. 0x5f are for fences. */

/*
 * What PAGE_WRITE fills a page with: word @index (of eight bytes, little
 * endian; 512 of them in 4 KiB) for @seed. Word 0 is the seed, so that a
 * reader can tell it from the first word; seed 0 is a page of zeros, as new
 * storage is.
 */
static inline __u64 dbh_pattern(__u64 seed, __u32 index)
{
	__u64 z = seed;

	if (!seed || !index)
		return seed;

	z += index * 0x9e3779b97f4a7c15ULL;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

#define DBH_FNV1A_BASIS		0xcbf29ce484222325ULL

/* 64-bit FNV-1a. Begin with DBH_FNV1A_BASIS; hand the result in to go on. */
static inline __u64 dbh_fnv1a(__u64 hash, const void *data, __u64 size)
{
	const __u8 *byte = (const __u8 *)data;
	__u64 i;

	for (i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3ULL;
	return hash;
}

/* The dbh_fnv1a() of the first @size bytes of a page filled from @seed. */
static inline __u64 dbh_pattern_hash(__u64 seed, __u64 size)
{
	__u64 hash = DBH_FNV1A_BASIS;
	__u64 i;

	for (i = 0; i < size; i++) {
		__u64 word = dbh_pattern(seed, (__u32)(i / 8));

		hash = (hash ^ ((word >> (i % 8 * 8)) & 0xff)) *
		       0x100000001b3ULL;
	}
	return hash;
}

#endif /* _UAPI_DMABUF_HARNESS_H */
