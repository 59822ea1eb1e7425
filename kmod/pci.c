// SPDX-License-Identifier: GPL-2.0-only
/* PCI binding, and the character device. */
#include <linux/dma-mapping.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "compat.h"
#include "control/control.h"
#include "entry/entry.h"
#include "pci.h"

static dev_t ubnpu_devt;

static char *ubnpu_devnode(UBNPU_DEVNODE_CONST struct device *dev, umode_t *mode)
{
	if (mode)
		*mode = 0660;
	return kasprintf(GFP_KERNEL, "ub/%s", dev_name(dev));
}

static struct class ubnpu_class = {
	.name = UBNPU_NAME,
	.devnode = ubnpu_devnode,
	.dev_groups = ubnpu_groups,
};

static void ubnpu_dev_release(struct device *dev)
{
	struct ubnpu_dev *ub = to_ubnpu(dev);
	int type;

	ubnpu_mapping_free(ub);
	xa_destroy(&ub->ctxs.xa);
	xa_destroy(&ub->segs.xa);
	xa_destroy(&ub->programs.xa);
	for (type = 0; type < UBNPU_QUEUE_TYPES; type++)
		xa_destroy(&ub->queues[type].xa);
	ida_destroy(&ub->db_ida);
	kfree(ub);
}

static struct ubnpu_dev *ubnpu_dev_new(struct pci_dev *pdev)
{
	struct ubnpu_dev *ub = kzalloc(sizeof(*ub), GFP_KERNEL);
	int type, ret;

	if (!ub)
		return ERR_PTR(-ENOMEM);
	ub->pdev = pdev;
	ub->kernel_queues = &ubnpu_kqueue_ops;
	init_rwsem(&ub->gate);
	mutex_init(&ub->obj_lock);
	spin_lock_init(&ub->users_lock);
	INIT_LIST_HEAD(&ub->users);
	mutex_init(&ub->usage_lock);
	mutex_init(&ub->admin_lock);
	init_waitqueue_head(&ub->admin_wq);
	ub->gone = true;
	INIT_WORK(&ub->recover_work, ubnpu_recover_work);
	INIT_DELAYED_WORK(&ub->watch_work, ubnpu_watch_work);
	INIT_WORK(&ub->overrun_work, ubnpu_overrun_work);
	ubnpu_ids_init(&ub->ctxs, 0);
	ubnpu_ids_init(&ub->segs, 0);
	ubnpu_ids_init(&ub->programs, 0);
	for (type = 0; type < UBNPU_QUEUE_TYPES; type++)
		ubnpu_ids_init(&ub->queues[type], 0);
	ida_init(&ub->db_ida);
	device_initialize(&ub->dev);
	ub->dev.class = &ubnpu_class;
	ub->dev.parent = &pdev->dev;
	ub->dev.release = ubnpu_dev_release;
	ret = ubnpu_mapping_init(ub);
	if (ret) {
		put_device(&ub->dev);
		return ERR_PTR(ret);
	}
	return ub;
}

static void ubnpu_read_id(struct ubnpu_dev *ub, u32 offset, u8 id[16])
{
	put_unaligned_le64(readq(ub->regs + offset), id);
	put_unaligned_le64(readq(ub->regs + offset + 8), id + 8);
}

static void ubnpu_read_caps(struct ubnpu_dev *ub)
{
	struct ubnpu_caps *c = &ub->caps;
	void __iomem *r = ub->regs;

	c->hw_version = readl(r + UB_REG_VERSION);
	ubnpu_read_id(ub, UB_REG_GUID, c->guid);
	ubnpu_read_id(ub, UB_REG_EID, c->eid);
	c->class_code = readl(r + UB_REG_CLASS_CODE);
	c->upi = readl(r + UB_REG_UPI);
	c->caps = readq(r + UB_REG_CAPS);
	c->opcodes = readq(r + UB_REG_OPCODES);
	c->max_ctx = readl(r + UB_REG_MAX_CTX);
	c->max_seg = readl(r + UB_REG_MAX_SEG);
	c->max_queues[UBNPU_JFS] = readl(r + UB_REG_MAX_JFS);
	c->max_queues[UBNPU_JFR] = readl(r + UB_REG_MAX_JFR);
	c->max_queues[UBNPU_JFC] = readl(r + UB_REG_MAX_JFC);
	c->max_eq = readl(r + UB_REG_MAX_EQ);
	c->visa_version = readl(r + UB_REG_VISA_VERSION);
	c->max_program = c->visa_version ? readl(r + UB_REG_MAX_PROGRAM) : 0;
	c->db_pages = readl(r + UB_REG_DB_PAGES);
	c->max_depth[UBNPU_JFS] = readl(r + UB_REG_MAX_JFS_DEPTH);
	c->max_depth[UBNPU_JFR] = readl(r + UB_REG_MAX_JFR_DEPTH);
	c->max_depth[UBNPU_JFC] = readl(r + UB_REG_MAX_JFC_DEPTH);
	c->max_sge = readl(r + UB_REG_MAX_SGE);
	c->max_inline = readl(r + UB_REG_MAX_INLINE);
	c->max_msg = readq(r + UB_REG_MAX_MSG);
	c->max_gemm_dim = readl(r + UB_REG_MAX_GEMM_DIM);
	c->engines = readl(r + UB_REG_ENGINES);
	c->hbm_size = readq(r + UB_REG_HBM_SIZE);
}

static void ubnpu_apply_caps(struct ubnpu_dev *ub)
{
	struct ubnpu_caps *c = &ub->caps;
	int type;

	ub->ctxs.max = min(c->max_ctx, UB_HW_ID_MASK);
	ub->segs.max = min(c->max_seg, UB_HW_ID_MASK);
	ub->programs.max = min(c->max_program, UB_HW_ID_MASK);
	for (type = 0; type < UBNPU_QUEUE_TYPES; type++)
		ub->queues[type].max = min(c->max_queues[type], UB_HW_ID_MASK);
}

static int ubnpu_identify(struct ubnpu_dev *ub)
{
	u32 magic = readl(ub->regs + UB_REG_MAGIC);
	u32 version = readl(ub->regs + UB_REG_VERSION);

	if (magic != UB_HW_MAGIC || version >> 16 != UB_HW_VERSION >> 16)
		return dev_err_probe(&ub->pdev->dev, -ENODEV,
				     "driver knows no such device: magic 0x%08x version %u.%u\n",
				     magic, version >> 16, version & 0xffff);
	if (PAGE_SIZE != UB_HW_PAGE_SIZE)
		return dev_err_probe(&ub->pdev->dev, -EOPNOTSUPP,
				     "kernel cannot map pages of %d bytes: its own have %lu\n",
				     UB_HW_PAGE_SIZE, PAGE_SIZE);
	ubnpu_read_caps(ub);
	ubnpu_apply_caps(ub);
	if (pci_resource_len(ub->pdev, UB_HW_BAR_DB) <
	    (resource_size_t)ub->caps.db_pages * UB_HW_PAGE_SIZE)
		return dev_err_probe(&ub->pdev->dev, -ENODEV,
				     "doorbell BAR cannot hold %u pages: it has %llu bytes\n",
				     ub->caps.db_pages,
				     (u64)pci_resource_len(ub->pdev, UB_HW_BAR_DB));
	if (ub->caps.max_eq < 2)
		return dev_err_probe(&ub->pdev->dev, -ENODEV,
				     "driver needs 2 event queues: the device has %u\n",
				     ub->caps.max_eq);
	ub->db_base = pci_resource_start(ub->pdev, UB_HW_BAR_DB);
	ub->db = pci_iomap(ub->pdev, UB_HW_BAR_DB, (u64)ub->caps.db_pages * UB_HW_PAGE_SIZE);
	return ub->db ? 0 : -ENOMEM;
}

static int ubnpu_pci_setup(struct ubnpu_dev *ub)
{
	struct pci_dev *pdev = ub->pdev;
	int ret;

	ret = pci_enable_device_mem(pdev);
	if (ret)
		return ret;
	ret = pci_request_mem_regions(pdev, UBNPU_NAME);
	if (ret)
		goto disable;
	ub->regs = pci_iomap(pdev, UB_HW_BAR_REGS, UB_HW_REGS_SIZE);
	if (!ub->regs) {
		ret = -ENOMEM;
		goto release;
	}
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		goto unmap;
	ret = ubnpu_dma_check(&pdev->dev);
	if (ret)
		goto unmap;
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	pci_set_master(pdev);
	return 0;
unmap:
	pci_iounmap(pdev, ub->regs);
release:
	pci_release_mem_regions(pdev);
disable:
	pci_disable_device(pdev);
	return ret;
}

static void ubnpu_pci_teardown(struct ubnpu_dev *ub)
{
	pci_clear_master(ub->pdev);
	if (ub->db)
		pci_iounmap(ub->pdev, ub->db);
	pci_iounmap(ub->pdev, ub->regs);
	pci_release_mem_regions(ub->pdev);
	pci_disable_device(ub->pdev);
	ubnpu_config_free(ub);
}

/* A device that somebody left running, such as the kernel before a kexec, is reset first. */
static int ubnpu_hw_setup(struct ubnpu_dev *ub)
{
	u32 ctrl = readl(ub->regs + UB_REG_CTRL);
	u32 status = readl(ub->regs + UB_REG_STATUS);
	int ret;

	ret = ubnpu_admin_alloc(ub);
	if (ret)
		return ret;
	ret = ubnpu_usage_alloc(ub) ?: ubnpu_eqs_alloc(ub);
	if (ret)
		goto free_admin;
	if (ctrl || status != UB_STATUS_READY)
		ret = ubnpu_hw_reset(ub);
	if (!ret)
		ret = ubnpu_hw_start(ub);
	if (!ret)
		return 0;
	ubnpu_hw_reset(ub);
	ubnpu_eqs_free(ub);
	cancel_work_sync(&ub->recover_work);
free_admin:
	ubnpu_usage_free(ub);
	ubnpu_admin_free(ub);
	return ret;
}

/* The gate is shut for good, so nobody starts the workers again once the interrupts are off. */
static void ubnpu_hw_teardown(struct ubnpu_dev *ub)
{
	ubnpu_eqs_free(ub);
	cancel_delayed_work_sync(&ub->watch_work);
	cancel_work_sync(&ub->recover_work);
	ubnpu_usage_free(ub);
	ubnpu_admin_free(ub);
}

static int ubnpu_publish(struct ubnpu_dev *ub)
{
	int ret;

	ret = ubnpu_dev_reserve(ub);
	if (ret)
		return ret;
	ub->dev.devt = MKDEV(MAJOR(ubnpu_devt), MINOR(ubnpu_devt) + ub->index);
	ret = dev_set_name(&ub->dev, "ub%d", ub->index);
	if (ret)
		goto erase;
	cdev_init(&ub->cdev, &ubnpu_fops);
	ub->cdev.owner = THIS_MODULE;
	ubnpu_dev_publish(ub);
	ret = cdev_device_add(&ub->cdev, &ub->dev);
	if (ret)
		goto erase;
	ubnpu_report_dev(ub);
	return 0;
erase:
	ubnpu_dev_withdraw(ub);
	return ret;
}

static int ubnpu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct ubnpu_dev *ub = ubnpu_dev_new(pdev);
	int ret;

	if (IS_ERR(ub))
		return PTR_ERR(ub);
	ret = ubnpu_pci_setup(ub);
	if (ret)
		goto put;
	ret = ubnpu_identify(ub);
	if (!ret)
		ret = ubnpu_config_keep(ub);
	if (!ret)
		ret = ubnpu_hw_setup(ub);
	if (ret)
		goto teardown_pci;
	pci_set_drvdata(pdev, ub);
	ub->gone = false;
	ret = ubnpu_publish(ub);
	if (ret)
		goto teardown_hw;
	dev_info(&ub->dev, "device bound: EID %pI6, %u completion vectors\n", ub->caps.eid,
		 ub->caps.comp_vectors);
	return 0;
teardown_hw:
	down_write(&ub->gate);
	ub->gone = true;
	ubnpu_hw_reset(ub);
	up_write(&ub->gate);
	ubnpu_hw_teardown(ub);
teardown_pci:
	ubnpu_pci_teardown(ub);
put:
	put_device(&ub->dev);
	return ret;
}

static void ubnpu_remove(struct pci_dev *pdev)
{
	struct ubnpu_dev *ub = pci_get_drvdata(pdev);

	ubnpu_dev_withdraw(ub);
	cdev_device_del(&ub->cdev, &ub->dev);

	down_write(&ub->gate);
	ub->gone = true;
	ubnpu_lose_all(ub);
	ubnpu_hw_reset(ub);
	pci_clear_master(pdev);
	ubnpu_drop_all(ub);
	up_write(&ub->gate);

	ubnpu_hw_teardown(ub);
	ubnpu_pci_teardown(ub);
	put_device(&ub->dev);
}

/* The next kernel must not find the device writing into memory it thinks is its own. */
static void ubnpu_shutdown(struct pci_dev *pdev)
{
	struct ubnpu_dev *ub = pci_get_drvdata(pdev);

	down_write(&ub->gate);
	ubnpu_lose_all(ub);
	ubnpu_hw_reset(ub);
	pci_clear_master(pdev);
	ubnpu_drop_all(ub);
	up_write(&ub->gate);
}

static const struct pci_device_id ubnpu_ids[] = {
	{ PCI_DEVICE(UB_HW_PCI_VENDOR_ID, UB_HW_PCI_DEVICE_ID) },
	{}
};
MODULE_DEVICE_TABLE(pci, ubnpu_ids);

static struct pci_driver ubnpu_driver = {
	.name = UBNPU_NAME,
	.id_table = ubnpu_ids,
	.probe = ubnpu_probe,
	.remove = ubnpu_remove,
	.shutdown = ubnpu_shutdown,
	.err_handler = &ubnpu_err_handlers,
	.driver.pm = pm_sleep_ptr(&ubnpu_pm_ops),
};

int __init ubnpu_register(void)
{
	int ret = alloc_chrdev_region(&ubnpu_devt, 0, UBNPU_MINORS, UBNPU_NAME);

	if (ret)
		return ret;
	ret = class_register(&ubnpu_class);
	if (ret)
		goto chrdev;
	ret = ubnpu_netlink_init();
	if (ret)
		goto class;
	ret = pci_register_driver(&ubnpu_driver);
	if (!ret)
		return 0;
	ubnpu_netlink_exit();
class:
	class_unregister(&ubnpu_class);
chrdev:
	unregister_chrdev_region(ubnpu_devt, UBNPU_MINORS);
	return ret;
}

void ubnpu_unregister(void)
{
	pci_unregister_driver(&ubnpu_driver);
	ubnpu_netlink_exit();
	class_unregister(&ubnpu_class);
	unregister_chrdev_region(ubnpu_devt, UBNPU_MINORS);
	rcu_barrier();
	ubnpu_devs_destroy();
}
