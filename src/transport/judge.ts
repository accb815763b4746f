/**
 * What a failure means for one account: the table of failure.ts, changed by `reply_filter` and `soft_bounce`. A
 * filter sees replies of a transaction only; that there is no session, or no login, is never a mail's fault.
 */
import type { ReplyRule, SmtpSettings } from '../config/config.ts'
import { classify, isUnderWay, type Failure, type Judge, type Verdict } from './failure.ts'

/** The judgement of a rule that fits; what the table blames on the account, the rule takes back. */
function filtered({ action }: ReplyRule, failure: Failure): Verdict {
  if (action === 'pause') return { class: 'temporary', scope: 'account', trouble: 'quota' }
  const { scope } = classify(failure)
  const narrowed = failure.phase === 'rcpt' ? 'recipient' : 'message'
  return { class: action, scope: scope === 'account' ? narrowed : scope }
}

function judged(rules: readonly ReplyRule[], failure: Failure): Verdict {
  const isReply = failure.code !== undefined && isUnderWay(failure)
  const rule = isReply ? rules.find(({ pattern }) => pattern.test(failure.reason)) : undefined
  return rule === undefined ? classify(failure) : filtered(rule, failure)
}

/**
 * The judge of an account.
 *
 * @param settings its `replyFilter`, of which the first fitting rule decides, and its `softBounce`, which makes
 *   every permanent failure temporary
 */
export function judgeOf(settings: Pick<SmtpSettings, 'replyFilter' | 'softBounce'>): Judge {
  const { replyFilter, softBounce } = settings
  if (replyFilter.length === 0 && !softBounce) return classify
  return (failure) => {
    const verdict = judged(replyFilter, failure)
    return softBounce ? { ...verdict, class: 'temporary' } : verdict
  }
}
