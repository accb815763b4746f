/** Content in memory, in files, and joined. */
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, describe, expect, it } from 'vitest'
import { bufferContent, fileContent, joinContent } from '../../../src/message/content.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-content-'))
afterAll(() => rmSync(directory, { recursive: true }))

function openFile(text: string): number {
  const path = join(directory, 'file')
  writeFileSync(path, text)
  return openSync(path, 'r')
}

const read = async (content: { stream(): NodeJS.ReadableStream }) =>
  (await buffer(content.stream())).toString()

describe('bufferContent', () => {
  it('is read as often as wanted', async () => {
    const content = bufferContent(Buffer.from('abc'))
    expect([content.size, await read(content), await read(content)]).toEqual([3, 'abc', 'abc'])
  })
})

describe('fileContent', () => {
  it('is the part of the file that was asked for, to several readers at once', async () => {
    const content = fileContent(openFile('0123456789'), 2, 5)
    const texts = await Promise.all([read(content), read(content)])
    expect([content.size, content.bytes, ...texts]).toEqual([5, undefined, '23456', '23456'])
    content.close()
  })

  it('may be empty, and closes the file once', async () => {
    const fd = openFile('0')
    const content = fileContent(fd, 0, 0)
    expect(await read(content)).toBe('')
    content.close()
    expect(() => fstatSync(fd)).toThrow('EBADF')
    const reused = openFile('other')
    content.close()
    expect(fstatSync(reused).size).toBe(5)
    closeSync(reused)
  })
})

describe('joinContent', () => {
  it('stays in memory when the body is there', async () => {
    const content = joinContent(Buffer.from('head'), bufferContent(Buffer.from('body')))
    expect([content.size, content.bytes?.toString(), await read(content)]).toEqual([
      8,
      'headbody',
      'headbody',
    ])
  })

  it('streams the head and then a body in a file, and closes it', async () => {
    const fd = openFile('0123456789')
    const content = joinContent(Buffer.from('head'), fileContent(fd, 1, 9))
    const texts = await Promise.all([read(content), read(content)])
    expect([content.size, content.bytes, ...texts]).toEqual([13, undefined, 'head123456789', 'head123456789'])
    content.close()
    content.close()
    expect(() => fstatSync(fd)).toThrow('EBADF')
  })

  it('passes on an error of the body', async () => {
    const fd = openFile('0123456789')
    const content = joinContent(Buffer.from('head'), fileContent(fd, 0, 10))
    closeSync(fd)
    await expect(read(content)).rejects.toThrow('EBADF')
  })
})
