/**
 * The kind of option that says what replies of a server mean: `EXPRESSION => ACTION`, several of them separated by
 * a comma after the action. An expression that is none is refused here, not when the first reply comes.
 */
import { hasControl } from '../util/control-characters.ts'
import type { ReplyRule } from './config.ts'
import { scalar, type OptionKind } from './kinds/option-kind.ts'

const FORM = 'rules such as "5.7.1 .*greylist => temporary", with temporary, permanent or pause'
const RULE = /^(\S.*?)\s*=>\s*(temporary|permanent|pause)\s*(?:,\s*|$)/i
const ACTION_INSIDE = /=>\s*(?:temporary|permanent|pause)\b/i
const ACTIONS = ['temporary', 'permanent', 'pause'] as const

/** The expression, in upper or lower case the same; a sentence when it is none. */
function expressionOf(text: string): RegExp | string {
  try {
    return new RegExp(text, 'i')
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** All rules of a text, or what should have been written. */
function readRules(text: string): readonly ReplyRule[] | string {
  const rules: ReplyRule[] = []
  let rest = text.trim()
  while (rest !== '') {
    const [whole = '', expression = '', word = ''] = RULE.exec(rest) ?? []
    const action = ACTIONS.find((one) => one === word.toLowerCase())
    // an action within the expression: the comma behind it is missing
    if (action === undefined || ACTION_INSIDE.test(expression)) return FORM
    const pattern = expressionOf(expression)
    if (typeof pattern === 'string') return `${FORM} (${pattern})`
    rules.push(Object.freeze({ pattern, action }))
    rest = rest.slice(whole.length)
  }
  return Object.freeze(rules)
}

/** Rules for replies. */
export const REPLY_RULES: OptionKind<readonly ReplyRule[], 'text'> = {
  ...scalar<readonly ReplyRule[]>({
    form: FORM,
    read: () => undefined,
    format: (rules) => rules.map(({ pattern, action }) => `${pattern.source} => ${action}`).join(', '),
  }),
  parse: ([text = '']) => {
    const rules = hasControl(text) ? FORM : readRules(text)
    return typeof rules === 'string' ? { ok: false, expected: rules } : { ok: true, value: rules }
  },
}
