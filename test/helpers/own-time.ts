/**
 * Time that passes only when a test says so: for what the code of this process measures by timers and by
 * {@link elapsed}. However slow the machine is, nothing is late.
 */
import { onTestFinished, vi } from 'vitest'

/** Stops the time until the test is over. @returns lets so many milliseconds pass, with what is due by then */
export function ownTime(): (span: number) => void {
  let uptime = process.uptime()
  const measured = vi.spyOn(process, 'uptime').mockImplementation(() => uptime)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => {
    vi.useRealTimers()
    measured.mockRestore()
  })
  return (span) => {
    // What wakes on the way must find no more time gone by than it is then.
    for (let passed = 0; passed < span; passed += 1) {
      uptime += 0.001
      vi.advanceTimersByTime(1)
    }
  }
}
