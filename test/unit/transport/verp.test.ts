import { describe, expect, it } from 'vitest'
import { verpSender } from '../../../src/transport/verp.ts'

describe('the sender that names its recipient', () => {
  it.each([
    ['list@s.ex', 'ann@d.ex', 'list+ann=d.ex@s.ex'],
    ['list@s.ex', 'ann+news@d.ex', 'list+ann+news=d.ex@s.ex'],
    ['"my list"@s.ex', 'ann@d.ex', '"my list+ann=d.ex"@s.ex'],
    ['list@s.ex', '"a@b"@d.ex', '"list+a@b=d.ex"@s.ex'],
    ['', 'ann@d.ex', ''],
    ['root', 'ann@d.ex', 'root'],
    ['list@s.ex', 'root', 'list@s.ex'],
    ['list@s.ex', `ann@${'d'.repeat(250)}`, 'list@s.ex'],
    ['list@s.ex', `${'a'.repeat(54)}@d.ex`, `list+${'a'.repeat(54)}=d.ex@s.ex`],
    ['list@s.ex', `${'a'.repeat(55)}@d.ex`, 'list@s.ex'],
    ['list@s.ex', `"${'a'.repeat(51)} b"@d.ex`, 'list@s.ex'],
    ['list@s.ex', `${'\u00f6'.repeat(28)}@d.ex`, 'list@s.ex'],
    [`${'l'.repeat(64)}@s.ex`, 'ann@d.ex', `${'l'.repeat(64)}@s.ex`],
    ['j\u00f6rg@s.ex', 'ann@d.ex', 'j\u00f6rg+ann=d.ex@s.ex'],
  ])('for %j and %j is %j', (sender, recipient, named) => {
    expect(verpSender(sender, recipient)).toBe(named)
  })
})
