/**
 * The steps that ask the server about a sender and recipients, when some were named: MAIL, RCPT and RSET, never DATA.
 */
import type { EnvelopeAnswers } from '../../transport/envelope-probe.ts'
import { faultOf } from './remedies.ts'
import type { Finding, Patient } from './step.ts'

async function answersOf(patient: Patient): Promise<EnvelopeAnswers | string> {
  if (patient.config.smtp === undefined) return 'no server is used'
  if (patient.envelope === undefined) return 'no recipient was named with --to'
  return (await patient.inspect()).envelope ?? 'there is no session'
}

/** The server takes the sender. */
export async function lookAtSender(patient: Patient): Promise<Finding> {
  const answers = await answersOf(patient)
  if (typeof answers === 'string') return { state: 'skipped', why: answers }
  const sender = patient.envelope?.sender ?? ''
  const facts = { sender }
  if (typeof answers.sender === 'string')
    return { state: 'ok', says: `<${sender}>: ${answers.sender}`, facts: { ...facts, reply: answers.sender } }
  return { ...faultOf('sender', `the server refuses the sender <${sender}>`, answers.sender), facts }
}

/** The server takes all recipients. */
export async function lookAtRecipients(patient: Patient): Promise<Finding> {
  const answers = await answersOf(patient)
  if (typeof answers === 'string') return { state: 'skipped', why: answers }
  const accepted: string[] = []
  for (const [recipient, answer] of answers.recipients) {
    if (typeof answer === 'string') accepted.push(recipient)
    else return { ...faultOf('recipient', `the server refuses <${recipient}>`, answer), facts: { recipient } }
  }
  return { state: 'ok', says: accepted.join(', '), facts: { recipients: accepted } }
}
