// SPDX-License-Identifier: GPL-2.0-only
/*
 * The importing devices: nothing but a name and constraints.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/nospec.h>
#include <linux/platform_device.h>

#include "harness.h"

/**
 * struct dbh_constraints - what an importing device can take
 * @dma_mask: highest address
 * @max_segment_size: bytes
 * @max_segments: in one mapping, 0 for any number
 */
struct dbh_constraints {
	u64 dma_mask;
	u32 max_segment_size;
	u32 max_segments;
};

static const struct dbh_constraints dbh_constraints[] = {
	[DBH_DEVICE_ANY] = {
		.dma_mask = DMA_BIT_MASK(64),
		.max_segment_size = UINT_MAX,
	},
	[DBH_DEVICE_STRICT] = {
		.dma_mask = DMA_BIT_MASK(32),
		.max_segment_size = UINT_MAX,
		.max_segments = 1,
	},
	[DBH_DEVICE_DMA32] = {
		.dma_mask = DMA_BIT_MASK(32),
		.max_segment_size = UINT_MAX,
	},
	[DBH_DEVICE_PAGEWISE] = {
		.dma_mask = DMA_BIT_MASK(64),
		.max_segment_size = PAGE_SIZE,
	},
};

static struct platform_device *dbh_devices[ARRAY_SIZE(dbh_constraints)];

int dbh_devices_register(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dbh_devices); i++) {
		const struct platform_device_info info = {
			.name = "dmabuf-harness",
			.id = i,
			.dma_mask = dbh_constraints[i].dma_mask,
		};
		struct platform_device *device;

		device = platform_device_register_full(&info);
		if (IS_ERR(device)) {
			dbh_devices_unregister();
			return PTR_ERR(device);
		}
		dma_set_max_seg_size(&device->dev,
				     dbh_constraints[i].max_segment_size);
		dbh_devices[i] = device;
	}
	return 0;
}

void dbh_devices_unregister(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dbh_devices); i++) {
		platform_device_unregister(dbh_devices[i]);
		dbh_devices[i] = NULL;
	}
}

unsigned int dbh_devices_count(void)
{
	return ARRAY_SIZE(dbh_devices);
}

struct device *dbh_device_by_index(u32 index)
{
	if (index >= ARRAY_SIZE(dbh_devices))
		return NULL;
	return &dbh_devices[array_index_nospec(index, ARRAY_SIZE(dbh_devices))]->dev;
}

/* Other drivers' devices are not known, and taken to have no such limit. */
u32 dbh_device_max_segments(struct device *dev)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dbh_devices); i++) {
		if (dbh_devices[i] && &dbh_devices[i]->dev == dev)
			return dbh_constraints[i].max_segments;
	}
	return 0;
}

int dbh_ioctl_device(struct dbh_context *context, void *argument)
{
	struct dbh_device *arg = argument;
	struct device *dev = dbh_device_by_index(arg->device);

	if (arg->pad)
		return -EINVAL;
	if (!dev)
		return -ENOENT;

	arg->max_segments = dbh_device_max_segments(dev);
	arg->dma_mask = dma_get_mask(dev);
	arg->max_segment_size = dma_get_max_seg_size(dev);
	strscpy_pad(arg->name, dev_name(dev), sizeof(arg->name));
	return 0;
}
