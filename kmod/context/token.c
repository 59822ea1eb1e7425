// SPDX-License-Identifier: GPL-2.0-only
/* Tokens: what other contexts must present to reach an object of this one. */
#include <linux/random.h>

#include "check/check.h"
#include "context/context.h"

/* Once for each context: an administrator is to see who does without. */
static void token_none_tell(struct ubnpu_ctx *ctx)
{
	lockdep_assert_held(&ctx->lock);
	if (ctx->no_token_told)
		return;
	ctx->no_token_told = true;
	dev_notice_ratelimited(&ctx->ub->dev,
			       "%s[%d] opens an object to all users: it asked for no token\n",
			       ctx->comm, pid_nr(ctx->pid));
}

/* Under ctx->lock. Makes or leaves *value as policy says. Returns the device's word for it. */
__le32 ubnpu_token_make(struct ubnpu_ctx *ctx, u32 policy, u32 *value)
{
	if (policy == UB_TOKEN_RANDOM)
		*value = get_random_u32();
	else if (policy == UB_TOKEN_NONE)
		token_none_tell(ctx);
	return cpu_to_le32(ub_check_hw_policy(policy));
}
