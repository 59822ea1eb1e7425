/* SPDX-License-Identifier: MIT */
/* Every completion status, by a test of its name, and every malformed WQE field. */
#include "inject.h"

static const uint8_t nowhere[16] = { 1, 2, 3 };

static void ends(struct set *s, union twqe *w, unsigned status, unsigned sub)
{
	post(&s->jfs, w);
	expect(&s->jfc, status, sub, w->w.user_ctx);
	/* The queue goes on. */
	assert_int_equal(s->jfs.rec->state, UB_STATE_READY);
}

static union twqe write_wqe(struct set *s)
{
	union twqe w = wqe_new(UB_OP_WRITE, 0, 99);

	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	return w;
}

static union twqe ext_wqe(struct set *s, unsigned op)
{
	union twqe w = wqe_new(op, 0, 98);

	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	wqe_ext(&w)->notify_addr = s->b.va;
	wqe_ext(&w)->notify_id = s->b.id;
	wqe_ext(&w)->notify_token = s->b.token;
	return w;
}

static union twqe atomic_wqe(struct set *s, unsigned op, uint32_t len)
{
	union twqe w = wqe_new(op, 0, 97);

	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	wqe_sge(&w, s->a.va, len, s->a.id);
	return w;
}

static union twqe gemm_wqe(struct set *s, uint32_t m, uint32_t n, uint32_t k)
{
	union twqe w = wqe_new(UB_OP_GEMM_F32, 0, 96);

	w.w.gemm.m = m;
	w.w.gemm.n = n;
	w.w.gemm.k = k;
	w.w.gemm.lda = k;
	w.w.gemm.ldb = n;
	w.w.gemm.ldc = n;
	wqe_sge(&w, s->a.va, 65536, s->a.id);
	wqe_sge(&w, s->a.va + 65536, 65536, s->a.id);
	wqe_sge(&w, s->b.va, 65536, s->b.id);
	return w;
}

static void status_success(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 1);

	ends(s, &w, UB_CR_SUCCESS, 0);
}

static void status_unsupported_opcode_err(void **state)
{
	static const uint8_t known[] = { 0,    1,    2,	   0x10, 0x20, 0x21, 0x22, 0x23, 0x24,
					 0x25, 0x26, 0x40, 0x41, 0x51, 0xc0, 0xc1, 0xc2, 0xc3 };
	struct set *s = *state;

	for (unsigned op = 0; op < 256; op++) {
		union twqe w = wqe_new(op, 0, op);

		if (!memchr(known, (int)op, sizeof(known)))
			ends(s, &w, UB_CR_UNSUPPORTED_OPCODE_ERR, 0);
	}
	assert_int_equal(STAT(&s->rig, errors), 256 - sizeof(known));
}

static void status_loc_len_err(void **state)
{
	static const uint32_t atomic_lens[] = { 0, 1, 2, 7, 9, 16 };
	struct set *s = *state;
	union twqe w = write_wqe(s);

	for (unsigned i = 0; i < 2; i++)		/* 1 GiB and a byte */
		wqe_sge(&w, s->a.va, 0x20000000 + i, s->a.id);
	ends(s, &w, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	w = write_wqe(s);
	wqe_sge(&w, s->a.va, 0xffffffff, s->a.id);
	ends(s, &w, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	w = write_wqe(s);
	wqe_inline(&w, "x", 1);
	w.w.inline_len = 209;
	ends(s, &w, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	w.w.inline_len = 0xffff;
	ends(s, &w, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	w = ext_wqe(s, UB_OP_WRITE_NOTIFY);
	wqe_inline(&w, "x", 1);
	w.w.inline_len = 177;
	ends(s, &w, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	for (unsigned i = 0; i < 6; i++) {
		w = atomic_wqe(s, UB_OP_FADD, atomic_lens[i]);
		ends(s, &w, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	}
	w = atomic_wqe(s, UB_OP_CAS, 4);
	wqe_sge(&w, s->a.va, 4, s->a.id);
	ends(s, &w, UB_CR_LOC_LEN_ERR, UB_SUB_SGE_COUNT);
	w = atomic_wqe(s, UB_OP_CAS, 4);
	w.w.sge_num = 0;
	ends(s, &w, UB_CR_LOC_LEN_ERR, UB_SUB_SGE_COUNT);
}

static void status_loc_len_err_of_npu_work(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_FILL, 0, 1);

	w.w.pattern_size = 4;
	wqe_sge(&w, s->a.va, 16, s->a.id);
	wqe_sge(&w, s->a.va, 18, s->a.id);
	ends(s, &w, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	w = gemm_wqe(s, 128, 128, 129);
	ends(s, &w, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	w = gemm_wqe(s, 16385, 1, 1);
	ends(s, &w, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	w = gemm_wqe(s, 1, 1, 1);
	w.w.gemm.ldc = 0xffffffff;
	ends(s, &w, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	/* The last row need not be whole. */
	w = gemm_wqe(s, 128, 100, 128);
	w.w.gemm.ldc = 129;
	w.w.flags |= UB_WQE_COMPLETE;
	ends(s, &w, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	w.w.gemm.ldc = 128;
	ends(s, &w, UB_CR_SUCCESS, 0);
}

static void status_loc_operation_err_flags(void **state)
{
	static const uint8_t no_inline[] = { UB_OP_READ, UB_OP_CAS, UB_OP_NOP, UB_OP_FILL,
					     UB_OP_CRC32C, UB_OP_GEMM_F32 };
	struct set *s = *state;
	union twqe w;

	for (unsigned bit = 9; bit < 16; bit++) {
		w = wqe_new(UB_OP_NOP, 1u << bit, bit);
		ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS);
	}
	w = wqe_new(UB_OP_NOP, UB_WQE_PLACE_MASK, 1);
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS);
	for (unsigned i = 0; i < sizeof(no_inline); i++) {
		w = wqe_new(no_inline[i], UB_WQE_INLINE, i);
		ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS);
	}
	w = wqe_new(UB_OP_NOP, 0, 1);
	w.w.inline_len = 1;
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS);
	w = gemm_wqe(s, 1, 1, 1);
	w.w.inline_len = 4;
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS);
}

static void status_loc_operation_err_reserved(void **state)
{
	struct set *s = *state;
	union twqe w;

	for (unsigned i = 0; i < 20; i++) {
		w = wqe_new(UB_OP_FILL, 0, 1);
		w.w.pattern_size = 1;
		w.w.rsvd_fill[i] = 1;
		ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS);
	}
	for (unsigned i = 0; i < 28; i++) {
		w = wqe_new(UB_OP_CRC32C, 0, 1);
		w.w.rsvd_crc[i] = 1;
		ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS);
	}
	for (unsigned i = 0; i < 8; i++) {
		w = ext_wqe(s, UB_OP_WRITE_NOTIFY);
		wqe_ext(&w)->rsvd[i] = 1;
		ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS);
	}
	for (unsigned i = 0; i < 16; i++) {
		w = atomic_wqe(s, UB_OP_SWAP, 4);
		wqe_ext(&w)->rsvd_atomic[i] = 1;
		ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS);
	}
}

static void status_loc_operation_err_sge_count(void **state)
{
	struct set *s = *state;
	union twqe w = write_wqe(s);

	w.w.sge_num = 14;
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_SGE_COUNT);
	w.w.sge_num = 255;
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_SGE_COUNT);
	w = ext_wqe(s, UB_OP_WRITE_IMM);
	w.w.sge_num = 12;
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_SGE_COUNT);
	w = wqe_new(UB_OP_NOP, 0, 1);
	w.w.sge_num = 1;
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_SGE_COUNT);
	w = write_wqe(s);
	w.w.flags |= UB_WQE_INLINE;
	w.w.sge_num = 1;
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_SGE_COUNT);
	w = gemm_wqe(s, 1, 1, 1);
	w.w.sge_num = 2;
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_SGE_COUNT);
}

static void status_loc_operation_err_alignment(void **state)
{
	struct set *s = *state;
	union twqe w = atomic_wqe(s, UB_OP_FADD, 4);

	w.w.rmt_addr += 2;
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
	w = atomic_wqe(s, UB_OP_FADD, 8);
	w.w.rmt_addr += 4;
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
	w = ext_wqe(s, UB_OP_WRITE_NOTIFY);
	wqe_ext(&w)->notify_addr += 4;
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
	w = gemm_wqe(s, 2, 2, 2);
	((struct ub_hw_sge *)(w.raw + 48))->va += 2;
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
}

static void status_loc_operation_err_shapes(void **state)
{
	struct set *s = *state;
	static const uint32_t sizes[] = { 0, 3, 5, 16 };
	union twqe w;

	for (unsigned i = 0; i < 4; i++) {
		w = wqe_new(UB_OP_FILL, 0, 1);
		w.w.pattern_size = sizes[i];
		ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH);
	}
	w = gemm_wqe(s, 0, 4, 4);
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH);
	w = gemm_wqe(s, 4, 0, 4);
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH);
	w = gemm_wqe(s, 4, 4, 0);
	ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH);
	for (unsigned i = 0; i < 3; i++) {
		w = gemm_wqe(s, 4, 4, 4);
		(&w.w.gemm.lda)[i]--;
		ends(s, &w, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH);
	}
}

static void status_loc_access_err(void **state)
{
	struct set *s = *state;
	union twqe w = write_wqe(s);

	wqe_sge(&w, s->a.va, 8, s->a.id + 50);
	ends(s, &w, UB_CR_LOC_ACCESS_ERR, UB_SUB_TOKEN_ID);
	w = wqe_new(UB_OP_FILL, 0, 1);
	w.w.pattern_size = 1;
	wqe_sge(&w, s->a.va + s->a.len, 1, s->a.id);
	ends(s, &w, UB_CR_LOC_ACCESS_ERR, UB_SUB_BOUNDS);
	w = wqe_new(UB_OP_CRC32C, 0, 1);
	wqe_sge(&w, s->a.va - 1, 2, s->a.id);
	ends(s, &w, UB_CR_LOC_ACCESS_ERR, UB_SUB_BOUNDS);
	w = gemm_wqe(s, 4, 4, 4);
	((struct ub_hw_sge *)(w.raw + 48))[1].token_id = 0;
	ends(s, &w, UB_CR_LOC_ACCESS_ERR, UB_SUB_TOKEN_ID);
}

static void status_rem_access_abort_err(void **state)
{
	struct set *s = *state;
	union twqe w = write_wqe(s);

	w.w.rmt_token++;
	wqe_sge(&w, s->a.va, 8, s->a.id);
	ends(s, &w, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	w = ext_wqe(s, UB_OP_WRITE_NOTIFY);
	wqe_ext(&w)->notify_token++;
	wqe_inline(&w, "abc", 3);
	s->b.ptr[0] = 'z';
	ends(s, &w, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	assert_int_equal(s->b.ptr[0], 'z');	/* checked before the first byte moved */
	w = ext_wqe(s, UB_OP_WRITE_NOTIFY);
	wqe_ext(&w)->notify_addr = s->b.va + s->b.len;
	ends(s, &w, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_BOUNDS);
}

static void status_rem_access_abort_err_of_send(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_SEND, 0, 3);
	struct tjfr jfr;

	jfr_new(&s->ctx, &jfr, &s->jfc, 64);
	post_recv(&jfr, 1, &s->a, 64);
	wqe_target(&w, s->eid, 0, jfr.id, 0x5e12);
	wqe_inline(&w, "abc", 3);
	ends(s, &w, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	assert_int_equal(jfr.rec->ci, 0);
	w = ext_wqe(s, UB_OP_WRITE_IMM);
	wqe_ext(&w)->notify_id = jfr.id;
	ends(s, &w, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
}

static void status_rem_resp_len_err(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_SEND, 0, 3);
	struct tjfc rjfc;
	struct tjfr jfr;

	receiver_new(&s->ctx, &rjfc, &jfr);
	post_recv(&jfr, 11, &s->b, 2);
	post_recv(&jfr, 12, NULL, 0);
	wqe_target(&w, s->eid, 0, jfr.id, JFR_TOKEN);
	wqe_inline(&w, "abc", 3);
	ends(s, &w, UB_CR_REM_RESP_LEN_ERR, UB_SUB_LENGTH);
	assert_int_equal(expect(&rjfc, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH, 11).flags &
			 ~UB_CQE_OWNER, UB_CQE_RECV);
	ends(s, &w, UB_CR_REM_RESP_LEN_ERR, UB_SUB_LENGTH);
	expect(&rjfc, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH, 12);
}

static void status_rem_unsupported_req_err(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_SEND, 0, 3);
	uint64_t uba = 0x60000000;
	struct ub_admin_cmd cmd;

	wqe_target(&w, s->eid, 0, 77, 0);
	ends(s, &w, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	w.w.flags |= UB_WQE_TO_JETTY;
	ends(s, &w, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	w.w.rmt_id = s->jfs.id;				/* a JFS, but no Jetty */
	ends(s, &w, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	w = ext_wqe(s, UB_OP_WRITE_IMM);
	wqe_ext(&w)->notify_id = 0;
	ends(s, &w, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	/* An atomic on device memory. */
	pt_map(&s->ctx, uba, 0, PAGE, RWA | UB_PTE_HBM);
	cmd = seg_cmd(&s->rig, &s->ctx, uba, PAGE,
		      UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC, 1);
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	w = atomic_wqe(s, UB_OP_CAS, 8);
	wqe_target(&w, s->eid, uba, cmd.id, 1);
	ends(s, &w, UB_CR_REM_UNSUPPORTED_REQ_ERR, 0);
}

static void status_rem_operation_err(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_SEND, 0, 3);
	struct tseg bad = s->b;
	struct tjfc rjfc;
	struct tjfr jfr;

	receiver_new(&s->ctx, &rjfc, &jfr);
	wqe_target(&w, s->eid, 0, jfr.id, JFR_TOKEN);
	wqe_inline(&w, "abc", 3);
	/* A receive WQE whose memory cannot be written. */
	bad.id += 70;
	post_recv(&jfr, 11, &bad, 64);
	ends(s, &w, UB_CR_REM_OPERATION_ERR, UB_SUB_TOKEN_ID);
	expect(&rjfc, UB_CR_LOC_ACCESS_ERR, UB_SUB_TOKEN_ID, 11);
	/* A JFR that is not READY. */
	assert_int_equal(jfr_modify(&jfr, UB_STATE_ERROR), UB_ADMIN_OK);
	ends(s, &w, UB_CR_REM_OPERATION_ERR, UB_SUB_STATE);
	assert_int_equal(jfr_modify(&jfr, UB_STATE_RESET), UB_ADMIN_OK);
	ends(s, &w, UB_CR_REM_OPERATION_ERR, UB_SUB_STATE);
}

static void status_rem_operation_err_of_leaf(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_SEND, 0, 3);
	struct tseg ro;
	struct ub_admin_cmd cmd;
	struct tjfr jfr;
	struct tjfc rjfc;

	receiver_new(&s->ctx, &rjfc, &jfr);
	ro.va = mem_new(&s->ctx, PAGE, UB_PTE_READ, &ro.ptr);
	cmd = seg_cmd(&s->rig, &s->ctx, ro.va, PAGE, UB_ACCESS_LOCAL_ONLY, 0);
	ro.id = cmd.id;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	post_recv(&jfr, 1, &ro, 64);
	wqe_target(&w, s->eid, 0, jfr.id, JFR_TOKEN);
	wqe_inline(&w, "abc", 3);
	ends(s, &w, UB_CR_REM_OPERATION_ERR, UB_SUB_PTE_RIGHTS);
	expect(&rjfc, UB_CR_LOC_ACCESS_ERR, UB_SUB_PTE_RIGHTS, 1);
	/* The sender's own leaf: the receive WQE is used up all the same. */
	post_recv(&jfr, 2, &s->b, 64);
	pt_set(&s->ctx, s->a.va, 0);
	w = wqe_new(UB_OP_SEND, 0, 3);
	wqe_target(&w, s->eid, 0, jfr.id, JFR_TOKEN);
	wqe_sge(&w, s->a.va, 10, s->a.id);
	ends(s, &w, UB_CR_LOC_ACCESS_ERR, UB_SUB_UNMAPPED);
	expect(&rjfc, UB_CR_REM_OPERATION_ERR, UB_SUB_UNMAPPED, 2);
}

static void status_ack_timeout_err(void **state)
{
	static const uint8_t ops[] = { UB_OP_WRITE, UB_OP_READ, UB_OP_SEND };
	struct set *s = *state;

	for (unsigned i = 0; i < 3; i++) {
		union twqe w = wqe_new(ops[i], 0, i);

		wqe_target(&w, nowhere, s->b.va, s->b.id, s->b.token);
		ends(s, &w, UB_CR_ACK_TIMEOUT_ERR, UB_SUB_EID);
	}
}

static void status_rnr_retry_cnt_exc_err(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_SEND, 0, 3);
	struct tjfr jfr;

	jfr_new(&s->ctx, &jfr, &s->jfc, 64);
	wqe_target(&w, s->eid, 0, jfr.id, JFR_TOKEN);
	ends(s, &w, UB_CR_RNR_RETRY_CNT_EXC_ERR, 0);
}

static void status_wr_flush_err(void **state)
{
	struct set *s = *state;

	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_SUSPEND_DONE, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		union twqe w = wqe_new(UB_OP_NOP, 0, 40 + i);

		wqe_put(&s->jfs, &w);
	}
	publish(&s->jfs);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 40 + i).idx, i);
}

static void status_wr_suspend_done(void **state)
{
	struct set *s = *state;

	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
	assert_int_equal(expect(&s->jfc, UB_CR_WR_SUSPEND_DONE, 0, 0).idx, 0);
	assert_int_equal(s->jfs.rec->state, UB_STATE_SUSPENDED);
}

static void status_wr_flush_err_done(void **state)
{
	struct set *s = *state;

	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	assert_int_equal(expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0).idx, 0);
	assert_int_equal(s->jfs.rec->state, UB_STATE_ERROR);
}

/* Memory has no poison of its own. */
static void status_loc_data_poison(void **state)
{
	struct set *s = *state;
	union twqe w = write_wqe(s);

	wqe_sge(&w, s->a.va, 8, s->a.id);
	inject(&s->rig, UB_FAULT_POISON, s->a.id, 4, 1);
	ends(s, &w, UB_CR_LOC_DATA_POISON, 0);
}

static void status_rem_data_poison(void **state)
{
	struct set *s = *state;
	union twqe w = write_wqe(s);

	wqe_sge(&w, s->a.va, 8, s->a.id);
	inject(&s->rig, UB_FAULT_POISON, s->b.id, 4, 1);
	ends(s, &w, UB_CR_REM_DATA_POISON, 0);
}

/* The library's, for WQEs that no device looked at; of a device it comes by a fault alone. */
static void status_wr_unhandled(void **state)
{
	struct set *s = *state;
	union twqe w = write_wqe(s);

	inject(&s->rig, UB_FAULT_STATUS, s->jfs.id, UB_CR_WR_UNHANDLED, 0);
	ends(s, &w, UB_CR_WR_UNHANDLED, 0);
}

/* What was taken is still in the ring. */
static bool has_given(struct set *s, unsigned status)
{
	for (uint32_t i = 0; i < s->jfc.depth && i < s->jfc.ci; i++)
		if (s->jfc.ring[i].status == status)
			return true;
	return false;
}

/* Natural ways where there is one; and each by injection as well. */
static void every_status_can_be_provoked(void **state)
{
	static void (*const natural[])(void **state) = {
		[UB_CR_SUCCESS] = status_success,
		[UB_CR_UNSUPPORTED_OPCODE_ERR] = status_unsupported_opcode_err,
		[UB_CR_LOC_LEN_ERR] = status_loc_len_err,
		[UB_CR_LOC_OPERATION_ERR] = status_loc_operation_err_flags,
		[UB_CR_LOC_ACCESS_ERR] = status_loc_access_err,
		[UB_CR_REM_RESP_LEN_ERR] = status_rem_resp_len_err,
		[UB_CR_REM_UNSUPPORTED_REQ_ERR] = status_rem_unsupported_req_err,
		[UB_CR_REM_OPERATION_ERR] = status_rem_operation_err,
		[UB_CR_REM_ACCESS_ABORT_ERR] = status_rem_access_abort_err,
		[UB_CR_ACK_TIMEOUT_ERR] = status_ack_timeout_err,
		[UB_CR_RNR_RETRY_CNT_EXC_ERR] = status_rnr_retry_cnt_exc_err,
		[UB_CR_WR_FLUSH_ERR] = status_wr_flush_err,
		[UB_CR_WR_SUSPEND_DONE] = status_wr_suspend_done,
		[UB_CR_WR_FLUSH_ERR_DONE] = status_wr_flush_err_done,
		[UB_CR_WR_UNHANDLED] = status_wr_unhandled,
		[UB_CR_LOC_DATA_POISON] = status_loc_data_poison,
		[UB_CR_REM_DATA_POISON] = status_rem_data_poison,
	};
	const unsigned n = sizeof(natural) / sizeof(natural[0]);

	(void)state;
	assert_int_equal(n, 17);
	for (unsigned status = 0; status < n; status++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, status);
		void *fresh;
		struct set *s;

		set_up(&fresh);
		s = fresh;
		natural[status](&fresh);
		if (!has_given(s, status))
			fail_msg("status %u did not arise", status);
		jfs_new(&s->ctx, &s->jfs, &s->jfc, 64, 0);
		if (status)
			inject(&s->rig, UB_FAULT_STATUS, s->jfs.id, status, 0);
		while (poll_cqe(&s->jfc, &(struct ub_hw_cqe){ 0 }))
			;
		ends(s, &w, status, 0);
		set_down(&fresh);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(status_success),
		T(status_unsupported_opcode_err),
		T(status_loc_len_err),
		T(status_loc_len_err_of_npu_work),
		T(status_loc_operation_err_flags),
		T(status_loc_operation_err_reserved),
		T(status_loc_operation_err_sge_count),
		T(status_loc_operation_err_alignment),
		T(status_loc_operation_err_shapes),
		T(status_loc_access_err),
		T(status_rem_access_abort_err),
		T(status_rem_access_abort_err_of_send),
		T(status_rem_resp_len_err),
		T(status_rem_unsupported_req_err),
		T(status_rem_operation_err),
		T(status_rem_operation_err_of_leaf),
		T(status_ack_timeout_err),
		T(status_rnr_retry_cnt_exc_err),
		T(status_wr_flush_err),
		T(status_wr_suspend_done),
		T(status_wr_flush_err_done),
		T(status_wr_unhandled),
		T(status_loc_data_poison),
		T(status_rem_data_poison),
		cmocka_unit_test(every_status_can_be_provoked),
	};

	return cmocka_run_group_tests_name("core-status", tests, NULL, NULL);
}
